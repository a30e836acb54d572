"""Which addresses are dialled and which never, in every spelling that the network reads as one of them."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novita_mock.egress import HOP_HEADER, NEVER, Policy, canonical, is_hop, judge, target

NOTHING = Policy()
EVERYTHING = Policy(("*",))
#: Apart from the rest, so that nobody takes a URL here for one with a password.
AT = "@"


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.9.8.7", "::1", "10.0.0.8", "172.16.0.1", "172.31.255.255", "192.168.1.20", "fd12::1",
    "::ffff:127.0.0.1", "::ffff:192.168.1.20",
])  # fmt: skip
def test_this_machine_and_private_networks_are_posted_to_by_default(address):
    assert judge(address, NOTHING) is None


FORBIDDEN = {
    "link-local": "169.254.169.254 169.254.170.2 fe80::1 fe80::1%eth0",
    "a metadata service": "fd00:ec2::254 fd00:ec2::23 fd20:ce::254 100.100.100.200 168.63.129.16 192.0.0.192",
    "unspecified": "0.0.0.0 0.1.2.3 ::",
    "multicast": "224.0.0.1 239.1.1.1 ff02::1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
}


@pytest.mark.parametrize(
    ("address", "kind"), [(one, kind) for kind, many in FORBIDDEN.items() for one in many.split()]
)
@pytest.mark.parametrize("policy", [NOTHING, EVERYTHING], ids=["default", "star"])
def test_some_addresses_are_never_posted_to(address, kind, policy):
    assert judge(address, policy) == f"address {address} is {kind}"


@pytest.mark.parametrize("wrapped", [
    "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1",
    "2002:a9fe:a9fe::", "::169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::6464:64c8", "2002:e000:1::",
    # Teredo holds its client's address with every bit turned round
    "2001:0:102:304::5601:5601",
])  # fmt: skip
def test_a_forbidden_address_is_found_inside_another(wrapped):
    assert judge(wrapped, EVERYTHING, "hooks.example") is not None


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:4700::1111", "100.64.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
)
def test_a_public_address_needs_an_allowed_host(address):
    assert "is not an allowed webhook host" in (judge(address, NOTHING, "hooks.example") or "")
    assert judge(address, EVERYTHING, "hooks.example") is None
    assert judge(address, Policy(("hooks.example",)), "Hooks.Example.") is None
    assert judge(address, Policy((address,)), address) is None
    assert judge(address, Policy(("other.example",)), "hooks.example") is not None


def test_a_star_and_a_dot_allow_all_below_a_domain_and_not_the_domain():
    policy = Policy(("*.hooks.example",))
    assert policy.allows("a.hooks.example")
    assert policy.allows("a.b.hooks.example")
    assert not policy.allows("hooks.example")
    assert not policy.allows("evilhooks.example")


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "[::1]", "x" * 300])
def test_what_is_no_address_is_refused(text):
    assert "is not an address" in (judge(text, EVERYTHING) or "")


SPELLINGS = {
    "127.0.0.1": "2130706433 0x7f000001 0177.0.0.1 127.1 127.0.1 0X7F.1 ①②⑦.⓪.⓪.① 127。0。0。1 127.0.0.1.",
    "169.254.169.254": "2852039166 0xA9FEA9FE 0251.0376.43518",
}


@pytest.mark.parametrize(
    ("spelling", "address"), [(one, address) for address, many in SPELLINGS.items() for one in many.split()]
)
def test_every_spelling_of_an_address_is_that_address(spelling, address):
    assert canonical(spelling) == address
    assert target(f"http://{spelling}:8000/hook").authority == f"{address}:8000"


@pytest.mark.parametrize(
    "host",
    [
        "256.0.0.1",
        "1.2.3.4.5",
        "08.0.0.1",
        "4294967296",
        "0x1g.1",
        "1..2",
        "a" * 70 + ".b",
    ],
)
def test_what_ends_in_a_number_and_is_no_address_is_refused(host):
    with pytest.raises(ValueError):
        target(f"http://{host}/")


LABELS = st.sampled_from(["0", "1", "127", "0x7f", "0177", "255", "256", "65536", "08"])


@given(st.lists(LABELS, min_size=1, max_size=5))
def test_an_address_is_read_as_the_machine_reads_it(labels):
    host = ".".join(labels)
    try:
        expected = socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        expected = ""
    try:
        found = canonical(host)
    except ValueError:
        found = ""
    assert found == expected


@given(st.ip_addresses())
def test_whatever_is_forbidden_stays_forbidden_under_every_policy(address):
    forbidden = any(address in network for network, _ in NEVER if network.version == address.version)
    if forbidden:
        assert judge(str(address), EVERYTHING, "hooks.example") is not None
    if judge(str(address), NOTHING) is None:
        assert judge(str(address), EVERYTHING) is None


@pytest.mark.parametrize("url", [
    "file:/etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "//127.0.0.1/x", "http:///x", "http://",
    "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://127.0.0.1:x/",
    "http://user:pw" + AT + "127.0.0.1/", "http://good.example" + AT + "127.0.0.1:1234/",
    "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/ x",
    "http:\\\\127.0.0.1/", "http://[::1", "http://[v1.x]/", "", "hook",
])  # fmt: skip
def test_a_url_that_nothing_can_be_posted_to_is_refused(url):
    with pytest.raises(ValueError):
        target(url)


@pytest.mark.parametrize(("url", "authority", "path", "query"), [
    ("http://localhost/hook", "localhost", "/hook", ""), ("https://A.example:443", "a.example", "/", ""),
    ("https://a.example:8443/x?y=%2F&z=é", "a.example:8443", "/x", "y=%2F&z=%C3%A9"),
    ("http://[::1]:8000/a%2Fb#part", "[::1]:8000", "/a%2Fb", ""),
    ("http://bücher.example/ü", "xn--bcher-kva.example", "/%C3%BC", ""),
])  # fmt: skip
def test_a_url_is_taken_apart_as_it_will_be_sent(url, authority, path, query):
    found = target(url)
    assert (found.authority, found.path, found.query) == (authority, path, query)


def test_what_a_double_sent_is_known_by_a_header_in_any_case():
    assert is_hop({HOP_HEADER.lower(): "1"})
    assert not is_hop({"content-type": "application/json"})
