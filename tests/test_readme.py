"""The README is true: its first program runs word for word, its tables are what the data says."""

import re
import socket
import subprocess
from pathlib import Path

import pytest

import tables
from novita_mock.drawing import demo_picture
from novita_mock.options import shown
from novita_mock.render import inspect
from novita_mock.server import running
from novita_mock.settings import Settings, settings_rows

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:4077"


def blocks(heading: str) -> list[str]:
    """The shell blocks of a chapter."""
    chapter = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


def free_or_documented_port() -> int:
    """The documented port, or 0 where somebody else has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return 0 if probe.connect_ex(("127.0.0.1", 4077)) == 0 else 4077


def test_the_first_program_makes_the_first_picture(tmp_path):
    _, program = blocks("The first picture")
    (tmp_path / "photo.png").write_bytes(demo_picture(width=90, height=60))
    with running(Settings(port=free_or_documented_port(), speed=10.0, quiet=True)) as url:
        program = program.replace(ADDRESS, url)
        subprocess.run(["bash", "-euc", program], cwd=tmp_path, timeout=60, check=True)
    made = inspect((tmp_path / "photo-2x.png").read_bytes())
    assert (made.width, made.height) == (180, 120)


def test_the_first_program_is_about_ten_lines():
    start, program = blocks("The first picture")
    assert start == "make serve\n"
    lines = [line for line in program.splitlines()[1:-1] if line.strip()]
    assert len(lines) <= 12


def test_the_first_picture_fits_on_a_screen():
    assert README[: README.index("photo-2x.png`")].count("\n") < 40


def test_the_command_for_tests_is_what_ci_runs():
    assert blocks("Development") == ["make test\n"]


@pytest.mark.parametrize("page", tables.PAGES)
def test_the_tables_are_what_the_data_says(page):
    text = (ROOT / page).read_text("utf-8")
    assert tables.renewed(text) == text, "type: make docs"


def test_every_table_is_shown_somewhere():
    pages = "".join((ROOT / page).read_text("utf-8") for page in tables.PAGES)
    assert set(re.findall(r"<!-- table: ([a-z-]+) -->", pages)) == set(tables.TABLES)


def test_every_setting_is_in_the_readme():
    for row in settings_rows():
        assert f"| `{row.flag}` | `{row.env}` | {shown(row, row.default)} |" in README


def test_every_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", README))
    assert named
    assert named <= targets


def test_every_link_to_a_file_leads_somewhere():
    for page in ("README.md", "docs/reference.md", "docs/architecture.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", (ROOT / page).read_text("utf-8")):
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_every_module_has_its_place_in_the_map():
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    modules = {path.stem for path in (ROOT / "mock_server/novita_mock").glob("*.py")} - {"__init__"}
    assert sorted(name for name in modules if f"`{name}`" not in page) == []
