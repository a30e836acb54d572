"""What a run is directed at: a private double, an address, or the real service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from novita_contract.options import LIVE, MOCK, NO_KEY, Options, OptionsError, Secret
from novita_mock.testing import running

#: Where the real service is. Source: page introduction.
LIVE_URL = "https://api.novita.ai"
#: Seconds of its own time that the private double lives through in a real one: fast, and yet its tasks
#: last for tens of polls.
MOCK_SPEED = 12.0
#: Keys of the private double. It lets no others in.
_MAIN, _SECOND, _POOR = Secret("sk_conform_main"), Secret("sk_conform_second"), Secret("sk_conform_poor")
_SPARES = tuple(Secret(f"sk_conform_spare_{number}") for number in range(1, 25))


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, and what is known of it beforehand.

    Attributes:
        kind: ``mock``, ``url`` or ``live``.
        url: its address, without a slash at the end.
        key: opens an account with money.
        second: opens another account, or is empty.
        poor: opens an account without money, or is empty.
        spares: open accounts that nobody else uses; each is taken once.
        speed: seconds of its time in a real one; 0 where every task is done at once.
        advance: lets its time pass for the account of a key, or None.
    """

    kind: str
    url: str
    key: Secret
    second: Secret = NO_KEY
    poor: Secret = NO_KEY
    spares: tuple[Secret, ...] = ()
    speed: float = 1.0
    advance: Callable[[float, str], object] | None = field(default=None, compare=False)

    @property
    def keys(self) -> tuple[Secret, ...]:
        """Every key that may be sent to it."""
        return tuple(key for key in (self.key, self.second, self.poor, *self.spares) if key)


@contextmanager
def opened(options: Options) -> Iterator[Target]:
    """The target while the block runs.

    Raises:
        OptionsError: what was asked for is no target.
    """
    if options.target == MOCK:
        with _private_double(options) as target:
            yield target
    elif options.target == LIVE:
        url = options.live_url or LIVE_URL
        yield Target("live", url.rstrip("/"), options.key, options.second_key, options.poor_key)
    else:
        yield _at_address(options)


@contextmanager
def _private_double(options: Options) -> Iterator[Target]:
    keys = (_MAIN, _SECOND, *_SPARES, _POOR)
    quirks = dict(options.double_quirks)
    with running(
        keys=[key.reveal() for key in keys], speed=MOCK_SPEED, seed=options.seed, quirks=quirks,
        strict=options.double_strict,
    ) as double:  # fmt: skip
        double.account(_POOR.reveal()).balance = 0
        yield Target(
            "mock", double.url, _MAIN, _SECOND, _POOR, _SPARES, MOCK_SPEED,
            lambda seconds, key: double.account(key).advance(seconds),
        )  # fmt: skip


def _at_address(options: Options) -> Target:
    parts = urlsplit(options.target)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OptionsError(
            f"{options.target!r} is no target",
            "--target mock, --target live, or an address: http://127.0.0.1:4077",
        )
    if parts.username or parts.query or parts.fragment:
        raise OptionsError(
            "an address with a user, a query or a fragment is no target", "give it without them"
        )
    if parts.hostname.rstrip(".") == urlsplit(LIVE_URL).hostname:
        raise OptionsError("this address is the real service", "--target live, which asks for a budget first")
    key = options.key or Secret("sk_conform_main")
    return Target(
        "url", options.target.rstrip("/"), key, options.second_key, options.poor_key,
        speed=1.0 if options.target_speed is None else options.target_speed,
    )  # fmt: skip
