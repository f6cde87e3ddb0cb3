"""Rules that repair, verify and stamp the wheel of one platform and one Python ABI."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.components import Components
from spokeshave_core.problems import Problem
from spokeshave_core.reports.repair import RepairReport
from spokeshave_core.reports.stamp import StampReport
from spokeshave_core.reports.verify import Finding, VerifyReport
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.errors import ToolError
from spokeshave_pants.pants_api import add_prefix, concurrently, create_digest, implicitly, merge_digests, rule
from spokeshave_pants.sandbox.tools import OUTPUT_DIR, RunToolRequest, ToolResult, raise_for_failure, run_tool
from spokeshave_pants.wheel.build import assembly
from spokeshave_pants.wheel.build.assembly import (
    AssembleWheelRequest,
    UnrepairedWheel,
    VersionOfWheelRequest,
    WheelKey,
    assemble_wheel,
    version_of_wheel,
)
from spokeshave_pants.wheel.build.linked_software import LinkedComponentsRequest, linked_components
from spokeshave_pants.wheel.plan.rules import WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.progress import WheelStep

COMPONENTS = "__components.json"
LIBRARIES_DIR = "__libraries"
WHEEL_DIR = "__wheel"


@dataclass(frozen=True)
class RepairWheelRequest:
    """A request to assemble, repair and verify a wheel."""

    key: WheelKey


@dataclass(frozen=True)
class RepairedWheel:
    """A wheel with grafted libraries, a proven tag and no findings."""

    digest: Digest
    file_name: str
    tags: tuple[str, ...]
    grafted: tuple[str, ...]
    unrepaired: UnrepairedWheel
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class CheckedWheel:
    """A wheel after repair and verification, valid or not.

    Attributes:
        file_name: The name of the repaired wheel, or of the unrepaired one if the repair failed.
        repaired: None if the wheel is not valid.
        problems: Why the repair failed.
        findings: What the verification found.
    """

    key: WheelKey
    file_name: str
    repaired: RepairedWheel | None
    actions: tuple[Action, ...]
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()

    def failure(self) -> str:
        """Everything that is wrong with the wheel, as a text for the user."""
        return "\n".join([f"{self.key}:", *map(str, self.problems), *map(str, self.findings)])


@dataclass(frozen=True)
class StampWheelRequest:
    """A request to build a wheel up to its stamp."""

    key: WheelKey


@dataclass(frozen=True)
class BuiltWheel:
    """A wheel from its sources to the stamp.

    Attributes:
        stamped: None where something is wrong with the wheel, as `checked` says.
    """

    checked: CheckedWheel
    stamped: StampedWheel | None


@dataclass(frozen=True)
class StampedWheel:
    """A finished wheel, except for its smoke tests."""

    key: WheelKey
    digest: Digest
    file_name: str
    sha256: str
    size: int
    version: str
    repaired: RepairedWheel
    actions: tuple[Action, ...]

    @property
    def distribution(self) -> str:
        """Return the name of the wheel's distribution."""
        return self.repaired.unrepaired.facts.distribution


def _repair_argv(key: WheelKey, unrepaired: UnrepairedWheel, *, is_native: bool) -> tuple[str, ...]:
    return (
        *("repair", "--wheel", f"{WHEEL_DIR}/{unrepaired.file_name}", "--platform", key.platform.tag),
        *("--library-dir", LIBRARIES_DIR, "--output", OUTPUT_DIR),
        *(argument for path in unrepaired.own_libraries for argument in ("--own-library", path)),
        *(("--components", COMPONENTS) if is_native else ()),
    )


def _verify_argv(key: WheelKey, file_name: str, modules: Iterable[str]) -> tuple[str, ...]:
    return (
        *("verify", "--wheel", f"{WHEEL_DIR}/{file_name}", "--platform", key.platform.tag),
        *("--abi", key.abi.name),
        *(argument for module in modules for argument in ("--extension", module)),
    )


async def _repair(key: WheelKey, unrepaired: UnrepairedWheel) -> ToolResult:
    plan = await plan_wheel(WheelPlanRequest(key.address))
    targets = plan.native_targets_for(key.platform)
    wheel, libraries, software = await concurrently(
        add_prefix(AddPrefix(unrepaired.digest, WHEEL_DIR)),
        add_prefix(AddPrefix(unrepaired.libraries, LIBRARIES_DIR)),
        linked_components(
            LinkedComponentsRequest(
                targets=targets,
                variant=plan.variant,
                platform=key.platform,
                abi=key.abi,
                archives=unrepaired.archives,
            )
        ),
    )
    known = (*software.components, *unrepaired.components)
    components = await create_digest(CreateDigest([FileContent(COMPONENTS, Components(known).to_json().encode())]))
    return await run_tool(
        RunToolRequest(
            # Nothing is known of a wheel whose native files are all prebuilt.
            argv=_repair_argv(key, unrepaired, is_native=bool(targets or known)),
            digest=await merge_digests(MergeDigests([wheel, libraries, components])),
            kind=ActionKind.REPAIR,
            description=WheelStep.REPAIR.description(key),
            platform=key.platform,
        ),
        **implicitly(),
    )


async def _verify(key: WheelKey, wheel: Digest, file_name: str, modules: Iterable[str]) -> ToolResult:
    result = await run_tool(
        RunToolRequest(
            argv=_verify_argv(key, file_name, modules),
            digest=wheel,
            kind=ActionKind.VERIFY,
            description=WheelStep.VERIFY.description(key),
            platform=key.platform,
        ),
        **implicitly(),
    )
    if result.problems():
        raise_for_failure(result, str(key))
    return result


@rule(desc="Repair and verify a wheel", level=LogLevel.DEBUG)
async def check_wheel(request: RepairWheelRequest) -> CheckedWheel:
    key = request.key
    unrepaired = await assemble_wheel(AssembleWheelRequest(key))
    result = await _repair(key, unrepaired)
    repair = result.action.after(unrepaired.actions[-1])
    if result.problems():
        return CheckedWheel(
            key=key,
            file_name=unrepaired.file_name,
            repaired=None,
            actions=(*unrepaired.actions, repair),
            problems=result.problems(),
        )
    raise_for_failure(result, str(key))
    report = result.report(RepairReport)
    repaired = await add_prefix(AddPrefix(result.digest, WHEEL_DIR))
    verified = await _verify(key, repaired, report.wheel, unrepaired.modules)
    actions = (*unrepaired.actions, repair, verified.action.after(repair))
    findings = verified.report(VerifyReport).findings
    good = RepairedWheel(
        digest=repaired,
        file_name=report.wheel,
        tags=report.tags,
        grafted=tuple(library.name for library in report.grafted),
        unrepaired=unrepaired,
        actions=actions,
    )
    return CheckedWheel(
        key=key, file_name=report.wheel, repaired=None if findings else good, actions=actions, findings=findings
    )


@rule(level=LogLevel.DEBUG)
async def repaired_wheel(request: RepairWheelRequest) -> RepairedWheel:
    checked = await check_wheel(request)
    if checked.repaired is None:
        raise ToolError(checked.failure())
    return checked.repaired


@rule(level=LogLevel.DEBUG)
async def build_wheel(request: StampWheelRequest) -> BuiltWheel:
    # An invalid version is reported before anything is compiled.
    await version_of_wheel(VersionOfWheelRequest(request.key.address))
    checked = await check_wheel(RepairWheelRequest(request.key))
    if checked.repaired is None:
        return BuiltWheel(checked, None)
    return BuiltWheel(checked, await stamp_wheel(request))


@rule(desc="Stamp a wheel", level=LogLevel.DEBUG)
async def stamp_wheel(request: StampWheelRequest) -> StampedWheel:
    key = request.key
    # A version that is not valid is reported before anything is compiled.
    version = await version_of_wheel(VersionOfWheelRequest(key.address))
    repaired = await repaired_wheel(RepairWheelRequest(key))
    result = await run_tool(
        RunToolRequest(
            argv=(
                *("stamp", "--wheel", f"{WHEEL_DIR}/{repaired.file_name}", "--output", OUTPUT_DIR),
                *version.arguments,
            ),
            digest=repaired.digest,
            kind=ActionKind.STAMP,
            description=WheelStep.STAMP.description(key, version.version),
            platform=key.platform,
        ),
        **implicitly(),
    )
    raise_for_failure(result, str(key))
    report = result.report(StampReport)
    return StampedWheel(
        key=key,
        digest=result.digest,
        file_name=report.wheel,
        sha256=report.sha256,
        size=report.size,
        version=version.version,
        repaired=repaired,
        # A wheel with findings is not stamped.
        actions=(*repaired.actions, result.action.after(repaired.actions[-1])),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *assembly.rules()]
