"""Mutations of money: how the balance is told, and what it costs to be refused."""

from collections.abc import Iterator

from mutants.changes import Group, replied, worse
from mutants.fields import base
from mutants.messages import Call, Reply, told
from mutants.mutation import MONEY, Behaviour, Mutation
from mutants.probes import path_of
from mutants.replies import is_refusal, succeeded
from mutants.witness import Probe, Witness
from novita_mock.types import JSON


class Frozen(Behaviour):
    """Tells the first balance that an account ever had."""

    def __init__(self) -> None:
        self._told: dict[str, JSON] = {}

    def concerns(self, call: Call) -> bool:
        return call.name == "user"

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        if not succeeded(call, reply):
            return reply
        return reply.with_json(self._told.setdefault(call.key, reply.json))


class Charging(Behaviour):
    """Takes money for each refusal."""

    def __init__(self) -> None:
        self._refused: dict[str, int] = {}

    def concerns(self, call: Call) -> bool:
        return call.name in ("user", "upscale", "img2img", "upscale-v2")

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        if call.name != "user":
            self._refused[call.key] = self._refused.get(call.key, 0) + is_refusal(call, reply)
            return reply
        if not succeeded(call, reply):
            return reply
        return reply.with_json(
            {"credit_balance": reply.json["credit_balance"] - 100 * self._refused.get(call.key, 0)}
        )


def mutations() -> Iterator[Mutation]:
    """All of them."""
    yield from _of_forms().made
    yield from _of_amounts().made


def _of_forms() -> Group:
    probe = Probe("the balance", lambda witness: witness.send("GET", path_of("user"))[1])
    group = Group(
        MONEY, "user: the balance ", "1.8", ("user",), ("credit_balance", "balance", "body", "status"), probe
    )
    for label, title, change in (
        ("as text", "is a text", lambda body: {"credit_balance": str(body["credit_balance"])}),
        ("in a wrapper", "is in data", lambda body: {"data": body}),
        ("called balance", "is called balance", lambda body: {"balance": body["credit_balance"]}),
        (
            "as an object",
            "is an object",
            lambda body: {"credit_balance": {"usd": body["credit_balance"] / 10_000}},
        ),
        ("null", "is null", lambda body: {"credit_balance": None}),
        ("in USD", "is in USD", lambda body: {"credit_balance": body["credit_balance"] / 10_000}),
    ):
        group.add(label, title, worse("user", change))
    group.add("is 404", "is not there", replied("user", _nothing))
    return group


def _of_amounts() -> Group:
    group = Group(
        MONEY,
        "user: the balance ",
        "1.8",
        ("user",),
        ("balance", "credit_balance", "cost", "charge"),
        _spent(),
    )
    group.add("never falls", "never falls", Frozen)
    group.add("falls for refusals", "falls for refusals too", Charging)
    return group


def _spent() -> Probe:
    def look(witness: Witness) -> JSON:
        seen = []
        for body in ({"request": {}}, base("upscale")):
            seen += [
                witness.send("GET", path_of("user"))[1],
                witness.send("POST", path_of("upscale"), json=body)[1],
            ]
        return [*seen, witness.send("GET", path_of("user"))[1]]

    return Probe("the balance before and after", look)


def _nothing(reply: Reply, call: Call) -> Reply:
    body = {"code": 404, "reason": "API_NOT_FOUND", "message": "there is no such path", "metadata": {}}
    return told(404, body)
