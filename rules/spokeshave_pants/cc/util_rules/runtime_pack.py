"""The runtime pack of a platform, made once per toolchain by an action of its own."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    DigestSubset,
    FileContent,
    PathGlobs,
    Snapshot,
)
from pants.engine.process import Process, ProcessResult
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.compile_command import TOOLCHAIN_DIR, ZIG, ZIG_CACHE_DIR, ZIG_ENVIRONMENT
from spokeshave_pants.cc.runtime_pack_recipe import OUTPUT_NAME, SOURCE, SOURCE_NAME, parse_link_log
from spokeshave_pants.cc.util_rules.toolchain import CcToolchain, CcToolchainRequest
from spokeshave_pants.platform import Platform


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


@rule(desc="Make the runtime pack", level=LogLevel.DEBUG)
async def make_runtime_pack(request: RuntimePackRequest) -> RuntimePack:
    toolchain = await Get(CcToolchain, CcToolchainRequest(request.platform))
    source = await Get(Digest, CreateDigest([FileContent(SOURCE_NAME, SOURCE)]))
    description = f"Make the runtime pack for {request.platform} (libc++, start files; once per toolchain)"
    result = await Get(
        ProcessResult,
        Process(
            argv=(
                *(ZIG, "c++", "-target", request.platform.zig_target),
                *("-O2", "-g0", "-fPIC", "-shared", "-s", SOURCE_NAME, "-o", OUTPUT_NAME, "-v"),
            ),
            env=ZIG_ENVIRONMENT,
            input_digest=source,
            immutable_input_digests={TOOLCHAIN_DIR: toolchain.whole},
            output_directories=(ZIG_CACHE_DIR,),
            description=description,
            level=LogLevel.INFO,
        ),
    )
    cache = await Get(Snapshot, Digest, result.output_digest)
    recipe = parse_link_log(result.stderr.decode(), cache.files)
    wanted = {path: name for name, path in recipe.files}
    contents = await Get(DigestContents, DigestSubset(cache.digest, PathGlobs(wanted)))
    pack = await Get(Digest, CreateDigest(FileContent(wanted[file.path], file.content) for file in contents))
    return RuntimePack(
        digest=pack,
        flags=recipe.flags,
        libraries=recipe.libraries,
        action=Action.of(ActionKind.RUNTIME_PACK, description, result),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
