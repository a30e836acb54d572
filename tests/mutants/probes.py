"""What shows a mutation: a few requests, and what comes of them in words that are the same in every run."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from mutants.fields import base, contract
from mutants.witness import Probe, Witness
from novita_mock.catalogue import Operation
from novita_mock.types import JSON

#: Wall seconds that a client waits who is meant to lose patience, and one who is not.
IMPATIENT_S, PATIENT_S = 2.0, 60.0
#: Seconds of account time between polls: the task waits, is worked on, is worked on, has ended, still has.
_STEPS = (0.0, 0.6, 0.3, 60.0, 0.0)
#: Seconds of account time in which each retry of a webhook falls due.
_END_S = 1.8
_RETRIES = (1.0, 2.0, 4.0, 8.0, 16.0, 60.0)


def asked(name: str, make: Callable[[], JSON], label: str) -> Probe:
    """A request as it stands, and its reply."""
    row = contract().operation(name)
    return Probe(f"asked {name} {label}", lambda witness: _asked(witness, row, make())[1])


def flow(
    name: str, label: str = "", change: Callable[[JSON], object] = lambda body: None, **options: Any
) -> Probe:
    """A task from its submit to its pictures."""
    return Probe(f"flow {name} {label}", lambda witness: _flow(witness, name, change, **options))


def seeds(label: str, *probes: Probe) -> Probe:
    """Which of the seeds of several tasks are none, and which are the same; not what was drawn."""

    def look(witness: Witness) -> JSON:
        found = [json.dumps(probe.look(witness)[-1]) for probe in probes]
        told = [re.findall(r'"seed": "([^"]*)"', text) for text in found]
        return [[seed.isdecimal() for each in told for seed in each], [told.index(each) for each in told]]

    return Probe(label, look)


def several(label: str, *probes: Probe) -> Probe:
    """One after the other."""
    return Probe(label, lambda witness: [probe.look(witness) for probe in probes])


def once(
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    **more: Any,
) -> Probe:
    """One plain request."""
    return Probe(
        f"once {method} {target} {headers} {content!r}",
        lambda witness: witness.send(method, target, headers=headers, content=content, **more)[1],
    )


def events(
    label: str,
    statuses: tuple[int, ...] = (),
    change: Callable[[JSON], object] = lambda body: None,
    name: str = "upscale",
) -> Probe:
    """A task with a webhook: what its receiver gets, answering with these statuses and then 200."""
    return Probe(
        f"events {name} {label} {statuses}", lambda witness: _events(witness, name, statuses, change)
    )


def path_of(name: str) -> str:
    """The path of an operation."""
    return contract().operation(name).path


def _asked(witness: Witness, row: Operation, body: JSON) -> tuple[httpx2.Response | None, JSON]:
    if row.query:
        return witness.send(row.method, row.path, params=body)
    return witness.send(row.method, row.path, json=body)


def _flow(
    witness: Witness,
    name: str,
    change: Callable[[JSON], object],
    *,
    links: bool = True,
    impatient: bool = False,
    after_s: float = 0.0,
    again_s: float = 0.0,
) -> JSON:
    body = base(name)
    change(body)
    row = contract().operation(name)
    reply, told = _asked(witness, row, body)
    task_id = _task_id(reply)
    seen: list[JSON] = [told]
    if not task_id:
        return seen
    follower = contract().operation("progress" if row.dialect == "v2" else "task-result")
    timeout = IMPATIENT_S if impatient else PATIENT_S
    for seconds in _STEPS:
        if seconds:
            witness.advance(seconds)
        reply, told = witness.send("GET", follower.path, params={"task_id": task_id}, timeout=timeout)
        seen.append(told)
    if after_s:
        witness.advance(after_s)
    for url in _links(reply) if links else ():
        bare = {"headers": {"Authorization": ""}, "timeout": timeout}
        seen += [witness.send(method, url, **bare)[1] for method in ("GET", "HEAD", "GET")]
        if again_s:
            witness.advance(again_s)
            seen.append(witness.send("GET", url, **bare)[1])
    return seen


def _events(witness: Witness, name: str, statuses: tuple[int, ...], change: Callable[[JSON], object]) -> JSON:
    witness.hook.begin(*statuses)
    body = base(name) | {"extra": {"webhook": {"url": witness.hook.url}}}
    change(body)
    reply, told = _asked(witness, contract().operation(name), body)
    counts = []
    for seconds in (_END_S, *_RETRIES):
        witness.advance(seconds)
        counts.append(len(witness.hook.received))
    poll = witness.send("GET", path_of("task-result"), params={"task_id": _task_id(reply) or "none"})[1]
    return [told, poll, counts, witness.plain(witness.hook.received)]


def _task_id(reply: httpx2.Response | None) -> str | None:
    try:
        body: JSON = reply.json() if reply else None
        found = body.get("data", body)["task_id"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if isinstance(found, str) and found else None


def _links(reply: httpx2.Response | None) -> list[str]:
    try:
        body = reply.json() if reply else {}
        found = body["data"]["imgs"] if "data" in body else [image["image_url"] for image in body["images"]]
    except (ValueError, KeyError, TypeError):
        return []
    return [url for url in found or () if isinstance(url, str) and url.startswith("http")]
