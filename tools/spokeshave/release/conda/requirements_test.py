from __future__ import annotations

import pytest

from spokeshave.release.conda.names import CondaNames
from spokeshave.release.conda.requirements import (
    RunRequirements,
    Scope,
    has_alternatives,
    is_for_extras,
    run_requirements,
)
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
        ("python_full_version >= '3.11.4' and python_full_version < '3.11.9'", ['match(python, "3.11.*")']),
        ("python_full_version > '3.11.4' and python_full_version < '3.11.6'", ['match(python, "3.11.*")']),
        ("python_full_version == '3.12.3'", ['match(python, "3.12.*")']),
        ("implementation_version == '3.14.0rc1'", ['match(python, "3.14.*")']),
        ("python_full_version in '3.11.2 3.12.7'", ['match(python, ">=3.11,<3.13")']),
        ("python_full_version > '3.11.200'", ['match(python, ">=3.11")']),
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


@pytest.mark.parametrize(
    ("marker", "condition"),
    [
        ("platform_release >= '20'", ""),
        ("platform_version != ''", ""),
        ("'microsoft' in platform.version and sys_platform == 'linux'", "linux"),
        ("platform_version not in 'x' and platform_release < '20' and platform_release > '19'", ""),
    ],
)
def test_what_only_a_machine_knows_is_required_on_all(marker: str, condition: str) -> None:
    found = requirements_of(f"numpy ; {marker}")
    (entry,) = found.entries
    assert list(entry.conditions(SCOPE, by_python=True)) == [condition]
    (note,) = found.notes
    assert "required on all" in note


def test_a_url_of_an_extra_is_named_with_the_extra() -> None:
    (note,) = requirements_of("numpy @ https://host/numpy.whl ; extra == 'dev'").notes
    assert "conda has no extras" in note


@pytest.mark.parametrize("marker", ["'x' in extras", "sys_platform ~= 'x'"])
def test_markers_without_a_value_are_problems(marker: str) -> None:
    problems = Problems()
    run_requirements([f"a ; {marker}"], "a.whl", scope=SCOPE, names=CondaNames(), siblings={}, problems=problems)
    assert "whose marker has no value" in str(problems.as_error(ValueError))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "has"),
    [
        (["numpy<2 ; python_version<'3.12'", "numpy>=2 ; python_version>='3.12'"], True),
        (["numpy", "scipy", "numpy>=2 ; sys_platform=='win32'"], True),
        (["numpy<3", "numpy>=2"], False),
        (["numpy>=2 ; python_version<'3.12'", "numpy>=2 ; python_version>='3.12'"], False),
        (["numpy>=2 ; python_version<'3.12'", "scipy"], False),
    ],
)
def test_other_versions_elsewhere_are_alternatives(lines: list[str], *, has: bool) -> None:
    assert has_alternatives(requirements_of(*lines).entries) is has


@pytest.mark.parametrize(
    ("line", "is_extra"),
    [
        ("rich ; extra == 'cli'", True),
        ("rich ; extra == 'cli' and sys_platform == 'win32'", True),
        ("rich ; extra == 'cli' or sys_platform == 'win32'", False),
        ("rich", False),
        ("rich ; python_version < '3'", False),
        ("rich >=", False),
    ],
)
def test_lines_for_extras_only(line: str, *, is_extra: bool) -> None:
    assert is_for_extras(line) is is_extra


def test_requirements_that_no_recipe_can_have_are_problems() -> None:
    problems = Problems()
    lines = ("numpy @ https://host/numpy.whl", "numpy >=", "ok")
    run_requirements(lines, "a.whl", scope=SCOPE, names=CondaNames(), siblings={}, problems=problems)
    texts = str(problems.as_error(ValueError))  # type: ignore[arg-type]
    assert "from a URL" in texts
    assert "invalid requirement 'numpy >='" in texts
