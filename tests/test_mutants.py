"""The suite finds what is broken: a double behind a proxy that breaks one thing at a time.

CI takes a sample; ``make check-deep`` tries the whole catalogue and prints the score of each kind.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings as hypothesis_settings

from mutants.everything import catalogue, sample
from mutants.mutation import KINDS, READING, Mutation
from mutants.proxy import Proxy
from mutants.scoring import Result, results, table
from mutants.trials import options, served, tried
from novita_contract.runner import run
from novita_contract.verdicts import PROPERTIES, RULES, STORIES, Finding, Verdict
from novita_mock.types import JSON

DEEP = hypothesis_settings.get_current_profile_name() == "deep"
#: Mutations that are tried in every run.
SAMPLE = 24
#: Mutations that no suite can find, each with the reason.
BEYOND: dict[str, str] = {}
#: Mutations that drawn requests must find too, the case that does, and what it tells.
DRAWN = (
    ("laxer upscale request.scale_factor maximum", "UPS-PROPERTY-BROKEN", "scale_factor"),
    ("laxer upscale-v2 codeformer_weight maximum", "UP2-PROPERTY-BROKEN", "codeformer_weight"),
    ("effect scale_factor ignored", "UPS-PROPERTY-VALID", "scale_factor"),
    ("life images empty", "I2I-PROPERTY-VALID", ""),
)
#: What of a drawn request may differ from the least one, in values.
_FEW = 3


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with served() as proxy:
        yield proxy


def mutation(name: str) -> Mutation:
    return next(each for each in catalogue() if each.id == name)


@pytest.mark.parametrize("layer", [RULES, PROPERTIES, STORIES])
def test_nothing_is_reported_of_an_untouched_double(proxy: Proxy, layer: str) -> None:
    report = run(options(proxy, layers=(layer,), max_time_s=None))
    wrong = [
        f"{each.case.id}: {each.said}"
        for each in report.outcomes
        if each.verdict not in (Verdict.PASS, Verdict.SKIP)
    ]
    assert wrong == []
    assert [row.id for row in report.readings if row.differs] == []
    assert report.exit_code == 0
    assert len(report.outcomes) > {RULES: 700, PROPERTIES: 10, STORIES: 0}[layer]


@pytest.mark.parametrize("each", sample(SAMPLE), ids=lambda each: each.id.replace(" ", "-"))
def test_a_mutation_is_found_and_named(proxy: Proxy, each: Mutation) -> None:
    if each.id in BEYOND:
        pytest.skip(BEYOND[each.id])
    trial = tried(proxy, each)
    assert trial.named, f"{each.title}: {list(trial.said[:5]) or 'nothing was said'}"
    for outcome in trial.outcomes:
        assert all(is_whole(finding) for finding in outcome.findings), outcome.case.id


def is_whole(finding: Finding) -> bool:
    """Whether a finding says what was expected, what came, and how to repeat it."""
    exchange = finding.exchange
    return bool(finding.check and finding.expected and finding.received) and (
        exchange is None or "curl -sS" in exchange.curl or bool(exchange.problem)
    )


@pytest.mark.parametrize(("name", "case", "words"), DRAWN, ids=[row[0] for row in DRAWN])
def test_a_drawn_request_that_shows_a_mutation_is_small(
    proxy: Proxy, name: str, case: str, words: str
) -> None:
    with proxy.under(mutation(name)):
        report = run(options(proxy, layers=(PROPERTIES,), select=(case,), profile="ci"))
    (outcome,) = report.outcomes
    assert outcome.verdict is Verdict.FAIL, outcome.said
    example = outcome.example
    assert words in repr(example) or words in outcome.said
    assert extra_values(example) <= _FEW, example


#: What every request of an operation has, whatever was drawn.
_NEEDED = frozenset(
    ["model_name", "image_base64", "scale_factor", "prompt", "width", "height", "image_num", "steps"]
).union(["guidance_scale", "sampler_name", "image"])


def extra_values(example: JSON, name: str = "") -> int:
    """How many values of a drawn request are there beside those that every request must have."""
    if isinstance(example, dict):
        return sum(extra_values(item, key) for key, item in example.items())
    if isinstance(example, list):
        return sum(extra_values(item, name) for item in example)
    return int(name not in _NEEDED)


def test_a_reading_is_told_as_a_reading_and_not_as_a_failure(proxy: Proxy) -> None:
    each = mutation(f"{READING} image-url-ttl=integer")
    trial = tried(proxy, each)
    assert "image-url-ttl=integer" in trial.named
    assert [outcome.case.id for outcome in trial.outcomes if outcome.verdict is Verdict.FAIL] == []


def test_what_can_t_be_found_is_in_the_catalogue() -> None:
    assert set(BEYOND) <= {each.id for each in catalogue()}


def test_the_score_is_told_for_each_kind() -> None:
    found = list(
        results(["laxer upscale request.scale_factor maximum", "reply submit-upscale task_id null"], 1)
    )
    told = table(found)
    assert [each.named for each in found] == [True, True]
    assert ["laxer", "1", "1", "1"] in [line.split() for line in told.splitlines()]
    assert ["all", "2", "2", "2"] in [line.split() for line in told.splitlines()]
    assert "MISSED" not in told
    lost = Result("an id", "door", "a title", named=False, found=True, said=("something else",), seconds=1.0)
    assert "MISNAMED  an id: a title\n          something else" in table([lost])


@pytest.mark.skipif(not DEEP, reason="takes the better part of an hour: make check-deep")
def test_the_whole_catalogue_is_found_and_named() -> None:
    ids = [each.id for each in sample(len(catalogue()))]
    assert sorted(ids) == sorted(each.id for each in catalogue())
    found = list(results(ids, os.cpu_count() or 2))
    print(f"\n{table(found)}")
    assert {each.kind for each in found} == set(KINDS)
    assert sorted(missed(found)) == sorted(BEYOND)


def missed(found: list[Result]) -> list[str]:
    return [each.id for each in found if not each.named]
