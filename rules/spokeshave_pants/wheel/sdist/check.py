"""Rules that check an sdist: the wheel that is built from it has to be the wheel of the source tree.

The sdist is built by scikit-build-core and CMake, as users build it, but with the toolchain of the wheels, so that
nothing of this machine decides what is found.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import (
    EMPTY_DIGEST,
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_core.reports.backend import BackendReport
from spokeshave_core.reports.sdist import SdistCheckReport
from spokeshave_core.requirement_lines import decode_requirements
from spokeshave_pants.action import Action, ActionKind, ends
from spokeshave_pants.cc.foreign.rules import ForeignToolchainRequest, make_foreign_toolchain
from spokeshave_pants.cc.foreign.tools import FOREIGN_DIR
from spokeshave_pants.confinement.rules import OfflineProcess, run_offline
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    get_digest_contents,
    implicitly,
    merge_digests,
    rule,
)
from spokeshave_pants.resources.files import backend_tool
from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements
from spokeshave_pants.sandbox.requirements_file import RequirementsFileRequest, find_requirements_file
from spokeshave_pants.sandbox.tools import RunToolRequest, run_tool
from spokeshave_pants.sources.rules import SourceArchive, UnpackRequest, unpack_archive
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR
from spokeshave_pants.wheel.backend.environment import (
    BuildPackagesRequest,
    BuildPins,
    BuildPythonRequest,
    TargetPythonRequest,
    build_packages,
    build_python,
    target_python,
)
from spokeshave_pants.wheel.backend.report import foreign_calls
from spokeshave_pants.wheel.backend.request import (
    CONFIG_SITE,
    HEADERS_DIR,
    OUTPUT_DIR,
    OVERLAY_DIR,
    PACKAGES_DIR,
    PROGRAM_DIR,
    REPORT,
    REQUEST,
    SOURCE_DIR,
    BuildSettings,
    BuildVersion,
    request_text,
)
from spokeshave_pants.wheel.backend.rules import backend_process
from spokeshave_pants.wheel.backend.system_files import system_files
from spokeshave_pants.wheel.build.rules import WHEEL_DIR, RepairWheelRequest, WheelKey, check_wheel
from spokeshave_pants.wheel.plan.rules import WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.sdist.outcome import check_problems, check_summary
from spokeshave_pants.wheel.sdist.rules import SDIST_DIR, UnstampedSdistRequest, write_sdist
from spokeshave_pants.wheel.smoke.rules import (
    SmokeTestUnstampedRequest,
    SmokeTestWheelRequest,
    smoke_chance,
    smoke_test_unstamped,
)
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem

CARRIED_REQUIREMENTS = "resource://spokeshave_pants.resources/scikit-build.txt"


@dataclass(frozen=True)
class CheckSdistRequest:
    """A request to check the sdist of a target."""

    address: Address


@dataclass(frozen=True)
class SdistCheck:
    """The check of an sdist.

    Attributes:
        summary: What was compared and tested, or why nothing was.
        problems: Why the sdist must not be published, as texts for the user.
    """

    summary: str
    actions: tuple[Action, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildSdistRequest:
    """A request to build an sdist for a Python of this machine.

    Attributes:
        platform: A platform with a single processor.
    """

    address: Address
    platform: Platform
    version: PythonVersion


@dataclass(frozen=True)
class SdistBuild:
    """A wheel that was built from an sdist, below `OUTPUT_DIR`.

    Attributes:
        failure: Why there is no wheel. Empty if there is one.
    """

    digest: Digest
    wheel: str
    actions: tuple[Action, ...]
    failure: str = ""


@dataclass(frozen=True)
class CheckableWheelRequest:
    """A request for the wheel that an sdist is compared with."""

    address: Address


@dataclass(frozen=True)
class CheckableWheel:
    """The first wheel that a Python of this machine runs.

    Attributes:
        key: None if there is none.
        reason: Why there is none. Empty if there is one.
    """

    key: WheelKey | None
    version: PythonVersion | None
    reason: str = ""


@rule(level=LogLevel.DEBUG)
async def checkable_wheel(request: CheckableWheelRequest, chosen: NativeWheelSubsystem) -> CheckableWheel:
    matrix = (await plan_wheel(WheelPlanRequest(request.address))).matrix
    matrix = matrix.narrowed(chosen.globs())
    served = [
        (WheelKey(request.address, platform, abi), version)
        for platform in matrix.platforms
        if len(platform.slices) == 1
        for abi in matrix.abis
        for version in matrix.served_by(abi)
    ]
    chances = await concurrently(
        smoke_chance(SmokeTestWheelRequest(key, version), **implicitly()) for key, version in served
    )
    for (key, version), chance in zip(served, chances):
        if not chance.reason and not chance.emulator:
            return CheckableWheel(key, version)
    reasons = dict.fromkeys(chance.reason or "its Python is emulated" for chance in chances)
    return CheckableWheel(None, None, "; ".join(reasons) or "no platform with a single processor is selected")


@rule(level=LogLevel.DEBUG)
async def sdist_pins(request: UnstampedSdistRequest) -> BuildPins:
    """Return the pins of the build requirements of an sdist: the plugin's own, and those of the C and C++ packages."""
    where = f"the sdist of {request.address}"
    sdist = await write_sdist(request)
    file = await find_requirements_file(RequirementsFileRequest(CARRIED_REQUIREMENTS, where))
    contents = await get_digest_contents(file.digest)
    own = PinnedRequirements.parse(decode_requirements(contents[0].content))
    texts = (own.text, *(package.pins.text for package in sdist.native.packages))
    return BuildPins(file.path, PinnedRequirements.parse("".join(dict.fromkeys(texts))))


@rule(desc="Build an sdist", level=LogLevel.DEBUG)
async def build_sdist(request: BuildSdistRequest) -> SdistBuild:
    where = f"the sdist of {request.address}"
    abi = PythonAbi(request.version)
    sdist, pins = await concurrently(
        write_sdist(UnstampedSdistRequest(request.address)), sdist_pins(UnstampedSdistRequest(request.address))
    )
    python, packages, target, foreign, tree = await concurrently(
        build_python(BuildPythonRequest(request.version, where), **implicitly()),
        build_packages(
            BuildPackagesRequest(
                address=request.address, pins=pins, platform=request.platform, version=request.version
            ),
            **implicitly(),
        ),
        target_python(TargetPythonRequest(request.platform, abi, where)),
        make_foreign_toolchain(ForeignToolchainRequest(request.platform)),
        unpack_archive(
            UnpackRequest(SourceArchive(sdist.digest, f"{SDIST_DIR}/{sdist.file_name}"), 1, where), **implicitly()
        ),
    )
    has_overlay = len(packages.requests) > 1
    text = request_text(
        BuildSettings(
            where=where,
            requirements=pins.path,
            config_settings={},
            env={},
            platform_env={},
            target_platform_in_python=None,
        ),
        request.platform,
        BuildVersion("own"),
        subdirectory="",
        foreign=FOREIGN_DIR,
        prefixes=0,
        has_overlay=has_overlay,
        has_libraries=False,
    )
    described = [
        FileContent(path, content, is_executable=path != CONFIG_SITE)
        for path, content in system_files(request.platform, None).items()
    ]
    source, written, program = await concurrently(
        add_prefix(AddPrefix(tree.digest, SOURCE_DIR)),
        create_digest(CreateDigest([FileContent(REQUEST, text.encode()), *described])),
        create_digest(CreateDigest(FileContent(path, content) for path, content in backend_tool().items())),
    )
    description = f"Build the sdist of {request.address} for {request.platform} and Python {request.version}"
    inputs = await merge_digests(MergeDigests([source, written, target.facts]))
    mounted = {
        PROGRAM_DIR: program,
        PACKAGES_DIR: packages.here,
        FOREIGN_DIR: foreign.digest,
        TOOLCHAIN_DIR: foreign.zig,
        HEADERS_DIR: target.headers,
        **({OVERLAY_DIR: packages.target} if has_overlay else {}),
    }
    process = backend_process(python, inputs, mounted, description=description)
    result = await run_offline(OfflineProcess(process, (*packages.requests, *foreign.packages)), **implicitly())
    reports = await get_digest_contents(**implicitly(DigestSubset(result.output_digest, PathGlobs([REPORT]))))
    report = None if result.exit_code else BackendReport.from_json(reports[0].content.decode())
    action = Action.of(
        kind=ActionKind.BACKEND,
        description=description,
        result=result,
        platform=request.platform,
        calls=foreign_calls(report) if report else None,
    )
    before = (*sdist.actions, foreign.action)
    actions = (*before, action.after(*ends(before)))
    if report is None:
        output = "\n".join(stream.decode(errors="replace").strip() for stream in (result.stdout, result.stderr))
        return SdistBuild(digest=EMPTY_DIGEST, wheel="", actions=actions, failure=f"{description} failed:\n{output}")
    wheel = posixpath.join(OUTPUT_DIR, report.wheel)
    digest = await digest_subset_to_digest(DigestSubset(result.output_digest, PathGlobs([wheel])))
    return SdistBuild(digest=digest, wheel=wheel, actions=actions)


@rule(desc="Check an sdist", level=LogLevel.DEBUG)
async def check_sdist(request: CheckSdistRequest) -> SdistCheck:
    found = await checkable_wheel(CheckableWheelRequest(request.address), **implicitly())
    if found.key is None or found.version is None:
        return SdistCheck(f"not built here: {found.reason}", ())
    key = found.key
    tree, built = await concurrently(
        check_wheel(RepairWheelRequest(key)),
        build_sdist(BuildSdistRequest(request.address, key.platform, found.version)),
    )
    if built.failure:
        return SdistCheck("does not build", built.actions, (built.failure,))
    if tree.repaired is None:
        # The run reports what is wrong with the wheel.
        return SdistCheck(f"not compared: {tree.file_name} is not valid", built.actions)
    inputs = await merge_digests(MergeDigests([tree.repaired.digest, built.digest]))
    compared, tested = await concurrently(
        run_tool(
            RunToolRequest(
                argv=("sdist", "compare", "--tree", f"{WHEEL_DIR}/{tree.repaired.file_name}", "--sdist", built.wheel),
                digest=inputs,
                kind=ActionKind.VERIFY,
                description=f"Compare the sdist of {request.address} with its wheel",
                platform=key.platform,
            ),
            **implicitly(),
        ),
        smoke_test_unstamped(
            SmokeTestUnstampedRequest(
                key=key,
                version=found.version,
                digest=built.digest,
                path=built.wheel,
                what=f"the sdist of {request.address}",
                needs=built.actions[-1:],
            ),
            **implicitly(),
        ),
    )
    comparison = compared.action.after(built.actions[-1], tree.repaired.actions[-1])
    report = None if compared.exit_code else compared.report(SdistCheckReport)
    return SdistCheck(
        summary=check_summary(report, tested),
        actions=(*built.actions, comparison, *tested.actions),
        problems=check_problems(request.address.spec, compared.failure() if report is None else "", tested),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
