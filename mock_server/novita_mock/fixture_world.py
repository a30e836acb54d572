"""The doubles behind the fixtures of pytest: one for the session, an account of it for each test."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import pytest

from novita_mock.calling import CallFailed
from novita_mock.chance import draw_token
from novita_mock.handle import NovitaMock
from novita_mock.inbox_handle import Row
from novita_mock.seen import line, refused, seen
from novita_mock.settings import SettingsError, settings_rows
from novita_mock.spelling import meant
from novita_mock.testing import DoubleFailed, connect, running

#: What a test may say of its account; everything else is a setting of a whole double.
_OF_ACCOUNTS = ("scenario", "speed", "balance")
#: What is no setting of a double.
_OURS = ("refusals", "url", "url_env")
_HOW = ("show", "fail", "ignore")
#: Refused requests of a test that are told.
MOST_TOLD = 10

Given = Mapping[str, Any]  # Any: each value has the type of its setting


@dataclass
class Visit:
    """A test, and the account that it has to itself.

    Attributes:
        mock: the account's handle.
        how: what becomes of requests that were refused: ``show``, ``fail`` or ``ignore``.
    """

    mock: NovitaMock
    how: str
    _nobodys_before: int | None

    def nobodys(self) -> list[Row]:
        """What came without a key that is let in, where only this test can have sent it."""
        return [] if self._nobodys_before is None else self.mock.nobodys(self._nobodys_before)

    def refusals(self) -> list[str]:
        """The requests of this test that were refused although nothing asked for it, a line each."""
        if self.how == "ignore":
            return []
        rows = refused(self.mock, self.nobodys())
        more = [f"... and {len(rows) - MOST_TOLD} more"] if len(rows) > MOST_TOLD else []
        return [*map(line, rows[:MOST_TOLD]), *more]

    def seen(self) -> str:
        """What the double saw of this test."""
        return seen(self.mock, self.nobodys())


@dataclass
class World:
    """The session's double.

    Attributes:
        mock: its handle of the account ``sk_mock``.
        how: what becomes of requests that were refused, unless a test says otherwise.
        elsewhere: whether it was running before, and other runs may use it too.
        url_env: variables that are to hold the address of a test's double.
    """

    mock: NovitaMock
    how: str
    elsewhere: bool
    url_env: tuple[str, ...]
    _given: Given
    _of_accounts: Given
    _run: str = field(default_factory=draw_token)

    @contextmanager
    def visit(self, nodeid: str, marked: Given) -> Iterator[Visit]:
        """An account of a test's own, as its marker wants it; it is made new again at the end."""
        how = _how(marked.get("refusals", self.how))
        own = {name: value for name, value in marked.items() if name not in ("refusals", *_OF_ACCOUNTS)}
        with ExitStack() as stack:
            mock = stack.enter_context(self.another(own)) if own else self.mock
            if not own:
                mock = mock.account(self._key(nodeid))
                stack.callback(_leave, mock)
            _furnish(mock, {**self._of_accounts, **marked})
            # Of a double that others use, nobody knows whose the requests without a key are.
            rows = [] if self.elsewhere or own else mock.nobodys(limit=1)
            before = None if self.elsewhere else rows[-1]["number"] if rows else 0
            yield Visit(mock, how, before)

    @contextmanager
    def another(self, settings: Given) -> Iterator[NovitaMock]:
        """A double of its own settings, which are added to the session's."""
        if self.elsewhere:
            pytest.fail(
                f"{', '.join(settings)}: not to be had of a double that runs elsewhere", pytrace=False
            )
        with ExitStack() as stack:
            yield _started(stack, {**self._given, **settings})

    def _key(self, nodeid: str) -> str:
        """The same in every run, so that a seed repeats; on a double that others use, this run's own."""
        whose = self._run if self.elsewhere else ""
        return f"sk_mock_{blake2b(f'{whose}{nodeid}'.encode(), digest_size=10).hexdigest()}"


@contextmanager
def opened(given: Given) -> Iterator[World]:
    """The session's double while the session lasts.

    Args:
        given: settings, ``control_token``, and what is ours: ``url``, ``url_env`` and ``refusals``.
    """
    how, url, url_env = _how(given.get("refusals", "show")), given.get("url"), tuple(given.get("url_env", ()))
    rest = {name: value for name, value in given.items() if name not in _OURS}
    if "key" in rest:
        pytest.fail(
            "key: each test has a key of its own; make_novita_mock(key=[...]) lets some in", pytrace=False
        )
    if url:
        token = str(rest.pop("control_token", ""))
        strange = set(rest) - set(_OF_ACCOUNTS)
        if strange:
            told = f"{', '.join(sorted(strange))}: a double that runs elsewhere has its own"
            pytest.fail(told, pytrace=False)
        yield World(connect(url, control_token=token), how, True, url_env, {}, {"speed": 0, **rest})
        return
    furnished = {"balance": rest.pop("balance")} if "balance" in rest else {}
    with ExitStack() as stack:
        yield World(_started(stack, rest), how, False, url_env, rest, furnished)


def _started(stack: ExitStack, given: Given) -> NovitaMock:
    """A double in a thread of this process, instant unless it is told otherwise."""
    try:
        return stack.enter_context(running(where="thread", **{"speed": 0, **_read(given)}))
    except (SettingsError, DoubleFailed) as problem:
        told = f"the double did not start: {problem}\n  try: {problem.hint}"
    pytest.fail(told, pytrace=False)


def _read(given: Given) -> dict[str, Any]:
    """Settings as ``running`` takes them, from values as options, ini values and markers give them."""
    rows = {row.name: row for row in settings_rows()}
    for name in sorted(set(given) - set(rows)):
        near = meant(name, [*rows, *_OF_ACCOUNTS, *_OURS])
        raise SettingsError(f"{name} is no setting", near or ", ".join(rows))
    read = {name: rows[name].parse(value, name) for name, value in given.items()}
    read["quirks"] = dict(pair.split("=", 1) for pair in read.pop("quirk", ()))
    return read | {"keys": read.pop("key", ())}


def _furnish(mock: NovitaMock, marked: Given) -> None:
    """Have an account be as it is wanted."""
    try:
        if "speed" in marked:
            mock.set_speed(marked["speed"])
        if "balance" in marked:
            mock.balance = marked["balance"]
        if marked.get("scenario"):
            mock.scenario(marked["scenario"])
        return
    except CallFailed as problem:
        told = f"the account of this test is not to be had: {problem}\n  try: {problem.hint}"
    pytest.fail(told, pytrace=False)


def _leave(mock: NovitaMock) -> None:
    """Forget a test's account, also where its double has died: that is for the next test to say."""
    with suppress(CallFailed):
        mock.reset()


def _how(asked: str) -> str:
    if asked not in _HOW:
        pytest.fail(f"novita_mock_refusals is {', '.join(_HOW)}, not {asked!r}", pytrace=False)
    return asked
