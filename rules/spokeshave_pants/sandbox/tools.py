"""Run a command of the `spokeshave` tools in a sandbox and read its report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pants.engine.fs import CreateDigest, Digest, DigestContents, DigestSubset, FileContent, PathGlobs, RemovePrefix
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.errors import ToolError
from spokeshave_pants.platform import Platform
from spokeshave_pants.resources.files import core_sources, tool_sources
from spokeshave_pants.sandbox.hermetic import HermeticProcess
from spokeshave_pants.sandbox.packages import Packages, PackagesRequest
from spokeshave_pants.sandbox.python import SandboxPython
from spokeshave_pants.wheel.subsystem import SpokeshaveToolsSubsystem

TOOLS_DIR = "__tools"
REPORT = "__report.json"
OUTPUT_DIR = "__out"

# The same on every machine: what a tool says and writes does not depend on the user's locale or time zone.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
# Packages are imported from a copy in a named cache, where the bytecode of one run serves the next; the copy is of an
# input of the process, and named by its digest.
_MAIN = b"""\
import os
import shutil
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
cache, packages, digest = sys.argv[1:4]
del sys.argv[1:4]
place = os.path.join(os.path.realpath(cache), digest)
if not os.path.isdir(place):
    copy = tempfile.mkdtemp(dir=os.path.dirname(place))
    shutil.copytree(packages, os.path.join(copy, digest), copy_function=shutil.copy)
    try:
        os.rename(os.path.join(copy, digest), place)
    except OSError:  # another process was first
        pass
    shutil.rmtree(copy)
sys.path[:0] = [here, *(os.path.join(place, name) for name in sorted(os.listdir(place)))]

from spokeshave.cli import main

raise SystemExit(main())
"""
_PACKAGES_DIR = "__tool_packages"
_CACHE = "spokeshave_tools"


@dataclass(frozen=True)
class SpokeshaveTools:
    """The tools' pinned requirements, whose files may be nowhere near, and their sources."""

    packages: Digest
    request: PackagesRequest
    sources: Digest


def tool_process(
    python: SandboxPython, packages: Digest, sources: Digest, argv: Iterable[str], digest: Digest, **options: Any
) -> Process:
    """A run of the tools on some packages.

    :param argv: what follows `spokeshave`.
    :param options: further ones of `Process`.
    """
    return Process(
        argv=(
            *(python.path, "-I", "-S", f"{TOOLS_DIR}/run.py"),
            *(f".cache/{_CACHE}", _PACKAGES_DIR, packages.fingerprint, *argv),
        ),
        env=_ENVIRONMENT,
        input_digest=digest,
        immutable_input_digests={TOOLS_DIR: sources, _PACKAGES_DIR: packages},
        append_only_caches={**python.append_only_caches, _CACHE: f".cache/{_CACHE}"},
        **options,
    )


@dataclass(frozen=True)
class RunToolRequest:
    """A command of the tools.

    :param argv: what follows `spokeshave`, without `--report`; `OUTPUT_DIR` is captured.
    :param platform: the wheel platform that it works for, as `Action` has it.
    """

    argv: tuple[str, ...]
    digest: Digest
    kind: ActionKind
    description: str
    platform: Platform | None = None


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


@rule(desc="Find the wheel tools")
async def find_tools(subsystem: SpokeshaveToolsSubsystem) -> SpokeshaveTools:
    where = f"the option `[{subsystem.options_scope}].requirements`"
    request = PackagesRequest(subsystem.requirements, where, purpose="which assemble and check wheels")
    carried = (
        *(FileContent(f"spokeshave/{path}", content) for path, content in tool_sources().items()),
        *(FileContent(f"spokeshave_core/{path}", content) for path, content in core_sources().items()),
    )
    packages, sources = await MultiGet(
        Get(Packages, PackagesRequest, request),
        Get(Digest, CreateDigest([FileContent("run.py", _MAIN), *carried])),
    )
    return SpokeshaveTools(packages.digest, request, sources)


@rule(level=LogLevel.DEBUG)
async def run_tool(request: RunToolRequest, tools: SpokeshaveTools, python: SandboxPython) -> ToolResult:
    process = tool_process(
        python,
        tools.packages,
        tools.sources,
        (*request.argv, "--report", REPORT),
        request.digest,
        output_files=(REPORT,),
        output_directories=(OUTPUT_DIR,),
        description=request.description,
        level=LogLevel.INFO,
    )
    result = await Get(FallibleProcessResult, HermeticProcess(process, (tools.request,)))
    report, output = await MultiGet(
        Get(DigestContents, DigestSubset(result.output_digest, PathGlobs([REPORT]))),
        Get(Digest, DigestSubset(result.output_digest, PathGlobs([f"{OUTPUT_DIR}/**"]))),
    )
    return ToolResult(
        digest=await Get(Digest, RemovePrefix(output, OUTPUT_DIR)),
        report="".join(file.content.decode() for file in report),
        stderr=result.stderr.decode(errors="replace").strip(),
        exit_code=result.exit_code,
        action=Action.of(request.kind, request.description, result, request.platform),
    )


def raise_for_failure(result: ToolResult, target: str) -> None:
    """Tell a command's own words as an error of the target that it worked for.

    :raises ToolError: where the command did not succeed.
    """
    if result.exit_code:
        raise ToolError(f"{target}: {result.stderr or f'{result.action.description} exited with {result.exit_code}'}")


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
