"""The `cc_sources` that `tailor` proposes: one for each folder, and one for each source of an extension module."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from spokeshave_pants.cc.includes.scan import Include, IncludeKind
from spokeshave_pants.cc.includes.system_headers import is_system_header
from spokeshave_pants.cc.tailor.names import TakenNames

# The sources of a `cc_sources` without `sources`.
DEFAULT_ENDINGS = (".h", ".hh", ".hpp", ".c", ".cc", ".cpp", ".cxx")
# Text of C/C++ next to such files, and of something else without them.
OTHER_ENDINGS = (".S", ".def", ".h++", ".hxx", ".inc", ".inl", ".ipp", ".s", ".sx", ".tcc", ".tpp", ".txx")


@dataclass(frozen=True)
class CcText:
    """A C/C++ file: its includes, and the extension modules whose init functions it defines.

    Attributes:
        possible_macros: The modules whose name may be an unknown macro.
    """

    path: str
    includes: tuple[Include, ...] = ()
    modules: tuple[str, ...] = ()
    possible_macros: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Return the folder of the file."""
        return posixpath.dirname(self.path)

    @property
    def name(self) -> str:
        """Return the file's name in its folder."""
        return posixpath.basename(self.path)


@dataclass(frozen=True)
class CcSourcesProposal:
    """A proposed `cc_sources`.

    Attributes:
        files: The files that no target owns yet, relative to the folder.
        sources: The `sources` field. Empty for its default.
        include_roots: The `include_root` field.
    """

    folder: str
    name: str
    files: tuple[str, ...]
    sources: tuple[str, ...] = ()
    include_roots: tuple[str, ...] = ()

    def owns(self, path: str) -> bool:
        """Return whether a file belongs to this target."""
        return posixpath.dirname(path) == self.folder and posixpath.basename(path) in self.files


@dataclass(frozen=True)
class CcTree:
    """The C/C++ files of a repository.

    Attributes:
        paths: All of them, with or without a target.
        roots: The source root of each folder of files without a target.
        python_folders: Folders with Python files, whose default target name is that of the Python sources.
    """

    paths: Collection[str]
    roots: Mapping[str, str]
    python_folders: Collection[str] = ()


def propose_cc_sources(unowned: Iterable[CcText], tree: CcTree, names: TakenNames) -> tuple[CcSourcesProposal, ...]:
    """Return the targets for the files that no target owns.

    If a folder has several sources of extension modules, each becomes a target of its own: an extension links whole
    targets, and only one of the sources belongs to it.
    """
    folders: dict[str, list[CcText]] = defaultdict(list)
    for file in sorted(unowned, key=lambda file: file.path):
        folders[file.folder].append(file)
    by_name = _by_name(tree.paths)
    return tuple(
        proposal
        for folder, files in sorted(folders.items())
        if any(file.name.endswith(DEFAULT_ENDINGS) for file in files)
        for proposal in _of_folder(folder, files, tree, by_name, names)
    )


def propose_like_pants(unowned: Iterable[CcText], names: TakenNames) -> tuple[CcSourcesProposal, ...]:
    """Return the targets that Pants' own backend for C/C++ proposes, where it is enabled: one for each folder."""
    folders: dict[str, list[str]] = defaultdict(list)
    for file in sorted(unowned, key=lambda file: file.path):
        if file.name.endswith(DEFAULT_ENDINGS):
            folders[file.folder].append(file.name)
    return tuple(
        CcSourcesProposal(folder, names.take(folder, posixpath.basename(folder) or "root"), tuple(files))
        for folder, files in sorted(folders.items())
    )


def _of_folder(
    folder: str, files: list[CcText], tree: CcTree, by_name: Mapping[str, list[str]], names: TakenNames
) -> Iterator[CcSourcesProposal]:
    bindings = [file for file in files if file.modules]
    separate = bindings if len({file.modules for file in bindings}) > 1 else []
    common = [file for file in files if file not in separate]
    if common:
        default = posixpath.basename(folder)
        candidates = ("cc",) if not default or folder in tree.python_folders else (default, "cc")
        yield CcSourcesProposal(
            folder=folder,
            name=names.take(folder, *candidates),
            files=tuple(file.name for file in common),
            sources=_globs(common, separate),
            include_roots=_relative_roots(folder, common, tree, by_name),
        )
    for file in separate:
        yield CcSourcesProposal(
            folder=folder,
            name=names.take(folder, f"{file.modules[0]}_source"),
            files=(file.name,),
            sources=(file.name,),
            include_roots=_relative_roots(folder, [file], tree, by_name),
        )


def _globs(files: Iterable[CcText], separate: Iterable[CcText]) -> tuple[str, ...]:
    """Return the `sources` of the target of a folder. Empty if the field's default has the same files."""
    endings = {posixpath.splitext(file.name)[1] for file in files}
    excluded = tuple(f"!{file.name}" for file in separate)
    if not excluded and endings <= set(DEFAULT_ENDINGS):
        return ()
    return (*(f"*{ending}" for ending in (*DEFAULT_ENDINGS, *OTHER_ENDINGS) if ending in endings), *excluded)


def _by_name(paths: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        found[posixpath.basename(path)].append(path)
    return found


def _relative_roots(
    folder: str, files: Iterable[CcText], tree: CcTree, by_name: Mapping[str, list[str]]
) -> tuple[str, ...]:
    """Return the `include_root` field that the includes of files need."""
    roots = {root for file in files for root in _needed_roots(file, tree, by_name)}
    return tuple(sorted(posixpath.relpath(root or ".", folder or ".") for root in roots))


def _needed_roots(file: CcText, tree: CcTree, by_name: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the folders in which includes of a file are found, except those that are always searched."""
    source_root = tree.roots.get(file.folder, "")
    for include in file.includes:
        spelling = posixpath.normpath(include.spelling)
        if include.kind is not IncludeKind.INCLUDE or spelling.startswith(".."):
            continue
        searched = [file.folder] if include.quoted else []
        if any(_join(root, spelling) in tree.paths for root in (*searched, source_root)) or is_system_header(spelling):
            continue
        candidates = [path for path in by_name.get(posixpath.basename(spelling), ()) if _ends_with(path, spelling)]
        nearest = _nearest(file.path, candidates)
        if nearest is not None:
            yield nearest[: -len(spelling)].rstrip("/")


def _join(root: str, spelling: str) -> str:
    return posixpath.normpath(posixpath.join(root, spelling))


def _ends_with(path: str, spelling: str) -> bool:
    return path == spelling or path.endswith(f"/{spelling}")


def _nearest(path: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate with the longest common path. None without candidates, or if several are equally near."""
    distances = sorted(((common_depth(path, candidate), candidate) for candidate in candidates), reverse=True)
    if not distances or (len(distances) > 1 and distances[0][0] == distances[1][0]):
        return None
    return distances[0][1]


def common_depth(path: str, other: str) -> int:
    """Return the number of folders that two paths have in common."""
    parts = zip(path.split("/")[:-1], other.split("/")[:-1])
    return next((depth for depth, (one, two) in enumerate(parts) if one != two), _shorter(path, other))


def _shorter(path: str, other: str) -> int:
    return min(path.count("/"), other.count("/"))
