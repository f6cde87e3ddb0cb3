"""The runtime pack of a platform, made once per toolchain by an action of its own."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
    Snapshot,
)
from pants.engine.process import Process, ProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.compile_command import TOOLCHAIN_DIR, ZIG, ZIG_CACHE_DIR, ZIG_ENVIRONMENT
from spokeshave_pants.cc.runtime_pack_recipe import (
    SOURCE,
    SOURCE_NAME,
    Archive,
    first_link_argv,
    own_sources,
    parse_link_log,
)
from spokeshave_pants.cc.util_rules.toolchain import CcToolchain, CcToolchainRequest
from spokeshave_pants.platform import Platform
from spokeshave_pants.resources.files import carried_source


@dataclass(frozen=True)
class RuntimePackRequest:
    platform: Platform


@dataclass(frozen=True)
class RuntimePack:
    """What a link needs beside the user's objects, under `PACK_DIR`, and the linker's arguments around those."""

    digest: Digest
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    action: Action


@dataclass(frozen=True)
class RenamedFiles:
    """Some files of a digest under other names: pairs of the new name and the path."""

    digest: Digest
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ArchiveRequest:
    archive: Archive
    cache: Digest
    linker: Digest


@rule(desc="Make the runtime pack", level=LogLevel.DEBUG)
async def make_runtime_pack(request: RuntimePackRequest) -> RuntimePack:
    toolchain = await Get(CcToolchain, CcToolchainRequest(request.platform))
    own = (FileContent(name, carried_source(name)) for name in own_sources(request.platform))
    source = await Get(Digest, CreateDigest([FileContent(SOURCE_NAME, SOURCE), *own]))
    description = f"Make the runtime pack for {request.platform} (libc++, start files; once per toolchain)"
    result = await Get(
        ProcessResult,
        Process(
            argv=first_link_argv(ZIG, request.platform),
            env=ZIG_ENVIRONMENT,
            input_digest=source,
            immutable_input_digests={TOOLCHAIN_DIR: toolchain.whole},
            output_directories=(ZIG_CACHE_DIR,),
            description=description,
            level=LogLevel.INFO,
        ),
    )
    cache = await Get(Snapshot, Digest, result.output_digest)
    recipe = parse_link_log(result.stderr.decode(), cache.files, request.platform.object_format)
    files, *archives = await MultiGet(
        Get(Digest, RenamedFiles(cache.digest, recipe.files)),
        *(Get(Digest, ArchiveRequest(archive, cache.digest, toolchain.linker)) for archive in recipe.archives),
    )
    return RuntimePack(
        digest=await Get(Digest, MergeDigests([files, *archives])),
        flags=recipe.flags,
        libraries=recipe.libraries,
        action=Action.of(ActionKind.RUNTIME_PACK, description, result),
    )


@rule(level=LogLevel.DEBUG)
async def rename_files(request: RenamedFiles) -> Digest:
    wanted: dict[str, list[str]] = {}
    for name, path in request.files:
        wanted.setdefault(path, []).append(name)
    contents = await Get(DigestContents, DigestSubset(request.digest, PathGlobs(wanted)))
    return await Get(
        Digest, CreateDigest(FileContent(name, file.content) for file in contents for name in wanted[file.path])
    )


@rule(level=LogLevel.DEBUG)
async def make_archive(request: ArchiveRequest) -> Digest:
    archive = request.archive
    members = await Get(Digest, RenamedFiles(request.cache, archive.members))
    result = await Get(
        ProcessResult,
        Process(
            argv=(ZIG, "ar", "rcsD", archive.name, *(name for name, _ in archive.members)),
            env=ZIG_ENVIRONMENT,
            input_digest=members,
            immutable_input_digests={TOOLCHAIN_DIR: request.linker},
            output_files=(archive.name,),
            description=f"Archive {archive.name} of a runtime pack",
            level=LogLevel.DEBUG,
        ),
    )
    return result.output_digest


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
