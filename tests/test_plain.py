"""Bodies read at once, and the long way: the same comes of both, or the long way is taken."""

import base64
import json
from random import Random  # noqa: TID251 - seeded, and of no double

import pytest

from contract_files import ROOT
from novita_mock.album import Album
from novita_mock.catalogue import load
from novita_mock.intake import Intake
from novita_mock.lifting import LONG, Lifter
from novita_mock.plain import plain_for
from novita_mock.validation import Validator
from odd_bodies import OPERATIONS, how_many, odd_body, samples

#: Spellings of one body: with and without spaces, with everything escaped, with a key twice.
SPELLINGS = (
    lambda body: json.dumps(body),
    lambda body: json.dumps(body, separators=(",", ":"), ensure_ascii=False),
    lambda body: json.dumps(body, indent=2),
    lambda body: json.dumps(body).replace("/", "\\/"),
    lambda body: json.dumps(body)[:-1] + "," + json.dumps(body)[1:] if body else "{}",
)


def intake_of(operation, *, strict=False, **quirks):
    catalogue = load(quirks, strict=strict)
    return Intake(operation, Validator(catalogue, operation.request), catalogue.quirks, Album())


def the_long_way(operation, **how):
    """An intake that reads no body at once."""
    intake = intake_of(operation, **how)
    intake._plain = None
    return intake


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.name)
def test_what_is_read_at_once_is_what_the_long_way_makes_of_it(operation, strict, request):
    at_once, long_way = intake_of(operation, strict=strict), the_long_way(operation, strict=strict)
    good, chance, plain, good_in_all = samples(operation), Random(11), 0, 0
    for _ in range(how_many(request) // 4):
        content = chance.choice(SPELLINGS)(odd_body(good, chance)).encode()
        expected = long_way.take(content, "http://double")
        good_in_all += expected.submission is not None and not expected.notices
        taken = at_once.plain(content, "http://double")
        if taken is None:
            continue
        plain += 1
        assert expected.problem is None, content
        assert taken.notices == expected.notices == ()
        assert taken.submission == expected.submission
        assert taken.received.read() == expected.received
    assert plain > good_in_all * 0.5  # the others repeat a key, escape a picture, or ask for rare things
    assert plain > 100


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.name)
def test_every_quirk_leaves_both_ways_the_same(operation):
    good, chance = samples(operation), Random(3)
    bodies = [odd_body(good, chance) for _ in range(60)]
    for row in load().quirk_rows:
        for alternative in row["alternatives"]:
            quirk = {row["id"]: alternative["value"]}
            at_once, long_way = intake_of(operation, **quirk), the_long_way(operation, **quirk)
            for body in bodies:
                content = json.dumps(body).encode()
                taken, expected = at_once.take(content, "http://x"), long_way.take(content, "http://x")
                assert (taken.submission, taken.notices) == (expected.submission, expected.notices), quirk


def picture():
    return base64.b64encode((ROOT / "fixtures/images/test-mode.png").read_bytes()).decode()


def upscale(**changes):
    request = {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": picture()} | changes
    return {"request": request}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(upscale(image_base64="")),
        json.dumps(upscale(image_base64=picture()[:-4] + "####")),
        json.dumps(upscale(image_base64="data:image/png;base64," + picture())),
        json.dumps(upscale(image_base64="bm8gcGljdHVyZQ==")),
        json.dumps(upscale(image_base64=7)),
        json.dumps(upscale(image_base64=None)),
        json.dumps(upscale(model_name='"image_base64": "x"')),
        json.dumps(upscale(stray={"image_base64": picture()})),
        json.dumps({**upscale(), "image_base64": picture()}),
        json.dumps(upscale())[:-1],
        json.dumps(upscale()) + " x",
        json.dumps(upscale()).replace(picture()[5:9], "\\u0041"),
        json.dumps(upscale()).replace("scale_factor", "scale\\u005ffactor").replace("2", "NaN"),
        "[]", "", "null", '"image_base64": "', '{"image_base64": "',
    ],
    ids=str.__len__,
)  # fmt: skip
def test_whatever_is_wrong_or_odd_goes_the_long_way(content):
    operation = OPERATIONS[0]
    assert intake_of(operation).plain(content.encode(), "http://x") is None
    taken = intake_of(operation).take(content.encode(), "http://x")
    expected = the_long_way(operation).take(content.encode(), "http://x")
    assert (taken.submission, str(taken.problem)) == (expected.submission, str(expected.problem))


#: Long bodies whose picture ends near their end, and far from it; and long ones that are none.
LONG_BODIES = {
    "near": '{"request": {"model_name": "4x-UltraSharp", "image_base64": "%s", "scale_factor": 2}}',
    "at the end": '{"request": {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": "%s"}}',
    "far": '{"request": {"image_base64": "%s", "scale_factor": 2,'
    + " " * 9000
    + '"model_name": "4x-UltraSharp"}}',
    "twice": '{"request": {"image_base64": "%s", "scale_factor": 2, "model_name": "4x-UltraSharp", '
    '"image_base64": "AAAA"}}',
    "escaped": '{"request": {"image_base64": "\\u0041%s", "scale_factor": 2, "model_name": "4x-UltraSharp"}}',
    "unended": '{"request": {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": "%s}}',
}


@pytest.mark.parametrize("spelling", LONG_BODIES)
def test_where_the_end_of_a_long_picture_is_guessed_the_same_comes_of_it(spelling):
    operation, long = OPERATIONS[0], base64.b64encode(base64.b64decode(picture()) + bytes(LONG)).decode()
    content = (LONG_BODIES[spelling] % long).encode()
    taken = intake_of(operation).plain(content, "http://x")
    expected = the_long_way(operation).take(content, "http://x")
    assert (taken is not None) is (spelling in ("near", "at the end", "far"))
    if taken is not None:
        assert taken.submission == expected.submission
        assert taken.received.read() == expected.received
        assert taken.submission.images.values()


def test_a_word_in_place_of_a_picture_can_not_be_guessed_and_stands_for_it_alone():
    lifter = Lifter({"image", "image_base64"})
    body = b'{"image": "AAAA", "b": [{"image_base64" :\n"BBBB"}]}'
    rest, lifted = lifter.lift(body)
    words = [json.loads(rest)["image"], json.loads(rest)["b"][0]["image_base64"]]
    assert [body[lifted[word]] for word in words] == [b"AAAA", b"BBBB"]
    assert len(set(words)) == 2
    assert all(len(word) > 30 for word in words)


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": []}, {"type": ["string", "integer"]}, {"type": "string", "pattern": "x"}, {"enum": [1]},
        {"type": "number", "enum": [1.5]}, {"type": "number", "minimum": 0.5},
        {"type": "object", "required": ["a"]}, {"type": "array", "items": {"type": "number"}},
        {"type": "boolean", "enum": [True]},
    ],
    ids=str,
)  # fmt: skip
def test_of_what_it_does_not_know_it_reads_nothing(schema):
    whole = {"type": "object", "properties": {"a": schema}}
    assert plain_for(whole) is None
