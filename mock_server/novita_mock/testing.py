"""Starts and stops a double from Python, for tests and for tools that need one of their own."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any

from novita_mock.calling import Double
from novita_mock.chance import draw_token
from novita_mock.settings import Settings
from novita_mock.types import JSON

#: Wall seconds that a child has to serve, to end when it is asked to, and to end when it is told to.
START_S, STOP_S, TERMINATE_S = 60.0, 5.0, 2.0
#: Most of what a child wrote before it died that is told, in characters from the end.
LAST_WORDS = 4000

#: The child sees the modules that its parent sees, in whatever way the parent came to see them.
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.stdin.readline()); "
    "from novita_mock.child import main; main()"
)


class DoubleFailed(Exception):
    """A double did not start, or ended while it was in use; ``hint`` is what to do instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Handle:
    """A double that runs.

    Attributes:
        url: where it is.
        keys: the API keys that are let in; without any, all are.
        poor_keys: those of accounts without money.
        control_token: what its control routes ask for; nothing where only this machine can reach it.
    """

    url: str
    keys: tuple[str, ...] = field(default=(), repr=False)
    poor_keys: tuple[str, ...] = field(default=(), repr=False)
    control_token: str = field(default="", repr=False)

    def advance(self, seconds: float, key: str | None = None) -> JSON:
        """Let time pass, and run what falls due.

        Args:
            seconds: of the account's time.
            key: whose time; None for all accounts that there are.

        Returns:
            What happened, as ``POST /_mock/clock/advance`` tells it.

        Raises:
            CallFailed: the double does not answer, or refuses.
        """
        return self._double(key).send("POST", "/clock/advance", {"seconds": seconds})

    def set_balance(self, usd: float, key: str) -> None:
        """Say what an account can spend, in USD.

        Raises:
            CallFailed: the double does not answer, or refuses.
        """
        self._double(key).send("POST", "/balance", {"usd": usd})

    def _double(self, key: str | None) -> Double:
        return Double(self.url, key or "", self.control_token)


@contextmanager
def running(
    *,
    keys: Sequence[str] = (),
    poor_keys: Sequence[str] = (),
    speed: float | str = 1.0,
    seed: int | None = None,
    quirks: Mapping[str, str] | None = None,
    strict: bool = False,
    in_process: bool = False,
    **settings: Any,  # Any: each has the type of its field of Settings
) -> Iterator[Handle]:
    """Run a double while the block runs. The environment has no say in it.

    Args:
        keys: the API keys that are let in; without any, all are.
        poor_keys: keys that are let in as well, of accounts that hold nothing.
        speed: seconds of API time in a real one; 0 is done at once, ``manual`` stands still.
        seed: what chance starts from; None draws it.
        quirks: other readings where the pages are silent, by id.
        strict: whether what the pages don't document is refused.
        in_process: in a thread of this process, in place of a process of its own.
        **settings: any other field of ``Settings``.

    Yields:
        What is known of it.

    Raises:
        DoubleFailed: it did not start, or ended before the block did.
        TypeError: there is no such setting.
    """
    let_in = (*keys, *poor_keys) if keys else ()
    quirk = tuple(f"{name}={value}" for name, value in (quirks or {}).items())
    asked = {"port": 0, "quiet": True, "speed": speed, "seed": seed, "key": let_in, "quirk": quirk}
    told = Settings(**{**asked, "strict": strict, "control_token": _token(settings), **settings})
    with (_as_thread if in_process else _as_child)(told) as url:
        handle = Handle(url, tuple(keys), tuple(poor_keys), told.control_token or "")
        for key in poor_keys:
            handle.set_balance(0, key)
        yield handle


def _token(settings: Mapping[str, Any]) -> str | None:
    """What control routes ask for: one is drawn where others than this machine can reach them."""
    given: str | None = settings.get("control_token")
    return given or (None if Settings(host=settings.get("host", "127.0.0.1")).loopback else draw_token())


@contextmanager
def _as_thread(settings: Settings) -> Iterator[str]:
    from novita_mock import child, server  # a double in a process of its own needs none of it here

    with ExitStack() as stack:
        try:
            url = stack.enter_context(server.running(settings))
        except child.REFUSALS as problem:
            raise DoubleFailed(*child.why(problem)) from None
        yield url


@contextmanager
def _as_child(settings: Settings) -> Iterator[str]:
    with TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield _url(child, settings, errors)
        finally:
            forced = _stop(child)
        if child.returncode and not forced:
            raise DoubleFailed(_ended("the double ended while it was in use", child, errors))


def _url(child: subprocess.Popen[bytes], settings: Settings, errors: IO[bytes]) -> str:
    """Tell a child what it is to be; where it serves."""
    assert child.stdin is not None
    assert child.stdout is not None
    told = "".join(json.dumps(line) + "\n" for line in ([*map(str, sys.path)], asdict(settings)))
    patience = threading.Timer(START_S, child.kill)
    patience.daemon = True
    patience.start()
    try:
        with suppress(BrokenPipeError):  # it is dead; its last words say why
            child.stdin.write(told.encode())
            child.stdin.flush()
        line = child.stdout.readline()
    finally:
        patience.cancel()
    if not line:
        child.wait()
        raise DoubleFailed(_ended("the double did not start", child, errors))
    answer = json.loads(line)
    if "error" in answer:
        raise DoubleFailed(answer["error"], answer["hint"])
    return str(answer["url"])


def _ended(what: str, child: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
    errors.seek(0)
    words = errors.read().decode(errors="replace").strip()[-LAST_WORDS:]
    return f"{what} (exit code {child.returncode})" + (f":\n{words}" if words else "")


def _stop(child: subprocess.Popen[bytes]) -> bool:
    """End a child: by the end of its input, else by force; whether it took force."""
    assert child.stdin is not None
    assert child.stdout is not None
    forced = False
    with suppress(OSError):
        child.stdin.close()
    for patience_s, force in ((STOP_S, child.terminate), (TERMINATE_S, child.kill)):
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            force()
            forced = True
    child.wait()
    child.stdout.close()
    return forced
