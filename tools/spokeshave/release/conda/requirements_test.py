from __future__ import annotations

import pytest

from spokeshave.release.conda.names import CondaNames
from spokeshave.release.conda.requirements import RunRequirements, Scope, run_requirements
from spokeshave.release.conda.subdirs import USUAL
from spokeshave_core.problems import Problems

SCOPE = Scope(USUAL, tuple(range(9, 41)))


def requirements_of(*lines: str, names: CondaNames | None = None) -> RunRequirements:
    problems = Problems()
    found = run_requirements(
        lines,
        "abacus.whl",
        scope=SCOPE,
        names=names or CondaNames(),
        siblings={"abacus-runtime": "==3.12.0"},
        problems=problems,
    )
    assert not problems
    return found


@pytest.mark.parametrize(
    ("marker", "conditions"),
    [
        ("python_version < '3.11'", ['match(python, "<3.11")']),
        ("python_version >= '3.11'", ['match(python, ">=3.11")']),
        ("python_version == '3.11'", ['match(python, "3.11.*")']),
        ("python_version != '3.11'", ['match(python, "<3.11") or match(python, ">=3.12")']),
        ("python_full_version < '3.11.4'", ['match(python, "<3.12")']),
        ("python_version >= '3.8'", [""]),
        ("python_version < '3.8'", []),
        ("sys_platform == 'win32'", ["win"]),
        ("sys_platform != 'win32'", ["unix"]),
        ("platform_system == 'Linux'", ["linux"]),
        ("os_name == 'posix'", ["unix"]),
        ("sys_platform == 'darwin' and platform_machine == 'arm64'", ["osx and arm64"]),
        ("platform_machine == 'x86_64' or platform_machine == 'AMD64'", ["x86_64"]),
        ("platform_machine == 'aarch64'", ["linux and aarch64"]),
        ("sys_platform == 'win32' and python_version < '3.11'", ['win and match(python, "<3.11")']),
        ("sys_platform == 'win32' or python_version < '3.11'", ['unix and match(python, "<3.11")', "win"]),
        ("implementation_name == 'cpython'", [""]),
        ("implementation_name == 'pypy'", []),
        ("extra == 'cli'", []),
        ("extra == 'cli' or sys_platform == 'win32'", ["win"]),
    ],
)
def test_markers_become_conditions(marker: str, conditions: list[str]) -> None:
    entries = requirements_of(f"numpy ; {marker}").entries
    found = [condition for entry in entries for condition in entry.conditions(SCOPE, by_python=True)]
    # Two conditions of one requirement are two entries, whose order is that of the platforms.
    order = sorted if len(conditions) > 1 else list
    assert order(found) == order(conditions)


def test_a_package_for_all_pythons_has_what_some_need() -> None:
    (entry,) = requirements_of("tomli ; python_version < '3.11' and sys_platform != 'win32'").entries
    assert list(entry.conditions(SCOPE, by_python=False)) == ["unix"]
    assert entry.varies_by_platform()
    assert entry.varies_by_python(SCOPE)


def test_siblings_are_pinned() -> None:
    (entry,) = requirements_of("Abacus.Runtime >=3").entries
    assert entry.spec == "abacus-runtime ==3.12.0"


def test_names_are_mapped_and_extras_are_named() -> None:
    names = CondaNames({"torch": ("pytorch",), "cuda": (), "requests[socks]": ("requests", "pysocks")})
    lines = ("torch>=2", "cuda", "requests[socks]>=2", "foo[bar]", "rich ; extra == 'cli'")
    found = requirements_of(*lines, names=names)
    assert [entry.spec for entry in found.entries] == ["pytorch >=2", "requests >=2", "pysocks", "foo"]
    assert [note.partition(":")[0] for note in found.notes] == ["foo[bar]", 'rich; extra == "cli"']


def test_requirements_that_no_recipe_can_have_are_problems() -> None:
    problems = Problems()
    lines = ("numpy @ https://host/numpy.whl", "numpy >=", "ok")
    run_requirements(lines, "a.whl", scope=SCOPE, names=CondaNames(), siblings={}, problems=problems)
    texts = str(problems.as_error(ValueError))  # type: ignore[arg-type]
    assert "from a URL" in texts
    assert "invalid requirement 'numpy >='" in texts
