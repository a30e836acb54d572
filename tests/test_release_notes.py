"""Release notes are a section of the changelog, and none are written where it disagrees with the version."""

import subprocess
import sys
from pathlib import Path

import pytest

from novita_mock import __version__
from release_notes import VERSION_FILE, Disagreement, check_order, main, notes, sections

ROOT = Path(__file__).parents[1]
GOOD = """# Changelog

## [Unreleased]

## [1.1.0] - 2026-11-20

### Added

- A thing, with
  a second line.

### Fixed

- Another.

## [1.0.0] - 2026-11-19

### Added

- All of it.
"""


def project(folder, changelog=GOOD, version="1.1.0"):
    (folder / VERSION_FILE).parent.mkdir(parents=True)
    (folder / VERSION_FILE).write_text(f'"""A package."""\n\n__version__ = "{version}"\n')
    (folder / "CHANGELOG.md").write_text(changelog)
    return folder


@pytest.mark.parametrize("asked", ["1.1.0", "v1.1.0"])
def test_the_notes_are_the_section_of_the_version(tmp_path, asked):
    told = notes(project(tmp_path), asked)
    assert told == "### Added\n\n- A thing, with\n  a second line.\n\n### Fixed\n\n- Another.\n"


@pytest.mark.parametrize(
    "asked", ["", "v", "1.1", "V1.1.0", "release-1.1.0", "v1.1.0-rc1", "v1.1.0\n", "vv1.1.0"]
)
def test_what_is_neither_a_version_nor_a_tag_is_refused(tmp_path, asked):
    with pytest.raises(Disagreement, match="is neither a version"):
        notes(project(tmp_path), asked)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("## [Unreleased]\n", "## [Unreleased]\n\n- Forgotten.\n", "in no version:\n- Forgotten."),
        ("[1.1.0]", "[1.2.0]", "the version of CHANGELOG.md is 1.2.0"),
        ("## [1.1.0] - 2026-11-20\n", "", "are in no version"),
        ("2026-11-20", "2026-11-31", "1.1.0 has no day"),
        (" - 2026-11-20", "", "1.1.0 has no day"),
        ("2026-11-20", "2026-11-18", "do not go back in time"),
        ("[1.0.0]", "[1.1.0]", "do not count down"),
        ("[1.0.0]", "[1.10.0]", "do not count down"),
        ("### Fixed", "### Mended", "has the headings"),
        ("- Another.\n", "", "has nothing below it"),
        (GOOD, "# Changelog\n", "the version of CHANGELOG.md is none"),
    ],
)  # fmt: skip
def test_a_changelog_that_disagrees_is_refused(tmp_path, old, new, reason):
    changed = GOOD.replace(old, new, 1)
    assert changed != GOOD
    with pytest.raises(Disagreement) as refused:
        notes(project(tmp_path, changed), "1.1.0")
    assert reason in str(refused.value)


def test_a_package_of_another_version_is_refused(tmp_path):
    with pytest.raises(Disagreement, match=r"1\.1\.0 is asked for, the version of the package is 1\.2\.0"):
        notes(project(tmp_path, version="1.2.0"), "1.1.0")


def test_the_changelog_begins_with_this_version_and_goes_back_in_order():
    released = [
        each for each in sections((ROOT / "CHANGELOG.md").read_text("utf-8")) if each.name != "Unreleased"
    ]
    assert released[0].name == __version__
    check_order(released)
    assert all("\n- " in f"\n{each.text}" for each in released)


def test_it_is_a_command_that_refuses_with_its_exit_code(capsys):
    line = [sys.executable, str(ROOT / "tools/release_notes.py"), "v99.0.0"]
    told = subprocess.run(line, capture_output=True, text=True, timeout=20)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("error: 99.0.0 is asked for, the version of the package is ")
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().err
