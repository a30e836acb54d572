"""Write the tables of README.md and docs/reference.md that are made from data.

Each stands between ``<!-- table: NAME -->`` and ``<!-- end -->``. With ``--check`` nothing is written
and the exit code is 1 when a page is not what the data says.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from novita_mock import pytest_plugin, testing
from novita_mock import scenarios as scenario_files
from novita_mock.catalogue import load, schema_paths
from novita_mock.fault_form import EFFECTS, Form
from novita_mock.files import read_json
from novita_mock.options import shown
from novita_mock.settings import settings_rows
from novita_mock.testing import Inbox, NovitaMock
from novita_mock.types import JSON

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/reference.md")
_TABLE = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def operations() -> str:
    """The operations, one row each."""
    rows = (
        (f"`{row.method} {row.path}`" if row.kind != "image" else f"`GET`, `HEAD` `{row.path}`", row.summary)
        for row in load().operations
    )
    return markdown(("operation", "what it does"), rows)


def limits() -> str:
    """What the table of operations says beside names and paths."""
    rows = (
        (row.name, row.dialect, row.task_type or "-", str(row.max_body_bytes or "-"))
        for row in load().operations
    )
    return markdown(("name", "dialect", "task type", "body, bytes at most"), rows)


def settings() -> str:
    """The settings: flag, variable, default, unit, meaning."""
    rows = (
        (f"`{row.flag}`", f"`{row.env}`", shown(row, row.default), row.unit, row.help)
        for row in settings_rows()
    )
    return markdown(("flag", "variable", "default", "unit", "meaning"), rows)


def _values(row: JSON) -> str:
    return ", ".join(f"`{other['value']}`" for other in row["alternatives"])


def switches() -> str:
    """The quirks that can be switched."""
    rows = (
        (f"`{row['id']}`", row["title"], f"`{row['default']}`", _values(row), row["basis"])
        for row in load().quirk_rows
        if row["alternatives"]
    )
    return markdown(("quirk", "about", "default", "or", "basis of the default"), rows)


def quirks() -> str:
    """Every quirk, with where it comes from."""
    rows = (
        (f"`{row['id']}`", row["title"], row["default"], _values(row) or "-", row["basis"], row["where"])
        for row in load().quirk_rows
    )
    return markdown(("quirk", "about", "here", "or", "basis", "where"), rows)


def schemas() -> str:
    """The schemas, by path."""
    return "".join(f"- `{path}`\n" for path in schema_paths())


def scenarios() -> str:
    """The scenarios, by name."""
    rows = ((f"`{name}`", scenario_files.about(name)) for name in scenario_files.names())
    return markdown(("scenario", "what happens"), rows)


def control() -> str:
    """The control routes."""
    table = read_json("schemas", "control.json")
    rows = (
        (f"`{row['method']} {table['prefix']}{row['path'].replace(':path}', '}')}`", row["summary"],
         " ".join(f"`{row[name]}`" for name in ("request", "told", "query") if name in row) or "-")
        for row in table["routes"]
    )  # fmt: skip
    return markdown(("route", "what it does", "body or query"), rows)


def _fields(form: Form) -> str:
    named = [" or ".join(f"`{name}`" for name in form.one_of), *(f"`{name}`" for name in form.optional)]
    return ", ".join(filter(None, named)) or "-"


def effects() -> str:
    """What can be made to go wrong in which phase."""
    rows = (
        (f"`{phase}`", f"`{kind}`", _fields(form), ", ".join(f"`{how}`" for how in form.hows) or "-")
        for phase, forms in EFFECTS.items()
        for kind, form in forms.items()
    )
    return markdown(("phase", "kind", "says", "how"), rows)


def effect_fields() -> str:
    """The fields of an effect."""
    fields = load().bundle("control/fault.json")["properties"]["effect"]["properties"]
    rows = ((f"`{name}`", node["description"]) for name, node in fields.items())
    return markdown(("field", "what it says"), rows)


def _members(kind: type) -> str:
    """The public attributes, properties and methods of a class, with the first sentence of each."""
    rows = []
    for name, member in vars(kind).items():
        about = _about(member.fget if isinstance(member, property) else member)
        if not name.startswith("_") and about:
            shape = "" if isinstance(member, property) else _signature(member)
            rows.append((f"`{name}{shape}`", about))
    told = re.findall(r"^ {8}(\w+): (.*?)(?=^ {8}\w|\Z)", kind.__doc__ or "", re.MULTILINE | re.DOTALL)
    attributes = [(f"`{name}`", " ".join(words.replace("``", "`").split())) for name, words in told]
    return markdown(("name", "what it is"), [*attributes, *rows])


def _about(member: object) -> str:
    return (inspect.getdoc(member) or "").split("\n\n")[0].replace("``", "`").replace("\n", " ")


def _signature(member: Callable[..., object]) -> str:
    parameters = [each for each in inspect.signature(member).parameters.values() if each.name != "self"]
    shown = [f"*{each.name}" if each.kind is each.VAR_POSITIONAL else
             f"**{each.name}" if each.kind is each.VAR_KEYWORD else
             each.name if each.default is each.empty else f"{each.name}={each.default!r}"
             for each in parameters]  # fmt: skip
    return f"({', '.join(shown)})"


def testing_functions() -> str:
    """The functions of ``novita_mock.testing``."""
    rows = (
        (f"`{function.__name__}{_signature(function)}`", _about(function))
        for function in (testing.running, testing.running_async, testing.connect)
    )
    return markdown(("function", "what it does"), rows)


def fixture_options() -> str:
    """The options of the pytest plugin."""
    rows = (
        (f"`--novita-mock-{name.replace('_', '-')}`", {"bool": "switch", "linelist": "several"}.get(form, ""),
         about)
        for name, (form, about) in pytest_plugin.OPTIONS.items()
    )  # fmt: skip
    return markdown(("option", "", "what it does"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "operations": operations, "limits": limits, "settings": settings,
    "switches": switches, "quirks": quirks, "schemas": schemas, "scenarios": scenarios,
    "handle": lambda: _members(NovitaMock), "inbox": lambda: _members(Inbox), "testing": testing_functions,
    "fixture-options": fixture_options, "control": control,
    "effects": effects, "effect-fields": effect_fields,
}  # fmt: skip


def renewed(text: str) -> str:
    """A page with its tables made anew."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{TABLES[found['name']]()}\n{found[3]}", text)


def main(arguments: Sequence[str]) -> int:
    """Renew the pages, or only compare them."""
    check, stale = "--check" in arguments, []
    for name in PAGES:
        page = ROOT / name
        text = page.read_text("utf-8")
        new = renewed(text)
        if new != text:
            stale.append(name)
            if not check:
                page.write_text(new, "utf-8")
    for name in stale:
        print(f"{name}: is not what the data says; type: make docs" if check else f"{name}: written")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
