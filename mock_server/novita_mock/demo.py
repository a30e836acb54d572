"""One whole flow against a private double: the steps, each of which checks what came out."""

from collections.abc import Callable
from pathlib import Path

import click

from novita_mock.catalogue import load
from novita_mock.drawing import demo_picture
from novita_mock.geometry import OUTPUTS
from novita_mock.render import inspect
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.tour import DemoFailed, Tour, download, expect, finished, finished_v2
from novita_mock.types import JSON
from novita_mock.work import NotAnImage

#: Fast enough not to bore, slow enough that progress is seen to move.
SPEED = 2.0
SEED = 1
#: Sides that img2img takes, in pixels. Source: page img2img, ``request.width``.
MIN_SIDE, MAX_SIDE = 128, 2048


def run_demo(out: Path, model: str, factor: float, image: Path | None = None) -> None:
    """Start a double, walk through the steps, print what each came to.

    Args:
        out: the folder for before and after; made if it is not there.
        model: the upscaler of the first step.
        factor: how much larger, more than 1 and up to 4.
        image: the picture to work on; one of our own if None.

    Raises:
        DemoFailed: a step came out wrong, or an argument can't be used.
    """
    picture = demo_picture() if image is None else read_picture(image)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DemoFailed(f"can't make {out}: {problem.strerror}", "novita-mock demo --out FOLDER") from None
    with running(Settings(port=0, speed=SPEED, seed=SEED, quiet=True, strict_responses=True)) as url:
        tour = Tour(url, load(), picture, out, model, factor)
        click.echo(f"a private double serves at {url}")
        click.echo(f"before  {tour.keep('before', picture)}")
        for step in STEPS:
            click.echo(f"ok      {step(tour)}")
    click.echo(f"All as documented. Look at {out}/, then: novita-mock serve")


def read_picture(path: Path) -> bytes:
    """The bytes of a picture file.

    Raises:
        DemoFailed: it can't be read, or holds no picture of the formats that the API takes.
    """
    try:
        content = path.read_bytes()
        inspect(content)
    except OSError as problem:
        hint = "novita-mock demo, without --image"
        raise DemoFailed(f"can't read {path}: {problem.strerror}", hint) from None
    except NotAnImage as problem:
        hint = "novita-mock demo --image FILE with a PNG, JPEG or WebP picture"
        raise DemoFailed(f"{path} is not a picture that the API takes: {problem}", hint) from None
    return content


def upscale(tour: Tour) -> str:
    """Enlarge the picture with V3, follow the task, fetch the result."""
    request = {"model_name": tour.model, "scale_factor": tour.factor, "image_base64": tour.image_base64}
    task_id = tour.submit("upscale", {"request": request})["task_id"]
    result = finished(tour, "upscale", task_id)
    content = download(result["images"][0]["image_url"], *_size("upscale", tour, request))
    return f"upscale by {tour.factor:g}: {tour.keep('after-upscale', content)}"


def img2img(tour: Tour) -> str:
    """Paint over the picture with a prompt; every documented size law is exact."""
    before = inspect(tour.picture)
    width, height = (min(max(side, MIN_SIDE), MAX_SIDE) for side in (before.width, before.height))
    request = {
        "model_name": "dreamshaper_8_93211.safetensors", "prompt": "a quiet garden, painted",
        "image_base64": tour.image_base64, "width": width, "height": height, "image_num": 1, "steps": 20,
        "guidance_scale": 7.5, "sampler_name": "Euler a", "seed": SEED, "strength": 0.4,
    }  # fmt: skip
    body = {"extra": {"response_image_type": "jpeg"}, "request": request}
    result = finished(tour, "img2img", tour.submit("img2img", body)["task_id"])
    expect(len(result["images"]) == 1, f"img2img made {len(result['images'])} pictures, not 1")
    content = download(result["images"][0]["image_url"], width, height)
    return f"img2img: {tour.keep('after-img2img', content)}"


def upscale_v2(tour: Tour) -> str:
    """Enlarge the picture with the deprecated V2, follow it with V2's own progress."""
    request = {"image": tour.image_base64, "upscaler_1": "R-ESRGAN 4x+", "upscaling_resize": 2}
    task_id = tour.submit("upscale-v2", request)["data"]["task_id"]
    images = finished_v2(tour, "V2 upscale", task_id)["imgs"]
    content = download(images[0], *_size("upscale_v2", tour, request))
    return f"V2 upscale by 2: {tour.keep('after-upscale-v2', content)}"


def refusal(tour: Tour) -> str:
    """Ask for a factor that is not allowed; the refusal names the field."""
    request = {"model_name": tour.model, "scale_factor": 9, "image_base64": tour.image_base64}
    answer = tour.call("upscale", {"request": request})
    expect(answer.status == 400, f"a factor of 9 was answered with {answer.status}")
    body = answer.body
    said = f"a factor of 9 was refused as {body['reason']}, for {list(body['metadata'])}"
    expect(body["reason"] == "INVALID_REQUEST_BODY" and "scale_factor" in " ".join(body["metadata"]), said)
    return f"a factor of 9 is refused: 400 {body['reason']}, {body['message']}"


def _size(renderer: str, tour: Tour, request: JSON) -> tuple[int, int]:
    before = inspect(tour.picture)
    output = OUTPUTS[renderer](request, before.width, before.height)
    return output.width, output.height


#: What is shown, in order; each returns what it came to.
STEPS: tuple[Callable[[Tour], str], ...] = (upscale, img2img, upscale_v2, refusal)
