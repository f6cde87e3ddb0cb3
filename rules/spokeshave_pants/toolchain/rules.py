"""Rules for the toolchain of a platform: the files of the pinned package that its compiles and links read."""

from __future__ import annotations

import posixpath
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

from spokeshave_core.platform import Platform
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment
from spokeshave_pants.sandbox.packages import Packages, PackagesRequest
from spokeshave_pants.toolchain.layout import (
    TYPEINFO,
    ToolchainLayoutError,
    compare_types_by_name,
    compile_globs,
    link_globs,
)
from spokeshave_pants.toolchain.subsystem import ZigToolchainSubsystem

_PACKAGE = "ziglang"


@dataclass(frozen=True)
class ZigPackage:
    """The pinned package with its C++ library's types compared by name. Its files may not be materialized locally."""

    digest: Digest
    request: PackagesRequest


@dataclass(frozen=True)
class CcToolchainRequest:
    """A request for the toolchain of a platform."""

    platform: Platform


@dataclass(frozen=True)
class CcToolchain:
    """Content-addressed inputs that compile, link and make the runtime pack for one platform.

    Attributes:
        packages: The packages that a `HermeticProcess` with one of these digests among its inputs has to name.
    """

    compiler: Digest
    linker: Digest
    whole: Digest
    packages: tuple[PackagesRequest, ...]


@dataclass(frozen=True)
class CcToolchainsRequest:
    """The toolchains of several platforms."""

    platforms: tuple[Platform, ...]


@dataclass(frozen=True)
class CcToolchains:
    """Marker: the toolchain of every requested platform has been found, or installed."""


@rule(desc="Find the pinned zig toolchain")
async def zig_package(subsystem: ZigToolchainSubsystem, compilers: CompilerEnvironment) -> ZigPackage:
    where = f"the option `[{subsystem.options_scope}].requirements`"
    request = PackagesRequest(
        subsystem.requirements, where, keep=(f"*/{_PACKAGE}/{TYPEINFO}",), platform=compilers.machine
    )
    packages = await Get(Packages, PackagesRequest, request)
    binary = await Get(Snapshot, DigestSubset(packages.digest, PathGlobs([f"*/{_PACKAGE}/zig"])))
    if len(binary.files) != 1:
        raise ToolchainLayoutError(
            f"The requirements in {subsystem.requirements} install no `ziglang` package with a `zig` binary. "
            "Pin `ziglang` there, with hashes."
        )
    root = posixpath.dirname(binary.files[0])
    typeinfo = f"{root}/{TYPEINFO}"
    original, rest = await MultiGet(
        Get(DigestContents, Digest, packages.kept),
        Get(Digest, DigestSubset(packages.digest, PathGlobs([f"{root}/**", f"!{typeinfo}"]))),
    )
    changed = compare_types_by_name("".join(file.content.decode() for file in original))
    patch = await Get(Digest, CreateDigest([FileContent(typeinfo, changed.encode())]))
    merged = await Get(Digest, MergeDigests((rest, patch)))
    return ZigPackage(await Get(Digest, RemovePrefix(merged, root)), request)


@rule
async def cc_toolchain(request: CcToolchainRequest, package: ZigPackage) -> CcToolchain:
    compiler, linker = await MultiGet(
        Get(Digest, DigestSubset(package.digest, PathGlobs(globs, GlobMatchErrorBehavior.ignore)))
        for globs in (compile_globs(request.platform), link_globs(request.platform))
    )
    return CcToolchain(compiler=compiler, linker=linker, whole=package.digest, packages=(package.request,))


@rule
async def cc_toolchains(request: CcToolchainsRequest) -> CcToolchains:
    await MultiGet(Get(CcToolchain, CcToolchainRequest(platform)) for platform in request.platforms)
    return CcToolchains()


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
