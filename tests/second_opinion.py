"""What schemathesis is told of the API beyond its OpenAPI document; it imports this module itself.

No schema can say what a picture is, or a page of a list, so it is given some: requests that the document
allows are then good ones. And it knows a refusal by its HTTP status alone, so what it holds for accepted
is looked at once more: V2 refuses with HTTP 200, a ``code`` that is not 0 and no ``data``; V3 refuses a
missing key with 400, as its pages say, where HTTP has 401.
"""

import base64

import requests
import schemathesis
from hypothesis import strategies as st

from conftest import picture

PICTURES = (
    picture(),
    picture(1, 1, mode="L"),
    picture(64, 48, "JPEG"),
    picture(31, 7, "WEBP"),
    picture(16, 16, mode="RGBA"),
)
#: Texts that only code can tell good from bad.
TEXTS = {
    "picture": st.sampled_from([base64.b64encode(each).decode() for each in PICTURES]),
    "http-url": st.sampled_from(
        ["http://127.0.0.1:9/hook", "https://[::1]:9", "http://nobody.invalid/a?b=c@d"]
    ),
    "pagination.cursor": st.sampled_from(["", "c_0", "c_7", "c_100"]),
    "region": st.sampled_from(["us-east-2", "eu-central-1"]),
    "bucket": st.from_regex(r"\A[a-z0-9][a-z0-9-]{1,20}[a-z0-9]\Z"),
    "path": st.from_regex(r"\A/?[a-z0-9]{1,9}(/[a-z0-9]{1,9}){0,3}/?\Z"),
}
#: Failures that say: this should have been refused.
NOT_REFUSED = frozenset({"AcceptedNegativeData", "MissingHeaderNotRejected", "IgnoredAuth"})
#: A key that no double lets in.
WRONG_KEY = "Bearer sk_wrong"

for name, strategy in TEXTS.items():
    schemathesis.openapi.format(name, strategy)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Name the texts of the document that only code can judge."""
    nodes = [raw_schema]
    while nodes:
        node = nodes.pop()
        if isinstance(node, list):
            nodes += node
        elif isinstance(node, dict):
            for text, schema in named_texts(node):
                schema["format"] = text
                schema.pop("pattern", None)
            nodes += node.values()


def named_texts(node):
    """The texts that a node of the document speaks of: the name of each, and its schema."""
    if "x-image" in node:
        yield "picture", node
    if "x-format" in node:
        yield node["x-format"], node
    if node.get("name") == "pagination.cursor":
        yield node["name"], node["schema"]
    storage = node.get("aws_s3", {}).get("properties", {})
    yield from ((name, storage[name]) for name in ("region", "bucket", "path") if name in storage)


@schemathesis.hook
def map_body(context, body):
    """Spell 5.0 as 5 and ask for small pictures: valid bodies stay valid, and others as wrong as they were.

    JSON Schema makes no difference between 5.0 and 5; ``--strict`` refuses it (quirk integral-float).
    """
    if isinstance(body, list):
        return [map_body(context, value) for value in body]
    if not isinstance(body, dict):
        return int(body) if isinstance(body, float) and body.is_integer() else body
    mapped = {name: map_body(context, value) for name, value in body.items()}
    return mapped | {side: small(mapped[side]) for side in ("width", "height") if side in mapped}


def small(side):
    """A side that is allowed, up to 255; others as they are."""
    allowed = type(side) is int and 128 <= side <= 2048
    return 128 + side % 128 if allowed else side


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Keep a failure, unless it holds for accepted what the API refuses in its own words."""
    if type(failure).__name__ not in NOT_REFUSED:
        return True
    if failure.case_id in (None, case.id):
        return not is_refusal(response)
    # It is of a request that schemathesis sent besides, without a key or with a made-up one.
    return not all(is_refusal(asked_again(response.request, key)) for key in (None, WRONG_KEY))


def asked_again(request, key):
    """The reply to a request with another key, or with none."""
    headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    headers |= {"Authorization": key} if key else {}
    with requests.Session() as session:
        session.trust_env = False
        return session.request(request.method, request.url, data=request.body, headers=headers, timeout=60)


def is_refusal(response):
    """Whether a reply refuses in the words of its dialect."""
    told = response.json()
    if response.status_code == 200:
        return set(told) == {"code", "msg", "data"} and told["code"] != 0 and told["data"] is None
    return response.status_code == 403 or (response.status_code, told["reason"]) == (400, "MISSING_API_KEY")
