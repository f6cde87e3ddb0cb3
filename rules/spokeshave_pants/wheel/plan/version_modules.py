"""Rules for the generated version modules of wheels: which target provides each of them to the source tree."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pants.backend.python.target_types import PythonSourceField
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, DependenciesRequest, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.source.source_root import SourceRootRequest
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.cc.target_types import CcSharedLibraryDependenciesField
from spokeshave_pants.pants_api import (
    concurrently,
    get_optional_source_root,
    implicitly,
    resolve_target,
    resolve_targets,
    rule,
)
from spokeshave_pants.wheel.target_types import (
    ExtensionModuleField,
    VariantField,
    VersionModuleField,
    WheelDependenciesField,
)

logger = logging.getLogger(__name__)


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


@dataclass(frozen=True)
class ListedTargetsRequest:
    """A request for the targets in the `dependencies` of a wheel."""

    wheel: Address


@dataclass(frozen=True)
class ListedTargets:
    """The targets that a wheel lists. Empty for a wheel with an error, which its own build reports."""

    targets: tuple[Target, ...] = ()


@rule(level=LogLevel.DEBUG)
async def listed_targets(request: ListedTargetsRequest) -> ListedTargets:
    """Find what a wheel lists. A faulty wheel must not keep Pants from inferring the dependencies of other sources."""
    where = "a `python_native_wheel`"
    try:
        wheel = (
            await resolve_target(WrappedTargetRequest(request.wheel, description_of_origin=where), **implicitly())
        ).target
        return ListedTargets(
            tuple(await resolve_targets(**implicitly(DependenciesRequest(wheel[WheelDependenciesField]))))
        )
    except Exception as error:
        logger.debug(f"The dependencies of {request.wheel} are not considered: {error}")
        return ListedTargets()


async def _modules_of_sources(all_targets: Iterable[Target], wanted: Iterable[str]) -> frozenset[str]:
    """Return those of the paths at which a Python source is, relative to its source root."""
    wanted = frozenset(wanted)
    paths = [target[PythonSourceField].file_path for target in all_targets if target.has_field(PythonSourceField)]
    names = {posixpath.basename(path) for path in wanted}
    candidates = [path for path in paths if posixpath.basename(path) in names]
    roots = await concurrently(
        get_optional_source_root(SourceRootRequest.for_file(path), **implicitly()) for path in candidates
    )
    found = (
        posixpath.relpath(path, root.source_root.path if root.source_root else ".")
        for path, root in zip(candidates, roots)
    )
    return wanted.intersection(found)


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
    listed = await concurrently(listed_targets(ListedTargetsRequest(wheel.address)) for wheel in wheels)
    native = [target for target in all_targets if target.has_field(ExtensionModuleField)]
    sources = await _modules_of_sources(all_targets, (wheel[VersionModuleField].value or "" for wheel in wheels))
    found: dict[Address, list[VersionModule]] = {}
    known: set[str] = set()
    for wheel, own in zip(wheels, listed):
        path = wheel[VersionModuleField].value or ""
        provider = _provider(path, own.targets, native)
        if provider is not None and path not in known and path.endswith(".py") and path not in sources:
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
