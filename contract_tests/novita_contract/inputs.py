"""Rules: every kind of picture goes in, two at once, one that breaks off; an altered link shows nothing."""

from collections.abc import Callable, Iterator
from functools import partial

from novita_contract.following import begun, finished, followed, sample, state_of
from novita_contract.link_laws import links_of
from novita_contract.outcomes import ALL, SLOW, case_of, succeeded_run, whole
from novita_contract.pictures import MODES, name_of
from novita_contract.replies import broke, demand
from novita_contract.samples import broken_picture, picturing, plain
from novita_contract.session import Session
from novita_contract.task_laws import laws_of_task
from novita_contract.task_words import FAILED
from novita_contract.verdicts import Case
from novita_mock.catalogue import Catalogue, Operation

#: Two pictures that nobody takes for each other.
_LOOKS = tuple(name_of("png", "RGB", 16, 16, look=look) for look in (0, 4))


def input_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each kind of input."""
    for operation in contract.operations:
        if operation.kind == "submit":
            for what, title, check, claim, paid in _PROMISES:
                yield case_of(operation, what, title, check, claim, paid)
            yield from _input_cases(operation)


def _altered_link(operation: str, session: Session) -> None:
    run = sample(session, operation, plain(session, operation))
    for link in links_of(run):
        bare = link.partition("?")[0]
        folder, _, name = bare.rpartition("/")
        for altered in (
            bare,
            f"{folder}/x{name}{link[len(bare) :]}",
            link[:-1] + ("0" if link[-1] != "0" else "1"),
        ):
            got = session.fetch(altered)
            if got.status == 200 and altered != link:
                broke(
                    "an_altered_link_shows_nothing",
                    "/images/0/image_url",
                    "HTTP 403 or 404",
                    "HTTP 200",
                    "assumed: links are signed (facts 2.3)",
                    got,
                )


def _own_pictures(operation: str, session: Session) -> None:
    runs = [begun(session, operation, picturing(session, operation, name)) for name in _LOOKS]
    pictures = []
    for run in runs:
        followed(session, run)
        pictures += whole(session, run)
    if operation == "img2img" and len(pictures) == 2 and pictures[0].pixels == pictures[1].pixels:
        broke(
            "two_tasks_have_each_its_own_picture",
            "/images/0/image_url",
            "two pictures",
            "the same twice",
            "result.images.image_url.type",
            runs[1].last,
        )


def _input_cases(operation: Operation) -> Iterator[Case]:
    """Each format and mode of picture, and one that lies on its side."""
    names = [name_of(kind, mode, 24, 16) for kind, modes in MODES.items() for mode in modes]
    names.append(name_of("jpeg", "RGB", 24, 16, orientation=6))
    for name in names:
        kind, mode, *_ = name.split(":")
        turned = "-TURNED" if "orientation" in name else ""
        yield case_of(operation, f"INPUT-{kind.upper()}-{mode.replace(';', '')}{turned}",
                    f"a picture is taken: {name}", partial(_input, name),
                    "assumed: pictures are PNG, JPEG or WebP, in each of their modes",
            profiles=ALL if operation.name == "upscale" else SLOW)  # fmt: skip


def _input(name: str, operation: str, session: Session) -> None:
    succeeded_run(session, operation, picturing(session, operation, name))


def _broken_input(operation: str, session: Session) -> None:
    run = finished(session, operation, broken_picture(session, operation))
    demand(laws_of_task(session, run))
    if state_of(run.last) != FAILED:
        where = "/data/status" if run.v2 else "/task/status"
        broke(
            "a_broken_picture_fails_its_task",
            where,
            FAILED,
            state_of(run.last),
            "assumed: accepted, then failed (quirk broken-picture)",
            run.last,
        )


#: What, in words, how it is checked, what says so, and how many tasks that takes.
_PROMISES: tuple[tuple[str, str, Callable[[str, Session], None], str, int], ...] = (
    ("RESULT-LINK-ALTERED", "a link that was altered shows nothing", _altered_link,
     "assumed: links are signed (facts 2.3)", 1),
    ("RESULT-OWN-PICTURE", "two tasks at once get each its own picture", _own_pictures,
     "result.images.image_url.type", 2),
    ("RESULT-BROKEN-INPUT", "a file that breaks off is accepted, and its task fails", _broken_input,
     "assumed: accepted, then failed (quirk broken-picture)", 1),
)  # fmt: skip
