"""What is known of a request while it is under way: filled on the way in, written down on the way out."""

from msgspec import Struct, field
from starlette.requests import Request

from novita_mock.accounts import Account
from novita_mock.blobs import Grant
from novita_mock.fault_rule import FaultRule
from novita_mock.types import JSON


class Exchange(Struct):
    """A request, and its reply as far as there is one.

    Attributes:
        account: whose it is, once that is known.
        operation: the row it met, or empty.
        task_id: the task that it made or asked about.
        at_s: when it came, in account time, once its account is known.
        task_type: of the task that it asked about, where there is one.
        received: its body, pictures told by their digests.
        received_bytes: size of its body.
        notices: what passed although no page documents it: ``(quirk, dotted path)``.
        faults: the rules that fired on it.
        problem: why it was refused, or empty.
        lost: whether its work was done but its sender was not told so.
        note: what the log says of it.
        scenario: the rules of the scenario that it chose.
        scenario_name: the name of that, or empty.
        grant: what the link to a picture says, once its signature is checked.
    """

    account: Account | None = None
    operation: str = ""
    task_id: str = ""
    at_s: float | None = None
    task_type: str = ""
    received: JSON = None
    received_bytes: int = 0
    notices: tuple[tuple[str, str], ...] = ()
    faults: list[FaultRule] = field(default_factory=list)
    problem: str = ""
    lost: bool = False
    note: str = ""
    scenario: tuple[FaultRule, ...] = ()
    scenario_name: str = ""
    grant: Grant | None = None

    @property
    def bent(self) -> str:
        """How a fault bent the body of the reply, or empty."""
        return next((rule.effect.how or "" for rule in self.faults if rule.effect.kind == "body"), "")


def exchange_of(request: Request) -> Exchange:
    """The exchange that a request belongs to; the gate makes it."""
    found: Exchange = request.scope["state"]["exchange"]
    return found
