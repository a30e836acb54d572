"""Makes a webhook event without running a task: from a finished task, or from one that is made up."""

import copy

import msgspec

from novita_mock.accounts import Account
from novita_mock.context import Context
from novita_mock.dialects import event
from novita_mock.outbox import Delivery
from novita_mock.plan import TEST_REASON, test_plan
from novita_mock.problems import UnknownTask, cut, refused
from novita_mock.task import Status, Task, Wish, apply
from novita_mock.types import JSON

SCHEMA = "webhook/event.json"


def trigger(context: Context, account: Account, asked: JSON) -> Delivery:
    """Have an event delivered that fits its schema, whatever was overridden.

    Args:
        context: the double.
        account: whose event it is.
        asked: a checked body of ``control/trigger.json``.

    Raises:
        Refused: an override leads nowhere, or the event would not fit its schema.
        UnknownTask: the task that was named is not there, or has not ended.
    """
    if "task_id" in asked:
        task = context.tasks.get(account.account_id, asked["task_id"])
        if task is None or not task.terminal or task.dialect != "v3":
            raise UnknownTask("there is no such finished task")
    else:
        task = _made_up(context, account, asked)
    body = event(task, account.clock.now(), context.catalogue)
    for pointer, value in asked.get("override", {}).items():
        body = _overridden(body, pointer, value)
    violations = list(context.validator(SCHEMA).violations(body))
    if violations:
        message = f"the event would not fit its schema: {violations[0]}"
        raise refused(message, "override")
    content = msgspec.json.encode(body)
    return context.deliveries.begin(account, task.task_id, asked["to"], content, event="trigger")


def _made_up(context: Context, account: Account, asked: JSON) -> Task:
    operation = context.catalogue.operation(asked["operation"])
    now_s = account.clock.now()
    wish = Wish("png", 3600, context.url, webhook_url=asked["to"])
    status = Status.SUCCEED if asked["event"] == "succeed" else Status.FAILED
    task = Task(
        task_id=context.chance.uuid("trigger", account.account_id, account.next("trigger")),
        account_id=account.account_id,
        operation=operation.name,
        dialect=operation.dialect,
        task_type=operation.task_type,
        submitted_s=now_s,
        plan=test_plan(status.value),
        wish=wish,
        digest="0" * 64,
        seed=0 if operation.renderer == "img2img" else None,
    )
    task = apply(task, "start", started_s=now_s)
    if status is Status.FAILED:
        return apply(task, "fail", finished_s=now_s, reason=TEST_REASON)
    canned = (context.results.canned(wish.image_type),)
    images = context.results.store(account, task, operation, canned, now_s)
    done = apply(task, "succeed", finished_s=now_s, images=images)
    context.results.keep(done)
    return done


def _overridden(body: JSON, pointer: str, value: JSON) -> JSON:
    body = copy.deepcopy(body)
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    holder = body
    try:
        for step in steps[:-1]:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if isinstance(holder, list):
            holder[int(steps[-1])] = value
        else:
            holder[steps[-1]] = value
    except (KeyError, IndexError, ValueError, TypeError):
        message = f"{cut(pointer)} leads to nothing in the event"
        raise refused(message, "override") from None
    return body
