"""The declared matrix of a release: which files it must have, and which of their tests are required."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spokeshave.release.seal.artifact import Artifact, wheel_labels
from spokeshave_core.problems import Problems
from spokeshave_core.python_abi import InvalidPythonError, PythonVersion, parse_versions
from spokeshave_core.release.record import SDIST, ExpectedProject, ReleaseExpectation
from spokeshave_core.wheel_name import InvalidWheelNameError, WheelName, normalize_name

_COMPLETE = "Build it, or remove it from the declared matrix. A release is sealed with all of its files."


@dataclass(frozen=True)
class RequiredTests:
    """The tests that a project's wheels need.

    Attributes:
        globs: Globs of platform tags and Pythons, as in `require_smoke_on`.
        pythons: The Pythons that the project is for; empty if that is not known.
    """

    globs: tuple[str, ...]
    pythons: tuple[PythonVersion, ...] = ()

    def pythons_for(self, artifact: Artifact) -> list[PythonVersion | None]:
        """Return the Pythons that a file must have been tested on. None stands for any Python."""
        if artifact.wheel is None:
            return []
        served = [version for version in self.pythons or self._named_pythons() if _serves(artifact, version)]
        if self.pythons and served:
            on_platform = self._names(artifact.wheel.tag.platforms)
            return [version for version in served if on_platform or self._names([str(version)])]
        if served:
            return [*served]
        own = [artifact.abi.version] if artifact.abi and not artifact.abi.serves_several else []
        if self._names((*artifact.wheel.tag.platforms, *map(str, own))):
            return [*own] or [None]
        return []

    def _names(self, names: Iterable[str]) -> bool:
        return any(fnmatch.fnmatchcase(name, glob) for glob in self.globs for name in names)

    def _named_pythons(self) -> tuple[PythonVersion, ...]:
        """Return the Pythons among the globs."""
        named = set()
        for glob in self.globs:
            try:
                named.add(PythonVersion.parse(glob, where="require_smoke_on"))
            except InvalidPythonError:
                continue
        return tuple(sorted(named))


def _serves(artifact: Artifact, version: PythonVersion) -> bool:
    return artifact.abi is None or artifact.abi.serves(version)


def required_tests(
    expectation: ReleaseExpectation | None, globs: Sequence[str], projects: Iterable[str], problems: Problems
) -> dict[str, RequiredTests]:
    """Return the required tests by project: those of the declared matrix, and those that `globs` add."""
    expected = expected_projects(expectation)
    found = {}
    for project in projects:
        declared = expected.get(project, ExpectedProject(()))
        pythons: tuple[PythonVersion, ...] = ()
        with problems.collecting():
            pythons = parse_versions(declared.pythons, where=f"the expectation of {project}")
        found[project] = RequiredTests((*declared.require_smoke_on, *globs), pythons)
    return found


def expected_projects(expectation: ReleaseExpectation | None) -> Mapping[str, ExpectedProject]:
    """Return the declared projects by normalized name."""
    projects = expectation.projects if expectation else {}
    return {normalize_name(name): project for name, project in projects.items()}


def check_matrix(
    artifacts: Sequence[Artifact], broken: Iterable[str], expectation: ReleaseExpectation | None, problems: Problems
) -> None:
    """Add problems of files that are missing from a set, or are not expected, or that two files take the place of.

    Args:
        broken: The names of files that cannot be read. They are not missing.
    """
    _check_unique(artifacts, problems)
    if expectation is None:
        return
    expected = expected_projects(expectation)
    labels = {project: set(declared.wheels) for project, declared in expected.items()}
    missing = {project: set(found) for project, found in labels.items()}
    for artifact in artifacts:
        wanted = labels.get(artifact.project)
        if wanted is None:
            message = f"is of the project {artifact.project}, which the release does not have"
            problems.add(artifact.name, message, "Remove it, or add the project to the declared matrix.")
            continue
        if artifact.wheel is not None and not artifact.labels & wanted:
            message = f"is not expected: the declared matrix of {artifact.project} has no such wheel"
            problems.add(artifact.name, message, "Remove it, or add it to the declared matrix.")
        missing[artifact.project] -= artifact.labels
    for name in broken:
        with contextlib.suppress(InvalidWheelNameError):
            wheel = WheelName.parse(name)
            missing.get(wheel.project, set()).difference_update(wheel_labels(wheel))
    for project, left in sorted(missing.items()):
        for label in sorted(left):
            what = "its sdist" if label == SDIST else f"its wheel for {label}"
            problems.add(project, f"{what} is missing from the set", _COMPLETE)


def _check_unique(artifacts: Sequence[Artifact], problems: Problems) -> None:
    owners: dict[tuple[str, ...], str] = {}
    for artifact in artifacts:
        others = {owners.setdefault(key, artifact.name) for key in artifact.unique_keys} - {artifact.name}
        for other in sorted(others):
            message = f"is for the same project, tag and build as {other}"
            problems.add(artifact.name, message, "Remove one of the two: an installer may take either.")
