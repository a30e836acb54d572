"""The laws of img2img: strength weighs, and everything that is asked for shows."""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, pairwise

import pytest
from PIL import Image

from novita_mock import controls, painting
from novita_mock.types import JSON
from pictures import drawn, edge_energy, mean_difference, photo, ssim

_REQUEST: dict[str, JSON] = {
    "model_name": "sd_xl_base_1.0.safetensors", "prompt": "a cottage by a lake", "negative_prompt": "fog",
    "steps": 20, "guidance_scale": 7.5, "sampler_name": "Euler a",
}  # fmt: skip
_SUBJECTS = {
    "photo": photo(), "another photo": photo(120, 160, seed=5), "drawn on white": drawn(),
    "drawn on black": drawn((0, 0, 0), seed=2), "drawn on blue": drawn((40, 90, 200), seed=3),
}  # fmt: skip
_UNIT: dict[str, JSON] = {"model_name": "control_v11p_sd15_canny", "image_base64": "unit", "strength": 1}


def _painted(base: Image.Image, seed: int = 7, **changes: JSON) -> Image.Image:
    return painting.Canvas(base, {**_REQUEST, **changes}, {"unit": photo(200, 200, seed=8)}).painted(seed)


def test_a_picture_is_that_of_its_seed_whoever_is_painted_beside_it() -> None:
    unit = {**_UNIT, "preprocessor": "canny"}
    request = {**_REQUEST, "loras": [{"model_name": "l", "strength": 1}], "controlnet": {"units": [unit]}}
    canvas = painting.Canvas(photo(256, 192), request, {"unit": photo(200, 200, seed=8)})
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(canvas.painted, range(8)))
    alone = [_painted(photo(256, 192), seed, **request) for seed in range(8)]
    assert [each.tobytes() for each in found] == [each.tobytes() for each in alone]
    assert all(mean_difference(one, other) > 2 for one, other in combinations(found, 2))


@pytest.mark.parametrize("subject", _SUBJECTS)
def test_strength_zero_is_the_picture_itself(subject: str) -> None:
    unit = {"controlnet": {"units": [_UNIT]}, "loras": [{"model_name": "l", "strength": 1}]}
    assert _painted(_SUBJECTS[subject], strength=0, **unit).tobytes() == _SUBJECTS[subject].tobytes()


@pytest.mark.parametrize(("prompt", "seed"), [("a cottage by a lake", 0), ("night", 1), ("night", 2**32)])
@pytest.mark.parametrize("subject", _SUBJECTS)
def test_likeness_falls_with_strength(subject: str, prompt: str, seed: int) -> None:
    base = _SUBJECTS[subject]
    likeness = [
        ssim(base, _painted(base, seed, prompt=prompt, strength=s / 10)) for s in (0, 1, 2, 3, 5, 7, 9, 10)
    ]
    assert all(later <= earlier + 0.02 for earlier, later in pairwise(likeness))
    assert likeness[3] >= 0.6
    assert likeness[-1] <= 0.2


@pytest.mark.parametrize("strength", [0.2, 0.5, 1])
@pytest.mark.parametrize("subject", _SUBJECTS)
@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a cottage by a lak"}, {"negative_prompt": None}, {"sampler_name": "Euler"}, {"steps": 21},
        {"guidance_scale": 7.6}, {"seed_": 8}, {"model_name": "other"}, {"sd_vae": "vae"}, {"clip_skip": 2},
        {"loras": [{"model_name": "lora", "strength": 0.1}]}, {"embeddings": [{"model_name": "e"}]},
    ],
    ids=str,
)  # fmt: skip
def test_everything_asked_for_shows(change: dict[str, JSON], subject: str, strength: float) -> None:
    base, changes = _SUBJECTS[subject], dict(change)
    other = _painted(base, changes.pop("seed_", 7), strength=strength, **changes)
    assert mean_difference(_painted(base, strength=strength), other) > 0.5


@pytest.mark.parametrize(
    "nothing",
    [
        {"loras": [{"model_name": "lora", "strength": 0}]}, {"loras": []}, {"embeddings": []}, {"sd_vae": ""},
        {"controlnet": {"units": [{**_UNIT, "strength": 0}]}}, {"controlnet": {"units": []}},
        {"controlnet": {"units": [{**_UNIT, "guidance_start": 0.5, "guidance_end": 0.5}]}},
        {"ip_adapters": [{**_UNIT, "strength": 0}]}, {"strength": painting.DEFAULT_STRENGTH},
    ],
    ids=str,
)  # fmt: skip
def test_what_has_no_weight_changes_nothing(nothing: dict[str, JSON]) -> None:
    assert _painted(photo(), **nothing).tobytes() == _painted(photo()).tobytes()


@pytest.mark.parametrize("whole", [0.2, 0.4, 0.8])
@pytest.mark.parametrize("name", ["controlnet", "ip_adapters", "loras"])
def test_weights_scale_what_they_weigh(name: str, whole: float) -> None:
    base = photo(256, 192)

    def changed(strength: float) -> float:
        item = {**_UNIT, "strength": strength}
        request = {"controlnet": {"units": [item]}} if name == "controlnet" else {name: [item]}
        return mean_difference(_painted(base, strength=whole), _painted(base, strength=whole, **request))

    assert 0.5 < changed(0.2) < changed(0.6) < changed(1)


def test_the_preprocessors_are_those_of_the_page() -> None:
    assert len(controls.PREPROCESSORS) == 28


@pytest.mark.parametrize("preprocessor", [*controls.PREPROCESSORS, "", None])
def test_every_preprocessor_shows(preprocessor: str | None) -> None:
    base = photo(256, 192)
    units = [{**_UNIT, "preprocessor": preprocessor}]
    assert mean_difference(_painted(base), _painted(base, controlnet={"units": units})) > 1


def test_the_guidance_range_weighs_a_unit() -> None:
    def changed(**guidance: float) -> float:
        units = [{**_UNIT, "preprocessor": "canny", **guidance}]
        return mean_difference(_painted(photo()), _painted(photo(), controlnet={"units": units}))

    assert changed(guidance_start=0.2, guidance_end=0.4) < changed(guidance_end=0.5) < changed()
    assert changed() == changed(guidance_start=0, guidance_end=1)


def test_the_edges_of_a_canny_unit_are_seen_at_full_strength() -> None:
    unit = drawn((255, 255, 255), 256, 192)
    request = {**_REQUEST, "strength": 1, "controlnet": {"units": [{**_UNIT, "preprocessor": "canny"}]}}
    result = painting.Canvas(photo(256, 192), request, {"unit": unit}).painted(1).convert("L")
    edges = controls.thin_edges(unit, 1.0, 22)
    on_edge = [light for light, edge in zip(result.tobytes(), edges.tobytes(), strict=True) if edge]
    off_edge = [light for light, edge in zip(result.tobytes(), edges.tobytes(), strict=True) if not edge]
    assert len(on_edge) > 500
    assert sum(on_edge) / len(on_edge) < 0.4 * sum(off_edge) / len(off_edge)


def test_alpha_is_kept() -> None:
    clear = photo().convert("RGBA")
    clear.putalpha(90)
    assert _painted(clear).getchannel("A").getextrema() == (90, 90)


def test_it_is_paint_and_no_noise() -> None:
    smooth = _painted(Image.new("RGB", (256, 192), (120, 120, 120)), strength=1)
    assert edge_energy(smooth) < 30


@pytest.mark.parametrize("size", [(128, 128), (129, 301), (1, 1)])
def test_odd_sizes_are_painted(size: tuple[int, int]) -> None:
    for preprocessor in ("canny", "openpose", "shuffle", "depth", "normal_bae"):
        units = [{**_UNIT, "preprocessor": preprocessor}]
        assert _painted(photo(20, 20).resize(size), controlnet={"units": units}).size == size


def test_two_controlnet_models_can_be_told_apart() -> None:
    def painted(model_name: str) -> Image.Image:
        unit = {**_UNIT, "model_name": model_name, "preprocessor": "scribble_hed", "strength": 1}
        return _painted(photo(), controlnet={"units": [unit]})

    first, second = painted("control_v11p_sd15_canny"), painted("control_v11p_sd15_scribble")
    assert mean_difference(first, second) > 0.2
