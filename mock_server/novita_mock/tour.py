"""A client of a double, for the demo: HTTP by the standard library alone, and checks that stop it.

It is a client like any other: of the double it knows the paths of the contract and an address.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import click

from novita_mock.catalogue import Catalogue
from novita_mock.render import inspect
from novita_mock.types import JSON

KEY = "sk_demo"
#: Seconds between two polls, and polls after which a task counts as lost: two minutes.
POLL_S = 0.1
PATIENCE = 1200


class DemoFailed(Exception):
    """A step that did not come out as documented, or a wrong argument; ``hint`` says what to type next."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> JSON:
        """The content as JSON."""
        return json.loads(self.content)


@dataclass(frozen=True, slots=True)
class Tour:
    """One run: where the double is, what is shown to it, where the pictures go.

    Attributes:
        url: the double's address.
        catalogue: the contract, for its paths.
        picture: the bytes of the picture that is worked on.
        out: the folder for what comes out.
        model: the upscaler of the first step.
        factor: how much larger that step makes the picture.
    """

    url: str
    catalogue: Catalogue
    picture: bytes
    out: Path
    model: str
    factor: float

    @property
    def image_base64(self) -> str:
        """The picture as requests carry it."""
        return base64.b64encode(self.picture).decode()

    def call(self, operation: str, body: JSON = None, **query: str) -> Answer:
        """Call an operation by its name in the contract."""
        row = self.catalogue.operation(operation)
        question = f"?{urlencode(query)}" if query else ""
        return fetch(row.method, self.url + row.path + question, body)

    def submit(self, operation: str, body: JSON) -> JSON:
        """Ask for work; the reply.

        Raises:
            DemoFailed: it was refused; the message is the double's own.
        """
        answer = self.call(operation, body)
        if answer.status != 200 or answer.body.get("code"):
            said = answer.body.get("message") or answer.body.get("msg")
            raise DemoFailed(f"{operation} was refused: {said}", "novita-mock demo --help")
        return answer.body

    def keep(self, name: str, content: bytes) -> str:
        """Write a picture into the folder; where it is, and how large it is."""
        found = inspect(content)
        path = self.out / f"{name}.{found.format}"
        path.write_bytes(content)
        return f"{path} {found.width}x{found.height}"


def fetch(method: str, url: str, body: JSON = None) -> Answer:
    """One HTTP request; a status that tells a problem is an answer too. Proxies are passed by."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = Request(url, content, headers, method=method)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=60) as reply:
            return _answer(reply.status, reply.headers.items(), reply.read())
    except HTTPError as problem:
        with problem:
            return _answer(problem.code, problem.headers.items(), problem.read())


def _answer(status: int, headers: Iterable[tuple[str, str]], content: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers}, content)


def expect(good: bool, what: str) -> None:
    """Stop unless something holds.

    Raises:
        DemoFailed: it does not; the message is ``what``.
    """
    if not good:
        raise DemoFailed(what, "novita-mock doctor; if all is well there, this is a fault of ours: report it")


def wait(label: str, poll: Callable[[], tuple[float, bool]]) -> None:
    """Poll until the end, and show how far it is.

    Args:
        label: what is waited for.
        poll: asks once: percent done, and whether it has ended.

    Raises:
        DemoFailed: progress fell, or the end did not come.
    """
    pause, before = Event(), 0
    with click.progressbar(length=100, label=f"    {label}", show_eta=False) as bar:
        for _ in range(PATIENCE):
            percent, ended = poll()
            expect(percent >= before or ended, f"{label}: progress fell from {before} to {percent:g}")
            now = 100 if ended else int(percent)
            bar.update(now - before)
            before = now
            if ended:
                return
            pause.wait(POLL_S)
    expect(False, f"{label} did not end in {PATIENCE * POLL_S:g} seconds")


def finished(tour: Tour, label: str, task_id: str) -> JSON:
    """Follow a V3 task to its end; its last task-result.

    Raises:
        DemoFailed: it failed, or is lost.
    """
    last: dict[str, Any] = {}

    def poll() -> tuple[float, bool]:
        answer = tour.call("task-result", task_id=task_id)
        expect(answer.status == 200, f"task-result answered {answer.status}")
        last.update(answer.body)
        return last["task"]["progress_percent"], last["task"]["status"].endswith(("SUCCEED", "FAILED"))

    wait(label, poll)
    expect(last["task"]["status"].endswith("SUCCEED"), f"{label} failed: {last['task']['reason']}")
    return last


def finished_v2(tour: Tour, label: str, task_id: str) -> JSON:
    """Follow a V2 task to its end; the ``data`` of its last progress.

    Raises:
        DemoFailed: it failed, or is lost.
    """
    last: dict[str, Any] = {}

    def poll() -> tuple[float, bool]:
        body = tour.call("progress", task_id=task_id).body
        expect(body["code"] == 0, f"progress answered {body['code']}: {body['msg']}")
        last.update(body["data"])
        return 100 * last["progress"], last["status"] >= 2

    wait(label, poll)
    expect(last["status"] == 2, f"{label} failed: {last['failed_reason']}")
    return last


def download(url: str, width: int, height: int) -> bytes:
    """Fetch a picture by its link, and check its size, its type and what HEAD says of it.

    Raises:
        DemoFailed: one of them is wrong.
    """
    head, full = fetch("HEAD", url), fetch("GET", url)
    expect((head.status, full.status) == (200, 200), f"the link answered {head.status} and {full.status}")
    expect(not head.content, "HEAD of the link has a body")
    found = inspect(full.content)
    said = (full.headers.get("content-type"), full.headers.get("content-length"))
    is_so = (f"image/{found.format}", str(len(full.content)))
    expect(said == is_so, f"the link says {said}, the picture is {is_so}")
    said_before = (head.headers.get("content-type"), head.headers.get("content-length"))
    expect(said_before == said, f"HEAD says {said_before}, GET says {said}")
    size = (found.width, found.height)
    expect(size == (width, height), f"the picture is {size}, not {(width, height)}")
    return full.content
