"""The version that a wheel is built with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from spokeshave.standalone.backend.project import Project, read_toml, table
from spokeshave.standalone.backend.request import Request, UserError

# Files of others, whose bytes are kept where they are not UTF-8.
_BYTES = "surrogateescape"
_TABLE = re.compile(r"^\s*\[(?P<name>[^\[\]]+)\]\s*(#.*)?$")
_VERSION = re.compile(
    r"""^(?P<key>\s*version\s*[=:]\s*)(?P<quote>["']?)(?P<text>[^"'\s#]*)(?P=quote)(?P<rest>\s*(#.*)?)$"""
)


def apply_version(request: Request, project: Project, site_packages: Path) -> None:
    """Replace a version that `pyproject.toml` or `setup.cfg` contains."""
    if request.version_mode == "own":
        return
    for names in (("project",), ("tool", "poetry")):
        if "version" in table(project.content, *names):
            _edit(request.source / "pyproject.toml", ".".join(names), request)
            if _edited_version(request, site_packages, names) != request.version_text:
                raise UserError(f"{request.where}: the version in pyproject.toml cannot be replaced; use version='own'")
            return
    setup_cfg = request.source / "setup.cfg"
    if setup_cfg.is_file():
        _edit(setup_cfg, "metadata", request)


def _edited_version(request: Request, site_packages: Path, names: tuple[str, ...]) -> Any:
    """Return the version in a table of an edited pyproject.toml. None if that is not TOML."""
    try:
        edited = read_toml((request.source / "pyproject.toml").read_text(encoding="utf-8"), site_packages)
    except ValueError:
        return None
    return table(edited, *names).get("version")


def _edit(file: Path, section: str, request: Request) -> None:
    """Replace the version in a section of a file. One that is computed (`attr: x.y`) is left alone."""
    lines = file.read_text(encoding="utf-8", errors=_BYTES).split("\n")
    here = ""
    for index, line in enumerate(lines):
        header = _TABLE.match(line)
        here = header["name"].strip() if header else here
        found = _VERSION.match(line) if here == section else None
        if found and not found["text"].endswith(":"):
            lines[index] = f"{found['key']}{found['quote']}{request.version_text}{found['quote']}{found['rest']}"
            # The file may be a hard link to one that is not the sandbox's own.
            edited = file.with_name(f"{file.name}.new")
            edited.write_text("\n".join(lines), encoding="utf-8", errors=_BYTES)
            edited.replace(file)
            return


def version_environment(request: Request) -> dict[str, str]:
    """Return the variables by which tools that read the version from a checkout take it from outside."""
    if request.version_mode == "own":
        return {}
    names = ("SETUPTOOLS_SCM_PRETEND_VERSION", "VCS_VERSIONING_PRETEND_VERSION", "PBR_VERSION", "PDM_BUILD_SCM_VERSION")
    return dict.fromkeys((*names, "POETRY_DYNAMIC_VERSIONING_BYPASS"), request.version_text)


def version_of_wheel(name: str) -> str:
    """Return the version in the file name of a wheel."""
    return name.split("-")[1]


def version_of_sdist(name: str) -> str:
    """Return the version in the file name of an sdist."""
    return name[: -len(".tar.gz")].rpartition("-")[2]


def check_version(request: Request, version: str) -> None:
    """Refuse a wheel or an sdist with another version than the one that was given.

    Raises:
        UserError: If the project takes its version from elsewhere.
    """
    expected = request.version_text.replace("-", "_")
    if request.version_mode != "own" and version != expected:
        raise UserError(
            f"{request.where}: the backend made the {request.artifact} with the version {version} and not "
            f"{expected}: the project computes its version by code of its own. Keep it with version='own', or make the "
            "project take it from pyproject.toml or setuptools_scm."
        )
