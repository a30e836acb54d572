"""The folder of reports: every file, whole or not at all, and no secret in any byte of them."""

import base64
import json
import os
from dataclasses import replace
from urllib.parse import quote

import pytest

from novita_contract.baseline import updated
from novita_contract.options import OptionsError
from novita_contract.pictures import PictureText, made
from novita_contract.report import DEVIATES, Reading
from novita_contract.report_folder import write
from novita_contract.report_json import as_text, document
from novita_contract.terminal import told
from novita_contract.verdicts import Outcome, Verdict
from report_samples import SAMPLES, case, every_verdict, exchange, finding, large, passing, polled, report

FILES = ["index.html", "conformance.json", "junit.xml", "requests.har", "summary.md", "badge.json"]

KEY, PLAIN_KEY, ODD_KEY = "sk_canary_0f1e2d3c4b5a6978", "canarykeythatlookslikenokey", "canary+key/with=signs"
SIGNATURE = "c0ffee00" + "0123456789abcdef" * 3 + "c0ffee11"
LINK = f"http://127.0.0.1:4077/prod/a/b.png?X-Amz-Credential=canarycredential&X-Amz-Signature={SIGNATURE}"
NAME = "png:RGBA:31x29"
PICTURE = base64.b64encode(made(NAME)).decode()


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_report_is_written_the_page_first(tmp_path):
    folder = tmp_path / "a" / "report"
    paths = write(every_verdict(), folder)
    assert [path.name for path in paths] == FILES
    assert sorted(files(folder)) == sorted(FILES)
    assert all(path.stat().st_size > 50 for path in paths)
    assert json.loads((folder / "conformance.json").read_text("utf-8")) == document(every_verdict())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_run_gives_the_same_bytes(name, tmp_path):
    for folder in ("one", "two"):
        write(SAMPLES[name](), tmp_path / folder)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_an_earlier_report_is_replaced_and_nothing_else_is_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    write(every_verdict(), tmp_path)
    write(passing(), tmp_path)
    assert b"conforms" in files(tmp_path)["index.html"]
    assert files(tmp_path)["mine.txt"] == b"mine"
    assert len(files(tmp_path)) == len(FILES) + 1


def test_a_new_file_takes_the_place_of_the_old_one_which_is_never_written_to(tmp_path):
    write(every_verdict(), tmp_path)
    for name in FILES:
        os.link(tmp_path / name, tmp_path / f"{name}.kept")
    before = files(tmp_path)
    write(passing(), tmp_path)
    for name in FILES:
        assert (tmp_path / f"{name}.kept").read_bytes() == before[name] != (tmp_path / name).read_bytes()


def test_earlier_runs_stand_beside_this_one(tmp_path):
    write(every_verdict(), tmp_path, document(replace(passing(), target="live")))
    assert "only where runs differ" in (tmp_path / "index.html").read_text("utf-8")


@pytest.mark.parametrize("at", FILES)
def test_a_write_that_breaks_off_leaves_no_half_file(at, tmp_path):
    (tmp_path / at).mkdir()  # no file can take its place
    with pytest.raises(OptionsError, match="no report can be written"):
        write(every_verdict(), tmp_path)
    done = FILES[: FILES.index(at)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*done, at])
    for name in done:
        assert (tmp_path / name).read_bytes() == complete(tmp_path / "whole", name)


def complete(folder, name):
    if not folder.exists():
        write(every_verdict(), folder)
    return (folder / name).read_bytes()


def test_a_report_that_cannot_be_made_leaves_what_was_there(tmp_path):
    write(passing(), tmp_path)
    before = files(tmp_path)
    with pytest.raises(ValueError, match="isoformat"):
        write(replace(every_verdict(), started="no date"), tmp_path)
    assert files(tmp_path) == before


def test_a_place_that_is_no_folder_is_refused_with_a_hint(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(OptionsError, match="no report can be written") as caught:
            write(passing(), folder)
        assert "name a folder" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_a_folder_that_may_not_be_written_to_is_refused_with_a_hint(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OptionsError, match="Permission denied"):
        write(passing(), tmp_path)


def test_large_runs_are_written_too(tmp_path):
    write(large(300), tmp_path)
    assert len(json.loads((tmp_path / "requests.har").read_text("utf-8"))["log"]["entries"]) == 600


def leaky():
    """A run in which secrets stand wherever a careless hand could leave them."""
    keys = (KEY, PLAIN_KEY, ODD_KEY)
    keys_said = f"{KEY} {PLAIN_KEY} {ODD_KEY} {quote(ODD_KEY, safe='')}"
    said = f"{keys_said} {LINK} {PICTURE} data:image/png;base64,{PICTURE}"
    lines = "\n".join([said, *said.split()])
    body = {
        "request": {"image_base64": PictureText.of(NAME), "raw": PICTURE, "prompt": said, KEY: KEY},
        "extra": {"webhook": {"url": f"http://h/x?token={PLAIN_KEY}"}, "secret_access_key": ODD_KEY},
    }
    reply = {"images": [{"image_url": LINK}], "message": said, "echo": body["request"], ODD_KEY: ODD_KEY}
    shown = [
        exchange(
            number,
            keys=keys,
            sent=sent,
            url="http://" + f"u:{ODD_KEY}@127.0.0.1/v3/x?api_key={KEY}&next={quote(LINK)}",
            headers={
                "Authorization": f"Bearer {KEY}",
                "X-Omni-Key": PLAIN_KEY,
                "X-Note": said,
                "Cookie": ODD_KEY,
            },
            reply_headers={"content-type": "application/json", "location": LINK, "x-note": said},
            content=content,
            problem=lines,
        )
        for number, sent, content in (
            (1, body, json.dumps(reply).encode()),
            (2, said, said.encode()),
            (3, None, made(NAME)),
            (4, f'{{"image": "{PICTURE}", "url": "{LINK}"}}', b"not JSON: " + said.encode()),
        )
    ]
    found = finding(
        1,
        check=lines,
        where=lines,
        expected=lines,
        received=lines,
        claim=f"assumed: {lines}",
        quirk=lines,
        exchange=shown[0],
    )
    one = case("UPS-CANARY", title=lines, claims=(f"observed: {lines}",))
    outcomes = [
        Outcome(
            one, Verdict.FAIL, lines, (found, replace(found, exchange=shown[3])), tuple(shown), 0.1, 1, body
        ),
        Outcome(case("UPS-SKIPPED"), Verdict.SKIP, lines),
        Outcome(case("UPS-GONE"), Verdict.UNEXPECTED_PASS, lines, evidence=(shown[1], polled(9))),
    ]
    return report(
        outcomes,
        exit_code=DEVIATES,
        notes=(lines,),
        trouble=lines,
        target=f"http://127.0.0.1/?key={KEY}",
        url=said,
        command=f"novita-mock conform --quirk '{said}'",
        versions={"target": lines, "novita-mock": said},
        readings=(Reading("submit-shape", lines, lines, said, "documented", lines),),
        habits=((lines, lines, lines),),
    )


SECRETS = {
    "key": KEY,
    "key of another form": PLAIN_KEY,
    "key with signs": ODD_KEY,
    "key with signs, quoted": quote(ODD_KEY, safe=""),
    "signature": SIGNATURE,
    "credential": "canarycredential",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Every byte that is made of such a run."""
    folder = tmp_path_factory.mktemp("canary")
    run = leaky()
    write(run, folder, document(run))
    shown = {
        f"terminal {width} {colour}": told(run, colour=colour, width=width).encode()
        for width in (60, 120)
        for colour in (False, True)
    }
    return files(folder) | shown | {"baseline": as_text(updated(run)).encode()}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_in_no_byte(written, name):
    secret = SECRETS[name]
    assert [where for where, content in written.items() if secret.encode() in content] == []
    assert [where for where, content in written.items() if json.dumps(secret)[1:-1].encode() in content] == []


def test_no_part_of_a_picture_is_in_any_byte(written):
    parts = [PICTURE[at : at + 20].encode() for at in range(0, len(PICTURE) - 20, 5)]
    raw = [made(NAME)[at : at + 12] for at in range(0, len(made(NAME)) - 12, 5)]
    assert [where for where, content in written.items() if any(part in content for part in parts + raw)] == []


def test_the_search_would_find_something(written):
    assert set(FILES) < set(written)
    for where, content in written.items():
        assert b"UPS" in content or where == "badge.json"
    for where in ("index.html", "conformance.json", "requests.har", "junit.xml", "terminal 120 False"):
        assert b"***" in written[where], where
        assert b"characters, sha256" in written[where], where
    assert NAME.encode() in written["index.html"]
    assert b"X-Amz-Signature=***" in written["index.html"]
    assert b"$NOVITA_API_KEY" in written["junit.xml"]
