"""Commands that look at a running double and change its world, over its control routes."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from novita_mock.calling import CallFailed, Double
from novita_mock.options import Command, debug_option, settings_options
from novita_mock.settings import Settings
from novita_mock.showing import raw, record, safe, table
from novita_mock.types import JSON

Show = Callable[[JSON], str]


def double_options(function: Command) -> Command:
    """Give a command the options that say which double, whose account, and how to print.

    It is called with ``double`` and ``as_json``.
    """

    @wraps(function)
    def called(*, url: str | None, account: str, control_token: str | None, **rest: Any) -> Any:
        return function(double=double_of(url, account, control_token), **rest)

    account = "only this account: its API key or its id (default: all)"
    for option in (
        click.option("--url", metavar="URL", help="where the double is (default http://127.0.0.1:4077)"),
        click.option("--account", metavar="KEY_OR_ID", default="", help=account),
        click.option("--json", "as_json", is_flag=True, help="print the JSON that the double answers"),
    ):
        called = option(called)
    decorated: Command = debug_option(settings_options("control_token")(called))
    return decorated


def double_of(url: str | None, account: str, control_token: str | None) -> Double:
    """The double that a command speaks to; the port is that of the environment, where it has one.

    Raises:
        SettingsError: the environment holds a variable of ours that is no setting.
    """
    environ: Mapping[str, str] = click.get_current_context().obj["environ"]
    settings = Settings.from_environment(environ, control_token=control_token)
    return Double(url or f"http://127.0.0.1:{settings.port or 4077}", account, settings.control_token or "")


def tell(told: JSON, as_json: bool, show: Show) -> None:
    """Print an answer, for people or as it is."""
    click.echo(raw(told, indent=2) if as_json else show(told))


def json_of(text: str, example: str) -> JSON:
    """JSON from the command line.

    Raises:
        CallFailed: it is none.
    """
    try:
        return json.loads(text)
    except ValueError:
        raise CallFailed(f"{safe(text[:60])} is not JSON", example) from None


@click.command("tasks", epilog="Example: novita-mock tasks")
@click.argument("task_id", required=False)
@double_options
def tasks_command(task_id: str | None, double: Double, as_json: bool) -> None:
    """List the tasks of a running double, or show one."""
    if task_id:
        tell(double.get(f"/tasks/{task_id}"), as_json, record)
    else:
        tell(double.get("/tasks"), as_json, _tasks)


def _tasks(told: JSON) -> str:
    head = ("task_id", "operation", "status", "images", "submitted_at", "reason", "account")
    return table(head, ([*(row[name] for name in head[:-1]), row["account"][:8]] for row in told["tasks"]))


@click.command("requests", epilog="Example: novita-mock requests --status 4xx --har refused.har")
@click.option("--operation", metavar="NAME", help="only of this operation: upscale, img2img, ...")
@click.option("--path", metavar="PATH", help="only of this path; * stands for anything")
@click.option("--task", "task_id", metavar="ID", help="only of this task")
@click.option("--status", metavar="STATUS", help="only answered so: 429, or 4xx")
@click.option("--outcome", metavar="WORD", help="only with this end: accepted, refused, fault, lost")
@click.option("--after", metavar="N", type=int, help="only with a higher number")
@click.option("--limit", metavar="N", type=int, help="the newest N at most")
@click.option("--har", metavar="FILE", help="write a HAR file, for browsers and other tools")
@click.option("--assert", "wanted", metavar="JSON", help="fail unless so many fit: '{\"count\": 2}'")
@double_options
def requests_command(
    har: str | None,
    wanted: str | None,
    double: Double,
    as_json: bool,
    **filters: JSON,
) -> int:
    """Show the journal of a running double, or check what it holds."""
    if wanted is not None:
        asked = json_of(wanted, "novita-mock requests --operation upscale --assert '{\"count\": 2}'")
        given = {name: value for name, value in filters.items() if value is not None}
        told = double.send("POST", "/requests/assert", given | asked if isinstance(asked, dict) else asked)
        tell(told, as_json, lambda _: "it holds" if told["holds"] else _lines(told["message"]))
        return 0 if told["holds"] else 1
    if har is not None:
        _write(Path(har), raw(double.get("/requests.har", **filters), indent=1))
        return 0
    tell(double.get("/requests", **filters), as_json, _requests)
    return 0


def _lines(text: str) -> str:
    return "\n".join(safe(line) for line in text.split("\n"))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", "utf-8")
    except OSError as problem:
        raise CallFailed(f"can't write {path}: {problem.strerror}", "a file in a folder of yours") from None


def _requests(told: JSON) -> str:
    head = ("number", "at", "method", "path", "status", "ms", "outcome", "task_id", "faults", "problem")
    rows = (
        [row["duration_ms"] if name == "ms" else row.get(name) for name in head] for row in told["requests"]
    )
    shown = table(head, rows)
    return f"{shown}\n{told['dropped']} older ones had to make room" if told["dropped"] else shown


@click.command("webhooks", epilog="Example: novita-mock webhooks")
@click.argument("delivery_id", required=False)
@click.option("--resend", metavar="ID", help="send this event once more")
@double_options
def webhooks_command(delivery_id: str | None, resend: str | None, double: Double, as_json: bool) -> None:
    """List the events of a running double, show one, or resend it."""
    if resend:
        again = double.send("POST", f"/webhooks/{resend}/resend")
        tell(again, as_json, lambda told: f"sent once more as {safe(told['id'])}")
    elif delivery_id:
        tell(double.get(f"/webhooks/{delivery_id}"), as_json, record)
    else:
        tell(double.get("/webhooks"), as_json, _webhooks)


def _webhooks(told: JSON) -> str:
    def row(event: JSON) -> list[JSON]:
        last = event["attempts"][-1] if event["attempts"] else {"status": None, "reason": ""}
        return [
            event["id"], event["state"], event["event"], len(event["attempts"]), last["status"],
            last["reason"], event["url"], event["task_id"],
        ]  # fmt: skip

    head = ("id", "state", "event", "attempts", "status", "reason", "url", "task_id")
    return table(head, map(row, told["webhooks"]))


@click.command("scenarios", epilog="Example: novita-mock scenarios")
@double_options
def scenarios_command(double: Double, as_json: bool) -> None:
    """List the scenarios: faults with a name."""
    told = double.get("/scenarios")
    tell(told, as_json, lambda _: record({row["name"]: row["about"] for row in told["scenarios"]}))
