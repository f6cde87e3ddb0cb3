"""Call a project's build backend (PEP 517) in the Python that describes the target. `command.py` starts it.

    hook.py CALL.json

CALL.json is an object: `hook` (`check`, `build_wheel` or `build_sdist`), `artifact` (`wheel` or `sdist`), `backend`,
`backend_path`, `requires`, `expected`, `config_settings`, `output`, and `result`, the file to write. The working
directory is the project's.

`check` compares the requirements in `pyproject.toml`, and then those that the backend's own hook asks for, with the
packages of this environment. While the backend itself may be missing, it compares those in `expected` in place of the
hook's. Its result has `asked_for`, `needed`, which lists all of these that apply to this machine, `packages`, the names
of their packages and of those that these require in turn, and `missing`, a list of those that are not met, each with
the reason.
The result of the other two has `file`, a file name. Both have `problem`, the reason why the backend cannot be called,
if there is one. An error of the backend itself is a traceback and exit code 1.
"""

from __future__ import annotations

import glob
import importlib
import importlib.metadata
import importlib.util
import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from typing import Any

# Parsers of requirements (PEP 508), in packages that most build environments contain.
_PARSERS = (
    "packaging",
    "setuptools._vendor.packaging",
    "setuptools.extern.packaging",
    "wheel.vendored.packaging",
    "poetry.core._vendor.packaging",
    "pdm.backend._vendor.packaging",
    "pip._vendor.packaging",
)
_RESOURCES = ".rc"


class CannotCallError(Exception):
    """A backend that cannot be called."""


def load_backend(name: str, backend_path: list[str]) -> Any:
    """Return the object that has the hooks.

    Raises:
        CannotCallError: If it does not exist or cannot be imported, or a backend in the project's tree is found
            elsewhere.
    """
    folders = [os.path.abspath(folder) for folder in backend_path]
    sys.path[:0] = folders
    module_name, _, attributes = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise CannotCallError(f"the build backend {name} cannot be imported: {error}") from error
    file = os.path.realpath(module.__file__ or "")
    if folders and not any(file.startswith(os.path.realpath(folder) + os.sep) for folder in folders):
        raise CannotCallError(f"the build backend {name} is not below `backend-path`: it is {module.__file__}")
    found: Any = module
    for attribute in filter(None, attributes.split(".")):
        if not hasattr(found, attribute):
            raise CannotCallError(f"the build backend {name} does not exist: {module_name} has no {attribute}")
        found = getattr(found, attribute)
    return found


def parser_module() -> Any:
    """Return a module with the class `Requirement`.

    Raises:
        CannotCallError: If there is none.
    """
    for package in _PARSERS:
        try:
            return importlib.import_module(f"{package}.requirements")
        except ImportError:
            continue
    for wheel in bundled_pips():
        return module_from_pip(wheel)
    raise CannotCallError(
        "no package of the build environment can read requirements: add `packaging` to the build requirements"
    )


def bundled_pips() -> list[str]:
    """Return the wheels of pip that are part of this Python. Some systems leave them out."""
    found = importlib.util.find_spec("ensurepip")
    folders = (found.submodule_search_locations or []) if found else []
    return [wheel for folder in folders for wheel in glob.glob(os.path.join(folder, "_bundled", "pip-*.whl"))]


def module_from_pip(wheel: str) -> Any:
    """Return the module with the class `Requirement` from a wheel of pip, which the backend cannot import then."""
    sys.path.insert(0, wheel)
    try:
        return importlib.import_module("pip._vendor.packaging.requirements")
    finally:
        sys.path.remove(wheel)
        for name in [name for name in sys.modules if name.partition(".")[0] == "pip"]:
            del sys.modules[name]


def _machine_markers() -> dict[str, str]:
    """Return what markers are compared with: packages of a build run on this machine."""
    markers: dict[str, str] = importlib.import_module("spokeshave_target").MACHINE_MARKERS
    return markers


def missing(requirements: list[str]) -> list[tuple[str, str]]:
    """Return the requirements, and those of their packages in turn, that this environment does not meet, with why."""
    parser = parser_module()
    found = dict.fromkeys(problem for text in requirements for problem in _missing(parser, text, "", ()))
    return list(found)


def needed(requirements: list[str]) -> list[str]:
    """Return the requirements that apply to this machine, without their markers."""
    parser = parser_module()
    parsed = (_applying(parser, text, "") for text in requirements)
    return list(dict.fromkeys(_text(requirement) for requirement in parsed if requirement is not None))


def _applying(parser: Any, text: str, extra: str) -> Any:
    """Return a requirement, or None if it does not apply to this machine."""
    try:
        requirement = parser.Requirement(text)
        applies = not requirement.marker or requirement.marker.evaluate({**_machine_markers(), "extra": extra})
    except (ValueError, RecursionError) as error:
        raise CannotCallError(f"the build requirement {text!r} is not valid: {error}") from error
    return requirement if applies else None


def _text(requirement: Any) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _missing(parser: Any, text: str, extra: str, seen: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    requirement = _applying(parser, text, extra)
    if requirement is None:
        return
    required_by = f", and {parser.Requirement(seen[-1]).name} requires it" if seen else ""
    try:
        distribution = importlib.metadata.distribution(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        yield _text(requirement), f"is not pinned{required_by}"
        return
    if not requirement.specifier.contains(distribution.version, prereleases=True):
        yield _text(requirement), f"is pinned as {distribution.version}{required_by}"
        return
    if text in seen:
        return
    for name in ("", *requirement.extras):
        for below in distribution.requires or ():
            yield from _missing(parser, below, name, (*seen, text))


def packages(requirements: list[str]) -> list[str]:
    """Return the names of the packages that meet requirements, and of all that these require in turn."""
    parser = parser_module()
    found: set[str] = set()
    pending = [(text, "") for text in requirements]
    seen = set(pending)
    while pending:
        requirement = _applying(parser, *pending.pop())
        try:
            distribution = importlib.metadata.distribution(requirement.name) if requirement is not None else None
        except importlib.metadata.PackageNotFoundError:
            continue  # `missing` reports it
        if distribution is None:
            continue
        found.add(requirement.name)
        below = {(text, extra) for extra in ("", *requirement.extras) for text in distribution.requires or ()} - seen
        pending += below
        seen |= below
    return sorted(found)


def check(call: dict[str, Any]) -> dict[str, Any]:
    """Compare all requirements with this environment."""
    requires = call["requires"]
    asked_for: list[str] = []
    problems = missing(requires)
    if problems:
        requires = [*requires, *call["expected"]]
        problems = missing(requires)
    else:
        backend = load_backend(call["backend"], call["backend_path"])
        hook = getattr(backend, f"get_requires_for_build_{call['artifact']}", None)
        asked_for = list(hook(call["config_settings"])) if hook else []
        problems = missing(asked_for)
    wanted = [*requires, *asked_for]
    return {"asked_for": asked_for, "needed": needed(wanted), "packages": packages(wanted), "missing": problems}


def accept_resources(compiler: Any) -> None:
    """Let setuptools' compiler for POSIX systems compile resources of Windows, as its compilers for Windows do.

    It is the compiler of all builds, as the one for Windows would start Microsoft's.
    """
    compile_other = compiler._compile
    names_of_other = compiler.object_filenames

    def compile_any(self: Any, output: str, source: str, ending: str, *arguments: list[str]) -> None:
        if not _is_resource(source):
            compile_other(self, output, source, ending, *arguments)
            return
        options = [option for option in arguments[-1] if option.startswith(("-I", "-D", "-U"))]
        self.spawn(["windres", *options, "-i", source, "-o", output])

    def names(self: Any, sources: list[str], *arguments: Any, **options: Any) -> list[str]:
        """A source and a resource may differ in their endings only."""
        made = names_of_other(self, sources, *arguments, **options)
        return [
            f"{os.path.splitext(name)[0]}{_RESOURCES}{self.obj_extension}" if _is_resource(source) else name
            for source, name in zip(sources, made)
        ]

    compiler.src_extensions = [*compiler.src_extensions, _RESOURCES]
    compiler._compile = compile_any
    compiler.object_filenames = names


def _is_resource(source: str | os.PathLike[str]) -> bool:
    return os.fspath(source).endswith(_RESOURCES)


def build_wheel(call: dict[str, Any]) -> dict[str, Any]:
    """Build the wheel."""
    backend = load_backend(call["backend"], call["backend_path"])
    if "setuptools" in sys.modules and sysconfig.get_platform().startswith("win"):
        accept_resources(importlib.import_module("distutils.unixccompiler").UnixCCompiler)
    return {"file": backend.build_wheel(call["output"], call["config_settings"], None)}


def build_sdist(call: dict[str, Any]) -> dict[str, Any]:
    """Make the sdist."""
    backend = load_backend(call["backend"], call["backend_path"])
    return {"file": backend.build_sdist(call["output"], call["config_settings"])}


def main(arguments: list[str]) -> int:
    """Run the program and return the exit code."""
    # The folder of this program has other modules, which the project does not see.
    sys.path[:] = [folder for folder in sys.path if folder != os.path.dirname(os.path.abspath(__file__))]
    with open(arguments[0], encoding="utf-8") as file:
        call = json.load(file)
    hooks = {"build_wheel": build_wheel, "build_sdist": build_sdist, "check": check}
    try:
        result = hooks[call["hook"]](call)
    except CannotCallError as error:
        result = {"problem": str(error)}
    with open(call["result"], "w", encoding="utf-8") as file:
        json.dump(result, file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
