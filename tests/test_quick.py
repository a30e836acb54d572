"""The short way answers as the long way does: bytes, journal, money, tasks."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from random import Random  # noqa: TID251 - seeded, and of no double

import httpx2
import pytest
from PIL import Image

from novita_mock import heads
from novita_mock.express import FILLED_BYTES, ExpressProtocol
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from raw import Raw, request

UPSCALE, IMG2IMG, V2 = "/v3/async/upscale", "/v3/async/img2img", "/v2/upscale"
RESULT, PROGRESS = "/v3/async/task-result", "/v2/progress"


def noise(size: int) -> str:
    """The base64 of a picture of about so many bytes."""
    side = max(2, int((size / 3) ** 0.5))
    target = BytesIO()
    pixels = Random(size).randbytes(3 * side * side)
    Image.frombytes("RGB", (side, side), pixels).save(target, "PNG", compress_level=0)
    return base64.b64encode(target.getvalue()).decode()


PICTURES = [noise(size) for size in (20, 300, 5_000, FILLED_BYTES, 400_000)]


def bodies(chance: Random) -> tuple[str, JSON]:
    """A path, and a body for it: mostly good."""
    picture = chance.choice(PICTURES)
    odd: JSON = chance.choice(
        [{}] * 8 + [{"scale_factor": 9}, {"scale_factor": "2"}, {"stray": 1}, {"steps": None}]
    )
    path = chance.choice([UPSCALE, UPSCALE, IMG2IMG, V2])
    if path == V2:
        return path, {"image": picture, "upscaling_resize": chance.choice([1.5, 2, 2.0, None])} | odd
    if path == UPSCALE:
        named = {"model_name": "4x-UltraSharp", "scale_factor": chance.choice([1.5, 2, 2.0])}
        body: JSON = {"request": {"image_base64": picture} | named | odd}
    else:
        size = {"width": chance.choice([128, 256, 64]), "height": 128, "image_num": 1, "steps": 20}
        named = {
            "model_name": "m",
            "prompt": "a \u00e9 \u20ac",
            "guidance_scale": 7.5,
            "sampler_name": "Euler a",
        }
        units = {"units": [{"model_name": "c", "image_base64": PICTURES[0], "strength": 1.0}]}
        more: JSON = chance.choice([{}, {}, {"controlnet": units}, {"strength": None}, {"seed": 7}])
        body = {"request": {"image_base64": picture} | size | named | more | odd}
    webhook = {"url": "http://127.0.0.1:9/x"}
    extra: JSON = chance.choice(
        [{}] * 6 + [{"response_image_type": "jpeg"}, {"webhook": webhook}, {"webhook": {}}]
    )
    return path, body | ({"extra": extra} if extra else {})


def asked(chance: Random, known: list[tuple[str, str]]) -> bytes:
    """A request as it goes over the wire."""
    key = chance.choice(["Bearer K1"] * 6 + ["Bearer K2", "K1", "Bearer K3@rate-limited", ""])
    lines = ["Host: localhost", f"Authorization: {key}"]
    lines += [chance.choice(["Content-Type: application/json"] * 20 + ["Content-Type: text/plain"])]
    lines += chance.choice(
        [[]] * 12 + [["X-Novita-Mock-Hop: 1"], ["X-Novita-Mock-Scenario: happy"], ["X-A: b"]]
    )
    lines += chance.choice([[]] * 15 + [["Connection: close"], ["Accept: */*"]])
    if known and chance.random() < 0.5:
        path, task_id = chance.choice(known)
        query = chance.choice(
            [*["task_id={}"] * 9, "task_id={}&x=1", "task_id=%20{}", "x={}", "task_id={}#f"]
        )
        line, content = f"GET {path}?{query.format(task_id)} HTTP/1.1", b""
    else:
        path, body = bodies(chance)
        line, content = f"POST {path} HTTP/1.1", json.dumps(body, ensure_ascii=chance.random() < 0.5).encode()
        content = content if chance.random() < 0.95 else content[: len(content) // 2]
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([line, *lines, "", ""]).encode() + content


class Twin:
    """A double, and one connection to it at a time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx2.Client(base_url=url, timeout=60)
        self.raw: Raw | None = None

    def send(self, content: bytes, cuts: list[int]) -> bytes:
        """What comes back to a request that is sent in parts."""
        self.raw = self.raw or Raw(self.url, 20)
        places = pairwise([0, *sorted(cuts), len(content)])
        with suppress(ConnectionError):  # it may be answered before all has come
            self.raw.send_on([content[start:end] for start, end in places if start < end], 0.002)
        reply = self.raw.reply()
        if reply.headers.get("connection") == "close":
            self.hang_up()
        return reply.content.replace(self.url.rpartition(":")[2].encode(), b"PORT")

    def hang_up(self) -> None:
        """Close the connection."""
        if self.raw is not None:
            self.raw.__exit__(None, None, None)
        self.raw = None

    def told(self, path: str) -> JSON:
        """What a control route tells of all accounts, without what depends on the machine."""
        text = json.dumps(self.client.get(path).json()).replace(self.url.rpartition(":")[2], "PORT")

        def still(value: JSON) -> JSON:
            if isinstance(value, dict):
                return {name: still(item) for name, item in value.items() if name != "duration_ms"}
            return [still(item) for item in value] if isinstance(value, list) else value

        return still(json.loads(text))


@pytest.fixture(params=["manual", "0"])
def twins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Twin, Twin]]:
    """Two doubles of one seed: the second has no short way."""
    speed = "manual" if request.param == "manual" else 0.0
    settings = Settings(port=0, seed=5, speed=speed, quiet=True, max_pending_tasks=10_000)
    with running(settings) as quick, monkeypatch.context() as patch:
        patch.setattr(heads, "_rows_of", lambda context, kinds: {})
        with running(settings) as long:
            both = Twin(quick), Twin(long)
            yield both
            for twin in both:
                twin.hang_up()
                twin.client.close()


@pytest.mark.parametrize("seed", range(3))
def test_both_ways_come_to_the_same(twins: tuple[Twin, Twin], seed: int, answers: Callable[[], int]) -> None:
    chance, known = Random(seed), []
    for step in range(120):
        content = asked(chance, known)
        cuts = [chance.randrange(len(content)) for _ in range(chance.choice([0, 0, 0, 1, 2]))]
        replies = [twin.send(content, cuts) for twin in twins]
        assert replies[0] == replies[1], (step, content[:300])
        body = replies[0].partition(b"\r\n\r\n")[2]
        if b"task_id" in body and b'"task"' not in body and body.startswith(b"{"):
            found = json.loads(body)
            v2 = "data" in found and b"POST /v2" in content
            task_id = found["data"]["task_id"] if v2 else found.get("task_id")
            known += [(PROGRESS if v2 else RESULT, task_id)] if task_id else []
        if chance.random() < 0.05:
            for twin in twins:
                twin.hang_up()  # kept too long meanwhile, it would be closed
                twin.client.post(
                    "/_mock/clock/advance", json={"seconds": 1}, headers={"Authorization": "Bearer K1"}
                )
        if chance.random() < 0.03:
            rule = {"phase": "after", "effect": {"kind": "error", "problem": "rate-limit"}, "times": 1}
            for twin in twins:
                twin.client.post("/_mock/faults?account=K2", json=rule)
    for twin in twins:
        twin.client.post("/_mock/idle", json={})
    for key in ("K1", "K2", "K3"):
        for route in ("requests", "tasks", "balance", "faults"):
            told = [twin.told(f"/_mock/{route}?account={key}") for twin in twins]
            assert told[0] == told[1], (key, route)
    assert answers() > 15


def test_a_head_that_came_before_is_known_again(answers: Callable[[], int], again: Callable[[], int]) -> None:
    settings = Settings(port=0, speed="manual", quiet=True)
    wanted = {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": PICTURES[0]}
    good = json.dumps({"request": wanted}).encode()
    bad = good.replace(b": 2", b": 9")
    with running(settings) as url, Raw(url) as raw:
        submit = [request(UPSCALE, method="POST", body=body) for body in (good, bad)]
        first = raw.ask(submit[0])
        assert (first.status, again()) == (200, 0)
        assert [raw.ask(submit[0]).status, again()] == [200, 1]
        # The same head over a bad body, and over one that comes in parts or with the next request.
        assert [raw.ask(submit[1]).status, again(), answers()] == [400, 2, 2]
        raw.send_on([submit[0][:-9], submit[0][-9:]], 0.01)
        assert [raw.reply().status, again(), answers()] == [200, 2, 2]
        raw.send(submit[0] + submit[0])
        assert [raw.reply().status, raw.reply().status, again(), answers()] == [200, 200, 2, 4]
        poll = request(f"{RESULT}?task_id={json.loads(first.body)['task_id']}")
        with Raw(url) as another:
            assert another.ask(poll).content == raw.ask(poll).content
            assert another.ask(submit[0]).status == 200
        assert again() == 4
        # A fault waits: what is known helps nothing.
        rule = {"phase": "before", "effect": {"kind": "error", "problem": "rate-limit"}}
        httpx2.post(f"{url}/_mock/faults", json=rule)
        assert [raw.ask(poll).status, raw.ask(poll).status, again(), answers()] == [429, 200, 6, 7]


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many heads were known again."""
    counted = 0
    find = heads.Heads.find

    def counting(self: heads.Heads, data: bytes) -> tuple[heads.Head, bytes] | None:
        nonlocal counted
        found = find(self, data)
        counted += found is not None
        return found

    monkeypatch.setattr(heads.Heads, "find", counting)
    return lambda: counted


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many requests were answered at once."""
    counted = 0
    rest = ExpressProtocol._come_to_rest

    def counting(self: ExpressProtocol) -> None:
        nonlocal counted
        counted += 1
        rest(self)

    monkeypatch.setattr(ExpressProtocol, "_come_to_rest", counting)
    return lambda: counted
