"""pip as a program: it serves any interpreter, and any way that our own libraries were put there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from spokeshave.errors import Problem, SpokeshaveError
from spokeshave.pythons.interpreter import Interpreter


def pip_folder() -> Path:
    """pip's folder, which an interpreter can run."""
    found = importlib.util.find_spec("pip")
    if found is None or found.origin is None:
        remedy = f"Run `{sys.executable} -m ensurepip`, or install the tools' requirements, which have pip."
        raise SpokeshaveError(Problem("pip", f"is not installed for {sys.executable}", remedy))
    return Path(found.origin).parent


def pip_install(*options: str | Path) -> list[str | Path]:
    """The arguments of a Python for a pip that takes wheels from folders, by hash: no network, configuration or cache.

    ``options`` are pip's own, before the command.
    """
    general = ["--isolated", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
    strict = ["--quiet", "--no-index", "--only-binary", ":all:", "--require-hashes"]
    return ["-I", pip_folder(), *options, *general, "install", *strict]


def platform_options(interpreter: Interpreter) -> list[str]:
    """pip's options with which it chooses wheels as it would do on another interpreter, by all tags of that one."""
    tags = [tag.split("-") for tag in sorted(interpreter.tags)]
    abis = dict.fromkeys(abi for _, abi, _ in tags)
    platforms = dict.fromkeys(platform for _, _, platform in tags)
    version = ".".join(interpreter.version.split(".")[:2])
    options = ["--python-version", version, "--implementation", "cp"]
    return options + [f"--abi={abi}" for abi in abis] + [f"--platform={platform}" for platform in platforms]
