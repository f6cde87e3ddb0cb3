"""The goal `check`: compile every C/C++ source and show the compiler's output."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from pants.core.goals.check import CheckRequest, CheckResult, CheckResults
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import FieldSet
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.cc.closure.generated_rules import OwnedSourcesRequest, owned_sources
from spokeshave_pants.cc.closure.unity_rules import IncludedSourcesRequest, find_included_sources
from spokeshave_pants.cc.compile.rules import (
    CompileCcSourceRequest,
    CompileManyRequest,
    CompilePlanRequest,
    compile_many,
    failure_text,
    plan_compile,
)
from spokeshave_pants.cc.includes.rules import CcTargets, owner_of
from spokeshave_pants.cc.subsystem import CcCheckSubsystem
from spokeshave_pants.cc.target_types import IncludeRootField
from spokeshave_pants.cc.unsupported import unsupported_languages
from spokeshave_pants.pants_api import concurrently, implicitly, rule
from spokeshave_pants.pants_api.batches import in_batches
from spokeshave_pants.toolchain.platforms import parse_platform


@dataclass(frozen=True)
class CcCheckFieldSet(FieldSet):
    """The fields of a target that `check` compiles."""

    # Those of `cc_source` and `cc_generated_sources`.
    required_fields = (IncludeRootField,)

    include_root: IncludeRootField


class CcCheckRequest(CheckRequest[CcCheckFieldSet]):
    """A request of the goal `check`."""

    field_set_type = CcCheckFieldSet
    tool_name = "clang"


@rule(desc="Compile C/C++ sources", level=LogLevel.DEBUG)
async def check_cc(request: CcCheckRequest, subsystem: CcCheckSubsystem, cc_targets: CcTargets) -> CheckResults:
    platform = parse_platform(subsystem.platform, where="the option `[cc-check].platform`")
    abi = PythonAbi(PythonVersion.parse(subsystem.python, where="the option `[cc-check].python`"))
    checked = {field_set.address for field_set in request.field_sets}
    owners = sorted({owner_of(address).spec for address in checked})
    included = await concurrently(
        find_included_sources(IncludedSourcesRequest((owner,)), **implicitly()) for owner in owners
    )
    owned = await owned_sources(OwnedSourcesRequest(tuple(owners)), **implicitly())
    parts = {path for part in included for path in part.paths}
    # The generated sources of a target are checked with any of its files.
    sources = [s for s in owned.sources if s.owner or cc_targets.by_path[s.path].address in checked]
    plans = await in_batches(
        plan_compile(CompilePlanRequest(source), **implicitly())
        for source in sorted(sources, key=lambda source: source.path)
        if source.path not in parts
    )
    wanted = (
        CompileCcSourceRequest(plan, platform, abi if plan.needs_python else None)
        for plan in plans
        if plan.is_for(platform)
    )
    objects = (await compile_many(CompileManyRequest(tuple(wanted)), **implicitly())).objects
    refused = [_refused(owner, cc_targets, checked) for owner in owners]
    failures = [
        *(text for text in refused if text is not None),
        *(failure_text(compiled, cc_targets.by_path) for compiled in objects if compiled.exit_code),
    ]
    return CheckResults(
        [
            CheckResult(
                exit_code=1 if failures else 0,
                stdout=f"Compiled {len(objects)} sources for {platform}.\n" if objects and not failures else "",
                stderr="\n\n".join(failures),
                partition_description=platform.tag,
            )
        ],
        checker_name=request.tool_name,
    )


def _refused(owner: str, cc_targets: CcTargets, checked: Container[Address]) -> str | None:
    """Return why files of a target cannot be compiled, of those that are checked. None if all can be."""
    paths = cc_targets.graph.members(owner)
    return unsupported_languages((path for path in paths if cc_targets.by_path[path].address in checked), where=owner)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(CheckRequest, CcCheckRequest)]
