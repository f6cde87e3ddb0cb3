"""The include search: finds the file that an include refers to and everything a source reaches, like the compiler.

A target sees its own files, the targets in its `dependencies`, and the dependencies of those. An include is resolved in
this order: next to the including file, in the target's own roots, in the roots of its dependencies, as a header of the
platform or of a package. A header of another project is used only if none of these matches.
"""

from __future__ import annotations

import fnmatch
import functools
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from spokeshave_core.problems import bullet_list
from spokeshave_pants.cc.includes.scan import CcFile, Include, IncludeKind, Scan
from spokeshave_pants.cc.includes.system_headers import is_system_header
from spokeshave_pants.errors import InvalidTargetError

GLOB_CHARACTERS = frozenset("*?[]{}!\\")
_NO_COMMAND_LINE = Scan()
# Kinds that the compiler's dependency file need not list. A read outside of the sandbox would not be noticed.
_UNREPORTED = (IncludeKind.EMBED, IncludeKind.ASSEMBLER, IncludeKind.TEST)


@dataclass(frozen=True)
class CcView:
    """What a target sees besides its own files.

    Attributes:
        roots: The include roots of its dependencies, in the order of the list.
        owners: The C/C++ targets among its dependencies, in the same order.
        files: Generated and plain files among its dependencies, which no C/C++ target owns.
        package_headers: The include spellings of the headers of its packages.
        project_headers: Globs of the include spellings of its projects' headers.
        excluded: Targets that its `dependencies` exclude by `!`.
        takes_strangers: Whether headers of other projects may be used.
    """

    roots: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    files: tuple[CcFile, ...] = ()
    package_headers: frozenset[str] = frozenset()
    project_headers: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    takes_strangers: bool = True

    def is_foreign(self, spelling: str) -> bool:
        """Return whether an include is known to be a header of a package or a project."""
        globs = self.project_headers
        return spelling in self.package_headers or any(fnmatch.fnmatchcase(spelling, glob) for glob in globs)


@dataclass(frozen=True, order=True)
class Stranger:
    """A header of a target that no dependency lists, used because nothing else matches the include."""

    includer: str
    spelling: str
    header: str
    owner: str


@dataclass(frozen=True)
class IncludeClosure:
    """Everything that a source reaches.

    Attributes:
        headers: Files of the repository that targets own, sorted.
        include_roots: The search directories in order: the source's own, and others that contain a reached file.
        unresolved: Spellings without a file in the repository: headers of the platform or of packages.
        data: Files that may be embedded, if they exist. They need no target.
        directories: Directories in the path of spellings with `..`.
        owners: The targets whose files are reached. They decide what else is visible.
        strangers: Headers of other projects.
        is_open: Whether an include is a macro that no text defines, but the command line may.
        names_init: Whether the source or a header contains the start of the name of an init function.
    """

    headers: tuple[str, ...]
    include_roots: tuple[str, ...]
    unresolved: frozenset[str]
    data: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()
    strangers: tuple[Stranger, ...] = ()
    is_open: bool = False
    names_init: bool = False


class IncludeGraph:
    """All C/C++ files of the repository, by path and by each spelling that an include root allows.

    Raises:
        InvalidTargetError: If several targets own the same file. The message names all such files.
    """

    def __init__(self, files: Iterable[CcFile]) -> None:
        self._key = tuple(sorted(files, key=lambda file: file.path))
        self.files: Mapping[str, CcFile] = {file.path: file for file in self._key}
        _check_owners(self._key)
        members: dict[str, list[str]] = defaultdict(list)
        roots: dict[str, dict[str, None]] = defaultdict(dict)
        spellings: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for file in self.files.values():
            members[file.owner].append(file.path)
            roots[file.owner].update(dict.fromkeys(file.include_roots))
            for root in file.include_roots:
                spelling = _relative(file.path, root)
                if spelling is not None:
                    spellings[spelling].append((root, file.path))
        self._members: Mapping[str, tuple[str, ...]] = {owner: tuple(sorted(m)) for owner, m in members.items()}
        self._roots: Mapping[str, tuple[str, ...]] = {owner: tuple(found) for owner, found in roots.items()}
        self._spellings: Mapping[str, list[tuple[str, str]]] = spellings

    def members(self, owner: str) -> tuple[str, ...]:
        """Return the files of a target, sorted. Empty for a target without files."""
        return self._members.get(owner, ())

    def roots(self, owner: str) -> tuple[str, ...]:
        """Return the include roots of a target."""
        return self._roots.get(owner, ())

    def answering(self, spelling: str) -> tuple[tuple[str, str], ...]:
        """Return all files of the repository that match a spelling by some root, each with that root."""
        return tuple(self._spellings.get(posixpath.normpath(spelling), ()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IncludeGraph) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def included(self, path: str, view: CcView) -> tuple[str, ...]:
        """Return the files that a file includes directly, sorted. `closure` reports ambiguous includes."""
        source = self.files[path]
        walk = _Walk(graph=self, source=source, views={source.owner: view}, command_line=_NO_COMMAND_LINE)
        walk.visit(path)
        walk.follow_strangers()
        return tuple(sorted(walk.headers))

    def closure(
        self, source: str | CcFile, views: Mapping[str, CcView], command_line: Scan = _NO_COMMAND_LINE
    ) -> IncludeClosure:
        """Return everything that a source reaches through includes.

        Args:
            source: The path of the source, or the source itself if it is generated.
            views: What each target sees. A target without an entry sees only its own files.
            command_line: Includes from the compiler's flags.

        Raises:
            InvalidTargetError: For includes that match several files equally well, includes that two files resolve
                differently, and embedded files outside of the repository. The message reports all of them.
        """
        file = self.files[source] if isinstance(source, str) else source
        walk = _Walk(graph=self, source=file, views=views, command_line=command_line)
        walk.run()
        return walk.result()


class _Walk:
    """The state of one traversal from a source through its includes."""

    def __init__(self, graph: IncludeGraph, source: CcFile, views: Mapping[str, CcView], command_line: Scan) -> None:
        self._graph = graph
        self._path = source.path
        self._source = source
        self._views = views
        self._command_line = command_line
        self._made = {file.path: file for view in views.values() for file in view.files}
        if source.path not in graph.files:
            self._made[source.path] = source
        self._pending = [source.path]
        self._found_by: dict[str, None] = {}
        self._meant: dict[str, str] = {}
        self._computed: set[tuple[str, str]] = set()
        self._macros: dict[str, set[Include]] = defaultdict(set)
        self._problems: set[str] = set()
        self._is_certain = True
        self._tested: set[str] = set()
        self._lost: dict[tuple[Include, str], None] = {}
        self.headers: set[str] = set()
        self._unresolved: set[str] = set()
        self._data: set[str] = set()
        self._directories: set[str] = set()
        self._strangers: set[Stranger] = set()
        self._owners = {self._source.owner}
        self._names_init = False

    def run(self) -> None:
        """Follow all includes."""
        for include in self._command_line.includes:
            self._follow(include, self._source)
        self._learn(self._command_line)
        self._drain()
        while self._follow_computed() or self.follow_strangers():
            self._drain()
        # The compiler may not need any of the following files, so problems with them are not errors.
        self._is_certain = False
        while self._follow_undefined():
            self._drain()

    def result(self) -> IncludeClosure:
        own = (*self._source.include_roots, *(r for r in self._view(self._source.owner).roots if r in self._found_by))
        roots = tuple(dict.fromkeys((*own, *self._found_by)))
        self._check_order(roots)
        if self._problems:
            raise InvalidTargetError("\n".join(sorted(self._problems)))
        return IncludeClosure(
            headers=tuple(sorted(self.headers)),
            include_roots=roots,
            unresolved=frozenset(self._unresolved),
            is_open=any(name not in self._macros for name, _ in self._computed),
            data=tuple(sorted(self._data)),
            directories=tuple(sorted(self._directories)),
            owners=frozenset(self._owners),
            strangers=tuple(sorted(self._strangers)),
            names_init=self._names_init,
        )

    def visit(self, path: str) -> None:
        """Follow the includes of one file."""
        file = self._file(path)
        assert file is not None
        self._owners.add(file.owner)
        self._names_init |= file.scan.names_init
        self._learn(file.scan)
        self._computed.update((name, path) for name in file.scan.computed)
        for include in file.scan.includes:
            self._follow(include, file)

    def _drain(self) -> None:
        while self._pending:
            self.visit(self._pending.pop())

    def _report(self, problem: str) -> None:
        if self._is_certain:
            self._problems.add(problem)

    def _learn(self, scan: Scan) -> None:
        for name, include in scan.macros:
            self._macros[name].add(include)

    def _file(self, path: str) -> CcFile | None:
        return self._graph.files.get(path) or self._made.get(path)

    def _reach(self, path: str) -> None:
        if path not in self.headers and path != self._path:
            self.headers.add(path)
            self._pending.append(path)

    def _follow(self, include: Include, includer: CcFile) -> None:
        if include.kind in (IncludeKind.EMBED, IncludeKind.ASSEMBLER, IncludeKind.GUESS):
            self._embed(include, includer)
        elif include.kind is IncludeKind.NEXT:
            self._follow_next(include, includer)
        else:
            self._follow_include(include, includer)

    def _follow_include(self, include: Include, includer: CcFile) -> None:
        if include.kind in _UNREPORTED and _is_outside(include, includer):
            self._report(_escape(include, includer))
            return
        if include.kind is IncludeKind.TEST:
            self._tested.add(include.spelling)
        found = next(self._answers(include, includer), None)
        if found is None:
            self._unresolved.add(include.spelling)
            if include.kind is IncludeKind.INCLUDE and self._is_certain:
                self._lost.setdefault((include, includer.path))
        else:
            self._take(include, includer, found)

    def _take(self, include: Include, includer: CcFile, found: tuple[str | None, str]) -> None:
        root, header = found
        self._pass_through(posixpath.dirname(includer.path) if root is None else root, include.spelling)
        if root is not None:
            self._found_by.setdefault(root)
            # The compiler has one list of directories for all files of a compile.
            if self._meant.setdefault(include.spelling, header) != header:
                self._report(_ambiguity(include, includer, (header, self._meant[include.spelling])))
        self._reach(header)

    def _follow_next(self, include: Include, includer: CcFile) -> None:
        for root, header in self._answers(include, includer):
            if root is not None:
                self._found_by.setdefault(root)
                self._reach(header)
        # The last one is the platform's or a package's.
        self._unresolved.add(include.spelling)

    def _answers(self, include: Include, includer: CcFile) -> Iterator[tuple[str | None, str]]:
        """Yield the visible files that an include can refer to, best first, each with the root that finds it."""
        own_directory = {IncludeKind.FORCED: ""}.get(include.kind, posixpath.dirname(includer.path))
        if include.quoted:
            path = _join(own_directory, include.spelling)
            if path is not None and self._file(path):
                yield None, path
        for root in self._search_list(includer):
            path = _join(root, include.spelling)
            if path is not None and self._file(path):
                yield root, path

    def _search_list(self, includer: CcFile) -> Iterator[str]:
        yield from self._source.include_roots
        if includer is not self._source:
            yield from includer.include_roots
        for owner in dict.fromkeys((self._source.owner, includer.owner)):
            yield from self._view(owner).roots

    def _view(self, owner: str) -> CcView:
        return self._views.get(owner, CcView())

    def follow_strangers(self) -> bool:
        """Search other projects for unresolved includes. Return whether any header was found.

        A header that any text tests for by `__has_include` is optional and never taken from another project.
        """
        before = len(self.headers)
        lost = self._lost
        self._lost = {}
        for include, path in lost:
            includer = self._file(path)
            assert includer is not None
            found = None if include.spelling in self._tested else self._stranger(include, includer)
            if found is not None:
                self._unresolved.discard(include.spelling)
                self._take(include, includer, found)
        return len(self.headers) > before

    def _stranger(self, include: Include, includer: CcFile) -> tuple[str | None, str] | None:
        """Return the header of another project if exactly one matches."""
        views = [self._view(owner) for owner in {self._source.owner, includer.owner}]
        if not all(view.takes_strangers for view in views) or is_system_header(include.spelling):
            return None
        if any(view.is_foreign(include.spelling) for view in views):
            return None
        excluded = {owner for view in views for owner in view.excluded}
        found = [
            (root, path)
            for root, path in self._graph.answering(include.spelling)
            if self._graph.files[path].owner not in excluded
        ]
        headers = {path for _, path in found}
        if len(headers) > 1 and (include.quoted or "/" in include.spelling):
            self._report(_ambiguity(include, includer, headers))
        # `<config.h>` may be for another platform or part of a package. The compiler reports it if it is needed.
        if len(headers) != 1:
            return None
        root, header = found[0]
        self._strangers.add(
            Stranger(
                includer=includer.owner, spelling=include.spelling, header=header, owner=self._graph.files[header].owner
            )
        )
        return root, header

    def _embed(self, include: Include, includer: CcFile) -> None:
        own_directory = posixpath.dirname(includer.path)
        if include.kind is not IncludeKind.GUESS and _is_outside(include, includer):
            self._report(_escape(include, includer))
            return
        if include.kind is IncludeKind.EMBED:
            directories: Iterable[str] = [own_directory] if include.quoted else []
        else:
            directories = ["", own_directory, *self._search_list(includer)]
        for directory in directories:
            path = _join(directory, include.spelling)
            if path is None or GLOB_CHARACTERS.intersection(path):
                continue
            self._data.add(path)
            if include.kind is IncludeKind.ASSEMBLER and self._file(path):
                self._found_by.setdefault(directory)
                self._reach(path)

    def _follow_computed(self) -> bool:
        """Follow `#include MACRO` to each header that a text defines it as. Return whether there are new ones."""
        before = len(self.headers)
        for name, path in sorted(self._computed):
            file = self._file(path)
            assert file is not None
            for include in sorted(self._macros.get(name, ())):
                self._follow_include(include, file)
        return len(self.headers) > before

    def _follow_undefined(self) -> bool:
        """If no text defines the macro as a header, add all files of the target and of its dependencies."""
        before = len(self.headers)
        for name, path in sorted(self._computed):
            file = self._file(path)
            assert file is not None
            if name not in self._macros:
                self._reach_all(file)
        return len(self.headers) > before

    def _reach_all(self, file: CcFile) -> None:
        for owner in dict.fromkeys((file.owner, *self._view(file.owner).owners)):
            for member in self._graph.members(owner):
                self._reach(member)

    def _pass_through(self, directory: str, spelling: str) -> None:
        """Record the directories in the path of `a/../b.h`, which have to exist."""
        parts = spelling.split("/")
        for position, part in enumerate(parts):
            if part == "..":
                self._directories.add(posixpath.normpath(posixpath.join(directory, *parts[:position])))

    def _check_order(self, roots: tuple[str, ...]) -> None:
        """Report includes for which the compiler's single list of directories would find another file."""
        present = {*self.headers, self._path, *self._made}
        for spelling, expected in self._meant.items():
            found = next((path for path in (_join(root, spelling) for root in roots) if path in present), expected)
            if found != expected:
                self._problems.add(_ambiguity(Include(spelling, True), self._source, (expected, found)))


def _check_owners(files: Iterable[CcFile]) -> None:
    owners: dict[str, list[str]] = defaultdict(list)
    for file in files:
        owners[file.path].append(file.owner)
    problems = [f"{path} is in {' and '.join(sorted(names))}." for path, names in owners.items() if len(names) > 1]
    if problems:
        raise InvalidTargetError(
            f"A C/C++ file must belong to one target, because includes and links are inferred from its "
            f"owner:\n{bullet_list(problems)}\n"
            "Remove each file from the `sources` of all targets but one."
        )


@functools.lru_cache(maxsize=1 << 16)
def _join(directory: str, spelling: str) -> str | None:
    """Return the path of a spelling relative to a directory, or None if it leads out of the repository."""
    path = posixpath.normpath(posixpath.join(directory, spelling))
    return None if path.startswith(("/", "../")) or path == ".." else path


def _is_outside(include: Include, includer: CcFile) -> bool:
    """Return whether a spelling leads out of the repository from every directory in which it may be searched."""
    directories = ("", posixpath.dirname(includer.path), *includer.include_roots)
    return all(_join(directory, include.spelling) is None for directory in directories)


def _escape(include: Include, includer: CcFile) -> str:
    verb = "tests for" if include.kind is IncludeKind.TEST else "embeds"
    return (
        f"{includer.path} {verb} {include.spelling!r}, which is outside the repository, so the result would depend "
        f"on the machine. Put the file into the repository, and write its path from the file that uses it."
    )


def _relative(path: str, root: str) -> str | None:
    if root in ("", "."):
        return path
    return path[len(root) + 1 :] if path.startswith(root + "/") else None


def _ambiguity(include: Include, includer: CcFile, headers: Iterable[str]) -> str:
    return (
        f"{includer.path} includes {include.spelling!r}, which matches several files: {', '.join(sorted(headers))}. "
        "Write the path from the source root, list the intended target in the `dependencies` of "
        f"{includer.owner}, or set the intended `include_root`."
    )
