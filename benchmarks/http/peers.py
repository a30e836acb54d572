"""Servers of other people that make a mock of an OpenAPI document, of ours.

Each is started as its documentation says, with what it logs of each request off where it can be. What is
given to them is our document as ``novita-mock openapi`` prints it, but that the reply of the double stands
in it as the example of each 200, so that all of them answer the same. WireMock takes no document:
its stubs are made of it.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sides import ENVIRON, ROOT, START_S, Failed, Side, answer, free_port, running
from works import IMG2IMG, RESULT, UPSCALE

PEERS = ROOT / "benchmarks/peers"
PROGRAMS = ROOT / ".clients/peers/node_modules"
SUBMITS = (UPSCALE, IMG2IMG)
_PORT, _DOCUMENT = "{port}", "openapi.json"


@dataclass(frozen=True, slots=True)
class Peer:
    """A server.

    Attributes:
        name: it and its version.
        line: its command but for the port, which stands as ``{port}``.
        given: what it is given of our document.
    """

    name: str
    line: tuple[str, ...]
    given: str

    def command(self, port: int) -> list[str]:
        """The command."""
        return [part.replace(_PORT, str(port)) for part in self.line]


def known() -> tuple[Peer, ...]:
    """Every peer; paths are relative to the folder that ``prepare`` makes."""
    prism, mockoon = PROGRAMS / "@stoplight/prism-cli/dist/index.js", PROGRAMS / "@mockoon/cli/bin/run.js"
    wiremock = PROGRAMS / "wiremock/build/wiremock-standalone-3.13.2.jar"
    host = "127.0.0.1"
    return (
        Peer("Prism 5.14.2", ("node", str(prism), "mock", "-p", _PORT, "-h", host, "-v", "error", _DOCUMENT),
             "the document as it is"),
        Peer("Mockoon 9.9.0", ("node", str(mockoon), "start", "--data", _DOCUMENT, "--port", _PORT,
             "--hostname", host, "--disable-log-to-file", "--disable-admin-api"),
             "the document as it is; it validates nothing"),
        Peer("WireMock 3.13.2", ("java", "-jar", str(wiremock), "--port", _PORT, "--bind-address", host,
             "--root-dir", "wiremock", "--no-request-journal", "--disable-banner"),
             "stubs made of it: `matchesJsonSchema` (V202012), a pattern for the key, fixed replies"),
        Peer("openapi-backend 5.21.2", ("node", str(PEERS / "backend.cjs"), str(PROGRAMS), _DOCUMENT, _PORT),
             "the document as it is, with `quick`: its own check of documents knows OpenAPI 3.0 alone; "
             "on node:http, its handlers answer the examples"),
    )  # fmt: skip


def missing(peer: Peer) -> str:
    """Why a peer can't run here, or nothing."""
    if not shutil.which(peer.line[0]):
        return f"{peer.line[0]} is not at hand"
    return "" if PROGRAMS.is_dir() else "its package is not installed: make bench-peers installs it"


def about(peer: Peer) -> str:
    """What it is given, or why it is not measured."""
    why = missing(peer)
    return f"{peer.name} is not measured: {why}." if why else f"{peer.name} is given {peer.given}."


def our_document() -> bytes:
    """Our OpenAPI document."""
    return subprocess.check_output([sys.executable, "-P", "-m", "novita_mock", "openapi"], env=ENVIRON)


def prepare(folder: Path, document: bytes, replies: dict[str, bytes]) -> None:
    """Write what the peers are started with.

    Args:
        folder: where to.
        document: our OpenAPI document.
        replies: what the double answers, by path.
    """
    described = json.loads(document)
    for path, reply in replies.items():
        (operation,) = described["paths"][path].values()
        content = operation["responses"]["200"]["content"]["application/json"]
        content["example"] = json.loads(reply)
        # Mockoon looks for an example in the schema alone
        content["schema"] = {"allOf": [content["schema"]], "example": content["example"]}
    (folder / _DOCUMENT).write_text(json.dumps(described))
    mappings = folder / "wiremock/mappings"
    mappings.mkdir(parents=True)
    stubs = [_stub(described, path, reply) for path, reply in replies.items()]
    (mappings / "all.json").write_text(json.dumps({"mappings": stubs}))


@contextmanager
def started(peer: Peer, folder: Path, *, pinned: bool = True) -> Iterator[Side]:
    """A peer while the block runs, from its first answer on.

    Raises:
        Failed: there is none.
    """
    port = free_port()
    with running(*peer.command(port), pinned=pinned, folder=folder) as (process, tree):
        side = Side(peer.name, port, tree)
        await_answer(side, process.poll)
        yield side


def await_answer(side: Side, ended: Callable[[], int | None], step_s: float = 0.01) -> None:
    """Ask until the first answer.

    Raises:
        Failed: the process ends, or takes too long.
    """
    until = time.monotonic() + START_S
    while ended() is None and time.monotonic() < until:
        if answer(side, "GET", f"{RESULT}?task_id=x")[0]:
            return
        time.sleep(step_s)
    raise Failed(f"{side.name} did not start")


def _stub(document: dict[str, Any], path: str, reply: bytes) -> dict[str, Any]:
    ((method, operation),) = document["paths"][path].items()
    wanted: dict[str, Any] = {
        "method": method.upper(),
        "urlPath": path,
        "headers": {"Authorization": {"matches": "Bearer .+"}},
    }
    if "requestBody" in operation:
        named = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        schema = document["components"]["schemas"][named.rpartition("/")[2]]
        wanted["bodyPatterns"] = [{"matchesJsonSchema": schema, "schemaVersion": "V202012"}]
    else:
        wanted["queryParameters"] = {"task_id": {"matches": ".+"}}
    answered = {"status": 200, "body": reply.decode(), "headers": {"Content-Type": "application/json"}}
    return {"request": wanted, "response": answered}
