"""Rules that link a `python_extension` for one platform and one Python ABI."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pants.engine.addresses import Address
from pants.engine.fs import AddPrefix, Digest, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform, System
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.action import Action, ActionKind, ends
from spokeshave_pants.cc.compile.rules import CompileAllRequest, compile_all
from spokeshave_pants.cc.link.command import LinkSettings
from spokeshave_pants.cc.link.rules import (
    LinkedLibrary,
    LinkPlanRequest,
    LinkRequest,
    SharedLibraryRequest,
    link,
    link_flags,
    link_shared_library,
    plan_link,
)
from spokeshave_pants.cc.project.libraries import ProjectLibraries, project_libraries
from spokeshave_pants.cc.runtime_pack.rules import RuntimePackRequest, make_runtime_pack
from spokeshave_pants.headers.import_library import PythonImportLibrary, PythonImportLibraryRequest, make_import_library
from spokeshave_pants.headers.rules import PythonHeadersRequest, python_headers
from spokeshave_pants.pants_api import add_prefix, concurrently, implicitly, merge_digests, resolve_target, rule
from spokeshave_pants.sandbox.tools import OUTPUT_DIR, RunToolRequest, ToolResult, raise_for_failure, run_tool
from spokeshave_pants.wheel.plan.matrix import extension_path
from spokeshave_pants.wheel.target_types import ExtensionModuleField


@dataclass(frozen=True)
class LinkPythonExtensionRequest:
    """A request to link a `python_extension`."""

    address: Address
    platform: Platform
    abi: PythonAbi
    variant: Address | None = None


@dataclass(frozen=True)
class PythonExtension:
    """A linked extension at its path in the wheel, and the shared libraries that its repair grafts.

    Attributes:
        archives: As in `LinkedLibrary`, of all of them.
    """

    module: str
    path: str
    digest: Digest
    libraries: Digest
    library_paths: tuple[str, ...]
    archives: frozenset[str]
    headers_origin: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class ExtensionLink:
    """The link of an extension for one processor, and what it is made of."""

    module: str
    request: LinkRequest
    headers_origin: str
    shared: tuple[LinkedLibrary, ...]
    python: tuple[PythonImportLibrary, ...]
    projects: ProjectLibraries


@dataclass(frozen=True)
class FuseExtensionRequest:
    """A request for an extension of a platform with several processors."""

    request: LinkPythonExtensionRequest


async def _python_library(request: LinkPythonExtensionRequest, where: str) -> tuple[PythonImportLibrary, ...]:
    """Return the import library of the interpreter's DLL on Windows. Elsewhere the loader resolves the symbols."""
    if request.platform.system is not System.WINDOWS:
        return ()
    return (await make_import_library(PythonImportLibraryRequest(request.abi, request.platform, where)),)


@rule(desc="Prepare the link of a Python extension", level=LogLevel.DEBUG)
async def prepare_extension(request: LinkPythonExtensionRequest) -> ExtensionLink:
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    module = target[ExtensionModuleField].value
    flags = link_flags(target, request.platform)
    plan = await plan_link(LinkPlanRequest(request.address, request.variant), **implicitly())
    # The link needs the runtime pack. Requesting it here builds it in parallel with the compiles.
    objects, headers, projects, _ = await concurrently(
        compile_all(CompileAllRequest(plan.plans, request.platform, request.abi), **implicitly()),
        python_headers(PythonHeadersRequest(request.abi.version, request.platform, where)),
        project_libraries(plan.project_libraries(request.platform)),
        make_runtime_pack(RuntimePackRequest(request.platform), **implicitly()),
    )
    shared = await concurrently(
        link_shared_library(SharedLibraryRequest(address, request.platform, request.variant))
        for address in plan.shared_libraries
    )
    python = await _python_library(request, where)
    for_links = await merge_digests(
        MergeDigests((*(library.link_digest for library in shared), *(p.digest for p in python), projects.links))
    )
    return ExtensionLink(
        module=module,
        request=LinkRequest(
            target=request.address.spec,
            platform=request.platform,
            abi=request.abi,
            objects=objects,
            libraries=for_links,
            library_paths=(
                *(library.link_path for library in shared),
                *(p.path for p in python),
                *projects.link_paths,
            ),
            settings=LinkSettings(
                output=extension_path(module, request.abi, request.platform),
                exports=("PyInit_*", "PyModExport_*"),
                allow_undefined=True,
                flags=flags,
            ),
        ),
        headers_origin=headers.origin,
        shared=shared,
        python=python,
        projects=projects,
    )


@rule(desc="Link a Python extension", level=LogLevel.DEBUG)
async def link_python_extension(request: LinkPythonExtensionRequest) -> PythonExtension:
    if len(request.platform.slices) > 1:
        return await fuse_extension(FuseExtensionRequest(request))
    prepared = await prepare_extension(request)
    shared = prepared.shared
    python = prepared.python
    projects = prepared.projects
    linked, libraries = await concurrently(
        link(prepared.request),
        merge_digests(MergeDigests((*(library.digest for library in shared), projects.shared))),
    )
    linked = linked.after(*(library.actions[-1] for library in shared), *(p.action for p in python), *projects.actions)
    return PythonExtension(
        module=prepared.module,
        path=linked.path,
        digest=linked.digest,
        libraries=libraries,
        library_paths=(*(library.path for library in shared), *projects.shared_paths),
        archives=linked.archives.union(*(library.archives for library in shared)),
        headers_origin=prepared.headers_origin,
        actions=(
            *linked.actions,
            *(action for library in shared for action in library.actions),
            *(p.action for p in python),
            *projects.actions,
        ),
    )


def fuse_description(path: str, platform: Platform) -> str:
    """The description of the process that makes one file of those of several processors."""
    return f"Fuse {path} for {platform}"


async def fuse(platform: Platform, path: str, digests: tuple[Digest, ...]) -> ToolResult:
    """Combine one file per processor into one file for all of them, at the same path."""
    parts = await concurrently(add_prefix(AddPrefix(digest, f"__part{n}")) for n, digest in enumerate(digests))
    result = await run_tool(
        RunToolRequest(
            argv=(
                "fuse",
                *(argument for n in range(len(parts)) for argument in ("--input", f"__part{n}/{path}")),
                *("--output", f"{OUTPUT_DIR}/{path}"),
            ),
            digest=await merge_digests(MergeDigests(parts)),
            kind=ActionKind.LINK,
            description=fuse_description(path, platform),
            platform=platform,
        ),
        **implicitly(),
    )
    raise_for_failure(result, path)
    return result


@rule(desc="Fuse an extension's processors", level=LogLevel.DEBUG)
async def fuse_extension(request: FuseExtensionRequest) -> PythonExtension:
    """Link an extension for each processor and combine the files; likewise for its libraries."""
    whole = request.request
    parts = await concurrently(link_python_extension(replace(whole, platform=part)) for part in whole.platform.slices)
    first = parts[0]
    fused = await fuse(whole.platform, first.path, tuple(part.digest for part in parts))
    libraries = [
        await fuse(whole.platform, path, tuple(part.libraries for part in parts)) for path in first.library_paths
    ]
    before = tuple(action for part in parts for action in part.actions)
    return replace(
        first,
        digest=fused.digest,
        libraries=await merge_digests(MergeDigests(library.digest for library in libraries)),
        archives=first.archives.union(*(part.archives for part in parts)),
        actions=(*before, *(result.action.after(*ends(before)) for result in (fused, *libraries))),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
