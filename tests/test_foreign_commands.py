"""Commands of other packages: real packages with entry points, on the path of a real command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from test_cli import COMMANDS, ENVIRON

ROOT = Path(__file__).parents[1]

GOOD = '''
import click

@click.command("greet")
@click.option("--name", default="you")
def greet_command(name):
    """Say hello."""
    click.echo(f"hello {name}")
    return 5
'''

FAILING = '''
import click

class WrongUse(Exception):
    def __init__(self, message, hint):
        super().__init__(message)
        self.hint = hint

@click.command("fail")
@click.argument("how")
def fail_command(how):
    """Go wrong."""
    match how:
        case "hint":
            raise WrongUse("no such target", "novita-mock fail --target mock")
        case "no-hint":
            raise WrongUse("no such target", "")
        case "extra":
            import absent_package.part
        case "own":
            import failing_package.part
        case "bug":
            return 1 // 0
        case "ctrl-c":
            raise KeyboardInterrupt
'''


@pytest.fixture
def install(tmp_path):
    """Make a package of one module with its entry points, as an installer would leave it."""

    def installed(module, source, entries, distribution="somebody"):
        if source is not None:
            (tmp_path / f"{module}.py").write_text(source)
        about = tmp_path / f"{distribution.replace('-', '_')}-1.0.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[novita_mock.commands]\n{entries}\n")

    return installed


@pytest.fixture
def type_command(tmp_path):
    """Run a command line in a process that sees what was installed."""

    def typed(*arguments, program=("-m", "novita_mock")):
        path = os.pathsep.join((str(tmp_path), ENVIRON["PYTHONPATH"]))
        line = [sys.executable, "-P", "-W", "error", *program, *arguments]
        environ = ENVIRON | {"PYTHONPATH": path}
        return subprocess.run(line, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    return typed


def test_a_foreign_command_is_listed_with_its_help_and_runs(install, type_command):
    install("good_package", GOOD, "greet = good_package:greet_command")
    listed = [line.split() for line in type_command("--help").stdout.splitlines()]
    assert ["greet", "Say", "hello."] in listed
    told = type_command("greet", "--name", "Ada")
    assert (told.returncode, told.stdout, told.stderr) == (5, "hello Ada\n", "")
    assert "--name" in type_command("greet", "--help").stdout


def test_the_name_of_the_entry_point_is_the_name_of_the_command(install, type_command):
    install("good_package", GOOD, "say-hello = good_package:greet_command")
    assert type_command("say-hello").stdout == "hello you\n"
    assert type_command("greet").returncode == 2


def test_wrong_use_of_a_foreign_command_is_told_like_that_of_ours(install, type_command):
    install("good_package", GOOD, "greet = good_package:greet_command")
    told = type_command("greet", "--nam")
    assert told.returncode == 2
    assert "error: No such option" in told.stderr
    assert told.stderr.endswith("  try: novita-mock greet --help\n")


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("hint", 2, "error: no such target\n  try: novita-mock fail --target mock\n"),
        ("no-hint", 2, "error: no such target\n"),
        ("bug", 1, "error: ZeroDivisionError: integer division or modulo by zero\n"
                   "  try: novita-mock fail bug --debug\n"),
        ("extra", 2, "error: fail needs absent_package, which is not installed\n"
                     "  try: pip install --upgrade somebody\n"),
        ("own", 1, "error: ModuleNotFoundError: No module named 'failing_package.part';"),
        ("ctrl-c", 130, ""),
    ],
)  # fmt: skip
def test_how_a_foreign_command_ends(install, type_command, how, code, message):
    install("failing_package", FAILING, "fail = failing_package:fail_command")
    told = type_command("fail", how)
    assert told.returncode == code
    assert told.stderr.strip().startswith(message.strip())
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("entry", "needs"),
    [("absent_package:command", "absent_package"), ("needy_package:command", "absent_library")],
)
def test_what_a_command_of_ours_needs_is_said_with_the_extra_that_brings_it(
    install, type_command, entry, needs
):
    install("needy_package", "import absent_library", f"conform = {entry}", "novita-mock")
    told = type_command("conform", "--target", "live", "--help")
    assert told.returncode == 2
    assert told.stderr == (
        f"error: conform needs {needs}, which is not installed\n  try: pip install 'novita-mock[contract]'\n"
    )
    assert "conform      (needs: pip install 'novita-mock[contract]')" in type_command("--help").stdout


#: What a package and its entry point may be like, and what is said of it.
BROKEN = {
    "syntax": ("def (:", "syntax = syntax_package:command", "SyntaxError"),
    "attribute": ("", "attribute = attribute_package:command", "AttributeError"),
    "exit": ("raise SystemExit(3)", "exit = exit_package:command", "SystemExit: 3"),
    "number": ("command = 3", "number = number_package:command", "number_package:command is no command"),
    "module": ("", "module = module_package", "is no command"),
    "address": ("", "address = !?", ""),
    "part": ("import part_package.x", "part = part_package:command", "No module named 'part_package.x'"),
}


def test_a_broken_entry_point_harms_no_other_command(install, type_command):
    for name, (source, entries, _) in BROKEN.items():
        install(f"{name}_package", source, entries, f"maker-of-{name}")
    install("good_package", GOOD, "greet = good_package:greet_command")
    assert type_command("greet").stdout == "hello you\n"
    listed = type_command("--help").stdout
    assert "greet        Say hello." in listed
    for name, (_, _, message) in BROKEN.items():
        assert f"{name:13}(can't be loaded)" in listed
        told = type_command(name, "--any", "thing")
        assert told.returncode == 2
        assert told.stderr.startswith(f"error: {name}, of maker-of-{name}, can't be loaded: ")
        assert message in told.stderr
        assert told.stderr.endswith(f"  try: novita-mock {name} --debug\n")


def test_debug_shows_why_a_command_can_not_be_loaded(install, type_command):
    install("broken_package", "def (:", "broken = broken_package:command")
    for line in (("broken", "--debug"), ("--debug", "broken")):
        assert "Traceback" in type_command(*line).stderr
    install("failing_package", FAILING, "fail = failing_package:fail_command")
    assert "Traceback" in type_command("--debug", "fail", "extra").stderr


@pytest.mark.parametrize("content", [b"\xff\xfe", b"broken\n[novita_mock.commands\nx", b"= = =\n[]\n"])
def test_entry_points_that_can_not_be_read_harm_nobody(install, type_command, tmp_path, content):
    install("good_package", GOOD, "greet = good_package:greet_command")
    (tmp_path / "rotten-1.0.dist-info").mkdir()
    (tmp_path / "rotten-1.0.dist-info" / "entry_points.txt").write_bytes(content)
    assert type_command("greet").stdout == "hello you\n"
    assert type_command("--help").returncode == 0


def test_no_other_package_takes_the_place_of_a_command_of_ours(install, type_command):
    install("good_package", GOOD, "schema = good_package:greet_command")
    assert "hello" not in type_command("schema").stdout
    assert "Say hello" not in type_command("--help").stdout


def test_our_commands_load_no_other_package(install, type_command):
    install("loud_package", "print('loaded')", "loud = loud_package:command")
    assert "loaded" not in type_command("schema").stdout
    assert "loaded" in type_command("--help").stdout


WATCH_LISTING = """
import sys
from novita_mock.cli import run
run(["--help"])
heavy = ("hypothesis", "httpx2", "pytest", "rich", "jsonschema_rs", "schemathesis")
loaded = [name for name in heavy if name in sys.modules and name not in before]
print("heavy:", loaded)
"""


def test_listing_the_commands_of_the_contract_tests_is_cheap(type_command):
    before = "import sys, novita_mock.cli; before = set(sys.modules)\n"
    told = type_command(program=("-c", before + WATCH_LISTING))
    assert told.stdout.splitlines()[-1] == "heavy: []", told.stderr
    for name in ("conform", "diff", "docs-drift"):
        assert f"  {name} " in told.stdout


def test_ours_are_all_listed(type_command):
    listed = type_command("--help").stdout
    assert all(f"  {name} " in listed for name in COMMANDS)
