"""Rules for the compiler driver that builds of others call: CMake, make, meson and PEP 517 backends."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.fs import (
    EMPTY_DIGEST,
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    Directory,
    FileContent,
    MergeDigests,
    PathGlobs,
)
from pants.engine.process import Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_core.platform import ObjectFormat, Platform, System
from spokeshave_pants.action import Action
from spokeshave_pants.cc.foreign.cmake_file import TOOLCHAIN_FILE, toolchain_file
from spokeshave_pants.cc.foreign.header_case import OVERLAY_FILE, case_overlay
from spokeshave_pants.cc.foreign.resource_compiler import (
    DESCRIPTION,
    OUTPUT_NAME,
    ROOT,
    ROOT_SOURCE,
    ResourceCompilerError,
    resource_compiler_argv,
)
from spokeshave_pants.cc.foreign.start_files import (
    SOURCE,
    SOURCE_NAME,
    WINDOWS_SOURCES,
    WINDOWS_START,
    WINDOWS_UNICODE_START,
    StartFilesError,
    start_argv,
    start_files,
)
from spokeshave_pants.cc.foreign.tools import (
    BIN_DIR,
    DEFINITIONS,
    EMPTY_DIR,
    FOREIGN_DIR,
    LIB_DIR,
    NATIVE_DIR,
    OLDEST_DIR,
    PROGRAM,
    SETTINGS,
    TOOLS,
    library_names,
    settings,
)
from spokeshave_pants.cc.runtime_pack.recipe import WORK_DIR
from spokeshave_pants.cc.runtime_pack.rules import RuntimePackRequest, make_runtime_pack
from spokeshave_pants.confinement.rules import ConfinedProcess, run_confined
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    get_digest_contents,
    implicitly,
    merge_digests,
    rule,
)
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment
from spokeshave_pants.sandbox.packages import PackagesRequest
from spokeshave_pants.toolchain.layout import libc_headers
from spokeshave_pants.toolchain.machine_program import machine_platform
from spokeshave_pants.toolchain.macos import LIBRARY_GLOBS, STUB, without_newer_functions
from spokeshave_pants.toolchain.rules import (
    CcToolchainRequest,
    MachineProgramRequest,
    ZigPackage,
    cc_toolchain,
    make_machine_program,
)
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG_CACHE_DIR, ZIG_ENVIRONMENT


@dataclass(frozen=True)
class ForeignToolchainRequest:
    """A request for the driver of a platform with one processor."""

    platform: Platform


@dataclass(frozen=True)
class ForeignToolchain:
    """The driver and what it needs. Both digests are inputs of a process, at fixed places.

    Attributes:
        digest: The tools under their names, the platform's libraries and CMake's toolchain file, for `FOREIGN_DIR`.
        zig: The platform's part of the `ziglang` package, for `TOOLCHAIN_DIR`.
        packages: The packages that the process has to name.
        action: The last action that made them.
    """

    digest: Digest
    zig: Digest
    packages: tuple[PackagesRequest, ...]
    action: Action


@dataclass(frozen=True)
class BuildToolchainsRequest:
    """A request for all that the build of a project compiles with.

    Attributes:
        platform: A platform with one processor.
        native: The platform of the machine that builds, if the build makes programs that run there.
    """

    platform: Platform
    native: Platform | None = None


@dataclass(frozen=True)
class BuildToolchains:
    """The inputs of a build by their folders, and what its process has to name."""

    mounted: FrozenDict[str, Digest]
    packages: tuple[PackagesRequest, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class ForeignZigRequest:
    """A request for the part of the `ziglang` package that builds of others need for a platform."""

    platform: Platform


@dataclass(frozen=True)
class ForeignZig:
    """The compiler, the linker, and for Windows the functions of its DLLs and its headers' names in any case."""

    digest: Digest


@dataclass(frozen=True)
class StartFilesRequest:
    """A request for the start files of programs of a platform."""

    platform: Platform


@dataclass(frozen=True)
class StartFiles:
    """The start files, in a digest without folders."""

    digest: Digest
    names: tuple[str, ...]


@dataclass(frozen=True)
class OldestMacosLibraryRequest:
    """A request for zig's library folder without the functions that the oldest macOS of a platform lacks."""

    platform: Platform


@dataclass(frozen=True)
class OldestMacosLibrary:
    """The folder, as `OLDEST_DIR`."""

    digest: Digest


@dataclass(frozen=True)
class ResourceCompiler:
    """The program that compiles resources of Windows, as the only file of a digest."""

    digest: Digest


@rule(desc="Make the start files of programs", level=LogLevel.DEBUG)
async def make_start_files(request: StartFilesRequest) -> StartFiles:
    platform = request.platform
    if platform.object_format is ObjectFormat.MACHO:
        return StartFiles(EMPTY_DIGEST, ())
    toolchain = await cc_toolchain(CcToolchainRequest(platform), **implicitly())
    is_windows = platform.system is System.WINDOWS
    sources = WINDOWS_SOURCES if is_windows else {SOURCE_NAME: SOURCE}
    objects = (WINDOWS_START, WINDOWS_UNICODE_START) if is_windows else ()
    process = Process(
        argv=start_argv(platform),
        env=ZIG_ENVIRONMENT,
        input_digest=await create_digest(
            CreateDigest(FileContent(f"{WORK_DIR}/{name}", text) for name, text in sources.items())
        ),
        immutable_input_digests={f"{WORK_DIR}/{TOOLCHAIN_DIR}": toolchain.whole},
        working_directory=WORK_DIR,
        output_files=objects,
        output_directories=() if is_windows else (ZIG_CACHE_DIR,),
        description=f"Make the start files of programs for {platform} (once per toolchain)",
        level=LogLevel.INFO,
    )
    result = await run_confined(ConfinedProcess(process, toolchain.packages), **implicitly())
    log = result.stderr.decode(errors="replace")
    if result.exit_code:
        raise StartFilesError(f"The toolchain could not make the start files of programs for {platform}:\n{log}")
    if is_windows:
        return StartFiles(result.output_digest, objects)
    paths = start_files(log, platform)
    found = await get_digest_contents(**implicitly(DigestSubset(result.output_digest, PathGlobs(paths))))
    files = [FileContent(posixpath.basename(file.path), file.content) for file in found]
    return StartFiles(await create_digest(CreateDigest(files)), tuple(file.path for file in files))


@rule(desc="Make the compiler of Windows resources", level=LogLevel.DEBUG)
async def make_resource_compiler(package: ZigPackage, compilers: CompilerEnvironment) -> ResourceCompiler:
    root = await create_digest(CreateDigest([FileContent(ROOT, ROOT_SOURCE)]))
    process = Process(
        argv=resource_compiler_argv(machine_platform(compilers.machine.name)),
        env=ZIG_ENVIRONMENT,
        immutable_input_digests={
            f"{WORK_DIR}/{TOOLCHAIN_DIR}": await merge_digests(MergeDigests([package.digest, root]))
        },
        working_directory=WORK_DIR,
        output_files=(OUTPUT_NAME,),
        description=DESCRIPTION,
        level=LogLevel.INFO,
    )
    result = await run_confined(ConfinedProcess(process, (package.request,)), **implicitly())
    if result.exit_code:
        raise ResourceCompilerError(
            "The toolchain could not build its compiler of Windows resources:\n"
            + result.stderr.decode(errors="replace")
        )
    return ResourceCompiler(result.output_digest)


@rule(desc="Find the part of zig for builds of others", level=LogLevel.DEBUG)
async def foreign_zig(request: ForeignZigRequest) -> ForeignZig:
    toolchain = await cc_toolchain(CcToolchainRequest(request.platform), **implicitly())
    parts = [toolchain.compiler, toolchain.linker]
    if request.platform.object_format is ObjectFormat.PE:
        (folder,) = libc_headers(request.platform)
        root = f"lib/libc/include/{folder}"
        definitions, headers = await concurrently(
            digest_subset_to_digest(**implicitly(DigestSubset(toolchain.whole, PathGlobs([DEFINITIONS])))),
            digest_to_snapshot(**implicitly(DigestSubset(toolchain.compiler, PathGlobs([f"{root}/**"])))),
        )
        overlay = FileContent(OVERLAY_FILE, case_overlay(headers.files, root).encode())
        parts += [definitions, await create_digest(CreateDigest([overlay]))]
    return ForeignZig(await merge_digests(MergeDigests(parts)))


@rule(desc="Find the libSystem of the oldest macOS", level=LogLevel.DEBUG)
async def oldest_macos_library(request: OldestMacosLibraryRequest) -> OldestMacosLibrary:
    toolchain = await cc_toolchain(CcToolchainRequest(request.platform), **implicitly())
    files = await get_digest_contents(**implicitly(DigestSubset(toolchain.linker, PathGlobs(LIBRARY_GLOBS))))
    floor = request.platform.floor or (0, 0)
    content = (
        without_newer_functions(file.content.decode(), floor).encode() if file.path == STUB else file.content
        for file in files
    )
    placed = (
        FileContent(posixpath.join(OLDEST_DIR, posixpath.relpath(file.path, "lib")), text)
        for file, text in zip(files, content)
    )
    return OldestMacosLibrary(await create_digest(CreateDigest(placed)))


@rule(desc="Make the compiler driver for builds of others", level=LogLevel.DEBUG)
async def make_foreign_toolchain(request: ForeignToolchainRequest) -> ForeignToolchain:
    platform = request.platform
    toolchain, pack, start, program = await concurrently(
        cc_toolchain(CcToolchainRequest(platform), **implicitly()),
        make_runtime_pack(RuntimePackRequest(platform), **implicitly()),
        make_start_files(StartFilesRequest(platform)),
        make_machine_program(MachineProgramRequest(PROGRAM), **implicitly()),
    )
    packed, content, zig = await concurrently(
        digest_to_snapshot(pack.digest),
        get_digest_contents(program.digest),
        foreign_zig(ForeignZigRequest(platform)),
    )
    own = await create_digest(
        CreateDigest(
            [
                *(FileContent(f"{BIN_DIR}/{name}", content[0].content, is_executable=True) for name in TOOLS),
                *(
                    FileContent(f"{LIB_DIR}/{name}", text)
                    for name, text in library_names(platform, packed.files).items()
                ),
                FileContent(SETTINGS, settings(platform, pack.flags, pack.libraries, start.names).encode()),
                FileContent(TOOLCHAIN_FILE, toolchain_file(platform).encode()),
                Directory(EMPTY_DIR),
            ]
        )
    )
    libraries = await add_prefix(AddPrefix(await merge_digests(MergeDigests([pack.digest, start.digest])), LIB_DIR))
    parts = [own, libraries]
    if platform.system is System.WINDOWS:
        parts.append((await make_resource_compiler(**implicitly())).digest)
    if platform.system is System.MACOS:
        parts.append((await oldest_macos_library(OldestMacosLibraryRequest(platform))).digest)
    return ForeignToolchain(
        digest=await merge_digests(MergeDigests(parts)),
        zig=zig.digest,
        packages=toolchain.packages,
        action=pack.action,
    )


@rule(level=LogLevel.DEBUG)
async def make_build_toolchains(request: BuildToolchainsRequest) -> BuildToolchains:
    platforms = (request.platform, *((request.native,) if request.native else ()))
    made = await concurrently(make_foreign_toolchain(ForeignToolchainRequest(platform)) for platform in platforms)
    zig = await merge_digests(MergeDigests(toolchain.zig for toolchain in made))
    folders = zip((FOREIGN_DIR, NATIVE_DIR), made)
    return BuildToolchains(
        mounted=FrozenDict({**{folder: toolchain.digest for folder, toolchain in folders}, TOOLCHAIN_DIR: zig}),
        packages=tuple(dict.fromkeys(request for toolchain in made for request in toolchain.packages)),
        actions=tuple(toolchain.action for toolchain in made),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
