"""Rules that register generated modules, so that an import implies a dependency on what they are generated from.

These are extensions, and the version modules of wheels.
"""

from __future__ import annotations

from pants.backend.python.dependency_inference.module_mapper import (
    FirstPartyPythonMappingImpl,
    FirstPartyPythonMappingImplMarker,
    ModuleProvider,
    ModuleProviderType,
)
from pants.backend.python.subsystems.setup import PythonSetup
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.pants_api import rule
from spokeshave_pants.wheel.plan import version_modules
from spokeshave_pants.wheel.plan.version_modules import VersionModules
from spokeshave_pants.wheel.target_types import ExtensionModuleField

# Pants' name for the only resolve of a repository without resolves.
_NO_RESOLVE = "<ignore>"


class ExtensionModulesMarker(FirstPartyPythonMappingImplMarker):
    """Marker of this mapping from Python modules to targets."""


@rule(desc="Map extensions to Python modules", level=LogLevel.DEBUG)
async def map_extensions_to_modules(
    _: ExtensionModulesMarker, all_targets: AllTargets, versions: VersionModules, python_setup: PythonSetup
) -> FirstPartyPythonMappingImpl:
    providers: dict[str, list[ModuleProvider]] = {}
    for target in all_targets:
        if target.has_field(ExtensionModuleField):
            provider = ModuleProvider(target.address, ModuleProviderType.IMPL)
            providers.setdefault(target[ExtensionModuleField].value, []).append(provider)
    for address, modules in versions.by_provider.items():
        for version in modules:
            providers.setdefault(version.module, []).append(ModuleProvider(address, ModuleProviderType.IMPL))
    # An extension belongs to no resolve, so the sources of all resolves may import it.
    resolves = python_setup.resolves if python_setup.enable_resolves else (_NO_RESOLVE,)
    return FirstPartyPythonMappingImpl.create(dict.fromkeys(resolves, providers))


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        *version_modules.rules(),
        UnionRule(FirstPartyPythonMappingImplMarker, ExtensionModulesMarker),
    ]
