"""Code generators that put native code next to the Python sources that use it, for Pants' own goals.

A generator does not learn which Python the code will run on. The names of extensions contain the ABI, so those for
several Pythons are side by side.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.core.target_types import ResourceSourceField
from pants.engine.addresses import Address
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import GeneratedSources, GenerateSourcesRequest, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.action import ActionKind
from spokeshave_pants.cc.link.rules import LinkPlanRequest, plan_link
from spokeshave_pants.cc.target_types import CcSharedLibrarySourcesField
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    implicitly,
    merge_digests,
    resolve_target,
    rule,
)
from spokeshave_pants.release.rules import SourceVersionRequest, source_version
from spokeshave_pants.release.target_types import PyprojectField
from spokeshave_pants.sandbox.tools import OUTPUT_DIR, RunToolRequest, raise_for_failure, run_tool
from spokeshave_pants.wheel.build.extension import LinkPythonExtensionRequest, link_python_extension
from spokeshave_pants.wheel.build.placed_library import PlacedLibrary, PlaceLibraryRequest, place_library
from spokeshave_pants.wheel.codegen import checks, chosen_pythons, settings
from spokeshave_pants.wheel.codegen.chosen_pythons import ExtensionPythonsRequest, extension_pythons
from spokeshave_pants.wheel.codegen.folders import package_folder, top_level_name
from spokeshave_pants.wheel.codegen.settings import (
    LibraryFolderRequest,
    NativeSettingsRequest,
    PythonFolders,
    library_folder_of,
    native_settings,
)
from spokeshave_pants.wheel.codegen.version_text import version_module_text
from spokeshave_pants.wheel.plan.matrix import check_modules, is_built_for
from spokeshave_pants.wheel.plan.version_modules import VersionModule, VersionModules
from spokeshave_pants.wheel.plan.wheel_files import WheelMetadataRequest, wheel_metadata
from spokeshave_pants.wheel.target_types import ExtensionModuleField, ExtensionPlatformsField, ExtensionSourcesField

_FILES_DIR = "__files"
_LIBRARIES_DIR = "__libraries"


class GenerateExtensionRequest(GenerateSourcesRequest):
    """A request of a goal for the files of a `python_extension`."""

    input = ExtensionSourcesField
    output = ResourceSourceField


class GenerateLibraryRequest(GenerateSourcesRequest):
    """A request of a goal for the file of a `cc_shared_library`."""

    input = CcSharedLibrarySourcesField
    output = ResourceSourceField


@dataclass(frozen=True)
class SettledFilesRequest:
    """A request to make a linked file find the shared libraries that it needs.

    Attributes:
        path: The path of the file, relative to the source root, in `digest`.
        libraries: The shared libraries that it needs.
        library_addresses: The targets of these libraries.
        source_root: The source root that the file is put into.
    """

    path: str
    digest: Digest
    libraries: Digest
    library_addresses: tuple[Address, ...]
    platform: Platform
    abi: PythonAbi
    source_root: str


@dataclass(frozen=True)
class SettledExtensionRequest:
    """A request for an extension for one Python ABI.

    Attributes:
        library_addresses: The shared libraries that it needs.
        source_root: The source root that its file is put into.
    """

    address: Address
    platform: Platform
    abi: PythonAbi
    library_addresses: tuple[Address, ...]
    source_root: str


@dataclass(frozen=True)
class SettledFiles:
    """The file, and copies of the libraries that no Python code opens, relative to the source root."""

    digest: Digest


@dataclass(frozen=True)
class VersionFilesRequest:
    """A request for the version modules that are generated with a native target."""

    provider: Address


@dataclass(frozen=True)
class VersionFiles:
    """Version modules, from the build root."""

    digest: Digest


async def _own_libraries(request: SettledFilesRequest) -> tuple[PlacedLibrary, ...]:
    """Return the libraries that Python code opens by name in the same source root, where they are."""
    folders = await concurrently(
        library_folder_of(LibraryFolderRequest(address), **implicitly()) for address in request.library_addresses
    )
    return await concurrently(
        place_library(PlaceLibraryRequest(address, found.folder, request.platform))
        for address, found in zip(request.library_addresses, folders)
        if found.folder is not None and found.source_root == request.source_root
    )


@rule(desc="Make native code find its libraries", level=LogLevel.DEBUG)
async def settled_files(request: SettledFilesRequest) -> SettledFiles:
    if not request.library_addresses:
        return SettledFiles(request.digest)
    own = await _own_libraries(request)
    merged = await merge_digests(MergeDigests((request.digest, *(library.digest for library in own))))
    files, libraries = await concurrently(
        add_prefix(AddPrefix(merged, _FILES_DIR)), add_prefix(AddPrefix(request.libraries, _LIBRARIES_DIR))
    )
    package = top_level_name(request.path)
    result = await run_tool(
        RunToolRequest(
            argv=(
                *("place", "--files", _FILES_DIR, "--package", package, "--abi", request.abi.name),
                *("--platform", request.platform.tag, "--library-dir", _LIBRARIES_DIR, "--output", OUTPUT_DIR),
                *(argument for library in own for argument in ("--own-library", library.path)),
            ),
            digest=await merge_digests(MergeDigests((files, libraries))),
            kind=ActionKind.REPAIR,
            description=f"Place {request.path} for {request.platform}",
            platform=request.platform,
        ),
        **implicitly(),
    )
    raise_for_failure(result, request.path)
    # The libraries that Python code opens are generated by their own targets.
    wanted = PathGlobs([request.path, f"{package}.libs/*"])
    return SettledFiles(await digest_subset_to_digest(DigestSubset(result.digest, wanted)))


async def _version_file(module: VersionModule, python: PythonFolders) -> FileContent:
    where = f"the target {module.wheel}"
    wheel = (
        await resolve_target(WrappedTargetRequest(module.wheel, description_of_origin=where), **implicitly())
    ).target
    pyproject = posixpath.join(module.wheel.spec_path, wheel[PyprojectField].value)
    static = (await wheel_metadata(WheelMetadataRequest(pyproject, where))).pyproject.version
    version = await source_version(SourceVersionRequest(module.wheel, static))
    own = await native_settings(NativeSettingsRequest(module.wheel), **implicitly())
    root = python.root_of(posixpath.dirname(module.path), own.source_root)
    return FileContent(posixpath.normpath(posixpath.join(root, module.path)), version_module_text(version.version))


@rule(desc="Generate version modules", level=LogLevel.DEBUG)
async def version_files(request: VersionFilesRequest, modules: VersionModules, python: PythonFolders) -> VersionFiles:
    files = [await _version_file(module, python) for module in modules.by_provider.get(request.provider, ())]
    return VersionFiles(await create_digest(CreateDigest(files)))


@rule(desc="Link an extension for a source root", level=LogLevel.DEBUG)
async def settled_extension(request: SettledExtensionRequest) -> SettledFiles:
    extension = await link_python_extension(LinkPythonExtensionRequest(request.address, request.platform, request.abi))
    return await settled_files(
        SettledFilesRequest(
            path=extension.path,
            digest=extension.digest,
            libraries=extension.libraries,
            library_addresses=request.library_addresses,
            platform=request.platform,
            abi=request.abi,
            source_root=request.source_root,
        )
    )


async def _in_source_root(digest: Digest, root: str, versions: VersionFiles) -> GeneratedSources:
    placed = digest if root == "." else await add_prefix(AddPrefix(digest, root))
    merged = await merge_digests(MergeDigests((placed, versions.digest)))
    return GeneratedSources(await digest_to_snapshot(merged))


@rule(desc="Generate an extension", level=LogLevel.DEBUG)
async def generate_extension(request: GenerateExtensionRequest, python: PythonFolders) -> GeneratedSources:
    target = request.protocol_target
    address = target.address
    module = target[ExtensionModuleField].value
    check_modules([(module, address.spec)])
    build, pythons, plan, versions = await concurrently(
        native_settings(NativeSettingsRequest(address), **implicitly()),
        extension_pythons(ExtensionPythonsRequest(address), **implicitly()),
        plan_link(LinkPlanRequest(address), **implicitly()),
        version_files(VersionFilesRequest(address), **implicitly()),
    )
    root = python.root_of(package_folder(module), build.source_root)
    if not is_built_for(target[ExtensionPlatformsField].value, build.platform):
        return GeneratedSources(await digest_to_snapshot(versions.digest))
    files = await concurrently(
        settled_extension(
            SettledExtensionRequest(
                address=address,
                platform=build.platform,
                abi=abi,
                library_addresses=plan.shared_libraries,
                source_root=root,
            )
        )
        for abi in build.limited_api.abis_for(pythons.versions)
    )
    linked = await merge_digests(MergeDigests(each.digest for each in files))
    return await _in_source_root(linked, root, versions)


@rule(desc="Generate a shared library", level=LogLevel.DEBUG)
async def generate_library(request: GenerateLibraryRequest) -> GeneratedSources:
    address = request.protocol_target.address
    found, versions = await concurrently(
        library_folder_of(LibraryFolderRequest(address), **implicitly()),
        version_files(VersionFilesRequest(address), **implicitly()),
    )
    # A library that only extensions link to is copied with each of them.
    if found.folder is None:
        return GeneratedSources(await digest_to_snapshot(versions.digest))
    build, plan = await concurrently(
        native_settings(NativeSettingsRequest(address), **implicitly()),
        plan_link(LinkPlanRequest(address), **implicitly()),
    )
    library = await place_library(PlaceLibraryRequest(address, found.folder, build.platform))
    settled = await settled_files(
        SettledFilesRequest(
            path=library.path,
            digest=library.digest,
            libraries=library.libraries,
            library_addresses=plan.shared_libraries,
            platform=build.platform,
            abi=PythonAbi(PythonVersion(8), independent=True),
            source_root=found.source_root,
        )
    )
    return await _in_source_root(settled.digest, found.source_root, versions)


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        *checks.rules(),
        *chosen_pythons.rules(),
        *settings.rules(),
        UnionRule(GenerateSourcesRequest, GenerateExtensionRequest),
        UnionRule(GenerateSourcesRequest, GenerateLibraryRequest),
    ]
