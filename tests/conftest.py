"""What most tests need: a double that runs, a client that talks to it, and small pictures."""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from hypothesis import settings as hypothesis_settings
from PIL import Image

from built import dist, sdist, wheel  # noqa: F401 - fixtures
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON

#: Runs the tests of tests.
pytest_plugins = ["pytester"]

KEY = "sk_test"

#: ``make check-deep``: some tests take many more steps under this profile.
hypothesis_settings.register_profile("deep", deadline=None)


def picture(width: int = 8, height: int = 6, kind: str = "PNG", mode: str = "RGB") -> bytes:
    """A small picture whose pixels differ from each other."""
    red = Image.linear_gradient("L").resize((width, height))
    green = red.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = Image.merge("RGB", (red, green, red.rotate(180))).convert(mode)
    out = BytesIO()
    image.save(out, kind)
    return out.getvalue()


def b64(content: bytes) -> str:
    """Bytes as base64 text."""
    return base64.b64encode(content).decode()


def upscale_body(**request: JSON) -> JSON:
    """A good body of ``POST /v3/async/upscale``, changed as told."""
    good = {"model_name": "4x-UltraSharp", "image_base64": b64(picture()), "scale_factor": 2}
    return {"request": good | request}


def img2img_body(**request: JSON) -> JSON:
    """A good body of ``POST /v3/async/img2img``, changed as told."""
    good = {
        "model_name": "sd_xl_base_1.0.safetensors", "image_base64": b64(picture()), "prompt": "a fern",
        "width": 128, "height": 128, "image_num": 1, "steps": 20, "guidance_scale": 7.5,
        "sampler_name": "Euler a", "seed": 7,
    }  # fmt: skip
    return {"request": good | request}


Start = Callable[..., httpx2.Client]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts doubles: ``start(speed=1)`` gives a client of a new one, with a key set."""
    with ExitStack() as stack:

        def starter(**settings: JSON) -> httpx2.Client:
            told = {"port": 0, "speed": 0.0, "seed": 1, "strict_responses": True, "quiet": True} | settings
            url = stack.enter_context(running(Settings(**told)))
            return stack.enter_context(_client(url))

        yield starter


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The URL of one double for the whole session: done at once, replies checked."""
    with running(Settings(port=0, speed=0.0, strict_responses=True, quiet=True)) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx2.Client]:
    """A client of the session's double, with a key set."""
    with _client(url) as client:
        yield client


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of 300 by 200 on disk."""
    path = tmp_path / "photo.png"
    path.write_bytes(picture(300, 200))
    return path


def _client(url: str) -> httpx2.Client:
    return httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60, trust_env=False
    )


def finished(client: httpx2.Client, reply: httpx2.Response) -> JSON:
    """The task-result of a V3 submit's reply, polled until it has ended (done at once: the first poll)."""
    assert reply.status_code == 200, reply.text
    result = client.get("/v3/async/task-result", params={"task_id": reply.json()["task_id"]})
    assert result.status_code == 200, result.text
    return result.json()
