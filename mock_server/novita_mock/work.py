"""What there is to paint, as values: an input picture seen from outside, and an order for pictures."""

from collections.abc import Mapping

from msgspec import Struct

from novita_mock.types import JSON


class NotAnImage(Exception):
    """Bytes that are no PNG, JPEG or WebP, or whose header is broken; the message may be shown."""


class BrokenImage(Exception):
    """A picture that breaks off after a good header, or that no decoder gets through."""


class Picture(Struct, frozen=True, gc=False):
    """What a picture's header says.

    Attributes:
        format: ``png``, ``jpeg`` or ``webp``.
        width: pixels, of the upright picture (its EXIF orientation applied).
        height: pixels, of the upright picture.
    """

    format: str
    width: int
    height: int


class Work(Struct, frozen=True):
    """An order for pictures: equal orders give equal bytes.

    Attributes:
        renderer: a name in ``operations.json``.
        request: the normalised request; each base64 string replaced by the digest of its bytes.
        images: the bytes of the input pictures by digest.
        seed: the seed in use; 0 where the operation has none.
        image_type: ``png``, ``webp`` or ``jpeg``.
    """

    renderer: str
    request: Mapping[str, JSON]
    images: Mapping[str, bytes]
    seed: int
    image_type: str
