"""Decided once, when a task is accepted: how long it takes and how it ends."""

from collections.abc import Mapping

from msgspec import Struct

from novita_mock.geometry import Output
from novita_mock.types import JSON

#: Seconds in the queue, and seconds that any work takes. Assumed: no page gives a figure.
QUEUE_S = 0.5
BASE_S = 1.0
#: Seconds for a million output pixels, and for a million output pixels in one denoising step. Assumed.
MEGAPIXEL_S = 0.25
STEP_S = 0.05
#: Why a task in a webhook's test mode fails. Ours: no page publishes a text.
TEST_REASON = "this is a simulated failure of the webhook's test mode"


class Plan(Struct, frozen=True, gc=False):
    """How a task will go, in seconds of account time.

    Attributes:
        queue_s: how long it waits.
        processing_s: how long it is worked on; it never ends sooner.
        failure: the reason for which it fails, or empty where it succeeds.
        nsfw: what the detection says of its pictures, where a fault decides it: (valid, confidence).
    """

    queue_s: float
    processing_s: float
    failure: str = ""
    nsfw: tuple[bool, float] | None = None


class Fate(Struct, frozen=True, gc=False):
    """What faults decide about a task: so many seconds more, a reason to fail, what detection says."""

    slow_s: float = 0.0
    failure: str = ""
    nsfw: tuple[bool, float] | None = None


_NO_FATE = Fate()


def plan_for(request: Mapping[str, JSON], output: Output, instant: bool, fate: Fate | None = None) -> Plan:
    """The plan of a request: the time grows with pixels, steps and pictures.

    Args:
        request: the normalised request; ``steps`` counts where it has them.
        output: the pictures that it will make.
        instant: whether planned delays count as zero.
        fate: what faults decide about it.
    """
    fate = fate or _NO_FATE
    if instant:
        return Plan(0.0, 0.0, fate.failure, fate.nsfw)
    megapixels = output.pixels / 1_000_000
    each = STEP_S * float(request["steps"]) if "steps" in request else MEGAPIXEL_S
    return Plan(QUEUE_S, round(BASE_S + megapixels * each + fate.slow_s, 3), fate.failure, fate.nsfw)


def test_plan(status: str) -> Plan:
    """The plan of a task that only tests a webhook: it ends at once, as it was asked to."""
    return Plan(0.0, 0.0, TEST_REASON if status.endswith("FAILED") else "")
