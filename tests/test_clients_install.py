"""The lists that name the official SDKs: exact releases with their hashes, and no address of an index."""

import json
import re

import pytest

from clients.install import HERE, JAVASCRIPT, PYTHON_V2, PYTHON_V3, Installation

ALL = (PYTHON_V3, PYTHON_V2, JAVASCRIPT)


@pytest.mark.parametrize("installation", ALL, ids=lambda installation: installation.name)
def test_a_list_names_no_index(installation: Installation) -> None:
    for name in installation.lists:
        assert not re.search(r"https?:|file:|--index|--find|resolved", (HERE / name).read_text("utf-8"))


def test_every_npm_package_has_an_integrity() -> None:
    packages = json.loads((HERE / "package-lock.json").read_text("utf-8"))["packages"]
    assert all("integrity" in package for path, package in packages.items() if path)
    assert packages["node_modules/novita-sdk"]["version"] == "3.1.3"
    assert packages["node_modules/novita-sdk-v1"]["version"] == "1.1.0"


@pytest.mark.parametrize(("installation", "version"), [(PYTHON_V3, "0.7.1"), (PYTHON_V2, "0.5.7")])
def test_a_python_list_names_its_release(installation: Installation, version: str) -> None:
    assert f"novita-client=={version} \\" in (HERE / installation.lists[0]).read_text("utf-8").splitlines()


def test_what_a_folder_holds_is_told_by_its_lists_and_its_environment() -> None:
    assert len({installation.state for installation in ALL}) == len(ALL)
    assert Installation("x", PYTHON_V3.lists, "another Python").state != PYTHON_V3.state
