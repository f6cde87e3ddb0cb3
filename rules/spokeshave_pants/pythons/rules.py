"""Rules that find the CPython interpreters of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pants.base.build_environment import get_buildroot
from pants.core.util_rules.system_binaries import BashBinary
from pants.engine.env_vars import EnvironmentVarsRequest
from pants.engine.internals.session import RunId
from pants.engine.process import Process, ProcessCacheScope
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.option.option_types import StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.logging import LogLevel
from pants.util.strutil import help_text, softwrap

from spokeshave_core.manifest import ForeignPython, parse_manifest
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.pants_api import environment_vars_subset, execute_process_or_raise, implicitly, rule
from spokeshave_pants.pythons.foreign import manifest_path
from spokeshave_pants.pythons.interpreters import Interpreter, discovery_script, expand_search_path, parse_discovery


class WheelPythonsSubsystem(Subsystem):
    """Options for the Pythons of this machine."""

    options_scope = "wheel-pythons"
    help = help_text(
        """
        The Pythons on which wheels are smoke-tested. Unless `[python-headers]` pins them, CPython's headers come from
        them too.

        Only the cache keys of smoke tests contain these Pythons, so each machine may have its own.
        """
    )

    search_path = StrListOption(
        default=["<PATH>", "<PYENV>"],
        help=softwrap(
            """
            The directories in which `python3.X` is searched. `<PATH>` stands for the directories of the environment
            variable PATH, and `<PYENV>` for all versions that pyenv has installed.
            """
        ),
    )
    emulated = StrOption(
        default="<SPOKESHAVE>/emulation",
        help=softwrap(
            """
            The folder in which `spokeshave emulation` set up emulators and Pythons. They smoke-test wheels that this
            machine cannot run, and its own wheels for Pythons that it does not have. `<SPOKESHAVE>` stands for
            Spokeshave's own folder: `$SPOKESHAVE_HOME`, or `spokeshave` in `$XDG_CACHE_HOME` or `~/.cache`. An empty
            value disables emulation.
            """
        ),
    )


@dataclass(frozen=True)
class Interpreters:
    """All CPythons in `[wheel-pythons].search_path`, oldest first."""

    found: tuple[Interpreter, ...]

    def of(self, version: PythonVersion) -> tuple[Interpreter, ...]:
        """Return the interpreters of a version, oldest patch release first. Of equals, the one with headers is last."""
        candidates = (interpreter for interpreter in self.found if interpreter.feature == version)
        return tuple(sorted(candidates, key=lambda i: (i.patch, i.include is not None)))

    def with_headers(self, version: PythonVersion) -> Interpreter | None:
        """Return the newest patch release with headers for a version. The free-threaded build has the same ones."""
        candidates = [i for i in self.found if i.feature.minor == version.minor and i.include is not None]
        return max(candidates, key=lambda i: (i.patch, i.feature == version), default=None)

    def describe(self) -> str:
        """Return the found versions in words, for messages."""
        versions = ", ".join(interpreter.version for interpreter in self.found) or "none"
        return f"the Pythons found in `[wheel-pythons].search_path` are {versions}"


@dataclass(frozen=True)
class ForeignPythons:
    """All Pythons of other platforms that are set up in `[wheel-pythons].emulated`."""

    found: tuple[ForeignPython, ...]


@rule(desc="Find emulated Python interpreters", level=LogLevel.DEBUG)
async def find_foreign_pythons(subsystem: WheelPythonsSubsystem, _: RunId) -> ForeignPythons:
    """Read the manifest in each run, as it may change while the daemon lives. Starting a process would cost time."""
    names = ["SPOKESHAVE_HOME", "XDG_CACHE_HOME", "HOME"]
    environment = await environment_vars_subset(EnvironmentVarsRequest(names), **implicitly())
    manifest = manifest_path(subsystem.emulated, environment, get_buildroot())
    if manifest is None or not Path(manifest).exists():
        return ForeignPythons(())
    return ForeignPythons(parse_manifest(Path(manifest).read_text("utf-8"), manifest))


@rule(desc="Find Python interpreters", level=LogLevel.DEBUG)
async def find_interpreters(subsystem: WheelPythonsSubsystem, bash: BashBinary) -> Interpreters:
    environment = await environment_vars_subset(EnvironmentVarsRequest(["PATH", "HOME", "PYENV_ROOT"]), **implicitly())
    paths = expand_search_path(subsystem.search_path, environment)
    result = await execute_process_or_raise(
        **implicitly(
            Process(
                argv=(bash.path, "-c", discovery_script(paths)),
                env={"PATH": environment.get("PATH", "")},  # pyenv's shims need it
                description="Find Python interpreters",
                level=LogLevel.DEBUG,
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    return Interpreters(parse_discovery(result.stdout.decode()))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
