"""The native and generated files of a wheel in a source tree: what to write, what is refused, and what to remove."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from posixpath import dirname, join

from spokeshave.develop.fallback import fallback_text
from spokeshave.develop.git import GitView
from spokeshave.develop.origins import Origins, find_origins, left_out
from spokeshave.develop.placement import SourceLayout, ignore_line
from spokeshave.develop.written import WrittenFiles
from spokeshave.errors import InvalidInputsError
from spokeshave.files import write_bytes
from spokeshave.wheel.import_names import own_names
from spokeshave.wheel.modules import find_modules
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problems
from spokeshave_core.reports.develop import DevelopedWheel, UnpackagedFile

_NATIVE = (".so", ".pyd", ".dylib", ".dll")


@dataclass(frozen=True)
class TreeFile:
    """A file to write into the source tree.

    Attributes:
        is_fallback: Whether it only improves an error message.
        is_input: Whether the next build would take it for a source, unless Pants ignores it.
    """

    content: bytes
    is_fallback: bool = False
    is_input: bool = False

    @property
    def sha256(self) -> str:
        """Return the hash of the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class TreeFiles:
    """What a wheel has that the source tree lacks, by path from the build root.

    Attributes:
        owner: The distribution and the Python.
        roots: The source roots that Python has to import from.
        names: The top-level names of the wheel.
        differing: The files of the tree that are others in the wheel, or that Python does not find.
    """

    owner: str
    files: Mapping[str, TreeFile]
    roots: tuple[str, ...]
    names: tuple[str, ...]
    differing: tuple[UnpackagedFile, ...]

    @classmethod
    def of(cls, tree: WheelTree, wheel: DevelopedWheel, build_root: Path, cache_tag: str, command: str) -> TreeFiles:
        """Compare an unpacked wheel with the source tree."""
        installed = {path: file for path, file in tree.installed.items() if not path.startswith(f"{tree.dist_info}/")}
        natives = {path for path, file in installed.items() if path.endswith(_NATIVE) or file in tree.native_files}
        origins = _origins(tree, wheel, build_root, {path: installed[path] for path in set(installed) - natives})
        layout = SourceLayout(origins.sources, origins.default)
        lacking = sorted(set(installed) - set(origins.sources))
        places = layout.places(lacking, natives.intersection(lacking))
        files = {
            place: TreeFile(tree.read(installed[path]), is_input=bool(wheel.tree) or _is_python(path))
            for place, path in places.items()
        }
        fallback = TreeFile(fallback_text(command, [wheel.target]), is_fallback=True, is_input=True)
        for module in find_modules(installed, tree.native_files):
            path = module.python_file
            if path not in installed:
                files[join(layout.root_for(path), path) if layout.root_for(path) != "." else path] = fallback
        changed = [
            UnpackagedFile(source, "its content in the wheel is another one")
            for path, source in sorted(origins.sources.items())
            if path in installed and _content(build_root / source) != tree.read(installed[path])
        ]
        return cls(
            owner=f"{tree.name.name} {cache_tag}",
            files=files,
            roots=layout.roots(lacking),
            names=tuple(sorted(own_names(tree))),
            differing=(*layout.hidden(), *changed, *left_out(origins.sources, wheel.tree)),
        )


@dataclass
class TreeChange:
    """The change of a source tree by developer installs.

    Attributes:
        listed: The lines of the build root's .gitignore.
        unignored: The lines that it lacks, for files that are written all the same.
        skipped: The fallbacks that are not written, because Pants would take them for sources.
    """

    build_root: Path
    files: dict[str, TreeFile]
    listed: frozenset[str]
    unignored: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def decide(self, git: GitView, written: WrittenFiles, command: str) -> None:
        """Decide what to write.

        Raises:
            InvalidInputsError: For all files that cannot be written.
        """
        problems = Problems()
        needed: list[str] = []
        for path, file in sorted(self.files.items()):
            fault = self._fault(path, file, git, written)
            is_hidden = self._is_hidden(path, git)
            if file.is_fallback and (fault or not is_hidden):
                self.skipped += [] if fault else [path]
                self.unignored += [] if fault else [self._line(path)]
                del self.files[path]
            elif fault is not None:
                problems.add(path, *fault)
            elif not is_hidden and file.is_input:
                needed.append(self._line(path))
            elif not is_hidden and git.is_repository:
                self.unignored.append(self._line(path))
        if needed:
            problems.add(
                str(self.build_root / ".gitignore"),
                "does not list generated files, which Pants would then take for sources:\n    "
                + "\n    ".join(dict.fromkeys(needed)),
                f"Add these lines, or run `{command} --gitignore`, which adds them.",
            )
        problems.raise_if_any(InvalidInputsError)
        self.unignored = list(dict.fromkeys(self.unignored))

    def missing_lines(self, git: GitView) -> list[str]:
        """Return the lines of .gitignore that hide all files from git and Pants."""
        return list(dict.fromkeys(self._line(path) for path in sorted(self.files) if not self._is_hidden(path, git)))

    def differences(self) -> list[str]:
        """Return the files whose content in the tree is another one."""
        return [path for path, file in sorted(self.files.items()) if _content(self.build_root / path) != file.content]

    def write(self, partial: Path) -> list[str]:
        """Write each file that differs, at once, so that a running Python keeps the old one. Return their paths.

        Args:
            partial: A path for incomplete files, which Pants does not watch: a file that comes and goes next to
                sources would make it look at them again.
        """
        changed = self.differences()
        for path in changed:
            destination = self.build_root / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(self.files[path].content)
            partial.chmod(0o644)
            try:
                partial.replace(destination)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                write_bytes(destination, self.files[path].content)
        partial.unlink(missing_ok=True)
        return changed

    def _line(self, path: str) -> str:
        return ignore_line(path, PurePosixPath(path).suffix in _NATIVE, self._new_folder(path))

    def _is_hidden(self, path: str, git: GitView) -> bool:
        """Return whether git ignores a file, and whether Pants does too if it would take it for a source."""
        ignored = git.ignored_at_root if self.files[path].is_input else git.ignored
        return path in ignored or self._line(path) in self.listed

    def _fault(self, path: str, file: TreeFile, git: GitView, written: WrittenFiles) -> tuple[str, str] | None:
        destination = self.build_root / path
        if path in git.tracked:
            return (
                "is a file that the build makes, but git tracks it",
                f"Remove it from the repository (`git rm --cached {path}`), or omit it from the wheel.",
            )
        if destination.is_dir():
            return "is a folder, but the build makes a file of this name", "Rename the folder or the file."
        content = _content(destination)
        if content is None or content == file.content or (path in git.ignored and not file.is_fallback):
            return None
        if hashlib.sha256(content).hexdigest() in written.hashes(path):
            return None
        return (
            "exists, and neither was it written by an earlier run nor does git ignore it",
            "Move it away if you need it, or delete it.",
        )

    def _new_folder(self, path: str) -> str | None:
        """Return the outermost folder of a file that exists only because of such files."""
        folder = dirname(path)
        found = None
        while folder and not (self.build_root / folder).exists():
            found = folder
            folder = dirname(folder)
        top = next((part for part in PurePosixPath(path).parents if part.name.endswith(".libs")), None)
        return str(top) if top else found


def _origins(tree: WheelTree, wheel: DevelopedWheel, build_root: Path, contents: Mapping[str, str]) -> Origins:
    """Return the files of a wheel that are in the source tree: as the request says, or found by their contents."""
    if not wheel.tree:
        return Origins(wheel.sources, wheel.root)
    return find_origins(
        {path: tree.read(file) for path, file in contents.items()},
        wheel.tree,
        lambda path: _content(build_root / path),
        target=wheel.target,
        project=wheel.project,
    )


def remove_obsolete(build_root: Path, paths: Iterable[str], git: GitView, written: WrittenFiles) -> list[str]:
    """Remove files that no build makes any more, unless another program changed them. Return their paths."""
    removed = []
    for path in paths:
        destination = build_root / path
        content = _content(destination)
        if content is None or path in git.tracked:
            continue
        if hashlib.sha256(content).hexdigest() in written.hashes(path):
            destination.unlink()
            removed.append(path)
            if not any(destination.parent.iterdir()):
                destination.parent.rmdir()
    return removed


def _is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi"))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
