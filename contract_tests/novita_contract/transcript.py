"""What a target asked and answered in a run, kept so that it can be compared with another run.

A transcript is a folder:

- ``run.json``: the target, the date, versions, seed, profile, and how the target reads the quirks;
- ``cases/ID.json``: one case: its claims, its verdict, and its steps (``steps.py``); what was asked once
  for several cases looks like a case of the layer ``shared``;
- ``lives.json``: what was seen of tasks on their way, over the whole run (``lives.py``), and which of
  what was asked for several cases each case looked at.

A case is written whole or not at all, when it ends, so that a crash loses nothing that was done.
Two runs of one target with the same seed give the same bytes, but for the date in ``run.json`` and
for ``lives.json``, which is about what a moment's luck decides.
No key, no signature of a link and no picture is in it.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock

from novita_contract.case_file import case_file, own, shared, shared_file
from novita_contract.display import Display
from novita_contract.exchange import Exchange
from novita_contract.lives import Lives
from novita_contract.options import LIVE
from novita_contract.report import Report
from novita_contract.steps import WEBHOOK, Teller
from novita_contract.verdicts import Outcome
from novita_mock import catalogue
from novita_mock.types import JSON

#: What ``run.json`` begins with. The number rises when a field goes or changes its meaning.
FORMAT, VERSION = "novita-mock transcript", 1
RUN, LIVES, CASES = "run.json", "lives.json", "cases"
#: Kinds of targets.
DOUBLE = "double"
_UNFIT = re.compile(r"[^A-Za-z0-9._-]")


class TranscriptError(Exception):
    """A folder that can't be taken for a transcript; ``hint`` says what to type instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript that was read.

    Attributes:
        folder: where it is.
        run: what ``run.json`` says.
        cases: what each case's file says, by its id.
        lives: what was seen of tasks on their way, by operation.
        looked_at: what of the layer ``shared`` each case looked at.
    """

    folder: Path
    run: JSON
    cases: Mapping[str, JSON]
    lives: JSON
    looked_at: Mapping[str, Sequence[str]]

    @property
    def name(self) -> str:
        """The target: ``mock``, ``live`` or its address."""
        return str(self.run["target"]["name"])

    @property
    def kind(self) -> str:
        """``live`` or ``double``; what is at an address of its own is a double."""
        return str(self.run["target"]["kind"])

    @property
    def whole(self) -> bool:
        """Whether the run came to its end."""
        return bool(self.run["whole"])


class Recorder:
    """Writes a transcript; may be told of cases from any thread.

    Args:
        folder: a new one, or one with an earlier transcript, which is replaced.

    Raises:
        TranscriptError: it holds something else, or can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lives = Lives()
        self._lock = Lock()
        self._base = ""
        self._shared: dict[str, str] = {}
        self._looked_at: dict[str, list[str]] = {}
        try:
            _make_room(folder)
            self._write(
                RUN, _head() | {"whole": False, "target": {"kind": DOUBLE, "name": "a run without an end"}}
            )
        except OSError as problem:
            raise TranscriptError(
                f"{folder} can't be written: {problem.strerror}", "--record FOLDER"
            ) from None
        self._contract = catalogue.load()

    def add(self, outcome: Outcome, exchanges: Sequence[Exchange]) -> None:
        """Write one case down: how it ended, and all that was asked and answered in it, in order.

        What was asked once for several cases is written down by itself, once.
        """
        with self._lock:
            self._base = self._base or _base(exchanges)
            looked_at = shared(exchanges)
            self._looked_at[outcome.case.id] = list(looked_at)
            new = {name: each for name, each in looked_at.items() if name not in self._shared}
            self._shared |= dict.fromkeys(new, "")
        teller = Teller(self._contract, self._base)
        self._keep(case_file(outcome, own(exchanges), teller), teller)
        for name, each in new.items():
            teller = Teller(self._contract, self._base)
            told = shared_file(name, each, teller)
            self._shared[name] = str(told["case"])
            self._keep(told, teller)

    def _keep(self, told: dict[str, JSON], teller: Teller) -> None:
        with self._lock:
            self._lives.add(teller.sightings)
            self._write(f"{CASES}/{file_name(str(told['case']))}", told)

    def close(self, report: Report) -> None:
        """Write down what the run was, and what it saw as a whole."""
        with self._lock:
            looked_at = {
                case: sorted({self._shared[name] for name in names})
                for case, names in sorted(self._looked_at.items())
                if names
            }
            self._write(LIVES, {"lives": self._lives.told(), "looked_at": looked_at})
            self._write(RUN, _head() | _run(report))

    def _write(self, name: str, value: JSON) -> None:
        path = self._folder / name
        beside = path.with_name(f".{path.name}.part")
        beside.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
        os.replace(beside, path)


def file_name(case_id: str) -> str:
    """The name of a case's file."""
    return _UNFIT.sub(lambda found: f"%{ord(found[0]):02X}", case_id) + ".json"


def is_transcript(folder: Path) -> bool:
    """Whether a folder holds a transcript, of whatever version."""
    try:
        head = json.loads((folder / RUN).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(head, dict) and head.get("format") == FORMAT


def load(folder: Path) -> Transcript:
    """Read a transcript.

    Raises:
        TranscriptError: the folder holds none, or one of another version, or one that is damaged.
    """
    hint = "novita-mock conform --record FOLDER makes one"
    if not is_transcript(folder):
        raise TranscriptError(f"{folder} holds no transcript", hint)
    try:
        run = json.loads((folder / RUN).read_text("utf-8"))
        if run["version"] != VERSION:
            raise TranscriptError(
                f"{folder} is a transcript of version {run['version']}, not {VERSION}", hint
            )
        files = sorted((folder / CASES).glob("*.json"))
        cases = [json.loads(path.read_text("utf-8")) for path in files]
        more = json.loads((folder / LIVES).read_text("utf-8")) if (folder / LIVES).exists() else {}
        by_id = {case["case"]: case for case in cases}
        return Transcript(folder, run, by_id, more.get("lives", {}), more.get("looked_at", {}))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise TranscriptError(f"{folder} is damaged: {type(problem).__name__}: {problem}", hint) from None


def _make_room(folder: Path) -> None:
    """What is there already must be ours to be taken away."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        if not is_transcript(folder):
            raise TranscriptError(
                f"{folder} holds something else than a transcript", "--record with a new folder"
            )
        for path in [*(folder / CASES).glob("*.json"), folder / LIVES]:
            path.unlink(missing_ok=True)
    (folder / CASES).mkdir(parents=True, exist_ok=True)


def _head() -> dict[str, JSON]:
    return {"format": FORMAT, "version": VERSION}


def _run(report: Report) -> dict[str, JSON]:
    display = Display.of(report)
    kind = LIVE if report.target == LIVE else DOUBLE
    versions = {name: display.text(value) for name, value in sorted(report.versions.items())}
    return {
        "whole": not (report.interrupted or report.over_budget or report.trouble),
        "target": {"kind": kind, "name": display.text(report.target)},
        "date": report.started, "seed": report.seed, "profile": report.profile, "versions": versions,
        "schemas": versions.get("schemas", ""),
        "readings": [asdict(reading) for reading in sorted(report.readings, key=lambda reading: reading.id)],
    }  # fmt: skip


def _base(exchanges: Sequence[Exchange]) -> str:
    """The address of the target, from the first request that was not about a link or a webhook."""
    asked = (exchange for exchange in exchanges if exchange.operation not in (WEBHOOK, "image", "image-v2"))
    return next((exchange.url.partition(exchange.path)[0] for exchange in asked if exchange.path), "")
