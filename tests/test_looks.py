"""The laws of upscaled pictures: that picture, larger, crisper, and each model in its own way."""

from itertools import combinations

import numpy
import pytest
from PIL import Image

from novita_mock import looks
from pictures import drawn, edge_energy, mean_difference, photo, psnr

_V3 = ("RealESRGAN_x4plus_anime_6B", "RealESRNet_x4plus", "4x-UltraSharp")

#: The two anime names are one look.
_MODELS = (*_V3, "ESRGAN_4x", "R-ESRGAN 4x+")
_SUBJECTS = {
    "photo": photo(), "another photo": photo(120, 160, seed=5), "drawn on white": drawn(),
    "drawn on black": drawn((0, 0, 0), seed=2), "drawn on blue": drawn((40, 90, 200), seed=3),
}  # fmt: skip


def _size(image: Image.Image, factor: float) -> tuple[int, int]:
    return int(image.width * factor + 0.5), int(image.height * factor + 0.5)


@pytest.mark.parametrize("factor", [1.02, 1.5, 2, 2.5, 4])
@pytest.mark.parametrize("model", _MODELS)
@pytest.mark.parametrize("subject", _SUBJECTS)
def test_a_result_is_its_input_and_crisper_than_bicubic(subject: str, model: str, factor: float) -> None:
    image = _SUBJECTS[subject]
    size = _size(image, factor)
    result = looks.enlarged(image, size, model)
    assert result.size == size
    assert psnr(result.resize(image.size, Image.Resampling.BOX), image) >= 28
    assert edge_energy(result) > edge_energy(image.resize(size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("factor", [1.2, 2, 4])
@pytest.mark.parametrize("subject", _SUBJECTS)
def test_any_two_upscalers_differ(subject: str, factor: float) -> None:
    image = _SUBJECTS[subject]
    names = (*_MODELS, "None")
    results = {name: looks.enlarged(image, _size(image, factor), name) for name in names}
    for first, second in combinations(names, 2):
        assert mean_difference(results[first], results[second]) >= 2, (first, second)


@pytest.mark.parametrize("light", range(0, 256, 15))
def test_two_upscalers_differ_even_on_flat_grey(light: int) -> None:
    flat = Image.new("RGB", (4, 4), (light, light, light))
    results = [looks.enlarged(flat, (8, 8), name) for name in (*_MODELS, "None")]
    assert min(mean_difference(*pair) for pair in combinations(results, 2)) >= 2


def test_flat_areas_stay_flat() -> None:
    for model in looks.UPSCALERS:
        result = looks.enlarged(Image.new("RGB", (20, 20), (90, 140, 60)), (70, 70), model)
        assert len(result.getcolors() or ()) == 1


@pytest.mark.parametrize("factor", [1.5, 2, 4])
@pytest.mark.parametrize("model", _MODELS)
def test_a_sky_gets_no_bands(model: str, factor: float) -> None:
    down, across = 0.37, 0.81
    slope = numpy.add.outer(numpy.arange(90) * down, numpy.arange(120) * across) + 20
    sky = Image.fromarray(slope.astype(numpy.uint8)).convert("RGB")
    result = numpy.asarray(looks.enlarged(sky, _size(sky, factor), model)).astype(int)
    for axis, step in ((0, down), (1, across)):
        assert numpy.abs(numpy.diff(result, axis=axis)).mean() < step / factor + 0.4


def test_alpha_is_enlarged_with_its_picture() -> None:
    clear = photo()
    clear.putalpha(clear.convert("L").point(lambda value: 255 * (value > 100)))
    result = looks.enlarged(clear, (320, 240), "4x-UltraSharp")
    assert result.mode == "RGBA"
    alpha = clear.getchannel("A")
    assert mean_difference(result.getchannel("A").resize(alpha.size, Image.Resampling.BOX), alpha) < 6
    assert mean_difference(result.getchannel("A"), alpha.resize((320, 240), Image.Resampling.BICUBIC)) < 4


def _v2(**request: object) -> Image.Image:
    return looks.enlarged_v2(photo(), (320, 240), request)


def test_no_upscaler_is_the_usual_one() -> None:
    assert _v2().tobytes() == _v2(upscaler_1="R-ESRGAN 4x+").tobytes()
    assert _v2().tobytes() == _v2(upscaler_1="").tobytes()


@pytest.mark.parametrize("second", [None, "", "None", "ESRGAN_4x"])
def test_a_second_upscaler_counts_by_its_visibility(second: str | None) -> None:
    alone = _v2(upscaler_1="R-ESRGAN 4x+ Anime6B")
    hidden = _v2(upscaler_1="R-ESRGAN 4x+ Anime6B", upscaler_2=second, extras_upscaler_2_visibility=0)
    half = _v2(upscaler_1="R-ESRGAN 4x+ Anime6B", upscaler_2=second, extras_upscaler_2_visibility=0.5)
    full = _v2(upscaler_1="R-ESRGAN 4x+ Anime6B", upscaler_2=second, extras_upscaler_2_visibility=1)
    assert alone.tobytes() == hidden.tobytes()
    if second == "ESRGAN_4x":
        assert full.tobytes() == _v2(upscaler_1="ESRGAN_4x").tobytes()
        assert 0.9 < mean_difference(alone, half) < mean_difference(alone, full)
    else:
        assert alone.tobytes() == full.tobytes()


@pytest.mark.parametrize("option", ["gfpgan_visibility", "codeformer_visibility"])
def test_face_restorers_show_by_their_visibility(option: str) -> None:
    steps = [mean_difference(_v2(), _v2(**{option: visibility})) for visibility in (0, 0.3, 0.6, 1)]
    assert steps[0] == 0
    assert steps == sorted(steps)
    assert steps[1] > 0.5 and steps[3] > 2


def test_face_restorers_differ() -> None:
    assert mean_difference(_v2(gfpgan_visibility=1), _v2(codeformer_visibility=1)) > 2


def test_the_weight_of_codeformer_is_strongest_at_zero() -> None:
    plain, weights = _v2(), (1, 0.5, 0)
    steps = [mean_difference(plain, _v2(codeformer_visibility=1, codeformer_weight=w)) for w in weights]
    assert 0.5 < steps[0] < steps[1] < steps[2]
    strongest = _v2(codeformer_visibility=1, codeformer_weight=0)
    assert _v2(codeformer_visibility=1).tobytes() == strongest.tobytes()
    assert _v2(codeformer_weight=0.5).tobytes() == _v2().tobytes()


def test_crop_covers_and_cuts_the_middle_and_no_crop_stretches() -> None:
    image = photo(160, 80)
    plain = {"upscaler_1": "Nearest", "resize_mode": 1}
    cut = looks.enlarged_v2(image, (160, 160), {**plain, "upscaling_crop": True})
    stretched = looks.enlarged_v2(image, (160, 160), plain)
    assert (
        cut.tobytes() == image.crop((40, 0, 120, 80)).resize((160, 160), Image.Resampling.NEAREST).tobytes()
    )
    assert stretched.tobytes() == image.resize((160, 160), Image.Resampling.NEAREST).tobytes()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2)])
def test_the_smallest_pictures_work(size: tuple[int, int]) -> None:
    for model in (*looks.UPSCALERS, *looks.PLAIN_KINDS):
        assert (
            looks.enlarged(photo(8, 8).resize(size), (size[0] * 4, size[1] * 4), model).width == size[0] * 4
        )
