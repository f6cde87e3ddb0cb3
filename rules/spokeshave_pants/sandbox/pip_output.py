"""Readable errors from pip's output about wrong hashes and missing wheels."""

from __future__ import annotations

import re

from spokeshave_core.problems import bullet_list

_MISMATCH = re.compile(
    r"^ +(?P<requirement>\S+) from (?P<url>\S+)(?: \(from .*)?:\n"
    r"(?P<hashes>(?: +(?:Expected|Got) .*\n?)+)",
    re.MULTILINE,
)
# The first line names the kind of hash. The following ones have `or` in its position.
_EXPECTED = re.compile(r"^ +Expected +(?P<kind>\w+) +(?P<value>\w+)", re.MULTILINE)
_GOT = re.compile(r"^ +Got +(?P<value>\w+)", re.MULTILINE)
_NO_DISTRIBUTION = re.compile(r"^ERROR: No matching distribution found for (\S+)", re.MULTILINE)
# An index that cannot be reached has no files either.
_RETRYING = re.compile(r"^WARNING: Retrying \(", re.MULTILINE)
# The pex of newer versions of Pants begins each line with the name of the program.
_PROGRAM = re.compile(r"^pip: ", re.MULTILINE)


def wrong_hashes(stderr: str) -> str | None:
    """Return all requirements that pip refused by their hash, with a remedy. None if there are none."""
    found = [_describe(match) for match in _MISMATCH.finditer(_PROGRAM.sub("", stderr))]
    if not found:
        return None
    return (
        f"Downloaded files do not match the pinned hashes:\n{bullet_list(found)}\n"
        "If you changed the version, pin its own hashes (`uv pip compile --generate-hashes`). If you did not, the "
        "file was replaced at its source or during the download: find out why before you trust it."
    )


def without_wheel(stderr: str) -> bool:
    """Return whether an index that answered has no matching file of a requirement."""
    text = _PROGRAM.sub("", stderr)
    return _NO_DISTRIBUTION.search(text) is not None and _RETRYING.search(text) is None


def missing_wheels(stderr: str, python: str) -> str:
    """Return what to do about requirements without a matching file.

    Args:
        python: The version of the Python that they are for.
    """
    names = dict.fromkeys(_NO_DISTRIBUTION.findall(_PROGRAM.sub("", stderr)))
    return (
        f"No index has a wheel of these for Python {python} and the platform:\n{bullet_list(names)}\n"
        "If the version does not support this Python, lock the file for the oldest Python that is built for "
        f"(`uv pip compile --generate-hashes --universal --python-version {python}`): it then lists one for "
        "each. Otherwise pin a version that has a wheel, or build for fewer Pythons or platforms."
    )


def _describe(match: re.Match[str]) -> str:
    name = match["url"].partition("#")[0].rpartition("/")[2]
    expected = " ".join(f"{pinned['kind']} {pinned['value']}" for pinned in _EXPECTED.finditer(match["hashes"]))
    got = _GOT.search(match["hashes"])
    return f"{match['requirement']} ({name})\npinned: {expected}\ngot: {got['value'] if got else 'none of these'}"
