"""A request that was found good, as the engine takes it."""

from collections.abc import Mapping

from msgspec import Struct

from novita_mock.catalogue import Operation
from novita_mock.fault_rule import FaultRule
from novita_mock.geometry import Output
from novita_mock.task import Wish
from novita_mock.types import JSON
from novita_mock.wallet import cost_of
from novita_mock.work import Work


class Submission(Struct, frozen=True, gc=False):
    """What was asked for, with every picture taken out of it.

    Attributes:
        request: the normalised request object; pictures are their digests.
        images: the pictures' bytes by digest.
        digest: hex digest of the normalised request.
        output: the pictures that will come out.
        input_pixels: pixels of all input pictures together.
        wish: what was asked for beside the pictures.
        named: the faults of the scenario that the request chose.
        scenario: the name of that scenario, or empty.
    """

    operation: Operation
    request: Mapping[str, JSON]
    images: Mapping[str, bytes]
    digest: str
    output: Output
    input_pixels: int
    wish: Wish
    named: tuple[FaultRule, ...] = ()
    scenario: str = ""

    @property
    def size(self) -> int:
        """Bytes of all input pictures."""
        return sum(map(len, self.images.values()))

    @property
    def pixels(self) -> int:
        """Pixels of all pictures, those that come in and those that will come out."""
        return self.output.pixels + self.input_pixels

    @property
    def cost(self) -> int:
        """What it costs, in 1/10,000 USD; a webhook's test mode is free."""
        if self.wish.test_status:
            return 0
        return cost_of(self.operation, self.output.count, self.wish.nsfw_level is not None)

    def work(self, seed: int) -> Work:
        """The order for its pictures."""
        return Work(self.operation.renderer, self.request, self.images, seed, self.wish.image_type)
