"""What each control route does, by its name in ``schemas/control/routes.json``."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict

from novita_mock import __version__, deliveries, entry, journal, scenarios, storage
from novita_mock.accounts import Account
from novita_mock.call import Call, NotFound
from novita_mock.deliveries import Delivery
from novita_mock.dialects import result
from novita_mock.fault_form import parse
from novita_mock.fault_rule import FaultRule
from novita_mock.har import har
from novita_mock.injection import socket_of
from novita_mock.problems import Fault, Refused
from novita_mock.task import Task
from novita_mock.triggering import trigger as triggered
from novita_mock.types import JSON

Command = Callable[[Call], Awaitable[JSON]]


def _by(account: Account, told: JSON) -> JSON:
    """Something told of an account, with its id, so that lists of all accounts can be told apart."""
    return {"account": account.account_id, **told}


def _times(account: Account) -> JSON:
    clock = account.clock
    mode = "instant" if clock.instant else "manual" if clock.rate == 0 else "running"
    now = {"now": entry.moment(clock.now()), "now_s": round(clock.now(), 3)}
    return _by(account, {**now, "mode": "frozen" if clock.frozen else mode, "rate": clock.rate})


async def accounts(call: Call) -> JSON:
    """The accounts there are."""
    rows = []
    for account in call.accounts:
        tasks = call.context.tasks.of(account.account_id)
        rows.append(_times(account) | {"tasks": len(tasks)} | account.wallet.told())
    return {"accounts": rows}


async def clock(call: Call) -> JSON:
    """What time it is."""
    return {"accounts": [_times(account) for account in call.accounts]}


async def clock_advance(call: Call) -> JSON:
    """Let time pass."""
    effects, in_flight = [], 0
    for account in call.accounts:
        advanced = await call.context.timeline.advance(account, float(call.body["seconds"]))
        effects += [_by(account, effect.told()) for effect in advanced.effects]
        in_flight += advanced.in_flight
    return {"accounts": [_times(a) for a in call.accounts], "effects": effects, "in_flight": in_flight}


async def clock_freeze(call: Call) -> JSON:
    """Let time stand still."""
    for account in call.accounts:
        account.clock.freeze()
        call.context.timeline.run_due(account)
    return await clock(call)


async def clock_resume(call: Call) -> JSON:
    """Let time go on."""
    for account in call.accounts:
        account.clock.resume()
        call.context.timeline.run_due(account)
    return await clock(call)


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
        "webhook_url": task.wish.webhook_url,
    }
    return _by(account, told)


async def tasks(call: Call) -> JSON:
    """The tasks that are kept."""
    found = [_task(call, a, task) for a in call.accounts for task in call.context.tasks.of(a.account_id)]
    return {"tasks": found}


async def task(call: Call) -> JSON:
    """One task, with the body that a poll of it has now."""
    for account in call.accounts:
        found = call.context.tasks.get(account.account_id, call.path["task_id"])
        if found is not None:
            body = result(found, account.clock.now(), call.context.catalogue).body
            of_task = [d for d in _outbox(call, account) if d.task_id == found.task_id]
            webhooks = [deliveries.told(delivery) for delivery in of_task]
            return _task(call, account, found) | {"plan": asdict(found.plan), "result": body, "webhooks": webhooks}
    raise NotFound("there is no such task")


def _journals(call: Call) -> list[tuple[JSON, journal.Journal]]:
    held: list[tuple[JSON, journal.Journal]] = [(a.account_id, a.journal) for a in call.accounts]
    return held if call.named else [*held, (None, call.context.journal)]


async def requests(call: Call) -> JSON:
    """The journal."""
    filters = {name: value for name, value in call.query.items() if name not in ("account", "token")}
    rows, dropped = [], 0
    for account_id, held in _journals(call):
        rows += [(found.at_s, {"account": account_id, **entry.told(found)}) for found in held.find(**filters)]
        dropped += held.dropped
    told = [row for _, row in sorted(rows, key=lambda row: row[0])]
    return {"requests": told, "count": len(told), "dropped": dropped}


async def requests_assert(call: Call) -> JSON:
    """Whether the journal holds what is wanted."""
    message = journal.missing(call.one.journal, call.body)
    return {"holds": not message, "message": message}


async def requests_har(call: Call) -> JSON:
    """The journal as a HAR file."""
    entries = [found for _, held in _journals(call) for found in held]
    base_url = call.context.settings.public_url or call.context.own_url
    return har(sorted(entries, key=lambda found: found.at_s), base_url, __version__)


async def faults(call: Call) -> JSON:
    """The faults that were asked for."""
    return {"faults": [_by(account, told) for account in call.accounts for told in account.faults.told()]}


async def faults_add(call: Call) -> JSON:
    """Ask for a fault, or for all of a scenario; for every account there is, where none is named."""
    catalogue, asked = call.context.catalogue, call.body
    added = []
    for account in call.accounts:
        if isinstance(asked, dict) and set(asked) == {"scenario"}:
            rules = scenarios.load(str(asked["scenario"]), catalogue)
        else:
            rules = (parse(asked, f"fault-{account.next('fault') + 1}", catalogue),)
        for rule in rules:
            _check_socket(call, rule)
            account.faults.add(rule)
            added.append(_by(account, {"fault_id": rule.fault_id}))
    return {"faults": added}


def _check_socket(call: Call, rule: FaultRule) -> None:
    if rule.effect.kind == "socket" and socket_of(call.request.scope) is None:
        message = "this server does not offer its socket; run novita-mock serve for faults there"
        raise Refused((Fault("invalid-request", ("effect", "kind"), message),))


async def faults_clear(call: Call) -> JSON:
    """Take all faults back."""
    for account in call.accounts:
        account.faults.clear()
    return {"faults": []}


async def fault_remove(call: Call) -> JSON:
    """Take one fault back."""
    if not any([account.faults.remove(call.path["fault_id"]) for account in call.accounts]):
        raise NotFound("there is no such fault")
    return await faults(call)


async def all_scenarios(call: Call) -> JSON:
    """The scenarios there are."""
    names = scenarios.names()
    return {"scenarios": [{"name": name, "about": scenarios.about(name)} for name in names]}


async def balance_set(call: Call) -> JSON:
    """Say what can be spent."""
    if len(call.body) != 1:
        raise Refused((Fault("invalid-request", (), "say either credit_balance or usd"),))
    units = call.body.get("credit_balance", round(call.body.get("usd", 0) * 10_000))
    for account in call.accounts:
        account.wallet.set_balance(units)
    return await accounts(call)


async def double_spends(call: Call) -> JSON:
    """What was paid twice."""
    found = [_by(account, told) for account in call.accounts for told in account.spending.double()]
    return {"double_spends": found}


def _outbox(call: Call, account: Account) -> list[Delivery]:
    return call.context.deliveries.outbox(account.account_id).all()


async def webhooks(call: Call) -> JSON:
    """The events that were to be delivered."""
    return {"webhooks": [_by(a, deliveries.told(d)) for a in call.accounts for d in _outbox(call, a)]}


async def webhook(call: Call) -> JSON:
    """One event."""
    for account in call.accounts:
        found = call.context.deliveries.outbox(account.account_id).get(call.path["delivery_id"])
        if found is not None:
            return _by(account, deliveries.told(found)) | {"body": found.body.decode()}
    raise NotFound("there is no such event")


async def webhook_resend(call: Call) -> JSON:
    """Send an event once more."""
    for account in call.accounts:
        again = call.context.deliveries.resend(account, call.path["delivery_id"])
        if again is not None:
            call.context.timeline.run_due(account)
            return _by(account, deliveries.told(again))
    raise NotFound("there is no such event")


async def trigger(call: Call) -> JSON:
    """Send an event without running a task."""
    account = call.one
    sent = triggered(call.context, account, call.body)
    call.context.timeline.run_due(account)
    return _by(account, deliveries.told(sent)) | {"body": sent.body.decode()}


async def inboxes(call: Call) -> JSON:
    """The inboxes in use."""
    return {"inboxes": [_by(account, told) for account in call.accounts for told in account.inboxes.told()]}


async def inbox(call: Call) -> JSON:
    """What an inbox received."""
    events = [_by(a, told) for a in call.accounts for told in a.inboxes.events(call.path["name"])]
    return {"name": call.path["name"], "events": events}


async def inbox_script(call: Call) -> JSON:
    """Say how an inbox answers."""
    for account in call.accounts:
        account.inboxes.script(call.path["name"], call.body)
    return await inboxes(call)


async def inbox_clear(call: Call) -> JSON:
    """Forget what an inbox received."""
    for account in call.accounts:
        account.inboxes.clear(call.path["name"])
    return await inboxes(call)


async def objects(call: Call) -> JSON:
    """What custom storage holds."""
    base_url = call.context.settings.public_url or call.context.own_url
    owners = [account.account_id for account in call.accounts]
    found = [each for each in call.context.buckets.objects() if each.account_id in owners]
    return {"objects": [{"account": each.account_id, **storage.told(each, base_url)} for each in found]}


async def reset(call: Call) -> JSON:
    """Make parts of an account as new; each does what its name says and no more."""
    parts = call.body["parts"]
    for account in call.accounts:
        for part in parts:
            _RESETS[part](call, account)
        call.context.timeline.run_due(account)
    return {"reset": parts, "accounts": [account.account_id for account in call.accounts]}


def _reset_webhooks(call: Call, account: Account) -> None:
    call.context.deliveries.outbox(account.account_id).clear()
    account.inboxes.clear()


def _reset_balance(call: Call, account: Account) -> None:
    account.wallet.reset()
    account.spending.clear()
    account.windows.clear()


def _reset_clock(call: Call, account: Account) -> None:
    # Time goes back to its start only where nothing is left that would see it go back.
    started_over = not call.context.tasks.of(account.account_id)
    account.clock.reset(from_start=started_over)


_RESETS: Mapping[str, Callable[[Call, Account], object]] = {
    "tasks": lambda call, account: call.context.engine.forget(account),
    "journal": lambda call, account: account.journal.clear(),
    "faults": lambda call, account: account.faults.clear(),
    "webhooks": _reset_webhooks,
    "storage": lambda call, account: call.context.buckets.clear(account.account_id),
    "clock": _reset_clock,
    "balance": _reset_balance,
}

#: The commands by the name of their route; the other routes are in ``control``.
COMMANDS: Mapping[str, Command] = {
    "accounts": accounts, "clock": clock, "clock-advance": clock_advance, "clock-freeze": clock_freeze,
    "clock-resume": clock_resume, "tasks": tasks, "task": task, "requests": requests,
    "requests-assert": requests_assert, "requests-har": requests_har, "faults": faults,
    "faults-add": faults_add, "faults-clear": faults_clear, "fault-remove": fault_remove,
    "scenarios": all_scenarios, "balance-set": balance_set, "double-spends": double_spends,
    "webhooks": webhooks, "webhook": webhook, "webhook-resend": webhook_resend, "trigger": trigger,
    "inboxes": inboxes, "inbox": inbox, "inbox-script": inbox_script, "inbox-clear": inbox_clear,
    "storage": objects, "reset": reset,
}  # fmt: skip
