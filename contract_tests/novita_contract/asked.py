"""Rules: what is asked for is what comes: number, sides, seed, and what is left out."""

from collections.abc import Iterator
from functools import partial

from novita_contract.following import TaskRun
from novita_contract.outcomes import case_of, succeeded_run
from novita_contract.readings import needs_seeds
from novita_contract.replies import broke, shown
from novita_contract.samples import plain
from novita_contract.session import Session
from novita_contract.verdicts import Case
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON

_SEED = "img2img.seed.range"
#: What is left out is as if its default were given: the changes of two requests that come to the same.
SAME: dict[str, tuple[str, JSON, JSON, str]] = {
    "STRENGTH-NULL": ("img2img", {"strength": None}, {}, "img2img.strength.type"),
    "STRENGTH-DEFAULT": ("img2img", {"strength": 0.75}, {}, "assumed: 0.75 (quirk img2img-strength)"),
    "LORAS-NONE": ("img2img", {"loras": []}, {}, "img2img.loras.type"),
    "EMBEDDINGS-NONE": ("img2img", {"embeddings": []}, {}, "img2img.embeddings.type"),
    "IP_ADAPTERS-NONE": ("img2img", {"ip_adapters": []}, {}, "img2img.ip_adapters.type"),
    "MODE-DEFAULT": (
        "upscale-v2",
        {"resize_mode": 0, "upscaling_resize": 2},
        {},
        "assumed: a factor of 2 where nothing is said (quirk v2-size)",
    ),
    "VISIBILITY-0": (
        "upscale-v2",
        {"gfpgan_visibility": 0, "codeformer_visibility": 0, "extras_upscaler_2_visibility": 0},
        {},
        "v2.upscale.gfpgan_visibility.range",
    ),
}


def asked_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each wish that has to be kept."""
    img2img = contract.operation("img2img")
    for number in (2, 8):
        yield case_of(img2img, f"RESULT-COUNT-{number}", f"{number} different pictures come back",
                      partial(_count, number), "img2img.image_num.range", cost=number)  # fmt: skip
    yield case_of(
        img2img, "RESULT-SIDES", "width is width and height is height", _sides, "img2img.width.range"
    )
    yield case_of(
        img2img, "RESULT-SEED-SAME", "the same seed gives the same picture", _same_seed, _SEED, paid=2
    )
    yield case_of(
        img2img, "RESULT-SEED-OTHER", "another seed gives another picture", _other_seed, _SEED, paid=2
    )
    yield case_of(
        img2img,
        "RESULT-SEED-DRAWN",
        "without a seed, or with -1, one is drawn and told",
        _drawn_seed,
        _SEED,
        paid=2,
    )
    for what, (name, first, second, claim) in SAME.items():
        yield case_of(contract.operation(name), f"SAME-{what}", f"{shown(first)} is as if nothing was said",
                      partial(_same, first, second, claim), claim, paid=2)  # fmt: skip


def _count(number: int, operation: str, session: Session) -> None:
    body = plain(session, operation)
    body["request"]["image_num"] = number
    run, pictures = succeeded_run(session, operation, body)
    if len({seen.pixels for seen in pictures}) != number:
        broke(
            "pictures_of_a_task_differ",
            "/images",
            f"{number} different pictures",
            f"{len({seen.pixels for seen in pictures})} different ones",
            "assumed: several pictures are asked for to choose from",
            run.last,
        )


def _sides(operation: str, session: Session) -> None:
    body = plain(session, operation)
    body["request"] |= {"width": 192, "height": 136}
    succeeded_run(session, operation, body)


def _seeded(session: Session, operation: str, seed: int | None) -> tuple[TaskRun, str]:
    body = plain(session, operation)
    if seed is None:
        body["request"].pop("seed", None)
    else:
        body["request"]["seed"] = seed
    run, pictures = succeeded_run(session, operation, body)
    return run, pictures[0].pixels


def _same_seed(operation: str, session: Session) -> None:
    needs_seeds(session, operation)
    (run, first), (_, second) = (_seeded(session, operation, 4711) for _ in range(2))
    if first != second:
        broke(
            "the_same_seed_gives_the_same_picture",
            "/request/seed",
            "the same picture",
            "another one",
            _SEED,
            run.last,
        )


def _other_seed(operation: str, session: Session) -> None:
    (run, first), (_, second) = (_seeded(session, operation, seed) for seed in (4711, 4712))
    if first == second:
        broke(
            "another_seed_gives_another_picture",
            "/request/seed",
            "another picture",
            "the same one",
            _SEED,
            run.last,
        )


def _drawn_seed(operation: str, session: Session) -> None:
    runs = [_seeded(session, operation, seed)[0] for seed in (-1, None)]
    told = [run.last.body["extra"]["seed"] for run in runs]
    if told[0] == told[1]:
        broke(
            "a_drawn_seed_is_drawn_anew", "/extra/seed", "two seeds", f"{told[0]} twice", _SEED, runs[1].last
        )


def _same(first: JSON, second: JSON, claim: str, operation: str, session: Session) -> None:
    needs_seeds(session, operation)
    pictures = []
    for change in (first, second):
        body = plain(session, operation)
        (body if operation == "upscale-v2" else body["request"]).update(change)
        run, seen = succeeded_run(session, operation, body)
        pictures.append(seen[0].pixels)
    if pictures[0] != pictures[1]:
        broke(
            "what_is_left_out_is_its_default",
            f"/{next(iter(first))}",
            "the same picture",
            "another one",
            claim,
            run.last,
        )
