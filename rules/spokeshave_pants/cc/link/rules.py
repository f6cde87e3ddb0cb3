"""Rules that link objects into a shared library: an extension module, or a `cc_shared_library`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pants.engine.addresses import Address, Addresses
from pants.engine.fs import CreateDigest, Digest, DigestSubset, FileContent, MergeDigests, PathGlobs
from pants.engine.process import Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Dependencies, DependenciesRequest, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.problems import bullet_list
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.closure.generated_rules import CcSource, OwnedSourcesRequest, owned_sources
from spokeshave_pants.cc.closure.rules import DirectNeedsRequest, LinkClosureRequest, direct_needs, link_closure
from spokeshave_pants.cc.closure.unity_rules import IncludedSourcesRequest, find_included_sources
from spokeshave_pants.cc.compile.rules import (
    CompileAllRequest,
    CompiledObjects,
    CompilePlan,
    CompilePlanRequest,
    compile_all,
    package_plan,
    plan_compile,
)
from spokeshave_pants.cc.compile_command import check_object_names
from spokeshave_pants.cc.diagnostics import duplicate_symbol_hint, plain, undefined_hints, undefined_symbols
from spokeshave_pants.cc.includes.rules import CcTargets
from spokeshave_pants.cc.includes.third_party import CcPackageRequest, cc_package
from spokeshave_pants.cc.link.command import (
    ARCHIVES_FILE,
    EXPORTS_FILE,
    LinkSettings,
    exports_script,
    extracted_archives,
    import_library,
    link_argv,
    link_description,
)
from spokeshave_pants.cc.link.driver_flags import link_arguments
from spokeshave_pants.cc.link.glibc_symbols import first_versions
from spokeshave_pants.cc.link.variant import CcVariantRequest, cc_variant
from spokeshave_pants.cc.project.libraries import ProjectLibrariesRequest, project_libraries
from spokeshave_pants.cc.project.projects import VariantDefines
from spokeshave_pants.cc.runtime_pack.recipe import PACK_DIR
from spokeshave_pants.cc.runtime_pack.rules import RuntimePack, RuntimePackRequest, make_runtime_pack
from spokeshave_pants.cc.settings import for_platform
from spokeshave_pants.cc.subsystem import CcBuildSubsystem
from spokeshave_pants.cc.target_types import CcSharedLibraryNameField, LinkFlagsField, PlatformLinkFlagsField
from spokeshave_pants.cc.unsupported import check_languages
from spokeshave_pants.confinement.rules import ConfinedProcess, run_confined
from spokeshave_pants.errors import InvalidTargetError, LinkError
from spokeshave_pants.pants_api import (
    concurrently,
    create_digest,
    digest_subset_to_digest,
    get_digest_contents,
    implicitly,
    merge_digests,
    resolve_target,
    resolve_targets,
    rule,
)
from spokeshave_pants.pants_api.batches import in_batches
from spokeshave_pants.sandbox.packages import install_packages
from spokeshave_pants.toolchain.layout import GLIBC_SYMBOLS
from spokeshave_pants.toolchain.rules import CcToolchain, CcToolchainRequest, cc_toolchain
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG_ENVIRONMENT


@dataclass(frozen=True)
class LinkRequest:
    """A request to link objects and shared libraries for a target, whose name appears in messages.

    Attributes:
        libraries: The shared libraries to link to, or their import libraries, at `library_paths`.
    """

    target: str
    platform: Platform
    abi: PythonAbi | None
    objects: CompiledObjects
    libraries: Digest
    library_paths: tuple[str, ...]
    settings: LinkSettings


@dataclass(frozen=True)
class LinkProcess:
    """The process of a link, and the runtime pack that it needs."""

    confined: ConfinedProcess
    pack: RuntimePack


@dataclass(frozen=True)
class SharedLibraryLink:
    """The link of a shared library, and the actions of the libraries below it that it waits for."""

    request: LinkRequest
    needs: tuple[Action, ...]


@dataclass(frozen=True)
class LinkedLibrary:
    """A linked file at `path`, and all actions that produced it, the link last.

    Attributes:
        archives: The names of the runtime pack's static libraries that it contains code of, as far as the linker
            reports it, or else of all of them.
        link_digest: The file that dependents link to, at `link_path`: the library itself, or on Windows its import
            library.
    """

    digest: Digest
    path: str
    link_digest: Digest
    link_path: str
    archives: frozenset[str]
    actions: tuple[Action, ...]

    def after(self, *needs: Action) -> LinkedLibrary:
        """Return this library with additional actions that its link had to wait for."""
        *before, link = self.actions
        return replace(self, actions=(*before, link.after(*needs)))


@dataclass(frozen=True)
class LinkPlanRequest:
    """A request for the contents of a linked target, independent of platform and Python.

    Attributes:
        variant: The `cc_variant` that its sources are compiled with, if any.
    """

    address: Address
    variant: Address | None = None


@dataclass(frozen=True)
class LinkPlan:
    """The compiles of a linked target and the shared libraries that it needs.

    Attributes:
        projects: The projects whose libraries it links.
        needed_projects: The projects that its shared libraries link.
        project_defines: What a variant adds to all of them.
    """

    plans: tuple[CompilePlan, ...]
    shared_libraries: tuple[Address, ...]
    projects: tuple[Address, ...] = ()
    needed_projects: tuple[Address, ...] = ()
    project_defines: VariantDefines = ()

    def project_libraries(self, platform: Platform) -> ProjectLibrariesRequest:
        """Return the request for the libraries of its projects."""
        return ProjectLibrariesRequest(
            linked=self.projects, needed=self.needed_projects, platform=platform, defines=self.project_defines
        )


@dataclass(frozen=True)
class SharedLibraryRequest:
    """A request for a shared library.

    Attributes:
        platform: A platform with a single processor.
    """

    address: Address
    platform: Platform
    variant: Address | None = None


@rule(level=LogLevel.DEBUG)
async def plan_link(request: LinkPlanRequest, cc_targets: CcTargets) -> LinkPlan:
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    variant = await cc_variant(CcVariantRequest(request.variant))
    direct = await resolve_targets(**implicitly(DependenciesRequest(target.get(Dependencies))))
    # A source that the target's own dependencies generate includes headers, too.
    needs = await direct_needs(DirectNeedsRequest(request.address.spec), **implicitly())
    roots = Addresses(dict.fromkeys((*(t.address for t in direct), *needs.owners, *variant.dependencies)))
    closure = await link_closure(LinkClosureRequest(roots))
    listed = [address for address in closure.shared_libraries if address != request.address]
    library_plans = await concurrently(
        plan_link(LinkPlanRequest(address, request.variant), **implicitly()) for address in listed
    )
    # A library's own dependencies are linked too, because their headers may be reachable through its headers.
    libraries = tuple(sorted({*listed, *(below for library in library_plans for below in library.shared_libraries)}))
    library_plans = await concurrently(
        plan_link(LinkPlanRequest(address, request.variant), **implicitly()) for address in libraries
    )
    in_libraries = {plan.source for library in library_plans for plan in library.plans}
    owners = (*(owner.spec for owner in closure.owners), request.address.spec)
    parts, owned = await concurrently(
        find_included_sources(IncludedSourcesRequest(owners), **implicitly()),
        owned_sources(OwnedSourcesRequest(owners), **implicitly()),
    )
    files = [path for owner in closure.owners for path in cc_targets.graph.members(owner.spec)]
    check_languages(files, where=request.address.spec)
    in_parts = {*in_libraries, *parts.paths}
    sources = _preferred((source for source in owned.sources if source.path not in in_parts), request.address.spec)
    packages = await concurrently(cc_package(CcPackageRequest(address)) for address in closure.packages)
    plans = await in_batches(
        plan_compile(CompilePlanRequest(source, variant.flags), **implicitly()) for source in sources
    )
    plans = agreed_plans((variant.applied_to(plan) for plan in plans), where=request.address.spec)
    used = {package for plan in plans for package in plan.packages}
    third_party = tuple(
        package_plan(package, source) for package in packages if package in used for source in package.sources
    )
    if not plans:
        raise InvalidTargetError(
            f"{request.address} has no C or C++ source to link. Add the `cc_sources` that define it to `dependencies`, "
            "or the target that generates its sources."
        )
    check_object_names((plan.source for plan in (*plans, *third_party)), where=request.address.spec)
    in_projects = {each for library in library_plans for each in (*library.projects, *library.needed_projects)}
    return LinkPlan(
        plans=(*plans, *third_party),
        shared_libraries=libraries,
        projects=tuple(address for address in closure.projects if address not in in_projects),
        needed_projects=tuple(sorted(in_projects)),
        project_defines=variant.cmake_defines,
    )


def agreed_plans(plans: Iterable[CompilePlan], *, where: str) -> tuple[CompilePlan, ...]:
    """Return the compiles of a link, each source once.

    Raises:
        InvalidTargetError: For generated sources that several targets list and compile differently.
    """
    by_source: dict[str, CompilePlan] = {}
    problems = []
    for plan in plans:
        known = by_source.setdefault(plan.source, plan)
        if replace(plan, target=known.target) != known:
            problems.append(f"{plan.source}: {known.target} and {plan.target}")
    if problems:
        raise InvalidTargetError(
            f"{where} has generated sources that several targets list in `dependencies` and compile with other "
            f"settings:\n{bullet_list(problems)}\n"
            "List the generator in one of them, and that one in the `dependencies` of the others: they see the "
            "generated headers through it."
        )
    return tuple(by_source.values())


def _preferred(sources: Iterable[CcSource], linked: str) -> tuple[CcSource, ...]:
    """Return sources without those that the linked target lists in addition to a `cc_sources`, whose settings count."""
    sources = tuple(sources)
    of_others = {source.path for source in sources if source.owner != linked}
    return tuple(source for source in sources if source.owner != linked or source.path not in of_others)


async def _glibc_functions(platform: Platform, toolchain: CcToolchain) -> Mapping[str, tuple[int, int]]:
    """Return glibc's functions and the version that introduced each, for a platform with any C library."""
    # After a local link failed, the package is available here. After a remote link it may not be.
    await concurrently(install_packages(wanted) for wanted in toolchain.packages)
    lists = await get_digest_contents(**implicitly(DigestSubset(toolchain.whole, PathGlobs([GLIBC_SYMBOLS]))))
    return first_versions(b"".join(file.content for file in lists), platform.glibc_target)


async def _raise_for_symbols(request: LinkRequest, stderr: str, toolchain: CcToolchain) -> None:
    undefined = undefined_symbols(stderr)
    if undefined:
        listed = [f"{symbol}, used by {', '.join(places[:3]) or 'the objects'}" for symbol, places in undefined.items()]
        glibc = await _glibc_functions(request.platform, toolchain)
        hints = undefined_hints(undefined, request.platform, glibc)
        raise LinkError(
            f"{request.target} does not link, because these symbols are undefined:\n{bullet_list(listed)}\n"
            + "\n".join(hints)
        )


def _import_libraries(request: LinkRequest) -> tuple[str, ...]:
    """Return the import library that a link for Windows writes for dependents. An extension has none."""
    windows = request.platform.object_format is ObjectFormat.PE
    return (import_library(request.settings.output),) if windows and request.settings.install_name else ()


@rule(level=LogLevel.DEBUG)
async def link_process(request: LinkRequest, build: CcBuildSubsystem) -> LinkProcess:
    toolchain, pack = await concurrently(
        cc_toolchain(CcToolchainRequest(request.platform), **implicitly()),
        make_runtime_pack(RuntimePackRequest(request.platform), **implicitly()),
    )
    settings = request.settings
    script = await create_digest(
        CreateDigest(
            [FileContent(EXPORTS_FILE, exports_script(settings.exports).encode())]
            if settings.exports is not None
            else []
        )
    )
    inputs = await merge_digests(MergeDigests([request.objects.digest, request.libraries, script]))
    process = Process(
        argv=link_argv(
            request.platform,
            request.objects.paths,
            request.library_paths,
            settings,
            pack.flags,
            pack.libraries,
            build.type,
        ),
        env=ZIG_ENVIRONMENT,
        input_digest=inputs,
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.linker, PACK_DIR: pack.digest},
        output_files=(settings.output, *_import_libraries(request), *_statistics(request.platform)),
        description=link_description(settings.output, request.platform, request.abi),
        level=LogLevel.INFO,
    )
    return LinkProcess(ConfinedProcess(process, toolchain.packages), pack)


def _statistics(platform: Platform) -> tuple[str, ...]:
    """Return the file in which the linker reports the static libraries that it took code from. Only ELF's does."""
    return (ARCHIVES_FILE,) if platform.object_format is ObjectFormat.ELF else ()


async def _archives(request: LinkRequest, output: Digest, pack: RuntimePack) -> frozenset[str]:
    """Return the pack's static libraries in a linked file, as `LinkedLibrary` describes them."""
    files = await get_digest_contents(**implicitly(DigestSubset(output, PathGlobs(_statistics(request.platform)))))
    extracted = [extracted_archives(file.content.decode()) for file in files]
    return frozenset(pack.archives).intersection(*extracted)


@rule(desc="Link a shared library", level=LogLevel.DEBUG)
async def link(request: LinkRequest) -> LinkedLibrary:
    settings = request.settings
    description = link_description(settings.output, request.platform, request.abi)
    import_libraries = _import_libraries(request)
    process = await link_process(request, **implicitly())
    result = await run_confined(process.confined, **implicitly())
    stderr = result.stderr.decode(errors="replace")
    toolchain = await cc_toolchain(CcToolchainRequest(request.platform), **implicitly())
    await _raise_for_symbols(request, stderr, toolchain)
    if result.exit_code:
        hint = duplicate_symbol_hint(stderr)
        words = "\n".join((plain(stderr).strip(), *((hint,) if hint else ())))
        raise LinkError(f"{request.target} does not link ({description}):\n{words}")
    linked, for_links = await concurrently(
        digest_subset_to_digest(DigestSubset(result.output_digest, PathGlobs([path])))
        for path in (settings.output, *(import_libraries or (settings.output,)))
    )
    action = Action.of(kind=ActionKind.LINK, description=description, result=result, platform=request.platform)
    action = action.after(*request.objects.actions, process.pack.action)
    return LinkedLibrary(
        digest=linked,
        path=settings.output,
        link_digest=for_links,
        link_path=import_libraries[0] if import_libraries else settings.output,
        archives=await _archives(request, result.output_digest, process.pack),
        actions=(*request.objects.actions, process.pack.action, action),
    )


def link_flags(target: Target, platform: Platform) -> tuple[str, ...]:
    """Return a linked target's own flags, translated for the platform's linker.

    Raises:
        InvalidTargetError: For flags that cannot be used for the platform. The message reports all of them.
    """
    by_glob = (target[PlatformLinkFlagsField].value or {}).items()
    flags = (*(target[LinkFlagsField].value or ()), *for_platform(by_glob, platform))
    translated = link_arguments(flags, platform)
    if translated.problems:
        raise InvalidTargetError(
            f"Link flags of {target.address} that cannot be used for {platform}:\n{bullet_list(translated.problems)}"
        )
    return translated.arguments


@rule(desc="Prepare the link of a cc_shared_library", level=LogLevel.DEBUG)
async def prepare_shared_library(request: SharedLibraryRequest) -> SharedLibraryLink:
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    flags = link_flags(target, request.platform)
    plan = await plan_link(LinkPlanRequest(request.address, request.variant), **implicitly())
    python_sources = sorted(source.source for source in plan.plans if source.needs_python)
    if python_sources:
        raise InvalidTargetError(
            f"{request.address} is linked once for all Pythons, but these sources reach Python.h: "
            f"{', '.join(python_sources)}. Move them to the `python_extension`s that use the library."
        )
    below = await concurrently(
        link_shared_library(SharedLibraryRequest(address, request.platform, request.variant))
        for address in plan.shared_libraries
    )
    # The link needs the runtime pack. Requesting it here builds it in parallel with the compiles.
    objects, projects, _ = await concurrently(
        compile_all(CompileAllRequest(plan.plans, request.platform, None), **implicitly()),
        project_libraries(plan.project_libraries(request.platform)),
        make_runtime_pack(RuntimePackRequest(request.platform), **implicitly()),
    )
    name = request.platform.shared_library(target[CcSharedLibraryNameField].value or request.address.target_name)
    libraries = await merge_digests(MergeDigests((*(library.link_digest for library in below), projects.links)))
    return SharedLibraryLink(
        LinkRequest(
            target=request.address.spec,
            platform=request.platform,
            abi=None,
            objects=objects,
            libraries=libraries,
            library_paths=(*(library.link_path for library in below), *projects.link_paths),
            settings=LinkSettings(output=name, install_name=name, flags=flags),
        ),
        needs=(*(library.actions[-1] for library in below), *projects.actions),
    )


@rule(desc="Link a cc_shared_library", level=LogLevel.DEBUG)
async def link_shared_library(request: SharedLibraryRequest) -> LinkedLibrary:
    prepared = await prepare_shared_library(request)
    linked = await link(prepared.request)
    return linked.after(*prepared.needs)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
