"""What is promoted: a sealed record, or a folder of wheels without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from spokeshave.errors import some
from spokeshave.release.integrity import verify_record
from spokeshave.release.record import MANIFEST, RELEASE_NAME, file_path, manifest_sha256, name_remedy
from spokeshave.release.seal.inputs import find_distributions
from spokeshave.wheel.name import parse_wheel_name
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord, TestEvidence
from spokeshave_core.wheel_name import WheelName

_WHEEL = ".whl"


class PromotionError(SpokeshaveError):
    """A release that cannot be promoted, or two that differ in more than their version."""


@dataclass(frozen=True)
class SourceWheel:
    """A wheel to promote. `sealed` is what its record says of it; None without a record."""

    path: Path
    name: WheelName
    sealed: ReleaseFile | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """The project, the build and the tag, which a wheel keeps in another version."""
        return self.name.project, self.name.build, str(self.name.tag)


@dataclass(frozen=True)
class ReleaseSource:
    """A set of files of one version.

    Attributes:
        version: In PEP 440's normal form.
        record: None for a folder of wheels.
        sdists: The file names of the sdists in it.
    """

    folder: Path
    version: str
    wheels: tuple[SourceWheel, ...]
    record: ReleaseRecord | None = None
    sdists: tuple[str, ...] = ()

    @property
    def projects(self) -> list[str]:
        """The normalized names of the projects."""
        return sorted({wheel.name.project for wheel in self.wheels})

    @property
    def manifest_sha256(self) -> str | None:
        """The sha256 by which the record is known. None without a record."""
        return manifest_sha256(self.folder) if self.record else None


def read_source(folder: Path) -> ReleaseSource:
    """Read a record, all files of which are as they were sealed, or the wheels of a folder.

    Raises:
        SpokeshaveError: For all problems of a folder that is neither, and for two wheels of one project, build and tag.
    """
    source = _read_record(folder) if (folder / MANIFEST).exists() else _read_folder(folder)
    _check_identities(source.wheels)
    return source


def _check_identities(wheels: Iterable[SourceWheel]) -> None:
    problems = Problems()
    known: dict[tuple[str, str, str], Path] = {}
    for wheel in wheels:
        other = known.setdefault(wheel.identity, wheel.path)
        if other != wheel.path:
            message = f"has the project, build and tag of {other.name}: a release has one such wheel"
            problems.add(str(wheel.path), message, "Leave one of the two out of the set.")
    problems.raise_if_any(PromotionError)


def _read_record(folder: Path) -> ReleaseSource:
    record = verify_record(folder)
    wheels = [
        SourceWheel(file_path(folder, file.name), parse_wheel_name(file.name), file)
        for file in record.files
        if file.name.endswith(_WHEEL)
    ]
    sdists = tuple(file.name for file in record.files if not file.name.endswith(_WHEEL))
    return ReleaseSource(
        folder=folder, version=str(Version(record.version)), wheels=tuple(wheels), record=record, sdists=sdists
    )


def _read_folder(folder: Path) -> ReleaseSource:
    problems = Problems()
    if not folder.is_dir():
        problem = Problem(str(folder), "is not a folder", "Name a release record, or a folder of wheels.")
        raise PromotionError(problem)
    given = find_distributions([folder], problems).distributions
    wheels = []
    for path in (path for path in given if path.name.endswith(_WHEEL)):
        with problems.collecting():
            wheels.append(SourceWheel(path, parse_wheel_name(path.name)))
    versions = sorted({Version(wheel.name.version) for wheel in wheels})
    if len(versions) > 1:
        message = f"has wheels of the versions {some([str(version) for version in versions])}"
        problems.add(str(folder), message, "A release has one version: keep the wheels of each in their own folder.")
    problems.raise_if_any(PromotionError)
    sdists = tuple(path.name for path in given if not path.name.endswith(_WHEEL))
    if not wheels:
        raise PromotionError(Problem(str(folder), "contains no wheel", "Name a folder with the wheels of a release."))
    return ReleaseSource(folder=folder, version=str(versions[0]), wheels=tuple(wheels), sdists=sdists)


def file_of(source: ReleaseSource, name: str) -> Path:
    """Return the path of a file of a release by its name."""
    return file_path(source.folder, name) if source.record else source.folder / name


def release_name(source: ReleaseSource, name: str | None) -> str:
    """Return the name of the promoted release: the record's, the given one, or that of the only project.

    Raises:
        PromotionError: If there is none, or one that is not a name.
    """
    if source.record and name in (None, source.record.name):
        return source.record.name
    if source.record:
        remedy = f"Leave out --name: the release is {source.record.name}."
        raise PromotionError(Problem(f"--name {name}", f"is not the name of {source.folder}", remedy))
    if name is None and len(source.projects) > 1:
        message = f"has wheels of {some(source.projects)}, and no record that names the release"
        raise PromotionError(Problem(str(source.folder), message, "Give --name, such as --name abacus."))
    found = name or source.projects[0]
    if not RELEASE_NAME.fullmatch(found):
        raise PromotionError(Problem(f"--name {found}", "is not the name of a release", name_remedy(found)))
    return found


def source_problems(source: ReleaseSource, new: Version, *, anyway: bool, untested: bool) -> Iterator[Problem]:
    """Yield why a release cannot be promoted to a version, as far as its wheels need not be read for that."""
    yield from _version_problems(source, new, anyway)
    if not untested:
        yield from _test_problems(source)


def _version_problems(source: ReleaseSource, new: Version, anyway: bool) -> Iterator[Problem]:
    old = Version(source.version)
    is_same_final = old == new and not source.record
    if not old.is_prerelease and not is_same_final:
        message = f"has the version {old}, which is not a pre-release: there is nothing to promote"
        yield Problem(str(source.folder), message, f"Build a release of the version {new}.")
    elif not anyway and not is_same_final and (Version(old.base_version) != Version(new.base_version) or new <= old):
        message = f"is not the final release of {old}, which {source.folder} has, and not a later one of it"
        remedy = f"Give --version {old.base_version}. If another version is intended, add --anyway."
        yield Problem(f"--version {new}", message, remedy)


def _test_problems(source: ReleaseSource) -> Iterator[Problem]:
    if source.record is None:
        remedy = "Seal a record with `spokeshave release seal`. To promote untested wheels, add --untested."
        yield Problem(
            str(source.folder), "is not a release record, so nothing says that its wheels were tested", remedy
        )
        return
    remedy = (
        "Smoke-test it on a machine of its platform and seal the set again. To promote it untested, add --untested, "
        "which the new record states."
    )
    for file in (wheel.sealed for wheel in source.wheels if wheel.sealed):
        if not passed_tests(file):
            yield Problem(file.name, "was not tested: its record has no passed smoke test of it", remedy)
        for test in file.tested:
            if test.outcome is Outcome.FAILED:
                yield Problem(file.name, f"failed its smoke test on Python {test.python} ({test.where})", remedy)


def passed_tests(file: ReleaseFile) -> tuple[TestEvidence, ...]:
    """Return the smoke tests of a file that passed."""
    return tuple(test for test in file.tested if test.outcome is Outcome.PASSED)
