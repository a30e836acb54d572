"""Writing pictures to an S3 service that was named in the settings. The only importer of boto3.

Nothing of the machine's own AWS configuration counts: no environment, profile, proxy or metadata
service. So a request that names somebody's bucket can't reach AWS by accident.
"""

import importlib.util
import os
import queue
import threading
from collections import OrderedDict
from typing import Any, Literal
from urllib.parse import urlsplit

from novita_mock.problems import cut
from novita_mock.settings import SettingsError

#: Wall seconds after which a picture counts as not stored, whatever is still under way.
DEADLINE_S = 10.0
#: Wall seconds for making a connection, and for each answer; and how often it is tried.
CONNECT_S = 2.0
ANSWER_S = 4.0
ATTEMPTS = 3
#: Clients that are kept, one a region: a signature holds the region.
MAX_CLIENTS = 8

_WORDS = {
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": "access was denied",
    "InvalidAccessKeyId": "the access key was not accepted",
    "SignatureDoesNotMatch": "the secret key was not accepted",
    "SlowDown": "the storage asked to slow down",
}

Checksums = Literal["when_required", "when_supported"]


class StorageFailed(Exception):
    """A picture could not be stored; ``reason`` tells why, in the words of a failed task, without keys."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class S3Store:
    """An S3 service, spoken to path by path: ``endpoint/bucket/key``. Safe to share between threads."""

    def __init__(
        self,
        endpoint_url: str,
        access_key: str,
        secret_key: str,
        *,
        deadline_s: float = DEADLINE_S,
        checksums: Checksums = "when_required",
    ) -> None:
        """Check what can be checked without a connection.

        Args:
            endpoint_url: of the service; there is no default, AWS must be named like any other.
            access_key: what requests are signed with.
            secret_key: what requests are signed with.
            deadline_s: longest time that a picture may take, in wall seconds.
            checksums: whether pictures carry a CRC-32; older services refuse it.

        Raises:
            SettingsError: that is no address, a key is empty, or the extra ``s3`` is not installed.
        """
        parts = urlsplit(endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise SettingsError("the S3 endpoint is not an address", "for example http://127.0.0.1:9000")
        if not access_key or not secret_key:
            raise SettingsError(
                "an S3 endpoint needs an access key and a secret key", "any will do for a double"
            )
        if importlib.util.find_spec("boto3") is None:
            raise SettingsError("an S3 endpoint needs boto3", "pip install 'novita-mock[s3]'")
        self.endpoint_url = endpoint_url.rstrip("/")
        self._keys = (access_key, secret_key)
        self._deadline_s = deadline_s
        self._checksums = checksums
        self._lock = threading.Lock()
        self._clients: OrderedDict[str, Any] = OrderedDict()

    def put(self, bucket: str, region: str, key: str, content: bytes, content_type: str) -> None:
        """Write an object whole, in one request; it is visible only once it is complete.

        It blocks: call it from a thread. Where the deadline passes, the request is given up; whether
        the service still completes it can't be known.

        Raises:
            StorageFailed: it could not be written, or not in time.
        """
        outcome: queue.SimpleQueue[StorageFailed | None] = queue.SimpleQueue()

        def attempt() -> None:
            outcome.put(self._failure(bucket, region, key, content, content_type))

        # A service that drips its answer keeps every deadline of a socket: only leaving it behind helps.
        threading.Thread(target=attempt, name="s3-put", daemon=True).start()
        try:
            failure = outcome.get(timeout=self._deadline_s)
        except queue.Empty:
            raise StorageFailed(_told(bucket, f"no answer within {self._deadline_s:g} seconds")) from None
        if failure:
            raise failure

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._lock:
            while self._clients:
                self._clients.popitem()[1].close()

    def _failure(
        self, bucket: str, region: str, key: str, content: bytes, content_type: str
    ) -> StorageFailed | None:
        try:
            client = self._client(region)
            client.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)
        except Exception as problem:  # foreign exceptions stop here, whatever they are
            return StorageFailed(_told(bucket, _meaning(problem)))
        return None

    def _client(self, region: str) -> Any:  # Any: boto3 makes its classes at run time
        with self._lock:
            if region not in self._clients:
                self._clients[region] = _new_client(self.endpoint_url, region, self._keys, self._checksums)
            self._clients.move_to_end(region)
            # One that is dropped may be in use: it closes by itself when it is left.
            while len(self._clients) > MAX_CLIENTS:
                self._clients.popitem(last=False)
            return self._clients[region]


def _new_client(endpoint_url: str, region: str, keys: tuple[str, str], checksums: Checksums) -> Any:
    import boto3  # optional, and slow to import: not before a picture is to be stored
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=CONNECT_S,
        read_timeout=ANSWER_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        proxies={},
        ignore_configured_endpoint_urls=True,
        use_dualstack_endpoint=False,
        use_fips_endpoint=False,
        request_checksum_calculation=checksums,
        response_checksum_validation="when_required",
    )
    session = boto3.session.Session(botocore_session=_bare_session())
    return session.client(
        "s3",
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        verify=True,
        config=config,
    )


def _bare_session() -> Any:
    """A session that takes nothing from the environment or from files: every variable has its default."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConfigValueStore, ConstantProvider
    from botocore.session import Session

    values = {name: row[2] for name, row in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    values |= {"config_file": os.devnull, "credentials_file": os.devnull}
    store = ConfigValueStore({name: ConstantProvider(value) for name, value in values.items()})
    session = Session()
    session.register_component("config_store", store)
    return session


def _meaning(problem: Exception) -> str:
    """What a foreign exception says, without the service's own words: those can repeat a key."""
    from botocore.exceptions import ClientError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError
    from botocore.exceptions import ConnectionError as NoConnection

    if isinstance(problem, ClientError):
        status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = str(problem.response.get("Error", {}).get("Code", ""))
        words = _WORDS.get(code) or (_WORDS["AccessDenied"] if status == 403 else "the storage refused it")
        return f"{words} (HTTP {status} {cut(code)})"
    if isinstance(problem, ConnectTimeoutError | ReadTimeoutError):
        return "the storage did not answer in time"
    if isinstance(problem, HTTPClientError | NoConnection):
        return "the storage can't be reached or broke off"
    return f"the request could not be made ({type(problem).__name__})"


def _told(bucket: str, why: str) -> str:
    return f"custom storage: bucket {cut(bucket)}: {why}"
