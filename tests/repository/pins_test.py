"""The pins of `3rdparty/python` agree with each other, and with the Pythons of Abacus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from spokeshave_core.cpython_releases import RELEASES

REPOSITORY = Path(__file__).parents[2]
# The newest Python of each pytest that was pinned. 7.0.1 uses ast.Str, which 3.14 removed.
_NEWEST_PYTHON = {"7.0.1": "3.13"}
_OLDEST_OF_TOOLS = 9
_PYTHONS = [str(release.version) for release in RELEASES if release.minor >= _OLDEST_OF_TOOLS]
_CONSTRAINTS = re.compile(r'interpreter_constraints=\["CPython(?P<versions>[^"]+)"\], resolve="pytest"')


def pinned(name: str, python: str) -> dict[str, str]:
    """Return the version of each package that a requirements file pins for a Python."""
    lines = (REPOSITORY / "3rdparty/python" / name).read_text().splitlines()
    texts = [line.rstrip("\\ ") for line in lines if "==" in line and not line.startswith(("#", " "))]
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    requirements = [Requirement(text) for text in texts]
    return {
        requirement.name: str(requirement.specifier)
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }


@pytest.mark.parametrize("python", _PYTHONS)
def test_packages_of_pytest_and_the_tools_have_one_version(python: str) -> None:
    of_pytest = pinned("pytest.txt", python)
    of_tools = pinned("tools.txt", python)
    common = of_pytest.keys() & of_tools.keys()
    assert "packaging" in common
    assert {name: of_pytest[name] for name in common} == {name: of_tools[name] for name in common}


def test_abacus_is_tested_on_pythons_that_its_pytest_runs_on() -> None:
    match = _CONSTRAINTS.search((REPOSITORY / "src/python/BUILD").read_text())
    assert match is not None
    allowed = [python for python in _PYTHONS if SpecifierSet(match["versions"]).contains(python)]
    newest = _NEWEST_PYTHON[pinned("pytest.txt", "3.9")["pytest"].lstrip("=")]
    assert allowed[-1] == newest
