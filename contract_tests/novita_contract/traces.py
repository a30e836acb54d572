"""Where a quirk shows: which difference between two targets is one of a known pair of readings."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from novita_contract.splits import STATUS, Split, summary
from novita_mock.types import JSON

_SUBMITS = ("upscale", "img2img")
_RESULTS = ("task-result", "webhook")
#: Where a reply says it: the quirk, the operations, and the place of the body.
_PLACES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("submit-shape", _SUBMITS, r"/(task_id|code|msg|data)(/.*)?"),
    ("final-progress", _RESULTS, r"(/payload)?/task/progress_percent"),
    ("image-url-ttl", _RESULTS, r"(/payload)?/images/\d+/image_url_ttl"),
    ("nsfw-off", _RESULTS, r"(/payload)?/images/\d+/nsfw_detection_result"),
    ("seed-echo", _RESULTS, r"(/payload)?/extra/seed"),
    ("debug-info", _RESULTS, r"(/payload)?/extra/debug_info(/.*)?"),
    ("result-webhook", _RESULTS, r"(/payload)?/extra/webhook(/.*)?"),
    ("upscale-progress", ("upscale",), r"under way: progress"),
)
#: What a refusal is about: the quirk, and its word for the reason.
_REASONS = {
    "BILLING_BALANCE_NOT_ENOUGH": "balance", "INVALID_IMAGE_SIZE": "image-size-reason",
    "MISSING_API_KEY": "missing-key",
}  # fmt: skip
#: Where a refusal differs when a quirk says how it is worded, or whether there is one.
_REFUSAL = re.compile(r"status|/(code|reason|message|msg|metadata)(/.*)?")
#: Answers to who may not come in; how a key is spelled is not the matter where both sides say one.
_NO_KEY = re.compile(r"(MISSING|INVALID)_API_KEY| 4$")
#: Whether a request is taken at all hangs on these; a case can be about several of them at once.
TAKING = (
    "unknown-field", "null-optional", "steps-null", "empty-object", "empty-string", "numeric-string",
    "integral-float", "boolean-text", "bare-key", "omni-key", "data-url", "content-type",
)  # fmt: skip
_NAMED = re.compile(r"see quirk ([a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Quirk:
    """A quirk that a difference is about.

    Attributes:
        id: of the quirk.
        default: how we read it.
        left, right: how each side reads it, or empty where that is not known.
        basis: ``documented``, ``observed`` or ``assumed``.
    """

    id: str
    default: str
    left: str
    right: str
    basis: str

    @property
    def differs(self) -> bool:
        """Whether both sides are known to read it, and each in its own way."""
        return bool(self.left and self.right) and self.left != self.right

    @property
    def named(self) -> str:
        """``ID=VALUE``, with the value that is not our default, as far as it is known."""
        other = next((value for value in (self.right, self.left) if value not in ("", self.default)), "")
        return f"{self.id}={other}" if other else self.id


def quirk_of(quirks: Mapping[str, Quirk], case: JSON, findings: Iterable[JSON], split: Split) -> Quirk | None:
    """The quirk that a difference is about, if it is about one.

    Args:
        quirks: every quirk that can be read in more than one way.
        case: of one of the sides.
        findings: of both sides.
        split: where they differ.
    """
    names = (*_of_place(split), *_of_refusal(case, split), *_of_case(case, findings))
    named = (quirks[name] for name in names if name in quirks)
    # Where both sides are known to read it alike, it is not this that they differ in.
    possible = [quirk for quirk in named if quirk.differs or not (quirk.left and quirk.right)]
    if possible:
        return next((quirk for quirk in possible if quirk.differs), possible[0])
    taking = [quirks[name] for name in TAKING if name in quirks and quirks[name].differs]
    return taking[0] if split.where == STATUS and len(taking) == 1 else None


def _of_place(split: Split) -> Iterator[str]:
    for quirk, operations, pattern in _PLACES:
        if split.asked.get("operation") in operations and re.fullmatch(pattern, split.where):
            yield quirk


def _of_refusal(case: JSON, split: Split) -> Iterator[str]:
    """By what its case says, by its reason on either side, by what was unusual in the request."""
    if not _REFUSAL.fullmatch(split.where):
        return
    for claim in case.get("claims", ()):
        yield from _NAMED.findall(claim)
    words = [summary(answer) for answer in split.answers]
    yield from (quirk for word, quirk in _REASONS.items() if any(word in each for each in words))
    key, asked = str(split.asked.get("key", "")), split.asked.get("query", {})
    if key == "none":
        yield "missing-key"
    if not all(map(_NO_KEY.search, words)):
        yield from ("bare-key",) * key.startswith("<key ") + ("omni-key",) * key.startswith("X-Omni-Key")
    if "type" in split.asked:
        yield "content-type"
    if not {"True", "False"}.isdisjoint(map(str, asked.values())):
        yield "boolean-text"


def _of_case(case: JSON, findings: Iterable[JSON]) -> Iterator[str]:
    for finding in findings:
        yield str(finding.get("quirk", "")).partition("=")[0]
    if str(case.get("case", "")).startswith("QRK-"):
        yield case["case"].removeprefix("QRK-").lower()
