"""What pip says of a requirement that does not match its hash, or that no file is there for, made readable."""

from __future__ import annotations

import re

from spokeshave_core.problems import bullet_list

_MISMATCH = re.compile(
    r"^ +(?P<requirement>\S+) from (?P<url>\S+)(?: \(from .*)?:\n"
    r"(?P<hashes>(?: +(?:Expected|Got) .*\n?)+)",
    re.MULTILINE,
)
# The first names the kind of hash, each further one says `or` in its place.
_EXPECTED = re.compile(r"^ +Expected +(?P<kind>\w+) +(?P<value>\w+)", re.MULTILINE)
_GOT = re.compile(r"^ +Got +(?P<value>\w+)", re.MULTILINE)
_NO_DISTRIBUTION = re.compile(r"^ERROR: No matching distribution found for ", re.MULTILINE)
# An index that cannot be reached has no files, either.
_RETRYING = re.compile(r"^WARNING: Retrying \(", re.MULTILINE)


def wrong_hashes(stderr: str) -> str | None:
    """Every requirement that pip refused by its hash, and what to do; None where that was not the reason."""
    found = [_tell(match) for match in _MISMATCH.finditer(stderr)]
    if not found:
        return None
    return (
        f"What was downloaded is not what is pinned there:\n{bullet_list(found)}\n"
        "If you changed the version, pin its own hashes (`uv pip compile --generate-hashes`). If you did not, the file "
        "was exchanged on its way or at its source: find out by whom before you trust it."
    )


def without_wheel(stderr: str) -> bool:
    """Whether an index that answered has no file of a requirement that fits."""
    return _NO_DISTRIBUTION.search(stderr) is not None and _RETRYING.search(stderr) is None


def _tell(match: re.Match[str]) -> str:
    name = match["url"].partition("#")[0].rpartition("/")[2]
    expected = " ".join(f"{pinned['kind']} {pinned['value']}" for pinned in _EXPECTED.finditer(match["hashes"]))
    got = _GOT.search(match["hashes"])
    return f"{match['requirement']} ({name})\npinned: {expected}\ngot: {got['value'] if got else 'none of these'}"
