"""The demo: a whole flow that checks each step, and says so when one comes out wrong."""

from pathlib import Path

import pytest

from novita_mock.cli import run
from novita_mock.demo import run_demo
from novita_mock.drawing import demo_picture
from novita_mock.render import inspect
from novita_mock.tour import DemoFailed, download, expect, wait


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One run of the demo with its own picture; the folder that it left."""
    out = tmp_path_factory.mktemp("demo") / "out"
    run_demo(out, "4x-UltraSharp", 2.0)
    return out


def size(path: Path) -> tuple[int, int]:
    """Width and height of a picture file."""
    picture = inspect(path.read_bytes())
    return picture.width, picture.height


def test_the_demo_leaves_before_and_after(demo):
    assert {file.name for file in demo.iterdir()} == {
        "before.png", "after-upscale.png", "after-img2img.jpeg", "after-upscale-v2.png",
    }  # fmt: skip


def test_the_upscaled_pictures_are_twice_as_large(demo):
    width, height = size(demo / "before.png")
    assert size(demo / "after-upscale.png") == (2 * width, 2 * height)
    assert size(demo / "after-upscale-v2.png") == (2 * width, 2 * height)
    assert size(demo / "after-img2img.jpeg") == (width, height)


def test_the_demo_takes_a_picture_of_yours(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mine.png").write_bytes(demo_picture(width=150, height=130))
    assert run(["demo", "--image", "mine.png", "--factor", "1.5", "--model", "RealESRNet_x4plus"]) == 0
    assert size(Path("demo-out/after-upscale.png")) == (225, 195)
    assert "All as documented" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--image", "missing.png"], "can't read missing.png: No such file"),
        (["--image", "text.png"], "text.png is not a picture that the API takes"),
        (["--model", "nonsense"], "upscale was refused: /request/model_name: 'nonsense' is not one of"),
        (["--factor", "9"], "upscale was refused: /request/scale_factor: 9"),
        (["--out", "text.png/out"], "can't make text.png/out"),
    ],
)
def test_what_can_not_be_used_is_said_with_what_to_type(tmp_path, monkeypatch, capsys, flags, message):
    monkeypatch.chdir(tmp_path)
    Path("text.png").write_text("not a picture")
    assert run(["demo", *flags]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert message in first
    assert "try: novita-mock demo" in second


def test_a_step_that_does_not_hold_ends_the_demo():
    with pytest.raises(DemoFailed, match="the sky is green"):
        expect(False, "the sky is green")


def test_progress_that_falls_ends_the_demo():
    said = iter([(10.0, False), (5.0, False)])
    with pytest.raises(DemoFailed, match="progress fell from 10 to 5"):
        wait("a task", lambda: next(said))


def test_a_link_that_leads_nowhere_ends_the_demo(url):
    with pytest.raises(DemoFailed, match="the link answered 404 and 404"):
        download(f"{url}/nothing.png", 1, 1)
