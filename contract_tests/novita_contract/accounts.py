"""The accounts that cases ask in the name of."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock

from novita_contract.options import Secret
from novita_contract.targets import Target
from novita_contract.verdicts import NotChecked


class Accounts:
    """The keys of a target, each for its use.

    Attributes:
        target: where requests go.
        seed: of the run; made-up keys are made of it.
        open_door: whether the target lets a made-up key in.
    """

    def __init__(self, target: Target, seed: int) -> None:
        self.target = target
        self.seed = seed
        self.open_door = False
        self._spares = list(target.spares)
        self._made_up = count(1)
        self._taking = Lock()
        self._second_account = Lock()

    def spare_key(self) -> Secret:
        """A key of an account that nobody else uses.

        Raises:
            NotChecked: there is none.
        """
        with self._taking:
            if self._spares:
                return self._spares.pop(0)
            if self.open_door:
                return Secret(f"sk_conform_spare_{self.seed}_{next(self._made_up)}")
        raise NotChecked("needs an account that nobody else uses")

    @contextmanager
    def own_account(self) -> Iterator[Secret]:
        """An account whose balance nobody else changes while the block runs.

        Raises:
            NotChecked: there is none.
        """
        if self.target.kind == "live":  # where no other case is under way
            yield self.target.key
        elif self._spares or self.open_door:
            yield self.spare_key()
        else:
            with self._second_account:
                yield self.second_key()

    def second_key(self) -> Secret:
        """A key of another account.

        Raises:
            NotChecked: there is none.
        """
        if self.target.second:
            return self.target.second
        if self.open_door:
            return Secret("sk_conform_second")
        raise NotChecked("needs a second account: name its variable with --second-key-env")
