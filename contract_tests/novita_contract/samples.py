"""The few requests that cases share: plain ones, and ones that show a thing best."""

from novita_contract.bases import base
from novita_contract.pictures import PictureText, name_of
from novita_contract.session import Session
from novita_mock.types import JSON

#: The seed of the img2img whose result is looked at.
SEED = 123
#: Side of the picture whose enlargement takes long enough to be seen at work.
_LONG_SIDE = 320


def plain(session: Session, operation: str) -> JSON:
    """The smallest request there is, with a seed where there is one."""
    body = base(session.operation(operation))
    if operation == "img2img":
        body["request"]["seed"] = SEED
    return body


def picturing(session: Session, operation: str, name: str) -> JSON:
    """The smallest request about the picture of a name."""
    body = plain(session, operation)
    if operation == "upscale-v2":
        body["image"] = PictureText.of(name)
    else:
        body["request"]["image_base64"] = PictureText.of(name)
    return body


def long_upscale(session: Session) -> JSON:
    """An upscale that is seen at work; on the real service the smallest one, which costs no more."""
    body = plain(session, "upscale")
    if session.target.kind != "live":
        body["request"] |= {"image_base64": _picture(_LONG_SIDE, _LONG_SIDE), "scale_factor": 4}
    return body


def long_img2img(session: Session) -> JSON:
    """An img2img that is seen at work."""
    body = plain(session, "img2img")
    if session.target.kind != "live":
        body["request"] |= {"width": 256, "height": 256, "steps": 100, "image_num": 8}
    return body


def long_upscale_v2(session: Session) -> JSON:
    """A V2 upscale that is seen at work."""
    body = plain(session, "upscale-v2")
    if session.target.kind != "live":
        body |= {"image": _picture(_LONG_SIDE, _LONG_SIDE), "upscaling_resize": 4}
    return body


def with_hook(session: Session) -> JSON:
    """An upscale that tells a receiver of ours."""
    return hooked(plain(session, "upscale"), session.hook_receiver().hook().url)


def hooked(body: JSON, url: str, test: str = "") -> JSON:
    """A request that tells a webhook; ``test`` asks for test mode with that status."""
    webhook: JSON = {"url": url}
    if test:
        webhook["test_mode"] = {"enabled": True, "return_task_status": test}
    return body | {"extra": (body.get("extra") or {}) | {"webhook": webhook}}


def detected(session: Session, operation: str, level: int | None = None) -> JSON:
    """A request with NSFW detection on."""
    body = plain(session, operation)
    wish = {"enable_nsfw_detection": True} | ({} if level is None else {"nsfw_detection_level": level})
    return body | {"extra": (body.get("extra") or {}) | wish}


def typed(session: Session, operation: str, kind: str) -> JSON:
    """A request for pictures of a format."""
    return plain(session, operation) | {"extra": {"response_image_type": kind}}


def sized(session: Session, width: int) -> JSON:
    """An img2img of some width."""
    body = plain(session, "img2img")
    body["request"]["width"] = width
    return body


def broken_picture(session: Session, operation: str = "upscale") -> JSON:
    """A request about a file that breaks off after a good header."""
    return picturing(session, operation, name_of("png", "RGB", 64, 64, broken=60))


def _picture(width: int, height: int) -> PictureText:
    return PictureText.of(name_of("png", "RGB", width, height))


#: Of each operation the request that is seen at work.
AT_WORK = {"upscale": long_upscale, "img2img": long_img2img, "upscale-v2": long_upscale_v2}
