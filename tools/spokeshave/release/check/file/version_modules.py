"""The version that a wheel's modules state, compared with the wheel's own.

A wheel that was renamed, built from a stale tree, or promoted in its METADATA only, still reports its old version when
it is imported. The files that Spokeshave's stamp writes are known to the byte. In wheels of other tools, modules named
like `_version.py` are read for constants; another release's number in them is innocent (they name minimum versions,
too), but another pre-release of the same release is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from spokeshave.release.check.file.wheel_file import WheelFile
from spokeshave.requirement_text import parse_version
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.version_module import render_version_module
from spokeshave_core.problems import Problem, SpokeshaveError

_NAMES = ("version.py", "_version.py", "__version__.py", "about.py", "__about__.py")
_LARGEST = 1 << 20
_TARGET = r"[ \t]*(?::[ \t]*\w+[ \t]*)?=[ \t]*"
_CONSTANT = re.compile(
    rf"^[ \t]*(?:\w+{_TARGET})*(\w*version\w*){_TARGET}(['\"])([^'\"\n]+)\2", re.IGNORECASE | re.MULTILINE
)
_REMEDY = "Build or stamp the wheel again from the version's own files."


def check_version_modules(wheel: WheelFile) -> Iterator[Problem]:
    """Check the files that the stamp writes, and the constants of other modules that state a version."""
    version = parse_version(wheel.name.version)
    try:
        generated = _generated_files(wheel)
    except SpokeshaveError as err:
        yield from err.problems
        generated = {}
    for member, content in generated.items():
        if _content(wheel, member) not in (content, None):
            yield Problem(wheel.place(member), f"is not what the stamp writes for {wheel.name.version}", _REMEDY)
    for member in wheel.members:
        if member in generated or member.rpartition("/")[2] not in _NAMES:
            continue
        for constant, value in _constants((_content(wheel, member) or b"").decode("utf-8", "replace")):
            if _is_wrong(value, version):
                message = f"says {constant} = {value!r}, but the wheel is {wheel.name.version}"
                yield Problem(wheel.place(member), message, _REMEDY)


def _generated_files(wheel: WheelFile) -> dict[str, bytes]:
    """Return the files with the version in a wheel that Spokeshave built.

    Raises:
        InvalidWheelError: If it has a recipe that is not one of ours.
    """
    data = wheel.metadata_file(RECIPE)
    if data is None:
        return {}
    recipe = Recipe.parse(data, wheel.place(f"{wheel.dist_info}/{RECIPE}"))
    facts = recipe.facts(wheel.name.version)
    module = recipe.version_module
    return {**({module: render_version_module(facts)} if module else {}), **recipe.rendered_files(facts)}


def _content(wheel: WheelFile, member: str) -> bytes | None:
    """Return a small file. None for any other, for a missing and for a damaged one, which other checks report."""
    if member not in wheel.members or wheel.members[member].file_size > _LARGEST:
        return None
    try:
        return b"".join(wheel.chunks(member))
    except SpokeshaveError:
        return None


def _constants(text: str) -> Iterator[tuple[str, str]]:
    for match in _CONSTANT.finditer(text):
        yield match[1], match[3]


def _is_wrong(text: str, version: Version) -> bool:
    """Return whether a stated version contradicts the wheel's."""
    try:
        stated = parse_version(text)
    except InvalidVersion:
        return False
    is_other = stated.public != version.public and stated.base_version == version.base_version
    return is_other and (stated.is_prerelease or version.is_postrelease)
