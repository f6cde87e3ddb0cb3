"""The comparison of the wheel of an sdist with the wheel that was built from the source tree.

Both have the same files, and their native files export the same names. What only the repair adds is left out: the hash
in the name of a grafted library, the bill of materials, and the licenses of the software that the toolchain links in.
"""

from __future__ import annotations

import enum
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from packaging.requirements import InvalidRequirement

from spokeshave.errors import some
from spokeshave.requirement_text import parse_requirement
from spokeshave.stamp.source import header_lines
from spokeshave.wheel.recipe import RECIPE
from spokeshave.wheel.tree import WheelTree, unpack
from spokeshave_core.problems import Problem, SpokeshaveError

_METADATA = "METADATA"
_LIBRARIES = re.compile(r"(?:.*/)?(?:[^/]+\.libs|\.dylibs)/(?P<name>[^/]+)$")
_HASH = re.compile(r"-[0-9a-f]{8}(?=\.)")
_REPAIR_ONLY = re.compile(rf"(?:sboms/.*|licenses/third-party/.*|{re.escape(RECIPE)})$")
# The Itanium C++ ABI, and Visual C++.
_MANGLED = ("_Z", "?")
_COMPARED_HEADERS = ("name", "requires-dist", "requires-python", "provides-extra")


class Side(enum.Enum):
    """The wheel that has something that the other one lacks."""

    TREE = "the source tree"
    SDIST = "the sdist"


_BY_TARGET = (
    "Add what the sdist lacks to the `dependencies` of the `python_native_wheel`. A name that only one exports depends "
    "on the compiler: mark what a shared library exports."
)
_BY_BACKEND = (
    "Add what the sdist lacks where the project's build backend lists an sdist's files (setuptools: MANIFEST.in; "
    "scikit-build-core: `sdist.include`; meson-python: git)."
)
_MORE = (
    "Leave out what only the wheel of the sdist has, such as C sources that Cython made and the sdist contains: in the "
    "project's own configuration (setuptools: `exclude-package-data`), or by exclude={globs} on the target."
)


class SdistDiffersError(SpokeshaveError):
    """An sdist whose wheel is not the wheel of the source tree."""


@dataclass(frozen=True)
class Difference:
    """A difference between two wheels.

    Attributes:
        file: The file, with the name that both have in common.
        name: The exported name, or the line of METADATA. Empty for a file.
        only_in: The wheel that has it.
    """

    only_in: Side
    file: str
    name: str = ""


@dataclass(frozen=True)
class Comparison:
    """What was compared, and how it differs."""

    files: int
    exports: int
    differences: tuple[Difference, ...]


def compare_wheels(tree: Path, sdist: Path, *, other_compiler: bool = False, exclude: Iterable[str] = ()) -> Comparison:
    """Compare the wheel of a source tree with the wheel of its sdist.

    Args:
        exclude: Globs of files that the target leaves out of its wheels.
        other_compiler: Whether another compiler built the sdist. Its C++ library is another one, so that mangled names
            are not compared.
    """
    ignored = _MANGLED if other_compiler else ()
    with tempfile.TemporaryDirectory(prefix="spokeshave-sdist-") as folder:
        first = unpack(tree, Path(folder, "tree"))
        second = unpack(sdist, Path(folder, "sdist"))
        globs = tuple(exclude)
        ours, theirs = (
            {name: file for name, file in _common_names(each).items() if not any(fnmatchcase(file, g) for g in globs)}
            for each in (first, second)
        )
        exports = {
            name: (_exports(first, ours[name], ignored), _exports(second, theirs[name], ignored))
            for name in sorted(ours.keys() & theirs.keys())
        }
        stated = [(_METADATA, line, side) for line, side in _only(_stated(first), _stated(second))]
    names = [(file, name, side) for file, both in exports.items() for name, side in _only(*both)]
    return Comparison(
        files=len(ours),
        exports=sum(len(found) for found, _ in exports.values()),
        differences=(
            *(Difference(side, name) for name, side in _only(ours, theirs)),
            *(Difference(side, file, name) for file, name, side in (*names, *stated)),
        ),
    )


def as_table(differences: Iterable[Difference]) -> str:
    """Return differences as a table of three columns."""
    head = ("only in the wheel of", "file", "what")
    rows = [(found.only_in.value, found.file, found.name or "the file itself") for found in differences]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(2)]
    return "\n".join(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}" for row in (head, *rows))


def raise_if_different(sdist: str, differences: tuple[Difference, ...], *, by_backend: bool) -> None:
    """Raise an error with a table if there are differences.

    Args:
        by_backend: Whether the project's own build backend decides what is in the sdist.

    Raises:
        SdistDiffersError: If there are.
    """
    if differences:
        files = some(sorted({found.file for found in differences}))
        message = f"builds another wheel than the source tree ({files}):\n{as_table(differences)}\n"
        raise SdistDiffersError(Problem(sdist, message, _backend_remedy(differences) if by_backend else _BY_TARGET))


def _backend_remedy(differences: tuple[Difference, ...]) -> str:
    more = [found.file for found in differences if found.only_in is Side.SDIST and not found.name]
    return " ".join(
        [
            *([_BY_BACKEND] if any(found.name or found.only_in is Side.TREE for found in differences) else []),
            *([_MORE.format(globs=json.dumps(more))] if more else []),
        ]
    )


def _only(ours: Iterable[str], theirs: Iterable[str]) -> Iterator[tuple[str, Side]]:
    """Yield what only one side has, with the side."""
    tree = set(ours)
    sdist = set(theirs)
    yield from ((name, Side.TREE) for name in sorted(tree - sdist))
    yield from ((name, Side.SDIST) for name in sorted(sdist - tree))


def _common_names(wheel: WheelTree) -> dict[str, str]:
    """Return the files of a wheel by names that do not depend on its version and its repair."""
    found = {}
    for file in wheel.files:
        name = _common_name(file, wheel.dist_info)
        if name is not None:
            found[name] = file
    return found


def _common_name(file: str, dist_info: str) -> str | None:
    if file.startswith(f"{dist_info}/"):
        below = file[len(dist_info) + 1 :]
        return None if _REPAIR_ONLY.match(below) else f"*.dist-info/{below}"
    data = f"{dist_info[: -len('.dist-info')]}.data/"
    if file.startswith(data):
        return f"*.data/{file[len(data) :]}"
    library = _LIBRARIES.match(file)
    return f"*.libs/{_HASH.sub('', library['name'])}" if library else file


def _exports(wheel: WheelTree, file: str, ignored: tuple[str, ...]) -> frozenset[str]:
    """Return the names that a file exports, without those that begin in an ignored way."""
    native = wheel.native_files.get(file)
    return frozenset(name for name in native.exports if not name.startswith(ignored)) if native else frozenset()


def _stated(wheel: WheelTree) -> Iterator[str]:
    """Yield the lines of METADATA that decide how a wheel is installed, in normal form."""
    content = (wheel.root / wheel.dist_info / _METADATA).read_bytes()
    for line in header_lines(content):
        key, _, value = line.decode("utf-8", "replace").partition(":")
        if key.lower() in _COMPARED_HEADERS:
            yield f"{key}: {_normal(value.strip()) if key.lower() == 'requires-dist' else value.strip()}"


def _normal(requirement: str) -> str:
    try:
        return str(parse_requirement(requirement))
    except InvalidRequirement:
        return requirement
