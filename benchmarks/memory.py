"""What memory the double takes: idle, and with ten thousand tasks of the same picture.

    python benchmarks/memory.py [--tasks N] [--write] [--json FILE] [--page FILE]

Each server is a process of its own, with its defaults and the request log off; told is its resident memory,
its children's included, and the most that it ever was. A naive server, which keeps each body as it came, is
measured with a tenth of the tasks: with all of them it would not fit everywhere.
"""

import argparse
import base64
import http.client
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "http")]

from PIL import Image  # noqa: E402 - found by the line above

from sides import Side, ours, running  # noqa: E402
from telling import number, options, table, tell  # noqa: E402

MIB = 1024 * 1024
PICTURE_BYTES, LARGE_BYTES = 300_000, 22_000_000
CONNECTIONS = 4
HEADERS = {"Authorization": "Bearer sk_bench", "Content-Type": "application/json"}
UPSCALE = "/v3/async/upscale"
#: Wall seconds that all pictures may take.
PATIENCE_S = 1800
#: Wall seconds without a request after which memory was given back.
QUIET_S = 4.0
#: What the double reckons a task at.
RECORD_BYTES = 2048

#: Keeps each body, as it was decoded, under the id of its task.
NAIVE = """
import json, socket, sys, uuid, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
tasks = {}
async def submit(request):
    task_id = str(uuid.uuid4())
    tasks[task_id] = {"status": "TASK_STATUS_QUEUED", "request": await request.json()}
    return JSONResponse({"task_id": task_id})
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
app = Starlette(routes=[Route("/v3/async/upscale", submit, methods=["POST"])])
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
"""


def body(size: int) -> bytes:
    """A submit of a picture of so many bytes: few pixels and padding, since no rendering is measured."""
    picture = BytesIO()
    Image.linear_gradient("L").resize((16, 16)).save(picture, "PNG")
    image = base64.b64encode(picture.getvalue().ljust(size, b"\0")).decode()
    wanted = {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": image}
    return json.dumps({"request": wanted}).encode()


def ask(side: Side, path: str, content: bytes) -> bytes:
    """What a server answers."""
    connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=PATIENCE_S)
    connection.request("POST", path, content, HEADERS)
    reply = connection.getresponse()
    told = reply.read()
    connection.close()
    assert reply.status == 200, told[:300]
    return told


def submit(side: Side, content: bytes, times: int, connections: int = CONNECTIONS) -> None:
    """Submit a body so often, over a few connections at the same time."""
    refused: list[bytes] = []

    def some(count: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=PATIENCE_S)
        for _ in range(count):
            connection.request("POST", UPSCALE, content, HEADERS)
            reply = connection.getresponse()
            told = reply.read()
            if reply.status != 200:
                refused.append(told[:300])
        connection.close()

    shares = [times // connections + (place < times % connections) for place in range(connections)]
    threads = [threading.Thread(target=some, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused, refused[0]


def resident(side: Side, line: str = "VmRSS") -> float:
    """MiB of a server and its children, by a line of /proc: ``VmRSS``, or ``VmHWM`` for the most."""
    whole = 0
    for process in (side.process, *side.process.children(recursive=True)):
        status = Path(f"/proc/{process.pid}/status").read_text()
        whole += next(int(text.split()[1]) for text in status.splitlines() if text.startswith(line))
    return whole / 1024


def idle(side: Side) -> None:
    """Wait until nothing is under way."""
    until = time.monotonic() + PATIENCE_S
    while not json.loads(ask(side, "/_mock/idle", b'{"timeout_s": 50}'))["idle"]:
        assert time.monotonic() < until


@contextmanager
def naive() -> Iterator[Side]:
    """A server that keeps each body as it came."""
    with running(sys.executable, "-c", NAIVE) as (process, tree):
        assert process.stdout is not None
        yield Side("naive", int(process.stdout.readline()), tree)


def measured(
    what: str, server: AbstractContextManager[Side], *acts: Callable[[Side], None]
) -> dict[str, Any]:
    """A row: memory when idle, after each of the acts, and the most that there was."""
    with server as side:
        if side.name != "naive":
            ask(side, "/_mock/balance", b'{"usd": 1e9}')
        row: dict[str, Any] = {"what": what, "idle": resident(side), "after": []}
        for act in acts:
            act(side)
            row["after"].append(resident(side))
        row["most"] = max(resident(side, "VmHWM"), *row["after"])  # the kernel counts it a little late
    print(row, file=sys.stderr, flush=True)
    return row


def rows(tasks: int) -> Iterator[dict[str, Any]]:
    """Everything that is measured."""
    content, large, tenth = body(PICTURE_BYTES), body(LARGE_BYTES), max(1, tasks // 10)

    def some(side: Side) -> None:
        submit(side, content, tasks)

    def again(side: Side) -> None:
        ask(side, "/_mock/reset", b'{"parts": ["tasks"]}')
        some(side)

    def ended(side: Side) -> None:
        some(side)
        idle(side)

    def kept(side: Side) -> None:
        submit(side, content, tenth)

    def by_twos(side: Side) -> None:
        submit(side, large, 10, 2)

    def quiet(side: Side) -> None:
        time.sleep(QUIET_S)

    room = str(tasks * RECORD_BYTES + MIB)
    told = f"{tasks:,} tasks"
    yield measured(f"{told} unfinished; forgotten, and as many again", ours("--speed", "manual"), some, again)
    yield measured(f"{told} ended; as many more, all kept", ours("--speed", "0"), ended, ended)
    capped = ours("--speed", "0", "--max-results-bytes", room)
    yield measured(f"{told} ended; as many more, in place of the first", capped, ended, ended)
    bodies = "ten bodies of 30 MB, two at a time; a few seconds later"
    yield measured(bodies, ours("--speed", "manual"), by_twos, quiet)
    yield measured(f"a server that keeps each body: {tenth:,} tasks; as many more", naive(), kept, kept)


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", type=int, default=10_000, help="a smoke run takes 50")
    options(parser)
    asked = parser.parse_args()
    found = list(rows(asked.tasks))
    head = [
        "MiB",
        "idle",
        "after the first",
        "after the second",
        "most",
        "first over idle",
        "second over first",
    ]
    shown = []
    for row in found:
        first, second = row["after"]
        figures = (row["idle"], first, second, row["most"], first - row["idle"], second - first)
        shown.append([row["what"], *map(number, figures)])
    medians = {row["what"]: row for row in found}
    tell(asked, "memory", table(head, shown), {"rounds": [found], "medians": medians, "ratios": {}})


if __name__ == "__main__":
    main()
