"""The toolchain of a platform: the pinned package's files that its compiles and links read."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    DigestSubset,
    FileContent,
    GlobMatchErrorBehavior,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
    Snapshot,
)
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule

from spokeshave_pants.cc.subsystem import ZigToolchainSubsystem
from spokeshave_pants.cc.toolchain_layout import (
    TYPEINFO,
    ToolchainLayoutError,
    compare_types_by_name,
    compile_globs,
    link_globs,
)
from spokeshave_pants.cc.util_rules.requirements import RequirementsTree, RequirementsTreeRequest
from spokeshave_pants.platform import Platform


@dataclass(frozen=True)
class ZigPackage:
    """The whole pinned package, with its C++ library's types compared by name."""

    digest: Digest


@dataclass(frozen=True)
class CcToolchainRequest:
    platform: Platform


@dataclass(frozen=True)
class CcToolchain:
    """Content-addressed inputs that compile, link and make the runtime pack for one platform."""

    compiler: Digest
    linker: Digest
    whole: Digest


async def _with_types_by_name(package: Digest) -> Digest:
    original, rest = await MultiGet(
        Get(DigestContents, DigestSubset(package, PathGlobs([TYPEINFO]))),
        Get(Digest, DigestSubset(package, PathGlobs(["**", f"!{TYPEINFO}"]))),
    )
    changed = compare_types_by_name("".join(file.content.decode() for file in original))
    patch = await Get(Digest, CreateDigest([FileContent(TYPEINFO, changed.encode())]))
    return await Get(Digest, MergeDigests((rest, patch)))


@rule(desc="Unpack the pinned zig toolchain")
async def unpack_zig(subsystem: ZigToolchainSubsystem) -> ZigPackage:
    where = f"the option `[{subsystem.options_scope}].requirements`"
    tree = await Get(RequirementsTree, RequirementsTreeRequest(subsystem.requirements, where))
    root = dict(tree.distributions).get("ziglang", "") + "/ziglang"
    binary = await Get(Snapshot, DigestSubset(tree.digest, PathGlobs([f"{root}/zig"])))
    if len(binary.files) != 1:
        raise ToolchainLayoutError(
            f"The requirements in {subsystem.requirements} install no `ziglang` package with a `zig` binary. "
            "Pin `ziglang` there, with hashes."
        )
    files = await Get(Digest, DigestSubset(tree.digest, PathGlobs([f"{root}/**"])))
    package = await Get(Digest, RemovePrefix(files, root))
    return ZigPackage(await _with_types_by_name(package))


@rule
async def cc_toolchain(request: CcToolchainRequest, package: ZigPackage) -> CcToolchain:
    compiler, linker = await MultiGet(
        Get(Digest, DigestSubset(package.digest, PathGlobs(globs, GlobMatchErrorBehavior.ignore)))
        for globs in (compile_globs(request.platform), link_globs(request.platform))
    )
    return CcToolchain(compiler=compiler, linker=linker, whole=package.digest)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
