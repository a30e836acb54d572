"""Commands that steer a running double: faults, time, and making it new."""

import click

from novita_mock.asking import fault_of
from novita_mock.calling import CallFailed, Double
from novita_mock.entry import moment
from novita_mock.showing import safe, table
from novita_mock.types import JSON
from novita_mock.verbs import double_options, json_of, tell

_FAULT = '{"phase": "before", "effect": {"kind": "error", "reason": "RATE_LIMIT_EXCEEDED"}}'
_ADD = f"novita-mock faults add '{_FAULT}', or novita-mock faults add --reason RATE_LIMIT_EXCEEDED"
_FAULTS = "novita-mock faults, faults add ..., faults scenario NAME, faults remove ID or faults clear"
_CLOCK = "novita-mock clock, clock advance 60, clock speed 10, clock freeze or clock resume"


@click.command("faults", epilog="Example: novita-mock faults add --reason RATE_LIMIT_EXCEEDED --times 2")
@click.argument("words", nargs=-1, metavar="[add [JSON] | scenario NAME | remove ID | clear]")
@click.option("--reason", metavar="REASON", help="add: the documented error, for example ILLEGAL_PROMPT")
@click.option("--phase", metavar="WORD", help="add: before, after (only the reply is lost), task (it fails)")
@click.option("--operation", metavar="NAME", help="add: only for this operation")
@click.option("--times", metavar="N", type=int, help="add: how often it happens (default 1)")
@click.option("--skip", metavar="N", type=int, help="add: how many pass first")
@click.option("--rate", metavar="SHARE", type=float, help="add: in which share it happens, up to 1")
@double_options
def faults_command(
    words: tuple[str, ...],
    double: Double,
    as_json: bool,
    **asked: JSON,
) -> None:
    """List what is made to go wrong, add to it, or take it back."""
    given = {name: value for name, value in asked.items() if value is not None}
    match words:
        case ():
            tell(double.get("/faults"), as_json, _faults)
        case ("add", *rest) if len(rest) <= 1:
            body = json_of(rest[0], _ADD) if rest else _fault(given)
            _added(double, body, as_json)
        case ("scenario", name):
            _added(double, {"scenario": name}, as_json)
        case ("remove", fault_id):
            tell(double.send("DELETE", f"/faults/{fault_id}"), as_json, _faults)
        case ("clear",):
            tell(double.send("DELETE", "/faults"), as_json, lambda _: "no faults any more")
        case _:
            raise CallFailed(f"faults {safe(' '.join(words))[:80]} is not understood", _FAULTS)


def _fault(given: dict[str, JSON]) -> JSON:
    """The body of a fault from options."""
    if "reason" not in given:
        raise CallFailed("which fault is not said", _ADD)
    return fault_of(**given)


def _added(double: Double, body: JSON, as_json: bool) -> None:
    told = double.send("POST", "/faults", body)
    tell(told, as_json, lambda _: "\n".join(f"added {safe(row['fault_id'])}" for row in told["faults"]))


def _faults(told: JSON) -> str:
    head = ("fault_id", "phase", "effect", "match", "rate", "met", "fired", "left", "account")
    rows = (
        [*(row.get(name) for name in head[:-2]), "always" if row["left"] is None else row["left"],
         row["account"][:8]]
        for row in told["faults"]
    )  # fmt: skip
    return table(head, rows)


@click.command("clock", epilog="Example: novita-mock clock advance 3600")
@click.argument("words", nargs=-1, metavar="[advance SECONDS | speed X | freeze | resume]")
@double_options
def clock_command(words: tuple[str, ...], double: Double, as_json: bool) -> None:
    """Tell the time of a running double, let it pass, at another speed or not at all."""
    match words:
        case ():
            tell(double.get("/clock"), as_json, _clock)
        case ("advance", seconds):
            body = {"seconds": json_of(seconds, _CLOCK)}
            tell(double.send("POST", "/clock/advance", body), as_json, _advanced)
        case ("speed", speed):
            told = double.send("POST", "/clock/speed", {"speed": speed})
            tell(told, as_json, _clock)
        case ("freeze" | "resume" as what,):
            tell(double.send("POST", f"/clock/{what}"), as_json, _clock)
        case _:
            raise CallFailed(f"clock {safe(' '.join(words))[:80]} is not understood", _CLOCK)


def _clock(told: JSON) -> str:
    head = ("now", "mode", "rate", "account")
    return table(
        head, ([row["now"], row["mode"], str(row["rate"]), row["account"]] for row in told["accounts"])
    )


def _advanced(told: JSON) -> str:
    head = ("at", "effect", "of", "detail", "account")
    rows = ([moment(row["at"]), row["effect"], row["of"], row.get("detail"), row["account"][:8]]
            for row in told["effects"])  # fmt: skip
    flying = [f"{len(told['in_flight'])} still in flight: novita-mock webhooks"] if told["in_flight"] else []
    happened = [table(head, rows)] if told["effects"] else ["nothing fell due"]
    return "\n".join([*happened, *flying, _clock(told)])


@click.command("reset", epilog="Example: novita-mock reset journal faults")
@click.argument("parts", nargs=-1, metavar="[PARTS]...")
@double_options
def reset_command(parts: tuple[str, ...], double: Double, as_json: bool) -> None:
    """Make a running double as new, or only parts of it.

    Parts: tasks, journal, faults, webhooks, storage, clock, balance.
    """
    told = double.send("POST", "/reset", {"parts": list(parts)} if parts else {})
    tell(told, as_json, lambda _: f"as new: {', '.join(told['reset'])}")
