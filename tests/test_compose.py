"""The compose example: each service as a plain process, in the words and the environment of compose.yaml."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from PIL import Image

from image import read_image
from nobody import get
from novita_mock.settings import Settings
from novita_mock.types import JSON

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "compose"
SERVICES = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))["services"]
IMAGE = read_image()
HEALTHY_S, DONE_S = 20, 60
#: What takes the place of the network of compose, and of what is mounted: texts, and what they become.
Places = Mapping[str, str]
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("NOVITA_") and not name.lower().endswith("_proxy")
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def placed(text: str, places: Places) -> str:
    """A text of compose.yaml as it has to be here; variables take the value after ``:-``."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    return re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], text)


def environ_of(name: str, places: Places) -> dict[str, str]:
    """What a service finds in its environment: the image's words, and over them those of compose.yaml."""
    given = {key: placed(value, places) for key, value in SERVICES[name].get("environment", {}).items()}
    if name != "novita":
        return CLEAN | given
    paths = {"PYTHONPATH": f"{ROOT}/mock_server", "NOVITA_MOCK_PORT": places["4077"]}
    return CLEAN | {key: value for key, value in IMAGE.env.items() if key != "PATH"} | given | paths


def words_of(name: str, words: Sequence[str], places: Places) -> list[str]:
    """A command line of a service as it has to be typed here."""
    if name == "novita":
        return [sys.executable, "-P", "-m", "novita_mock", *words[words.index("novita-mock") + 1 :]]
    assert words[0] == "python"
    return [sys.executable, *(placed(word, places) for word in words[1:])]


def health_of(name: str) -> Sequence[str]:
    if "healthcheck" not in SERVICES[name]:
        return IMAGE.health
    kind, *words = SERVICES[name]["healthcheck"]["test"]
    assert kind == "CMD"
    return words


@contextmanager
def up(name: str, places: Places) -> Iterator[None]:
    """A service that runs and is healthy, as ``condition: service_healthy`` asks."""
    environ = environ_of(name, places)
    words = SERVICES[name].get("command") or [*IMAGE.entrypoint, *IMAGE.command]
    deadline = time.monotonic() + HEALTHY_S
    silent = subprocess.DEVNULL
    with subprocess.Popen(
        words_of(name, words, places), env=environ, stdout=silent, stderr=silent
    ) as process:
        try:
            check = words_of(name, health_of(name), places)
            while subprocess.run(check, env=environ, capture_output=True, timeout=HEALTHY_S).returncode:
                assert process.poll() is None, f"{name} has ended"
                assert time.monotonic() < deadline, f"{name} does not become healthy"
            yield
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class Story:
    """What has happened when the app has ended."""

    said: str
    picture: bytes
    events: JSON
    tasks: JSON
    without_token: int


def events_of(url: str) -> JSON:
    """What the receiver has, once it has something: an event may come after the app's last poll."""
    deadline = time.monotonic() + HEALTHY_S
    while not (events := get(f"{url}/events").json()):
        assert time.monotonic() < deadline, "no event comes"
    return events


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    out = tmp_path_factory.mktemp("out")
    novita, receiver = str(free_port()), str(free_port())
    places = {
        "4077": novita, "8000": receiver, "novita:4077": f"127.0.0.1:{novita}",
        "receiver:8000": f"127.0.0.1:{receiver}",
    }  # fmt: skip
    for volume in SERVICES["app"]["volumes"] + SERVICES["receiver"]["volumes"]:
        here, there = volume.removesuffix(":ro").split(":")
        places[there] = str(out if here == "./out" else FOLDER / here)
    places = {text: places[text] for text in sorted(places, key=len, reverse=True)}
    with ExitStack() as stack:
        for name, wanted in SERVICES["app"]["depends_on"].items():
            assert wanted == {"condition": "service_healthy"}
            stack.enter_context(up(name, places))
        words = words_of("app", SERVICES["app"]["command"], places)
        environ = environ_of("app", places)
        app = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=DONE_S)
        assert app.returncode == 0, app.stdout + app.stderr
        address = f"http://127.0.0.1:{novita}/_mock/tasks"
        token = environ_of("novita", places)["NOVITA_MOCK_CONTROL_TOKEN"]
        return Story(
            app.stdout,
            (out / Path(SERVICES["app"]["environment"]["RESULT"]).name).read_bytes(),
            events_of(f"http://127.0.0.1:{receiver}"),
            get(address, headers={"X-Novita-Mock-Token": token}).json()["tasks"],
            get(address).status_code,
        )


def test_the_app_gets_a_picture_twice_as_large(story):
    with Image.open(FOLDER / "photo.png") as photo, Image.open(BytesIO(story.picture)) as larger:
        assert larger.size == (2 * photo.width, 2 * photo.height)
    assert "TASK_STATUS_SUCCEED" in story.said


def test_the_receiver_gets_the_event_of_that_task(story):
    (event,) = story.events
    (task,) = story.tasks
    told = event["payload"]["task"]
    assert (told["task_id"], told["status"]) == (task["task_id"], "TASK_STATUS_SUCCEED")
    assert story.said.startswith(f"{told['task_id']}  sent\n")


def test_the_control_routes_are_closed_without_the_token(story):
    assert story.without_token == 403


def test_links_begin_with_the_address_that_the_app_uses():
    public = SERVICES["novita"]["environment"]["NOVITA_MOCK_PUBLIC_URL"]
    assert (
        SERVICES["app"]["environment"]["NOVITA_IMAGE_BASE_URL"]
        == public
        == f"http://novita:{Settings().port}"
    )


def test_the_double_of_the_example_is_the_image_of_this_checkout():
    novita = SERVICES["novita"]
    assert (FOLDER / novita["build"]).resolve() == ROOT
    assert "command" not in novita
    assert "healthcheck" not in novita
    assert novita["read_only"]
    assert json.dumps(novita["ports"]) == f'["127.0.0.1:{IMAGE.exposed}:{IMAGE.exposed}"]'
