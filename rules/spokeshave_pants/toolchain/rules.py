"""Rules for the toolchain of a platform: the files of the pinned package that its compiles and links read."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    GlobMatchErrorBehavior,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform, System
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.wheel_name import WheelName
from spokeshave_pants.pants_api import (
    concurrently,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    get_digest_contents,
    implicitly,
    merge_digests,
    remove_prefix,
    rule,
)
from spokeshave_pants.resources.files import carried_source
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment, HermeticProcess, run_hermetic
from spokeshave_pants.sandbox.packages import PackagesRequest, find_packages
from spokeshave_pants.toolchain.layout import (
    LICENSES,
    TYPEINFO,
    ToolchainLayoutError,
    compare_types_by_name,
    compile_globs,
    link_globs,
)
from spokeshave_pants.toolchain.machine_program import COMMON_HEADER, build_argv, machine_platform
from spokeshave_pants.toolchain.musl import CHANGED_FILES, as_in_oldest_musl
from spokeshave_pants.toolchain.subsystem import ZigToolchainSubsystem
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG_ENVIRONMENT

_PACKAGE = "ziglang"


@dataclass(frozen=True)
class ZigPackage:
    """The pinned package with its C++ library's types compared by name. Its files may not be materialized locally.

    Attributes:
        licenses: The license files of what its static libraries consist of, which are materialized.
        musl: The files of musl that are changed for its platforms, which are materialized.
    """

    digest: Digest
    request: PackagesRequest
    version: str
    licenses: Digest
    musl: Digest


@dataclass(frozen=True)
class ZigForMusl:
    """The package with the musl that the oldest systems of musllinux have."""

    digest: Digest


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


class MachineProgramError(SpokeshaveError):
    """A program of the plugin cannot be built."""


@dataclass(frozen=True)
class MachineProgramRequest:
    """A C program of the plugin, by its name, for the machine that runs the compilers."""

    name: str


@dataclass(frozen=True)
class MachineProgram:
    """The program as the only file of a digest."""

    digest: Digest


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
        path=subsystem.requirements,
        where=where,
        purpose="which compile and link (once on a machine)",
        keep=tuple(f"*/{_PACKAGE}/{path}" for path in (TYPEINFO, *LICENSES, *CHANGED_FILES)),
        platform=compilers.machine,
    )
    packages = await find_packages(request, **implicitly())
    binary = await digest_to_snapshot(**implicitly(DigestSubset(packages.digest, PathGlobs([f"*/{_PACKAGE}/zig"]))))
    if len(binary.files) != 1:
        raise ToolchainLayoutError(
            f"The requirements in {subsystem.requirements} install no `ziglang` package with a `zig` binary. "
            "Pin `ziglang` there, with hashes."
        )
    root = posixpath.dirname(binary.files[0])
    typeinfo = f"{root}/{TYPEINFO}"
    original, licenses, musl, rest = await concurrently(
        get_digest_contents(**implicitly(DigestSubset(packages.kept, PathGlobs([typeinfo])))),
        digest_subset_to_digest(DigestSubset(packages.kept, PathGlobs(f"{root}/{path}" for path in LICENSES))),
        digest_subset_to_digest(DigestSubset(packages.kept, PathGlobs(f"{root}/{path}" for path in CHANGED_FILES))),
        digest_subset_to_digest(DigestSubset(packages.digest, PathGlobs([f"{root}/**", f"!{typeinfo}"]))),
    )
    changed = compare_types_by_name("".join(file.content.decode() for file in original))
    patch = await create_digest(CreateDigest([FileContent(typeinfo, changed.encode())]))
    merged = await merge_digests(MergeDigests((rest, patch)))
    return ZigPackage(
        digest=await remove_prefix(RemovePrefix(merged, root)),
        request=request,
        version=WheelName.parse(posixpath.dirname(root)).version,
        licenses=await remove_prefix(RemovePrefix(licenses, root)),
        musl=await remove_prefix(RemovePrefix(musl, root)),
    )


@rule
async def zig_for_musl(package: ZigPackage) -> ZigForMusl:
    files, rest = await concurrently(
        get_digest_contents(package.musl),
        digest_subset_to_digest(
            DigestSubset(package.digest, PathGlobs(["**", *(f"!{path}" for path in CHANGED_FILES)]))
        ),
    )
    changed = (FileContent(file.path, as_in_oldest_musl(file.path, file.content.decode()).encode()) for file in files)
    return ZigForMusl(await merge_digests(MergeDigests((rest, await create_digest(CreateDigest(changed))))))


@rule
async def cc_toolchain(request: CcToolchainRequest, package: ZigPackage) -> CcToolchain:
    is_musl = request.platform.system is System.MUSL
    whole = (await zig_for_musl(**implicitly())).digest if is_musl else package.digest
    compiler, linker = await concurrently(
        digest_subset_to_digest(DigestSubset(whole, PathGlobs(globs, GlobMatchErrorBehavior.ignore)))
        for globs in (compile_globs(request.platform), link_globs(request.platform))
    )
    return CcToolchain(compiler=compiler, linker=linker, whole=whole, packages=(package.request,))


@rule
async def cc_toolchains(request: CcToolchainsRequest) -> CcToolchains:
    await concurrently(cc_toolchain(CcToolchainRequest(platform), **implicitly()) for platform in request.platforms)
    return CcToolchains()


@rule(desc="Make a program that runs compilers", level=LogLevel.DEBUG)
async def make_machine_program(request: MachineProgramRequest, compilers: CompilerEnvironment) -> MachineProgram:
    platform = machine_platform(compilers.machine.name)
    toolchain = await cc_toolchain(CcToolchainRequest(platform), **implicitly())
    sources = (f"{request.name}.c", COMMON_HEADER)
    process = Process(
        argv=build_argv(platform, request.name),
        env=ZIG_ENVIRONMENT,
        input_digest=await create_digest(CreateDigest(FileContent(name, carried_source(name)) for name in sources)),
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.linker},
        output_files=(request.name,),
        description=f"Make the program `{request.name}`, which runs compilers",
        level=LogLevel.DEBUG,
    )
    result = await run_hermetic(HermeticProcess(process, toolchain.packages, is_compiler=True), **implicitly())
    if result.exit_code:
        reason = result.stderr.decode(errors="replace").strip()
        raise MachineProgramError(f"The toolchain could not build the plugin's program `{request.name}`:\n{reason}")
    return MachineProgram(result.output_digest)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
