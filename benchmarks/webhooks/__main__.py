"""How fast webhooks go out: a double that tells a local receiver of its tasks, beside clients that only post.

    python benchmarks/webhooks [--deliveries N] [--rounds N] [--smoke] [--write]

Sender and receiver have a core each, and the sides take turns. The double's tasks are submitted while its
clock stands, and then all end at the same moment: what is measured is the way from there to the recorded
attempt. The clients post the same bytes, as many at once, and record nothing. Deliveries a second are counted
by the receiver, from the first to the last; CPU is the sender's.
"""

import argparse
import base64
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "http"))

from PIL import Image
from posters import CLIENTS

import telling
from sides import ENVIRON, LOAD_CORE, SERVER_CORE, Side, on_core, ours

HERE = Path(__file__).resolve().parent
OURS = "novita-mock"
#: Deliveries that a double has under way to one host, and that the clients have.
AT_ONCE = 8
#: Events of an account that are remembered once they have ended: so many are checked.
REMEMBERED = 1000
#: Account seconds until the tasks have started, and the speed at which they end, all at the same moment.
STARTED_S, SPEED = 0.6, 10
#: Wall seconds without work after which the pictures are taken to be made.
QUIET_S = 0.3


@contextmanager
def receiver() -> Iterator[str]:
    """A receiver on the other core while the block runs; its URL."""
    line = [sys.executable, str(HERE / "receiver.py")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, preexec_fn=on_core(LOAD_CORE)) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/hook"
        finally:
            process.terminate()


def came(url: str) -> dict[str, float]:
    """What a receiver has counted since it was last asked."""
    with urllib.request.urlopen(url) as reply:
        return dict(json.loads(reply.read()))


class Double:
    """A double that is asked things."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def ask(self, path: str, body: object = None, key: str = "") -> Any:
        """The body of the reply to a GET, or to a POST where there is something to post."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._side.port)) as connection:
            return _answer(connection, path, body, key)

    def deliveries(self, url: str, count: int) -> dict[str, float]:
        """What so many deliveries cost; each has to be on record as delivered by its first attempt."""
        wanted = {"model_name": "4x-UltraSharp", "scale_factor": 1.01, "image_base64": _picture()}
        body = {"request": wanted, "extra": {"webhook": {"url": url}}}
        keys = [f"sk_bench_{place}" for place in range(-(-count // REMEMBERED))]
        with closing(http.client.HTTPConnection("127.0.0.1", self._side.port)) as connection:
            for place in range(count):
                _answer(connection, "/v3/async/upscale", body, keys[place % len(keys)])
        self.ask("/_mock/clock/advance", {"seconds": STARTED_S})
        before_s = self._quiet()
        assert came(url)["posts"] == 0
        self.ask("/_mock/clock/speed", {"speed": SPEED})
        after_s = self._quiet()
        self.ask("/_mock/idle", {"timeout_s": 60})
        figures = _figures(came(url), after_s - before_s, count)
        self.ask("/_mock/clock/speed", {"speed": "manual"})
        told = [each for key in keys for each in self.ask("/_mock/webhooks", None, key)["webhooks"]]
        assert len({each["task_id"] for each in told}) == count, len(told)
        assert {(each["state"], len(each["attempts"])) for each in told} == {("delivered", 1)}
        self.ask("/_mock/reset", {"parts": ["tasks", "journal", "webhooks"]})
        return figures

    def _quiet(self) -> float:
        """Wait until the pictures are made; the CPU taken by then."""
        before_s = -1.0
        while (cpu_s := self._side.cpu_s()) - before_s > QUIET_S / 10:
            before_s = cpu_s
            time.sleep(QUIET_S)
        return cpu_s

    def event(self, url: str) -> bytes:
        """The bytes of an event of the kind that is delivered."""
        asked = {"to": url, "operation": "upscale", "event": "succeed"}
        sent = self.ask("/_mock/trigger", asked, "sk_one")
        self.ask("/_mock/idle", {"timeout_s": 60})
        came(url)
        return str(sent["body"]).encode()


def _answer(connection: http.client.HTTPConnection, path: str, body: object, key: str) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    method, content = ("GET", None) if body is None else ("POST", json.dumps(body))
    connection.request(method, path, content, headers)
    with connection.getresponse() as reply:
        told = reply.read()
    assert reply.status == 200, told
    return json.loads(told)


def _picture() -> str:
    picture = BytesIO()
    Image.new("1", (16, 16)).save(picture, "PNG")
    return base64.b64encode(picture.getvalue()).decode()


def posted(client: str, url: str, body: bytes, count: int) -> dict[str, float]:
    """What so many posts by a client cost."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        line = [sys.executable, str(HERE / "posters.py"), client, url, file.name, str(count), str(AT_ONCE)]
        told = subprocess.check_output(line, env=ENVIRON, preexec_fn=on_core(SERVER_CORE))
    return _figures(came(url), float(told), count)


def _figures(counted: dict[str, float], cpu_s: float, count: int) -> dict[str, float]:
    assert counted["posts"] == count, counted
    return {
        "per_s": count / counted["seconds"],
        "cpu_us": cpu_s / count * 1e6,
        "connections": counted["connections"],
    }


def measured(rounds: int, count: int) -> list[dict[str, dict[str, float]]]:
    """The figures of every side, for each round; where there are several, one before them warms up."""
    found = []
    with receiver() as url, ours("--speed", "manual") as side:
        double = Double(side)
        body = double.event(url)
        for number in range(rounds + (rounds > 1)):
            taken = {OURS: double.deliveries(url, count)}
            taken |= {client: posted(client, url, body, count) for client in CLIENTS}
            found.append(taken)
            print(f"round {number}: {json.dumps(taken)}", file=sys.stderr, flush=True)
    return found[-rounds:]


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--deliveries", type=int, default=2000, help="for each side in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--smoke", action="store_true", help="one round of 20: does it run?")
    telling.options(parser)
    asked = parser.parse_args()
    if asked.smoke:
        asked.rounds, asked.deliveries = 1, 20
    rounds = measured(asked.rounds, asked.deliveries)
    medians = {
        side: {figure: statistics.median(each[side][figure] for each in rounds) for figure in rounds[0][side]}
        for side in rounds[0]
    }
    ratios = {
        client: statistics.median(each[OURS]["cpu_us"] / each[client]["cpu_us"] for each in rounds)
        for client in CLIENTS
    }
    rows = [
        [
            side,
            f"{each['per_s']:,.0f}",
            f"{each['cpu_us']:,.0f}",
            f"{each['connections']:,.0f}",
            ratios.get(side),
        ]
        for side, each in medians.items()
    ]
    head = ["sender", "deliveries a second", "CPU µs each", "connections", "CPU, ours to its"]
    shown = [[*row[:-1], "" if row[-1] is None else telling.number(row[-1])] for row in rows]
    figures = {"rounds": rounds, "medians": medians, "ratios": ratios}
    figures |= {"deliveries": asked.deliveries, "versions": telling.versions("aiohttp", "httpx2")}
    telling.tell(asked, "webhooks", telling.table(head, shown), figures)


if __name__ == "__main__":
    main()
