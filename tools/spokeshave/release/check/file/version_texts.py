"""The texts in a wheel of a final version that name a pre-release of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from packaging.version import Version

from spokeshave.release.version_search import FoundText, search_wheel
from spokeshave.release.version_traces import TraceFinder
from spokeshave.wheel.archive import ArchiveReader
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.wheel_name import UNSTAMPED

_LARGEST = 1 << 24
_CONTEXT = 24
# What stands before a version in a file that states it: `__version__ = "`, `"version": "`, `Version: `, `<version>`,
# `set(PACKAGE_VERSION "`, `VERSION = (`. A line's end may be a dot there.
_STATEMENT = re.compile(r"version\w*[\"']?\s*(?::[^=:]{0,16}=|[:=(>]|(?=[\"']))[\s(\[]*[bru]?[\"']?v?\Z", re.IGNORECASE)


def pre_release_texts(path: Path, version: Version) -> tuple[FoundText, ...]:
    """Return a text of each member that names a pre-release of a final version: if there is one, one that states it.

    A malformed archive is not searched: other checks say what is wrong with it.
    """
    if version.is_prerelease or str(version) == UNSTAMPED:
        return ()
    wanted = TraceFinder(version, version)
    try:
        found = search_wheel(path, wanted).texts
        return tuple(_most_telling(path, found, wanted)) if found else ()
    except SpokeshaveError:
        return ()


def states_version(hit: FoundText) -> bool:
    """Return whether a text is given as the version of something, as in `version = "1.0rc1"`."""
    return _STATEMENT.search(text_before(hit)) is not None


def text_before(hit: FoundText) -> str:
    """Return what is before a text."""
    position = hit.context.lower().find(hit.text)
    return hit.context if position < 0 else hit.context[:position]


def _most_telling(path: Path, found: list[FoundText], wanted: TraceFinder) -> Iterator[FoundText]:
    with ArchiveReader(path) as reader:
        for hit in found:
            member = reader.members.get(hit.member)
            has_others = hit.is_text and hit.count > 1 and not states_version(hit)
            if member is not None and member.size <= _LARGEST and has_others:
                yield _statement(hit, reader.read(hit.member), wanted)
            else:
                yield hit


def _statement(hit: FoundText, data: bytes, wanted: TraceFinder) -> FoundText:
    """Return the first text in a file that states a version, or the one that was found if there is none."""
    for trace in wanted.traces(data):
        context = data[max(0, trace.start - _CONTEXT) : trace.end + _CONTEXT].decode("utf-8", "replace")
        other = replace(hit, text=trace.text, offset=trace.start, context=context)
        if states_version(other):
            return other
    return hit
