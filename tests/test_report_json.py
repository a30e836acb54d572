"""The document of a run: as its schema says, the same whatever the order of the run, and readable again."""

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from novita_contract.options import OptionsError
from novita_contract.report_json import as_text, document, read, schema
from novita_contract.verdicts import Verdict
from report_samples import HOSTILE, SAMPLES, every_verdict, live_over_budget, passing


def by_id(told, name):
    return next(case for case in told["cases"] if case["id"] == name)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_document_is_as_its_schema_says(name):
    Draft202012Validator(schema()).validate(document(SAMPLES[name]()))


def nodes(node):
    yield node
    for group in ("properties", "$defs"):
        for child in node.get(group, {}).values():
            yield from nodes(child)
    for child in (node.get("items"), node.get("additionalProperties")):
        if isinstance(child, dict):
            yield from nodes(child)


def test_the_schema_is_one_and_describes_every_field():
    published = schema()
    Draft202012Validator.check_schema(published)
    silent = [node for node in nodes(published) if "$ref" not in node and "type" in node and len(node) > 1]
    assert len(silent) > 60
    assert [node for node in silent if not node.get("description")] == []


def test_the_schema_knows_every_field_that_is_written():
    strict = schema()
    for node in nodes(strict):
        if "properties" in node:
            assert set(node["required"]) == set(node["properties"])
            node["additionalProperties"] = False
    for make in SAMPLES.values():
        Draft202012Validator(strict).validate(document(make()))


def test_the_schema_refuses_what_is_no_report():
    told = document(passing())
    for change in ({"format": 2}, {"verdict": ""}, {"counts": {}}, {"cases": [{}]}, {"exit_code": "0"}):
        assert not Draft202012Validator(schema()).is_valid(told | change)


def test_the_order_of_the_run_makes_no_difference():
    run = every_verdict()
    turned = replace(run, outcomes=run.outcomes[::-1], readings=run.readings[::-1], habits=run.habits[::-1])
    assert as_text(document(turned)) == as_text(document(run))


def test_a_failure_tells_all_there_is_to_know():
    told = by_id(document(every_verdict()), "UPS-REQUEST.SCALE_FACTOR-MAXIMUM-REFUSED")
    (found,) = told["findings"]
    assert (told["verdict"], told["layer"], told["operation"]) == ("fail", "rules", "upscale")
    assert (told["pointer"], told["keyword"]) == ("/request/scale_factor", "maximum")
    assert found["where"] == "/request/scale_factor"
    assert (found["expected"], found["received"][:3]) == ("400 INVALID_REQUEST", "200")
    claim = told["claims"][0]
    assert (claim["id"], claim["page"]) == ("upscale.scale_factor.range", "upscale.md")
    assert claim["heading"] in claim["told"]
    assert told["reproduce"]["command"].startswith("novita-mock conform --target mock --select UPS-REQUEST")
    assert "$NOVITA_API_KEY" in told["reproduce"]["curl"]
    assert (told["requests"], found["request"]) == ([90], 90)


def test_what_was_drawn_is_told_with_its_seed_and_without_its_picture():
    told = by_id(document(every_verdict()), "UPS-LAW-PROGRESS")
    assert told["seed"] == 7
    assert told["example"] == {"request": {"scale_factor": 1.0009, "image_base64": "<picture png:RGB:40x30>"}}


def test_what_is_no_claim_stands_for_itself():
    told = by_id(document(every_verdict()), "I2I-EMPTY-VAE")
    (claim,) = told["claims"]
    assert claim == {
        "id": "assumed: clients send it",
        "page": None,
        "heading": None,
        "told": "assumed: clients send it",
    }
    assert told["findings"][0]["assumed"]


def test_counts_add_up():
    told = document(every_verdict())
    assert sum(told["counts"].values()) == len(told["cases"]) == 35
    for verdict in Verdict:
        assert told["counts"][verdict] == sum(row["counts"][verdict] for row in told["operations"])
        assert told["counts"][verdict] > 0
    upscale = told["operations"][0]
    assert (upscale["name"], upscale["method"], upscale["path"]) == ("upscale", "POST", "/v3/async/upscale")
    assert upscale["coverage"] == {"exercised": 41, "constraints": 41}


def test_what_counts_against_the_target_is_listed():
    deviating = ["UPS-LAW-PROGRESS", "UPS-REQUEST.SCALE_FACTOR-MAXIMUM-REFUSED"]
    assert document(every_verdict())["deviating"] == deviating


def test_money_is_told_and_compared_with_the_balance():
    spend = document(live_over_budget())["spend"]
    assert (spend["budget_usd"], spend["reserved_usd"], spend["calls"]) == (0.05, 0.05, 5)
    assert spend["charged_usd"] == 0.046
    assert document(passing())["spend"] is None


def test_a_balance_that_is_not_known_is_not_made_up():
    run = live_over_budget()
    spend = document(replace(run, spend=replace(run.spend, balance_after=None)))["spend"]
    assert spend["charged_usd"] is None


def test_quirks_that_could_not_be_checked_are_no_agreement():
    told = {reading["id"]: reading for reading in document(every_verdict())["readings"]}
    assert told["webhook-backoff"]["observed"] is None
    assert [name for name, reading in told.items() if reading["differs"]] == ["image-url-ttl"]


def test_hostile_texts_are_only_texts():
    text = as_text(document(SAMPLES["hostile"]()))
    assert json.loads(text)["notes"][0].startswith("<script>alert(1)</script>")
    assert not any(sign in text for sign in ("\x1b", "\x9b", "\u202e", "\x00", "\ud800"))
    assert HOSTILE[-3] not in text  # ten thousand letters


def test_the_file_has_a_line_for_each_case():
    text = as_text(document(every_verdict()))
    assert json.loads(text) == document(every_verdict())
    assert sum(line.startswith('{"id": ') for line in text.splitlines()) >= 35


def test_a_written_document_can_be_read_again(tmp_path):
    path = tmp_path / "conformance.json"
    path.write_text(as_text(document(every_verdict())), "utf-8")
    assert read(path) == document(every_verdict())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "can't be read"),
        (b"{", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[]", "no report"),
        (b"{}", "no report"),
    ],
)
def test_what_is_no_document_is_refused_with_a_hint(tmp_path, content, words):
    path = tmp_path / "conformance.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OptionsError, match=words) as caught:
        read(path)
    assert "conformance.json" in caught.value.hint
