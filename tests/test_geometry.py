import pytest

from novita_mock.geometry import OUTPUTS
from novita_mock.types import JSON


@pytest.mark.parametrize(
    ("factor", "size", "expected"),
    [(2.5, (300, 200), (750, 500)), (1.5, (1, 1), (2, 2)), (1.01, (10, 49), (10, 49)), (1.5, (3, 5), (5, 8)),
     (4, (2048, 2048), (8192, 8192)), (2.6667, (384, 512), (1024, 1365))],
)  # fmt: skip
def test_upscale_rounds_halves_up(factor: float, size: tuple[int, int], expected: tuple[int, int]) -> None:
    output = OUTPUTS["upscale"]({"scale_factor": factor}, *size)
    assert (output.width, output.height, output.count) == (*expected, 1)


def test_img2img_makes_what_was_asked_for() -> None:
    output = OUTPUTS["img2img"]({"width": 384, "height": 512, "image_num": 3}, 9, 9)
    assert (output.width, output.height, output.count, output.pixels) == (384, 512, 3, 384 * 512 * 3)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [({}, (200, 100)), ({"upscaling_resize": 1.5}, (150, 75)),
     ({"resize_mode": 0, "upscaling_resize_w": 7}, (200, 100)),
     ({"resize_mode": 1, "upscaling_resize_w": 70, "upscaling_resize_h": 80}, (70, 80)),
     ({"resize_mode": 1, "upscaling_resize_w": 50}, (50, 25)),
     ({"resize_mode": 1, "upscaling_resize_h": 50}, (100, 50)),
     ({"resize_mode": 1}, (200, 100)), ({"upscaling_resize": 0.001}, (1, 1))],
)  # fmt: skip
def test_v2_by_factor_and_by_size(request_: JSON, expected: tuple[int, int]) -> None:
    output = OUTPUTS["upscale_v2"](request_, 100, 50)
    assert (output.width, output.height, output.warn) == (*expected, "")


def test_v2_is_reduced_to_fit_2048_and_says_so() -> None:
    output = OUTPUTS["upscale_v2"]({"upscaling_resize": 4}, 1000, 500)
    assert (output.width, output.height) == (2048, 1024)
    assert "4000 x 2000" in output.warn
    assert OUTPUTS["upscale_v2"]({"upscaling_resize": 2.048}, 1000, 500).warn == ""
