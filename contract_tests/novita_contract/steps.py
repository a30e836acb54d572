"""What a case asked and was answered, step by step, told so that two runs tell the same.

Not yet fit to be kept: keys are gone, but long texts and secrets of other kinds are not (``case_file.py``).
Polls of one task are one step for as long as their answers say the same or move on: how many there
were, and what was seen on the way, is a matter of time (``lives.py`` keeps it apart).
Events of webhooks come when they like, so they stand by themselves, after the steps.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

from novita_contract.exchange import Exchange, named
from novita_contract.following import state_of
from novita_contract.likeness import ETAS, PROGRESSES, TEXT, UNDER_WAY, Sight, likeness
from novita_contract.lives import Sighting, seen, stand
from novita_contract.pictures import NoPicture, look_at
from novita_contract.references import LONGEST, SHORTEST_KEY, References, authority
from novita_contract.task_words import RANK, TERMINAL
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.redaction import HIDDEN, redacted_headers
from novita_mock.types import JSON

#: What the suite's receiver got.
WEBHOOK = "webhook"
#: Longest reply that is read as JSON, in bytes.
_MAX_JSON = 1 << 20
#: Headers of a request that say nothing of what was asked, or are told otherwise.
_USUAL = frozenset({
    "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "date",
    "host", "transfer-encoding", "user-agent", "x-omni-key",
})  # fmt: skip
_JSON_TYPE = "application/json"
_TOO_MANY = 429


@dataclass(slots=True)
class Told:
    """A case as a transcript has it.

    Attributes:
        steps: requests and replies, in order.
        events: what webhooks brought, task by task.
        sightings: every poll of a task, in order.
    """

    steps: list[dict[str, JSON]] = field(default_factory=list)
    events: list[dict[str, JSON]] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)


class Teller:
    """Tells the exchanges of one case.

    Args:
        contract: whose operations are asked.
        base: the target's address, where it is known.
    """

    def __init__(self, contract: Catalogue, base: str = "") -> None:
        self.names = References(base)
        self._rows = {row.name: row for row in contract.operations}
        self._seeds: set[str] = set()
        self._submits: dict[str, str] = {}
        self._polls: dict[str, tuple[dict[str, JSON], int]] = {}
        self._told = Told()

    def tell(self, exchanges: Sequence[Exchange]) -> Told:
        """All of them, in order."""
        for exchange in exchanges:
            self._seeds |= _seeds_in(exchange.sent)
        again = [_asked_again(*pair) for pair in pairwise(exchanges)]
        for exchange, repeated in zip(exchanges, [*again, False][: len(exchanges)], strict=True):
            if exchange.operation == WEBHOOK:
                self._told.events.append(self._event(exchange))
            elif not repeated:
                self._step(exchange)
        self._told.events.sort(key=_task_of_event)
        return self._told

    @property
    def sightings(self) -> list[Sighting]:
        """Every poll of a task that was told."""
        return self._told.sightings

    def text(self, text: str) -> str:
        """A text about these exchanges, by the names that they gave."""
        return self.names.text(text)

    def _step(self, exchange: Exchange) -> None:
        asked = self._asked(exchange)
        answered = self._answered(exchange)
        row = self._rows.get(exchange.operation)
        if row is not None and row.kind == "submit":
            self._remember(row, answered)
        if row is None or row.kind != "result":
            self._told.steps.append({"asked": asked, "answered": answered})
            return
        state = state_of(exchange)
        task = str(asked.get("query", {}).get("task_id", ""))
        if state:
            self._told.sightings.append(seen(exchange, self._submits.get(task, exchange.operation), state))
        self._poll(json.dumps(asked, sort_keys=True), {"asked": asked, "answered": answered}, state)

    def _poll(self, key: str, step: dict[str, JSON], state: str) -> None:
        """A poll that says the same as the one before, or more, takes its place."""
        if state in TERMINAL or (state and _keeps_the_law(step["answered"].get("body"))):
            step["polled"] = f"until {state}" if state in TERMINAL else UNDER_WAY
        rank = RANK.get(state, -1)
        before, reached = self._polls.get(key, ({}, -1))
        moves_on = before.get("polled") == UNDER_WAY and "polled" in step
        if before and rank >= reached and (moves_on or before["answered"] == step["answered"]):
            before.clear()
            before.update(step)
        else:
            self._told.steps.append(step)
            before = step
        self._polls[key] = before, rank

    def _remember(self, row: Operation, answered: JSON) -> None:
        body = answered.get("body")
        inner = body.get("data") if isinstance(body, dict) else None
        for place in (body, inner):
            if isinstance(place, dict) and isinstance(place.get("task_id"), str):
                self._submits[place["task_id"]] = row.name

    def _event(self, exchange: Exchange) -> dict[str, JSON]:
        asked: dict[str, JSON] = {
            "operation": WEBHOOK, "method": exchange.method, "url": self.names.hook(exchange.url),
            "type": _media_type(exchange.headers), "body": self._liked(exchange.sent, exchange),
        }  # fmt: skip
        return {"asked": asked, "answered": {"status": exchange.status}}

    def _asked(self, exchange: Exchange) -> dict[str, JSON]:
        parts = urlsplit(exchange.url)
        row = self._rows.get(exchange.operation)
        asked: dict[str, JSON] = {"operation": exchange.operation, "method": exchange.method}
        if row is not None and row.kind == "image":
            asked["url"] = self.names.link(exchange.url)
        elif row is None or row.method != exchange.method or not parts.path.endswith(row.path):
            asked["path"] = self.names.path(parts.path)
        if row is None or row.kind != "image":
            asked["key"] = self._key(exchange)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked |= {"query": self._liked(query, exchange)} if query else {}
        if exchange.sent is not None:
            asked["body"] = self._liked(named(exchange.sent), exchange)
            if _media_type(exchange.headers) != _JSON_TYPE:
                asked["type"] = _media_type(exchange.headers)
        more = {name: value for name, value in exchange.headers.items() if name.lower() not in _USUAL}
        return asked | ({"headers": redacted_headers(more)} if more else {})

    def _key(self, exchange: Exchange) -> str:
        scheme, key = authority(exchange.headers)
        omni = next((value for name, value in exchange.headers.items() if name.lower() == "x-omni-key"), "")
        if omni:
            return f"X-Omni-Key {self.names.key(omni)}"
        return f"{scheme} {self.names.key(key)}".strip() or "none"

    def _answered(self, exchange: Exchange) -> dict[str, JSON]:
        if not exchange.status:
            return {"status": 0, "problem": exchange.problem.partition(":")[0]}
        answered: dict[str, JSON] = {"status": exchange.status, "type": exchange.media_type}
        if exchange.media_type.startswith("image/") and exchange.status < 400:
            return answered | _picture(exchange)
        return answered | ({"body": self._body(exchange)} if exchange.content else {})

    def _body(self, exchange: Exchange) -> JSON:
        if len(exchange.content) > _MAX_JSON:
            return "<too long to be told>"
        try:
            body = exchange.body
        except (ValueError, RecursionError):
            if exchange.media_type == _JSON_TYPE:
                return "<no JSON>"
            text = exchange.content[:2000].decode("utf-8", "backslashreplace").strip()
            return f"{TEXT} {self.text(_without(text, exchange.keys))}"
        return self._liked(body, exchange)

    def _liked(self, body: JSON, exchange: Exchange) -> JSON:
        row = self._rows.get(exchange.operation)
        sight = Sight(
            self.names, self._key(exchange), frozenset(self._seeds),
            under_way=row is not None and row.kind == "result" and state_of(exchange) not in ("", *TERMINAL),
            models=row is not None and row.kind == "models",
        )  # fmt: skip
        return likeness(_without(body, exchange.keys), sight)


def _without(value: JSON, keys: Sequence[str]) -> JSON:
    """A key that comes back is hidden before anything else is done with the text it stands in."""
    if isinstance(value, dict):
        return {_without(name, keys): _without(item, keys) for name, item in value.items()}
    if isinstance(value, list):
        return [_without(item, keys) for item in value]
    if isinstance(value, str) and len(value) <= LONGEST:
        for key in keys:
            value = value.replace(key, HIDDEN) if len(key) >= SHORTEST_KEY else value
    return value


def _keeps_the_law(body: JSON) -> bool:
    """Whether the numbers of a task that is under way became marks."""
    place = stand(body)
    told = [place[name] for name in (*ETAS, *PROGRESSES) if name in place]
    return all(isinstance(value, str) and value.startswith("<") for value in told)


def _asked_again(exchange: Exchange, later: Exchange) -> bool:
    """Whether a request was lost or put off, and then sent once more: that says nothing of the target."""
    same = (exchange.method, exchange.url, exchange.headers) == (later.method, later.url, later.headers)
    return same and exchange.method in ("GET", "HEAD") and exchange.status in (0, _TOO_MANY)


def _picture(exchange: Exchange) -> dict[str, JSON]:
    if exchange.method == "HEAD":
        return {"length": "<length>" if exchange.reply_headers.get("content-length", "0") != "0" else "none"}
    try:
        seen = look_at(exchange.content)
    except NoPicture as problem:
        return {"picture": f"none: {str(problem).partition(':')[0]}"}
    return {"picture": {"format": seen.kind, "width": seen.width, "height": seen.height, "mode": seen.mode}}


def _media_type(headers: Mapping[str, str]) -> str:
    found = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return found.partition(";")[0].strip().lower()


def _seeds_in(sent: JSON) -> set[str]:
    """The seeds that a request asks for; -1 leaves the choice to the target."""
    request = sent.get("request") if isinstance(sent, dict) else None
    seed = request.get("seed") if isinstance(request, dict) else None
    return (
        set() if seed is None or isinstance(seed, dict | list) or str(seed).startswith("-") else {str(seed)}
    )


def _task_of_event(event: dict[str, JSON]) -> tuple[str, str]:
    body = event["asked"]["body"]
    payload = body.get("payload") if isinstance(body, dict) else None
    task = payload.get("task") if isinstance(payload, dict) else None
    told = task.get("task_id") if isinstance(task, dict) else ""
    return str(event["asked"]["url"]), str(told)
