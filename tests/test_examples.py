"""Every program of ``examples/`` runs, as a person would run it, on a double that runs."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from chromium import tab
from clients.install import JAVASCRIPT, NO_NODE, PYTHON_V3, node
from clients.program import opened
from conftest import picture
from novita_mock.testing import NovitaMock
from novita_mock.types import JSON

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PATHS = os.pathsep.join(str(ROOT / name) for name in ("mock_server", "contract_tests"))
#: Wall seconds that a program may take.
LIMIT_S = 60


def environment(**added: str) -> dict[str, str]:
    """Ours, without what would lead a program to a proxy, to other packages or to another account."""
    unwanted = ("PYTHONPATH", "PYTHONWARNINGS", "PYTEST_ADDOPTS", "NODE_PATH", "NODE_OPTIONS")
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    kept = {name: value for name, value in kept.items() if not name.startswith(("NOVITA_", "PYTEST_XDIST"))}
    return {name: value for name, value in kept.items() if name not in unwanted} | added


def ran(
    command: Iterable[str | Path], mock: NovitaMock, scenario: str = "", **added: str
) -> subprocess.CompletedProcess[str]:
    """A program that was given the double's address and a key, of a scenario where one is named."""
    key = f"{mock.api_key}@{scenario}" if scenario else mock.api_key
    told = {"NOVITA_IMAGE_BASE_URL": mock.url, "NOVITA_API_KEY": key} | added
    return subprocess.run(
        [os.fspath(part) for part in command],
        env=environment(**told),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def large_photo(folder: Path) -> Path:
    """A picture whose base64 is longer than the system takes for an argument."""
    file = folder / "photo.png"
    Image.open(BytesIO(picture(300, 200))).save(file, compress_level=0)
    assert file.stat().st_size > 100_000
    return file


def refusals(mock: NovitaMock) -> list[str]:
    """What the double found wrong with requests although no fault was asked for."""
    return [row["problem"] for row in mock.refused() if not row["faults"]]


CURL = EXAMPLES / "curl/upscale.sh"


def test_curl_submits_polls_and_downloads(novita_mock: NovitaMock, tmp_path: Path) -> None:
    photo, output = large_photo(tmp_path), tmp_path / "out.png"
    done = ran(["bash", CURL, photo, output], novita_mock)
    assert done.returncode == 0, done.stderr
    assert opened([str(output)]) == [("PNG", (600, 400))]
    assert refusals(novita_mock) == []


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("no-balance", "BILLING_BALANCE_NOT_ENOUGH"),
        ("task-fails", "failed: TASK_FAILED"),
        ("expired-links", "403"),
    ],
)
def test_curl_says_why_there_is_no_picture(
    novita_mock: NovitaMock, photo: Path, tmp_path: Path, scenario: str, said: str
) -> None:
    output = tmp_path / "out.png"
    done = ran(["bash", CURL, photo, output], novita_mock, scenario)
    assert done.returncode != 0
    assert said in done.stderr
    assert not output.exists()


SDK = EXAMPLES / "python_sdk/img2img_and_upscale.py"


def test_the_python_sdk_repaints_and_enlarges(novita_mock: NovitaMock, photo: Path, tmp_path: Path) -> None:
    assert PYTHON_V3.ready, "type: make clients"
    done = ran([sys.executable, SDK, photo, tmp_path / "out"], novita_mock, PYTHONPATH=str(PYTHON_V3.folder))
    assert done.returncode == 0, done.stderr
    files = [str(tmp_path / "out" / name) for name in ("painting.png", "painting-2x.png")]
    assert opened(files) == [("PNG", (512, 512)), ("PNG", (1024, 1024))]
    assert refusals(novita_mock) == []


def test_the_python_sdk_example_does_not_pass_over_a_task_that_failed(
    novita_mock: NovitaMock, photo: Path, tmp_path: Path
) -> None:
    command = [sys.executable, SDK, photo, tmp_path / "out"]
    done = ran(command, novita_mock, "task-fails", PYTHONPATH=str(PYTHON_V3.folder))
    assert done.returncode == 1
    assert "failed: TASK_FAILED" in done.stderr


@pytest.fixture
def javascript(tmp_path: Path) -> list[str | Path]:
    """The command that runs the JavaScript example, beside the SDK that it asks for."""
    interpreter = node()
    if not interpreter:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_NODE)
    assert JAVASCRIPT.ready, "type: make clients"
    packages = JAVASCRIPT.folder / "node_modules"
    folder = tmp_path / "javascript_sdk"
    shutil.copytree(EXAMPLES / "javascript_sdk", folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(packages)  # modules are looked for beside the program
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    assert wanted == {"novita-sdk": json.loads((packages / "novita-sdk/package.json").read_text())["version"]}
    return [interpreter, folder / "img2img-and-upscale.mjs"]


def test_the_javascript_sdk_repaints_and_enlarges(
    novita_mock: NovitaMock, javascript: list[str | Path], photo: Path, tmp_path: Path
) -> None:
    done = ran([*javascript, photo, tmp_path / "out"], novita_mock)
    assert done.returncode == 0, done.stderr
    files = [str(tmp_path / "out" / name) for name in ("painting.png", "painting-2x.png")]
    assert opened(files) == [("PNG", (512, 512)), ("PNG", (1024, 1024))]
    assert refusals(novita_mock) == []


def test_the_javascript_example_shows_the_reason_of_a_refusal(
    novita_mock: NovitaMock, javascript: list[str | Path], photo: Path, tmp_path: Path
) -> None:
    done = ran([*javascript, photo, tmp_path / "out"], novita_mock, "no-balance")
    assert done.returncode == 1
    assert done.stderr.startswith("error: BILLING_BALANCE_NOT_ENOUGH ")


def httpx2_example(name: str) -> list[str | Path]:
    return [sys.executable, "-W", "error", EXAMPLES / "httpx2" / name]


def test_httpx2_enlarges_a_picture(novita_mock: NovitaMock, photo: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    done = ran([*httpx2_example("sync_client.py"), photo, output], novita_mock)
    assert done.returncode == 0, done.stderr
    assert opened([str(output)]) == [("PNG", (600, 400))]
    assert refusals(novita_mock) == []


def test_httpx2_enlarges_many_at_once_but_not_too_many(novita_mock: NovitaMock, tmp_path: Path) -> None:
    pictures = [tmp_path / f"{number}.png" for number in range(6)]
    for number, file in enumerate(pictures, start=8):
        file.write_bytes(picture(number, 6))
    pictures[2].write_text("no picture")
    novita_mock.set_speed(2)  # no first poll finds an end, so that it shows how many are under way
    done = ran([*httpx2_example("async_client.py"), tmp_path / "out", *pictures], novita_mock)
    assert done.returncode == 1
    assert f"{pictures[2]}: not accepted: " in done.stderr
    novita_mock.assert_called("upscale", times=1, status=400)
    files = [tmp_path / "out" / f"{number}-2x.png" for number in (0, 1, 3, 4, 5)]
    assert sorted((tmp_path / "out").iterdir()) == files
    assert [size for _, size in opened(list(map(str, files)))] == [(2 * n, 12) for n in (8, 9, 11, 12, 13)]
    assert 2 <= most_at_once(novita_mock) <= 4


def most_at_once(mock: NovitaMock) -> int:
    """How many tasks were submitted and not yet downloaded, at most."""
    under_way: set[str] = set()
    most = 0
    for row in mock.requests:
        if row["operation"] == "upscale" and row["status"] == 200:
            under_way.add(row["task_id"])
        if row["operation"] == "image":
            under_way.discard(row["task_id"])
        most = max(most, len(under_way))
    return most


def own_tests(folder: str, *arguments: str) -> str:
    """The tests of an example, run as a project of its own by a pytest that loads no plugin but ours."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "novita_mock", "-p", "no:cacheprovider", *arguments],
        cwd=EXAMPLES / folder,
        env=environment(PYTHONPATH=PATHS, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
        timeout=4 * LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "arguments", [(), ("-n", "2", "-p", "xdist", "-p", "randomly")], ids=["plain", "mixed"]
)
def test_the_tests_of_the_web_app_are_a_model_that_holds(arguments: tuple[str, ...]) -> None:
    assert " passed in " in own_tests("webapp", *arguments)


def test_the_resilient_client_survives_every_scenario() -> None:
    assert " passed in " in own_tests("resilient", "-n", "2", "--dist", "worksteal", "-p", "xdist")


def test_the_resilient_client_runs_as_a_program(novita_mock: NovitaMock, photo: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    command = [sys.executable, "-W", "error", EXAMPLES / "resilient/client.py", photo, output]
    assert ran(command, novita_mock).returncode == 0
    assert opened([str(output)]) == [("PNG", (600, 400))]
    assert ran(command, novita_mock, "no-balance").stderr.startswith("Refused: BILLING_BALANCE_NOT_ENOUGH: ")


@pytest.fixture
def site(novita_mock: NovitaMock, tmp_path: Path) -> Iterator[str]:
    """The web app, started as its first lines say."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = "http://{}:{}".format(*listening.getsockname())
        told = {"NOVITA_IMAGE_BASE_URL": novita_mock.url, "NOVITA_API_KEY": novita_mock.api_key}
        command = [sys.executable, "-W", "error", "-m", "uvicorn", "--factory", "app:from_environment"]
        running = subprocess.Popen(
            [*command, "--fd", str(listening.fileno())],
            cwd=EXAMPLES / "webapp",
            env=environment(PUBLIC_URL=url, PICTURES=str(tmp_path / "pictures"), **told),
            pass_fds=[listening.fileno()],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        yield url
        running.send_signal(signal.SIGINT)
        running.wait(LIMIT_S)


#: Chooses a picture, presses the button, and waits for what the page says at the end.
ENLARGE = """
(async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 120, height: 80 });
  canvas.getContext("2d").fillRect(20, 20, 40, 30);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  const chosen = new DataTransfer();
  chosen.items.add(new File([blob], "photo.png", { type: "image/png" }));
  document.querySelector("input").files = chosen.files;
  const said = [];
  const status = document.querySelector("[role=status]");
  const ended = new Promise((resolve) => {
    new MutationObserver(() => {
      said.push(status.textContent);
      if (/ready|Sorry/.test(status.textContent)) resolve();
    }).observe(status, { childList: true });
  });
  document.querySelector("button").click();
  await ended;
  const image = document.querySelector("img");
  return [said[0], said.at(-1), image.checkVisibility(), image.naturalWidth, image.naturalHeight];
})()
"""


GROUND = "getComputedStyle(document.body).backgroundColor"


def test_the_page_of_the_web_app_shows_the_picture_in_chromium(site: str) -> None:
    async def seen() -> JSON:
        async with tab() as page:
            await page.call("Page.navigate", url=site)
            await page.wait("Page.loadEventFired")
            asked = {"expression": ENLARGE, "awaitPromise": True, "returnByValue": True}
            told = await page.call("Runtime.evaluate", **asked)
            grounds = []
            for scheme in ("light", "dark"):
                wished = [{"name": "prefers-color-scheme", "value": scheme}]
                await page.call("Emulation.setEmulatedMedia", features=wished)
                grounds.append(await page.value(GROUND))
            narrow = {"width": 320, "height": 600, "deviceScaleFactor": 1, "mobile": False}
            await page.call("Emulation.setDeviceMetricsOverride", **narrow)
            assert await page.value("document.documentElement.scrollWidth") <= 320
            assert grounds == ["rgb(247, 247, 244)", "rgb(22, 24, 26)"]
            assert page.messages == []
            assert {urlsplit(url).netloc for url in page.asked} == {urlsplit(site).netloc}
            return told["result"]["value"]

    first, last, visible, *size = asyncio.run(seen())
    assert (first, last) == ("Your picture is being sent.", "Your picture is ready.")
    assert visible
    assert size == [240, 160]


def test_the_list_of_examples_names_each_of_them() -> None:
    rows = re.findall(r"^\| \[`(.+?)`\]\((.+?)\) \|", (EXAMPLES / "README.md").read_text("utf-8"), re.M)
    assert all(name == link and (EXAMPLES / link).exists() for name, link in rows)
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert {name.partition("/")[0] for name, _ in rows} == folders
