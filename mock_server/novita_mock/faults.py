"""What is made to go wrong in an account: the rules that were asked for, and which of them fire now.

No fault ever fires that nobody asked for. Whether one fires depends on its own counters and on a
keyed hash of account, rule and draw, so what other accounts do changes nothing. What a fault then
does is done by whoever drew it: here are values and counters only.
"""

from collections.abc import Callable
from itertools import count

from msgspec import Struct, field

from novita_mock.chance import Chance
from novita_mock.fault_rule import SCALE, FaultRule, written
from novita_mock.problems import TooMuch
from novita_mock.types import JSON

#: Rules that an account keeps; the oldest that are spent go first.
MAX_RULES = 1000


class _Tally(Struct):
    """How often a rule was met and fired, and how often its numbers were asked for."""

    rule: FaultRule
    met: int = 0
    fired: int = 0
    numbered: int = 0

    @property
    def left(self) -> int | None:
        return None if self.rule.times is None else max(0, self.rule.times - self.fired)


class Faults(Struct):
    """What is asked to go wrong in one account. Bounded; belongs to the loop that owns the account."""

    chance: Chance
    account_id: str
    _added: dict[str, _Tally] = field(default_factory=dict)
    _named: dict[str, _Tally] = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        """Whether any rule was asked for and not taken back."""
        return bool(self._added)

    def add(self, rule: FaultRule) -> None:
        """Ask for one more; one of the same id is replaced.

        Raises:
            TooMuch: ``MAX_RULES`` are there and none of them is spent.
        """
        self._added.pop(rule.key, None)
        if len(self._added) >= MAX_RULES:
            spent = next((key for key, tally in self._added.items() if tally.left == 0), None)
            if spent is None:
                raise TooMuch(f"{MAX_RULES} faults are waiting; no more are taken now")
            del self._added[spent]
        self._added[rule.key] = _Tally(rule)

    def remove(self, fault_id: str) -> bool:
        """Take one back; False where there is none of that id."""
        found = [key for key, tally in self._added.items() if tally.rule.fault_id == fault_id]
        for key in found:
            del self._added[key]
        return bool(found)

    def clear(self) -> None:
        """Take all back; what requests name anew begins to count anew."""
        self._added.clear()
        self._named.clear()

    def told(self) -> list[JSON]:
        """The rules in order, and those of scenarios that requests named, each with its counts."""
        return [
            {"fault_id": tally.rule.fault_id}
            | written(tally.rule)
            | {"met": tally.met, "fired": tally.fired, "left": tally.left}
            for tally in (*self._added.values(), *self._named.values())
        ]

    def draw(
        self,
        phase: str,
        *,
        operation: str = "",
        task_type: str = "",
        path: str = "",
        extra: tuple[FaultRule, ...] = (),
    ) -> tuple[FaultRule, ...]:
        """The rules that fire now, in order of adding, then those of ``extra``.

        Every rule that matches is counted as met. Only one for each slot fires: of two errors that
        were asked for, the first is told now and the second the next time.

        Args:
            phase: where the caller stands; one draw for each phase of each request.
            operation: the row's name; empty where there is none.
            task_type: of the task that is made or asked about, where it is known.
            path: of the request.
            extra: the rules of the scenario that the request names.
        """
        named = [self._named.setdefault(r.key, _Tally(r)) for r in extra if r.key not in self._added]
        fired: dict[str, FaultRule] = {}
        for tally in (*self._added.values(), *named):
            rule = tally.rule
            if rule.phase == phase and rule.meets(operation, task_type, path) and self._fires(tally, fired):
                fired[rule.effect.slot] = rule
        return tuple(fired.values())

    def fraction(self, rule: FaultRule) -> float:
        """A number from 0 up to 1 for one firing of a rule; the next call gives the next."""
        return self.numbers(rule)(SCALE) / SCALE

    def numbers(self, rule: FaultRule) -> Callable[[int], int]:
        """Draws for one firing of a rule: each call gives a number from 0 up to its limit."""
        tally = self._added.get(rule.key) or self._named.setdefault(rule.key, _Tally(rule))
        tally.numbered += 1
        purpose, drawn = ("fault-number", self.account_id, rule.key, tally.numbered), count()
        return lambda limit: self.chance.number(limit, *purpose, next(drawn))

    def _fires(self, tally: _Tally, fired: dict[str, FaultRule]) -> bool:
        rule = tally.rule
        tally.met += 1
        if tally.met <= rule.skip or tally.left == 0 or rule.effect.slot in fired:
            return False
        drawn = self.chance.number(SCALE, "fault", self.account_id, rule.key, tally.met)
        if drawn >= rule.rate * SCALE:
            return False
        tally.fired += 1
        return True
