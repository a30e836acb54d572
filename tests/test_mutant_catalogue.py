"""The catalogue of mutations: it has all that it should have, and each mutation can be seen."""

from collections import Counter
from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import settings as hypothesis_settings

from mutants.everything import catalogue, sample
from mutants.fields import contract, fields
from mutants.lines import bounds
from mutants.mutation import KINDS, LAXER, TIGHTER, Mutation
from mutants.receiver import Receiver
from mutants.witness import Witness
from mutants.witnesses import Looker, looking

#: Mutations that are looked at in every run; ``make check-deep`` looks at all.
SAMPLE = 90


@pytest.fixture(scope="module")
def looker() -> Iterator[Looker]:
    with looking() as looker:
        yield looker


def test_each_mutation_has_an_id_of_its_own_and_says_what_is_wrong() -> None:
    assert [name for name, count in Counter(each.id for each in catalogue()).items() if count > 1] == []
    assert len(catalogue()) > 1500
    for mutation in catalogue():
        assert mutation.title
        assert mutation.row
        assert mutation.kind in KINDS
        assert mutation.expect.operations


def test_there_are_mutations_of_every_kind() -> None:
    counted = Counter(mutation.kind for mutation in catalogue())
    assert set(counted) == set(KINDS)
    assert min(counted.values()) >= 8


def test_a_sample_has_every_kind() -> None:
    assert {mutation.kind for mutation in sample(40)} == set(KINDS)
    assert [mutation.id for mutation in sample(40)] == [mutation.id for mutation in sample(40)]


@pytest.mark.parametrize("name", ["upscale", "img2img", "upscale-v2", "model"])
def test_every_line_of_a_request_is_crossed_from_both_sides(name: str) -> None:
    ids = {mutation.id for mutation in catalogue()}
    for place in fields(name):
        if name == "img2img" and place.path[0] == "extra":
            continue  # the same schema as in upscale, where each line of it is crossed
        at = f"{name} {place.dotted}"
        for keyword, _ in bounds(place):
            assert {
                f"{LAXER} {at} {keyword}",
                f"{LAXER} {at} {keyword} slightly",
                f"{TIGHTER} {at} {keyword} edge",
            } <= ids
        if not contract().operation(name).query:
            assert f"{LAXER} {at} type" in ids
        if place.required and place.name and not place.dotted.endswith("[]"):
            assert f"{LAXER} {at} required" in ids
        if not place.required:
            assert f"{TIGHTER} {at} optional" in ids
        for keyword in ("enum", "x-format", "maxItems"):
            assert keyword not in place.schema or f"{LAXER} {at} {keyword}" in ids


def test_every_row_of_the_facts_has_its_mutations() -> None:
    """The sections that the issue names: 1.2 to 1.5, 2.1, 3, 4 and 5; a row of each field of a request."""
    rows = {mutation.row for mutation in catalogue()}
    sections = Counter(row.split()[0] for row in rows)
    assert {"1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "2.3", "2.4", "3", "4", "5"} <= set(sections)
    for name in ("upscale", "img2img", "upscale-v2"):
        for place in fields(name):
            assert any(row.startswith(place.row) for row in rows), place.row


def looked_at() -> list[Mutation]:
    deep = hypothesis_settings.get_current_profile_name() == "deep"
    return list(catalogue()) if deep else sample(SAMPLE)


def test_each_mutation_can_be_seen(looker: Looker) -> None:
    """With it in force, the requests that it is about are answered otherwise: none is there for nothing."""
    unseen = []
    for mutation in looked_at():
        if looker.look(mutation.probe, mutation) == looker.untouched(mutation.probe):
            unseen.append(mutation.id)
    assert unseen == []


def test_a_mutation_that_changes_nothing_would_be_noticed(looker: Looker) -> None:
    some = catalogue()[0]
    assert looker.look(some.probe, None) == looker.untouched(some.probe)


def test_what_a_witness_tells_does_not_depend_on_ids_and_times() -> None:
    witness = Witness(httpx2.Client(), "", Receiver())
    first = "85d7f3be-7169-48c9-8670-08e52707b379"
    second = first[::-1].replace("-", "")[:8] + first[8:]
    assert witness.plain([first, second, first, f"at 2026-01-01 10:00:00 {'a' * 32}", 1_700_000_000_000]) == [
        "<task 1>", "<task 2>", "<task 1>", "at <time> <hex>", "<ms>",
    ]  # fmt: skip
