"""Control routes that change a world, by the name of each in ``schemas/control.json``."""

from collections.abc import Callable, Mapping

from novita_mock import outbox, reading
from novita_mock.accounts import Account
from novita_mock.call import Call, NotFound
from novita_mock.damage import check_socket
from novita_mock.fault_form import parse
from novita_mock.idling import idle
from novita_mock.inbox import check_name
from novita_mock.problems import cut, refused
from novita_mock.telling import TELLING, Command, accounts, by, clock, faults, inboxes, times
from novita_mock.triggering import trigger as triggered
from novita_mock.types import JSON


async def clock_advance(call: Call) -> JSON:
    """Let time pass; what happened in all the accounts is told in one order."""
    happened: list[tuple[float, JSON]] = []
    for account in call.some:
        effects = await call.context.timeline.advance(account, float(call.body["seconds"]))
        happened += [(effect.at_s, by(account, effect.told())) for effect in effects]
    in_flight = [
        by(account, outbox.told(delivery))
        for account in call.accounts
        for delivery in call.context.deliveries.outbox(account.account_id).all()
        if delivery.state == outbox.SENDING
    ]
    effects_told = [told for _, told in sorted(happened, key=lambda row: row[0])]
    return {"accounts": [times(a) for a in call.accounts], "effects": effects_told, "in_flight": in_flight}


async def clock_freeze(call: Call) -> JSON:
    """Let time stand still."""
    for account in call.some:
        account.clock.freeze()
        call.context.timeline.run_due(account)
    return await clock(call)


async def clock_resume(call: Call) -> JSON:
    """Let time go on."""
    for account in call.some:
        account.clock.resume()
        call.context.timeline.run_due(account)
    return await clock(call)


async def clock_speed(call: Call) -> JSON:
    """Let time pass at another speed."""
    asked = call.body["speed"]
    try:
        speed = reading.speed(str(asked))
    except ValueError:
        raise refused(f"{cut(asked)} is neither a number from 0 nor {reading.MANUAL}", "speed") from None
    for account in call.some:
        account.clock.set_speed(speed, call.context.settings.seed is not None)
        call.context.timeline.run_due(account)
    return await clock(call)


async def faults_add(call: Call) -> JSON:
    """Ask for a fault, or for all of a scenario; for every account there is, where none is named."""
    catalogue, asked = call.context.catalogue, call.body
    added = []
    for account in call.some:
        if isinstance(asked, dict) and set(asked) == {"scenario"}:
            rules = call.context.scenario(str(asked["scenario"]))
        else:
            rules = (parse(asked, f"fault-{account.next('fault') + 1}", catalogue),)
        check_socket(rules, offered=call.context.offers_socket)
        for rule in rules:
            account.faults.add(rule)
            added.append(by(account, {"fault_id": rule.fault_id}))
    return {"faults": added}


async def faults_clear(call: Call) -> JSON:
    """Take all faults back."""
    for account in call.accounts:
        account.faults.clear()
    return {"faults": []}


async def fault_remove(call: Call) -> JSON:
    """Take one fault back."""
    removed = [account.faults.remove(call.path["fault_id"]) for account in call.accounts]
    if not any(removed):
        raise NotFound("there is no such fault")
    return await faults(call)


async def balance_set(call: Call) -> JSON:
    """Say what can be spent."""
    if len(call.body) != 1:
        raise refused("say either credit_balance or usd")
    units = call.body.get("credit_balance", round(call.body.get("usd", 0) * 10_000))
    for account in call.some:
        account.wallet.set_balance(units)
    return await accounts(call)


async def webhook_resend(call: Call) -> JSON:
    """Send an event once more."""
    for account in call.accounts:
        again = call.context.deliveries.resend(account, call.path["delivery_id"])
        if again is not None:
            call.context.timeline.run_due(account)
            return by(account, outbox.told(again))
    raise NotFound("there is no such event")


async def trigger(call: Call) -> JSON:
    """Send an event without running a task."""
    account = call.one
    sent = triggered(call.context, account, call.body)
    call.context.timeline.run_due(account)
    return by(account, outbox.told(sent)) | {"body": sent.body.decode()}


async def inbox_script(call: Call) -> JSON:
    """Say how an inbox answers."""
    for account in call.some:
        account.inboxes.script(call.path["name"], call.body)
    return await inboxes(call)


async def inbox_clear(call: Call) -> JSON:
    """Forget what an inbox received."""
    check_name(call.path["name"])
    for account in call.accounts:
        account.inboxes.clear(call.path["name"])
    return await inboxes(call)


async def reset(call: Call) -> JSON:
    """Make parts of an account as new; each does what its name says and no more."""
    parts = call.body["parts"]
    for account in call.accounts:
        # The clock last, whatever the order: what is left decides whether it may go back.
        for part in sorted(parts, key="clock".__eq__):
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
    context, account_id = call.context, account.account_id
    started_over = not (context.tasks.of(account_id) or context.deliveries.outbox(account_id).all())
    account.clock.reset(from_start=started_over)
    if started_over:
        account.windows.clear()  # what was counted is in the future now


_RESETS: Mapping[str, Callable[[Call, Account], object]] = {
    "tasks": lambda call, account: call.context.engine.forget(account),
    "journal": lambda call, account: account.journal.clear(),
    "faults": lambda call, account: account.faults.clear(),
    "webhooks": _reset_webhooks,
    "storage": lambda call, account: call.context.buckets.clear(account.account_id),
    "clock": _reset_clock,
    "balance": _reset_balance,
}

#: Every command by the name of its route.
COMMANDS: Mapping[str, Command] = {
    **TELLING,
    "clock-advance": clock_advance, "clock-freeze": clock_freeze, "clock-resume": clock_resume,
    "clock-speed": clock_speed, "idle": idle,
    "faults-add": faults_add, "faults-clear": faults_clear, "fault-remove": fault_remove,
    "balance-set": balance_set, "webhook-resend": webhook_resend, "trigger": trigger,
    "inbox-script": inbox_script, "inbox-clear": inbox_clear, "reset": reset,
}  # fmt: skip
