"""The README is true: its first programs run word for word, its tables are what the data says."""

import re
import subprocess

import pytest

import tables
from novita_mock.drawing import demo_picture
from novita_mock.options import shown
from novita_mock.render import inspect
from novita_mock.server import running
from novita_mock.settings import Settings, settings_rows
from pages import ADDRESS, PAGES, ROOT, blocks, files, free_or_documented_port, text
from strangers import CAREFUL, QUIET

README = text("README.md")

#: What stands for the application that the second test of the README tests.
MY_APP = """
import base64, json, os, urllib.request as http
from pathlib import Path
from urllib.error import HTTPError

def upscale(name, base_url):
    image = base64.b64encode(Path(name).read_bytes()).decode()
    body = {"request": {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": image}}
    headers = {"Authorization": "Bearer " + os.environ["NOVITA_API_KEY"], "Content-Type": "application/json"}
    asked = http.Request(base_url + "/v3/async/upscale", json.dumps(body).encode(), headers)
    try:
        http.urlopen(asked).close()
    except HTTPError as refused:
        assert refused.code == 429
        refused.close()
        http.urlopen(asked).close()
"""


def test_the_first_program_makes_the_first_picture(tmp_path):
    _, program = blocks("README.md", "The first picture")
    (tmp_path / "photo.png").write_bytes(demo_picture(width=90, height=60))
    with running(Settings(port=free_or_documented_port(), speed=10.0, quiet=True)) as url:
        program = program.replace(ADDRESS, url)
        subprocess.run(["bash", "-euc", program], cwd=tmp_path, timeout=60, check=True)
    made = inspect((tmp_path / "photo-2x.png").read_bytes())
    assert (made.width, made.height) == (180, 120)


def test_the_first_program_is_about_ten_lines():
    start, program = blocks("README.md", "The first picture")
    assert start == "make serve\n"
    lines = [line for line in program.splitlines()[1:-1] if line.strip()]
    assert len(lines) <= 12


def test_the_first_picture_fits_on_a_screen():
    assert README[: README.index("photo-2x.png`")].count("\n") < 40


def test_the_command_for_tests_is_what_ci_runs():
    assert blocks("README.md", "Development") == ["make test\n"]


@pytest.mark.parametrize("page", tables.PAGES)
def test_the_tables_are_what_the_data_says(page):
    text = (ROOT / page).read_text("utf-8")
    assert tables.renewed(text) == text, "type: make docs"


def test_every_table_is_shown_somewhere():
    pages = "".join((ROOT / page).read_text("utf-8") for page in tables.PAGES)
    assert set(re.findall(r"<!-- table: ([a-z-]+) -->", pages)) == set(tables.TABLES)


def test_every_setting_is_in_the_reference():
    reference = text("docs/reference.md")
    for row in settings_rows():
        assert f"| `{row.flag}` | `{row.env}` | {shown(row, row.default)} |" in reference


def test_the_tests_of_the_readme_are_green(pytester):
    first, *rest = files("README.md", "The first test").values()
    typed = [line for line in first.splitlines() if line and not line.startswith("#")]
    assert len(typed) + len(blocks("README.md", "The first test")) == 5
    pytester.makeini("[pytest]")
    pytester.makepyfile(my_app=MY_APP, test_credits=first, test_rest="import my_app\n" + "\n".join(rest))
    (pytester.path / "cat.png").write_bytes(demo_picture(width=9, height=6))
    pytester.runpytest_inprocess(*QUIET, *CAREFUL).assert_outcomes(passed=2)


def test_every_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", README))
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for path, anchor in re.findall(r"\]\((?!https?://)([^)#]*)#?([^)]*)\)", text(page)):
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page}: {path}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in [_anchor(heading) for heading in headings], f"{page}: {path}#{anchor}"


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^a-z0-9_ -]", "", heading.lower()).replace(" ", "-")


def test_every_module_has_its_place_in_the_map():
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    modules = {path.stem for path in (ROOT / "mock_server/novita_mock").glob("*.py")} - {"__init__"}
    assert sorted(name for name in modules if f"`{name}`" not in page) == []
