"""Work in stripes gives what work on the whole gives."""

from novita_mock import pixels, stripes
from pictures import mean_difference, photo


def test_an_enlarged_texture_is_added_everywhere() -> None:
    image = photo(90, 700)
    texture = pixels.gap(photo(45, 100, seed=2), photo(45, 100, seed=3))
    expected = pixels.textured(image, pixels.resized(texture, image.size))
    stripes.add_enlarged(image, texture)
    assert mean_difference(image, expected) < 0.5


def test_colours_and_alpha_come_apart_and_together() -> None:
    clear = photo().convert("RGBA")
    clear.putalpha(77)
    colours, alpha = stripes.apart(clear)
    assert colours.mode == "RGB"
    assert stripes.together(colours, alpha).tobytes() == clear.tobytes()


def test_an_effect_on_colours_keeps_alpha() -> None:
    clear = photo().convert("RGBA")
    clear.putalpha(77)
    result = stripes.on_colours(clear, lambda rgb: pixels.blurred(rgb, 2))
    assert result.getchannel("A").getextrema() == (77, 77)
    assert mean_difference(result, clear) > 1
