"""From the bytes of a request to a ``Submission``: JSON, schema, base64, picture headers, in this order."""

import binascii
from collections.abc import Mapping
from hashlib import sha256

import msgspec
import pybase64
from msgspec import Struct

from novita_mock.catalogue import Operation
from novita_mock.dialects import asked
from novita_mock.geometry import OUTPUTS
from novita_mock.problems import Fault, Refused, cut, refused
from novita_mock.redaction import outline
from novita_mock.storage import check_target
from novita_mock.submission import Submission
from novita_mock.types import JSON
from novita_mock.validation import Checked, Validator
from novita_mock.wording import Path
from novita_mock.work import NotAnImage, Picture

#: Asks for a seed to be drawn. Source: page img2img, ``request.seed``.
DRAWN = -1
#: Deepest nesting of arrays and objects that is looked at. Ours: deeper is an attack, not a request.
MAX_DEPTH = 64


def read_body(content: bytes) -> JSON:
    """Any JSON value, strictly, as ``parse`` reads it.

    Raises:
        Refused: it is not JSON of that kind, or nested too deep.
    """
    try:
        body: JSON = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError):
        raise refused("the body is not JSON in UTF-8") from None
    except RecursionError:
        raise refused(f"the body is nested deeper than {MAX_DEPTH} levels") from None
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise refused(f"the body is nested deeper than {MAX_DEPTH} levels")
    return body


def parse(content: bytes) -> JSON:
    """JSON, strictly: no NaN or infinities, no byte order mark, no lone surrogates, UTF-8 only.

    Where a key comes twice, the last counts.

    Raises:
        Refused: it is not JSON of that kind, not an object, or nested too deep.
    """
    body = read_body(content)
    if not isinstance(body, dict):
        raise refused(f"the body is {cut(body)}, not a JSON object")
    return body


def received(content: bytes) -> JSON:
    """A body as the journal holds it; None where it is no JSON object."""
    try:
        return outline(parse(content))
    except Refused:
        return None


class Taken(Struct, frozen=True, gc=False):
    """What became of a body.

    Attributes:
        received: the body as it came, its pictures told by their digests; None where it is no JSON.
        submission: what it asks for, where it is good.
        checked: what was noticed about it, where it is JSON.
        problem: why it is not good, else None.
    """

    received: JSON = None
    submission: Submission | None = None
    checked: Checked | None = None
    problem: Refused | None = None


def take(
    operation: Operation, validator: Validator, quirks: Mapping[str, str], content: bytes, base_url: str
) -> Taken:
    """What a body asks for, or everything that is wrong with it."""
    try:
        received = parse(content)
    except Refused as problem:
        return Taken(problem=problem)
    checked = validator.check(received)
    files, pictures, faults = _pictures(checked, received, data_urls=quirks["data-url"] == "accepted")
    faults = [*checked.faults, *faults] or _target_faults(checked.body)
    if faults:
        return Taken(outline(received), checked=checked, problem=Refused(tuple(faults)))
    request, wish = asked(operation.dialect, checked.body, base_url)
    if "seed" in request and quirks["seed-echo"] == "drawn":
        request = {**request, "seed": DRAWN}
    main = next(iter(pictures.values()))
    submission = Submission(
        operation=operation,
        request=request,
        images=files,
        digest=_digest(request, wish.image_type),
        output=OUTPUTS[operation.renderer](request, main.width, main.height),
        input_pixels=sum(picture.width * picture.height for picture in pictures.values()),
        wish=wish,
    )
    return Taken(received, submission, checked)


def _target_faults(body: JSON) -> list[Fault]:
    bucket = body.get("extra", {}).get("custom_storage", {}).get("aws_s3")
    return check_target(bucket) if bucket else []


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
    checked: Checked, received: JSON, *, data_urls: bool
) -> tuple[dict[str, bytes], dict[Path, Picture], list[Fault]]:
    """Decode every picture string and put its digest in its place; the first is the main one.

    What was received is changed too: there a text about the picture takes the string's place.
    """
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
        holder = received
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = f"<a picture of {len(content)} bytes, sha256 {digest[:12]}>"
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
