"""Custom storage: what is refused as a target, how objects are named, and the double's own buckets."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novita_mock.catalogue import load
from novita_mock.contents import Content, Contents
from novita_mock.dialects import refusal
from novita_mock.problems import Refused
from novita_mock.storage import (
    MAX_PATH_BYTES,
    OwnBuckets,
    check_target,
    object_key,
    object_url,
    own_store_url,
    told,
)

GOOD = {"region": "us-east-2", "bucket": "pictures", "path": "/"}
TASK = "0f9d3c8e-1111-4222-8333-123456789abc"
NAME = "a" * 32


def faults(**changes):
    return check_target(GOOD | changes)


@pytest.mark.parametrize(
    "region", ["us-east-2", "eu-west-1", "ap-southeast-10", "us-gov-west-1", "eusc-de-east-1"]
)
def test_regions_of_aws_are_taken(region):
    assert faults(region=region) == []


@pytest.mark.parametrize(
    "region",
    [
        "x",
        "us-east",
        "useast2",
        "US-EAST-2",
        "us-east-2 ",
        "us-east-2\n",
        "../us-east-2",
        "us_east_2",
        "a" * 99,
    ],
)
def test_what_is_no_region_is_refused(region):
    (fault,) = faults(region=region)
    assert (fault.kind, fault.path) == ("output-path", ("extra", "custom_storage", "aws_s3", "region"))


@pytest.mark.parametrize(
    "bucket",
    ["pictures", "test_bucket", "my.bucket-1", "abc", "a" * 63, "1a1", "con", "1.2.3", "amzn-s3-demo-bucket"],
)
def test_names_of_buckets_are_taken(bucket):
    assert faults(bucket=bucket) == []


@pytest.mark.parametrize(
    "bucket",
    ["../x", "A_B", "192.168.1.1", "ab", "a" * 64, "CON", "NUL", "a\0b", "-ab", "ab-", ".ab", "a..b", "a/b",
     "a b", "bücher", "abc\n", "xn--abc", "abc-s3alias", "abc--x-s3", "arn:aws:s3:::abc", "%2e%2e", "a?b"],
)  # fmt: skip
def test_what_is_no_name_of_a_bucket_is_refused(bucket):
    (fault,) = faults(bucket=bucket)
    assert (fault.kind, fault.path[-1]) == ("output-path", "bucket")
    assert fault.message.isprintable()


@pytest.mark.parametrize(
    "path",
    ["/", "dir", "dir/", "/dir", "a/b c/ä", "...", "a..b", "a//b", "%2e%2e/x", "a" * MAX_PATH_BYTES, "~/x",
     "a?b#c"],
)  # fmt: skip
def test_paths_are_taken(path):
    assert faults(path=path) == []


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../b", "..", ".", "a/./b", "a/..", "/..", "a/.. /b", r"C:\x", "c:x", r"\\srv\x", "a\\b",
     "a\0b", "a\nb", "\u202ea", "a\u2066", "\ud800", "a" * (MAX_PATH_BYTES + 1), "a" * 1025, "ä" * 500],
)  # fmt: skip
def test_paths_that_lead_elsewhere_or_deceive_are_refused(path):
    (fault,) = faults(path=path)
    assert (fault.kind, fault.path[-1]) == ("output-path", "path")
    assert len(fault.message) <= 200
    assert fault.message.isprintable()


def test_every_wrong_field_is_told_and_none_that_the_schema_refuses():
    assert [fault.path[-1] for fault in check_target({"region": "x", "bucket": "X", "path": ".."})] == [
        "region", "bucket", "path"
    ]  # fmt: skip
    assert check_target({"region": 5, "bucket": None}) == []


def test_a_bad_target_is_told_by_the_documented_reason():
    reply = refusal(Refused(tuple(faults(bucket="A_B"))), "v3", load())
    assert (reply.status, reply.body["reason"]) == (400, "INVALID_CUSTOM_OUTPUT_PATH")
    assert list(reply.body["metadata"]) == ["extra.custom_storage.aws_s3.bucket"]


@pytest.mark.parametrize(
    ("path", "directly", "key"),
    [
        ("/", False, f"{TASK}/{NAME}.png"),
        ("/", True, f"{NAME}.png"),
        ("out", False, f"out/{TASK}/{NAME}.png"),
        ("out", True, f"out/{NAME}.png"),
        ("/out/deep/", False, f"out/deep/{TASK}/{NAME}.png"),
        ("//out", True, f"out/{NAME}.png"),
    ],
)
def test_a_key_has_one_more_level_unless_told_otherwise(path, directly, key):
    assert object_key(path, TASK, NAME, "png", directly) == key


@given(st.text(min_size=1), st.booleans())
def test_the_key_of_any_path_that_is_taken_stays_below_it_and_fits(path, directly):
    if faults(path=path):
        return
    key = object_key(path, TASK, NAME, "jpeg", directly)
    assert len(key.encode()) <= 1024
    assert key.startswith(path.strip("/"))
    assert not {".", ".."} & set(key.split("/"))


@given(st.text(min_size=1))
def test_the_address_of_any_key_leads_back_to_it(path):
    if faults(path=path):
        return
    key = object_key(path, TASK, NAME, "webp", False)
    url = object_url(own_store_url("http://127.0.0.1:4077/"), "pictures", key)
    parts = urlsplit(url)
    assert (url.isascii(), parts.query, parts.fragment) == (True, "", "")
    assert unquote(parts.path) == f"/_mock/storage/pictures/{key}"


def test_the_longest_path_leaves_room_for_the_picture():
    assert len(object_key("a" * MAX_PATH_BYTES, TASK, NAME, "jpeg", False)) == 1024


def test_with_an_endpoint_the_address_is_the_endpoints():
    assert (
        object_url("http://s3.local:9000/", "b-1", "x/ä b.png") == "http://s3.local:9000/b-1/x/%C3%A4%20b.png"
    )


def put(buckets, key, content=b"x", account="a", bucket="b-1"):
    buckets.put(account, bucket, key, Content(content), "image/png", 5.0)


def test_what_was_put_can_be_got_and_is_told():
    buckets = OwnBuckets(Contents())
    put(buckets, "d/x.png", b"abc")
    stored = buckets.get("b-1", "d/x.png")
    assert stored is not None
    assert stored.content.read() == b"abc"
    assert told(stored, "http://h:1") == {
        "bucket": "b-1", "key": "d/x.png", "bytes": 3, "content_type": "image/png", "at_s": 5.0,
        "url": "http://h:1/_mock/storage/b-1/d/x.png",
    }  # fmt: skip
    assert buckets.get("b-2", "d/x.png") is None
    assert buckets.get("b-1", "d") is None


def test_an_object_put_again_is_replaced_and_counted_once():
    buckets = OwnBuckets(Contents())
    put(buckets, "x", b"first")
    size = buckets.kept_bytes
    put(buckets, "x", b"other", account="b")
    assert (len(buckets), buckets.kept_bytes) == (1, size)
    assert list(buckets.objects("a")) == []


def test_accounts_and_buckets_are_listed_and_cleared_apart():
    buckets = OwnBuckets(Contents())
    put(buckets, "x")
    put(buckets, "y", account="b")
    put(buckets, "z", account="b", bucket="b-2")
    assert [stored.key for stored in buckets.objects()] == ["x", "y", "z"]
    assert [stored.key for stored in buckets.objects("b")] == ["y", "z"]
    assert [stored.key for stored in buckets.objects("b", "b-2")] == ["z"]
    assert buckets.clear("b") == 2
    assert [stored.key for stored in buckets.objects()] == ["x"]
    assert (buckets.clear(), len(buckets), buckets.kept_bytes) == (1, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3000)), max_size=30), st.integers(1, 9000))
def test_the_buckets_are_bounded_and_the_newest_is_always_there(puts, max_bytes):
    buckets = OwnBuckets(Contents(), max_bytes, max_objects=4)
    for key, size in puts:
        put(buckets, str(key), b"x" * size)
        assert len(buckets) == 1 or (len(buckets) <= 4 and buckets.kept_bytes <= max_bytes)
        assert buckets.get("b-1", str(key)) is not None
