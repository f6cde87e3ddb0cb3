"""Rules that find the wheels of a source or a linked target, whose platforms and Pythons a developer's tools use."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, TransitiveTargetsRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.includes.rules import owner_of
from spokeshave_pants.cc.link.rules import LinkPlanRequest, plan_link
from spokeshave_pants.pants_api import concurrently, implicitly, rule, transitive_targets
from spokeshave_pants.wheel.plan.matrix import WheelMatrix
from spokeshave_pants.wheel.plan.rules import WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.target_types import WheelDependenciesField

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WheelBuild:
    """The matrix of a wheel, what is linked for it, and the sources of that.

    Attributes:
        linked: The extensions and shared libraries.
        sources: The paths of all sources that are compiled for them.
    """

    matrix: WheelMatrix
    linked: frozenset[Address]
    sources: frozenset[str]


@dataclass(frozen=True)
class WheelBuildRequest:
    """A request for the build of a `python_native_wheel`."""

    address: Address


@dataclass(frozen=True)
class FoundWheel:
    """The build of a wheel, or None if the wheel has nothing to do with a run or cannot be planned."""

    build: WheelBuild | None


@dataclass(frozen=True)
class FoundWheelRequest:
    """A request for the build of a wheel, if it depends on any of the targets."""

    wheel: Address
    targets: tuple[Address, ...]


@dataclass(frozen=True)
class WheelBuildsRequest:
    """A request for the builds of the wheels that depend on any of the targets."""

    targets: tuple[Address, ...]


@dataclass(frozen=True)
class WheelBuilds:
    """The builds of several wheels."""

    wheels: tuple[WheelBuild, ...]

    def containing(self, address: Address) -> tuple[WheelMatrix, ...]:
        """Return the matrices of the wheels that a target is linked for."""
        return tuple(wheel.matrix for wheel in self.wheels if address in wheel.linked)

    def compiling(self, sources: Iterable[str]) -> tuple[WheelMatrix, ...]:
        """Return the matrices of the wheels that any of the sources is compiled for."""
        wanted = set(sources)
        return tuple(wheel.matrix for wheel in self.wheels if not wanted.isdisjoint(wheel.sources))


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
    return WheelBuild(
        matrix=plan.matrix,
        linked=frozenset((*plan.native_targets, *libraries)),
        sources=frozenset(compile_plan.source for link in (*links, *below) for compile_plan in link.plans),
    )


@rule(level=LogLevel.DEBUG)
async def found_wheel(request: FoundWheelRequest) -> FoundWheel:
    """Find a wheel's build. A wheel that cannot be planned must not keep an editor or a shell from working."""
    try:
        reached = await transitive_targets(TransitiveTargetsRequest([request.wheel]), **implicitly())
        owners = {owner_of(target.address) for target in reached.closure}
        if owners.isdisjoint(request.targets):
            return FoundWheel(None)
        return FoundWheel(await wheel_build(WheelBuildRequest(request.wheel)))
    except Exception as error:
        logger.warning(f"The platforms and Pythons of {request.wheel} are not considered: {error}")
        return FoundWheel(None)


@rule(desc="Find the wheels of C/C++ sources", level=LogLevel.DEBUG)
async def wheel_builds(request: WheelBuildsRequest, all_targets: AllTargets) -> WheelBuilds:
    wheels = [target.address for target in all_targets if target.has_field(WheelDependenciesField)]
    found = await concurrently(found_wheel(FoundWheelRequest(wheel, request.targets)) for wheel in wheels)
    return WheelBuilds(tuple(wheel.build for wheel in found if wheel.build))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
