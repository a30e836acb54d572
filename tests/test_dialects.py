import inspect

import pytest
from msgspec.structs import replace

from novita_mock import problems
from novita_mock.catalogue import load, schema_paths
from novita_mock.dialects import accepted, refusal, result
from novita_mock.plan import Plan
from novita_mock.problems import Fault, Problem, Refused, WrongMethod
from novita_mock.task import Image, Status, Task, Wish
from novita_mock.types import JSON
from novita_mock.validation import Validator

PROBLEMS = [
    each for _, each in inspect.getmembers(problems, inspect.isclass)
    if issubclass(each, Problem) and each not in (Problem, Refused)
]  # fmt: skip


def made(kind: type[Problem]) -> Problem:
    return WrongMethod("no", ("GET",)) if kind is WrongMethod else kind("no")


@pytest.mark.parametrize("dialect", ["v3", "v2", "plain", "control"])
@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_problem_is_told_in_every_dialect(kind: type[Problem], dialect: str) -> None:
    reply = refusal(made(kind), dialect, load())
    if dialect == "plain":
        assert isinstance(reply.body, str)
    elif dialect == "control":
        assert reply.body == {"error": "no", "fields": {}}
        assert 400 <= reply.status <= 599
    else:
        assert list(Validator(load(), f"{dialect}/error.json").violations(reply.body)) == []


@pytest.mark.parametrize("kind", load().errors)
def test_every_row_of_the_errors_fits_its_schema(kind: str) -> None:
    problem = Refused((Fault(kind, ("request", "width"), "is wrong"),))
    for dialect in ("v3", "v2"):
        if dialect in load().errors[kind]:
            reply = refusal(problem, dialect, load())
            assert list(Validator(load(), f"{dialect}/error.json").violations(reply.body)) == []


def test_metadata_names_each_field() -> None:
    faults = (
        Fault("image-size", ("request", "width"), "a"),
        Fault("invalid-request", ("request", "loras", 0), "b"),
    )
    body = refusal(Refused(faults), "v3", load()).body
    assert body["metadata"] == {"request.width": "a", "request.loras.0": "b"}
    assert body["reason"] == "INVALID_REQUEST_BODY"


def task(**changes: JSON) -> Task:
    wish = Wish("jpeg", 3600, "http://here", nsfw_level=1, webhook_url="http://app/hook")
    image = Image("/prod/x.jpeg", "jpeg", "http://here/prod/x.jpeg?sig", 3600, (True, 12.5))
    done = Task(
        "5f0c", "account", "img2img", "v3", "IMG_TO_IMG", 100.0, Plan(0, 0), wish, "d" * 64, 7, "",
        Status.SUCCEED, 100.0, 101.5, "", (image,),
    )  # fmt: skip
    return replace(done, **changes)


def quirked() -> list[tuple[str, str]]:
    return [(row["id"], other["value"]) for row in load().quirk_rows for other in row["alternatives"]]


@pytest.mark.parametrize(("quirk", "value"), [("submit-shape", "flat"), *quirked()])
@pytest.mark.parametrize("dialect", ["v3", "v2"])
@pytest.mark.parametrize(
    "changes",
    [
        {}, {"status": Status.FAILED, "reason": "why", "images": ()}, {"operation": "upscale", "seed": None},
        {"status": Status.QUEUED, "images": (), "started_s": None, "finished_s": None},
        {"wish": Wish("png", 3600, ""), "images": (Image("/p", "png", "http://u", 3600),)},
    ],
    ids=["done", "failed", "upscale", "queued", "plain"],
)  # fmt: skip
def test_under_every_quirk_replies_fit_their_schemas(
    quirk: str, value: str, dialect: str, changes: JSON
) -> None:
    catalogue = load({quirk: value})
    subject = task(**changes, dialect=dialect)
    answers = {"v3": "v3/task-result.response.json", "v2": "v2/progress.response.json"}
    shown = Validator(catalogue, answers[dialect]).violations(result(subject, 102.0, catalogue).body)
    assert list(shown) == []
    told = Validator(catalogue, f"{dialect}/submit.response.json").violations(
        accepted(subject, catalogue).body
    )
    assert list(told) == []


def test_the_documented_examples_shape_is_the_default() -> None:
    body = result(task(), 102.0, load()).body
    assert body["task"]["progress_percent"] == body["task"]["eta"] == 0
    assert body["images"][0]["image_url_ttl"] == "3600"
    assert body["extra"]["seed"] == "7"
    assert body["videos"] == body["audios"] == []


def test_every_schema_of_a_body_is_used_by_a_row_or_shared() -> None:
    rows = load().operations
    used = {path for row in rows for path in (row.request, row.query, row.response) if path}
    known = used | {"v3/error.json", "v2/error.json", "webhook/event.json", "v3/user.response.json"}
    assert {path for path in schema_paths() if not path.startswith("common/")} == known
