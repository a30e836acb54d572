"""What a name leads to, and which of it is dialled: judged where it counts, at the address."""

import asyncio
import threading

import pytest

from novita_mock import lookup
from novita_mock.egress import HOP_HEADER, Policy, is_hop
from novita_mock.lookup import Lookup, NoSuchName, is_here, resolve
from novita_mock.sender import Answer, Sender
from receivers import receiving, status


class Names:
    """A name server in the test's hands: each question takes the next answer, the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def addresses(self, host: str) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def posted(
    url: str, names: Names | Lookup | None = None, policy: Policy | None = None, **more
) -> Answer:
    one = Sender(policy or Policy(), timeout_s=2.0, addresses=names.addresses if names else None, **more)
    try:
        return await one.post(url, b"{}", {})
    finally:
        await one.close()


SPELLINGS = (
    "127.0.0.1", "localhost", "a.localhost", "LOCALHOST.", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
    "①②⑦.⓪.⓪.①", "[::ffff:127.0.0.1]",
)  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_every_spelling_of_loopback_reaches_it(host):
    async def story():
        async with receiving() as receiver:
            return await posted(f"http://{host}:{receiver.port}/hook"), receiver.received

    answer, received = asyncio.run(story())
    assert (answer.reason, len(received)) == ("", 1)


NEVER = (
    "169.254.169.254 2852039166 0xa9fea9fe [::ffff:169.254.169.254] [64:ff9b::a9fe:a9fe] [fe80::1] "
    "[fd00:ec2::254] 100.100.100.200 0.0.0.0 0 [::] 224.0.0.1 255.255.255.255"
)


@pytest.mark.parametrize("host", NEVER.split())
@pytest.mark.parametrize("policy", [Policy(), Policy(("*",))], ids=["default", "star"])
def test_metadata_services_and_their_like_are_never_dialled(host, policy):
    answer = asyncio.run(posted(f"http://{host}:9/latest/meta-data", policy=policy))
    assert answer.status is None
    assert answer.reason.startswith("not delivered: address ")


@pytest.mark.parametrize("policy", [Policy(), Policy(("*",)), Policy(("hooks.example",))])
def test_a_name_that_leads_to_a_metadata_service_is_not_dialled(policy):
    names = Names(["169.254.169.254"])
    answer = asyncio.run(posted("http://hooks.example/", names, policy))
    assert answer.reason == "not delivered: address 169.254.169.254 is link-local"


def test_a_public_address_is_not_dialled_unless_its_host_is_allowed():
    answer = asyncio.run(posted("http://hooks.example/", Names(["203.0.113.7"])))
    reason = "not delivered: address 203.0.113.7 is public, and hooks.example is not an allowed webhook host"
    assert answer.reason == reason


def test_what_is_dialled_is_the_address_that_was_judged():
    async def story():
        async with receiving() as receiver:
            names = Names(["127.0.0.1"], ["169.254.169.254"])
            url = f"http://flip.example:{receiver.port}/"
            one = Sender(Policy(), timeout_s=2.0, addresses=names.addresses)
            first, second = await one.post(url, b"{}", {}), await one.post(url, b"{}", {})
            await one.close()
            return first, second, receiver.received, names.asked

    first, second, received, asked = asyncio.run(story())
    assert first.delivered
    assert second.reason == "not delivered: address 169.254.169.254 is link-local"
    assert len(received) == 1
    assert received[0].headers["host"].startswith("flip.example:")
    assert asked == ["flip.example", "flip.example"], "one question a delivery: nobody asks again behind it"


def test_of_several_addresses_the_forbidden_are_left_out_and_the_dead_passed_over():
    async def story():
        async with receiving() as receiver:
            names = Names(["169.254.169.254", "127.0.0.2", "127.0.0.1"])
            return await posted(f"http://many.example:{receiver.port}/", names), receiver.received

    answer, received = asyncio.run(story())
    assert (answer.reason, len(received)) == ("", 1)


def test_only_a_refused_connection_leads_to_the_next_address():
    async def story():
        async with receiving(status(500)) as receiver:
            names = Names(["127.0.0.1", "127.0.0.1"])
            return await posted(f"http://many.example:{receiver.port}/", names), receiver.connections

    answer, connections = asyncio.run(story())
    assert (answer.reason, connections) == ("status 500", 1)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "[::ffff:127.0.0.1]", "me.example"]
)
def test_of_the_double_itself_only_inboxes_are_posted_to(host):
    async def story():
        async with receiving() as receiver:
            own = {
                "own_urls": lambda: ["", f"http://127.0.0.1:{receiver.port}"],
                "names": Names(["127.0.0.1"]),
            }
            if host != "me.example":
                del own["names"]
            start = f"http://{host}:{receiver.port}"
            paths = (
                "/v3/async/upscale",
                "/_mock/reset",
                "/_mock/inbox/x/../../reset",
                "/_mock/inbox/%2e%2e/reset",
                "/",
            )
            refused = [await posted(start + path, **own) for path in paths]
            return refused, await posted(f"{start}/_mock/inbox/mine?account=1", **own), receiver.received

    refused, taken, received = asyncio.run(story())
    assert all("is this double itself" in answer.reason for answer in refused)
    if host != "[::1]":  # the receiver stands on IPv4 only
        assert taken.delivered
        assert [each.line for each in received] == ["POST /_mock/inbox/mine?account=1 HTTP/1.1"]


def test_the_public_name_of_the_double_is_the_double_wherever_it_leads():
    names = Names(["10.1.2.3"])
    own = {"own_urls": lambda: ["https://mock.example"], "names": names}
    assert "is this double itself" in asyncio.run(posted("https://mock.example/hook", **own)).reason


def test_another_program_on_this_machine_is_not_the_double():
    async def story():
        async with receiving() as receiver:
            own = f"http://127.0.0.1:{receiver.port + 1}"
            return await posted(receiver.url, own_urls=lambda: [own])

    assert asyncio.run(story()).delivered


def test_two_doubles_stop_after_one_hop():
    """What stands for a double here posts on, unless a double sent it: A tells B, and B tells nobody."""

    async def story():
        seen: list[str] = []

        def double(name: str, other: dict[str, str]):
            async def behave(receiver, writer):
                seen.append(name)
                if not is_hop(receiver.received[-1].headers):
                    await posted(other["url"])
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

            return behave

        to_a: dict[str, str] = {}
        to_b: dict[str, str] = {}
        async with receiving(double("A", to_b)) as a, receiving(double("B", to_a)) as b:
            to_a["url"], to_b["url"] = a.url, b.url
            reader, writer = await asyncio.open_connection("127.0.0.1", a.port)
            writer.write(b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
            await reader.read()
            writer.close()
            return seen, b.received[0].headers[HOP_HEADER.lower()]

    assert asyncio.run(story()) == (["A", "B"], "1")


def test_a_name_that_leads_nowhere_is_a_failure():
    names = Lookup(lambda _: "Name or service not known")
    answer = asyncio.run(posted("http://no-such-name.invalid/", names))
    assert answer == Answer(
        None, "no such host: 'no-such-name.invalid': Name or service not known", "", answer.duration_s
    )
    assert asyncio.run(posted("http://nothing.example/", Names([]))).reason == "no such host: no address"


def test_the_machine_is_asked_for_each_address_once():
    assert resolve("127.0.0.1") == ("127.0.0.1",)
    assert isinstance(resolve("a" * 64), str)


class SilentNames:
    """A resolver of the machine that says nothing until it is let go."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.asked: list[str] = []

    def resolve(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        self.free.wait(20)
        return ("127.0.0.1",)


@pytest.fixture
def silent():
    names = SilentNames()
    yield names
    names.free.set()


def test_a_silent_name_server_costs_its_own_deliveries_their_deadline_and_nobody_else(silent):
    async def story():
        one = Sender(Policy(), timeout_s=0.2, per_host=2, addresses=Lookup(silent.resolve).addresses)
        async with receiving() as receiver:
            slow = [
                asyncio.ensure_future(one.post(f"http://slow.example:{n}/", b"{}", {})) for n in range(1, 9)
            ]
            quick = await one.post(receiver.url.replace("127.0.0.1", "localhost"), b"{}", {})
            answers = await asyncio.gather(*slow)
        await one.close()
        return quick, answers

    quick, answers = asyncio.run(story())
    assert quick.delivered
    assert quick.duration_s < 1
    assert {answer.reason for answer in answers} == {"timed out"}
    assert silent.asked == ["slow.example"], "who asks for the same name shares the question"


def test_so_many_names_are_looked_up_at_the_same_time(silent):
    async def story():
        names = Lookup(silent.resolve)
        asked = [asyncio.ensure_future(names.addresses(f"n{n}.example")) for n in range(lookup.MAX_LOOKUPS)]
        await asyncio.sleep(0)
        with pytest.raises(NoSuchName):
            await names.addresses("one-more.example")
        silent.free.set()
        found = await asyncio.gather(*asked)
        return found[0], await names.addresses("one-more.example")

    assert asyncio.run(story()) == (("127.0.0.1",), ("127.0.0.1",))


def test_an_answer_after_the_loop_has_closed_disturbs_nobody(silent):
    async def story():
        asked = asyncio.ensure_future(Lookup(silent.resolve).addresses("late.example"))
        while not silent.asked:
            await asyncio.sleep(0)
        asked.cancel()

    asyncio.run(story())
    silent.free.set()
    for thread in threading.enumerate():
        if thread.name == "lookup late.example":
            thread.join(5)  # an exception in it would fail this test


def test_an_address_of_this_machine_can_be_bound():
    assert is_here("127.0.0.1")
    assert not is_here("203.0.113.7")
