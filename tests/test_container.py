"""The commands of the image, run as the image's user in a root that holds the wheel and nothing to write to.

No engine is needed: namespaces of Linux do what one would.
"""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest

from conftest import KEY, b64, finished, picture, upscale_body
from image import HOME, Image, line, make_root, read_image, ways
from nobody import get
from novita_mock.settings import Settings, settings_rows

IMAGE = read_image()
PUBLIC = "https://pictures.example:8443/double"
TOKEN = "told-to-few"
START_S, STOP_S = 20, 2
NO_NAMESPACES = (
    "a root of one's own can't be entered here: sysctl kernel.apparmor_restrict_unprivileged_userns=0"
)


@dataclass(frozen=True, slots=True)
class Container:
    """The image, run.

    Attributes:
        environ: of all commands in it: the image's, and what its user adds with ``-e``.
        process: its first process.
        outer: the one of ours that waits for it, and ends as it does.
        seconds: from its start until it was healthy.
    """

    root: Path
    environ: Mapping[str, str]
    process: psutil.Process
    outer: subprocess.Popen[bytes]
    log: Path
    seconds: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environ['NOVITA_MOCK_PORT']}"


@pytest.fixture(scope="module")
def root(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the image."""
    if ways() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_NAMESPACES)
    folder = tmp_path_factory.mktemp("image")
    make_root(folder, wheel)
    return folder


def typed_in(root: Path, environ: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """What a command says that is typed in the image."""
    whole = line(root, IMAGE.user, *command)
    return subprocess.run(whole, env=dict(environ), capture_output=True, text=True, timeout=START_S)


@contextmanager
def run(image: Image, root: Path, **added: str) -> Iterator[Container]:
    """``docker run`` with the image's own words; returns once the health check says so."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        environ = dict(image.env) | {"NOVITA_MOCK_PORT": str(free.getsockname()[1])} | added
    command = line(root, image.user, *image.entrypoint, *image.command)
    begin = time.monotonic()
    with (
        tempfile.NamedTemporaryFile() as log,
        subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as outer,
    ):
        try:
            while (asked := typed_in(root, environ, *image.health)).returncode != 0:
                assert outer.poll() is None, Path(log.name).read_text()
                assert time.monotonic() - begin < START_S, asked.stderr
            (first,) = psutil.Process(outer.pid).children()
            yield Container(root, environ, first, outer, Path(log.name), time.monotonic() - begin)
        finally:
            for inner in psutil.Process(outer.pid).children() if outer.poll() is None else ():
                inner.kill()  # the first process of its namespace: all others end with it
            outer.kill()


@pytest.fixture(scope="module")
def container(root: Path) -> Iterator[Container]:
    added = {"NOVITA_MOCK_PUBLIC_URL": PUBLIC, "NOVITA_MOCK_CONTROL_TOKEN": TOKEN, "NOVITA_MOCK_SPEED": "0"}
    with run(IMAGE, root, **added) as container:
        yield container


@pytest.fixture
def client(container: Container) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx2.Client(base_url=container.url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


def files(root: Path) -> set[tuple[str, int, int]]:
    """Every file of a root, with its size and when it was changed."""
    found = [(path, path.lstat()) for path in root.rglob("*")]
    return {(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found}


def test_the_image_is_nobodys_and_says_where_it_is_reached():
    uid, gid = re.fullmatch(r"(\d+):(\d+)", IMAGE.user).groups()
    assert int(uid) >= 1000 <= int(gid)
    assert IMAGE.exposed == str(Settings().port)
    settings = Settings.from_environment(IMAGE.env)
    assert not settings.loopback
    ours = {name for name in IMAGE.env if name.startswith("NOVITA_")}
    assert ours == {"NOVITA_MOCK_HOST"} <= {row.env for row in settings_rows()}


def test_both_stages_have_the_same_base_or_the_interpreter_would_be_another():
    text = Path(__file__).parents[1].joinpath("Dockerfile").read_text("utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1


LOOK = """
import os
def refused(path):
    try:
        open(path + "/x", "w")
    except OSError:
        return True
places = ["/", "/opt", "/opt/novita-mock", "/usr/lib", "/tmp", os.getcwd()]
print(os.getuid(), os.getgid(), os.getgroups(), os.environ.get("HOME"), sorted(os.listdir("/")))
print(all(map(refused, places)))
"""


def test_its_user_has_neither_name_nor_home_nor_a_place_to_write(root):
    told = typed_in(root, IMAGE.env, f"{HOME}/bin/python", "-c", LOOK)
    assert told.returncode == 0, told.stderr
    about, refused = told.stdout.splitlines()
    uid, gid = IMAGE.user.split(":")
    assert about.startswith(f"{uid} {gid} ")
    assert " None [" in about  # no HOME
    assert "'tmp'" not in about
    assert "'proc'" not in about
    assert refused == "True"


def test_it_becomes_healthy_soon(container):
    assert container.seconds < START_S / 2
    told = typed_in(container.root, container.environ, *IMAGE.health)
    assert (told.returncode, told.stdout, told.stderr) == (0, f"healthy: {container.url}\n", "")


def test_without_a_server_it_is_unhealthy(root):
    told = typed_in(root, dict(IMAGE.env) | {"NOVITA_MOCK_PORT": "9"}, *IMAGE.health)
    assert told.returncode == 1
    assert "no double answers" in told.stderr


def test_links_begin_with_the_public_url_and_lead_to_the_picture(container, client):
    result = finished(client, client.post("/v3/async/upscale", json=upscale_body()))
    link = result["images"][0]["image_url"]
    assert link.startswith(PUBLIC + "/")
    reply = get(container.url + link.removeprefix(PUBLIC))
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/png")
    assert reply.content.startswith(b"\x89PNG")
    assert get(container.url + link.removeprefix(PUBLIC) + "x").status_code == 403


def test_a_picture_so_large_that_it_takes_another_process_is_made(container, client):
    large = upscale_body(image_base64=b64(picture(1300, 1250)), scale_factor=1.01)
    result = finished(client, client.post("/v3/async/upscale", json=large))
    assert result["task"]["status"] == "TASK_STATUS_SUCCEED", result["task"]
    (worker,) = container.process.children()
    assert "novita_mock.worker" in worker.cmdline()


def test_the_control_routes_ask_for_the_token_of_the_environment(client):
    assert client.get("/_mock/tasks").status_code == 403
    assert client.get("/_mock/tasks", headers={"X-Novita-Mock-Token": TOKEN}).status_code == 200


def test_its_commands_know_the_token_of_the_environment(container):
    told = typed_in(container.root, container.environ, "novita-mock", "tasks", "--json")
    assert told.returncode == 0, told.stderr


def test_it_stops_on_the_stop_signal_and_has_written_nothing(root):
    before = files(root)
    with run(IMAGE, root, NOVITA_MOCK_CONTROL_TOKEN=TOKEN) as stopping:
        get(stopping.url + "/_mock/health")
        stopping.process.send_signal(signal.Signals[IMAGE.stop_signal])
        begin = time.monotonic()
        code = stopping.outer.wait(STOP_S)
        told = stopping.log.read_text()
        seconds = time.monotonic() - begin
    assert (code, seconds < STOP_S) == (0, True), told
    assert "Traceback" not in told
    assert TOKEN not in told
    assert files(root) == before


def test_the_wheel_brings_all_that_it_needs_and_nothing_of_the_tests(root):
    told = typed_in(root, IMAGE.env, "novita-mock", "doctor", "--port", "0")
    lines = told.stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("BROKEN")] == ["folder"], told.stdout
    site = next(root.glob("opt/novita-mock/lib/python*/site-packages"))
    assert not {"pytest", "hypothesis", "httpx2", "boto3"} & {path.name for path in site.iterdir()}
