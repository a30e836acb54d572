"""The demo's own picture."""

from novita_mock.drawing import demo_picture
from pictures import edge_energy, opened


def test_the_demo_picture_is_a_png_of_its_size() -> None:
    image = opened(demo_picture())
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (384, 256))
    assert opened(demo_picture(96, 64)).size == (96, 64)


def test_the_demo_picture_is_the_same_each_time() -> None:
    assert demo_picture(120, 80) == demo_picture(120, 80)


def test_the_demo_picture_is_full_of_colour_and_detail() -> None:
    image = opened(demo_picture())
    assert len(image.getcolors(384 * 256) or ()) > 5_000
    assert edge_energy(image) > 10
