"""The pictures of a body: decoded, looked at, and held against the limits of their places."""

import binascii

import pybase64

from novita_mock.album import Album, Known
from novita_mock.problems import Fault, Refused
from novita_mock.types import JSON
from novita_mock.validation import Checked
from novita_mock.wording import Path
from novita_mock.work import NotAnImage


def pictures_of(
    checked: Checked, received: JSON, album: Album, *, data_urls: bool
) -> tuple[list[Known], list[Fault]]:
    """Decode every picture string and put its digest in its place; the first is the main one.

    What was received is changed too: there a text about the picture takes the string's place.
    """
    pictures: list[Known] = []
    faults: list[Fault] = []
    faulty = {fault.path for fault in checked.faults}
    main_first = sorted(checked.images, key=lambda image: len(image[0]))
    for path, limits in main_first:
        if path in faulty:
            continue
        holder = holder_of(checked.body, path)
        try:
            content = _decoded(holder[path[-1]], path, data_urls=data_urls)
            known = looked_at(content, path, limits, album)
        except Refused as problem:
            faults.extend(problem.faults)
            continue
        pictures.append(known)
        holder[path[-1]] = known.digest
        holder_of(received, path)[path[-1]] = known.told
    return pictures, faults


def holder_of(body: JSON, path: Path) -> JSON:
    """The object in which the last step of a path stands."""
    for step in path[:-1]:
        body = body[step]
    return body


def _decoded(text: str, path: Path, *, data_urls: bool) -> bytes:
    if data_urls and text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        hint = "; send the base64 without the data: prefix" if text.startswith("data:") else ""
        message = f"{len(text)} characters that are not base64{hint}"
        raise Refused((Fault("image-format", path, message),)) from None


def looked_at(content: bytes, path: Path, limits: JSON, album: Album) -> Known:
    """The picture that bytes are, at its place.

    Raises:
        Refused: they are none, or it is larger than the place allows.
    """
    if len(content) > limits["max_bytes"]:
        message = f"the file has {len(content)} bytes, at most {limits['max_bytes']} are allowed"
        raise Refused((Fault("image-file-size", path, message),))
    try:
        known = album.of(content)
    except NotAnImage as problem:
        message = f"{len(content)} bytes beginning {content[:4].hex()}: {problem}"
        raise Refused((Fault("image-format", path, message),)) from None
    too_large = _beyond(known, limits)
    if too_large is not None:
        raise Refused((Fault("image-resolution", path, too_large),))
    return known


def fits(known: Known, limits: JSON) -> bool:
    """Whether a picture is no larger than its place allows."""
    return len(known.content) <= limits["max_bytes"] and _beyond(known, limits) is None


def _beyond(known: Known, limits: JSON) -> str | None:
    """How a picture is larger than its limits allow, in words, or None."""
    width, height = known.picture.width, known.picture.height
    if "max_side" in limits and max(width, height) > limits["max_side"]:
        allowed = f"at most {limits['max_side']} a side are allowed"
    elif "max_pixels" in limits and width * height > limits["max_pixels"]:
        allowed = f"at most {limits['max_pixels']} in all are allowed"
    else:
        return None
    return f"the picture has {width} x {height} pixels, {allowed}"
