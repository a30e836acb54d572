"""An API key is an account: its own tasks and its own clock. The key itself is not kept."""

from msgspec import Struct, field

from novita_mock.chance import Chance
from novita_mock.clock import Clock, Wall, clock_for
from novita_mock.effects import Effects
from novita_mock.faults import Faults
from novita_mock.inbox import Inboxes
from novita_mock.journal import Journal
from novita_mock.problems import MissingKey, WrongKey
from novita_mock.settings import Settings
from novita_mock.spending import Spending
from novita_mock.wallet import RateWindow, Wallet

#: Longest key that is looked at, in characters.
MAX_KEY = 512


class Account(Struct):
    """One caller: an id that tells nothing of its key, and a world of its own.

    What belongs to tasks (the tasks, their deliveries, their pictures) is kept by the engine and its
    neighbours under the id.
    """

    account_id: str
    clock: Clock
    faults: Faults
    journal: Journal = field(default_factory=Journal)
    wallet: Wallet = field(default_factory=Wallet)
    spending: Spending = field(default_factory=Spending)
    windows: RateWindow = field(default_factory=RateWindow)
    inboxes: Inboxes = field(default_factory=Inboxes)
    effects: Effects = field(default_factory=Effects)
    _drawn: dict[str, int] = field(default_factory=dict)

    def next(self, purpose: str) -> int:
        """0 the first time, then one more for each time it is asked for this purpose."""
        count = self._drawn.get(purpose, 0)
        self._drawn[purpose] = count + 1
        return count


def name_and_scenario(key: str) -> tuple[str, str]:
    """``K@scenario`` is the key ``K`` and a scenario; without ``@`` there is none."""
    name, at, scenario = key.rpartition("@")
    return (name, scenario) if at and name else (key, "")


class Accounts:
    """The accounts of a server, made when their key is first seen."""

    def __init__(self, settings: Settings, chance: Chance, wall: Wall) -> None:
        self._settings = settings
        self._chance = chance
        self._wall = wall
        self._known: dict[str, Account] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of_key(self, key: str) -> Account:
        """The account of an API key; ``K@scenario`` belongs to account ``K``.

        Raises:
            WrongKey: only some keys are let in, and this is none of them.
        """
        name, _ = self.named_by(key)
        if self._settings.key and name not in self._settings.key:
            raise WrongKey("this API key is not let in")
        return self._account(self._chance.digest("account", name).hex())

    def named_by(self, key: str) -> tuple[str, str]:
        """The account's own key and the scenario that a key names; a key that is let in is no scenario."""
        return (key, "") if key in self._settings.key else name_and_scenario(key)

    def of_id(self, account_id: str) -> Account | None:
        """The account of an id, if its key was ever seen."""
        return self._known.get(account_id)

    def all(self) -> list[Account]:
        """Every account whose key was seen, in that order."""
        return list(self._known.values())

    def now_s(self, account_id: str) -> float:
        """The time of an account that is known."""
        return self._known[account_id].clock.now()

    def _account(self, account_id: str) -> Account:
        if account_id not in self._known:
            settings = self._settings
            clock = clock_for(settings.speed, settings.seed is not None, self._wall)
            self._known[account_id] = Account(account_id, clock, Faults(self._chance, account_id))
        return self._known[account_id]


def key_of(headers: list[str], omni: list[str], *, bare: bool) -> str:
    """The API key of a request.

    Args:
        headers: every Authorization header.
        omni: every X-Omni-Key header, where the dialect and the quirk let it count.
        bare: whether a key without ``Bearer`` passes (the official JavaScript SDK sends it so).

    Raises:
        MissingKey: there is none, or it is empty.
        WrongKey: there are several, or it is none that could be a key.
    """
    given = headers or omni
    if not given or not given[0].strip():
        raise MissingKey("no API key: send the header Authorization: Bearer YOUR_KEY")
    if len(given) > 1:
        raise WrongKey("several Authorization headers came; send one")
    words = given[0].split()
    if headers and words[0].lower() == "bearer":
        words = words[1:]
        if not words:
            raise MissingKey("the Authorization header holds Bearer but no key")
    elif headers and not bare:
        raise WrongKey("the Authorization header is not of the form Bearer YOUR_KEY")
    if len(words) != 1 or len(words[0]) > MAX_KEY:
        raise WrongKey("the Authorization header is not of the form Bearer YOUR_KEY")
    return words[0]
