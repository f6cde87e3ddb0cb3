"""The editable installation of a wheel in a virtual environment: its metadata, scripts and one `.pth` file.

`pip list`, `pip uninstall` and `importlib.metadata` work with it as with one of pip (PEP 376, PEP 610).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

from installer.scripts import Script

from spokeshave.develop.environment import DeveloperEnvironment
from spokeshave.errors import InvalidInputsError
from spokeshave.wheel.location import DATA_FOLDER
from spokeshave.wheel.metadata_reader import read_core_metadata
from spokeshave.wheel.record import RecordEntry, hashed_entry, render_record
from spokeshave.wheel.scripts import read_scripts
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problem

INSTALLER = "spokeshave"
_RECORD = "RECORD"
_PARTIAL = ".spokeshave-develop-"
_SHEBANG = b"#!python"
_EXTRAS = re.compile(r"\s*\[.*\]\s*$")


@dataclass(frozen=True)
class InstalledFile:
    """A file of an installation."""

    content: bytes
    executable: bool = False

    def is_at(self, path: Path) -> bool:
        """Return whether a path has this content and mode."""
        try:
            is_executable = bool(path.stat().st_mode & stat.S_IXUSR)
            return path.is_file() and path.read_bytes() == self.content and is_executable >= self.executable
        except OSError:
            return False

    def write(self, path: Path, partial: Path) -> None:
        """Write the file at once. A program that has the old one open keeps it.

        Args:
            partial: A path for the incomplete file.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(self.content)
        partial.chmod(0o755 if self.executable else 0o644)
        partial.replace(path)


@dataclass(frozen=True)
class EditableInstallation:
    """What an environment contains of a wheel whose code is in a source tree.

    Attributes:
        name: The name of the distribution.
        dist_info: The folder of its metadata.
        metadata: The files of that folder, by name, except RECORD.
        others: The files in other folders, by path.
    """

    name: str
    environment: DeveloperEnvironment
    dist_info: Path
    metadata: Mapping[str, InstalledFile]
    others: Mapping[Path, InstalledFile]

    @classmethod
    def of(
        cls, tree: WheelTree, environment: DeveloperEnvironment, roots: Iterable[Path], project: Path
    ) -> EditableInstallation:
        """Return the installation of a wheel.

        Args:
            roots: The source roots that Python imports from.
            project: The folder of its pyproject.toml.
        """
        url = {"dir_info": {"editable": True}, "url": project.as_uri()}
        prefix = f"{tree.dist_info}/"
        own = {file[len(prefix) :]: tree.read(file) for file in tree.files if file.startswith(prefix)}
        own.pop(_RECORD, None)
        own["INSTALLER"] = f"{INSTALLER}\n".encode()
        own["direct_url.json"] = json.dumps(url, sort_keys=True).encode()
        pth = environment.packages / f"__editable__.{tree.dist_info.partition('-')[0]}.pth"
        lines = "".join(f"{root}\n" for root in roots)
        return cls(
            name=read_core_metadata(own["METADATA"]).raw.get("name", tree.name.name),
            environment=environment,
            dist_info=environment.packages / tree.dist_info,
            metadata={name: InstalledFile(content) for name, content in own.items()},
            others={pth: InstalledFile(lines.encode()), **_scripts(tree, environment), **_data(tree, environment)},
        )

    def files(self) -> dict[Path, InstalledFile]:
        """Return all files by path."""
        found = {**self.others, **{self.dist_info / name: file for name, file in self.metadata.items()}}
        return {**found, self.dist_info / _RECORD: InstalledFile(self._record(found))}

    def differences(self) -> list[Path]:
        """Return the paths that `install` would write or remove."""
        files = self.files()
        changed = [path for path, file in files.items() if not file.is_at(path)]
        return sorted({*changed, *self._obsolete(files)})

    def lines(self, paths: Iterable[Path]) -> list[str]:
        """Return paths for a message: the folder of the metadata stands for its files."""
        return [str(path) for path in dict.fromkeys(self._shown(path) for path in paths)]

    def check(self) -> None:
        """Check that an earlier installation can be replaced.

        Raises:
            InvalidInputsError: If it does not list its files.
        """
        for folder in self._earlier():
            if self.environment.files_of(folder) is None:
                message = "has no valid RECORD, so its files are not known"
                raise InvalidInputsError(Problem(str(folder), message, "Remove this installation, and run again."))

    def install(self) -> list[Path]:
        """Install, and remove earlier installations. Return the paths that changed. A killed run can be repeated."""
        for leftover in self.environment.packages.glob(f"{_PARTIAL}*"):
            shutil.rmtree(leftover, ignore_errors=True)
            leftover.unlink(missing_ok=True)
        files = self.files()
        changed = self.differences()
        earlier = [folder for folder in self._earlier() if folder != self.dist_info]
        for path in self._obsolete(files):
            if path.parent != self.dist_info and not any(folder in path.parents for folder in earlier):
                _remove(path, self.environment.packages)
        for path, file in self.others.items():
            if not file.is_at(path):
                self._write(path, file)
        self._write_metadata(files)
        for folder in earlier:
            shutil.rmtree(folder)
        return changed

    def _write(self, path: Path, file: InstalledFile) -> None:
        file.write(path, self.environment.packages / f"{_PARTIAL}file")

    def _shown(self, path: Path) -> Path:
        return self.dist_info if self.dist_info in path.parents else path

    def _earlier(self) -> list[Path]:
        return list(self.environment.installations(self.name))

    def _obsolete(self, files: Mapping[Path, InstalledFile]) -> list[Path]:
        """Return the files of earlier installations that this one does not have."""
        listed = (path for folder in self._earlier() for path in self.environment.files_of(folder) or ())
        return sorted({path for path in listed if path not in files and path.exists()})

    def _write_metadata(self, files: Mapping[Path, InstalledFile]) -> None:
        """Write the folder of the metadata: a new one at once, and else RECORD last."""
        own = {path.relative_to(self.dist_info): file for path, file in files.items() if self.dist_info in path.parents}
        if not self.dist_info.exists():
            partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=self.dist_info.parent))
            partial.chmod(0o755)
            for name, file in own.items():
                self._write(partial / name, file)
            partial.rename(self.dist_info)
            return
        for name, file in sorted(own.items(), key=lambda item: item[0].name == _RECORD):
            if not file.is_at(self.dist_info / name):
                self._write(self.dist_info / name, file)
        for path in sorted(self.dist_info.rglob("*")):
            if path.is_file() and path.relative_to(self.dist_info) not in own:
                path.unlink()

    def _record(self, files: Mapping[Path, InstalledFile]) -> bytes:
        entries = [
            hashed_entry(
                Path(os.path.relpath(path, self.environment.packages)).as_posix(),
                hashlib.sha256(file.content).digest(),
                len(file.content),
            )
            for path, file in sorted(files.items())
        ]
        return render_record([*entries, RecordEntry(f"{self.dist_info.name}/{_RECORD}")])


def _scripts(tree: WheelTree, environment: DeveloperEnvironment) -> dict[Path, InstalledFile]:
    return dict(_launcher(entry, environment) for entry in read_scripts(tree))


def _launcher(entry: EntryPoint, environment: DeveloperEnvironment) -> tuple[Path, InstalledFile]:
    module, _, function = _EXTRAS.sub("", entry.value).partition(":")
    script = Script(name=entry.name, module=module.strip(), attr=function.strip(), section="console")
    name, content = script.generate(str(environment.python), "posix")
    return environment.scripts / name, InstalledFile(content, executable=True)


def _data(tree: WheelTree, environment: DeveloperEnvironment) -> dict[Path, InstalledFile]:
    """Return the files of the wheel that are not below site-packages: programs, data and headers."""
    folders = {
        "scripts": environment.scripts,
        "data": environment.prefix,
        "headers": environment.headers / tree.name.name,
    }
    found: dict[Path, InstalledFile] = {}
    for file in tree.files:
        top, _, rest = file.partition("/")
        scheme, _, path = rest.partition("/")
        if top.endswith(DATA_FOLDER) and scheme in folders:
            content = tree.read(file)
            is_script = scheme == "scripts"
            if is_script and content.startswith(_SHEBANG):
                content = f"#!{environment.python}".encode() + content[len(_SHEBANG) :]
            found[folders[scheme] / path] = InstalledFile(content, executable=is_script)
    return found


def _remove(path: Path, packages: Path) -> None:
    """Remove a file, its bytecode and the folders of packages that are empty then."""
    path.unlink(missing_ok=True)
    for bytecode in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        bytecode.unlink(missing_ok=True)
    folder = path.parent
    while packages in folder.parents:
        with contextlib.suppress(OSError):
            (folder / "__pycache__").rmdir()
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
