"""The list of licences says what the installed packages say, and nothing on it asks for much."""

import re
from email.message import Message

import pytest

import licences
from licences import PAGE, Unknown, allowed, forbidden, licence, page
from shipped import shipped

ROWS = dict(re.findall(r"^\| (\S+) \| (.+?) \|", PAGE.read_text("utf-8"), re.MULTILINE))


class Told:
    """A distribution that has nothing but metadata."""

    def __init__(self, *headers):
        self.metadata = Message()
        for name, value in headers:
            self.metadata[name] = value


def test_the_page_is_what_the_installed_packages_say():
    assert page(PAGE.read_text("utf-8")) == PAGE.read_text("utf-8"), "type: make docs"


def test_every_package_that_comes_along_is_on_the_page_and_may():
    assert set(ROWS) - {"package", "---"} == set(shipped())
    assert forbidden() == []
    assert not [name for name in shipped() if not allowed(name, ROWS[name])]


def test_the_packages_are_those_that_we_ask_for_and_those_that_they_ask_for():
    brought = shipped()
    assert (brought["starlette"], brought["anyio"]) == ("-", "-")
    assert (brought["hypothesis"], brought["sortedcontainers"]) == ("contract", "contract")
    assert (brought["boto3"], brought["six"]) == ("s3", "s3")
    assert not {"novita-mock", "ruff", "schemathesis", "moto"} & set(brought)


def test_nothing_stands_on_the_list_that_nobody_needs():
    assert set(licences.NAMED) & set(shipped()) == {"hypothesis"}
    assert set(licences._READ) <= set(shipped())


@pytest.mark.parametrize(
    ("name", "expression", "may"),
    [
        ("x", "MIT", True),
        ("x", "Apache-2.0 AND MIT", True),
        ("x", "GPL-3.0-only OR BSD-2-Clause", True),
        ("x", "GPL-3.0-only", False),
        ("x", "MIT AND GPL-3.0-only", False),
        ("x", "(MIT AND ISC) OR GPL-3.0-only", False),
        ("x", "MPL-2.0", False),
        ("hypothesis", "MPL-2.0", True),
        ("hypothesis", "GPL-3.0-only", False),
        ("x", "", False),
    ],
)
def test_what_is_neither_permissive_nor_named_may_not_come_along(name, expression, may):
    assert allowed(name, expression) is may


@pytest.mark.parametrize(
    ("headers", "expression"),
    [
        ([("License-Expression", "mit and Apache-2.0"), ("License", "GPL")], "MIT AND Apache-2.0"),
        ([("License", "Apache License 2.0")], "Apache-2.0"),
        ([("License", "see file"), ("Classifier", "License :: OSI Approved :: MIT License")], "MIT"),
    ],
)
def test_metadata_is_read_as_it_was_written_over_the_years(headers, expression):
    assert licence("x", Told(*headers)) == expression


def test_metadata_that_says_nothing_is_an_error_that_says_what_to_do():
    vague = Told(("License", "Dual"), ("Classifier", "License :: OSI Approved :: BSD License"))
    with pytest.raises(Unknown, match=r"x: its metadata names no licence; read its files"):
        licence("x", vague)


def test_a_licence_that_changed_is_found(monkeypatch, tmp_path, capsys):
    changed = tmp_path / "licences.md"
    changed.write_text(PAGE.read_text("utf-8").replace("| MPL-2.0 |", "| MIT |"), "utf-8")
    monkeypatch.setattr(licences, "PAGE", changed)
    assert licences.main(["--check"]) == 1
    assert "type: make docs" in capsys.readouterr().out
    assert licences.main([]) == 0
    assert licences.main(["--check"]) == 0
