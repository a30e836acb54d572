"""The edges of what is allowed of a picture: its text, its file, its sides."""

import base64
from collections.abc import Iterator

from novita_contract.bases import picture
from novita_contract.edge import Edge, edge, in_capitals, picture_edge
from novita_contract.keywords import Place
from novita_contract.pictures import MODES, made, name_of
from novita_contract.words import PICTURE

#: The least GIF there is: a picture, and none of the formats that the API takes.
_GIF = bytes.fromhex("474946383961010001008000000000000000002c00000000010001000002024401003b")
#: Longest side that every decoder of PNG takes.
_LONGEST_SIDE = 65_535


def inside(place: Place, keyword: str) -> Iterator[Edge]:
    """Pictures that just fit a keyword."""
    limits = place.schema["x-image"]
    if keyword == "minLength":
        yield picture_edge("", PICTURE)
    elif keyword == "contentEncoding":
        for padding in range(3):
            # 399 bytes leave no rest when they are taken by threes
            yield picture_edge(f"PADDED-{padding}", f"{PICTURE}:bytes={402 - padding}")
    elif keyword == "x-image":
        for kind, modes in MODES.items():
            for mode in modes:
                yield picture_edge(in_capitals(f"{kind}-{mode}"), name_of(kind, mode, 8, 8))
    elif keyword in ("maxLength", "x-image.max_bytes"):
        yield picture_edge("", f"{PICTURE}:bytes={limits['max_bytes']}", heavy=True)
    elif keyword == "x-image.max_side":
        side = limits["max_side"]
        yield picture_edge("WIDE", f"png:L:{side}x1")
        yield picture_edge("HIGH", f"png:L:1x{side}")
        yield picture_edge("SQUARE", f"png:L:{side}x{side}", heavy=True)
    elif keyword == "x-image.max_pixels":
        yield picture_edge("", "png:L:{}x{}".format(*sides_of(limits["max_pixels"])), heavy=True)


def outside(place: Place, keyword: str) -> Iterator[Edge]:
    """Texts, files and pictures that break nothing but a keyword."""
    limits = place.schema["x-image"]
    if keyword == "minLength":
        yield edge("EMPTY", "")
    elif keyword == "contentEncoding":
        whole = str(picture(PICTURE))
        yield edge("NOT-BASE64", "this is not base64!")
        told = f"<picture {PICTURE}>, one character of it replaced by *"
        yield edge("ONE-CHARACTER", f"{whole[:40]}*{whole[41:]}", told)
    elif keyword == "x-image":
        yield edge("TEXT", _base64(b"this is not a picture"), "<base64 of a text>")
        yield edge("GIF", _base64(_GIF), "<a GIF of 1x1>")
        yield edge("CUT-IN-HEADER", _base64(made(PICTURE)[:20]), f"<picture {PICTURE}>, its first 20 bytes")
    elif keyword == "x-image.max_bytes":
        yield picture_edge("ONE-BYTE", f"{PICTURE}:bytes={limits['max_bytes'] + 1}", heavy=True)
    elif keyword == "maxLength":
        # the least file whose text is longer
        yield picture_edge("LONGER", f"{PICTURE}:bytes={place.schema['maxLength'] // 4 * 3 + 1}", heavy=True)
    elif keyword == "x-image.max_side":
        side = limits["max_side"] + 1
        yield picture_edge("WIDE", f"png:L:{side}x1")
        yield picture_edge("HIGH", f"png:L:1x{side}")
    elif keyword == "x-image.max_pixels":
        yield picture_edge("ONE-PIXEL", "png:L:{}x{}".format(*sides_of(limits["max_pixels"] + 1)))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def sides_of(pixels: int) -> tuple[int, int]:
    """The sides of a picture of at least so many pixels: exactly so many, where decoders take such sides."""
    while True:
        height = next(side for side in range(int(pixels**0.5), 0, -1) if pixels % side == 0)
        if pixels // height <= _LONGEST_SIDE:
            return pixels // height, height
        pixels += 1
