"""The include graph: which headers a C/C++ source can reach, without running a preprocessor.

Conditional includes count as taken, so that the answer is the same for every platform and set of macros; a source's
inputs are a superset of what one compile reads, and nothing outside of what the text names.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spokeshave_pants.cc.system_headers import SYSTEM_HEADERS
from spokeshave_pants.errors import InvalidTargetError, bullet_list

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|include_next|import)[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
_CONTINUATION = re.compile(r"\\[ \t]*\r?\n")
_BYTE_ORDER_MARK = "\ufeff"
# What hides an include, or a comment's beginning: in order, as the first that matches at a place is what stands there.
_TOKEN = re.compile(
    r"""
    (?P<comment> // [^\n]* | /\* .*? (?: \*/ | \Z ) )
  | (?P<raw> \b (?: u8 | [uUL] )? R" (?P<delimiter> [^()\\\s]{0,16} ) \( .*? \) (?P=delimiter) " )
  | (?P<other> \# [ \t]* include \w* [ \t]* < [^>\n]* >           # no comment begins in <a//b.h>
      | " (?: \\. | [^"\\\n] )* "
      | (?<! \w ) \.? [0-9] [\w.']*                                # a digit separator is no character literal
      | ' (?: \\. | [^'\\\n] )* ' )
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, order=True)
class Include:
    """One `#include`, as written; `quoted` looks beside the including file first."""

    spelling: str
    quoted: bool


@dataclass(frozen=True)
class CcFile:
    """A C/C++ file of the repository, the target that owns it, and what it includes.

    `dependencies` are the targets that its own one lists: of several headers that an include can mean, theirs is meant.
    """

    path: str
    owner: str
    include_roots: tuple[str, ...]
    includes: tuple[Include, ...]
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class IncludeClosure:
    """What a file reaches: headers of the repository, their roots, and spellings that no file of it answers to."""

    headers: tuple[str, ...]
    include_roots: tuple[str, ...]
    unresolved: frozenset[str]


def parse_includes(text: str) -> tuple[Include, ...]:
    """Every `#include` of a file, sorted; those in comments and strings and those made of macros are left out."""
    spliced = _CONTINUATION.sub("", text.lstrip(_BYTE_ORDER_MARK))
    plain = _TOKEN.sub(lambda token: token[0] if token["other"] else " ", spliced)
    found = {Include(quoted or angled, bool(quoted)) for quoted, angled in _INCLUDE.findall(plain)}
    return tuple(sorted(found))


class IncludeGraph:
    """All C/C++ files of the repository, by path and by every spelling that an include root gives them.

    :raises InvalidTargetError: for files that several targets own; all of them at once.
    """

    def __init__(self, files: Iterable[CcFile]) -> None:
        self._key = tuple(sorted(files, key=lambda file: file.path))
        self.files: Mapping[str, CcFile] = {file.path: file for file in self._key}
        _check_owners(self._key)
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
        found = (self._candidates(include, file, file) for include in file.includes)
        return tuple(sorted({candidates[0][1] for candidates in found if len({c[1] for c in candidates}) == 1}))

    def closure(self, path: str) -> IncludeClosure:
        """Everything that a file reaches through includes.

        :raises InvalidTargetError: for includes that several files answer to equally well, those that two files mean
            differently, and those that leave the repository; all of them at once.
        """
        headers: set[str] = set()
        source = self.files[path]
        roots = source.include_roots
        found_by: set[str] = set()
        meant: dict[str, str] = {}
        unresolved: set[str] = set()
        problems: list[str] = []
        pending = [path]
        while pending:
            includer = self.files[pending.pop()]
            for include in includer.includes:
                if _leaves_repository(include, includer):
                    problems.append(_escape(include, includer))
                    continue
                candidates = self._candidates(include, includer, source)
                if not candidates:
                    unresolved.add(include.spelling)
                    continue
                if len({header for _, header in candidates}) > 1:
                    problems.append(_ambiguity(include, includer, candidates))
                    continue
                root, header = candidates[0]
                if root is not None:
                    found_by.add(root)
                    # The compiler has one list of directories for all files of a compile.
                    if meant.setdefault(include.spelling, header) != header:
                        problems.append(_ambiguity(include, includer, [*candidates, (None, meant[include.spelling])]))
                if header not in headers and header != path:
                    headers.add(header)
                    pending.append(header)
        if problems:
            raise InvalidTargetError("\n".join(sorted(set(problems))))
        return IncludeClosure(
            headers=tuple(sorted(headers)),
            include_roots=(*roots, *sorted(found_by - set(roots))),
            unresolved=frozenset(unresolved),
        )

    def _candidates(self, include: Include, includer: CcFile, source: CcFile) -> list[tuple[str | None, str]]:
        """What an include can mean where a source is compiled, with the root that finds it; one where that is decided.

        The roots in force decide, in their order, and then the listed dependencies.
        """
        if include.quoted:
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(includer.path), include.spelling))
            if beside in self.files:
                return [(None, beside)]
        named = self._spellings.get(posixpath.normpath(include.spelling), [])
        by_root = dict(named)
        for root in (*source.include_roots, *includer.include_roots):
            if root in by_root:
                return [(root, by_root[root])]
        listed = {*source.dependencies, *includer.dependencies}
        found: list[tuple[str | None, str]] = [*named]
        meant = [candidate for candidate in found if self.files[candidate[1]].owner in listed]
        if meant or include.quoted or "/" in include.spelling:
            return meant or found
        # `<config.h>` may be for another platform, or of a package: the compiler tells if it is needed.
        decided = include.spelling not in SYSTEM_HEADERS and len({header for _, header in found}) == 1
        return found if decided else []


def _check_owners(files: Iterable[CcFile]) -> None:
    owners: dict[str, list[str]] = defaultdict(list)
    for file in files:
        owners[file.path].append(file.owner)
    problems = [f"{path} is in {' and '.join(sorted(names))}." for path, names in owners.items() if len(names) > 1]
    if problems:
        raise InvalidTargetError(
            f"A C/C++ file has one target, as includes and links follow it:\n{bullet_list(problems)}\n"
            "Leave each out of the `sources` of all but one."
        )


def _leaves_repository(include: Include, includer: CcFile) -> bool:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(includer.path), include.spelling))
    return path.startswith(("/", "../"))


def _escape(include: Include, includer: CcFile) -> str:
    return (
        f"{includer.path} includes {include.spelling!r}, which is outside of the repository, so that the result would "
        "depend on the machine. Write the header's path from an include root."
    )


def _relative(path: str, root: str) -> str | None:
    if root in ("", "."):
        return path
    return path[len(root) + 1 :] if path.startswith(root + "/") else None


def _ambiguity(include: Include, includer: CcFile, candidates: list[tuple[str | None, str]]) -> str:
    files = ", ".join(sorted({header for _, header in candidates}))
    return (
        f"{includer.path} includes {include.spelling!r}, which several files answer to: {files}. "
        "Write the path from the source root, list the target that is meant in the `dependencies` of "
        f"{includer.owner}, or give it the `include_root` that is meant."
    )
