"""Checks of what a wheel offers to C and C++ projects. Works without the engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from spokeshave_core.problems import Problems, bullet_list
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.downstream.cmake import HEADERS
from spokeshave_pants.wheel.downstream.package import Named

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]*")


@dataclass(frozen=True)
class InstalledHeader:
    """A header at its path in the wheel, and the target that it is of."""

    path: str
    target: str


@dataclass(frozen=True)
class Contents:
    """What else is in the wheel, as far as the checks need it.

    Attributes:
        packages: The outermost packages.
        files: The paths of all other files that are not generated for C and C++ projects.
        libraries: The names of the libraries, each with its target.
        has_includes: Whether there is an include directory.
    """

    packages: tuple[str, ...]
    files: tuple[str, ...]
    libraries: tuple[tuple[str, str], ...]
    has_includes: bool


def check_headers(
    wheel: str,
    fields: Mapping[str, tuple[str, ...]],
    headers: Iterable[InstalledHeader],
    without_headers: Iterable[str],
    contents: Contents,
) -> None:
    """Check the field `headers`.

    Args:
        fields: The value of the field: the targets of each folder of the wheel.
        without_headers: The targets that have no header.

    Raises:
        InvalidTargetError: For all folders outside of a package, targets without headers, and paths with two files.
    """
    problems = Problems()
    for folder, targets in fields.items():
        for fault in _folder_faults(folder, contents.packages):
            problems.add_text(f"{wheel}: the folder {folder!r} of `headers` {fault}")
        if not targets:
            problems.add_text(f"{wheel}: `headers` lists no target for {folder!r}. List one, or remove the folder.")
    for target in without_headers:
        problems.add_text(
            f"{wheel}: `headers` lists {target}, which has no header. List the `cc_sources` that own the headers."
        )
    owners: dict[str, list[str]] = {}
    for header in headers:
        owners.setdefault(header.path, []).append(header.target)
    for path, targets_of_path in owners.items():
        others = sorted(set(targets_of_path))
        if len(targets_of_path) > 1:
            problems.add_text(
                f"{wheel}: {' and '.join(others)} both put a header at {path}. Give them folders or include roots of "
                "their own."
            )
        if path in contents.files:
            problems.add_text(
                f"{wheel}: {others[0]} puts a header at {path}, where another file of the wheel is. Remove one of the "
                "two."
            )
    problems.raise_if_any(InvalidTargetError, render=bullet_list)


def _folder_faults(folder: str, packages: tuple[str, ...]) -> Iterator[str]:
    is_path = posixpath.normpath(folder) == folder and not folder.startswith(("/", ".")) and "\\" not in folder
    if not is_path or folder.split("/")[0].endswith((".dist-info", ".data")):
        yield f"is not a folder in a wheel. Write it as {_example(packages)}/include."
    elif not any(folder == package or folder.startswith(f"{package}/") for package in packages):
        yield (
            f"is in none of the wheel's packages ({', '.join(packages) or 'none'}), so that it would be installed next "
            f"to them. Write it as {_example(packages)}/include."
        )


def _example(packages: tuple[str, ...]) -> str:
    return packages[0] if packages else "package"


def check_named(wheel: str, field: str, named: Named | None, contents: Contents) -> None:
    """Check the value of the field `cmake` or `pkg_config`.

    Raises:
        InvalidTargetError: For all that is wrong with it.
    """
    if named is None:
        return
    problems = Problems()
    where = f"{wheel}: `{field}`"
    if not _NAME.fullmatch(named.name):
        problems.add_text(f"{where} has the name {named.name!r}. Use letters, digits, `_`, `.`, `+` and `-`.")
    if not named.package:
        listed = ", ".join(contents.packages) or "none"
        problems.add_text(
            f"{where} needs the Python package to install the files in, as the packages of the wheel are: {listed}. "
            f'Write it as `{field}="{_example(contents.packages)}/{named.name}"`.'
        )
    elif not any(_is_in(file, named.package) for file in contents.files):
        problems.add_text(
            f"{where} names the Python package {named.package}, which the wheel does not have. Its packages are: "
            f"{', '.join(contents.packages) or 'none'}."
        )
    elif not all(part.isidentifier() for part in named.package.split("/")):
        problems.add_text(
            f"{where}: {named.package} cannot be imported, so no entry point can name it. Choose another package."
        )
    if not contents.libraries and not contents.has_includes:
        problems.add_text(
            f"{where} would describe nothing, as the wheel has neither headers nor shared libraries. Set `headers`, or "
            "add a `cc_shared_library` to `dependencies`."
        )
    for name, target in contents.libraries:
        if field == "cmake" and name == HEADERS:
            problems.add_text(
                f"{target}: the CMake target {named.name}::{HEADERS} stands for the headers of {wheel}. Set another "
                "`library_name`."
            )
    problems.raise_if_any(InvalidTargetError, render=bullet_list)


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/") and path.endswith((".py", ".pyi", ".so"))
