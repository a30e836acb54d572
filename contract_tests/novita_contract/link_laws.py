"""What holds for the links of a finished task, and for the pictures behind them."""

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from novita_contract.exchange import Exchange, pictures_in
from novita_contract.following import TaskRun, state_of, tests_webhook
from novita_contract.measures import Measure, measure
from novita_contract.pictures import GRID, NoPicture, Seen, look_at, made
from novita_contract.replies import answered, shown
from novita_contract.session import Session
from novita_contract.task_words import SUCCEED
from novita_contract.verdicts import Finding

#: Mean difference of a coarse grid of the two pictures, of 255, up to which they show the same.
ALIKE = 32.0
#: Seconds; a link that lives no longer than this is looked at by the cases about its life only.
_SHORT_S = 600
_LINK = "result.images.image_url.type"
_TYPE = "result.images.image_type.enum"
_SIZES = {"upscale": "upscale.scale_factor.range", "img2img": "img2img.width.range",
          "upscale-v2": "v2.upscale.upscaling_resize.size"}  # fmt: skip
_ANYBODY = "observed: clients fetch links without a key and ask for their head first (facts 2.3)"


def links_of(run: TaskRun) -> list[str]:
    """The links of a finished task; none of one that failed."""
    if not run.polls or state_of(run.last) != SUCCEED:
        return []
    body = run.last.body
    return list(body["data"]["imgs"]) if run.v2 else [image["image_url"] for image in body["images"]]


def laws_of_links(session: Session, run: TaskRun, heads: bool = True) -> tuple[list[Finding], list[Seen]]:
    """Everything that the links of a finished task broke, and the pictures behind those that did not.

    Args:
        session: the run.
        run: a task that has ended.
        heads: whether HEAD is asked too.
    """
    found: list[Finding] = []
    pictures: list[Seen] = []
    lifetime = run.body.get("img_expire_ttl") if run.v2 else None
    if lifetime is not None and float(lifetime) < _SHORT_S:
        return found, pictures
    wanted = None if tests_webhook(run) else measure(run.operation, run.body)
    for place, link in enumerate(links_of(run)):
        where = f"/data/imgs/{place}" if run.v2 else f"/images/{place}/image_url"
        seen = _link(session, run, link, where, wanted, heads, found)
        if seen is not None:
            pictures.append(seen)
    return found, pictures


def _link(
    session: Session,
    run: TaskRun,
    link: str,
    where: str,
    wanted: Measure | None,
    heads: bool,
    found: list[Finding],
) -> Seen | None:
    if urlsplit(link).scheme not in ("http", "https") or not urlsplit(link).hostname:
        found.append(
            Finding("a_link_is_an_address", where, "an http or https address", shown(link), _LINK, run.last)
        )
        return None
    operation = "image-v2" if run.v2 else "image"
    got = session.fetch(link, operation=operation)
    trouble = answered(got) or list(_alive(got, where))
    if not trouble and heads:
        trouble = list(_same_head(got, session.fetch(link, "HEAD", operation), where))
    if not trouble:
        try:
            seen = look_at(got.content)
        except NoPicture as problem:
            trouble = [
                Finding("a_link_leads_to_a_picture", where, "a whole picture", str(problem), _LINK, got)
            ]
        else:
            trouble = list(_picture(run, got, where, seen, wanted)) if wanted else []
    found += trouble
    return None if trouble else seen


def _alive(got: Exchange, where: str) -> Iterator[Finding]:
    if got.status != 200:
        yield Finding("a_link_is_alive", where, "HTTP 200", f"HTTP {got.status}", _ANYBODY, got)
    elif not got.media_type.startswith("image/"):
        yield Finding("a_link_says_that_it_is_a_picture", "header Content-Type", "image/...",
                      got.reply_headers.get("content-type", "none"), _ANYBODY, got)  # fmt: skip
    elif got.reply_headers.get("content-length") != str(len(got.content)):
        yield Finding("a_link_says_how_long_it_is", "header Content-Length", str(len(got.content)),
                      got.reply_headers.get("content-length", "none"), _ANYBODY, got)  # fmt: skip


def _same_head(got: Exchange, head: Exchange, where: str) -> Iterator[Finding]:
    if head.status != got.status:
        received = f"HTTP {head.status}" if head.status else head.problem
        yield Finding("head_is_answered_as_get_is", where, f"HTTP {got.status}", received, _ANYBODY, head)
        return
    for name in ("content-type", "content-length"):
        if head.reply_headers.get(name) != got.reply_headers.get(name):
            yield Finding(
                "head_is_answered_as_get_is",
                f"header {name.title()}",
                got.reply_headers.get(name, "none"),
                head.reply_headers.get(name, "none"),
                _ANYBODY,
                head,
            )
    if head.content:
        yield Finding("head_has_no_body", "", "no body", f"{len(head.content)} bytes", _ANYBODY, head)


def _picture(run: TaskRun, got: Exchange, where: str, seen: Seen, wanted: Measure) -> Iterator[Finding]:
    if wanted.kind and seen.kind != wanted.kind:
        yield Finding("a_picture_has_the_format_asked_for", where, wanted.kind, seen.kind,
                      "extra.response_image_type.enum", got)  # fmt: skip
    if got.media_type != f"image/{seen.kind}":
        yield Finding("a_link_says_which_kind_of_picture_it_is", "header Content-Type", f"image/{seen.kind}",
                      got.reply_headers.get("content-type", "none"), _TYPE, got)  # fmt: skip
    if (seen.width, seen.height) != (wanted.width, wanted.height):
        yield Finding("a_picture_has_the_size_asked_for", where, f"{wanted.width} x {wanted.height}",
                      f"{seen.width} x {seen.height}", _SIZES[run.operation], got)  # fmt: skip
    elif min(seen.width, seen.height) >= GRID and not (
        run.operation == "img2img" or run.body.get("upscaling_crop")
    ):
        yield from _shows_the_input(run, got, where, seen)


def _shows_the_input(run: TaskRun, got: Exchange, where: str, seen: Seen) -> Iterator[Finding]:
    source = pictures_in(run.request["image" if run.v2 else "image_base64"])[0]
    if ("A" in source.split(":")[1]) != ("A" in seen.mode):
        return  # laid on some ground, whose colour no page tells
    apart = difference(grid_of(source), seen.grid)
    if apart > ALIKE:
        claim = "assumed: an enlarged picture shows what the picture shows, upright"
        yield Finding(
            "an_enlarged_picture_shows_its_input",
            where,
            f"a difference of at most {ALIKE:g} of 255",
            f"{apart:.0f}",
            claim,
            got,
        )


def difference(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    """Mean difference of two grids, of 255."""
    return sum(abs(one - other) for one, other in zip(first, second, strict=True)) / len(first)


@lru_cache(maxsize=512)
def grid_of(name: str) -> tuple[int, ...]:
    """A picture of ours on the coarse grid."""
    return look_at(made(name)).grid
