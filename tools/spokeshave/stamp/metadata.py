"""METADATA with another version: only the version and the pins between the wheels of a set change."""

from __future__ import annotations

import re
from collections.abc import Collection

from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from spokeshave.errors import InvalidWheelError
from spokeshave.requirement_text import parse_requirement
from spokeshave.stamp.sbom import Restamp
from spokeshave.stamp.source import REBUILD, header_lines
from spokeshave_core.problems import Problems

_FIRST_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


def restamp_metadata(
    metadata: bytes, pins: Collection[str], siblings: Collection[str], change: Restamp, place: str
) -> bytes:
    """Return METADATA with only the version and the pins changed.

    Args:
        pins: The distributions that must be pinned to the old version.
        siblings: Other distributions of the set. Their pins to the old version change, and other requirements stay.

    Raises:
        InvalidWheelError: For all requirements of a pinned distribution that are not pinned to the old version.
    """
    problems = Problems()
    headers = header_lines(metadata)
    body = metadata[sum(map(len, headers)) :]
    lines = [_restamp_header(line, pins, siblings, change, place, problems) for line in _unfolded(headers)]
    problems.raise_if_any(InvalidWheelError)
    return b"".join(lines) + body


def _unfolded(lines: list[bytes]) -> list[bytes]:
    """Return the headers of METADATA, each with its continuation lines."""
    headers: list[bytes] = []
    for line in lines:
        if headers and line[:1] in (b" ", b"\t"):
            headers[-1] += line
        else:
            headers.append(line)
    return headers


def _restamp_header(
    line: bytes, pins: Collection[str], siblings: Collection[str], change: Restamp, place: str, problems: Problems
) -> bytes:
    """Return one changed header of METADATA. A requirement that does not change stays as it is written."""
    content = line.rstrip(b"\r\n")
    key, _, value = content.partition(b":")
    end = line[len(content) :]
    if key.lower() == b"version":
        return key + b": " + change.new.encode() + end
    if key.lower() != b"requires-dist" or not (pins or siblings):
        return line
    text = " ".join(value.decode("utf-8", "replace").split())
    first = _FIRST_NAME.match(text)
    name = canonicalize_name(first[1]) if first else ""
    if name not in pins and name not in siblings:
        return line
    try:
        requirement = parse_requirement(text)
    except InvalidRequirement as err:
        problems.add(place, f"has a requirement that cannot be read ({err})", REBUILD)
        return line
    is_pinned = requirement.specifier == SpecifierSet(f"=={change.old}")
    if name not in pins and not is_pinned:
        return line
    if not is_pinned:
        problems.add(place, f"requires {requirement}, which is not pinned to {change.old}", REBUILD)
    requirement.specifier = SpecifierSet(f"=={change.new}")
    return key + b": " + str(requirement).encode() + end
