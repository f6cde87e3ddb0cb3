"""What a change makes run again, counted: in the report beside the wheels, and in the engine's own log."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from e2e.project import PantsRun, Project, running, sha256

WHEEL = "core:wheel"
ABIS = ("cp310", "cp311", "cp312-abi3")
PLATFORM = "manylinux_2_17_x86_64"
BUILDING = ("runtime pack", "compile", "link", "assemble", "repair", "verify")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("rebuild") / "repo", "core")) as project:
        # One Python per ABI is enough here.
        project.replace("core/BUILD", ', "3.13"]', "]")
        # So that what an earlier run of these tests left in the local store serves nothing of what is counted here.
        project.replace("core/geometry/text.cc", '" m"', f'" m" /* {uuid.uuid4()} */')
        project.write("core/geometry/point.h", _point())
        project.git("init", "--quiet")
        _commit(project, "Begin")
        yield project


@pytest.fixture(scope="module")
def first(project: Project) -> PantsRun:
    return _package(project)


def _package(project: Project, *options: str) -> PantsRun:
    """Package with the engine's statistics, on the stable channel unless the options say another."""
    channel = () if any("channel" in option for option in options) else ("--release-version-channel=stable",)
    return project.package(WHEEL, options=("--stats-log", *channel, *options))


def _commit(project: Project, message: str) -> None:
    project.git("add", ".")
    project.git("commit", "--quiet", "--message", message)


def _point() -> str:
    """A header whose every version compiles to other objects in all that includes it."""
    return f"""#pragma once

namespace geometry {{

struct Point {{
  double x = 0;
  double y = 0;
}};

[[gnu::used]] static const char tag[] = "{uuid.uuid4()}";

}}  // namespace geometry
"""


def _counts(project: Project, kinds: tuple[str, ...] | None = None) -> dict[str, list[int]]:
    """How many actions ran per kind, for each wheel in the report."""
    counts: dict[str, list[int]] = {}
    for wheel in project.report(WHEEL):
        for row in wheel["actions"]:
            if kinds is None or row["kind"] in kinds:
                counts.setdefault(row["kind"], []).append(row["ran"])
    return counts


def _compiles(*sources: str) -> list[str]:
    """Descriptions of the compiles of these sources; a binding is compiled per Python ABI."""
    return sorted(
        f"Compile {source} for {PLATFORM}{abi}"
        for source in sources
        for abi in ([f" and {abi}" for abi in ABIS] if source.startswith("core/bindings/") else [""])
    )


def test_a_core_is_compiled_once_for_three_python_abis(project: Project, first: PantsRun) -> None:
    every = ("core/bindings/native.cc", "core/geometry/path.cc", "core/geometry/polygon.cc", "core/geometry/text.cc")
    assert first.ran("Compile") == _compiles(*every)
    counts = _counts(project)
    # Behind each wheel are the core's three sources and one binding, three of which are the same three.
    assert counts["compile"] == [4, 4, 4]
    assert [counts[kind] for kind in ("link", "assemble", "repair", "verify", "stamp")] == [[1, 1, 1]] * 5
    assert len(first.ran("Link")) == 3


def test_nothing_runs_where_nothing_changed(project: Project, first: PantsRun) -> None:
    before = [sha256(wheel) for wheel in project.wheels()]
    run = _package(project)
    assert run.executed() == 0
    assert run.ran() == []
    assert {ran for counts in _counts(project).values() for ran in counts} == {0}
    assert [sha256(wheel) for wheel in project.wheels()] == before


def test_a_header_edit_recompiles_exactly_its_includers(project: Project, first: PantsRun) -> None:
    project.write("core/geometry/point.h", _point())
    run = _package(project)
    includers = ("core/bindings/native.cc", "core/geometry/path.cc", "core/geometry/polygon.cc")
    assert run.ran("Compile") == _compiles(*includers)
    assert _counts(project, ("compile", "link")) == {"compile": [3, 3, 3], "link": [1, 1, 1]}


def test_a_source_edit_recompiles_that_source_alone(project: Project, first: PantsRun) -> None:
    project.replace("core/geometry/text.cc", "/* ", f"/* {uuid.uuid4()} ")
    run = _package(project)
    assert run.ran("Compile") == _compiles("core/geometry/text.cc")
    # The comment changes no object, so what links and repairs is as before.
    assert run.ran("Link", "Assemble", "Repair", "Verify", "Stamp", "Smoke") == []


def test_an_edit_of_python_compiles_and_links_nothing(project: Project, first: PantsRun) -> None:
    project.write("core/shapes/cli.py", (project.root / "core/shapes/cli.py").read_text() + f"\n\n# {uuid.uuid4()}\n")
    run = _package(project)
    assert run.ran("Compile", "Link") == []
    assert len(run.ran("Assemble")) == 3


@pytest.mark.parametrize(
    "options",
    [
        ("--release-version-channel=rc", "--release-version-date=20260821"),
        ("--release-version-channel=nightly", "--release-version-date=20260822"),
        ("--release-version-channel=dev", "--release-version-commit=0123456789abcdef0123456789abcdef01234567"),
    ],
)
def test_another_channel_date_or_commit_only_stamps(project: Project, first: PantsRun, options: tuple[str, ...]) -> None:
    _only_stamps(project, _package(project, *options))


def test_another_version_only_stamps(project: Project, first: PantsRun) -> None:
    project.write("core/version.json", '{"package-version": "3.13.0.dev"}\n')
    _only_stamps(project, _package(project))
    assert {wheel["version"] for wheel in project.report(WHEEL)} == {"3.13.0"}


def test_a_new_commit_only_stamps(project: Project, first: PantsRun) -> None:
    _commit(project, "What the tests above edited")
    _only_stamps(project, _package(project, "--release-version-channel=dev"))
    commit = project.git("rev-parse", "HEAD")
    assert {wheel["version"].partition("+")[2] for wheel in project.report(WHEEL)} == {commit}


def _only_stamps(project: Project, run: PantsRun) -> None:
    assert run.ran("Compile", "Link", "Assemble", "Repair", "Verify") == []
    assert {ran for counts in _counts(project, BUILDING).values() for ran in counts} == {0}
    assert len(run.ran("Stamp")) == 3
