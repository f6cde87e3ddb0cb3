"""The actions that a target's wheels take, before any of them is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pants.engine.addresses import Address
from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform, System
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.compile.rules import CompilePlan
from spokeshave_pants.cc.compile_command import compile_description
from spokeshave_pants.cc.link.command import link_description
from spokeshave_pants.cc.link.rules import LinkPlanRequest, plan_link
from spokeshave_pants.cc.project.script import project_description
from spokeshave_pants.cc.runtime_pack.recipe import pack_description
from spokeshave_pants.cc.target_types import CcSharedLibraryNameField
from spokeshave_pants.headers.exports import import_library_description
from spokeshave_pants.pants_api import concurrently, implicitly, resolve_target, rule
from spokeshave_pants.wheel.backend.build import backend_description
from spokeshave_pants.wheel.build.assembly import WheelKey
from spokeshave_pants.wheel.build.extension import fuse_description
from spokeshave_pants.wheel.plan.matrix import extension_path
from spokeshave_pants.wheel.plan.rules import WheelPlan, WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.progress import PlannedWheel, PlannedWork
from spokeshave_pants.wheel.smoke.rules import SmokeTestWheelRequest, smoke_chance
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem
from spokeshave_pants.wheel.target_types import ExtensionModuleField

PLAN_METADATA = "spokeshave_plan"
# What Pants calls the work unit of the rule.
PLANNING = "spokeshave_plan_actions"


@dataclass(frozen=True)
class AnnouncedWorkRequest:
    """The planned actions of a target."""

    address: Address


@dataclass(frozen=True)
class AnnouncedWork(EngineAwareReturnType):
    """The planned actions of a target's wheels, which the run's progress is measured by."""

    work: PlannedWork

    def metadata(self) -> dict[str, Any]:
        """Return the planned work for the progress log."""
        return {PLAN_METADATA: self.work}

    def cacheable(self) -> bool:
        """Return False, because each run has its own progress."""
        return False


@dataclass(frozen=True)
class LinkedTarget:
    """An extension (with a module) or a shared library (with a name), and the sources and projects that it links."""

    module: str | None
    name: str
    plans: tuple[CompilePlan, ...]
    projects: tuple[Address, ...] = ()

    def path(self, platform: Platform, abi: PythonAbi) -> str:
        """Return the path of the linked file in the wheel."""
        return extension_path(self.module, abi, platform) if self.module else platform.shared_library(self.name)

    def actions(self, platform: Platform, abi: PythonAbi) -> tuple[str, ...]:
        """The compiles and the link for one processor."""
        compiled = (plan for plan in self.plans if plan.is_for(platform))
        windows = bool(self.module) and platform.system is System.WINDOWS
        return (
            *(project_description(str(project), platform) for project in self.projects),
            *(compile_description(plan.source, platform, abi if plan.needs_python else None) for plan in compiled),
            *((import_library_description(abi, platform),) if windows else ()),
            link_description(self.path(platform, abi), platform, abi if self.module else None),
        )


def native_actions(linked: tuple[LinkedTarget, ...], platform: Platform, abi: PythonAbi) -> tuple[str, ...]:
    """What has to be done for the native files of a wheel."""
    if not linked:
        return ()
    slices = platform.slices
    fused = (fuse_description(target.path(slices[0], abi), platform) for target in linked if len(slices) > 1)
    of_slices = (action for part in slices for target in linked for action in target.actions(part, abi))
    return (*(pack_description(part) for part in slices), *of_slices, *fused)


def backend_actions(key: WheelKey) -> tuple[str, ...]:
    """What has to be done before the wheel of a project's own backend is taken in."""
    slices = key.platform.slices
    built = (backend_description(key.address.spec, part, key.abi) for part in slices)
    return (*(pack_description(part) for part in slices), *built)


async def _target(address: Address) -> Target:
    where = f"the target {address}"
    return (await resolve_target(WrappedTargetRequest(address, description_of_origin=where), **implicitly())).target


async def _linked_targets(targets: tuple[Address, ...], variant: Address | None) -> tuple[LinkedTarget, ...]:
    """Return what is linked for the wheels of a platform: its native targets, and the libraries below them."""
    listed = await concurrently(plan_link(LinkPlanRequest(address, variant), **implicitly()) for address in targets)
    below = sorted({address for each in listed for address in each.shared_libraries} - {*targets})
    addresses = (*targets, *below)
    plans = await concurrently(plan_link(LinkPlanRequest(address, variant), **implicitly()) for address in addresses)
    linked = []
    for address, link in zip(addresses, plans):
        target = await _target(address)
        module = target[ExtensionModuleField].value if target.has_field(ExtensionModuleField) else None
        name = target[CcSharedLibraryNameField].value if target.has_field(CcSharedLibraryNameField) else None
        linked.append(
            LinkedTarget(
                module=module,
                name=name or address.target_name,
                plans=link.plans,
                projects=(*link.projects, *link.needed_projects),
            )
        )
    return tuple(linked)


async def _linked_wheels(plan: WheelPlan, keys: Iterable[WheelKey]) -> tuple[PlannedWheel, ...]:
    keys = tuple(keys)
    by_platform = {
        platform: await _linked_targets(plan.native_targets_for(platform), plan.variant)
        for platform in dict.fromkeys(key.platform for key in keys)
    }
    return tuple(
        PlannedWheel(str(key), native_actions(by_platform[key.platform], key.platform, key.abi)) for key in keys
    )


@rule(canonical_name=PLANNING, desc="Plan the actions of wheels", level=LogLevel.DEBUG)
async def announce_work(request: AnnouncedWorkRequest, chosen: NativeWheelSubsystem) -> AnnouncedWork:
    plan = await plan_wheel(WheelPlanRequest(request.address))
    matrix = plan.matrix.narrowed(chosen.globs())
    keys = [WheelKey(request.address, platform, abi) for platform in matrix.platforms for abi in matrix.abis]
    if plan.has_backend:
        native = tuple(PlannedWheel(str(key), backend_actions(key)) for key in keys)
    else:
        native = await _linked_wheels(plan, keys)
    chances = await concurrently(
        smoke_chance(SmokeTestWheelRequest(key, version), **implicitly())
        for key in keys
        for version in matrix.served_by(key.abi)
    )
    return AnnouncedWork(PlannedWork(native, sum(not chance.reason for chance in chances)))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
