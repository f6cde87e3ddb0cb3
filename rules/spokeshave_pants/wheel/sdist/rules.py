"""Rules that write the sdist of a `python_native_wheel`, and stamp it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, MergeDigests, RemovePrefix
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.problems import Problems, bullet_list
from spokeshave_core.reports.sdist import SdistDescription, SdistReport
from spokeshave_pants.action import Action, ActionKind, ends
from spokeshave_pants.cc.includes.third_party import CcPackage
from spokeshave_pants.cc.link.rules import LinkPlan, LinkPlanRequest, plan_link
from spokeshave_pants.cc.settings import PACKAGES_DIR
from spokeshave_pants.cc.target_types import CcSharedLibraryNameField, LinkFlagsField, PlatformLinkFlagsField
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_to_snapshot,
    implicitly,
    merge_digests,
    remove_prefix,
    resolve_target,
    rule,
)
from spokeshave_pants.sandbox.tools import OUTPUT_DIR, RunToolRequest, ToolResult, raise_for_failure, run_tool
from spokeshave_pants.wheel.build.assembly import (
    VersionOfWheelRequest,
    WheelFactsRequest,
    requirement_arguments,
    version_of_wheel,
    wheel_facts,
)
from spokeshave_pants.wheel.plan.contents import is_possible_extension
from spokeshave_pants.wheel.plan.rules import PAYLOAD_DIR, DescribedWheel, WheelPlanRequest, plan_described_wheel
from spokeshave_pants.wheel.plan.wheel_files import DATA_DIR
from spokeshave_pants.wheel.sdist.description import PlannedNativeFile, describe
from spokeshave_pants.wheel.smoke.rules import TESTS_DIR, SmokeInputsRequest, smoke_inputs
from spokeshave_pants.wheel.target_types import (
    CmakeField,
    ExtensionModuleField,
    ExtensionPlatformsField,
    PkgConfigField,
    VersionModuleField,
)

SDIST_DIR = "__sdist"
_NATIVE_DIR = "__native"
_DESCRIPTION = "__description.json"


@dataclass(frozen=True)
class SdistContentsRequest:
    """A request for what the sdist of a wheel builds."""

    address: Address


@dataclass(frozen=True)
class SdistNativeContents:
    """What the sdist of a wheel builds, and the C and C++ files for that.

    Attributes:
        digest: The files at their paths in the repository.
        packages: The Python packages whose headers or sources are compiled.
    """

    description: SdistDescription
    digest: Digest
    packages: tuple[CcPackage, ...]


@dataclass(frozen=True)
class UnstampedSdistRequest:
    """A request for the sdist of a wheel, without a version."""

    address: Address


@dataclass(frozen=True)
class UnstampedSdist:
    """An sdist with the placeholder version, below `SDIST_DIR`."""

    digest: Digest
    file_name: str
    native: SdistNativeContents
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class StampSdistRequest:
    """A request for the finished sdist of a wheel."""

    address: Address


@dataclass(frozen=True)
class StampedSdist:
    """A finished sdist.

    Attributes:
        files: The number of its files.
    """

    address: Address
    digest: Digest
    file_name: str
    sha256: str
    size: int
    version: str
    files: int
    actions: tuple[Action, ...]

    @classmethod
    def of(cls, address: Address, version: str, result: ToolResult, before: tuple[Action, ...]) -> StampedSdist:
        """Return the sdist that a tool wrote, after the actions before it.

        Raises:
            ToolError: If the tool failed.
        """
        raise_for_failure(result, str(address))
        report = result.report(SdistReport)
        return cls(
            address=address,
            digest=result.digest,
            file_name=report.sdist,
            sha256=report.sha256,
            size=report.size,
            version=version,
            files=len(report.files),
            actions=(*before, result.action.after(*ends(before))),
        )


def _planned(target: Target, plan: LinkPlan, folder: str) -> PlannedNativeFile:
    is_extension = target.has_field(ExtensionModuleField)
    name = target[ExtensionModuleField].value if is_extension else target[CcSharedLibraryNameField].value
    return PlannedNativeFile(
        target=target.address.spec,
        name=name or target.address.target_name,
        is_extension=is_extension,
        plan=plan,
        libraries=tuple(address.spec for address in plan.shared_libraries),
        link_flags=target[LinkFlagsField].value or (),
        platform_link_flags=tuple((target[PlatformLinkFlagsField].value or {}).items()),
        folder=folder,
        platforms=target[ExtensionPlatformsField].value if is_extension else (),
    )


@rule(desc="Collect the sources of an sdist", level=LogLevel.DEBUG)
async def sdist_native_contents(request: SdistContentsRequest) -> SdistNativeContents:
    plan = await plan_described_wheel(WheelPlanRequest(request.address))
    direct = await concurrently(
        plan_link(LinkPlanRequest(address, plan.variant), **implicitly()) for address in plan.native_targets
    )
    below = sorted({address for each in direct for address in each.shared_libraries} - {*plan.native_targets})
    addresses = (*plan.native_targets, *below)
    targets = await concurrently(
        resolve_target(WrappedTargetRequest(address, description_of_origin=request.address.spec), **implicitly())
        for address in addresses
    )
    links = await concurrently(
        plan_link(LinkPlanRequest(address, plan.variant), **implicitly()) for address in addresses
    )
    folders = dict(plan.libraries)
    native = tuple(
        _planned(wrapped.target, link, folders.get(wrapped.target.address, "")) for wrapped, link in zip(targets, links)
    )
    compiles = [each for link in links for each in link.plans]
    check_projects(request.address.spec, links)
    digest = await merge_digests(
        MergeDigests(dict.fromkeys(each.digest for each in compiles if not each.source.startswith(f"{PACKAGES_DIR}/")))
    )
    files = await digest_to_snapshot(digest)
    return SdistNativeContents(
        description=describe(native, frozenset(files.files), plan.matrix.platforms, plan.matrix.abis),
        digest=digest,
        packages=tuple(dict.fromkeys(package for each in compiles for package in each.packages)),
    )


def check_projects(spec: str, links: Iterable[LinkPlan]) -> None:
    """Check that no library of a project with a build of its own is part of an sdist.

    Raises:
        InvalidTargetError: If any is. The message lists the projects.
    """
    projects = {
        address
        for link in links
        for address in (
            *link.projects,
            *link.needed_projects,
            *(project.address for plan in link.plans for project in plan.projects),
        )
    }
    if projects:
        raise InvalidTargetError(
            f"{spec} has `sdist`, but its native files use projects with a build of their own, which an sdist does not "
            f"contain:\n{bullet_list(address.spec for address in sorted(projects))}\nRemove `sdist`, or describe the "
            "sources of these projects as `cc_sources`."
        )


def check_sdist(plan: DescribedWheel, payload: Iterable[str]) -> None:
    """Check that a wheel can be built from an sdist.

    Raises:
        InvalidTargetError: For all reasons that it cannot be.
    """
    problems = Problems()
    spec = plan.address.spec
    offered = [field.alias for field in (CmakeField, PkgConfigField) if plan.target[field].value]
    if offered or plan.offered is not None:
        names = " and ".join(f"`{name}`" for name in offered) or "`headers`"
        problems.add_text(
            f"{spec} has `sdist` together with {names}. Files for other C and C++ projects are not generated by a "
            "build of the sdist yet. Remove one of the two."
        )
    prebuilt = [path[len(PAYLOAD_DIR) + 1 :] for path in payload if is_possible_extension(path)]
    if prebuilt:
        problems.add_text(
            f"{spec} has `sdist`, but contains native files that are not built from sources: {', '.join(prebuilt)}. An "
            "sdist is for machines that they are not built for. Remove `sdist`, or build them from their sources."
        )
    problems.raise_if_any(InvalidTargetError)


async def _relative_tests(plan: DescribedWheel, tests: Digest) -> Digest:
    """Return the smoke tests at their paths relative to the BUILD file, below `TESTS_DIR`."""
    folder = f"{TESTS_DIR}/{plan.address.spec_path}".rstrip("/")
    relative = await remove_prefix(RemovePrefix(tests, folder))
    return await add_prefix(AddPrefix(relative, TESTS_DIR))


@rule(desc="Write an sdist", level=LogLevel.DEBUG)
async def write_sdist(request: UnstampedSdistRequest) -> UnstampedSdist:
    plan = await plan_described_wheel(WheelPlanRequest(request.address))
    check_sdist(plan, (await digest_to_snapshot(plan.payload)).files)
    native, inputs, facts = await concurrently(
        sdist_native_contents(SdistContentsRequest(request.address)),
        smoke_inputs(SmokeInputsRequest(request.address), **implicitly()),
        wheel_facts(WheelFactsRequest(request.address)),
    )
    siblings = await concurrently(wheel_facts(WheelFactsRequest(sibling)) for sibling in plan.siblings)
    tests = await _relative_tests(plan, inputs.tests)
    sources, description = await concurrently(
        add_prefix(AddPrefix(native.digest, _NATIVE_DIR)),
        create_digest(CreateDigest([FileContent(_DESCRIPTION, native.description.to_json().encode())])),
    )
    parts = (plan.payload, plan.metadata, plan.templates, sources, tests, description)
    version_module = plan.target[VersionModuleField].value
    result = await run_tool(
        RunToolRequest(
            argv=(
                *("sdist", "write", "--description", _DESCRIPTION, "--pyproject", plan.pyproject),
                *("--native", _NATIVE_DIR, "--payload", PAYLOAD_DIR, "--tests", TESTS_DIR, "--output", OUTPUT_DIR),
                *(("--data", f"{DATA_DIR}/data") if plan.data else ()),
                *(("--version-module", version_module) if version_module else ()),
                *(
                    argument
                    for path, template in plan.version_files
                    for argument in ("--version-file", f"{path}={template}")
                ),
                *requirement_arguments(plan, siblings),
            ),
            digest=await merge_digests(MergeDigests([*parts, *([plan.data] if plan.data else [])])),
            kind=ActionKind.ASSEMBLE,
            description=f"Write the sdist of {request.address}",
        ),
        **implicitly(),
    )
    raise_for_failure(result, str(request.address))
    return UnstampedSdist(
        digest=await add_prefix(AddPrefix(result.digest, SDIST_DIR)),
        file_name=result.report(SdistReport).sdist,
        native=native,
        actions=(*facts.actions, result.action.after(*ends(facts.actions))),
    )


@rule(desc="Stamp an sdist", level=LogLevel.DEBUG)
async def stamp_sdist(request: StampSdistRequest) -> StampedSdist:
    version = await version_of_wheel(VersionOfWheelRequest(request.address))
    unstamped = await write_sdist(UnstampedSdistRequest(request.address))
    result = await run_tool(
        RunToolRequest(
            argv=(
                *("sdist", "stamp", "--sdist", f"{SDIST_DIR}/{unstamped.file_name}", "--output", OUTPUT_DIR),
                *version.arguments,
            ),
            digest=unstamped.digest,
            kind=ActionKind.STAMP,
            description=f"Stamp the sdist of {request.address} with {version.version}",
        ),
        **implicitly(),
    )
    return StampedSdist.of(request.address, version.version, result, unstamped.actions)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
