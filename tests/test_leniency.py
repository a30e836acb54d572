"""What real clients send and no page documents: it passes, and ``--strict`` refuses each by name."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx2
import pytest

from conftest import KEY, Start, b64, finished, img2img_body, picture, upscale_body
from laws import answered, refused, spoken
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from raw import Raw, request

UPSCALE, IMG2IMG, V2, RESULT = (
    "/v3/async/upscale",
    "/v3/async/img2img",
    "/v2/upscale",
    "/v3/async/task-result",
)
OPTIONAL = [
    "negative_prompt",
    "sd_vae",
    "loras",
    "embeddings",
    "clip_skip",
    "controlnet",
    "seed",
    "ip_adapters",
]


def i2i(**request: JSON) -> JSON:
    return img2img_body(**request)


def extra(**told: JSON) -> JSON:
    return upscale_body() | {"extra": told}


#: path, body, and what ``--strict`` names.
LENIENT: dict[str, tuple[str, JSON, str]] = {
    **{f"null {name}": (IMG2IMG, i2i(**{name: None}), f"request.{name}") for name in OPTIONAL},
    "null steps": (IMG2IMG, i2i(steps=None), "request.steps"),
    "null extra": (UPSCALE, upscale_body() | {"extra": None}, "extra"),
    "null webhook": (UPSCALE, extra(webhook=None), "extra.webhook"),
    "null in a unit": (
        IMG2IMG,
        i2i(controlnet={"units": [
            {"model_name": "c", "image_base64": b64(picture()), "strength": 1, "preprocessor": None}
        ]}),
        "request.controlnet.units.0.preprocessor",
    ),
    "empty aws_s3": (UPSCALE, extra(custom_storage={"aws_s3": {}}), "extra.custom_storage.aws_s3.region"),
    "empty custom_storage": (UPSCALE, extra(custom_storage={}), "extra.custom_storage.aws_s3"),
    "empty enterprise_plan": (UPSCALE, extra(enterprise_plan={}), "extra.enterprise_plan.enabled"),
    "empty negative_prompt": (IMG2IMG, i2i(negative_prompt=""), "request.negative_prompt"),
    "empty sd_vae": (IMG2IMG, i2i(sd_vae=""), "request.sd_vae"),
    "stray key": (UPSCALE, upscale_body() | {"stray": 1}, "stray"),
    "stray key in request": (IMG2IMG, i2i(extra={}), "request.extra"),
    "stray key in extra": (UPSCALE, extra(stray=[]), "extra.stray"),
    "stray key in a LoRA": (IMG2IMG, i2i(loras=[{"model_name": "l", "strength": 1, "x": 1}]), "loras.0.x"),
    "number as text": (UPSCALE, upscale_body(scale_factor="2"), "request.scale_factor"),
    "fraction as text": (UPSCALE, upscale_body(scale_factor="2.6667"), "request.scale_factor"),
    "integer as text": (IMG2IMG, i2i(width="256"), "request.width"),
    "integer as fraction": (IMG2IMG, i2i(steps=20.0), "request.steps"),
    "V2 number as text": (V2, {"image": b64(picture()), "upscaling_resize": "2"}, "upscaling_resize"),
    "V2 stray key": (V2, {"image": b64(picture()), "stray": 1}, "stray"),
}  # fmt: skip
#: What the pages allow although it looks like leniency:
#: fields that may be null, objects that require nothing.
DOCUMENTED: dict[str, tuple[str, JSON]] = {
    "V2 nulls": (V2, {"image": b64(picture())} | dict.fromkeys((
        "upscaler_1", "upscaler_2", "resize_mode", "upscaling_resize", "upscaling_resize_w",
        "upscaling_resize_h", "upscaling_crop", "extras_upscaler_2_visibility", "gfpgan_visibility",
        "codeformer_visibility",
        "codeformer_weight", "img_expire_ttl",
    ))),
    "null strength": (IMG2IMG, i2i(strength=None)),
    "integer factor": (UPSCALE, upscale_body(scale_factor=3)),
}  # fmt: skip


@pytest.fixture(scope="module")
def still() -> Iterator[dict[bool, httpx2.Client]]:
    """Clients of a lenient (False) and a strict double (True), whose time stands still."""
    with ExitStack() as stack:
        clients = {}
        for strict in (False, True):
            settings = Settings(port=0, speed="manual", strict=strict, quiet=True, strict_responses=True)
            url = stack.enter_context(running(settings))
            key = {"Authorization": f"Bearer {KEY}"}
            clients[strict] = stack.enter_context(httpx2.Client(base_url=url, headers=key, trust_env=False))
        yield clients


@pytest.mark.parametrize("case", LENIENT)
def test_what_real_clients_send_passes_and_strict_refuses_it_by_name(
    still: dict[bool, httpx2.Client], case: str
) -> None:
    path, body, named = LENIENT[case]
    told = answered(still[False], path, body)
    assert told.get("code", 0) == 0, told
    told = answered(still[True], path, body)
    if path == V2:
        assert told["code"] in (1, 6)
        assert named in told["msg"]
    else:
        refused(told, 400, "INVALID_REQUEST_BODY")
        assert any(name.endswith(named) for name in told["metadata"])


@pytest.mark.parametrize("case", DOCUMENTED)
def test_what_the_pages_document_passes_strict_too(still: dict[bool, httpx2.Client], case: str) -> None:
    path, body = DOCUMENTED[case]
    told = answered(still[True], path, body)
    assert told.get("code", 0) == 0, told


KEYS = {
    "bare key": (RESULT, "Authorization: sk_test"),
    "bare key on V2": ("/v2/progress", "Authorization: sk_test"),
    "X-Omni-Key": ("/v2/progress", "X-Omni-Key: sk_test"),
}


@pytest.mark.parametrize("case", KEYS)
@pytest.mark.parametrize("strict", [False, True])
def test_the_keys_of_real_clients_pass_and_strict_refuses_them(
    still: dict[bool, httpx2.Client], case: str, strict: bool
) -> None:
    path, header = KEYS[case]
    with Raw(str(still[strict].base_url)) as raw:
        line = f"GET {path}?task_id=x HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"
        reply = raw.ask(line.encode())
    told = spoken(path, reply.status, reply.headers, reply.body)
    if path == RESULT:
        assert told["reason"] == ("INVALID_API_KEY" if strict else "TASK_NOT_FOUND")
    else:
        assert told["code"] == (4 if strict else 3)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("header", ["", "Content-Type: text/plain", "Content-Type: application/json"])
def test_a_get_needs_no_content_type(start: Start, header: str, strict: bool) -> None:
    client = start(strict=strict)
    task_id = answered(client, UPSCALE, upscale_body())["task_id"]
    with Raw(str(client.base_url)) as raw:
        reply = raw.ask(request(f"{RESULT}?task_id={task_id}", *filter(None, [header])))
    assert reply.status == 200
    assert spoken(RESULT, 200, reply.headers, reply.body)["task"]["status"] == "TASK_STATUS_SUCCEED"


def test_what_the_official_python_sdk_posts_gives_a_picture(client: httpx2.Client) -> None:
    """Its defaults: empty objects, nulls, a stray key (facts 1.4)."""
    nulls = dict.fromkeys(
        ("negative_prompt", "sd_vae", "loras", "embeddings", "clip_skip", "controlnet", "steps")
    )
    body = img2img_body(**nulls, extra={}, strength=0.5, seed=-1) | {"extra": {
        "response_image_type": "jpeg", "enable_nsfw_detection": False, "nsfw_detection_level": 0,
        "custom_storage": {}, "enterprise_plan": {},
    }}  # fmt: skip
    told = finished(client, client.post(IMG2IMG, json=body))
    assert told["images"][0]["image_type"] == "jpeg"
    assert told["extra"]["seed"].isdigit()


def test_leniency_changes_no_picture(client: httpx2.Client) -> None:
    """A request written in another way is the same request."""
    plain = img2img_body(width=128, height=128, guidance_scale=7, strength=0.5)
    other = img2img_body(
        width="128",
        height=128.0,
        guidance_scale="7.0",
        strength="0.5",
        sd_vae="",
        negative_prompt=None,
        stray=1,
    ) | {"extra": {"custom_storage": {}}}
    links = [
        finished(client, client.post(IMG2IMG, json=body))["images"][0]["image_url"] for body in (plain, other)
    ]
    assert client.get(links[0]).content == client.get(links[1]).content


def test_a_key_is_in_no_reply_and_in_no_line_of_the_log(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """K1: whatever is asked, with whatever key."""
    canary = "sk_canary_93f1"
    client = start(quiet=False, key=("sk_other",))
    seen = b""
    with caplog.at_level(0):
        for key in (
            f"Bearer {canary}",
            canary,
            f"Basic {canary}",
            f"Bearer x {canary}",
            f"Bearer {canary}@x",
        ):
            headers = {"Authorization": key, "X-Omni-Key": canary}
            for method, path in (
                ("POST", UPSCALE),
                ("GET", RESULT),
                ("GET", "/v2/progress"),
                ("POST", V2),
            ):
                reply = client.request(method, path, headers=headers, content=b"{")
                seen += reply.content + str(reply.headers).encode()
        with Raw(str(client.base_url)) as raw, suppress(EOFError):
            seen += raw.ask(request("/v3/x", f"Authorization: {canary}", f"Bad {canary}: x")).content
    lines = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("novita_mock")
    )
    assert json.dumps(RESULT)[1:-1] in lines
    assert canary not in lines
    assert canary.encode() not in seen
