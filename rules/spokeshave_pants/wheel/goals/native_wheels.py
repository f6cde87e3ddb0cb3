"""The goal `native-wheels`: list the wheels that `package` would build, without building anything."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.console import Console
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import FilteredTargets
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import concurrently, goal_rule, implicitly, rule
from spokeshave_pants.release.rules import WheelVersionRequest, wheel_version
from spokeshave_pants.wheel.backend_target_types import VersionMode
from spokeshave_pants.wheel.build.assembly import WheelKey
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheelRequest, plan_backend_wheel
from spokeshave_pants.wheel.plan.rules import WheelPlanRequest, plan_described_wheel, plan_wheel
from spokeshave_pants.wheel.plan.wheel_files import WheelMetadataRequest, wheel_metadata
from spokeshave_pants.wheel.report.listing import (
    ListedPython,
    ListedWheel,
    listed_wheel,
    normal_version,
    render_json,
    render_text,
)
from spokeshave_pants.wheel.smoke.rules import SmokeTestWheelRequest, smoke_chance
from spokeshave_pants.wheel.subsystem import (
    ListFormat,
    NativeWheels,
    NativeWheelsSubsystem,
    NativeWheelSubsystem,
)
from spokeshave_pants.wheel.target_types import PythonsField

# The name of a distribution that only a build states.
UNKNOWN = "*"


@dataclass(frozen=True)
class ListWheelsRequest:
    """A request for the wheels of a target."""

    address: Address
    with_version: bool


@dataclass(frozen=True)
class ListedWheels:
    """The wheels of a target."""

    wheels: tuple[ListedWheel, ...]


@dataclass(frozen=True)
class NamedDistributionRequest:
    """A request for the name and the version of a target's distribution."""

    address: Address
    with_version: bool


@dataclass(frozen=True)
class NamedDistribution:
    """The name and the version of a distribution. The version is None if it was not computed."""

    name: str
    version: str | None


async def _name_project(request: NamedDistributionRequest) -> NamedDistribution:
    """Return what the source tree of a project with its own backend states. Only a build states the rest."""
    plan = await plan_backend_wheel(BackendWheelRequest(request.address))
    name = plan.project.name or UNKNOWN
    if plan.version_mode is VersionMode.OWN:
        return NamedDistribution(name, plan.project.version)
    if not request.with_version:
        return NamedDistribution(name, None)
    version = await wheel_version(WheelVersionRequest(request.address, None), **implicitly())
    return NamedDistribution(name, normal_version(version.version, str(request.address)))


@rule(level=LogLevel.DEBUG)
async def name_distribution(request: NamedDistributionRequest) -> NamedDistribution:
    if (await plan_wheel(WheelPlanRequest(request.address))).has_backend:
        return await _name_project(request)
    plan = await plan_described_wheel(WheelPlanRequest(request.address))
    where = f"the target {request.address}"
    pyproject = (await wheel_metadata(WheelMetadataRequest(plan.pyproject, where))).pyproject
    if pyproject.name is None:
        raise InvalidTargetError(
            f"{plan.pyproject}, the `pyproject` of {where}, has no `name` in its `[project]` table. Add it."
        )
    if pyproject.version is None and not request.with_version:
        return NamedDistribution(pyproject.name, None)
    version = await wheel_version(WheelVersionRequest(request.address, pyproject.version), **implicitly())
    return NamedDistribution(pyproject.name, normal_version(version.version, plan.pyproject))


@rule(desc="List wheels", level=LogLevel.DEBUG)
async def list_wheels(request: ListWheelsRequest, chosen: NativeWheelSubsystem) -> ListedWheels:
    plan = await plan_wheel(WheelPlanRequest(request.address))
    named = await name_distribution(NamedDistributionRequest(request.address, request.with_version))
    matrix = plan.matrix.narrowed(chosen.globs())
    keys = [WheelKey(request.address, platform, abi) for platform in matrix.platforms for abi in matrix.abis]
    served = [(key, version) for key in keys for version in matrix.served_by(key.abi)]
    chances = await concurrently(
        smoke_chance(SmokeTestWheelRequest(key, version), **implicitly()) for key, version in served
    )
    pythons: dict[WheelKey, list[ListedPython]] = {}
    for (key, version), chance in zip(served, chances):
        listed = ListedPython(
            python=str(version),
            required=chance.required,
            interpreter=chance.interpreter,
            emulator=chance.emulator,
            reason=chance.reason,
        )
        pythons.setdefault(key, []).append(listed)
    return ListedWheels(
        tuple(
            listed_wheel(request.address.spec, named.name, named.version, (key.platform, key.abi), pythons.get(key, ()))
            for key in keys
        )
    )


@goal_rule
async def list_native_wheels(
    console: Console, specified: FilteredTargets, subsystem: NativeWheelsSubsystem
) -> NativeWheels:
    targets = sorted(target.address for target in specified if target.has_field(PythonsField))
    found = await concurrently(
        list_wheels(ListWheelsRequest(address, subsystem.version), **implicitly()) for address in targets
    )
    wheels = [wheel for each in found for wheel in each.wheels]
    if not wheels:
        console.print_stderr("The specified targets have no wheels for the selected platforms.")
    with subsystem.output(console) as write:
        write(render_json(wheels) if subsystem.format is ListFormat.JSON else render_text(wheels))
    return NativeWheels(exit_code=0)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
