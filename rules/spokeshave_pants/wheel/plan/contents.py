"""Paths of the files in a wheel, and checks of them. Works without the engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from spokeshave_core.problems import Problems, bullet_list
from spokeshave_core.release.version_text import template_problems
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


def check_native(
    wheel: str, files: Iterable[str], *, has_native: bool, has_data: bool, has_headers: bool = False
) -> None:
    """Check that a wheel contains native code.

    Resources and data files may be prebuilt libraries or programs, which only the repair can recognize.

    Args:
        files: The wheel's payload.
        has_native: Whether it has extensions or shared libraries.
        has_data: Whether it has data files.
        has_headers: Whether it installs headers, which are the same for each platform.

    Raises:
        InvalidTargetError: If no file in the wheel can be native code.
    """
    files = tuple(files)
    if has_native or has_data or not all(file.endswith(_SOURCE_ENDINGS) for file in files):
        return
    contents = "headers" if has_headers else "Python sources"
    fault = f"would contain only {contents} and no native code" if files else "would install nothing"
    what = "headers, as its `resources`," if has_headers else "a wheel"
    raise InvalidTargetError(
        f"{wheel} {fault}. List in `dependencies` the `python_extension`s, "
        "`cc_shared_library`s, `python_sources` and `resources` that it consists of. "
        f"Use `python_distribution` for {what} without native code."
    )


def check_version_files(wheel: str, version_files: Iterable[str], files: Iterable[str]) -> None:
    """Check that each version file has a path of its own in the wheel.

    Args:
        version_files: The paths of the version files in the wheel.
        files: The paths of the other files, as far as they are known.

    Raises:
        InvalidTargetError: For all paths that a wheel cannot have, or that are those of another file.
    """
    files = tuple(files)
    problems = Problems()
    for path in version_files:
        for fault in _path_faults(path, files):
            problems.add_text(f"{wheel}: the path {path!r} of `version_files` {fault}")
    problems.raise_if_any(InvalidTargetError, render=bullet_list)


def _path_faults(path: str, files: tuple[str, ...]) -> Iterator[str]:
    if path.startswith(("/", "../")) or posixpath.normpath(path) != path or path in (".", "..") or "\\" in path:
        yield "is not a path in a wheel. Write it relative to the wheel's root, as in `package/version.h`."
        return
    if "=" in path:
        yield "contains `=`. Choose another name."
    if path.split("/")[0].endswith((".dist-info", ".data")):
        yield "is in a folder of the wheel's metadata. Choose a folder of a package."
    taken = next((file for file in files if file == path or _is_inside(file, path) or _is_inside(path, file)), None)
    if taken == path:
        yield "is the path of another file of the wheel. Remove one of the two."
    elif taken:
        yield f"and the file {taken} cannot be in one wheel, as one of them would be a folder. Rename one of the two."


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def check_templates(wheel: str, templates: Iterable[str], contents: Mapping[str, bytes]) -> None:
    """Check the templates of version files.

    Args:
        templates: Their paths.
        contents: The content of each file that was found.

    Raises:
        InvalidTargetError: For all templates that cannot be read, and all unknown placeholders.
    """
    problems = Problems()
    for path in sorted(set(templates) - contents.keys()):
        problems.add_text(f"{wheel}: the template {path!r} of `version_files` is not a file. Name one file.")
    for path, content in contents.items():
        place = f"{path}, in `version_files` of {wheel}"
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            problems.add(place, f"is not UTF-8: {error}", "Convert it.")
            continue
        for problem in template_problems(text, place):
            problems.add_text(str(problem))
    problems.raise_if_any(InvalidTargetError, render=bullet_list)


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
