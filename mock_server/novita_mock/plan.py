"""Decided once, when a task is accepted: how long it takes and how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass

from novita_mock.geometry import Output
from novita_mock.types import JSON

#: Seconds in the queue, and seconds that any work takes. Assumed: no page gives a figure.
QUEUE_S = 0.5
BASE_S = 1.0
#: Seconds for a million output pixels, and for a million output pixels in one denoising step. Assumed.
MEGAPIXEL_S = 0.25
STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """How a task will go, in seconds of account time.

    Attributes:
        queue_s: how long it waits.
        processing_s: how long it is worked on; it never ends sooner.
        failure: the reason for which it fails, or empty where it succeeds.
    """

    queue_s: float
    processing_s: float
    failure: str = ""


def plan_for(request: Mapping[str, JSON], output: Output, instant: bool) -> Plan:
    """The plan of a request: the time grows with pixels, steps and pictures.

    Args:
        request: the normalised request; ``steps`` counts where it has them.
        output: the pictures that it will make.
        instant: whether planned delays count as zero.
    """
    if instant:
        return Plan(0.0, 0.0)
    megapixels = output.pixels / 1_000_000
    each = STEP_S * float(request["steps"]) if "steps" in request else MEGAPIXEL_S
    return Plan(QUEUE_S, round(BASE_S + megapixels * each, 3))
