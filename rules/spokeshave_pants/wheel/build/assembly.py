"""Rules that make the unrepaired wheel of one platform and one Python ABI, and what is known of it before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import AddPrefix, Digest, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.components import Component
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_core.reports.assemble import AssembleReport, MetadataReport
from spokeshave_core.reports.backend import BackendReport
from spokeshave_pants.action import Action, ActionKind, ends
from spokeshave_pants.pants_api import add_prefix, concurrently, implicitly, merge_digests, rule
from spokeshave_pants.release.rules import StampedVersion, WheelVersionRequest, wheel_version
from spokeshave_pants.sandbox.tools import OUTPUT_DIR, RunToolRequest, raise_for_failure, run_tool
from spokeshave_pants.wheel.backend.rules import BackendWheelBuildRequest, TakenInWheel, take_in_wheel
from spokeshave_pants.wheel.backend_target_types import VersionMode
from spokeshave_pants.wheel.build.downstream_files import DownstreamFiles, DownstreamFilesRequest, downstream_files
from spokeshave_pants.wheel.build.extension import (
    LinkPythonExtensionRequest,
    PythonExtension,
    fuse,
    link_python_extension,
)
from spokeshave_pants.wheel.build.linked_software import LICENSES_DIR, LinkedLicensesRequest, linked_licenses
from spokeshave_pants.wheel.build.placed_library import PlacedLibrary, PlaceLibraryRequest, place_library
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheelRequest, plan_backend_wheel
from spokeshave_pants.wheel.plan.matrix import wheel_tag
from spokeshave_pants.wheel.plan.rules import (
    PAYLOAD_DIR,
    DescribedWheel,
    WheelPlan,
    WheelPlanRequest,
    plan_described_wheel,
    plan_wheel,
)
from spokeshave_pants.wheel.plan.wheel_files import DATA_DIR
from spokeshave_pants.wheel.progress import WheelStep
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem
from spokeshave_pants.wheel.target_types import SmokeScriptsField, VersionModuleField


@dataclass(frozen=True)
class WheelKey:
    """The identity of one wheel of a `python_native_wheel`."""

    address: Address
    platform: Platform
    abi: PythonAbi

    def __str__(self) -> str:
        return f"{self.address} for {self.platform} and {self.abi}"


@dataclass(frozen=True)
class WheelFactsRequest:
    """A request for the facts about a wheel from its pyproject.toml."""

    address: Address


@dataclass(frozen=True)
class WheelFacts:
    """The name and the static version of a wheel.

    They are those of its validated pyproject.toml. Of a wheel that its own backend builds, they are what the source
    tree states, and otherwise what a built wheel states.

    Attributes:
        actions: What had to be done to know them.
    """

    distribution: str
    static_version: str | None
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class BuiltFactsRequest:
    """A request for the facts about a wheel of which the source tree does not state them."""

    address: Address


@dataclass(frozen=True)
class BuiltFacts:
    """What a built wheel states of itself."""

    facts: WheelFacts


@dataclass(frozen=True)
class VersionOfWheelRequest:
    """The version that a target's wheels are stamped with; their metadata is checked first."""

    address: Address


@dataclass(frozen=True)
class AssembleWheelRequest:
    """A request for the unrepaired wheel: assembled, or built by the project's own backend."""

    key: WheelKey


@dataclass(frozen=True)
class UnrepairedWheel:
    """A stored zip without a version, and the shared libraries that its native files need.

    Attributes:
        own_libraries: The paths in the wheel of the libraries that Python code opens.
        archives: The static libraries of the toolchain in its native files, as in `LinkedLibrary`.
        components: The software of others in it that the backend's build knows. Empty for a described wheel.
        backends: The runs of the project's own build backend, if it has one, with their reports.
    """

    digest: Digest
    file_name: str
    facts: WheelFacts
    modules: tuple[str, ...]
    libraries: Digest
    own_libraries: tuple[str, ...]
    archives: frozenset[str]
    headers_origins: tuple[str, ...]
    actions: tuple[Action, ...]
    components: tuple[Component, ...] = ()
    backends: tuple[tuple[BackendReport, Action], ...] = ()


async def sibling_keys(plan: WheelPlan, key: WheelKey, version: PythonVersion | None = None) -> tuple[WheelKey, ...]:
    """Return the wheels that a wheel requires, in the build that matches it or one of the Pythons that it serves."""
    # Builds that are not in the matrix, such as those of the benchmark, serve none of its Pythons.
    wanted = version or next(iter(plan.matrix.served_by(key.abi)), key.abi.version)
    plans = await concurrently(plan_wheel(WheelPlanRequest(sibling)) for sibling in (*plan.siblings, *plan.companions))
    return tuple(
        WheelKey(
            sibling.address,
            key.platform,
            sibling.matrix.abi_for(wanted, where=sibling.address.spec, needed_by=key.address.spec),
        )
        for sibling in plans
    )


def requirement_arguments(plan: DescribedWheel, siblings: Iterable[WheelFacts]) -> tuple[str, ...]:
    """Return the arguments of the tools for the pins of a wheel and its computed requirements."""
    pins = (argument for sibling in siblings for argument in ("--pin", sibling.distribution))
    return (*pins, *(argument for text in plan.requirements for argument in ("--requirement", text)))


def _entry_points(plan: DescribedWheel) -> tuple[str, ...]:
    """Return the entry points by which build tools find what the wheel offers to C and C++ projects."""
    found = plan.offered.entry_points if plan.offered else ()
    return tuple(
        argument for group, name, module in found for argument in ("--entry-point", f"{group}:{name}={module}")
    )


def _named_scripts(plan: WheelPlan) -> tuple[str, ...]:
    """Return the script names in `smoke_scripts`, so that a typo is reported before anything is built."""
    return tuple(argument for name in plan.target[SmokeScriptsField].value or () for argument in ("--script", name))


async def _described_facts(request: WheelFactsRequest) -> WheelFacts:
    plan = await plan_described_wheel(WheelPlanRequest(request.address))
    siblings = await concurrently(wheel_facts(WheelFactsRequest(sibling)) for sibling in plan.siblings)
    result = await run_tool(
        RunToolRequest(
            argv=(
                *("metadata", "--pyproject", plan.pyproject, *requirement_arguments(plan, siblings)),
                *(*_named_scripts(plan), *_entry_points(plan)),
            ),
            digest=plan.metadata,
            kind=ActionKind.METADATA,
            description=f"Check the metadata of {request.address}",
        ),
        **implicitly(),
    )
    raise_for_failure(result, str(request.address))
    report = result.report(MetadataReport)
    return WheelFacts(report.name, report.static_version, (result.action,))


@rule(desc="Find the name of a wheel", level=LogLevel.DEBUG)
async def wheel_facts(request: WheelFactsRequest) -> WheelFacts:
    plan = await plan_wheel(WheelPlanRequest(request.address))
    if not plan.has_backend:
        return await _described_facts(request)
    backend = await plan_backend_wheel(BackendWheelRequest(request.address))
    project = backend.project
    keeps = backend.version_mode is VersionMode.OWN
    if project.name is not None and (project.version is not None or not keeps):
        return WheelFacts(project.name, project.version if keeps else None, ())
    return (await built_facts(BuiltFactsRequest(request.address), **implicitly())).facts


@rule(level=LogLevel.DEBUG)
async def built_facts(request: BuiltFactsRequest, chosen: NativeWheelSubsystem) -> BuiltFacts:
    """Build one wheel, as only the backend knows them. All builds of a project agree, and the run needs this one."""
    matrix = (await plan_wheel(WheelPlanRequest(request.address))).matrix
    selected = matrix.narrowed(chosen.globs()).platforms
    key = WheelKey(request.address, (*selected, *matrix.platforms)[0], matrix.abis[0])
    return BuiltFacts((await assemble_wheel(AssembleWheelRequest(key))).facts)


async def _fused_libraries(platform: Platform, wheel: TakenInWheel) -> Digest:
    """Return the libraries that a wheel may need. Each is one file for all processors of the platform."""
    if len(wheel.libraries) == 1:
        return wheel.libraries[0]
    fused = [await fuse(platform, path, wheel.libraries) for path in wheel.library_paths]
    return await merge_digests(MergeDigests(each.digest for each in fused))


async def _build_by_backend(key: WheelKey) -> UnrepairedWheel:
    """Build a wheel by the project's own backend. Nothing after this step knows the difference."""
    backend = await plan_backend_wheel(BackendWheelRequest(key.address))
    stamp = ""
    if backend.version_mode is VersionMode.BAKED:
        stamp = (await wheel_version(WheelVersionRequest(key.address, None), **implicitly())).version
    wheel = await take_in_wheel(
        BackendWheelBuildRequest(address=key.address, platform=key.platform, abi=key.abi, stamp=stamp)
    )
    report = wheel.report
    return UnrepairedWheel(
        digest=wheel.digest,
        file_name=report.wheel,
        facts=WheelFacts(
            distribution=report.name,
            static_version=report.version if backend.version_mode is VersionMode.OWN else None,
            actions=wheel.actions,
        ),
        modules=report.modules,
        libraries=await _fused_libraries(key.platform, wheel),
        own_libraries=(),
        archives=frozenset(),
        headers_origins=wheel.origins,
        actions=wheel.actions,
        components=wheel.components,
        backends=wheel.backends,
    )


@dataclass(frozen=True)
class _NativeParts:
    """The native files that a described wheel gets, each with the libraries that it needs."""

    extensions: tuple[PythonExtension, ...]
    placed: tuple[PlacedLibrary, ...]

    @property
    def all(self) -> tuple[PythonExtension | PlacedLibrary, ...]:
        return (*self.extensions, *self.placed)


async def _native_parts(key: WheelKey, plan: DescribedWheel) -> _NativeParts:
    extensions = await concurrently(
        link_python_extension(
            LinkPythonExtensionRequest(address=extension, platform=key.platform, abi=key.abi, variant=plan.variant)
        )
        for extension in plan.extensions_for(key.platform)
    )
    placed = await concurrently(
        place_library(PlaceLibraryRequest(address=library, folder=folder, platform=key.platform, variant=plan.variant))
        for library, folder in plan.libraries
    )
    return _NativeParts(tuple(extensions), tuple(placed))


async def _assembly_inputs(
    key: WheelKey, plan: DescribedWheel, native: _NativeParts, generated: DownstreamFiles
) -> Digest:
    """Return all that the wheel is assembled from."""
    licenses = await linked_licenses(LinkedLicensesRequest(plan.native_targets_for(key.platform), plan.variant))
    # Only other projects link to a wheel's DLLs.
    import_libraries = (library.import_library for library in native.placed if plan.offered)
    files = await merge_digests(MergeDigests([*(part.digest for part in native.all), *import_libraries]))
    payload = await add_prefix(AddPrefix(files, PAYLOAD_DIR))
    return await merge_digests(
        MergeDigests(
            [
                *(plan.payload, payload, plan.metadata, plan.templates, generated.digest, licenses.digest),
                *([plan.data] if plan.data else []),
            ]
        )
    )


def _assemble_argv(
    key: WheelKey, plan: DescribedWheel, generated: DownstreamFiles, siblings: Iterable[WheelFacts]
) -> tuple[str, ...]:
    version_module = plan.target[VersionModuleField].value
    return (
        *("assemble", "--pyproject", plan.pyproject, "--payload", PAYLOAD_DIR, "--output", OUTPUT_DIR),
        *("--tag", wheel_tag(key.abi, key.platform)),
        *(("--data", DATA_DIR) if plan.data else ()),
        *(("--version-module", version_module) if version_module else ()),
        *(
            argument
            for path, template in (*plan.version_files, *generated.files)
            for argument in ("--version-file", f"{path}={template}")
        ),
        *(("--licenses", LICENSES_DIR) if plan.native_targets_for(key.platform) else ()),
        *requirement_arguments(plan, siblings),
        *_entry_points(plan),
    )


async def _assemble_described(key: WheelKey) -> UnrepairedWheel:
    # Reported before anything is compiled.
    plan, facts = await concurrently(
        plan_described_wheel(WheelPlanRequest(key.address)), wheel_facts(WheelFactsRequest(key.address))
    )
    await sibling_keys(plan, key)  # raises an error for a sibling without a matching build
    native = await _native_parts(key, plan)
    siblings = await concurrently(wheel_facts(WheelFactsRequest(sibling)) for sibling in plan.siblings)
    generated = await downstream_files(DownstreamFilesRequest(key.address, key.platform))
    inputs = await _assembly_inputs(key, plan, native, generated)
    libraries = await merge_digests(MergeDigests(part.libraries for part in native.all))
    result = await run_tool(
        RunToolRequest(
            argv=_assemble_argv(key, plan, generated, siblings),
            digest=inputs,
            kind=ActionKind.ASSEMBLE,
            description=WheelStep.ASSEMBLE.description(key),
            platform=key.platform,
        ),
        **implicitly(),
    )
    raise_for_failure(result, str(key.address))
    before = (*facts.actions, *(action for part in native.all for action in part.actions))
    return UnrepairedWheel(
        digest=result.digest,
        file_name=result.report(AssembleReport).wheel,
        facts=facts,
        modules=plan.modules_for(key.platform),
        libraries=libraries,
        own_libraries=tuple(library.path for library in native.placed),
        archives=frozenset().union(*(part.archives for part in native.all)),
        headers_origins=tuple(dict.fromkeys(extension.headers_origin for extension in native.extensions)),
        actions=(*before, result.action.after(*ends(before))),
    )


@rule(desc="Make an unrepaired wheel", level=LogLevel.DEBUG)
async def assemble_wheel(request: AssembleWheelRequest) -> UnrepairedWheel:
    key = request.key
    plan = await plan_wheel(WheelPlanRequest(key.address))
    return await (_build_by_backend(key) if plan.has_backend else _assemble_described(key))


@rule(level=LogLevel.DEBUG)
async def version_of_wheel(request: VersionOfWheelRequest) -> StampedVersion:
    wheel = await wheel_facts(WheelFactsRequest(request.address))
    return await wheel_version(WheelVersionRequest(request.address, wheel.static_version), **implicitly())


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
