"""Cases of our own generator against the double in process: drawn, sent by direct ASGI, judged.

    python benchmarks/cases/ours.py CASES

Prints a line of JSON: for each operation and kind of case, how many were sent and judged, and what that
took. Whatever is judged to be wrong ends the program: a benchmark of wrong verdicts would say nothing.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping

from novita_contract.boundaries import probes
from novita_contract.breaking import Broken, broken_maker
from novita_contract.draws import for_all
from novita_contract.exchange import Exchange
from novita_contract.options import Options, Secret
from novita_contract.replies import demand, refusal, succeeded
from novita_contract.session import Session
from novita_contract.strategies import valid_maker
from novita_contract.targets import Target
from novita_contract.wire import Wire
from novita_mock.app import create_app
from novita_mock.catalogue import load
from novita_mock.types import JSON
from sides import KEY, OPERATIONS, settings


class Direct(Wire):
    """The way to an application in this process: no socket, no client."""

    def __init__(self, app: Callable[..., object], loop: asyncio.AbstractEventLoop, key: Secret) -> None:
        super().__init__("http://127.0.0.1", (key,))
        self._app, self._loop = app, loop
        self.sent = 0

    def _once(
        self,
        operation: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        sent: JSON,
        content: bytes | None,
        query: Mapping[str, str] | None,
    ) -> Exchange:
        body = json.dumps(sent).encode() if content is None else content
        named = {"host": "127.0.0.1", "content-length": str(len(body)), **headers}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": url, "raw_path": url.encode(), "query_string": b"", "root_path": "",
            "headers": [(name.lower().encode(), text.encode()) for name, text in named.items()],
            "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 0), "state": {},
        }  # fmt: skip
        began = time.perf_counter()
        start, reply = self._loop.run_until_complete(self._answered(scope, body))
        self.sent += 1
        heads = {name.decode(): value.decode() for name, value in start["headers"]}
        return Exchange(
            self.sent, operation, method, self.base + url, headers, sent, len(body), start["status"],
            heads, reply, 0.0, time.perf_counter() - began, keys=self.keys,
        )  # fmt: skip

    async def _answered(self, scope: dict[str, object], body: bytes) -> tuple[dict[str, JSON], bytes]:
        pending = [{"type": "http.request", "body": body, "more_body": False}]
        start: dict[str, JSON] = {}
        content = []

        async def receive() -> dict[str, object]:
            return pending.pop() if pending else {"type": "http.disconnect"}

        async def send(message: dict[str, JSON]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                content.append(message["body"])

        await self._app(scope, receive, send)
        return start, b"".join(content)


def measured(session: Session, wire: Direct, work: Callable[[], None]) -> dict[str, float]:
    """Do a piece of work; the cases that it sent, and the seconds that it took."""
    before, wall_s, cpu_s = wire.sent, time.perf_counter(), time.process_time()
    work()
    return {
        "cases": wire.sent - before,
        "seconds": time.perf_counter() - wall_s,
        "cpu_s": time.process_time() - cpu_s,
    }


def works(session: Session, operation: str, many: int) -> dict[str, Callable[[], None]]:
    """What is measured: drawn cases of both kinds, and the probes of all edges."""
    row = session.operation(operation)

    def good(body: JSON) -> None:
        demand(succeeded(session, session.submit(operation, body)))

    def bad(case: Broken) -> None:
        answer = session.submit(operation, case.body, must_fail=True)
        demand(refusal(session, answer, case.fault, case.fields, case.claim))

    def edges() -> None:
        for probe in probes(session.contract, row):
            if probe.heavy or probe.same_as:
                continue
            answer = session.submit(operation, probe.body, must_fail=not probe.accepted)
            wrong = () if probe.accepted else (probe.fault, probe.fields, probe.claim)
            demand(refusal(session, answer, *wrong) if wrong else succeeded(session, answer))

    return {
        "drawn, valid": lambda: for_all(session, "VALID", valid_maker(session.contract, row), good, many),
        "drawn, broken": lambda: for_all(session, "BROKEN", broken_maker(session.contract, row), bad, many),
        "deterministic": edges,
    }


def main() -> None:
    """Measure, and print."""
    loop = asyncio.new_event_loop()
    key = Secret(KEY)
    app = create_app(settings())
    lives = app.router.lifespan_context(app)
    loop.run_until_complete(lives.__aenter__())
    wire = Direct(app, loop, key)
    target = Target("url", wire.base, key)
    session = Session(Options(target=wire.base, seed=int(sys.argv[2])), target, wire, load(strict=True))
    rows = {
        f"{operation}: {kind}": measured(session, wire, work)
        for operation in OPERATIONS
        for kind, work in works(session, operation, int(sys.argv[1])).items()
    }
    print(json.dumps(rows))
    loop.run_until_complete(lives.__aexit__(None, None, None))
    loop.close()


if __name__ == "__main__":
    main()
