"""Two runs with one seed are the same bytes; without a seed nothing can be guessed."""

import json
import socket

import pytest

from conftest import b64, img2img_body, picture, upscale_body
from fakes import FakeWall
from novita_mock.app import create_app
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from raw import Raw, request

RESULT = "/v3/async/task-result"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def session(port: int, seed: int | None, speed: float | str, start_s: float = 1.8e9) -> list[bytes]:
    """Every byte that a double sends in a session that never differs, begun at some moment of the day."""
    settings = Settings(port=port, seed=seed, speed=speed, quiet=True)
    bodies: list[tuple[str, JSON]] = [
        ("/v3/async/upscale", upscale_body() | {"extra": {"enable_nsfw_detection": True}}),
        (
            "/v3/async/img2img",
            img2img_body(seed=-1, image_num=2) | {"extra": {"response_image_type": "webp"}},
        ),
        ("/v3/async/upscale", upscale_body(scale_factor=9)),
        ("/v2/upscale", {"image": b64(picture(20, 30)), "resize_mode": 0, "gfpgan_visibility": 1}),
        (
            "/v3/async/img2img",
            img2img_body(seed=5, strength=0.9) | {"extra": {"response_image_type": "jpeg"}},
        ),
        ("/v3/async/upscale", upscale_body(image_base64=b64(picture(1100, 700)), scale_factor=1.5)),
    ]
    with (
        running(settings, create_app(settings, wall=FakeWall(start_s))) as url,
        Raw(url, timeout_s=30) as raw,
    ):
        seen: list[bytes] = []

        def ask(content: bytes) -> JSON:
            reply = raw.ask(content)
            seen.append(reply.content)
            return json.loads(reply.body) if reply.headers["content-type"] == "application/json" else None

        for path, body in bodies:
            told = ask(request(path, method="POST", body=json.dumps(body).encode(), host=raw.host))
            task_id = (told.get("data") or told).get("task_id", "none")
            polled = ask(
                request(f"{'/v2/progress' if path[:3] == '/v2' else RESULT}?task_id={task_id}", host=raw.host)
            )
            links = (
                polled["data"]["imgs"]
                if path[:3] == "/v2"
                else [i["image_url"] for i in polled.get("images", [])]
            )
            for link in links or []:
                ask(request(link.removeprefix(url), host=raw.host))
        ask(request("/nothing", host=raw.host))
    return seen


@pytest.mark.parametrize(("speed", "replies"), [(0.0, 19), ("manual", 13)])
def test_two_runs_with_one_seed_are_the_same_bytes(speed: float | str, replies: int) -> None:
    """Headers, ids, links, pictures: all of it, whenever they are run."""
    port = free_port()
    first, second = session(port, 7, speed), session(port, 7, speed, start_s=1.9e9)
    assert len(first) == len(second) == replies
    for one, other in zip(first, second, strict=True):
        assert one == other


def test_runs_with_other_seeds_differ_in_ids_and_links() -> None:
    port = free_port()
    first, second, third = session(port, 1, 0.0), session(port, 2, 0.0), session(port, None, 0.0)
    assert len({first[0], second[0], third[0]}) == 3
    pictures = [run[2].partition(b"\r\n\r\n")[2] for run in (first, second, third)]
    assert len(pictures[0]) > 100
    assert len(set(pictures)) == 1  # they are the request's alone


def test_a_refusal_is_dated_by_its_account_s_clock_as_every_reply() -> None:
    settings = Settings(port=0, seed=1, speed="manual", quiet=True)
    app = create_app(settings, wall=FakeWall())
    app.state.context.accounts.of_key("sk_test").clock.advance(86_400)
    with running(settings, app) as url, Raw(url) as raw:
        good = raw.ask(request("/v3/async/upscale", method="POST", body=json.dumps(upscale_body()).encode()))
        refused = raw.ask(request("/v3/async/upscale", method="POST", body=b"{}"))
        lost = raw.ask(request("/v3/nothing"))
        nobody = raw.ask(request("/v3/nothing").replace(b"Authorization: Bearer sk_test\r\n", b""))
    assert lost.headers["date"] == good.headers["date"]
    assert good.headers["date"] == refused.headers["date"] == "Fri, 02 Jan 2026 00:00:00 GMT"
    assert nobody.headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
