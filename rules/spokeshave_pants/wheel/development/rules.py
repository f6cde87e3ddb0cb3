"""Rules that make the compilation database of sources, and the files that its commands name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pants.core.util_rules.distdir import DistDir
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    Directory,
    FileContent,
    MergeDigests,
    PathGlobs,
    Snapshot,
)
from pants.engine.process import Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.compile.rules import CompileCcSourceRequest, CompilePlan, compile_process
from spokeshave_pants.cc.compile_command import PYTHON_HEADERS_DIR, compile_argv, object_path
from spokeshave_pants.cc.languages import is_c
from spokeshave_pants.cc.settings import CompileSettings
from spokeshave_pants.cc.subsystem import CcBuildSubsystem
from spokeshave_pants.cc.target_types import CStandardField, CxxStandardField
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
from spokeshave_pants.sandbox.packages import install_packages
from spokeshave_pants.toolchain.rules import CcToolchainRequest, cc_toolchain
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG_ENVIRONMENT
from spokeshave_pants.wheel.development.compilation_database import LaidOut, LaidOutFiles, clang_arguments
from spokeshave_pants.wheel.development.driver import PRINT_COMMAND, DriverDefaults

FOLDER = "compile-commands"
# The headers of the toolchain; the rest of it are programs and zig's own sources.
_HEADERS = ("lib/**", "!lib/std/**")


@dataclass(frozen=True)
class DriverDefaultsRequest:
    """A request for what zig adds to compiles of C or of C++."""

    platform: Platform
    is_c: bool


@dataclass(frozen=True)
class SourceBuild:
    """A source and the Python ABI that it is compiled for. None if it does not reach `Python.h`."""

    plan: CompilePlan
    abi: PythonAbi | None


@dataclass(frozen=True)
class CompilationDatabaseRequest:
    """A request for the commands of sources for a platform."""

    builds: tuple[SourceBuild, ...]
    platform: Platform


@dataclass(frozen=True)
class CompilationDatabase:
    """The command line of each source, and the files that they name.

    Attributes:
        folder: The path of the folder with the files, from the build root.
        digest: The files at their paths from the build root.
    """

    commands: tuple[tuple[str, tuple[str, ...]], ...]
    folder: str
    digest: Digest


@rule(level=LogLevel.DEBUG)
async def driver_defaults(request: DriverDefaultsRequest, build: CcBuildSubsystem) -> DriverDefaults:
    toolchain = await cc_toolchain(CcToolchainRequest(request.platform), **implicitly())
    source = "empty.c" if request.is_c else "empty.cc"
    settings = CompileSettings(cxx_standard=CxxStandardField.default, c_standard=CStandardField.default)
    argv = (*compile_argv(source, request.platform, settings, build.type), PRINT_COMMAND)
    process = Process(
        argv=argv,
        env=ZIG_ENVIRONMENT,
        input_digest=await create_digest(CreateDigest([FileContent(source, b"")])),
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.compiler},
        # The folder of the object has to exist.
        output_files=(object_path(source),),
        description=f"Find the compiler's headers for {request.platform}",
        level=LogLevel.DEBUG,
    )
    result = await run_confined(ConfinedProcess(process, toolchain.packages), **implicitly())
    return DriverDefaults.parse(result.stderr.decode(errors="replace"), argv)


def _tree_name(folder: str, abi: PythonAbi | None) -> str:
    """Return the name of a laid-out directory, such as `python3.12` or `packages/nanobind`."""
    name = folder.lstrip("_")
    return f"{name}{abi.version}" if abi and folder == PYTHON_HEADERS_DIR else name


async def _laid_out_inputs(
    files: LaidOutFiles[Digest], build: SourceBuild, process: Process, inputs: Snapshot, checkout: frozenset[str]
) -> LaidOut:
    """Lay out the inputs of a compile that are not in the checkout."""
    generated = tuple(path for path in inputs.files if path not in checkout)
    contents = await get_digest_contents(**implicitly(DigestSubset(process.input_digest, PathGlobs(generated))))
    return LaidOut(
        folders={
            folder: files.add_tree(_tree_name(folder, build.abi), tree)
            for folder, tree in process.immutable_input_digests.items()
        },
        generated=files.add_generated({file.path: file.content for file in contents}),
        files=frozenset(generated),
        own_folders=tuple(sorted({posixpath.dirname(path) for path in inputs.files if path in checkout})),
    )


async def _digest(files: LaidOutFiles[Digest], laid_out: Iterable[LaidOut]) -> Digest:
    """Return all laid-out files, at their paths from the build root."""
    toolchain = _tree_name(TOOLCHAIN_DIR, None)
    headers = await concurrently(
        digest_subset_to_digest(DigestSubset(tree, PathGlobs(_HEADERS if name == toolchain else ["**"])))
        for name, tree, _ in files.trees()
    )
    trees = await concurrently(
        add_prefix(AddPrefix(digest, place)) for digest, (_, _, place) in zip(headers, files.trees())
    )
    # An include in quotes is searched for from the folder of the file that contains it, which has to exist.
    folders = {folder for each in laid_out for folder in each.quoted_folders() if folder.startswith(files.root)}
    generated = await create_digest(
        CreateDigest(
            [*(FileContent(path, content) for path, content in files.generated()), *map(Directory, sorted(folders))]
        )
    )
    return await merge_digests(MergeDigests([*trees, generated]))


@rule(desc="Make the compilation database", level=LogLevel.DEBUG)
async def compilation_database(request: CompilationDatabaseRequest, dist: DistDir) -> CompilationDatabase:
    files: LaidOutFiles[Digest] = LaidOutFiles(posixpath.join(dist.relpath.as_posix(), FOLDER))
    processes = await concurrently(
        compile_process(CompileCcSourceRequest(build.plan, request.platform, build.abi), **implicitly())
        for build in request.builds
    )
    c_defaults, cxx_defaults = await concurrently(
        driver_defaults(DriverDefaultsRequest(request.platform, is_c=True), **implicitly()),
        driver_defaults(DriverDefaultsRequest(request.platform, is_c=False), **implicitly()),
    )
    # The toolchain may be known by a list of its files only.
    packages = dict.fromkeys(wanted for process in processes for wanted in process.confined.packages)
    await concurrently(install_packages(wanted) for wanted in packages)
    inputs = await concurrently(digest_to_snapshot(process.confined.process.input_digest) for process in processes)
    found = await digest_to_snapshot(
        **implicitly(PathGlobs(sorted({path for snapshot in inputs for path in snapshot.files})))
    )
    checkout = frozenset(found.files)
    commands = []
    laid_out = []
    for build, process, snapshot in zip(request.builds, processes, inputs):
        place = await _laid_out_inputs(files, build, process.confined.process, snapshot, checkout)
        defaults = c_defaults if is_c(build.plan.source) else cxx_defaults
        laid_out.append(place)
        commands.append((build.plan.source, clang_arguments(process.confined.process.argv, defaults, place)))
    return CompilationDatabase(tuple(commands), files.root, await _digest(files, laid_out))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
