"""The rules of the house that no other tool keeps: one place for each thing, small files, quiet imports."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sizes

ROOT = Path(__file__).parents[1]
SOURCES = [path for path in sizes.sources() if path.parts[-2] != "tools"]

#: What may be written in one place a package only: a pattern, and the files that may hold it.
ONE_PLACE = {
    "paths of the API": (r"""["']/v[23][/"']""", set()),
    "names of the states": (r"TASK_STATUS_", {"novita_mock/task.py", "novita_contract/task_words.py"}),
    "the machine's clock": (
        r"\btime\.(time|monotonic|perf_counter|sleep)\b|\bdatetime\.now\b|\butcnow\b",
        {"novita_mock/clock.py", "novita_contract/clock.py"},
    ),
    "Pillow": (
        r"^\s*(import|from) PIL\b",
        {"novita_mock/pixels.py", "novita_mock/planes.py", "novita_contract/pictures.py"},
    ),
    # cli and __main__ hand it to Settings, commands and the plugin of pytest to Options; process passes it on
    "the environment": (
        r"\bos\.(environ|getenv)\b",
        {"novita_mock/cli.py", "novita_mock/one_shot.py", "novita_mock/__main__.py", "novita_mock/process.py",
         "novita_contract/commands.py", "novita_contract/pytest_plugin.py"},
    ),
    "chance": (r"^\s*(import|from) (random|secrets)\b|\buuid4\b", {"novita_mock/chance.py"}),
    "an HTTP client": (
        r"^\s*(import|from) (httpx2?|requests|aiohttp|urllib\.request|http\.client)\b",
        {"novita_mock/tour.py", "novita_mock/calling.py", "novita_contract/wire.py"},
    ),
    "uvicorn": (
        r"^\s*(import|from) uvicorn\b",
        {"novita_mock/server.py", "novita_mock/protocol.py", "novita_mock/timed.py"},
    ),
    "boto3": (r"^\s*(import|from) boto(3|core)\b", {"novita_mock/s3.py"}),
}  # fmt: skip
#: Words that say nothing of what a module is. (style: names are the field's words)
EMPTY_NAMES = re.compile(r"util|helper|manager|service|processor|^handlers?$|^jobs?$|^data$|^misc$|^common$")


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("thing", ONE_PLACE)
def test_each_thing_has_one_place(thing):
    pattern, places = ONE_PLACE[thing]
    found = [path for path in SOURCES if re.search(pattern, path.read_text("utf-8"), re.MULTILINE)]
    assert names(path for path in found if f"{path.parent.name}/{path.name}" not in places) == []


def test_the_rules_of_one_place_would_find_something():
    samples = {
        "paths of the API": 'x = "/v3/async"', "names of the states": '"TASK_STATUS_FAILED"',
        "the machine's clock": "time.time()", "Pillow": "from PIL import Image",
        "the environment": 'os.environ["X"]', "chance": "import random", "an HTTP client": "import httpx2",
        "uvicorn": "import uvicorn", "boto3": "import botocore",
    }  # fmt: skip
    assert set(samples) == set(ONE_PLACE)
    for thing, sample in samples.items():
        assert re.search(ONE_PLACE[thing][0], sample, re.MULTILINE), thing


def test_files_and_functions_are_small():
    assert sizes.too_large(ROOT, sizes.limits()) == []


def test_a_file_or_a_function_that_is_too_large_is_found(tmp_path):
    for folder in sizes.OURS:
        (tmp_path / folder).mkdir(parents=True)
    body = "def long():\n" + "    pass\n" * 60
    (tmp_path / sizes.OURS[0] / "large.py").write_text(body + "def short(): ...\n" * 250)
    found = "\n".join(sizes.too_large(tmp_path, sizes.limits()))
    assert "large.py: 311 lines, at most 250" in found
    assert "large.py:1 long: 61 lines, at most 50" in found


def test_no_module_has_an_empty_name():
    assert names(path for path in SOURCES if EMPTY_NAMES.search(path.stem)) == []


def test_packages_export_nothing_but_their_version():
    for package in (path for path in SOURCES if path.name == "__init__.py"):
        nodes = ast.parse(package.read_text("utf-8")).body
        assert ast.get_docstring(ast.parse(package.read_text("utf-8")))
        assert all(isinstance(node, ast.Expr | ast.Assign) for node in nodes), package


def test_tests_use_neither_patches_nor_sleeps():
    pattern = r"unittest\.mock|mock\.patch|\btime\.sleep\b|asyncio\.sleep\((?!0\))"
    tests = [path for path in (ROOT / "tests").glob("*.py") if path != Path(__file__)]
    found = [
        f"{path.name}: {line.strip()}"
        for path in tests
        for line in path.read_text("utf-8").splitlines()
        if re.search(pattern, line) and "noqa: TID251 - " not in line  # the reason stands beside it
    ]
    assert found == []


WATCH_IMPORTS = """
import importlib, os, pkgutil, sys

class Guarded(dict):
    def __getitem__(self, name):
        reader = sys._getframe(1).f_globals["__name__"]
        assert not reader.startswith("novita_"), f"{reader} reads {name} of the environment at import"
        return super().__getitem__(name)
    __contains__ = lambda self, name: bool(self[name])
    def get(self, name, default=None): return default

package = importlib.import_module(sys.argv[1])
found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
modules = [module.name for module in found if not module.name.endswith(".__main__")]
for name in modules:  # once unguarded, so that foreign packages have had their turn
    importlib.import_module(name)
ours = [name for name in sys.modules if name.startswith(("novita_mock", "novita_contract"))]
for name in ours:
    del sys.modules[name]

def audit(event, arguments):
    if not watching:
        return
    if event in ("socket.__new__", "subprocess.Popen", "os.mkdir", "os.remove"):
        raise AssertionError(f"{event} at import")
    if event == "open" and not str(arguments[0]).endswith((".py", ".pyc")):
        raise AssertionError(f"{arguments[0]} is opened at import")

watching = False
sys.addaudithook(audit)
os.environ = Guarded(os.environ)
watching = True
for name in modules:
    importlib.import_module(name)
watching = False
print(len(modules))
"""


WATCH_PLUGIN = """
import sys
import pytest
before = set(sys.modules)
import novita_contract.pytest_plugin
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def test_the_plugin_of_pytest_costs_runs_that_have_no_use_for_it_nothing():
    line = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{WATCH_PLUGIN}"]
    told = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert told.stdout.split() == ["novita_contract"], told.stderr


@pytest.mark.parametrize("package", ["novita_mock", "novita_contract"])
def test_no_module_reads_files_or_the_environment_at_import(package):
    path = f"import sys; sys.path[:0] = {[str(ROOT / 'mock_server'), str(ROOT / 'contract_tests')]!r}\n"
    line = [sys.executable, "-B", "-c", path + WATCH_IMPORTS, package]
    told = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr


def test_nothing_committed_names_where_it_was_made():
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if told.returncode != 0:
        pytest.skip("not a checkout of git")
    pattern = re.compile(rb"--(extra-)?index-url[= ]|--find-links|file:///|https?://[^/\s]+@")
    files = [ROOT / name for name in told.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert names(path for path in files if path != Path(__file__) and pattern.search(path.read_bytes())) == []
