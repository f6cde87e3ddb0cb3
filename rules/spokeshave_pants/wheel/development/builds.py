"""Rules that find the wheels of a source or a linked target, whose builds a developer's tools repeat."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.closure.generated_rules import CcSource
from spokeshave_pants.cc.compile.rules import CompilePlan, CompilePlanRequest, plan_compile
from spokeshave_pants.cc.link.rules import LinkPlan, LinkPlanRequest, plan_link
from spokeshave_pants.cc.link.variant import CcVariantRequest, cc_variant
from spokeshave_pants.pants_api import concurrently, implicitly, rule
from spokeshave_pants.wheel.plan.matrix import WheelMatrix, is_built_for
from spokeshave_pants.wheel.plan.rules import WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.target_types import WheelDependenciesField

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WheelBuild:
    """The matrix of a wheel, what is linked for it, and the sources of that.

    Attributes:
        variant: The `cc_variant` that the sources are compiled with, if any.
        linked: The extensions and shared libraries.
        sources: The paths of all sources that are compiled for them.
        limits: The globs of the platforms of each source that only extensions with `platforms` contain.
    """

    matrix: WheelMatrix
    variant: Address | None
    linked: frozenset[Address]
    sources: frozenset[str]
    limits: FrozenDict[str, tuple[str, ...]]

    def compiles(self, source: str, platform: Platform) -> bool:
        """Return whether any of its extensions for a platform contains a source."""
        return source in self.sources and is_built_for(self.limits.get(source, ()), platform)


@dataclass(frozen=True)
class WheelBuildRequest:
    """A request for the build of a `python_native_wheel`."""

    address: Address


@dataclass(frozen=True)
class FoundWheel:
    """The build of a wheel, or None if the wheel cannot be planned."""

    build: WheelBuild | None


@dataclass(frozen=True)
class FoundWheelRequest:
    """A request for the build of a wheel that may have mistakes."""

    address: Address


@dataclass(frozen=True)
class WheelBuilds:
    """The builds of several wheels."""

    wheels: tuple[WheelBuild, ...]

    def containing(self, address: Address) -> WheelBuilds:
        """Return the wheels that a target is linked for."""
        return WheelBuilds(tuple(wheel for wheel in self.wheels if address in wheel.linked))

    def compiling(self, sources: Iterable[str]) -> WheelBuilds:
        """Return the wheels that any of the sources is compiled for."""
        wanted = set(sources)
        return WheelBuilds(tuple(wheel for wheel in self.wheels if not wanted.isdisjoint(wheel.sources)))

    def compiles(self, source: str, platform: Platform) -> bool:
        """Return whether a source is compiled for a platform, as far as wheels contain it."""
        found = self.compiling([source]).wheels
        return not found or any(wheel.compiles(source, platform) for wheel in found)

    @property
    def variants(self) -> tuple[Address | None, ...]:
        """Return the variants of the wheels, at first the one that is used: the build without a variant, if any."""
        named = {wheel.variant for wheel in self.wheels if wheel.variant is not None}
        plain = any(wheel.variant is None for wheel in self.wheels)
        return (*((None,) if plain else ()), *sorted(named))

    @property
    def variant(self) -> Address | None:
        """Return the variant that is used."""
        return next(iter(self.variants), None)

    @property
    def matrices(self) -> tuple[WheelMatrix, ...]:
        """Return the matrices of the wheels with the variant that is used."""
        return tuple(wheel.matrix for wheel in self.wheels if wheel.variant == self.variant)


@dataclass(frozen=True)
class VariantSourceRequest:
    """A request for the plan of a source in a variant, if any."""

    source: CcSource
    variant: Address | None


@dataclass(frozen=True)
class VariantSource:
    """The plan of a source in a variant."""

    plan: CompilePlan


@rule(level=LogLevel.DEBUG)
async def wheel_build(request: WheelBuildRequest) -> WheelBuild:
    plan = await plan_wheel(WheelPlanRequest(request.address))
    links = await concurrently(
        plan_link(LinkPlanRequest(address, plan.variant), **implicitly()) for address in plan.native_targets
    )
    libraries = tuple(dict.fromkeys(library for link in links for library in link.shared_libraries))
    below = await concurrently(
        plan_link(LinkPlanRequest(address, plan.variant), **implicitly()) for address in libraries
    )
    sources = {address: _sources(link) for address, link in zip(libraries, below)}
    uses: list[tuple[str, tuple[str, ...]]] = []
    for globs, link in zip(plan.native_platforms, links):
        used = {*_sources(link), *(path for library in link.shared_libraries for path in sources[library])}
        uses.extend((path, globs) for path in sorted(used))
    return WheelBuild(
        matrix=plan.matrix,
        variant=plan.variant,
        linked=frozenset((*plan.native_targets, *libraries)),
        sources=frozenset(path for path, _ in uses),
        limits=source_limits(uses),
    )


def _sources(link: LinkPlan) -> frozenset[str]:
    return frozenset(plan.source for plan in link.plans)


def source_limits(uses: Iterable[tuple[str, tuple[str, ...]]]) -> FrozenDict[str, tuple[str, ...]]:
    """Return the globs of the platforms that sources are limited to.

    Args:
        uses: Each source with the `platforms` of a linked target that contains it. Empty for all platforms.
    """
    found: dict[str, list[tuple[str, ...]]] = {}
    for path, globs in uses:
        found.setdefault(path, []).append(globs)
    return FrozenDict(
        {
            path: tuple(dict.fromkeys(glob for globs in listed for glob in globs))
            for path, listed in found.items()
            if all(listed)
        }
    )


@rule(level=LogLevel.DEBUG)
async def found_wheel(request: FoundWheelRequest) -> FoundWheel:
    """Find a wheel's build. A wheel that cannot be planned must not keep an editor or a shell from working."""
    try:
        return FoundWheel(await wheel_build(WheelBuildRequest(request.address)))
    except Exception as error:
        logger.warning(f"The builds of {request.address} are not considered: {error}")
        return FoundWheel(None)


@rule(desc="Find the wheels of C/C++ sources", level=LogLevel.DEBUG)
async def wheel_builds(all_targets: AllTargets) -> WheelBuilds:
    """Plan all wheels: what a wheel is linked from is known only then, because links take whole targets."""
    wheels = [target.address for target in all_targets if target.has_field(WheelDependenciesField)]
    found = await concurrently(found_wheel(FoundWheelRequest(wheel)) for wheel in wheels)
    return WheelBuilds(tuple(wheel.build for wheel in found if wheel.build))


@rule(level=LogLevel.DEBUG)
async def variant_source(request: VariantSourceRequest) -> VariantSource:
    variant = await cc_variant(CcVariantRequest(request.variant))
    plan = await plan_compile(CompilePlanRequest(request.source, variant.flags), **implicitly())
    return VariantSource(variant.applied_to(plan))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
