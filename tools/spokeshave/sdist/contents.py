"""The files of an sdist without a version, from the description of what it builds and the trees of its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spokeshave.assemble.command import check_version_paths, read_templates
from spokeshave.assemble.metadata import WheelMetadata, read_metadata
from spokeshave.assemble.payload import check_root, read_payload
from spokeshave.errors import InvalidInputsError, InvalidPayloadError
from spokeshave.requirement_text import parse_requirement
from spokeshave.sdist.archive import PKG_INFO, SdistFile
from spokeshave.sdist.cmake_lists import (
    DATA_DIR,
    EXPORTS,
    EXPORTS_FILE,
    INCLUDE_DIR,
    NATIVE_DIR,
    PYTHON_DIR,
    Project,
    cmake_lists,
)
from spokeshave.sdist.pyproject import Backend, sdist_pyproject
from spokeshave.stamp.source import header_lines
from spokeshave.toml_text import parse_toml
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS
from spokeshave.wheel.version_module import render_version_module
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.reports.sdist import SdistDescription
from spokeshave_core.wheel_name import UNSTAMPED, file_name_part

PYPROJECT = "pyproject.toml"
CMAKE_LISTS = "CMakeLists.txt"
TESTS_DIR = "tests"
VERSION_HEADER = f"{INCLUDE_DIR}/spokeshave/version.h"
"""The header by which C and C++ read the version. In an sdist, it contains the version itself."""

_VERSION_HEADER = """\
/* The version of the project, for C and C++. */
#ifndef SPOKESHAVE_VERSION_H
#define SPOKESHAVE_VERSION_H

/* The version as a text, such as "3.12.0". */
#define SPOKESHAVE_VERSION() ("@VERSION@")

#endif
"""
# The first version of the metadata in which what an sdist states is what its wheels have (PEP 643).
_RELIABLE = (2, 2)
_METADATA_VERSION = re.compile(rb"^Metadata-Version: (\d+)\.(\d+)")
_CLASHES = "Rename the file, or move it to another folder of the project."


@dataclass(frozen=True)
class SdistInputs:
    """What an sdist is made of.

    Attributes:
        native: A folder with the C and C++ files at their paths in the repository.
        payload: A folder with the files of the wheel's root.
        data: A folder with the files to install below the environment's prefix.
        tests: A folder with the project's smoke tests.
        version_module: A path in the wheel.
        version_files: Paths in the wheel, each with the file of its template.
    """

    description: SdistDescription
    pyproject: Path
    native: Path | None = None
    payload: Path | None = None
    data: Path | None = None
    tests: Path | None = None
    pins: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    version_module: str | None = None
    version_files: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True)
class SdistContents:
    """The files of an sdist, by their paths, and its distribution in the form of file names."""

    distribution: str
    files: Mapping[str, SdistFile]


def sdist_contents(inputs: SdistInputs) -> SdistContents:
    """Return the files of an sdist with the placeholder version.

    Raises:
        InvalidInputsError: For all problems of the pyproject.toml and the trees.
    """
    metadata = read_metadata(inputs.pyproject, inputs.pins, inputs.requirements)
    distribution = file_name_part(metadata.name)
    templates = read_templates(inputs.version_files)
    recipe = _recipe(inputs, metadata, templates)
    generated = _generated(recipe)
    trees = {
        **_tree(inputs.native, NATIVE_DIR),
        **_tree(inputs.payload, PYTHON_DIR, is_root=True),
        **_tree(inputs.data, DATA_DIR),
        **_tree(inputs.tests, TESTS_DIR),
    }
    project = Project(
        name=metadata.name,
        description=inputs.description,
        libraries_folder=f"{distribution}.libs",
        has_python_files=any(path.startswith(f"{PYTHON_DIR}/") for path in (*trees, *generated)),
        has_data=any(path.startswith(f"{DATA_DIR}/") for path in trees),
    )
    own = {
        PKG_INFO: reliable(metadata.core_metadata),
        PYPROJECT: _pyproject(inputs, metadata).encode(),
        CMAKE_LISTS: cmake_lists(project).encode(),
        RECIPE: recipe.render(),
        **({EXPORTS_FILE: EXPORTS.encode()} if inputs.description.extensions else {}),
    }
    named = _named_files(inputs.pyproject, metadata)
    _check_clashes(named, (*own, *trees, *generated))
    files = {path: SdistFile(content) for path, content in {**named, **own}.items()}
    return SdistContents(
        distribution=distribution,
        files={**files, **trees, **{path: SdistFile(content) for path, content in generated.items()}},
    )


def reliable(metadata: bytes) -> bytes:
    """Return metadata in a version of the format in which all fields of an sdist are final."""
    match = _METADATA_VERSION.match(metadata)
    if match is None or (int(match[1]), int(match[2])) >= _RELIABLE:
        return metadata
    return b"Metadata-Version: %d.%d" % _RELIABLE + metadata[match.end() :]


def _tree(root: Path | None, folder: str, *, is_root: bool = False) -> dict[str, SdistFile]:
    """Return the files of a folder, below another one."""
    if root is None or not root.is_dir():
        return {}
    files = read_payload(root)
    if is_root:
        check_root(files)
    return {f"{folder}/{file.name}": SdistFile(file.source.read_bytes(), file.executable) for file in files}


def _recipe(inputs: SdistInputs, metadata: WheelMetadata, templates: Iterable[tuple[str, str]]) -> Recipe:
    """Return where the version is in the sdist, for the stamp."""
    problems = Problems()
    check_version_paths(inputs.version_module, (path for path, _ in templates), problems)
    problems.raise_if_any(InvalidPayloadError)
    module = inputs.version_module
    files = [(f"{PYTHON_DIR}/{path}", template) for path, template in templates]
    if any(group.needs_version for group in inputs.description.groups):
        files.append((VERSION_HEADER, _VERSION_HEADER))
    return Recipe(
        pins=metadata.pins,
        version_module=f"{PYTHON_DIR}/{module}" if module else None,
        version_files=tuple(sorted(files)),
    )


def _generated(recipe: Recipe) -> dict[str, bytes]:
    module = {recipe.version_module: render_version_module(UNSTAMPED_FACTS)} if recipe.version_module else {}
    return {**module, **recipe.rendered_files(UNSTAMPED_FACTS)}


def _pyproject(inputs: SdistInputs, metadata: WheelMetadata) -> str:
    described = inputs.description
    text = inputs.pyproject.read_bytes().decode("utf-8")
    dynamic = parse_toml(text)["project"].get("dynamic", [])
    limited = f"cp{described.limited_api.replace('.', '')}" if described.limited_api else ""
    backend = Backend(
        requirements=described.build_requirements,
        py_api="py3" if described.is_independent else limited,
        has_dynamic_version=metadata.static_version is None,
        dependencies=_dependencies(metadata.core_metadata) if "dependencies" in dynamic else None,
    )
    return sdist_pyproject(text, backend, metadata.pins, UNSTAMPED, str(inputs.pyproject))


def _dependencies(core_metadata: bytes) -> tuple[str, ...]:
    """Return the requirements in METADATA that are not those of an extra."""
    key = b"requires-dist:"
    lines = [line[len(key) :].strip() for line in header_lines(core_metadata) if line.lower().startswith(key)]
    requirements = [parse_requirement(line.decode()) for line in lines]
    return tuple(str(found) for found in requirements if "extra ==" not in str(found.marker or ""))


def _named_files(pyproject: Path, metadata: WheelMetadata) -> dict[str, bytes]:
    """Return the readme and the license files.

    Raises:
        InvalidInputsError: If the readme is outside of the project's folder.
    """
    files = {path: source.read_bytes() for path, source in metadata.license_files.items()}
    readme = parse_toml(pyproject.read_bytes())["project"].get("readme")
    path = readme.get("file") if isinstance(readme, dict) else readme
    if not isinstance(path, str):
        return files
    normal = PurePosixPath(path)
    if normal.is_absolute() or ".." in normal.parts:
        remedy = "Move it to the folder of pyproject.toml: an sdist has the same folder, and nothing outside of it."
        raise InvalidInputsError(Problem(f"{pyproject}: project.readme", f"names {path}, outside of it", remedy))
    return {**files, normal.as_posix(): (pyproject.parent / path).read_bytes()}


def _check_clashes(named: Iterable[str], others: Iterable[str]) -> None:
    """Raise an error for files of the project that have the path of a generated one."""
    taken = set(others)
    problems = Problems()
    for path in sorted(named):
        if path in taken:
            problems.add(path, "is a file of the project, and the sdist has another file at this path", _CLASHES)
    problems.raise_if_any(InvalidInputsError)
