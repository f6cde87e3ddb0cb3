"""The include graph: which headers a C/C++ source can reach, without running a preprocessor.

Conditional includes count as taken, so that the answer is the same for every platform and set of macros; a source's
inputs are a superset of what one compile reads, and nothing outside of what the text names.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Container, Iterable, Mapping

from spokeshave_pants.errors import InvalidTargetError

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|include_next|import)[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CONTINUATION = re.compile(r"\\\r?\n")


@dataclass(frozen=True, order=True)
class Include:
    """One `#include`, as written; `quoted` looks beside the including file first."""

    spelling: str
    quoted: bool


@dataclass(frozen=True)
class CcFile:
    """A C/C++ file of the repository, the target that owns it, and what it includes."""

    path: str
    owner: str
    include_roots: tuple[str, ...]
    includes: tuple[Include, ...]


@dataclass(frozen=True)
class IncludeClosure:
    """What a file reaches: headers of the repository, their roots, and spellings that no file of it answers to."""

    headers: tuple[str, ...]
    include_roots: tuple[str, ...]
    unresolved: frozenset[str]


def parse_includes(text: str) -> tuple[Include, ...]:
    """Every `#include` of a file, sorted; those in block comments and those made of macros are left out."""
    plain = _COMMENT.sub(" ", _CONTINUATION.sub("", text))
    found = {Include(quoted or angled, bool(quoted)) for quoted, angled in _INCLUDE.findall(plain)}
    return tuple(sorted(found))


class IncludeGraph:
    """All C/C++ files of the repository, by path and by every spelling that an include root gives them."""

    def __init__(self, files: Iterable[CcFile]) -> None:
        self._key = tuple(sorted(files, key=lambda file: file.path))
        self.files: Mapping[str, CcFile] = {file.path: file for file in self._key}
        members: dict[str, list[str]] = defaultdict(list)
        spellings: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for file in self.files.values():
            members[file.owner].append(file.path)
            for root in file.include_roots:
                spelling = _relative(file.path, root)
                if spelling is not None:
                    spellings[spelling].append((root, file.path))
        self._members: Mapping[str, tuple[str, ...]] = {owner: tuple(sorted(m)) for owner, m in members.items()}
        self._spellings: Mapping[str, list[tuple[str, str]]] = spellings

    def with_files(self, files: Iterable[CcFile]) -> IncludeGraph:
        """The graph with files that no target owns as sources: generated headers."""
        return IncludeGraph((*self._key, *files))

    def members(self, owner: str) -> tuple[str, ...]:
        """The files of a target, sorted; empty for a target that owns none."""
        return self._members.get(owner, ())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IncludeGraph) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def included(self, path: str) -> tuple[str, ...]:
        """The files that a file includes itself, sorted; ambiguous includes are left for `closure` to tell."""
        file = self.files[path]
        found = (self._candidates(include, file, file.include_roots) for include in file.includes)
        return tuple(sorted({candidates[0][1] for candidates in found if len({c[1] for c in candidates}) == 1}))

    def closure(self, path: str) -> IncludeClosure:
        """Everything that a file reaches through includes.

        :raises InvalidTargetError: for includes that several files answer to equally well; all of them at once.
        """
        headers: set[str] = set()
        roots = dict.fromkeys(self.files[path].include_roots)
        found_by: set[str] = set()
        unresolved: set[str] = set()
        problems: list[str] = []
        pending = [path]
        while pending:
            includer = self.files[pending.pop()]
            for include in includer.includes:
                candidates = self._candidates(include, includer, roots)
                if not candidates:
                    unresolved.add(include.spelling)
                    continue
                if len({header for _, header in candidates}) > 1:
                    problems.append(_ambiguity(include, includer, candidates))
                    continue
                root, header = candidates[0]
                if root is not None:
                    found_by.add(root)
                if header not in headers and header != path:
                    headers.add(header)
                    pending.append(header)
        if problems:
            raise InvalidTargetError("\n".join(sorted(set(problems))))
        own = tuple(roots)
        return IncludeClosure(
            headers=tuple(sorted(headers)),
            include_roots=(*own, *sorted(found_by - set(own))),
            unresolved=frozenset(unresolved),
        )

    def _candidates(
        self, include: Include, includer: CcFile, own_roots: Container[str]
    ) -> list[tuple[str | None, str]]:
        if include.quoted:
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(includer.path), include.spelling))
            if beside in self.files:
                return [(None, beside)]
        named = self._spellings.get(posixpath.normpath(include.spelling), [])
        near = [entry for entry in named if entry[0] in own_roots or entry[0] in includer.include_roots]
        if near:
            return [*near[:1]]
        # `<math.h>` is the system's, whatever other projects of the repository call their headers.
        if not include.quoted and "/" not in include.spelling:
            return []
        return [*named]


def _relative(path: str, root: str) -> str | None:
    if root in ("", "."):
        return path
    return path[len(root) + 1 :] if path.startswith(root + "/") else None


def _ambiguity(include: Include, includer: CcFile, candidates: list[tuple[str | None, str]]) -> str:
    files = ", ".join(sorted({header for _, header in candidates}))
    return (
        f"{includer.path} includes {include.spelling!r}, which several files answer to: {files}. "
        f"Write the path from the source root, or give {includer.owner} the `include_root` that is meant."
    )
