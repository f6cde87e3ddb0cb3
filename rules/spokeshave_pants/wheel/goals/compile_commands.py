"""The goal `compile-commands`: write the compilation database that clangd and other tools of clang read."""

from __future__ import annotations

import posixpath

from pants.backend.cc.target_types import CCSourceField
from pants.base.build_root import BuildRoot
from pants.engine.console import Console
from pants.engine.fs import CreateDigest, FileContent, MergeDigests, Workspace
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import FilteredTargets
from pants.engine.unions import UnionRule

from spokeshave_pants.cc.closure.generated_rules import CcSource, GeneratedSourcesRequest, find_generated_sources
from spokeshave_pants.cc.includes.rules import owner_of
from spokeshave_pants.cc.languages import is_assembler, is_source
from spokeshave_pants.cc.subsystem import CcCheckSubsystem
from spokeshave_pants.cc.target_types import CcGeneratedDependenciesField
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import concurrently, create_digest, goal_rule, implicitly, merge_digests
from spokeshave_pants.wheel.development.builds import VariantSourceRequest, variant_source, wheel_builds
from spokeshave_pants.wheel.development.choice import choose_abi, choose_platform, variant_notes
from spokeshave_pants.wheel.development.compilation_database import to_json
from spokeshave_pants.wheel.development.rules import CompilationDatabaseRequest, SourceBuild, compilation_database
from spokeshave_pants.wheel.development.subsystem import CompileCommands, CompileCommandsSubsystem


@goal_rule
async def write_compile_commands(
    console: Console,
    workspace: Workspace,
    specified: FilteredTargets,
    subsystem: CompileCommandsSubsystem,
    check: CcCheckSubsystem,
    build_root: BuildRoot,
) -> CompileCommands:
    if posixpath.isabs(subsystem.path) or ".." in subsystem.path.split("/"):
        raise InvalidTargetError(
            f"The option `[compile-commands].path` is {subsystem.path!r}: write a path relative to the build root, "
            "such as `dist/compile_commands.json`."
        )
    owners = {
        owner_of(target.address).spec
        for target in specified
        if target.has_field(CCSourceField) or target.has_field(CcGeneratedDependenciesField)
    }
    generated = await concurrently(
        find_generated_sources(GeneratedSourcesRequest(owner), **implicitly()) for owner in sorted(owners)
    )
    own = (CcSource(target[CCSourceField].file_path) for target in specified if target.has_field(CCSourceField))
    found_sources = (*own, *(source for of_owner in generated for source in of_owner.sources))
    # clangd does not read assembler.
    by_path = {s.path: s for s in found_sources if is_source(s.path) and not is_assembler(s.path)}
    sources = sorted(by_path)
    if not sources:
        console.print_stderr("The specified targets contain no C or C++ source. Specify `::` for all.")
        return CompileCommands(exit_code=1)
    wheels = (await wheel_builds(**implicitly())).compiling(sources)
    platform = choose_platform(
        subsystem.platform,
        (wheel.matrix for wheel in wheels.wheels),
        where="the option `[compile-commands].platform`",
    )
    by_source = {path: wheels.compiling([path]) for path in sources}
    found = await concurrently(
        variant_source(VariantSourceRequest(by_path[path], of_source.variant)) for path, of_source in by_source.items()
    )
    plans = [each.plan for each in found]
    compiled = {plan.source for plan in plans if plan.is_for(platform) and wheels.compiles(plan.source, platform)}
    where = "the option `[compile-commands].python`"
    builds = tuple(
        SourceBuild(
            plan,
            choose_abi(subsystem.python, by_source[plan.source].matrices, check.python, where=where)
            if plan.needs_python
            else None,
        )
        for plan in plans
        if plan.source in compiled
    )
    database = await compilation_database(CompilationDatabaseRequest(builds, platform), **implicitly())
    text = to_json(build_root.path, database.commands)
    file = await create_digest(CreateDigest([FileContent(posixpath.normpath(subsystem.path), text.encode())]))
    digest = await merge_digests(MergeDigests([database.digest, file]))
    workspace.write_digest(digest, clear_paths=[database.folder])
    console.print_stderr(f"Wrote {subsystem.path} with {len(builds)} sources for {platform}.")
    for note in variant_notes((build.plan.source, by_source[build.plan.source].variants) for build in builds):
        console.print_stderr(note)
    for plan in plans:
        if plan.source not in compiled:
            console.print_stderr(f"Left out {plan.source}, which is not for {platform}.")
    return CompileCommands(exit_code=0)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
