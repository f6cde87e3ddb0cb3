"""What goes into a wheel where, and what cannot, decided without the engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from spokeshave_pants.errors import InvalidTargetError, Problems, bullet_list

# What Python imports as an extension; `libx.so` is a library that is opened by its name.
_EXTENSION = re.compile(r"(?!lib)[^.]+(\.(abi3t?|(cpython-|cp\d|pypy|graalpy)[^/]*))?\.(so|pyd)")
_SOURCE_ENDINGS = (".py", ".pyi")


def library_folder(build_folder: str, python_files: Iterable[str]) -> str | None:
    """The folder of a wheel for a shared library whose target does not name one; None if several would do.

    Args:
        build_folder: the folder of the library's BUILD file, relative to its source root.
        python_files: the paths of the wheel's Python modules.
    """
    folders = {posixpath.dirname(path) for path in python_files} - {""}
    if build_folder in folders:
        return build_folder
    regular = {posixpath.dirname(path) for path in python_files if posixpath.basename(path) == "__init__.py"} - {""}
    # Of a namespace package, which has no __init__.py, the packages in it count.
    candidates = regular or folders
    outermost = [folder for folder in candidates if not any(folder.startswith(f"{other}/") for other in candidates)]
    return outermost[0] if len(outermost) == 1 else None


def is_possible_extension(path: str) -> bool:
    """Whether Python could import a file of a wheel as an extension module."""
    return _EXTENSION.fullmatch(posixpath.basename(path)) is not None


def check_native(wheel: str, files: Iterable[str], *, has_native: bool, has_data: bool) -> None:
    """Refuse a wheel without native code.

    Resources and data files may be prebuilt libraries or programs, which only the repair can judge.

    Args:
        files: the wheel's payload.
        has_native: whether it has extensions or shared libraries.
        has_data: whether it has data files.

    Raises:
        InvalidTargetError: if nothing in the wheel can be native code.
    """
    files = tuple(files)
    if has_native or has_data or not all(file.endswith(_SOURCE_ENDINGS) for file in files):
        return
    fault = "would hold Python sources alone and no native code" if files else "would install nothing"
    raise InvalidTargetError(
        f"{wheel} {fault}. List in `dependencies` the `python_extension`s, "
        "`cc_shared_library`s, `python_sources` and `resources` that it consists of. "
        "A wheel without native code is a `python_distribution`."
    )


def _library_paths(folder: str, name: str) -> tuple[str, ...]:
    """The paths of a library on all platforms."""
    return (f"{folder}/lib{name}.so", f"{folder}/lib{name}.dylib", f"{folder}/{name}.dll")


def check_places(wheel: str, libraries: Iterable[tuple[str, str, str | None]], files: Iterable[str]) -> None:
    """Refuse shared libraries without a folder in the wheel, and two of one path.

    Args:
        libraries: target, library name and folder of each; None for a folder that is not known.

    Raises:
        InvalidTargetError: with every such library.
    """
    files = tuple(files)
    packages = sorted({path.split("/")[0] for path in files if "/" in path})
    problems = Problems()
    owners: dict[tuple[str, str], list[str]] = {}
    for target, name, folder in libraries:
        if folder is None:
            found = ", ".join(packages) or "none"
            problems.add_text(
                f"{target}: {wheel} carries this library, and no folder of the wheel is the obvious one (its packages "
                f'are: {found}). Say it, such as `wheel_folder="{packages[0] if packages else "package"}"`.'
            )
        else:
            owners.setdefault((folder, name), []).append(target)
            taken = sorted(set(files).intersection(_library_paths(folder, name)))
            for path in taken:
                problems.add_text(f"{target}: {wheel} has another {path}. Remove one of the two.")
    for (folder, name), targets in owners.items():
        if len(targets) > 1:
            problems.add_text(
                f"{' and '.join(sorted(targets))} are both {name} in {folder} of {wheel}. Give one of them another "
                "`library_name` or `wheel_folder`."
            )
    problems.raise_if_any(InvalidTargetError, render=bullet_list)
