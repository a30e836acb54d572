"""How an upscale may end that does not end in a picture. Each ending tells what is known, and what to do.

Ending
 +- Refused       the service said no: nothing is paid, and the same request will not do better
 +- Unavailable   never accepted: nothing is paid, and later it may work
 +- Unknown       the reply was lost: perhaps it is accepted and paid. Only a person may decide to repeat it
 +- Accepted      it has a task_id, so nothing of this has to be paid again
     +- Failed        the task failed
     +- Unfinished    its end was not seen in time: ``Client.finish(task_id)`` goes on
     +- Forgotten     the service does not know the task
     +- Unsafe        the picture is not safe, or nobody could tell
     +- LinkExpired   the picture was made, and its link is dead
     +- NoPicture     the picture was made, and does not come whole
"""


class Ending(Exception):
    """No picture; the message says why."""


class Refused(Ending):
    """The service said no.

    Attributes:
        reason: as documented: ``BILLING_BALANCE_NOT_ENOUGH``, ``ILLEGAL_PROMPT``, ...
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason


class Unavailable(Ending):
    """The request was never accepted, however often it was sent."""


class Unknown(Ending):
    """Nobody can say whether the request was accepted.

    Attributes:
        charged: whether the balance has fallen meanwhile; None where it could not be read. Others who
            spend from the same account make it fall too, and no page says when the service charges.
    """

    def __init__(self, why: str, before: float | None, after: float | None) -> None:
        self.charged = None if before is None or after is None else after < before
        told = {None: "could not be read", True: "has fallen", False: "has not changed"}[self.charged]
        super().__init__(f"{why}; perhaps it is accepted and paid: the balance {told}")


class Accepted(Ending):
    """The request was accepted; what went wrong came later.

    Attributes:
        task_id: of its task.
    """

    def __init__(self, task_id: str, why: str) -> None:
        super().__init__(f"task {task_id}: {why}")
        self.task_id = task_id


class Failed(Accepted):
    """The task failed."""


class Unfinished(Accepted):
    """The task's end was not seen in time."""


class Forgotten(Accepted):
    """The service does not know the task."""


class Unsafe(Accepted):
    """The picture is not safe, or it could not be told."""


class LinkExpired(Accepted):
    """The picture was made, but its link is dead."""


class NoPicture(Accepted):
    """The picture was made, but it does not come whole."""
