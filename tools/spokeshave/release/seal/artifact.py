"""What a wheel or an sdist says of itself."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement
from packaging.utils import InvalidSdistFilename

from spokeshave.errors import InvalidWheelError
from spokeshave.release.check.file.members import check_archive, check_dist_info
from spokeshave.release.check.file.sdists import member_fault
from spokeshave.requirement_text import parse_requirement, parse_sdist_file_name
from spokeshave.sdist.tar_file import DAMAGES, open_gzipped_tar
from spokeshave.wheel.archive import LARGEST_METADATA, ArchiveReader, open_zip
from spokeshave.wheel.metadata_reader import read_core_metadata
from spokeshave.wheel.name import is_version, parse_wheel_name
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.release.record import SDIST
from spokeshave_core.wheel_name import SDIST_SUFFIX, WheelName, normalize_name

_PKG_INFO = re.compile(r"[^/]+/PKG-INFO")
_BUILD_AGAIN = "Build it again."


@dataclass(frozen=True)
class Metadata:
    """The fields of METADATA or PKG-INFO that a record needs. `sha256` is that of the file."""

    name: str
    version: str
    requires_python: str
    requires: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Artifact:
    """A file of the set.

    Attributes:
        project: The normalized name.
        version: The version of the file name.
        wheel: The parts of a wheel's name. None for an sdist.
        facts: What a wheel that Spokeshave built states about its version. None for others.
    """

    name: str
    project: str
    version: str
    sha256: str
    size: int
    metadata: Metadata
    wheel: WheelName | None = None
    facts: VersionFacts | None = None

    @property
    def unique_keys(self) -> tuple[tuple[str, ...], ...]:
        """Return what only one file of a set may have: a project with a build and a single tag, or as an sdist."""
        if self.wheel is None:
            return ((self.project, SDIST),)
        return tuple((self.project, self.wheel.build, tag) for tag in self.wheel.tag.expand())

    @property
    def abi(self) -> PythonAbi | None:
        """Return the ABI of a wheel for CPython. None for others."""
        return PythonAbi.of_tags(self.wheel.tag.python, self.wheel.tag.abi) if self.wheel else None

    @property
    def labels(self) -> frozenset[str]:
        """Return the names that an expectation may have for this file, such as `cp311-win_amd64`."""
        return wheel_labels(self.wheel) if self.wheel else frozenset([SDIST])


def wheel_labels(wheel: WheelName) -> frozenset[str]:
    """Return the names that an expectation may have for a wheel."""
    known = PythonAbi.of_tags(wheel.tag.python, wheel.tag.abi)
    abis = {f"{wheel.tag.python}-{wheel.tag.abi}", *([known.name] if known else [])}
    return frozenset(f"{abi}-{platform}" for abi in abis for platform in (*wheel.tag.platforms, wheel.tag.platform))


def read_artifact(path: Path, shown: Path, sha256: str, size: int) -> Artifact:
    """Read a wheel or an sdist. Of a wheel, only the metadata is read.

    Args:
        path: The file to read, which has its own name.
        shown: Its path for messages.
        sha256: The sha256 of its bytes.
        size: The number of its bytes.

    Raises:
        InvalidWheelError: For all problems of the file.
    """
    with _shown_as(path, shown):
        if path.name.endswith(SDIST_SUFFIX):
            return _read_sdist(path, sha256, size)
        return _read_wheel(path, sha256, size)


@contextlib.contextmanager
def _shown_as(path: Path, shown: Path) -> Iterator[None]:
    """Name the file that the user gave in errors about its copy."""
    try:
        yield
    except SpokeshaveError as err:
        problems = (replace(problem, place=problem.place.replace(str(path), str(shown))) for problem in err.problems)
        raise InvalidWheelError(*problems) from err


def _read_wheel(path: Path, sha256: str, size: int) -> Artifact:
    name = parse_wheel_name(path.name)
    _check_archive(path, name, size)
    with ArchiveReader(path) as reader:
        metadata = _parse(reader.read(f"{name.dist_info}/METADATA"), str(path))
        recipe = f"{name.dist_info}/{RECIPE}"
        found = Recipe.parse(reader.read(recipe), f"{path.name}: {recipe}") if recipe in reader.members else None
    return Artifact(
        name=path.name,
        project=name.project,
        version=name.version,
        sha256=sha256,
        size=size,
        metadata=metadata,
        wheel=name,
        facts=found.facts(metadata.version) if found else None,
    )


def _check_archive(path: Path, name: WheelName, size: int) -> None:
    """Refuse an archive that two readers may see differently. Rules of one index are for `release check`."""
    with path.open("rb") as stream, open_zip(path) as archive:
        problems = (*check_archive(path, size, stream, archive), *check_dist_info(name, archive))
    if problems:
        raise InvalidWheelError(*dict.fromkeys(problems))


def _read_sdist(path: Path, sha256: str, size: int) -> Artifact:
    try:
        project, version = parse_sdist_file_name(path.name)
        metadata = _parse(_read_pkg_info(path), str(path))
    except InvalidSdistFilename as err:
        remedy = "Name it name-version.tar.gz, or remove it."
        raise InvalidWheelError(Problem(str(path), "is not the file name of an sdist", remedy)) from err
    except DAMAGES as err:
        raise InvalidWheelError(Problem(str(path), f"cannot be read as an archive ({err})", _BUILD_AGAIN)) from err
    return Artifact(name=path.name, project=project, version=str(version), sha256=sha256, size=size, metadata=metadata)


def _read_pkg_info(path: Path) -> bytes:
    """Return the PKG-INFO of an sdist, whose members must not lead outside.

    They are read as a stream, so that memory does not grow with them.
    """
    found = None
    faults = []
    with path.open("rb") as packed, open_gzipped_tar(packed) as archive:
        for member in archive:
            fault = member_fault(member)
            if fault:
                faults.append(Problem(f"{path}: {ascii(member.name)[1:-1]}", fault, _BUILD_AGAIN))
            stream = archive.extractfile(member) if _PKG_INFO.fullmatch(member.name) and member.isfile() else None
            if stream is not None and found is None:
                found = stream.read(LARGEST_METADATA)
    if faults:
        raise InvalidWheelError(*faults)
    if found is not None:
        return found
    raise InvalidWheelError(Problem(str(path), "has no PKG-INFO", _BUILD_AGAIN))


def _parse(data: bytes, place: str) -> Metadata:
    core = read_core_metadata(data)
    name = core.raw.get("name", "")
    version = core.raw.get("version", "")
    if not name or not is_version(version):
        raise InvalidWheelError(Problem(place, "has metadata without a name or a valid version", _BUILD_AGAIN))
    return Metadata(
        name=normalize_name(name),
        version=version,
        requires_python=core.raw.get("requires_python", ""),
        requires=tuple(core.raw.get("requires_dist", ())),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def siblings(artifact: Artifact, projects: frozenset[str]) -> Iterator[str]:
    """Yield the requirements of a file that name other projects of the set, in their normal form."""
    for text in artifact.metadata.requires:
        with contextlib.suppress(InvalidRequirement):
            requirement = parse_requirement(text)
            if normalize_name(requirement.name) in projects - {artifact.project}:
                requirement.name = normalize_name(requirement.name)
                yield str(requirement)
