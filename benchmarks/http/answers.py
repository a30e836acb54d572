"""What every server answers to good and to bad requests: shown before any of them is timed."""

import json
import sys
from collections.abc import Sequence

import telling
from sides import ROOT, Side, answer, answers
from works import IMG2IMG, RESULT, UPSCALE

sys.path.insert(0, str(ROOT / "mock_server"))
sys.path.insert(0, str(ROOT / "contract_tests"))

from novita_contract.boundaries import Probe, probes
from novita_mock.catalogue import load

#: How many of each are sent.
MANY = 200
#: A request: its path, and its body.
Sent = tuple[str, bytes]


def good_and_bad(many: int = MANY) -> tuple[list[Sent], list[Sent]]:
    """Bodies that must be accepted, and bodies that are broken in one way each, the same in every run.

    They are the probes of the contract tests: both sides of every bound of the two submits, evenly taken.
    """
    catalogue = load()
    found: dict[bool, list[Sent]] = {True: [], False: []}
    for operation in catalogue.operations:
        if operation.path in (UPSCALE, IMG2IMG):
            for probe in probes(catalogue, operation):
                if not (probe.heavy or probe.same_as):
                    found[probe.accepted].append((operation.path, _text(probe)))
    return _evenly(found[True], many), _evenly(found[False], many)


def compared(sides: Sequence[Side], task_id: str, many: int = MANY) -> dict[str, dict[str, int]]:
    """Of each side how many of the good bodies it accepted, and how many of the bad ones it refused.

    And whether it answers the poll of a task as the first side does.
    """
    good, bad = good_and_bad(many)
    found = {}
    polled = [answer(side, "GET", f"{RESULT}?task_id={task_id}") for side in sides]
    for side, (status, reply) in zip(sides, polled, strict=True):
        statuses = [
            [status for status, _ in answers(side, [("POST", path, body) for path, body in sent])]
            for sent in (good, bad)
        ]
        found[side.name] = {
            "good": len(good),
            "accepted": sum(status == 200 for status in statuses[0]),
            "bad": len(bad),
            "refused": sum(400 <= status < 500 for status in statuses[1]),
            "same": status == 200 and json.loads(reply) == json.loads(polled[0][1]),
        }
    return found


def shown(found: dict[str, dict[str, int]]) -> str:
    """The table."""
    return telling.table(
        ["server", "good bodies accepted", "bad bodies refused", "a poll answered as by the double"],
        [
            [
                name,
                f"{each['accepted']} of {each['good']}",
                f"{each['refused']} of {each['bad']}",
                "yes" if each["same"] else "no",
            ]
            for name, each in found.items()
        ],
    )


def _text(probe: Probe) -> bytes:
    return json.dumps(probe.body).encode()


def _evenly(found: list[Sent], many: int) -> list[Sent]:
    many = min(many, len(found))
    return [found[place * len(found) // many] for place in range(many)]
