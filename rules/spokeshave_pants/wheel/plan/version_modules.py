"""Rules for the generated version modules of wheels: which target provides each of them to the source tree."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pants.backend.python.target_types import PythonSourceField
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, DependenciesRequest, Target
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.cc.target_types import CcSharedLibraryDependenciesField
from spokeshave_pants.pants_api import concurrently, implicitly, resolve_targets, rule
from spokeshave_pants.wheel.target_types import (
    ExtensionModuleField,
    VariantField,
    VersionModuleField,
    WheelDependenciesField,
)


@dataclass(frozen=True)
class VersionModule:
    """A generated version module, by its wheel and its path in the wheel."""

    wheel: Address
    path: str

    @property
    def module(self) -> str:
        """Return the name by which Python imports it."""
        return self.path[: -len(".py")].replace("/", ".")


@dataclass(frozen=True)
class VersionModules:
    """The version modules that do not exist in the source tree, by the native target that they are generated with."""

    by_provider: FrozenDict[Address, tuple[VersionModule, ...]]


@rule(desc="Find version modules", level=LogLevel.DEBUG)
async def version_modules(all_targets: AllTargets) -> VersionModules:
    """Assign each version module to a native target of its wheel.

    The wheel itself depends on the sources that import its version module, so that it cannot be their dependency.
    """
    wheels = sorted(
        (target for target in all_targets if target.has_field(VersionModuleField) and target[VersionModuleField].value),
        # The plain build of a package comes before its variants.
        key=lambda wheel: (wheel[VariantField].value is not None, wheel.address),
    )
    listed = await concurrently(
        resolve_targets(**implicitly(DependenciesRequest(wheel[WheelDependenciesField]))) for wheel in wheels
    )
    native = [target for target in all_targets if target.has_field(ExtensionModuleField)]
    sources = [target[PythonSourceField].file_path for target in all_targets if target.has_field(PythonSourceField)]
    found: dict[Address, list[VersionModule]] = {}
    known: set[str] = set()
    for wheel, targets in zip(wheels, listed):
        path = wheel[VersionModuleField].value or ""
        provider = _provider(path, targets, native)
        is_source = any(source == path or source.endswith(f"/{path}") for source in sources)
        if provider is not None and path not in known and path.endswith(".py") and not is_source:
            known.add(path)
            found.setdefault(provider, []).append(VersionModule(wheel.address, path))
    return VersionModules(FrozenDict({address: tuple(modules) for address, modules in found.items()}))


def _provider(path: str, listed: Iterable[Target], extensions: Iterable[Target]) -> Address | None:
    """Return the native target that a version module is generated with: the wheel lists it, or it is in the package."""
    listed = tuple(listed)
    package = posixpath.dirname(path).replace("/", ".")
    candidates = (
        [target for target in listed if target.has_field(ExtensionModuleField)],
        [target for target in listed if target.has_field(CcSharedLibraryDependenciesField)],
        [target for target in extensions if target[ExtensionModuleField].value.rpartition(".")[0] == package],
    )
    return next((min(target.address for target in targets) for targets in candidates if targets), None)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
