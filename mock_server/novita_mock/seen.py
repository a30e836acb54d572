"""What a double saw of a test, as text for its report."""

from collections.abc import Iterable, Iterator

from novita_mock.handle import NovitaMock
from novita_mock.inbox_handle import Row

#: Most that is shown of each kind: of a test that asked more, the end tells most.
LATEST = 20
#: Longest value that is shown, in characters.
_LONGEST = 160
NOTHING = "no request came with this test's key: does the client use url and api_key of the fixture?"


def seen(mock: NovitaMock, nobodys: Iterable[Row] = ()) -> str:
    """Requests, tasks, events and faults of an account, the latest last.

    Args:
        mock: the account.
        nobodys: requests without a key that is let in, of the same time.

    Raises:
        CallFailed: the double does not answer any more.
    """
    parts = [
        ("requests without a key that is let in", [line(row) for row in nobodys]),
        ("requests", [line(row) for row in mock.requests]),
        ("tasks", [_task(row) for row in mock.tasks]),
        ("events", [_event(row) for row in mock.webhooks]),
        ("faults", [_fault(row) for row in mock.faults]),
    ]
    lines = [text for name, rows in parts if rows for text in _part(name, rows)]
    return "\n".join(lines or [NOTHING])


def refused(mock: NovitaMock, nobodys: Iterable[Row] = ()) -> list[Row]:
    """The requests that were refused although no fault was asked for and no assertion expects it.

    Args:
        mock: the account.
        nobodys: requests without a key that is let in, of the same time.
    """
    own = [row for row in mock.refused() if row["number"] not in mock.expected]
    return [row for row in (*nobodys, *own) if row["status"] >= 400 and not row["faults"]]


def line(row: Row) -> str:
    """A request of the journal on one line."""
    words = [
        f"#{row['number']}" if row["account"] else "(no key)",
        row["method"] or "?",
        row["path"],
        "->",
        row["status"] or "no reply",
    ]
    if row["task_id"]:
        words.append(f"task {row['task_id']}")
    if row["faults"]:
        words.append(f"[fault {', '.join(row['faults'])}]")
    if row["problem"]:
        words.append(_cut(row["problem"]))
    return " ".join(map(str, words))


def _task(row: Row) -> str:
    reason = f": {_cut(row['reason'])}" if row["reason"] else ""
    return f"{row['task_id']} {row['operation']} {row['status']}{reason}"


def _event(row: Row) -> str:
    answers = ", ".join(str(each["status"] or each["reason"] or "under way") for each in row["attempts"])
    return f"{row['id']} {row['event']} to {_cut(row['url'])} {row['state']} ({answers or 'not sent'})"


def _fault(row: Row) -> str:
    return f"{row['fault_id']} {row['phase']} {_cut(str(row['effect']))} fired {row['fired']} times"


def _part(name: str, rows: list[str]) -> Iterator[str]:
    left_out = len(rows) - LATEST
    yield f"{name}: {len(rows)}" + (f", the latest {LATEST}:" if left_out > 0 else ":")
    yield from (f"  {row}" for row in rows[-LATEST:])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
