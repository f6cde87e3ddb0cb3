"""A folder of files as a destination, for `pip install --find-links`. It gets all files of a release in one step.

`PATH` is a symbolic link to the newest generation in `PATH.generations/`. A generation is a folder that is made next to
the others, with hard links to the files of the one before, and gets its number by a rename. That fails if another
process has made one of that number, so that none is lost. The link is then replaced by a rename.

Each generation has the sums of its files in `SHA256SUMS`, by which `release fetch` checks them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
)
from packaging.version import Version

from spokeshave.files import atomic_file, iter_chunks, sha256_of_file, write_bytes
from spokeshave.release.derived import render_sums
from spokeshave.release.destination.destination import (
    Destination,
    DestinationError,
    Limits,
    ListedFile,
    Listing,
)
from spokeshave.release.integrity import read_sums
from spokeshave.release.record import ATTESTATION, ATTESTATIONS, SUMS, InvalidRecordError
from spokeshave.requirement_text import parse_sdist_file_name, parse_wheel_file_name
from spokeshave.upload.attempt import Attempt, AttemptStatus
from spokeshave.upload.transport import ProgressCallback
from spokeshave_core.outcomes import Presence
from spokeshave_core.problems import Problem

_GENERATIONS = ".generations"
_STAGED = "staged-"
_STALE_SECONDS = 24 * 60 * 60
_KEPT_GENERATIONS = 2


class FolderDestination(Destination):
    """A folder. Files that are sent are staged until `commit`.

    Args:
        path: The folder to be, which is a symbolic link.
    """

    is_atomic = True

    def __init__(self, text: str, path: Path, limits: Limits) -> None:
        self.text = text
        self.label = text
        self.limits = limits
        self._path = path
        if path.name in ("", ".."):
            remedy = "Name a path in it that does not exist yet: the release makes a link there."
            raise DestinationError(
                Problem(str(path), "is an existing folder, which the release cannot replace", remedy)
            )
        self._generations = path.with_name(f"{path.name}{_GENERATIONS}")
        self._staged: Path | None = None
        self._refuse_others()

    def listing(self, project: str) -> Listing:
        """Return the files of a project in the newest generation."""
        name = canonicalize_name(project)
        found: dict[str, ListedFile] = {}
        versions = set()
        for path in sorted(self._path.iterdir()) if self._path.is_dir() else ():
            parsed = _project_and_version(path.name)
            if parsed and parsed[0] == name:
                sha256, size = sha256_of_file(path)
                url = path.absolute().as_uri()
                found[path.name] = ListedFile(name=path.name, url=url, hashes={"sha256": sha256}, size=size)
                versions.add(parsed[1])
        return Listing(
            project=name, exists=bool(found), files=found, versions=tuple(str(version) for version in sorted(versions))
        )

    def state_of(self, file: Path, listing: Listing) -> Presence:
        """Return whether a listing of its project has a file, by sha256."""
        found = listing.files.get(file.name)
        if found is None:
            return Presence.MISSING
        return Presence.THERE if found.sha256 == sha256_of_file(file)[0] else Presence.OTHER_BYTES

    def hidden(self, project: str, names: Iterable[str]) -> frozenset[str]:  # noqa: ARG002 (the protocol's)
        """Return the files that are not in the newest generation."""
        return frozenset(name for name in names if not (self._path / name).is_file())

    def send(
        self,
        file: Path,
        attestations: Sequence[Path] = (),
        progress: ProgressCallback | None = None,  # noqa: ARG002 (the protocol's)
    ) -> Attempt:
        """Copy a file to those that `commit` adds, with its attestations next to it."""
        if _project_and_version(file.name) is None:
            problem = Problem(file.name, "is not the name of a wheel or an sdist", "Package it again.")
            return Attempt(AttemptStatus.REFUSED, problem)
        present = self._path / file.name
        if present.is_file():
            if sha256_of_file(present)[0] == sha256_of_file(file)[0]:
                return Attempt(AttemptStatus.ALREADY_THERE)
            return Attempt(AttemptStatus.REFUSED, self._other_bytes(file.name))
        try:
            for source in (file, *attestations):
                _copy(source, self._staging() / source.name)
        except OSError as err:
            problem = Problem(str(err.filename or file), f"cannot be copied: {err.strerror or err}", "Check the disk.")
            return Attempt(AttemptStatus.REFUSED, problem)
        return Attempt(AttemptStatus.STORED)

    def commit(self, record: Path, only: Sequence[str] = ()) -> None:  # noqa: ARG002 (the protocol's)
        """Make the next generation, and the link to it. Attestations come in also if their files are there already."""
        self._refuse_others()
        try:
            for path in self._late_attestations(record):
                _copy(path, self._staging() / path.name)
            if self._staged is None:
                return
            while not self._become(max(_numbers(self._generations), default=0)):
                pass
            self._link()
            self._clean()
        except OSError as err:
            remedy = "Check the permissions and the disk. On Windows, symbolic links need the developer mode."
            raise DestinationError(
                Problem(str(err.filename or self._path), f"cannot be written: {err.strerror or err}", remedy)
            ) from err

    def credential_problems(self) -> list[Problem]:
        """Return none: a folder needs no credentials."""
        return []

    def log_in(self) -> None:
        """Do nothing: a folder needs no credentials."""

    def scrubbed(self, text: str) -> str:
        """Return the text, as there are no credentials."""
        return text

    def _refuse_others(self) -> None:
        """Refuse a folder, a file or a link at the path, unless it is a link to a generation."""
        is_link = self._path.is_symlink()
        if is_link and _number_of(self._path) is None:
            message = f"is a link to {self._path.readlink()}, which no release has made"
        elif not is_link and self._path.exists():
            message = f"is a {'folder' if self._path.is_dir() else 'file'} that no release has made"
        else:
            return
        remedy = "Name a path that does not exist yet, or move it away: the release makes a link there."
        raise DestinationError(Problem(str(self._path), message, remedy))

    def _late_attestations(self, record: Path) -> list[Path]:
        """Return the attestations of a record that the folder does not have next to their files."""
        found = (record / ATTESTATIONS).glob(f"*{ATTESTATION}")
        files = {path: self._path / path.name[: -len(ATTESTATION)] for path in sorted(found)}
        return [path for path, file in files.items() if file.is_file() and not (self._path / path.name).exists()]

    def _staging(self) -> Path:
        if self._staged is None:
            self._generations.mkdir(parents=True, exist_ok=True)
            self._staged = Path(tempfile.mkdtemp(prefix=_STAGED, dir=self._generations))
            self._staged.chmod(0o755)
        return self._staged

    def _other_bytes(self, name: str) -> Problem:
        remedy = "A release is never replaced: publish under a new version."
        return Problem(name, f"is already in {self.text}, with other bytes", remedy)

    def _become(self, newest: int) -> bool:
        """Make the staged folder the generation after the newest. False if another process has made that one."""
        staged = self._staging()
        for path in (self._generations / str(newest)).iterdir() if newest else ():
            if path.name == SUMS:
                continue
            _link_or_copy(path, staged / path.name)
            if not path.samefile(staged / path.name) and sha256_of_file(path) != sha256_of_file(staged / path.name):
                raise DestinationError(self._other_bytes(path.name))
        _write_sums(staged, self._generations / str(newest) if newest else None)
        target = self._generations / str(newest + 1)
        try:
            # It fails if the folder exists, as no generation is empty.
            staged.rename(target)
        except OSError:
            if target.exists():
                return False
            raise
        self._staged = None
        return True

    def _link(self) -> None:
        """Let the path link to the newest generation, until there is no newer one."""
        while (newest := _numbers(self._generations)[-1]) != _number_of(self._path):
            link = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            link.unlink(missing_ok=True)
            link.symlink_to(Path(self._generations.name, str(newest)), target_is_directory=True)
            if os.name == "nt" and self._path.is_symlink():
                # Windows replaces no link to a folder, so that for a moment there is none.
                self._path.rmdir()
            link.replace(self._path)

    def _clean(self) -> None:
        """Remove old generations, and what killed processes have left."""
        for number in _numbers(self._generations)[:-_KEPT_GENERATIONS]:
            shutil.rmtree(self._generations / str(number), ignore_errors=True)
        for path in self._generations.glob(f"{_STAGED}*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _STALE_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)


def _numbers(generations: Path) -> list[int]:
    """Return the numbers of the generations, sorted."""
    return sorted(int(path.name) for path in generations.iterdir() if path.name.isdecimal())


def _number_of(link: Path) -> int | None:
    """Return the number of the generation that a link leads to. None if it leads elsewhere."""
    target = link.readlink() if link.is_symlink() else Path()
    is_ours = target == Path(f"{link.name}{_GENERATIONS}", target.name) and target.name.isdecimal()
    return int(target.name) if is_ours else None


def _project_and_version(name: str) -> tuple[str, Version] | None:
    """Return the project and the version of a distribution by its file's name."""
    with contextlib.suppress(InvalidWheelFilename):
        return parse_wheel_file_name(name)[:2]
    with contextlib.suppress(InvalidSdistFilename):
        return parse_sdist_file_name(name)
    return None


def _copy(source: Path, target: Path) -> None:
    """Copy a file whole or not at all, and check the copy."""
    digest = hashlib.sha256()
    with source.open("rb") as stream, atomic_file(target) as copy:
        for chunk in iter_chunks(stream):
            digest.update(chunk)
            copy.write(chunk)
    if sha256_of_file(target)[0] != digest.hexdigest():
        target.unlink()
        raise OSError(f"the copy {target} differs")


def _write_sums(folder: Path, older: Path | None) -> None:
    """Write the sums of all files of a generation. Those of an older one are known."""
    known: Mapping[str, str] = {}
    if older is not None and (older / SUMS).is_file():
        with contextlib.suppress(InvalidRecordError):
            known = read_sums(older)
    sums = {}
    for path in sorted(folder.iterdir()):
        if path.name in known and older is not None and path.samefile(older / path.name):
            sums[path.name] = known[path.name]
        elif path.name != SUMS:
            sums[path.name] = sha256_of_file(path)[0]
    write_bytes(folder / SUMS, render_sums(sums))


def _link_or_copy(source: Path, target: Path) -> None:
    """Make a file of an older generation one of a newer one too, if that has none of its name."""
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
