"""Run a command of the `spokeshave` tools in a sandbox and read its report."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import PexRequest, VenvPex, VenvPexProcess
from pants.backend.python.util_rules.pex_requirements import EntireLockfile, Lockfile
from pants.engine.fs import CreateDigest, Digest, DigestContents, DigestSubset, FileContent, PathGlobs, RemovePrefix
from pants.engine.process import FallibleProcessResult, Process, ProcessExecutionFailure
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.util_rules.requirements import refused_hashes
from spokeshave_pants.errors import ToolError
from spokeshave_pants.resources.files import tool_sources
from spokeshave_pants.wheel.subsystem import SpokeshaveToolsSubsystem

TOOLS_DIR = "__tools"
REPORT = "__report.json"
OUTPUT_DIR = "__out"

# The same on every machine: what a tool says and writes does not depend on the user's locale or time zone.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_MAIN = b"""\
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from spokeshave.cli import main

raise SystemExit(main())
"""


@dataclass(frozen=True)
class SpokeshaveTools:
    """The tools' pinned requirements as a virtual environment, and their sources."""

    pex: VenvPex
    sources: Digest


@dataclass(frozen=True)
class RunToolRequest:
    """A command of the tools.

    :param argv: what follows `spokeshave`, without `--report`; `OUTPUT_DIR` is captured.
    """

    argv: tuple[str, ...]
    digest: Digest
    kind: ActionKind
    description: str


@dataclass(frozen=True)
class ToolResult:
    """What a command left in `OUTPUT_DIR`, with that prefix, and its report as JSON text."""

    digest: Digest
    report: str
    stderr: str
    exit_code: int
    action: Action

    def facts(self) -> Mapping[str, Any]:
        """The report, parsed."""
        facts: Mapping[str, Any] = json.loads(self.report) if self.report else {}
        return facts


@rule(desc="Install the wheel tools")
async def install_tools(subsystem: SpokeshaveToolsSubsystem) -> SpokeshaveTools:
    where = f"the option `[{subsystem.options_scope}].requirements`"
    lockfile = Lockfile(url=subsystem.requirements, url_description_of_origin=where, resolve_name="spokeshave-tools")
    request = PexRequest(
        output_filename="spokeshave-tools.pex",
        internal_only=True,
        requirements=EntireLockfile(lockfile),
        interpreter_constraints=InterpreterConstraints(subsystem.interpreter_constraints),
        description="Install the pinned wheel tools",
    )
    try:
        pex = await Get(VenvPex, PexRequest, request)
    except ProcessExecutionFailure as failure:
        raise (refused_hashes(failure, subsystem.requirements, where) or failure) from failure
    carried = (FileContent(f"spokeshave/{path}", content) for path, content in tool_sources().items())
    sources = await Get(Digest, CreateDigest([FileContent("run.py", _MAIN), *carried]))
    return SpokeshaveTools(pex, sources)


@rule(level=LogLevel.DEBUG)
async def run_tool(request: RunToolRequest, tools: SpokeshaveTools) -> ToolResult:
    process = await Get(
        Process,
        VenvPexProcess(
            tools.pex,
            argv=(f"{TOOLS_DIR}/run.py", *request.argv, "--report", REPORT),
            input_digest=request.digest,
            extra_env=_ENVIRONMENT,
            output_files=(REPORT,),
            output_directories=(OUTPUT_DIR,),
            description=request.description,
            level=LogLevel.INFO,
        ),
    )
    process = dataclasses.replace(process, immutable_input_digests=FrozenDict({TOOLS_DIR: tools.sources}))
    result = await Get(FallibleProcessResult, Process, process)
    report, output = await MultiGet(
        Get(DigestContents, DigestSubset(result.output_digest, PathGlobs([REPORT]))),
        Get(Digest, DigestSubset(result.output_digest, PathGlobs([f"{OUTPUT_DIR}/**"]))),
    )
    return ToolResult(
        digest=await Get(Digest, RemovePrefix(output, OUTPUT_DIR)),
        report="".join(file.content.decode() for file in report),
        stderr=result.stderr.decode(errors="replace").strip(),
        exit_code=result.exit_code,
        action=Action.of(request.kind, request.description, result),
    )


def raise_for_failure(result: ToolResult, target: str) -> None:
    """Tell a command's own words as an error of the target that it worked for.

    :raises ToolError: where the command did not succeed.
    """
    if result.exit_code:
        raise ToolError(f"{target}: {result.stderr or f'{result.action.description} exited with {result.exit_code}'}")


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
