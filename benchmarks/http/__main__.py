"""What a request costs: the double beside a bare uvicorn application that answers the same bytes.

    make bench        (python benchmarks/http [--rounds N] [--seconds S] [--json FILE] [--page FILE])

Server and load are on a core each; the sides take turns; told are medians, and the median of the ratios of
each round. CPU is that of the server's whole process tree: it says more than replies a second, which the
load generator bounds as well.
"""

import argparse
import base64
import datetime
import json
import os
import platform
import re
import statistics
import sys
import urllib.request
from contextlib import ExitStack
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from PIL import Image
from sides import Side, ask, bare, ours

HEADERS = "Host: 127.0.0.1:4077\r\nAuthorization: Bearer sk_bench\r\nContent-Type: application/json\r\n"
CONNECTIONS = 16
_TABLE = re.compile(r"(<!-- measured: http -->\n).*?(<!-- end -->)", re.DOTALL)


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\n{HEADERS}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def submit(size: int) -> bytes:
    """A submit whose picture takes about so many characters of base64."""
    picture = BytesIO()
    if size < 1000:
        Image.new("1", (16, 16)).save(picture, "PNG")
    else:
        side = max(8, int((size * 0.75 / 3) ** 0.5))
        noise = Image.frombytes("RGB", (side, side), os.urandom(3 * side * side))
        noise.save(picture, "PNG", compress_level=0)
    image = base64.b64encode(picture.getvalue()).decode()
    wanted = {"model_name": "4x-UltraSharp", "scale_factor": 1.01, "image_base64": image}
    return json.dumps({"request": wanted}).encode()


def answer(side: Side, path: str, body: bytes | None = None) -> bytes:
    """What a side answers to one request."""
    headers = {"Authorization": "Bearer sk_bench", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"http://127.0.0.1:{side.port}{path}", body, headers)
    with urllib.request.urlopen(asked) as reply:
        return bytes(reply.read())


def works(side: Side) -> dict[str, tuple[bytes, bytes, int]]:
    """What is measured, by name: the request, the reply that the double gives to it, and the connections."""
    answer(side, "/_mock/balance", b'{"usd": 1e9}')
    small = submit(200)
    task_id = json.loads(answer(side, "/v3/async/upscale", small))["task_id"]
    polled = f"/v3/async/task-result?task_id={task_id}"
    found = {"poll": (request("GET", polled), answer(side, polled), CONNECTIONS)}
    for name, size in (("submit, a 200 B picture", 200), ("submit, 300 KB", 300_000)):
        body = submit(size)
        reply = answer(side, "/v3/async/upscale", body)
        found[name] = (request("POST", "/v3/async/upscale", body), reply, CONNECTIONS if size < 1000 else 4)
    return found


def measured(rounds: int, seconds: float) -> list[dict[str, object]]:
    """A row for each work."""
    rows = []
    # Manual time: a submit is measured, not the rendering that it leads to.
    unbound = ("--max-pending-tasks", "10000000", "--max-pending-bytes", "8000000000")
    with ours("--speed", "manual", *unbound) as double:
        for name, (asked, reply, connections) in works(double).items():
            with ExitStack() as stack:
                sides = [double, stack.enter_context(bare(reply))]
                taken = []
                for _ in range(rounds):
                    taken.append([ask(side, asked, connections, seconds) for side in sides])
                    if name != "poll":  # what was submitted waits for ever: it is let go
                        answer(double, "/_mock/reset", b'{"parts": ["tasks", "journal"]}')
            row: dict[str, object] = {"work": name, "ratio": _ratio(taken)}
            for place, side in enumerate(sides):
                for figure in taken[0][place]:
                    row[f"{side.name} {figure}"] = statistics.median(each[place][figure] for each in taken)
            rows.append(row)
            print(_line(row), file=sys.stderr, flush=True)
    return rows


def _ratio(taken: list[list[dict[str, float]]]) -> float:
    return statistics.median(ours["cpu_us"] / other["cpu_us"] for ours, other in taken)


def _line(row: dict[str, object]) -> str:
    figures = [
        f"{row[f'{side} {figure}']:,.{digits}f}"
        for side in ("novita-mock", "bare uvicorn")
        for figure, digits in (("cpu_us", 0), ("per_s", 0), ("p99_ms", 1))
    ]
    return "| " + " | ".join([str(row["work"]), *figures, f"{row['ratio']:.2f}"]) + " |"


def markdown(rows: list[dict[str, object]]) -> str:
    """The table, with the day and the machine."""
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("uvicorn", "httptools", "uvloop", "starlette")
    )
    about = f"{datetime.date.today()}, Python {platform.python_version()}, {packages}, {_processor()}"
    head = "| work | ours: CPU µs | per s | p99 ms | bare uvicorn: CPU µs | per s | p99 ms | CPU, ratio |"
    return "\n".join([f"Measured on {about}.", "", head, "| --- " * 8 + "|", *map(_line, rows), ""])


def _processor() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{len(names)} cores, {names[0].partition(': ')[2]}" if names else platform.processor()


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path, help="the page whose table is written anew")
    asked = parser.parse_args()
    rows = measured(asked.rounds, asked.seconds)
    table = markdown(rows)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=2))
    if asked.page:
        text = asked.page.read_text("utf-8")
        asked.page.write_text(_TABLE.sub(lambda found: f"{found[1]}\n{table}\n{found[2]}", text), "utf-8")
    print(table)


if __name__ == "__main__":
    main()
