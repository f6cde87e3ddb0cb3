"""Which files of a source tree are those of a wheel that a project's own build backend made. No file is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join

from spokeshave.errors import InvalidInputsError
from spokeshave_core.problems import Problem
from spokeshave_core.reports.develop import UnpackagedFile

_PYTHON = (".py", ".pyi")


@dataclass(frozen=True)
class Origins:
    """The files of a wheel that are in a source tree.

    Attributes:
        sources: The path in the tree of each of them, by its path in the wheel.
        default: The source root of the other files.
    """

    sources: Mapping[str, str]
    default: str


def find_origins(
    contents: Mapping[str, bytes],
    tree: Iterable[str],
    read: Callable[[str], bytes | None],
    *,
    target: str,
    project: str,
) -> Origins:
    """Find the source roots of a wheel: the folders of the tree in which its packages have most of their files.

    A backend does not say where a file comes from. Most are copies, so the folder in which the most files of a package
    have the same content is the one that Python has to import it from.

    Args:
        contents: The files of the wheel that are not native, without metadata.
        tree: The files of the project, from the build root.
        read: Reads a file of the tree. None if it does not exist.
        target: The address, for messages.
        project: The folder of the project, from the build root.

    Raises:
        InvalidInputsError: If a package with Python files is in no folder of the tree.
    """
    tree = frozenset(tree)
    by_name: dict[str, list[str]] = defaultdict(list)
    for file in sorted(tree):
        by_name[basename(file)].append(file)
    packages: dict[str, list[str]] = defaultdict(list)
    for path in sorted(contents):
        packages[path.split("/")[0]].append(path)
    sources: dict[str, str] = {}
    chosen: dict[str, int] = defaultdict(int)
    for name, paths in packages.items():
        root = _best_root(paths, contents, by_name, read)
        if root is None:
            if any(path.endswith(_PYTHON) and "/" in path for path in paths):
                raise InvalidInputsError(_not_found(name, target, project))
            continue
        found = {path: place for path in paths for place in [_join(root, path)] if place in tree}
        sources.update(found)
        chosen[root] += len(found)
    default = max(chosen, key=lambda root: (chosen[root], root), default=project)
    return Origins(sources, default)


def left_out(sources: Mapping[str, str], tree: Iterable[str]) -> tuple[UnpackagedFile, ...]:
    """Return the modules next to those of the wheel that it lacks, without tests.

    Args:
        sources: The files of the wheel in the tree, as in `Origins`.
        tree: The files of the project, from the build root.
    """
    folders = {dirname(place) for path, place in sources.items() if path.endswith(_PYTHON) and "/" in path}
    packaged = frozenset(sources.values())
    modules = (file for file in sorted(tree) if file.endswith(_PYTHON) and dirname(file) in folders)
    reason = "is not in the wheel: the project's build leaves it out"
    return tuple(UnpackagedFile(file, reason) for file in modules if file not in packaged and not _is_test(file))


def _is_test(file: str) -> bool:
    name = basename(file)
    return name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")


def _best_root(
    paths: Iterable[str],
    contents: Mapping[str, bytes],
    by_name: Mapping[str, list[str]],
    read: Callable[[str], bytes | None],
) -> str | None:
    equal: dict[str, int] = defaultdict(int)
    found: dict[str, int] = defaultdict(int)
    for path in paths:
        for file in by_name.get(basename(path), ()):
            if file == path or file.endswith(f"/{path}"):
                root = file[: -len(path)].rstrip("/") or "."
                found[root] += 1
                equal[root] += read(file) == contents[path]
    # Of equally good folders the outermost one, and among those the first by name.
    return min(found, key=lambda root: (-equal[root], -found[root], root.count("/"), root), default=None)


def _join(root: str, path: str) -> str:
    return path if root == "." else join(root, path)


def _not_found(name: str, target: str, project: str) -> Problem:
    return Problem(
        target,
        f"has the package {name}, but no folder of this name is in {project}, so Python cannot import it from there",
        "Install the wheel that `package` builds.",
    )
