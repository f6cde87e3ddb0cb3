"""Detection of unity builds: sources that other sources include. Works without the engine.

An included source is part of the source that includes it and is not compiled on its own. A build that lists its sources
names only the including file, but a glob matches all of them, and each function would be defined twice. Conditional
includes are not considered: which sources are then compiled is the project's choice.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from spokeshave_pants.cc.includes.scan import parse_includes, without_comments
from spokeshave_pants.cc.languages import is_source

_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)[ \t]*(.*?)[ \t]*$")
_GUARD = re.compile(r"(?:!\s*defined\s*\(?\s*)?(\w+)\s*\)?")
_OPENING = ("if", "ifdef", "ifndef")


def included_sources(texts: Mapping[str, str], reached: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Return the sources that others always include, each with the sources that include it.

    Args:
        texts: The text of each file.
        reached: The files that each source reaches through includes.
    """
    found: dict[str, list[str]] = {}
    for source, headers in sorted(reached.items()):
        mutual = {other for other in headers if source in reached.get(other, ())}
        for includer in (source, *headers):
            for spelling in sorted(unconditional_includes(texts.get(includer, ""))):
                for header in set(headers) - mutual:
                    if header in reached and is_source(header) and _names(spelling, includer, header):
                        found.setdefault(header, []).append(source)
    return found


def _names(spelling: str, includer: str, path: str) -> bool:
    """Return whether an include can refer to a file that is known to be reached."""
    sibling_path = posixpath.normpath(posixpath.join(posixpath.dirname(includer), spelling))
    return path == sibling_path or f"/{path}".endswith(f"/{posixpath.normpath(spelling)}")


def unconditional_includes(text: str) -> frozenset[str]:
    """Return the spellings of all includes outside of conditions. An include guard does not count as a condition."""
    lines = without_comments(text).splitlines()
    guard = 1 if _is_guarded(lines) else 0
    plain = "\n".join(line for line, depth in _depths(lines) if depth <= guard)
    return frozenset(include.spelling for include in parse_includes(plain))


def _depths(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each line with the number of conditions that surround it."""
    depth = 0
    for line in lines:
        match = _DIRECTIVE.match(line)
        if match and match[1] in _OPENING:
            depth += 1
        elif match and match[1] == "endif":
            depth -= 1
        yield line, depth


def _is_guarded(lines: list[str]) -> bool:
    """Return whether the whole text is inside `#ifndef NAME`, `#define NAME` and `#endif`."""
    matches = [match for line in lines for match in [_DIRECTIVE.match(line)] if match and match[1] != "pragma"]
    if len(matches) < 3 or matches[0][1] not in ("ifndef", "if") or matches[1][1] != "define":
        return False
    guard = _GUARD.fullmatch(matches[0][2])
    depths = [depth for _, depth in _depths([match[0] for match in matches])]
    defined = (matches[1][2].split() or [""])[0]
    return guard is not None and guard[1] == defined and depths[-1] == 0 and 0 not in depths[:-1]
