"""Writing to an S3 service: moto's server for what works, a stub for everything that goes wrong."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from novita_mock.s3 import MAX_CLIENTS, S3Store, StorageFailed
from novita_mock.settings import SettingsError
from novita_mock.storage import object_key, object_url
from s3_services import drip, garbage, hang, moto_server, reset, stub_server

ACCESS, SECRET = "AKIACANARY", "canary-secret"
#: Whoever has an address may read: without, an object is its bucket's owner's only.
PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::pictures/*"}
    ],
}
TASK = "0f9d3c8e-1111-4222-8333-123456789abc"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The URL of a moto server with the bucket ``pictures``."""
    with moto_server() as url:
        httpx2.put(f"{url}/pictures", trust_env=False).raise_for_status()
        httpx2.put(f"{url}/pictures?policy", json=PUBLIC, trust_env=False).raise_for_status()
        yield url


@pytest.fixture
def store() -> Iterator:
    """Makes stores that are closed in the end: ``store(url, deadline_s=1)``."""
    made = []

    def maker(url, **options):
        made.append(S3Store(url, ACCESS, SECRET, **options))
        return made[-1]

    yield maker
    for each in made:
        each.close()


def failure_of(store, *, bucket="pictures", content=b"x"):
    with pytest.raises(StorageFailed) as caught:
        store.put(bucket, "us-east-2", "k", content, "image/png")
    assert ACCESS not in caught.value.reason
    assert SECRET not in caught.value.reason
    assert len(caught.value.reason) <= 200
    return caught.value.reason


@pytest.mark.parametrize("checksums", ["when_required", "when_supported"])
@pytest.mark.parametrize("directly", [True, False])
@pytest.mark.parametrize("path", ["/", "out/ä b+c%2F?#"])
def test_a_picture_arrives_whole_under_its_address(moto, store, checksums, directly, path):
    key = object_key(path, TASK, f"{checksums}-{directly}", "png", directly)
    store(moto, checksums=checksums).put("pictures", "us-east-2", key, b"\x89PNG" * 100_000, "image/png")
    reply = httpx2.get(object_url(moto, "pictures", key), trust_env=False)
    assert reply.status_code == 200
    assert reply.content == b"\x89PNG" * 100_000
    assert reply.headers["content-type"] == "image/png"


def test_a_bucket_that_is_not_there_is_named(moto, store):
    reason = failure_of(store(moto), bucket="elsewhere")
    assert reason == "custom storage: bucket 'elsewhere': there is no such bucket (HTTP 404 'NoSuchBucket')"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((403, "AccessDenied"), "access was denied (HTTP 403 'AccessDenied')"),
        ((403, "InvalidAccessKeyId"), "the access key was not accepted (HTTP 403 'InvalidAccessKeyId')"),
        (
            (403, "SignatureDoesNotMatch"),
            "the secret key was not accepted (HTTP 403 'SignatureDoesNotMatch')",
        ),
        ((403, ""), "access was denied (HTTP 403 '403')"),
        ((418, "Teapot"), "the storage refused it (HTTP 418 'Teapot')"),
    ],
)
def test_what_is_denied_is_asked_once_and_told_without_the_services_words(store, answer, reason):
    with stub_server(answer) as stub:
        assert failure_of(store(stub.url)) == f"custom storage: bucket 'pictures': {reason}"
        assert len(stub.asked) == 1


def test_a_service_that_asks_to_slow_down_is_asked_again(store):
    with stub_server((503, "SlowDown"), (200, "")) as stub:
        store(stub.url).put("pictures", "us-east-2", "k", b"abc", "image/png")
        assert [told.content for told in stub.asked] == [b"abc", b"abc"]


def test_a_service_that_never_recovers_is_given_up_after_three_tries(store):
    with stub_server((503, "SlowDown")) as stub:
        assert "the storage asked to slow down (HTTP 503 'SlowDown')" in failure_of(store(stub.url))
        assert len(stub.asked) == 3


@pytest.mark.parametrize("answer", [reset, garbage])
def test_a_service_that_breaks_off_is_told_so(store, answer):
    with stub_server(answer) as stub:
        assert "can't be reached or broke off" in failure_of(store(stub.url))


def test_a_service_that_is_not_there_is_told_so(store):
    with stub_server((200, "")) as stub:
        pass
    assert "can't be reached or broke off" in failure_of(store(stub.url))


@pytest.mark.parametrize("answer", [hang, drip])
def test_a_service_that_hangs_or_drips_is_left_at_the_deadline(store, answer):
    with stub_server(answer) as stub:
        began = time.monotonic()
        assert "no answer within 0.4 seconds" in failure_of(store(stub.url, deadline_s=0.4))
        assert 0.4 <= time.monotonic() - began < 5


@pytest.mark.parametrize("status", [301, 307])
def test_no_redirect_leads_anywhere_else(store, status):
    with stub_server((status, "PermanentRedirect")) as stub:
        assert f"(HTTP {status} 'PermanentRedirect')" in failure_of(store(stub.url))
        assert {told.path for told in stub.asked} == {"/pictures/k"}


def test_the_signature_holds_the_region_and_the_given_key(store):
    with stub_server((200, "")) as stub:
        shared = store(stub.url)
        for region in ("us-east-2", "eu-west-1"):
            shared.put("pictures", region, "k", b"", "image/png")
        for told, region in zip(stub.asked, ("us-east-2", "eu-west-1"), strict=True):
            assert f"Credential={ACCESS}/" in told.headers["authorization"]
            assert f"/{region}/s3/aws4_request" in told.headers["authorization"]


def test_many_regions_and_threads_share_a_store_within_bounds(store):
    with stub_server((200, "")) as stub:
        shared = store(stub.url)
        for number in range(MAX_CLIENTS + 2):
            shared.put("pictures", f"us-east-{number}", "k", b"", "image/png")
        puts = [
            threading.Thread(target=shared.put, args=("pictures", "us-east-9", str(n), b"x", "image/png"))
            for n in range(8)
        ]
        for thread in puts:
            thread.start()
        for thread in puts:
            thread.join()
        assert {told.path for told in stub.asked[-8:]} == {f"/pictures/{n}" for n in range(8)}


def hostile_environment(monkeypatch, folder: Path) -> None:
    """Everything of AWS that a machine can be set to, and proxies, all leading astray."""
    config = folder / "config"
    config.write_text(
        "[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9\nmax_attempts = 1\n"
        "s3 =\n    addressing_style = virtual\n    use_accelerate_endpoint = true\n"
        "[profile ambient]\nuse_dualstack_endpoint = true\nca_bundle = /nowhere\n"
    )
    (folder / "credentials").write_text("[ambient]\naws_access_key_id = AMBIENT\naws_secret_access_key = x\n")
    values = {
        "HOME": str(folder), "AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "no-such-profile",
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_ACCESS_KEY_ID": "AMBIENT", "AWS_SECRET_ACCESS_KEY": "AMBIENT", "AWS_SESSION_TOKEN": "AMBIENT",
        "AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-1", "AWS_CA_BUNDLE": "/nowhere",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_DEFAULTS_MODE": "auto",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "nonsense", "AWS_MAX_ATTEMPTS": "1", "AWS_RETRY_MODE": "nonsense",
        "AWS_SIGV4A_SIGNING_REGION_SET": "*", "AWS_CSM_ENABLED": "true",
        "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_nothing_of_the_machines_own_configuration_counts(store, monkeypatch, tmp_path):
    hostile_environment(monkeypatch, tmp_path)
    with stub_server((503, "SlowDown"), (200, "")) as stub:
        store(stub.url).put("pictures", "us-east-2", "k", b"x", "image/png")
        for told in stub.asked:
            assert told.path == "/pictures/k"
            assert "AMBIENT" not in str(told.headers)
            assert "/us-east-2/s3/" in told.headers["authorization"]
            assert "x-amz-checksum-crc32" not in told.headers
        assert len(stub.asked) == 2


@pytest.mark.parametrize("keys", [("", ""), (ACCESS, ""), ("", SECRET)])
def test_without_keys_of_its_own_nothing_is_borrowed(keys):
    with pytest.raises(SettingsError):
        S3Store("http://h", *keys)


@pytest.mark.parametrize("url", ["", "s3.local:9000", "ftp://h", "http://", "http://{user}h", "http://h?x"])
def test_an_endpoint_that_is_none_is_refused(url):
    url = url.format(user="user:canary@")
    with pytest.raises(SettingsError):
        S3Store(url, ACCESS, SECRET)


def test_without_boto3_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(SettingsError) as caught:
        S3Store("http://h", ACCESS, SECRET)
    assert "novita-mock[s3]" in caught.value.hint


def test_boto3_is_not_imported_before_there_is_a_picture():
    path = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1] / 'mock_server')!r}); "
    made = "from novita_mock.s3 import S3Store; S3Store('http://h', 'a', 'b'); print('boto3' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", path + made], capture_output=True, text=True, timeout=60)
    assert told.stdout == "False\n", told.stderr
