"""Paths of the files in a wheel, and checks of them. Works without the engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from spokeshave_core.problems import Problems, bullet_list
from spokeshave_pants.errors import InvalidTargetError

# Python imports these as extensions. `libx.so` is a library that is opened by its name.
_EXTENSION = re.compile(r"(?!lib)[^.]+(\.(abi3t?(-[^/]*)?|(cpython-|cp\d|pypy|graalpy)[^/]*))?\.(so|pyd)")
_SOURCE_ENDINGS = (".py", ".pyi")


def library_folder(build_folder: str, python_files: Iterable[str]) -> str | None:
    """Return the default directory in a wheel for a shared library. None if several directories are possible.

    Args:
        build_folder: The directory of the library's BUILD file, relative to its source root.
        python_files: The paths of the wheel's Python modules.
    """
    folders = {posixpath.dirname(path) for path in python_files} - {""}
    if build_folder in folders:
        return build_folder
    regular = {posixpath.dirname(path) for path in python_files if posixpath.basename(path) == "__init__.py"} - {""}
    # For a namespace package, which has no __init__.py, its subpackages count.
    candidates = regular or folders
    outermost = [folder for folder in candidates if not any(folder.startswith(f"{other}/") for other in candidates)]
    return outermost[0] if len(outermost) == 1 else None


def is_possible_extension(path: str) -> bool:
    """Return whether Python could import a file of a wheel as an extension module."""
    return _EXTENSION.fullmatch(posixpath.basename(path)) is not None


def check_native(wheel: str, files: Iterable[str], *, has_native: bool, has_data: bool) -> None:
    """Check that a wheel contains native code.

    Resources and data files may be prebuilt libraries or programs, which only the repair can recognize.

    Args:
        files: The wheel's payload.
        has_native: Whether it has extensions or shared libraries.
        has_data: Whether it has data files.

    Raises:
        InvalidTargetError: If no file in the wheel can be native code.
    """
    files = tuple(files)
    if has_native or has_data or not all(file.endswith(_SOURCE_ENDINGS) for file in files):
        return
    fault = "would contain only Python sources and no native code" if files else "would install nothing"
    raise InvalidTargetError(
        f"{wheel} {fault}. List in `dependencies` the `python_extension`s, "
        "`cc_shared_library`s, `python_sources` and `resources` that it consists of. "
        "Use `python_distribution` for a wheel without native code."
    )


def _library_paths(folder: str, name: str) -> tuple[str, ...]:
    """Return the paths of a library on all platforms."""
    return (f"{folder}/lib{name}.so", f"{folder}/lib{name}.dylib", f"{folder}/{name}.dll")


def check_places(wheel: str, libraries: Iterable[tuple[str, str, str | None]], files: Iterable[str]) -> None:
    """Check that each shared library has a directory in the wheel and a path of its own.

    Args:
        libraries: Target, library name and directory of each library. Without a directory, it is None.

    Raises:
        InvalidTargetError: For all libraries without a directory or with the path of another.
    """
    files = tuple(files)
    packages = sorted({path.split("/")[0] for path in files if "/" in path})
    problems = Problems()
    owners: dict[tuple[str, str], list[str]] = {}
    for target, name, folder in libraries:
        if folder is None:
            found = ", ".join(packages) or "none"
            problems.add_text(
                f"{target}: {wheel} contains this library, but its folder cannot be inferred (the packages of the "
                f"wheel "
                f'are: {found}). Set it, for example `wheel_folder="{packages[0] if packages else "package"}"`.'
            )
        else:
            owners.setdefault((folder, name), []).append(target)
            taken = sorted(set(files).intersection(_library_paths(folder, name)))
            for path in taken:
                problems.add_text(f"{target}: {wheel} contains another file {path}. Remove one of the two.")
    for (folder, name), targets in owners.items():
        if len(targets) > 1:
            problems.add_text(
                f"{' and '.join(sorted(targets))} are both {name} in {folder} of {wheel}. Give one of them another "
                "`library_name` or `wheel_folder`."
            )
    problems.raise_if_any(InvalidTargetError, render=bullet_list)
