"""Rules that refuse targets which would contain native code for the wrong machine.

Code generators learn nothing about the target that the code is for, so they always build for this machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pants.backend.python.target_types import PexCompletePlatformsField, PythonProvidesField
from pants.engine.addresses import Address, Addresses
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import (
    AllTargets,
    Dependencies,
    FieldSet,
    Target,
    TransitiveTargetsRequest,
    ValidatedDependencies,
    ValidateDependenciesRequest,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.problems import bullet_list
from spokeshave_pants.cc.target_types import CcSharedLibraryDependenciesField
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    implicitly,
    resolve_target,
    resolve_unparsed_address_inputs,
    rule,
    transitive_targets,
)
from spokeshave_pants.wheel.plan.requirements import is_closer
from spokeshave_pants.wheel.target_types import ExtensionModuleField, WheelDependenciesField

# The name that stands for the platform of this machine, in the `platforms` of a `pex_binary`.
_CURRENT = "current"


@dataclass(frozen=True)
class PexPlatformsFieldSet(FieldSet):
    """A target that is built for the platforms that it lists."""

    required_fields = (PexCompletePlatformsField,)
    complete_platforms: PexCompletePlatformsField


@dataclass(frozen=True)
class DistributionFieldSet(FieldSet):
    """A `python_distribution`."""

    required_fields = (PythonProvidesField,)
    provides: PythonProvidesField


class ValidatePexPlatformsRequest(ValidateDependenciesRequest[PexPlatformsFieldSet]):
    """A request to check the dependencies of a target with platforms."""

    field_set_type = PexPlatformsFieldSet


class ValidateDistributionRequest(ValidateDependenciesRequest[DistributionFieldSet]):
    """A request to check the dependencies of a `python_distribution`."""

    field_set_type = DistributionFieldSet


def native_addresses(targets: Iterable[Target]) -> tuple[Address, ...]:
    """Return the targets that are extensions or shared libraries."""
    kinds = (ExtensionModuleField, CcSharedLibraryDependenciesField)
    return tuple(sorted(target.address for target in targets if any(target.has_field(kind) for kind in kinds)))


def listed_platforms(target: Target) -> tuple[str, ...]:
    """Return the platforms other than this machine that a target lists. Newer versions of Pants have one field."""
    values = {field.alias: field.value for field in target.field_values.values()}
    platforms = (*(values.get("platforms") or ()), *(values.get("complete_platforms") or ()))
    return tuple(platform for platform in platforms if platform != _CURRENT)


def owned_by(distribution: Address, native: Iterable[Address]) -> tuple[Address, ...]:
    """Return the targets that Pants puts into a `python_distribution`: those in its folder and below."""
    folder = distribution.spec_path
    return tuple(
        address
        for address in native
        if not folder or address.spec_path == folder or address.spec_path.startswith(f"{folder}/")
    )


def remedy(distribution: Address, native: Address, wheels: Iterable[Address]) -> str:
    """Return how to keep a native target out of a `python_distribution`.

    Args:
        wheels: The native wheels of the repository. Which of them depend on the target is not known here.
    """
    folders = distribution.spec_path, native.spec_path
    closer = [wheel for wheel in wheels if is_closer(wheel.spec_path, *folders)]
    if not closer:
        return f"{native}: declare a `python_native_wheel` instead."
    nearest = min(closer, key=lambda wheel: (-len(wheel.spec_path), wheel))
    return (
        f"{native}: {nearest} is a `python_native_wheel` that is nearer to it. Add '!!{native}' to the `dependencies` "
        f"of {distribution}, and the distribution of {nearest} to its requirements."
    )


async def _native_contents(target: Target, dependencies: Addresses) -> tuple[Address, ...]:
    """Return the native targets that Pants puts into a target, without those that it excludes by `!!`."""
    closure = await transitive_targets(TransitiveTargetsRequest(dependencies), **implicitly())
    native = native_addresses(closure.closure)
    unparsed = target.get(Dependencies).unevaluated_transitive_excludes
    if not native or not unparsed.values:
        return native
    excluded = frozenset(await resolve_unparsed_address_inputs(unparsed, **implicitly()))
    return tuple(address for address in native if address not in excluded)


@rule(level=LogLevel.DEBUG)
async def check_pex_platforms(request: ValidatePexPlatformsRequest) -> ValidatedDependencies:
    address = request.field_set.address
    target = (
        await resolve_target(
            WrappedTargetRequest(address, description_of_origin=f"the target {address}"), **implicitly()
        )
    ).target
    platforms = listed_platforms(target)
    if not platforms:
        return ValidatedDependencies()
    native = await _native_contents(target, request.dependencies)
    if native:
        raise InvalidTargetError(
            f"{address} is for the platforms {', '.join(platforms)}, but it would contain native code for this machine "
            f"only:\n{bullet_list(map(str, native))}\nBuild it without the platforms, on a machine of each of them, or "
            f"install the wheels of a `python_native_wheel` there."
        )
    return ValidatedDependencies()


@rule(level=LogLevel.DEBUG)
async def check_distribution(request: ValidateDistributionRequest, all_targets: AllTargets) -> ValidatedDependencies:
    address = request.field_set.address
    target = (
        await resolve_target(
            WrappedTargetRequest(address, description_of_origin=f"the target {address}"), **implicitly()
        )
    ).target
    native = owned_by(address, await _native_contents(target, request.dependencies))
    if native:
        wheels = [each.address for each in all_targets if each.has_field(WheelDependenciesField)]
        raise InvalidTargetError(
            f"{address} is a `python_distribution`, whose wheel is for any platform, but it would contain native code "
            f"for this machine:\n{bullet_list(remedy(address, each, wheels) for each in native)}"
        )
    return ValidatedDependencies()


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(ValidateDependenciesRequest, ValidatePexPlatformsRequest),
        UnionRule(ValidateDependenciesRequest, ValidateDistributionRequest),
    ]
