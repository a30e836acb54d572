"""The pages about testing: every program on them runs as it stands."""

import re

import pytest

from novita_mock import pytest_plugin
from novita_mock.drawing import demo_picture
from novita_mock.settings import settings_rows
from pages import blocks, files, text
from strangers import ALONE, CAREFUL, QUIET


def run(pytester: pytest.Pytester, page: str, *arguments: str) -> str:
    """Run the programs of a page as one project; what was printed."""
    pytester.makeini("[pytest]")
    for name, program in files(page).items():
        (pytester.path / name).write_text(program, "utf-8")
    (pytester.path / "photo.png").write_bytes(demo_picture(width=24, height=16))
    ran = pytester.runpytest_inprocess(*ALONE, *CAREFUL, *arguments)  # a recipe uses the cache
    counts = ran.parseoutcomes()
    assert set(counts) == {"passed"}, ran.stdout.str()
    assert counts["passed"] == ran.stdout.str().count("PASSED")
    return ran.stdout.str()


def test_the_programs_of_the_page_on_testing_run(pytester) -> None:
    told = run(pytester, "docs/ci.md", "-v")
    assert told.count("PASSED") >= 6


def test_the_recipes_work(pytester) -> None:
    told = run(pytester, "docs/recipes.md", "-v")
    headings = re.findall(r"^## (.*)$", text("docs/recipes.md"), re.MULTILINE)
    assert told.count("PASSED") >= len(headings)
    assert "refused requests" not in told


def test_every_recipe_is_a_test_of_its_own() -> None:
    headings = re.findall(r"^## (.*)$", text("docs/recipes.md"), re.MULTILINE)
    assert all(len(blocks("docs/recipes.md", heading, "python")) == 1 for heading in headings)


def test_the_ini_file_of_the_page_is_one(pytester) -> None:
    (ini,) = blocks("docs/ci.md", language="ini")
    pytester.makeini(ini)
    pytester.makepyfile("def test_it(novita_mock): assert novita_mock.account('x')")
    pytester.runpytest_inprocess(*QUIET, *CAREFUL).assert_outcomes(passed=1)


def test_the_options_of_the_fixtures_are_settings_or_explained() -> None:
    names = {row.name for row in settings_rows()}
    assert set(pytest_plugin.OPTIONS) - names == {"url", "url_env", "refusals"}
