"""Processes that spend from one ledger and are killed meanwhile; run by tests, in a process of its own.

It is one process that has imported all it needs and forks the others, so that hundreds of them may die
in seconds, and none of it happens among the threads of the tests. What it finds it prints as JSON.
"""

import http.client
import json
import os
import random  # noqa: TID251 - which process is killed when: drawn from a seed that the test gives
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conftest import upscale_body
from novita_contract.ledger import BudgetReached, Ledger
from novita_mock.catalogue import load

PRICES = {"upscale": 0.01}
BODY = json.dumps(upscale_body()).encode()
PATH = load().operation("upscale").path


def spend_once(ledger: Ledger, url: str, key: str, case: str) -> str:
    """What the suite does for each request: reserve, send once, and tell how it ended.

    Raises:
        BudgetReached: nothing was sent.
    """
    reserved = ledger.reserve("upscale", case=case)
    try:
        status = post(url, key)
    except (OSError, http.client.HTTPException):
        return "lost"
    if 400 <= status < 500:
        reserved.release(f"HTTP {status}")
        return "refused"
    if status == 200:
        reserved.spend()
        return "taken"
    return "unknown"


def post(url: str, key: str) -> int:
    """Send one request; its status.

    Raises:
        OSError: no reply came.
        HTTPException: likewise.
    """
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request("POST", PATH, BODY, headers)
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()


def storm(told: dict[str, Any]) -> dict[str, Any]:
    """Some processes spend until the budget is reached; some are killed, and others take their place.

    A process writes a byte into a pipe at each step. After a drawn number of bytes one process is
    killed, wherever it is just then.
    """
    chance = random.Random(told["seed"])
    reading, writing = os.pipe()

    def spender() -> None:
        ledger = Ledger(Path(told["ledger"]), told["budget"], PRICES, told.get("max_calls"))
        while True:
            try:
                outcome = spend_once(ledger, told["url"], told["key"], str(os.getpid()))
            except BudgetReached:
                os.write(writing, b".")
                return
            os.write(writing, outcome[:1].encode())

    alive = [_forked(spender) for _ in range(told["workers"])]
    killed, steps = 0, b""
    while killed < told["kills"] and b"." not in steps:
        for _ in range(chance.randrange(1, 4)):
            steps += os.read(reading, 1)
        victim = alive.pop(chance.randrange(len(alive)))
        os.kill(victim, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(victim, 0)[1])
        alive.append(_forked(spender))
    codes = {os.waitpid(pid, 0)[1] for pid in alive}
    return {"killed": killed, "codes": sorted(codes)}


def inherit(told: dict[str, Any]) -> dict[str, Any]:
    """The children of a fork spend from the ledger that their parent had opened."""
    ledger = Ledger(Path(told["ledger"]), told["budget"], PRICES)
    ledger.reserve("upscale")

    def spender() -> None:
        while True:
            try:
                ledger.reserve("upscale", case=str(os.getpid()))
            except BudgetReached:
                return

    children = [_forked(spender) for _ in range(told["workers"])]
    codes = {os.waitpid(child, 0)[1] for child in children}
    return {"codes": sorted(codes), "calls": ledger.calls}


def every_moment(told: dict[str, Any]) -> dict[str, Any]:
    """Die before and after each call into C that spending makes, at one after the other.

    Nothing has an effect but such calls, so with a step of 1 no moment is left out at which a process
    may die. The service is a file that grows by a byte for each request that it takes. Each life starts on a
    ledger and a service of its own; after its death another process opens the same ledger.
    """
    folder = Path(told["folder"])
    wrong: list[Any] = []
    for deaths, moment in enumerate(range(0, 10**6, told["step"])):
        ledger, service = folder / f"{moment}.jsonl", folder / f"{moment}.taken"
        service.touch()
        life = partial(_dying_after, moment, partial(_four_requests, ledger, service))
        status = os.waitpid(_forked(life), 0)[1]
        wrong += _judged(ledger, service)
        if not os.WIFSIGNALED(status):
            return {"deaths": deaths, "status": status, "wrong": wrong}
    raise AssertionError("nothing ever ends")


def _four_requests(ledger_path: Path, service: Path) -> None:
    ledger = Ledger(ledger_path, 0.03, PRICES)
    for kind in ("taken", "refused", "lost", "taken"):
        reserved = ledger.reserve("upscale", case=kind)
        if kind != "refused":
            with service.open("ab", buffering=0) as taken:
                taken.write(b".")
        if kind == "taken":
            reserved.spend()
        elif kind == "refused":
            reserved.release("HTTP 400")


def _judged(ledger_path: Path, service: Path) -> list[Any]:
    charged = service.stat().st_size
    ledger = Ledger(ledger_path, 0.03, PRICES)
    counted = ledger.calls
    again = 0
    try:
        while True:
            ledger.reserve("upscale")
            again += 1
    except BudgetReached:
        pass
    right = charged <= counted <= min(charged + 1, 3) and counted + again == 3
    return [] if right else [[ledger_path.name, charged, counted, again]]


def _dying_after(last: int, act: Callable[[], None]) -> None:
    """Act, and be killed at the call into C, or the return from one, that has that number."""
    events = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal events
        if event.startswith("c_"):
            if events == last:
                os.kill(os.getpid(), signal.SIGKILL)
            events += 1

    sys.setprofile(count)
    act()
    sys.setprofile(None)


def _forked(act: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        act()
        os._exit(0)
    except BaseException as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr, flush=True)
        os._exit(1)


if __name__ == "__main__":
    what = {"storm": storm, "inherit": inherit, "every_moment": every_moment}
    print(json.dumps(what[sys.argv[1]](json.loads(sys.argv[2]))))
