"""Waits until nothing is under way: for whoever tests, and wants to look only then."""

from novita_mock import outbox
from novita_mock.accounts import Account
from novita_mock.call import Call
from novita_mock.types import JSON

#: Wall seconds between two looks.
LOOK_S = 0.005


async def idle(call: Call) -> JSON:
    """Wait until no task and no event is under way, or time is over, or nothing more comes of itself."""
    context, wall = call.context, call.context.wall
    until_s = wall.monotonic() + float(call.body["timeout_s"])
    while any(_goes_on(call, account) for account in call.accounts):
        left_s = until_s - wall.monotonic()
        if left_s <= 0 or not await context.ending.sleep(min(LOOK_S, left_s)):
            break
    tasks = sum(len(_unfinished(call, account)) for account in call.accounts)
    events = sum(len(_unsent(call, account)) for account in call.accounts)
    stands = any(account.clock.stands for account in call.accounts)
    return {"idle": not tasks + events, "tasks": tasks, "webhooks": events, "stands": stands}


def _goes_on(call: Call, account: Account) -> bool:
    """Whether something ends without being told to: on a clock that stands, only what has begun."""
    if call.context.engine.waiting.late(account.account_id):
        return True
    unsent = _unsent(call, account)
    if account.clock.stands:
        return outbox.SENDING in unsent
    return bool(unsent) or bool(_unfinished(call, account))


def _unfinished(call: Call, account: Account) -> list[str]:
    return [each.task_id for each in call.context.tasks.of(account.account_id) if not each.terminal]


def _unsent(call: Call, account: Account) -> list[str]:
    held = call.context.deliveries.outbox(account.account_id).all()
    return [each.state for each in held if not each.ended]
