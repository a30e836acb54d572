"""Rules: the list of models, its filters and its pages; the balance."""

from collections.abc import Callable, Iterator
from functools import partial

from novita_contract.replies import broke, demand, shown, succeeded
from novita_contract.session import Session
from novita_contract.verdicts import RULES, Case, NotChecked
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON

_LIMIT, _CURSOR = "model.pagination.limit.range", "model.pagination.cursor.range"
#: Pages that are turned at most.
_MOST_PAGES = 200


def listing_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each promise about what is listed."""
    yield _case("MOD-LIST", "model", "models are listed", _listed, "model.endpoint")
    for kind in contract.bundle("v3/model.query.json")["properties"]["filter.types"]["enum"]:
        yield _case(f"MOD-FILTER-TYPES-{kind.upper()}", "model", f"only models of type {kind} are listed",
                    partial(_of_type, kind), "model.filter.types.type")  # fmt: skip
    for flag in ("true", "false"):
        yield _case(f"MOD-FILTER-IS_SDXL-{flag.upper()}", "model", "only models of that family are listed",
                    partial(_sdxl, flag), "model.filter.is_sdxl.type")  # fmt: skip
    for source in contract.bundle("v3/model.query.json")["properties"]["filter.source"]["enum"]:
        yield _case(f"MOD-FILTER-SOURCE-{source.upper()}", "model", f"only models from {source} are listed",
                    partial(_from, source), "model.filter.source.type")  # fmt: skip
    yield _case(
        "MOD-FILTER-QUERY",
        "model",
        "a query finds the model that it names",
        _queried,
        "model.filter.query.type",
    )
    yield _case(
        "MOD-PAGES",
        "model",
        "pages follow each other without a gap and without a repetition",
        _pages,
        _CURSOR,
    )
    yield _case("MOD-LIMIT", "model", "a page is as long as was asked for at most", _limited, _LIMIT)
    yield _case(
        "USR-BALANCE",
        "user",
        "the balance is a number, and the same when nothing happened",
        _balance,
        "observed: page basic-get-user-info, of which no copy is kept (facts 1.8)",
    )


def _case(name: str, operation: str, title: str, run: Callable[[Session], None], claim: str) -> Case:
    return Case(name, RULES, operation, title, run, (claim,))


def _models(session: Session, **query: str) -> list[JSON]:
    answer = session.ask("model", {name.replace("__", "."): value for name, value in query.items()})
    demand(succeeded(session, answer))
    models: list[JSON] = answer.body["models"]
    return models


def _listed(session: Session) -> None:
    models = _models(session)
    if not models:
        broke("models_are_listed", "/models", "some models", "none", "model.endpoint")
    names = [model["sd_name"] for model in models]
    if len(set(names)) != len(names):
        broke("a_model_is_listed_once", "/models", "different names", shown(names), "model.endpoint")


def _of_type(kind: str, session: Session) -> None:
    models = _models(session, filter__types=kind)
    wrong = [model["type"]["name"] for model in models if model["type"]["name"] != kind]
    if wrong:
        broke("a_filter_keeps_what_fits_it", "/models", kind, shown(wrong[0]), "model.filter.types.type")


def _from(source: str, session: Session) -> None:
    wrong = [
        model["source"] for model in _models(session, filter__source=source) if model["source"] != source
    ]
    if wrong:
        broke("a_filter_keeps_what_fits_it", "/models", source, shown(wrong[0]), "model.filter.source.type")


def _sdxl(flag: str, session: Session) -> None:
    everything = [model["sd_name"] for model in _models(session)]
    some = [model["sd_name"] for model in _models(session, filter__is_sdxl=flag)]
    other = [
        model["sd_name"] for model in _models(session, filter__is_sdxl="false" if flag == "true" else "true")
    ]
    if set(some) & set(other) or (some == everything and other):
        broke("a_filter_keeps_what_fits_it", "/models", "one family", "both", "model.filter.is_sdxl.type")


def _queried(session: Session) -> None:
    models = _models(session)
    if not models:
        raise NotChecked("no models are listed")
    name = models[-1]["sd_name"]
    found = _models(session, filter__query=name)
    if name not in [model["sd_name"] for model in found]:
        broke(
            "a_query_finds_what_it_names",
            "/models",
            name,
            shown([m["sd_name"] for m in found]),
            "model.filter.query.type",
        )
    if _models(session, filter__query="no model is called like this 0000"):
        broke("a_filter_keeps_what_fits_it", "/models", "no models", "some", "model.filter.query.type")


def _pages(session: Session) -> None:
    whole = [model["sd_name"] for model in _models(session, pagination__limit="100")]
    turned: list[str] = []
    cursor = "c_0"
    for _ in range(_MOST_PAGES):
        answer = session.ask("model", {"pagination.limit": "3", "pagination.cursor": cursor})
        demand(succeeded(session, answer))
        turned += [model["sd_name"] for model in answer.body["models"]]
        cursor = answer.body["pagination"]["next_cursor"]
        if not cursor or len(turned) >= len(whole):
            break
    if turned[: len(whole)] != whole[: len(turned)] or len(turned) < min(len(whole), 3):
        broke("pages_follow_each_other", "/pagination/next_cursor", shown(whole), shown(turned), _CURSOR)


def _limited(session: Session) -> None:
    for limit in (1, 2):
        models = _models(session, pagination__limit=str(limit))
        if len(models) != limit:
            broke("a_page_is_as_long_as_asked_for", "/models", str(limit), str(len(models)), _LIMIT)


def _balance(session: Session) -> None:
    with session.own_account() as key:
        answers = [session.ask("user", key=key) for _ in range(2)]
    for answer in answers:
        demand(succeeded(session, answer))
    told = [answer.body["credit_balance"] for answer in answers]
    if told[0] != told[1]:
        broke(
            "the_balance_stays_when_nothing_happened",
            "/credit_balance",
            shown(told[0]),
            shown(told[1]),
            "observed: page basic-get-user-info, of which no copy is kept (facts 1.8)",
            answers[1],
        )
