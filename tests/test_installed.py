"""The wheel, installed outside the checkout, at work in a folder full of files with the wrong names.

``make check-release`` runs the same in a clean environment that pip has filled from the package index:
``INSTALLED_PYTHON`` is its Python. Without that, the wheel alone is installed, and sees what the tests have.
"""

import json
import os
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from novita_mock import __version__
from pages import blocks, files

ROOT = Path(__file__).parents[1]
POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]

#: Names of our folders, of our packages, and of modules that Python itself imports late.
HOSTILE = (
    "schemas.py", "fixtures.py", "mock_server.py", "contract_tests.py", "tests.py", "examples.py", "tools.py",
    "novita_mock.py", "novita_contract.py", "types.py", "json.py", "queue.py",
)  # fmt: skip
#: Those that no Python looks past when it is told to run a module: ``python -P`` does.
PYTHONS_OWN = ("novita_mock.py", "novita_contract.py", "types.py", "json.py", "queue.py")

#: A test of somebody who uses the double: what is theirs stands first on the path, as pytest wants it.
STRANGER = """
import json, sys
import pytest
import novita_mock.testing, novita_contract

def test_a_double_starts():
    assert sys.path[0] == {here!r}
    with novita_mock.testing.running(speed=0) as double:
        assert double.url.startswith("http://")

@pytest.mark.parametrize("name", {plugins!r})
def test_the_plugins_are_those_of_the_wheel(name, pytestconfig):
    assert pytestconfig.pluginmanager.get_plugin(name).__file__.startswith({home!r})

@pytest.mark.parametrize("name", {fixtures!r})
def test_the_fixtures_are_there(name, request):
    assert request.getfixturevalue(name).url.startswith("http://")
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the wheel is installed: the Python that sees it, the folders of its packages and its scripts."""

    python: str
    home: Path
    scripts: Path
    path: str | None = None

    def run(self, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python in a folder, every warning an error; nothing of the checkout is on the path."""
        ours = ("NOVITA_", "PYTEST_", "PYTHON")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environ |= {"PYTHONPATH": self.path} if self.path else {}
        line = [self.python, "-W", "error", *words]
        return subprocess.run(line, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120)

    def command(self, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Type ``novita-mock``."""
        return self.run(cwd, str(self.scripts / "novita-mock"), *words)

    def pytest(self, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Type ``pytest``."""
        foreign = ("cacheprovider", "schemathesis", "randomly", "asyncio")  # which the tests of ours have
        without = [word for name in foreign for word in ("-p", f"no:{name}")]
        return self.run(cwd, "-P", "-m", "pytest", *without, "-q", "-W", "error", *words)


@pytest.fixture(scope="module")
def installed(request, tmp_path_factory):
    """The clean environment, or a folder into which pip has installed the wheel alone."""
    if python := os.environ.get("INSTALLED_PYTHON"):
        line = [python, "-P", "-c", "import novita_mock; print(novita_mock.__path__[0])"]
        told = subprocess.run(line, cwd="/", capture_output=True, text=True, timeout=60, check=True)
        return Installed(python, Path(told.stdout.strip()).parent, Path(python).parent)
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(folder)]
    told = subprocess.run(
        [*line, str(request.getfixturevalue("wheel"))], capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    return Installed(sys.executable, folder, folder / "bin", str(folder))


@pytest.fixture
def hostile(tmp_path):
    """A folder full of wrong modules."""
    for name in HOSTILE:
        (tmp_path / name).write_text("raise ImportError('the wrong module')")
    return tmp_path


def test_it_is_installed_outside_the_checkout(installed):
    assert not installed.home.is_relative_to(ROOT)
    assert (installed.home / "novita_mock" / "_schemas" / "operations.json").is_file()


def test_the_installed_command_has_those_of_the_contract_tests(installed, tmp_path):
    listed = installed.command(tmp_path, "--help").stdout
    for name in POINTS["novita_mock.commands"]:
        assert f"  {name} " in listed
        told = installed.command(tmp_path, name, "--help")
        assert told.returncode == 0, told.stderr
        assert f"Example: novita-mock {name} " in told.stdout


def test_the_installed_command_finds_its_data_among_hostile_names(installed, hostile):
    told = installed.command(hostile, "doctor", "--port", "0")
    assert told.returncode == 0, told.stdout + told.stderr
    assert str(installed.home / "novita_mock" / "_schemas") in told.stdout


def test_the_installed_demo_runs_among_hostile_names(installed, hostile):
    told = installed.command(hostile, "demo")
    assert told.returncode == 0, told.stdout + told.stderr
    assert len(list((hostile / "demo-out").iterdir())) == 4


def test_the_installed_contract_tests_run_among_hostile_names(installed, hostile):
    told = installed.command(hostile, "conform", "--layers", "rules", "--select", "UPS-KEY*")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "mock conforms" in told.stdout


def test_the_installed_package_runs_as_a_module_among_hostile_names(installed, hostile):
    told = installed.run(hostile, "-P", "-m", "novita_mock", "--version")
    assert told.stdout.strip() == f"novita-mock, version {__version__}", told.stderr
    for name in PYTHONS_OWN:
        (hostile / name).unlink()
    told = installed.run(hostile, "-m", "novita_mock", "doctor", "--port", "0")
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_contract_tests_run_under_pytest_among_hostile_names(installed, hostile):
    told = installed.pytest(hostile, "--pyargs", "novita_contract", "--novita-select", "UPS-KEY*")
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_stranger_tests_with_the_double_among_hostile_names(installed, hostile):
    plugins = sorted(POINTS["pytest11"])
    loaded = {module.partition(".")[0] for module in POINTS["pytest11"].values()}
    for package in {"novita_mock", "novita_contract"} - loaded:  # what no plugin loads first can be hidden
        (hostile / f"{package}.py").unlink()
    fixtures = [name for name in plugins if name == "novita_mock"]
    told = {"here": str(hostile), "home": str(installed.home), "plugins": plugins, "fixtures": fixtures}
    (hostile / "test_theirs.py").write_text(STRANGER.format(**told))
    told = installed.pytest(hostile, "test_theirs.py")
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{1 + len(plugins) + len(fixtures)} passed" in told.stdout, told.stdout


def test_the_installed_openapi_is_that_of_the_checkout(installed, tmp_path):
    told = installed.command(tmp_path, "openapi")
    assert json.loads(told.stdout)["info"]["version"] == __version__


def without_the_checkout(folder: Path) -> Path:
    """What the tests have installed, without what they have of ours."""
    folder.mkdir()
    site = Path(next(path for path in sys.path if path.endswith("site-packages")))
    for path in site.iterdir():
        if "novita" not in path.name:
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def shell(wheel, tmp_path):
    """Types lines where ``pip`` and ``pytest`` are those of an environment that has the wheel beside it."""
    project = tmp_path / "project"
    project.mkdir()
    (project / wheel.name).write_bytes(wheel.read_bytes())
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("NOVITA_", "PYTEST_"))
    }
    if python := os.environ.get("INSTALLED_PYTHON"):
        words = ""
    else:
        venv.create(tmp_path / "venv", with_pip=False)
        python = str(tmp_path / "venv" / "bin" / "python")
        (found,) = (tmp_path / "venv").glob("lib/python*/site-packages")
        (found / "tests.pth").write_text(f"{without_the_checkout(tmp_path / 'site')}\n")
        words = 'pip() { python -m pip "$@"; }; pytest() { python -m pytest "$@"; }\n'
        environ["PIP_NO_INDEX"] = "1"
    environ["PATH"] = os.pathsep.join([str(Path(python).parent), environ["PATH"]])

    def typed(lines: str) -> str:
        line = ["bash", "-ec", words + lines]
        told = subprocess.run(line, cwd=project, env=environ, capture_output=True, text=True, timeout=120)
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    return typed


def test_five_lines_lead_from_the_wheel_to_the_first_passing_test(shell, tmp_path):
    install, run = blocks("README.md", "The first test")
    name, test = next(iter(files("README.md", "The first test").items()))
    assert install.split()[:2] == ["pip", "install"]
    shell(install)
    (tmp_path / "project" / name).write_text(test)
    assert "1 passed" in shell(run)
