"""The processes that run again after a change, counted by the report and by the engine's log."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.project import REPOSITORY, PantsRun, Project, running, sha256

WHEEL = "core:wheel"
ABIS = ("cp310", "cp311", "cp312-abi3")
PLATFORM = "manylinux_2_17_x86_64"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("rebuild") / "repo", "core")) as project:
        # One Python per ABI and its import are enough here.
        project.replace("core/BUILD", ', "3.13"]', "]")
        project.replace("core/BUILD", 'smoke_tests=["smoke/*.py"],', "")
        # So that results of earlier tests in the local store are not used for the counted processes.
        project.replace("core/geometry/text.cc", '" m"', f'" m" /* {uuid.uuid4()} */')
        project.write("core/geometry/point.h", _point())
        project.git("init", "--quiet")
        _commit(project, "Begin")
        yield project


@pytest.fixture(scope="module")
def first(project: Project) -> PantsRun:
    return _package(project)


def _package(project: Project, *options: str) -> PantsRun:
    """Package with the engine's statistics, by default on the stable channel."""
    channel = () if any("channel" in option for option in options) else ("--release-version-channel=stable",)
    return project.package(WHEEL, options=("--stats-log", *channel, *options))


def _commit(project: Project, message: str) -> None:
    project.git("add", ".")
    project.git("commit", "--quiet", "--message", message)


def _point() -> str:
    """Return a header whose every version changes the objects of all sources that include it."""
    return f"""#pragma once

namespace geometry {{

struct Point {{
  double x = 0;
  double y = 0;
}};

[[gnu::used, gnu::retain]] static const char tag[] = "{uuid.uuid4()}";

}}  // namespace geometry
"""


def _compiles(*sources: str) -> list[str]:
    """Return descriptions of the compiles of these sources. A binding is compiled per Python ABI."""
    return sorted(
        f"Compile {source} for {PLATFORM}{abi}"
        for source in sources
        for abi in ([f" and {abi}" for abi in ABIS] if source.startswith("core/bindings/") else [""])
    )


@pytest.mark.usefixtures("first")
def test_a_core_is_compiled_once_for_three_python_abis(project: Project) -> None:
    every = ("core/bindings/native.cc", "core/geometry/path.cc", "core/geometry/polygon.cc", "core/geometry/text.cc")
    assert project.ran(WHEEL, "compile") == _compiles(*every)
    ran = {kind: len(project.ran(WHEEL, kind)) for kind in ("link", "assemble", "repair", "verify", "stamp")}
    assert ran == {"link": 3, "assemble": 3, "repair": 3, "verify": 3, "stamp": 3}


def test_the_report_has_the_engines_processes(project: Project, first: PantsRun) -> None:
    processes = [process for process in project.ran(WHEEL) if not process.startswith("Make the runtime pack")]
    assert processes == first.ran(
        "Check the metadata ", "Compile ", "Link ", "Assemble ", "Repair ", "Verify ", "Stamp ", "Smoke-test "
    )


@pytest.mark.usefixtures("first")
def test_without_changes_nothing_runs(project: Project) -> None:
    before = [sha256(wheel) for wheel in project.wheels()]
    run = _package(project)
    assert run.executed() == 0
    assert run.ran() == []
    assert project.ran(WHEEL) == []
    assert [sha256(wheel) for wheel in project.wheels()] == before


@pytest.mark.usefixtures("first")
def test_an_edit_of_a_tool_runs_that_command_alone(project: Project) -> None:
    plugin = _copy_of_the_plugin(project.root.parent / "plugin")
    for path in ("upload/command.py", "stamp/sbom.py"):
        with (plugin / "tools/spokeshave" / path).open("a") as source:
            source.write(f"# {uuid.uuid4()}\n")
    project.clear_dist()
    # Without the daemon, which would end to start with another plugin.
    project.pants(
        *("--release-version-channel=stable", "package", WHEEL),
        daemon=False,
        variables={"PANTS_PYTHONPATH": f"['{plugin / 'rules'}']"},
    ).checked()
    # The stamped wheels have the same bytes, so no smoke test runs again.
    stamps = project.ran(WHEEL, "stamp")
    assert len(stamps) == 3
    assert project.ran(WHEEL) == stamps


def _copy_of_the_plugin(root: Path) -> Path:
    for name in ("3rdparty/python", "core", "rules", "tools"):
        shutil.copytree(REPOSITORY / name, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "LICENSE", root)
    return root


def test_a_header_edit_recompiles_exactly_its_includers(project: Project) -> None:
    project.write("core/geometry/point.h", _point())
    _package(project)
    includers = ("core/bindings/native.cc", "core/geometry/path.cc", "core/geometry/polygon.cc")
    assert project.ran(WHEEL, "compile") == _compiles(*includers)
    assert len(project.ran(WHEEL, "link")) == 3


@pytest.mark.usefixtures("first")
def test_a_source_edit_recompiles_that_source_alone(project: Project) -> None:
    project.replace("core/geometry/text.cc", "/* ", f"/* {uuid.uuid4()} ")
    _package(project)
    # The comment does not change the object, so later steps are unchanged.
    assert project.ran(WHEEL) == _compiles("core/geometry/text.cc")


@pytest.mark.usefixtures("first")
def test_an_edit_of_python_compiles_and_links_nothing(project: Project) -> None:
    project.edit("core/shapes/cli.py", "\n\n#")
    _package(project)
    assert project.ran(WHEEL, "compile", "link") == []
    assert len(project.ran(WHEEL, "assemble")) == 3


@pytest.mark.parametrize(
    "options",
    [
        ("--release-version-channel=rc", "--release-version-date=20260821"),
        ("--release-version-channel=nightly", "--release-version-date=20260822"),
        ("--release-version-channel=dev", "--release-version-commit=0123456789abcdef0123456789abcdef01234567"),
    ],
)
@pytest.mark.usefixtures("first")
def test_another_channel_date_or_commit_only_stamps(project: Project, options: tuple[str, ...]) -> None:
    _package(project, *options)
    _only_stamped(project)


@pytest.mark.usefixtures("first")
def test_another_version_only_stamps(project: Project) -> None:
    project.write("core/version.json", '{"package-version": "3.13.0.dev"}\n')
    _package(project)
    _only_stamped(project)
    assert {wheel["version"] for wheel in project.report(WHEEL)} == {"3.13.0"}


@pytest.mark.usefixtures("first")
def test_a_new_commit_only_stamps(project: Project) -> None:
    _commit(project, "What the tests above edited")
    _package(project, "--release-version-channel=dev")
    _only_stamped(project)
    commit = project.git("rev-parse", "HEAD")
    assert {wheel["version"].partition("+")[2] for wheel in project.report(WHEEL)} == {commit}


def _only_stamped(project: Project) -> None:
    assert project.ran(WHEEL, "runtime pack", "compile", "link", "assemble", "repair", "verify") == []
    assert len(project.ran(WHEEL, "stamp")) == 3
