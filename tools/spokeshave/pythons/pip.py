"""pip as a program that works for any interpreter, however our own libraries were installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from spokeshave.pythons.interpreter import Interpreter
from spokeshave_core.problems import Problem, SpokeshaveError


def pip_folder() -> Path:
    """Return pip's directory, which an interpreter can run."""
    found = importlib.util.find_spec("pip")
    if found is None or found.origin is None:
        remedy = f"Run `{sys.executable} -m ensurepip`, or install the tools' requirements, which have pip."
        raise SpokeshaveError(Problem("pip", f"is not installed for {sys.executable}", remedy))
    return Path(found.origin).parent


def pip_install(*options: str | Path) -> list[str | Path]:
    """Return arguments to install wheels from directories, by hash, without network, configuration or cache.

    Args:
        options: pip's own options, before the command.
    """
    general = ["--isolated", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
    strict = ["--quiet", "--no-index", "--only-binary", ":all:", "--require-hashes"]
    return ["-I", pip_folder(), *options, *general, "install", *strict]


def platform_options(interpreter: Interpreter) -> list[str]:
    """Return pip options to select wheels by all tags of another interpreter."""
    tags = [tag.split("-") for tag in sorted(interpreter.tags)]
    abis = dict.fromkeys(abi for _, abi, _ in tags)
    platforms = dict.fromkeys(platform for _, _, platform in tags)
    version = ".".join(interpreter.version.split(".")[:2])
    options = ["--python-version", version, "--implementation", "cp"]
    return options + [f"--abi={abi}" for abi in abis] + [f"--platform={platform}" for platform in platforms]
