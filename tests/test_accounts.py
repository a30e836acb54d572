from uuid import UUID

import pytest

from fakes import FakeWall
from novita_mock.accounts import Accounts, key_of
from novita_mock.chance import Chance
from novita_mock.problems import MissingKey, WrongKey
from novita_mock.settings import Settings


@pytest.mark.parametrize(
    "header",
    ["Bearer sk", "bearer sk", "BEARER   sk", "sk", " sk "],
    ids=["usual", "lower", "upper", "bare", "spaces"],
)
def test_real_clients_keys_pass(header: str) -> None:
    assert key_of([header], [], bare=True) == "sk"


@pytest.mark.parametrize("headers", [[], [""], ["  "], ["Bearer"], ["Bearer "]])
def test_no_key_is_told_apart(headers: list[str]) -> None:
    with pytest.raises(MissingKey):
        key_of(headers, [], bare=True)


@pytest.mark.parametrize(
    "headers", [["Basic dXNlcjpw"], ["Bearer a b"], ["Bearer a", "Bearer b"], ["Bearer " + "k" * 10_000]]
)
def test_what_could_be_no_key_is_a_wrong_one(headers: list[str]) -> None:
    with pytest.raises(WrongKey):
        key_of(headers, [], bare=True)


def test_a_bare_key_can_be_refused() -> None:
    with pytest.raises(WrongKey):
        key_of(["sk"], [], bare=False)


def test_the_omni_key_counts_where_there_is_no_other() -> None:
    assert key_of([], ["sk"], bare=False) == "sk"
    assert key_of(["Bearer other"], ["sk"], bare=False) == "other"


def accounts(**settings: object) -> Accounts:
    return Accounts(Settings(**settings), Chance(1), FakeWall())  # type: ignore[arg-type]


def test_each_key_is_an_account_that_does_not_tell_its_key() -> None:
    known = accounts()
    one, other = known.of_key("sk_one"), known.of_key("sk_other")
    assert one.account_id != other.account_id
    assert known.of_key("sk_one") is one
    assert known.of_id(one.account_id) is one
    assert "sk_one" not in repr(one)


def test_a_key_with_a_scenario_belongs_to_the_account_of_the_key() -> None:
    known = accounts()
    assert known.of_key("sk@slow") is known.of_key("sk")


def test_only_listed_keys_are_let_in() -> None:
    known = accounts(key=("good",))
    assert known.of_key("good") is known.of_key("good@slow")
    with pytest.raises(WrongKey):
        known.of_key("bad")


def test_what_one_account_draws_changes_nothing_for_another() -> None:
    chance = Chance(5)
    quiet, busy = accounts(), accounts()
    busy.of_key("b").next("task")
    assert quiet.of_key("a").next("task") == busy.of_key("a").next("task") == 0
    assert chance.uuid("task", "a", 0) == Chance(5).uuid("task", "a", 0) != Chance(6).uuid("task", "a", 0)


def test_an_id_is_a_uuid_of_version_4_made_of_its_digest() -> None:
    chance = Chance(1)
    for number in range(300):
        drawn = UUID(bytes=chance.digest("task", number), version=4)
        assert chance.uuid("task", number) == str(drawn)
