"""The stamp of an sdist: another version and its facts, without any other change.

The version is in PKG-INFO, in the requirements that are pinned to it, in the version module and the version files of
the recipe, and in pyproject.toml if it is static. All other files are the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from spokeshave.errors import InvalidInputsError
from spokeshave.sdist.archive import PKG_INFO, SdistFile, WrittenSdist, read_sdist, sdist_name, write_sdist
from spokeshave.sdist.contents import PYPROJECT
from spokeshave.sdist.pyproject import repin_text, with_static_version
from spokeshave.stamp.facts import normalized
from spokeshave.stamp.metadata import restamp_metadata
from spokeshave.stamp.sbom import Restamp
from spokeshave.stamp.source import metadata_version
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave.wheel.version_module import render_version_module
from spokeshave_core.problems import Problem

_OURS = "Stamp an sdist that `./pants package` wrote."


@dataclass(frozen=True)
class StampedSdist:
    """A stamped sdist. `files` are its paths."""

    sdist: WrittenSdist
    version: str
    files: tuple[str, ...]


def read_sdist_facts(sdist: Path) -> VersionFacts | None:
    """Return the facts that an sdist states. None for an sdist of another tool, which cannot be stamped.

    Raises:
        InvalidInputsError: If it cannot be read.
    """
    _, files = read_sdist(sdist)
    if not {PKG_INFO, PYPROJECT, RECIPE} <= files.keys():
        return None
    recipe = Recipe.parse(files[RECIPE].content, f"{sdist.name}: {RECIPE}")
    return recipe.facts(metadata_version(files[PKG_INFO].content, f"{sdist.name}: {PKG_INFO}"))


def stamp_sdist(sdist: Path, facts: VersionFacts, output: Path) -> StampedSdist:
    """Write an sdist with other facts into a directory.

    Raises:
        InvalidVersionError: For all invalid facts.
        InvalidInputsError: If the file is not an sdist of `sdist write`.
    """
    facts = normalized(facts)
    folder, files = read_sdist(sdist)
    missing = [name for name in (PKG_INFO, PYPROJECT, RECIPE) if name not in files]
    if missing:
        raise InvalidInputsError(Problem(str(sdist), f"has no {missing[0]}", _OURS))
    place = f"{sdist.name}: {PKG_INFO}"
    old = metadata_version(files[PKG_INFO].content, place)
    distribution = folder.rpartition("-")[0]
    recipe = Recipe.parse(files[RECIPE].content, f"{sdist.name}: {RECIPE}")
    change = Restamp(distribution, old, facts.version)
    changed = {
        PKG_INFO: restamp_metadata(files[PKG_INFO].content, recipe.pins, (), change, place),
        PYPROJECT: _pyproject(files[PYPROJECT].content, recipe.pins, change, f"{sdist.name}: {PYPROJECT}"),
        RECIPE: recipe.with_facts(facts).render(),
        **({recipe.version_module: render_version_module(facts)} if recipe.version_module else {}),
        **recipe.rendered_files(facts),
    }
    stamped = {**files, **{path: SdistFile(content) for path, content in changed.items()}}
    written = write_sdist(output, sdist_name(distribution, facts.version), stamped)
    return StampedSdist(sdist=written, version=facts.version, files=tuple(sorted(stamped)))


def _pyproject(content: bytes, pins: Collection[str], change: Restamp, place: str) -> bytes:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as err:
        raise InvalidInputsError(Problem(place, f"is not UTF-8 ({err})", _OURS)) from err
    text = repin_text(text, pins, change.old, change.new)
    return with_static_version(text, change.old, str(Version(change.new))).encode()
