"""Deliveries over TLS: the certificate is checked against the name, whatever address is dialled."""

import asyncio
import ssl

import pytest
import trustme

from novita_mock.egress import Policy
from novita_mock.sender import Answer, Sender
from receivers import receiving, reset


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(served)
    return served


async def posted(authority: trustme.CA | None, served: ssl.SSLContext, host: str, **plain) -> Answer:
    trusted = ssl.create_default_context()
    if authority:
        authority.configure_trust(trusted)

    async def addresses(_: str) -> list[str]:
        return ["127.0.0.1"]

    async with receiving(*plain.get("behaviours", ()), tls=served) as receiver:
        one = Sender(Policy(), timeout_s=2.0, addresses=addresses, tls=trusted if authority else None)
        answer = await one.post(f"https://{host}:{receiver.port}/hook", b"{}", {})
        await one.close()
        if answer.delivered:
            assert receiver.received[0].headers["host"] == f"{host}:{receiver.port}"
        return answer


@pytest.mark.parametrize("host", ["hooks.example", "127.0.0.1"])
def test_the_certificate_is_asked_for_and_checked_by_the_name_of_the_url(authority, host):
    served = context(authority, host)
    asked: list[str | None] = []
    served.sni_callback = lambda _socket, name, _context: asked.append(name)
    assert asyncio.run(posted(authority, served, host)).delivered
    assert asked == ["hooks.example" if host == "hooks.example" else None]


@pytest.mark.parametrize(("name", "trusted", "told"), [
    ("hooks.example", False, "unable to get local issuer certificate"),
    ("other.example", True, "Hostname mismatch"),
    ("127.0.0.1", True, "Hostname mismatch"),
])  # fmt: skip
def test_a_bad_certificate_is_a_failure(authority, name, trusted, told):
    answer = asyncio.run(posted(authority if trusted else None, context(authority, name), "hooks.example"))
    assert answer.status is None
    assert answer.reason.startswith("TLS: ")
    assert told in answer.reason


def test_a_receiver_without_tls_fails_https(authority):
    async def story():
        async with receiving(reset()) as receiver:
            one = Sender(Policy(), timeout_s=0.5)
            answer = await one.post(receiver.url.replace("http", "https"), b"{}", {})
            await one.close()
            return answer

    answer = asyncio.run(story())
    assert answer.status is None
    assert answer.reason
