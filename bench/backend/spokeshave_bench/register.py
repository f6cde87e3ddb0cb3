"""A goal for the benchmark only: stop after the link or the assembly, and report every process.

No user-visible goal stops there: `check` links nothing, and `package` also repairs, verifies and smoke-tests. The work
is done by the plugin's own rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests, Workspace
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.internals.session import RunId
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule
from pants.engine.target import FilteredTargets
from pants.engine.unions import UnionRule
from pants.option.option_types import StrListOption, StrOption

from spokeshave_core.outcomes import Source
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.action import Action
from spokeshave_pants.toolchain.platforms import parse_platform
from spokeshave_pants.wheel.build.assembly import AssembleWheelRequest, UnrepairedWheel, WheelKey
from spokeshave_pants.wheel.build.extension import LinkPythonExtensionRequest, PythonExtension
from spokeshave_pants.wheel.target_types import ExtensionModuleField, PythonsField

REPORT = "actions.json"


class BenchBuildSubsystem(GoalSubsystem):
    name = "bench-build"
    help = "Link `python_extension`s and assemble `python_native_wheel`s, and write what ran as JSON."

    pythons = StrListOption(default=["3.12"], help="A build of its own for each; with a plus sign, a stable-ABI build.")
    platform = StrOption(default="manylinux_2_17_x86_64", help="The wheel platform tag to build for.")
    output = StrOption(default="dist/bench", help="The directory for the files and the report.")


class BenchBuild(Goal):
    subsystem_cls = BenchBuildSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


def parse_abi(text: str) -> PythonAbi:
    """Return the ABI of `3.10` or, for a stable one, `3.12+`."""
    return PythonAbi(PythonVersion.parse(text.rstrip("+"), where="`--bench-build-pythons`"), stable=text.endswith("+"))


def report(actions: Iterable[Action], run_id: RunId) -> bytes:
    """Report each action once, with whether its process ran in this run and for how long."""
    rows = [
        {
            "kind": action.kind.value,
            "description": action.description,
            "ran": action.source(run_id) is Source.RAN,
            "seconds": (action.milliseconds() or 0) / 1000,
            "calls": asdict(action.calls) if action.calls else None,
        }
        for action in dict.fromkeys(actions)
    ]
    return json.dumps(rows, indent=1).encode()


@goal_rule
async def bench_build(
    targets: FilteredTargets, subsystem: BenchBuildSubsystem, workspace: Workspace, run_id: RunId
) -> BenchBuild:
    platform = parse_platform(subsystem.platform, where="`--bench-build-platform`")
    abis = [parse_abi(text) for text in subsystem.pythons]
    extensions = await MultiGet(
        Get(PythonExtension, LinkPythonExtensionRequest(target.address, platform, abi))
        for target in targets
        if target.has_field(ExtensionModuleField)
        for abi in abis
    )
    wheels = await MultiGet(
        Get(UnrepairedWheel, AssembleWheelRequest(WheelKey(target.address, platform, abi)))
        for target in targets
        if target.has_field(PythonsField)
        for abi in abis
    )
    actions = [
        *(action for extension in extensions for action in extension.actions),
        *(action for wheel in wheels for action in wheel.actions),
    ]
    report_digest = await Get(Digest, CreateDigest([FileContent(REPORT, report(actions, run_id))]))
    workspace.write_digest(
        await Get(Digest, MergeDigests([report_digest, *(e.digest for e in extensions), *(w.digest for w in wheels)])),
        path_prefix=subsystem.output,
    )
    return BenchBuild(exit_code=0)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
