"""From the bytes of a request to a ``Submission``: JSON, schema, base64, picture headers, in this order."""

import binascii
from collections.abc import Mapping
from hashlib import sha256

import msgspec
import pybase64

from novita_mock.catalogue import Operation
from novita_mock.dialects import asked
from novita_mock.engine import Submission
from novita_mock.geometry import OUTPUTS
from novita_mock.problems import Fault, Refused, cut
from novita_mock.types import JSON
from novita_mock.validation import Checked, Validator
from novita_mock.wording import Path
from novita_mock.work import NotAnImage, Picture

#: Deepest nesting of arrays and objects that is looked at. Ours: deeper is an attack, not a request.
MAX_DEPTH = 64


def parse(content: bytes) -> JSON:
    """JSON, strictly: no NaN or infinities, no byte order mark, no lone surrogates, UTF-8 only.

    Where a key comes twice, the last counts.

    Raises:
        Refused: it is not JSON of that kind, not an object, or nested too deep.
    """
    try:
        body = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError):
        raise _refused("the body is not JSON in UTF-8") from None
    except RecursionError:
        raise _refused(f"the body is nested deeper than {MAX_DEPTH} levels") from None
    if not isinstance(body, dict):
        raise _refused(f"the body is {cut(body)}, not a JSON object")
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise _refused(f"the body is nested deeper than {MAX_DEPTH} levels")
    return body


def take(
    operation: Operation, validator: Validator, quirks: Mapping[str, str], content: bytes, base_url: str
) -> tuple[Submission, Checked]:
    """A submission out of a body, and what was noticed about it.

    Raises:
        Refused: with every fault that was found.
    """
    checked = validator.check(parse(content))
    files, pictures, faults = _pictures(checked, data_urls=quirks["data-url"] == "accepted")
    if checked.faults or faults:
        raise Refused((*checked.faults, *faults))
    request, wish = asked(operation.dialect, checked.body, base_url)
    main = next(iter(pictures.values()))
    output = OUTPUTS[operation.renderer](request, main.width, main.height)
    submission = Submission(
        operation=operation,
        request=request,
        images=files,
        digest=_digest(request, wish.image_type),
        output=output,
        input_pixels=sum(picture.width * picture.height for picture in pictures.values()),
        wish=wish,
    )
    return submission, checked


def _refused(message: str) -> Refused:
    return Refused((Fault("invalid-request", (), message),))


def _depth(body: JSON) -> int:
    depth, level = 0, [body]
    while level and depth <= MAX_DEPTH:
        depth += 1
        inner = [item for node in level for item in (node.values() if isinstance(node, dict) else node)]
        level = [item for item in inner if isinstance(item, dict | list)]
    return depth


def _digest(request: JSON, image_type: str) -> str:
    text = msgspec.json.encode({"request": request, "image_type": image_type}, order="sorted")
    return sha256(text).hexdigest()


def _pictures(
    checked: Checked, *, data_urls: bool
) -> tuple[dict[str, bytes], dict[Path, Picture], list[Fault]]:
    """Decode every picture string and put its digest in its place; the first is the main one."""
    files: dict[str, bytes] = {}
    pictures: dict[Path, Picture] = {}
    faults: list[Fault] = []
    faulty = {fault.path for fault in checked.faults}
    main_first = sorted(checked.images, key=lambda image: len(image[0]))
    for path, limits in main_first:
        if path in faulty:
            continue
        holder = checked.body
        for step in path[:-1]:
            holder = holder[step]
        try:
            content = _decoded(holder[path[-1]], path, data_urls=data_urls)
            pictures[path] = _seen(content, path, limits)
        except Refused as problem:
            faults.extend(problem.faults)
            continue
        digest = sha256(content).hexdigest()
        files[digest] = content
        holder[path[-1]] = digest
    return files, pictures, faults


def _decoded(text: str, path: Path, *, data_urls: bool) -> bytes:
    if data_urls and text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        hint = "; send the base64 without the data: prefix" if text.startswith("data:") else ""
        message = f"{len(text)} characters that are not base64{hint}"
        raise Refused((Fault("image-format", path, message),)) from None


def _seen(content: bytes, path: Path, limits: JSON) -> Picture:
    from novita_mock.render import inspect  # brings Pillow: not before there is a picture to look at

    if len(content) > limits["max_bytes"]:
        message = f"the file has {len(content)} bytes, at most {limits['max_bytes']} are allowed"
        raise Refused((Fault("image-file-size", path, message),))
    try:
        picture = inspect(content)
    except NotAnImage as problem:
        message = f"{len(content)} bytes beginning {content[:4].hex()}: {problem}"
        raise Refused((Fault("image-format", path, message),)) from None
    size = f"the picture has {picture.width} x {picture.height} pixels"
    if "max_side" in limits and max(picture.width, picture.height) > limits["max_side"]:
        message = f"{size}, at most {limits['max_side']} a side are allowed"
        raise Refused((Fault("image-resolution", path, message),))
    if "max_pixels" in limits and picture.width * picture.height > limits["max_pixels"]:
        message = f"{size}, at most {limits['max_pixels']} in all are allowed"
        raise Refused((Fault("image-resolution", path, message),))
    return picture
