"""Prints the platform tags and the tags of Pythons that `packaging` lists for machines, best first, as JSON.

Only the detection of this machine's C library is replaced; the lists are packaging's own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import NamedTuple
from unittest.mock import patch

from packaging import _manylinux, _musllinux, tags


class _Musl(NamedTuple):
    major: int
    minor: int


def platform_tags(system: str, major: int, minor: int, architecture: str) -> list[str]:
    """Return the platform tags of a machine."""
    if system == "macosx":
        return list(tags.mac_platforms((major, minor), architecture))
    unrepaired = f"linux_{architecture}"
    if system == "musllinux":
        with patch.object(_musllinux, "_get_musl_version", lambda _: _Musl(major, minor)):
            return [*_musllinux.platform_tags([architecture]), unrepaired]
    has_abi = patch.object(_manylinux, "_have_compatible_abi", lambda *_: True)
    with has_abi, patch.object(_manylinux, "_get_glibc_version", lambda: (major, minor)):
        return [*_manylinux.platform_tags([architecture]), unrepaired]


def python_tags(minor: int, threading: str, platforms: Iterable[str]) -> list[str]:
    """Return the tags of wheels that a CPython accepts on platforms."""
    version = (3, minor)
    platforms = list(platforms)
    own = f"cp3{minor}"
    found = [*tags.cpython_tags(version, [own + threading], platforms), *tags.compatible_tags(version, own, platforms)]
    return list(map(str, found))


def answers(questions: dict[str, list[list[object]]]) -> dict[str, list[list[str]]]:
    """Return the list for each question."""
    return {
        "platforms": [platform_tags(*question) for question in questions["platforms"]],  # type: ignore[arg-type]
        "pythons": [python_tags(*question) for question in questions["pythons"]],  # type: ignore[arg-type]
    }


if __name__ == "__main__":
    print(json.dumps(answers(json.loads(sys.argv[1]))))
