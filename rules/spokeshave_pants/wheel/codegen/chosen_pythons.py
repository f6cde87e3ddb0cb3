"""Rules that find the Pythons for which Pants' own goals need an extension, among those of this machine."""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import InterpreterConstraintsField, PexBinary
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_cli import PexCliProcess
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.addresses import Address
from pants.engine.process import Process, ProcessCacheScope
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    concurrently,
    execute_process_or_raise,
    find_interpreter,
    implicitly,
    resolve_target,
    rule,
)
from spokeshave_pants.wheel.codegen.pythons import LocalPython, describe, parse_inspection, possible_choices
from spokeshave_pants.wheel.target_types import ExtensionModuleField

_QUESTION = (
    "import sys, sysconfig; "
    "print(f\"3.{sys.version_info[1]}{'t' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''}\")"
)


@dataclass(frozen=True)
class LocalPythons:
    """All CPythons in `[python-bootstrap].search_path`, as pex finds them."""

    found: tuple[LocalPython, ...]


@dataclass(frozen=True)
class PythonConstraints:
    """The interpreter constraints of the repository's Python code.

    Attributes:
        of_any: Those of all Python targets.
        of_pex_binaries: Those of all `pex_binary` targets, which run on any Python that they allow.
    """

    of_any: tuple[tuple[str, ...], ...]
    of_pex_binaries: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ChosenPythonRequest:
    """A request for the Python that Pants chooses for code with these interpreter constraints."""

    constraints: InterpreterConstraints


@dataclass(frozen=True)
class ChosenPython:
    """The Python that Pants chooses."""

    version: PythonVersion


@dataclass(frozen=True)
class ExtensionPythonsRequest:
    """A request for the Pythons that an extension is needed for."""

    address: Address


@dataclass(frozen=True)
class ExtensionPythons:
    """The Pythons of this machine on which Pants' goals may run code that imports an extension."""

    versions: tuple[PythonVersion, ...]


def constraints_of(target: Target, setup: PythonSetup) -> tuple[str, ...]:
    """Return the interpreter constraints of a target, which are alternatives. Empty if it has no such field."""
    found = InterpreterConstraints.create_from_targets([target], setup)
    return tuple(sorted(str(constraint) for constraint in found or ()))


@rule(desc="Find the Pythons of Pants' goals", level=LogLevel.DEBUG)
async def local_pythons() -> LocalPythons:
    result = await execute_process_or_raise(
        **implicitly(
            PexCliProcess(
                subcommand=("interpreter", "inspect"),
                extra_args=("--all", "--verbose"),
                description="Find the Pythons in `[python-bootstrap].search_path`",
                level=LogLevel.DEBUG,
                # Pythons are installed and removed while their paths remain.
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    return LocalPythons(parse_inspection(result.stdout.decode()))


@rule(level=LogLevel.DEBUG)
async def python_constraints(all_targets: AllTargets, setup: PythonSetup) -> PythonConstraints:
    python = [
        target
        for target in all_targets
        if target.has_field(InterpreterConstraintsField) and not target.has_field(ExtensionModuleField)
    ]
    binaries = (target for target in python if isinstance(target, PexBinary))
    return PythonConstraints(
        of_any=tuple(sorted({constraints_of(target, setup) for target in python})),
        of_pex_binaries=tuple(sorted({constraints_of(target, setup) for target in binaries})),
    )


@rule(desc="Find the Python that Pants chooses", level=LogLevel.DEBUG)
async def chosen_python(request: ChosenPythonRequest) -> ChosenPython:
    python: PythonExecutable = await find_interpreter(request.constraints, **implicitly())
    result = await execute_process_or_raise(
        **implicitly(
            Process(
                argv=(python.path, "-I", "-c", _QUESTION),
                append_only_caches=python.append_only_caches,
                description=f"Find the version of {python.path}",
                level=LogLevel.DEBUG,
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    return ChosenPython(PythonVersion.parse(result.stdout.decode().strip(), where=python.path))


@rule(desc="Find the Pythons for an extension", level=LogLevel.DEBUG)
async def extension_pythons(
    request: ExtensionPythonsRequest, local: LocalPythons, constraints: PythonConstraints, setup: PythonSetup
) -> ExtensionPythons:
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    own = constraints_of(target, setup)
    fitting = {python for python in local.found if python.satisfies(own)}
    if not fitting:
        raise InvalidTargetError(
            f"{request.address} is needed by Python code that Pants runs, but no Python of this machine satisfies its "
            f"`interpreter_constraints` ({' or '.join(own)}). The Pythons in `[python-bootstrap].search_path` are "
            f"{describe(local.found)}. Install one that satisfies them, or correct the field or the option."
        )
    anywhere = {
        python.feature for python in fitting if any(python.satisfies(binary) for binary in constraints.of_pex_binaries)
    }
    choices = possible_choices(local.found, own, constraints.of_any)
    chosen = await concurrently(
        chosen_python(
            ChosenPythonRequest(
                InterpreterConstraints.merge(InterpreterConstraints(each) for each in choice.constraints)
            )
        )
        for choice in choices
        # One allowed version needs no choice.
        if len({python.feature for python in choice.allowed}) > 1
    )
    only = {
        python.feature
        for choice in choices
        if len({python.feature for python in choice.allowed}) == 1
        for python in choice.allowed
    }
    return ExtensionPythons(tuple(sorted({*anywhere, *only, *(each.version for each in chosen)})))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
