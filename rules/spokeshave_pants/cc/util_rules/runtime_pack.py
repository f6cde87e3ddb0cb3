"""The runtime pack of a platform, made once per toolchain by an action of its own."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import CreateDigest, Digest, DigestContents, DigestSubset, FileContent, PathGlobs, RemovePrefix
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.compile_command import TOOLCHAIN_DIR, ZIG, ZIG_ENVIRONMENT
from spokeshave_pants.cc.runtime_pack_recipe import (
    PACK_DIR,
    RECIPE,
    SOURCE,
    SOURCE_NAME,
    RuntimePackError,
    RuntimePackRecipe,
    own_sources,
    pack_argv,
)
from spokeshave_pants.cc.util_rules.hermetic import HermeticProcess
from spokeshave_pants.cc.util_rules.sandbox_python import SandboxPython
from spokeshave_pants.cc.util_rules.toolchain import CcToolchain, CcToolchainRequest
from spokeshave_pants.platform import Platform
from spokeshave_pants.resources.files import carried_source, standalone_tool

_TOOL = "__tool/runtime_pack.py"


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
async def make_runtime_pack(request: RuntimePackRequest, python: SandboxPython) -> RuntimePack:
    platform = request.platform
    toolchain = await Get(CcToolchain, CcToolchainRequest(platform))
    own = (FileContent(name, carried_source(name)) for name in own_sources(platform))
    tool = FileContent(_TOOL, standalone_tool("runtime_pack.py"))
    inputs = await Get(Digest, CreateDigest([FileContent(SOURCE_NAME, SOURCE), *own, tool]))
    description = f"Make the runtime pack for {platform} (libc++, start files; once per toolchain)"
    process = Process(
        argv=(python.path, _TOOL, *pack_argv(ZIG, platform)),
        env=ZIG_ENVIRONMENT,
        input_digest=inputs,
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.whole},
        append_only_caches=python.append_only_caches,
        output_directories=(PACK_DIR,),
        output_files=(RECIPE,),
        description=description,
        level=LogLevel.INFO,
    )
    result = await Get(FallibleProcessResult, HermeticProcess(process, toolchain.packages))
    if result.exit_code:
        reason = result.stderr.decode(errors="replace").strip()
        raise RuntimePackError(f"The toolchain did not make its runtime for {platform}:\n{reason}")
    below, recipes = await MultiGet(
        Get(Digest, DigestSubset(result.output_digest, PathGlobs([f"{PACK_DIR}/**"]))),
        Get(DigestContents, DigestSubset(result.output_digest, PathGlobs([RECIPE]))),
    )
    pack = await Get(Digest, RemovePrefix(below, PACK_DIR))
    recipe = RuntimePackRecipe.parse(recipes[0].content.decode())
    action = Action.of(ActionKind.RUNTIME_PACK, description, result)
    return RuntimePack(pack, recipe.flags, recipe.libraries, action)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
