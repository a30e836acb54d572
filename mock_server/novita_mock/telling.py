"""Control routes that only tell: what there is in a world, by the name of each route."""

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import asdict

from novita_mock import __version__, entry, journal, outbox, scenarios, storage
from novita_mock.accounts import Account
from novita_mock.call import Call, NotFound
from novita_mock.dialects import result
from novita_mock.har import har
from novita_mock.problems import refused
from novita_mock.redaction import outline, redacted_text
from novita_mock.task import Task
from novita_mock.types import JSON
from novita_mock.wanted import wanted_of

Command = Callable[[Call], Awaitable[JSON]]


def by(account: Account, told: JSON) -> JSON:
    """Something told of an account, with its id, so that lists of all accounts can be told apart."""
    return {"account": account.account_id, **told}


def times(account: Account) -> JSON:
    """What time it is in an account, and how time passes there."""
    clock = account.clock
    mode = "instant" if clock.instant else "manual" if clock.rate == 0 else "running"
    now = {"now": entry.moment(clock.now()), "now_s": round(clock.now(), 3)}
    return by(account, {**now, "mode": "frozen" if clock.frozen else mode, "rate": clock.rate})


async def accounts(call: Call) -> JSON:
    """The accounts there are."""
    rows = []
    for account in call.accounts:
        tasks = call.context.tasks.of(account.account_id)
        rows.append(times(account) | {"tasks": len(tasks)} | account.wallet.told())
    return {"accounts": rows}


async def clock(call: Call) -> JSON:
    """What time it is."""
    return {"accounts": [times(account) for account in call.accounts]}


def _task(call: Call, account: Account, task: Task) -> JSON:
    told = {
        "task_id": task.task_id,
        "operation": task.operation,
        "task_type": task.task_type,
        "status": task.status.value,
        "reason": task.reason,
        "submitted_at": entry.moment(task.submitted_s),
        "finished_at": entry.moment(task.finished_s) if task.finished_s is not None else None,
        "images": len(task.images),
        "seed": task.seed,
        "digest": task.digest,
        "webhook_url": redacted_text(task.wish.webhook_url),
    }
    return by(account, told)


async def tasks(call: Call) -> JSON:
    """The tasks that are kept."""
    found = [_task(call, a, task) for a in call.accounts for task in call.context.tasks.of(a.account_id)]
    return {"tasks": found}


async def task(call: Call) -> JSON:
    """One task, with the body that a poll of it has now, links without their signatures."""
    for account in call.accounts:
        found = call.context.tasks.get(account.account_id, call.path["task_id"])
        if found is not None:
            body = result(found, account.clock.now(), call.context.catalogue).body
            of_task = [d for d in outbox_of(call, account) if d.task_id == found.task_id]
            webhooks = [outbox.told(delivery) for delivery in of_task]
            return _task(call, account, found) | {
                "plan": asdict(found.plan),
                "result": outline(body),
                "webhooks": webhooks,
            }
    raise NotFound("there is no such task")


def _journals(call: Call) -> list[tuple[JSON, journal.Journal]]:
    if "nobody" in call.query:
        return [(None, call.context.journal)]
    held: list[tuple[JSON, journal.Journal]] = [(a.account_id, a.journal) for a in call.accounts]
    return held if call.named else [*held, (None, call.context.journal)]


def _filters(call: Call) -> dict[str, JSON]:
    return {name: value for name, value in call.query.items() if name not in ("account", "nobody")}


def _asked(call: Call) -> list[tuple[JSON, entry.Entry]]:
    """The entries that are asked for, each with whose it is, in the order in which they were answered."""
    wanted = wanted_of(_filters(call))
    journals = _journals(call)
    if wanted.after is not None and not call.named and len(journals) > 1:
        message = "numbers count the requests of one account: say whose"
        raise refused(message, "after")
    found = [(whose, each) for whose, held in journals for each in held.select(wanted)]
    found.sort(key=lambda pair: pair[1].arrival)
    # Of several journals each gave as many as are wanted in all.
    surplus = len(found) - (len(found) if wanted.limit is None else wanted.limit)
    return found if wanted.after is not None else found[max(0, surplus) :]


async def requests(call: Call) -> JSON:
    """The journal."""
    told = [{"account": whose, **entry.told(each)} for whose, each in _asked(call)]
    dropped = sum(held.dropped for _, held in _journals(call))
    return {"requests": told, "count": len(told), "dropped": dropped}


async def requests_assert(call: Call) -> JSON:
    """Whether the journal holds what is wanted."""
    message, numbers = journal.looked_for(call.one.journal, call.body)
    return {"holds": not message, "message": message, "numbers": numbers}


async def requests_har(call: Call) -> JSON:
    """The journal as a HAR file."""
    return har((each for _, each in _asked(call)), call.context.url, __version__)


async def faults(call: Call) -> JSON:
    """The faults that were asked for."""
    return {"faults": [by(account, told) for account in call.accounts for told in account.faults.told()]}


async def all_scenarios(call: Call) -> JSON:
    """The scenarios there are."""
    names = scenarios.names()
    return {"scenarios": [{"name": name, "about": scenarios.about(name)} for name in names]}


async def double_spends(call: Call) -> JSON:
    """What was paid twice."""
    found = [by(account, told) for account in call.accounts for told in account.spending.double()]
    return {"double_spends": found}


def outbox_of(call: Call, account: Account) -> list[outbox.Delivery]:
    """An account's deliveries, the oldest first."""
    return call.context.deliveries.outbox(account.account_id).all()


async def webhooks(call: Call) -> JSON:
    """The events that were to be delivered."""
    return {"webhooks": [by(a, outbox.told(d)) for a in call.accounts for d in outbox_of(call, a)]}


async def webhook(call: Call) -> JSON:
    """One event."""
    for account in call.accounts:
        found = call.context.deliveries.outbox(account.account_id).get(call.path["delivery_id"])
        if found is not None:
            return by(account, outbox.told(found)) | {"body": found.body.decode()}
    raise NotFound("there is no such event")


async def inboxes(call: Call) -> JSON:
    """The inboxes in use."""
    return {"inboxes": [by(account, told) for account in call.accounts for told in account.inboxes.told()]}


async def inbox(call: Call) -> JSON:
    """What an inbox received."""
    events = [by(a, told) for a in call.accounts for told in a.inboxes.events(call.path["name"])]
    return {"name": call.path["name"], "events": events}


async def objects(call: Call) -> JSON:
    """What custom storage holds."""
    owners = [account.account_id for account in call.accounts]
    found = [each for each in call.context.buckets.objects() if each.account_id in owners]
    return {
        "objects": [{"account": each.account_id, **storage.told(each, call.context.url)} for each in found]
    }


#: By the name of their route.
TELLING: Mapping[str, Command] = {
    "accounts": accounts, "clock": clock, "tasks": tasks, "task": task, "requests": requests,
    "requests-assert": requests_assert, "requests-har": requests_har, "faults": faults,
    "scenarios": all_scenarios, "double-spends": double_spends, "webhooks": webhooks, "webhook": webhook,
    "inboxes": inboxes, "inbox": inbox, "storage": objects,
}  # fmt: skip
