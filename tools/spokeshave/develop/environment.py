"""The virtual environment of a developer: its paths, its Python, and what is installed in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from spokeshave.errors import InvalidWheelError
from spokeshave.processes import run_process
from spokeshave.pythons.interpreter import Interpreter, inspect
from spokeshave.wheel.record import parse_record
from spokeshave_core.json_values import parse_any
from spokeshave_core.problems import Problem, SpokeshaveError

_TIMEOUT = 60
_QUESTION = """
import json, os, sys, sysconfig
print(json.dumps({
    "prefix": sys.prefix,
    "base": sys.base_prefix,
    "packages": sysconfig.get_path("purelib"),
    "scripts": sysconfig.get_path("scripts"),
    "headers": os.path.join(sys.prefix, "include", "site", "python%d.%d" % sys.version_info[:2]),
    "cache_tag": sys.implementation.cache_tag,
    "path": [folder for folder in sys.path if os.path.isdir(folder)],
}))
"""


class InvalidEnvironmentError(SpokeshaveError):
    """A folder that is not a virtual environment with a working Python."""


@dataclass(frozen=True)
class DeveloperEnvironment:
    """A virtual environment.

    Attributes:
        python: Its Python, which the launchers of scripts name.
        packages: Its folder of packages.
        headers: The folder for the C headers of distributions.
        cache_tag: The Python's version and kind, such as `cpython-312`.
        search_path: The folders that its Python imports from.
    """

    prefix: Path
    python: Path
    packages: Path
    scripts: Path
    headers: Path
    cache_tag: str
    search_path: tuple[str, ...]
    interpreter: Interpreter

    def installed(self) -> dict[str, str]:
        """Return the version of each installed distribution, by its normalized name."""
        found: dict[str, str] = {}
        for distribution in distributions(path=list(self.search_path)):
            metadata = _metadata_of(distribution)
            name = metadata.get("Name")
            version = metadata.get("Version")
            if name and version:
                found.setdefault(canonicalize_name(name), version)
        return found

    def installations(self, name: str) -> Iterator[Path]:
        """Yield the dist-info folders of a distribution in this environment."""
        for folder in sorted(self.packages.glob("*.dist-info")):
            if canonicalize_name(folder.name.partition("-")[0]) == canonicalize_name(name):
                yield folder

    def files_of(self, dist_info: Path) -> list[Path] | None:
        """Return the files of an installation that are in this environment. None if it has no valid list of them."""
        try:
            listed = parse_record((dist_info / "RECORD").read_bytes(), "RECORD")
        except (OSError, InvalidWheelError):
            return None
        paths = (Path(os.path.normpath(self.packages / file)) for file in listed)
        return [path for path in paths if self.prefix in path.parents]


def _metadata_of(distribution: Distribution) -> Message:
    """Return the metadata of an installed distribution. Empty if it has none that is text."""
    # `distribution.metadata` of different Pythons has different errors for what a killed pip leaves. An old
    # installation is a file, and not a folder with one.
    for name in ("METADATA", "PKG-INFO", ""):
        with contextlib.suppress(ValueError):
            text = distribution.read_text(name)
            if text:
                return HeaderParser().parsestr(text)
    return Message()


def inspect_environment(prefix: Path) -> DeveloperEnvironment:
    """Return a virtual environment or conda environment.

    Raises:
        InvalidEnvironmentError: If it is not one.
    """
    python = prefix / "bin" / "python"
    remedy = f"Create it with `python3.12 -m venv {prefix}` (a Python that the wheels are built for), or name another."
    if not python.exists():
        message = "is not a virtual environment: it has no bin/python"
        raise InvalidEnvironmentError(Problem(str(prefix), message, remedy))
    result = run_process([python, "-I", "-c", _QUESTION], os.environ, prefix, _TIMEOUT)
    try:
        facts = parse_any(result.output.strip().splitlines()[-1]) if result.ok else None
    except (ValueError, IndexError):
        facts = None
    if not isinstance(facts, dict):
        message = f"its Python does not work: it {result.describe_exit()}\n{result.last_lines(3)}"
        raise InvalidEnvironmentError(Problem(str(prefix), message.rstrip(), remedy))
    if facts["prefix"] == facts["base"] and not (prefix / "conda-meta").is_dir():
        message = "is not a virtual environment, but an installation of Python, which other programs may use"
        raise InvalidEnvironmentError(Problem(str(prefix), message, remedy))
    return DeveloperEnvironment(
        prefix=Path(facts["prefix"]),
        python=Path(facts["prefix"]) / "bin" / "python",
        packages=Path(facts["packages"]),
        scripts=Path(facts["scripts"]),
        headers=Path(facts["headers"]),
        cache_tag=facts["cache_tag"],
        search_path=tuple(facts["path"]),
        interpreter=inspect(python),
    )
