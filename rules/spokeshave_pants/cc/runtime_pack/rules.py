"""Rules for the runtime pack of a platform, which is built once per toolchain by an action of its own."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.compile_command import OBJECTS_DIR, compile_argv, object_path
from spokeshave_pants.cc.runtime_pack.recipe import (
    LOG,
    PACK_DIR,
    RECIPE,
    SOURCE,
    SOURCE_NAME,
    WORK_DIR,
    RuntimePackError,
    RuntimePackRecipe,
    archive_argv,
    builtins_library,
    builtins_settings,
    first_link_argv,
    make_argv,
    own_sources,
    pack_description,
    unpack_argv,
)
from spokeshave_pants.confinement.command import CONFINE_DIR
from spokeshave_pants.confinement.rules import ConfinedProcess, ConfineProgram, run_confined
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    execute_process,
    get_digest_contents,
    implicitly,
    merge_digests,
    remove_prefix,
    rule,
)
from spokeshave_pants.resources.files import carried_source, standalone_tool
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment, HermeticProcess, run_hermetic
from spokeshave_pants.sandbox.python import SandboxPython
from spokeshave_pants.toolchain.rules import CcToolchainRequest, cc_toolchain
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG, ZIG_CACHE_DIR, ZIG_ENVIRONMENT

_TOOL = "__tool/runtime_pack.py"


@dataclass(frozen=True)
class RuntimePackRequest:
    """A request for the runtime pack of a platform."""

    platform: Platform


@dataclass(frozen=True)
class RuntimePack:
    """The files that a link needs besides the user's objects, under `PACK_DIR`, and the linker's arguments.

    Attributes:
        archives: The names of the static libraries.
    """

    digest: Digest
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    archives: tuple[str, ...]
    action: Action


@dataclass(frozen=True)
class RuntimePacksRequest:
    """The runtime packs of several platforms."""

    platforms: tuple[Platform, ...]


@dataclass(frozen=True)
class RuntimePacks:
    """Marker: the runtime pack of every requested platform has been made."""


@dataclass(frozen=True)
class _MadePack:
    """The output of one run of the tool, and its parsed recipe."""

    digest: Digest
    recipe: RuntimePackRecipe
    action: Action


@dataclass(frozen=True)
class _LocalPackRequest:
    platform: Platform


@dataclass(frozen=True)
class _RemotePackRequest:
    platform: Platform


@dataclass(frozen=True)
class _ArchiveRequest:
    """A static library to make of its members, which `unpacked` contains in the folder `name`."""

    platform: Platform
    name: str
    members: tuple[str, ...]
    unpacked: Digest


@dataclass(frozen=True)
class _Archive:
    digest: Digest


@dataclass(frozen=True)
class _BuiltinsRequest:
    platform: Platform


@dataclass(frozen=True)
class _Builtins:
    """The library of what zig's runtime lacks, as the file `name` of the pack."""

    digest: Digest
    name: str


@dataclass(frozen=True)
class _BuiltinRequest:
    """A source of the library for a platform."""

    platform: Platform
    source: str


@dataclass(frozen=True)
class _Builtin:
    """The object of a source, in a digest without `OBJECTS_DIR`."""

    digest: Digest


async def _outputs(result: FallibleProcessResult) -> tuple[Digest, RuntimePackRecipe]:
    """Return the output of the tool."""
    below, recipes = await concurrently(
        digest_subset_to_digest(DigestSubset(result.output_digest, PathGlobs([f"{PACK_DIR}/**"]))),
        get_digest_contents(**implicitly(DigestSubset(result.output_digest, PathGlobs([RECIPE])))),
    )
    pack = await remove_prefix(RemovePrefix(below, PACK_DIR))
    return pack, RuntimePackRecipe.parse(recipes[0].content.decode())


@rule(level=LogLevel.DEBUG)
async def make_runtime_pack(request: RuntimePackRequest, compilers: CompilerEnvironment) -> RuntimePack:
    platform = request.platform
    if compilers.name is None:
        new_pack, builtins = await concurrently(
            make_locally(_LocalPackRequest(platform), **implicitly()), make_builtins_library(_BuiltinsRequest(platform))
        )
    else:
        new_pack, builtins = await concurrently(
            make_remotely(_RemotePackRequest(platform), **implicitly()),
            make_builtins_library(_BuiltinsRequest(platform)),
        )
    digest = await merge_digests(MergeDigests([new_pack.digest, builtins.digest]))
    # The first definition counts.
    libraries = (f"{PACK_DIR}/{builtins.name}", *new_pack.recipe.libraries)
    return RuntimePack(
        digest=digest,
        flags=new_pack.recipe.flags,
        libraries=libraries,
        archives=(*(name for name, _ in new_pack.recipe.archives), builtins.name),
        action=new_pack.action,
    )


@rule
async def make_runtime_packs(request: RuntimePacksRequest) -> RuntimePacks:
    await concurrently(
        make_runtime_pack(RuntimePackRequest(platform), **implicitly()) for platform in request.platforms
    )
    return RuntimePacks()


@rule(desc="Compile a part of the compiler's runtime", level=LogLevel.DEBUG)
async def compile_builtin(request: _BuiltinRequest) -> _Builtin:
    platform = request.platform
    toolchain = await cc_toolchain(CcToolchainRequest(platform), **implicitly())
    process = Process(
        argv=compile_argv(request.source, platform, builtins_settings()),
        env=ZIG_ENVIRONMENT,
        input_digest=await create_digest(CreateDigest([FileContent(request.source, carried_source(request.source))])),
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.compiler},
        output_files=(object_path(request.source),),
        description=f"Compile {request.source} of the runtime of {platform}",
        level=LogLevel.DEBUG,
    )
    result = await run_hermetic(HermeticProcess(process, toolchain.packages, is_compiler=True), **implicitly())
    _raise_for_failure(result, platform)
    return _Builtin(await remove_prefix(RemovePrefix(result.output_digest, OBJECTS_DIR)))


@rule(desc="Make the library of what zig's runtime lacks", level=LogLevel.DEBUG)
async def make_builtins_library(request: _BuiltinsRequest) -> _Builtins:
    library = builtins_library(request.platform)
    compiled = await concurrently(
        compile_builtin(_BuiltinRequest(request.platform, source)) for source in library.sources
    )
    merged = await merge_digests(MergeDigests(each.digest for each in compiled))
    archive = await make_archive(
        _ArchiveRequest(
            platform=request.platform,
            name=library.archive,
            members=tuple(posixpath.relpath(object_path(source), OBJECTS_DIR) for source in library.sources),
            unpacked=await add_prefix(AddPrefix(merged, library.archive)),
        )
    )
    return _Builtins(archive.digest, library.archive)


@rule(desc="Make the runtime pack", level=LogLevel.DEBUG)
async def make_locally(request: _LocalPackRequest, python: SandboxPython, program: ConfineProgram) -> _MadePack:
    platform = request.platform
    toolchain = await cc_toolchain(CcToolchainRequest(platform), **implicitly())
    description = pack_description(platform)
    process = Process(
        argv=(python.path, _TOOL, *make_argv(ZIG, platform)),
        env=ZIG_ENVIRONMENT,
        input_digest=await create_digest(CreateDigest([*_sources(platform), _tool()])),
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.whole, CONFINE_DIR: program.digest},
        append_only_caches=python.append_only_caches,
        output_directories=(PACK_DIR,),
        output_files=(RECIPE,),
        description=description,
        level=LogLevel.INFO,
    )
    result = await run_hermetic(HermeticProcess(process, toolchain.packages), **implicitly())
    _raise_for_failure(result, platform)
    pack, recipe = await _outputs(result)
    return _MadePack(
        pack, recipe, Action.of(kind=ActionKind.RUNTIME_PACK, description=description, result=result, platform=platform)
    )


@rule(desc="Make the runtime pack on workers", level=LogLevel.DEBUG)
async def make_remotely(request: _RemotePackRequest, python: SandboxPython) -> _MadePack:
    """Run zig on the workers, which need no Python, and process its output here."""
    platform = request.platform
    toolchain = await cc_toolchain(CcToolchainRequest(platform), **implicitly())
    description = pack_description(platform)
    sources = await create_digest(CreateDigest(_sources(platform)))
    first_link = Process(
        argv=first_link_argv(ZIG, platform),
        env=ZIG_ENVIRONMENT,
        input_digest=await add_prefix(AddPrefix(sources, WORK_DIR)),
        immutable_input_digests={f"{WORK_DIR}/{TOOLCHAIN_DIR}": toolchain.whole},
        working_directory=WORK_DIR,
        output_directories=(ZIG_CACHE_DIR,),
        description=description,
        level=LogLevel.INFO,
    )
    linked = await run_confined(ConfinedProcess(first_link, toolchain.packages), **implicitly())
    _raise_for_failure(linked, platform)
    log = FileContent(LOG, linked.stderr)
    created = await create_digest(CreateDigest([_tool(), log]))
    unpacked = await execute_process(
        Process(
            argv=(python.path, _TOOL, *unpack_argv(platform)),
            input_digest=await merge_digests(MergeDigests([linked.output_digest, created])),
            append_only_caches=python.append_only_caches,
            output_directories=(PACK_DIR,),
            output_files=(RECIPE,),
            description=f"Unpack the runtime of {platform}",
            level=LogLevel.DEBUG,
        ),
        **implicitly(),
    )
    _raise_for_failure(unpacked, platform)
    pack, recipe = await _outputs(unpacked)
    archives = await concurrently(
        make_archive(_ArchiveRequest(platform=platform, name=name, members=members, unpacked=pack))
        for name, members in recipe.archives
    )
    folders = (f"!{name}" for name, _ in recipe.archives)
    plain = await digest_subset_to_digest(DigestSubset(pack, PathGlobs(["*", *folders])))
    whole = await merge_digests(MergeDigests([plain, *(archive.digest for archive in archives)]))
    return _MadePack(
        whole,
        recipe,
        Action.of(kind=ActionKind.RUNTIME_PACK, description=description, result=linked, platform=platform),
    )


@rule(level=LogLevel.DEBUG)
async def make_archive(request: _ArchiveRequest) -> _Archive:
    toolchain = await cc_toolchain(CcToolchainRequest(request.platform), **implicitly())
    members = await digest_subset_to_digest(DigestSubset(request.unpacked, PathGlobs([f"{request.name}/**"])))
    process = Process(
        argv=archive_argv(ZIG, request.name, request.members),
        env=ZIG_ENVIRONMENT,
        input_digest=await remove_prefix(RemovePrefix(members, request.name)),
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.linker},
        output_files=(request.name,),
        description=f"Make {request.name} of the runtime of {request.platform}",
        level=LogLevel.DEBUG,
    )
    result = await run_confined(ConfinedProcess(process, toolchain.packages), **implicitly())
    _raise_for_failure(result, request.platform)
    return _Archive(result.output_digest)


def _tool() -> FileContent:
    return FileContent(_TOOL, standalone_tool("runtime_pack.py"))


def _sources(platform: Platform) -> list[FileContent]:
    own = (FileContent(name, carried_source(name)) for name in own_sources(platform))
    return [FileContent(SOURCE_NAME, SOURCE), *own]


def _raise_for_failure(result: FallibleProcessResult, platform: Platform) -> None:
    if result.exit_code:
        reason = result.stderr.decode(errors="replace").strip()
        raise RuntimePackError(f"The toolchain could not build its runtime for {platform}:\n{reason}")


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
