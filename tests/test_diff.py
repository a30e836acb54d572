"""``novita-mock diff``: real runs against real doubles, and what a person and a program get to read."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace

import click
import pytest
from jsonschema import Draft202012Validator

from novita_contract import diff_report
from novita_contract.comparing import Side, compare
from novita_contract.diff_command import diff_command
from novita_contract.diff_report import as_json, document, grouped, told, verdict
from novita_contract.options import Options, OptionsError
from novita_contract.report import Reading
from novita_contract.runner import run
from novita_contract.sides import Unanswered, recorded
from novita_contract.transcript import TranscriptError, load
from novita_contract.triage import Move
from novita_contract.verdicts import Verdict
from novita_mock.server import running
from novita_mock.settings import Settings
from recorded import CANARY, finding, outcome, poll, written

#: Some of each kind: refusals, quirks, whole flows with pictures and a webhook, drawn requests.
SELECT = (
    "RES-KEY-*", "RES-TASK-UNKNOWN-*", "QRK-MISSING-KEY", "QRK-FINAL-PROGRESS", "QRK-IMAGE-URL-TTL",
    "QRK-SEED-ECHO", "UPS-RESULT-LINK-STAYS", "I2I-RESULT-SEED-SAME", "WEB-UPS-ARRIVES",
    "UPS-PROPERTY-BROKEN", "MOD-*",
)  # fmt: skip
SMALL = ("RES-TASK-UNKNOWN-*", "QRK-MISSING-KEY", "QRK-FINAL-PROGRESS", "QRK-IMAGE-URL-TTL")
OPTIONS = Options(profile="quick", seed=1, select=SELECT)


def record(folder, **changes):
    report = run(replace(OPTIONS, record=folder, **changes))
    assert not report.trouble
    return Side(folder.name, load(folder))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs against private doubles: two that are equal, and one with another seed."""
    base = tmp_path_factory.mktemp("runs")
    return {
        "one": record(base / "one"),
        "again": record(base / "again", workers=3),
        "other": record(base / "other", seed=2, random_order=True),
    }


def diff(*arguments, environ=None):
    """The exit code of the command."""
    return diff_command.main(list(arguments), standalone_mode=False, obj={"environ": environ or {}})


def selecting(patterns=SMALL):
    return ["--profile", "quick", "--seed", "1", *(word for name in patterns for word in ("--select", name))]


def test_two_runs_with_one_seed_are_the_same_byte_by_byte_but_for_the_date(runs):
    one, again = (runs[name].transcript.folder for name in ("one", "again"))
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(names) > 30
    assert names == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    differing = [str(name) for name in names if (one / name).read_bytes() != (again / name).read_bytes()]
    assert set(differing) <= {"run.json", "lives.json"}
    first, second = runs["one"].transcript.run, runs["again"].transcript.run
    assert {name for name in first if first[name] != second[name]} <= {"date"}


def test_a_double_does_not_differ_from_itself_whatever_the_seed(runs):
    for name in ("again", "other"):
        found = compare(runs["one"], runs[name])
        assert found.differences == ()
        assert found.alike == ()
        assert found.agreed > 30
    drawn = {case.case for case in found.unchecked}
    assert drawn <= {"UPS-PROPERTY-BROKEN"}, "what chance drew otherwise is not checked, and nothing else"


#: Where quirks show in these cases, their own readings aside.
SHOWN = {
    "image-url-ttl=integer": {"/images/0/image_url_ttl", "/payload/images/0/image_url_ttl"},
    "final-progress=100": {"/task/progress_percent", "/payload/task/progress_percent"},
    "missing-key=403": {"status", "/reason"},
}


@pytest.mark.parametrize("quirks", [["image-url-ttl=integer"], ["final-progress=100", "missing-key=403"]])
def test_quirks_that_are_switched_give_exactly_their_differences(runs, quirks, tmp_path):
    switched = dict(quirk.split("=") for quirk in quirks)
    found = compare(runs["one"], record(tmp_path / "switched", double_quirks=switched))
    assert {difference.move for difference in found.differences} == {Move.DOUBLE}
    for quirk in quirks:
        places = {each.where for each in found.differences if each.quirk == quirk}
        assert places == SHOWN[quirk] | {f"quirk {quirk.partition('=')[0]}"}
    assert {difference.quirk for difference in found.differences} == set(quirks)
    assert len(grouped(found.differences)) == len(quirks)
    assert found.agreed < found.compared
    assert not found.alike


@pytest.fixture(scope="module")
def real():
    """What stands for the real service: a double of a reading of its own, behind one key."""
    quirk = ("image-url-ttl=integer", "result-webhook=absent")
    with running(Settings(port=0, speed=0.0, seed=5, key=(CANARY,), quirk=quirk, quiet=True)) as url:
        yield url


#: What is asked of the real service, which costs.
PAID = ("QRK-IMAGE-URL-TTL", "QRK-RESULT-WEBHOOK", "UPS-RESULT-PLAIN", "RES-TASK-UNKNOWN-*", "RES-KEY-*")
LIVE_KEY = {"NOVITA_API_KEY": CANARY, "OTHER": CANARY}


@pytest.fixture(scope="module")
def on_live(real, tmp_path_factory):
    """The options of a run on what stands for the real service."""
    prices = [word for name in ("upscale", "img2img", "upscale-v2") for word in ("--price", f"{name}=0.001")]
    ledger = ["--ledger", str(tmp_path_factory.mktemp("ledger") / "ledger.jsonl"), "--budget-usd", "5"]
    return [*selecting(PAID), "--live-url", real, *prices, *ledger, "--yes"]


@pytest.fixture(scope="module")
def against_live(on_live, tmp_path_factory):
    """``diff live mock``: what it printed as JSON, and the folder of what was recorded."""
    kept = tmp_path_factory.mktemp("kept")
    out = io.StringIO()
    with redirect_stdout(out):
        assert diff("live", "mock", *on_live, "--json", "--keep", str(kept), environ=LIVE_KEY) == 1
    return json.loads(out.getvalue()), kept


def test_live_that_differs_moves_docs_or_schema_and_never_the_double(against_live):
    found, _ = against_live
    assert found["pair"] == "a double and the live service"
    assert {(each["quirk"], each["move"]) for each in found["differences"]} == {
        ("image-url-ttl=integer", "docs"), ("result-webhook=absent", "schema"),
    }  # fmt: skip
    assert {each["left_conduct"] for each in found["differences"]} == {"deviates"}
    assert {each["case"] for each in found["unchecked"] if each["right"]} <= {"RES-KEY-BEFORE-BODY"}


def test_a_recorded_run_stands_for_the_run_itself(against_live, on_live, capsys):
    asked, kept = against_live
    left, right = str(kept / "left"), str(kept / "right")
    assert diff(left, right, "--json") == 1
    read = json.loads(capsys.readouterr().out)
    assert (read.pop("left"), read.pop("right")) == (left, right)
    assert read == {name: value for name, value in asked.items() if name not in ("left", "right")}
    assert diff(left, "live", *on_live, "--quiet", environ=LIVE_KEY) == 0
    assert capsys.readouterr().out.startswith(f"{left} and live do the same in ")


def test_no_byte_that_is_kept_of_a_run_holds_a_secret_or_a_picture(against_live):
    asked, kept = against_live
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert len(files) > 20
    written_down = b"".join(path.read_bytes() for path in files) + json.dumps(asked).encode()
    assert b"X-Amz-Signature" in written_down, "links are there, by their shape"
    for secret in (CANARY.encode(), b"Signature=", b"Credential=", b"iVBOR"):
        assert secret not in written_down


def test_a_recorded_side_says_which_profile_and_seed_the_other_is_asked_with(runs, tmp_path, capsys):
    folder = str(runs["other"].transcript.folder)
    patterns = [word for name in SMALL for word in ("--select", name)]
    assert diff(folder, "mock", *patterns, "--keep", str(tmp_path / "kept")) == 0
    again = load(tmp_path / "kept" / "right").run
    assert (again["seed"], again["profile"]) == (2, "quick")
    told = capsys.readouterr()
    assert told.out.strip().splitlines()[-1].startswith(f"{folder} and mock do the same in ")
    assert told.err.startswith("asking mock\nrules "), "whoever waits is told for what, and how far it is"


def test_two_folders_are_compared_without_asking_anybody(runs, tmp_path, capsys):
    one, again = (str(runs[name].transcript.folder) for name in ("one", "again"))
    assert diff(one, again) == 0
    assert "do the same in" in capsys.readouterr().out
    assert diff(one, again, "--select", "no-such-case") == 0
    assert "were not compared: no case was checked on both" in capsys.readouterr().out
    assert diff(one, one, "--select", "RES-TASK-*", "--json") == 0
    assert json.loads(capsys.readouterr().out)["cases"]["compared"] == 2


@pytest.mark.parametrize("names", [("/no/such/folder", "mock"), ("mock", "nowhere"), ("README.md", "mock")])
def test_a_side_that_is_neither_a_target_nor_a_transcript_is_wrong_use(names):
    with pytest.raises(TranscriptError) as raised:
        diff(*names, *selecting())
    assert raised.value.hint


def test_live_is_not_asked_before_all_that_it_needs_is_there(tmp_path, real):
    kept = tmp_path / "kept"
    with pytest.raises(OptionsError) as raised:
        diff("mock", "live", *selecting(PAID), "--live-url", real, "--keep", str(kept))
    for needed in ("key", "--budget-usd", "--price", "--yes"):
        assert needed in f"{raised.value} {raised.value.hint}"
    assert not kept.exists()


def test_a_target_that_nobody_answers_at_is_told_with_exit_code_3(capsys):
    assert diff("http://127.0.0.1:9", "mock", *selecting()) == 3
    assert capsys.readouterr().err.count("error: ") == 1


def test_a_run_that_is_broken_off_is_no_comparison(tmp_path):
    class Impatient:
        begin = end = lambda self, *_: None

        def done(self, outcome):
            raise KeyboardInterrupt

    with pytest.raises(Unanswered) as raised:
        recorded(replace(OPTIONS, select=SMALL[:1]), tmp_path / "t", Impatient())
    assert raised.value.code == 130


def test_the_command_needs_two_sides():
    with pytest.raises(click.UsageError):
        diff("mock")


@pytest.fixture
def made(tmp_path):
    """A comparison of invented runs: one difference in two cases, one alike, two not checked."""

    def side(name, target, ttl, **about):
        image = {
            "image_url": "https://x/y",
            "image_url_ttl": ttl,
            "image_type": "png",
            "nsfw_detection_result": None,
        }
        shown = poll(images=[image])
        both = {"verdict": Verdict.FAIL, "findings": [finding(claim="upscale.status-codes", where="status")]}
        cases = [
            (outcome("A"), [shown]), (outcome("B"), [shown]), (outcome("C", **both), [poll()]),
            (outcome("D", verdict=Verdict.SKIP, said="no second account"), []),
        ] + ([(outcome("E"), [poll()])] if target == "mock" else [])  # fmt: skip
        row = Reading("image-url-ttl", "", "string", {"3600": "string"}.get(ttl, "integer"), "observed")
        return Side(target, written(tmp_path / name, cases, target=target, readings=[row], **about))

    return compare(side("left", "mock", "3600"), side("right", "live", 3600, seed=3))


def test_the_json_is_as_its_schema_says(made):
    schema = diff_report.schema()
    Draft202012Validator.check_schema(schema)
    document_ = json.loads(as_json(made))
    Draft202012Validator(schema).validate(document_)
    assert document_ == document(made)
    assert document_["cases"] == {"compared": 3, "agreed": 1, "unchecked": 2}
    assert document_["moves"] == {"docs": 3, "schema": 0, "double": 0, "live": 0, "nobody": 0}
    for name in schema["required"]:
        assert f"``{name}``" in diff_report.__doc__


def test_the_schema_of_the_json_would_find_a_wrong_document(made):
    validator = Draft202012Validator(diff_report.schema())
    assert not validator.is_valid(document(made) | {"more": 1})
    assert not validator.is_valid(document(made) | {"pair": "two cats"})
    broken = document(made)
    broken["differences"][0]["move"] = "somebody"
    assert not validator.is_valid(broken)


def test_a_person_reads_what_differs_whose_move_it_is_why_and_what_was_not_checked(made):
    assert told(made).splitlines() == [
        "   MOVE  WHERE                mock    live     CASES",
        "1  docs  quirk image-url-ttl  string  integer  3",
        "",
        "1  the pages contradict each other, and one side follows another than we do"
        " (quirk image-url-ttl=integer)",
        "   claim: upscale.example.image-url-ttl · quirk image-url-ttl is read as string",
        "   also at task-result /images/*/image_url_ttl",
        "   seen in QRK-IMAGE-URL-TTL, A, B",
        "",
        "both do alike, and not as expected:",
        "docs   status: that",
        "       mock and live do the same, and not what the page says; seen in C",
        "",
        "not checked: no second account (D)",
        "live not checked: this side was not asked it (E)",
        "",
        "note: the two were recorded with different seeds: 0 and 3",
        "",
        "mock and live differ in 1 way (whose move: 1 docs); 1 of 3 cases agree; 2 cases not checked",
    ]


def test_the_verdict_is_one_sentence_that_never_calls_unchecked_agreement(made):
    agreed = replace(made, differences=(), unchecked=())
    assert verdict(agreed) == "mock and live do the same in 1 case"
    nothing = replace(made, differences=(), compared=0, agreed=0)
    assert (
        verdict(nothing)
        == "mock and live were not compared: no case was checked on both; 2 cases not checked"
    )


def test_what_a_terminal_would_obey_is_written_out(made):
    first = replace(made.differences[0], left="\x1b[31mred", why="\u202eturned")
    text = told(replace(made, differences=(first,)))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\u001b[31mred" in text
