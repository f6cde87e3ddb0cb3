"""Rules that run a command of the `spokeshave` tools in a sandbox and read its report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.fs import CreateDigest, Digest, DigestSubset, FileContent, PathGlobs, RemovePrefix
from pants.engine.process import Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problem
from spokeshave_core.reports.report import FailureReport, InvalidReportError, Report
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.errors import ToolError
from spokeshave_pants.pants_api import (
    concurrently,
    create_digest,
    digest_subset_to_digest,
    get_digest_contents,
    implicitly,
    remove_prefix,
    rule,
)
from spokeshave_pants.resources.files import importable_sources
from spokeshave_pants.sandbox.command_sources import CLI, command_modules, command_name, command_sources
from spokeshave_pants.sandbox.hermetic import HermeticProcess, run_hermetic
from spokeshave_pants.sandbox.packages import PackagesRequest, find_packages
from spokeshave_pants.sandbox.python import SandboxPython
from spokeshave_pants.sandbox.subsystem import SpokeshaveToolsSubsystem

TOOLS_DIR = "__tools"
REPORT = "__report.json"
OUTPUT_DIR = "__out"
# The key of work units under which the end of a run finds the problems of a failed command.
PROBLEMS_METADATA = "spokeshave_problems"

R = TypeVar("R", bound=Report)

# The same on every machine: the output of a tool does not depend on the user's locale or time zone.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
# Packages are imported from a copy in a named cache, so that later runs reuse the bytecode. The copy is made from an
# input of the process and named by its digest.
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
_REPORT_REMEDY = (
    "The plugin and the tools have to be of one version: check that nothing else is mounted as `spokeshave`."
)
_PACKAGES_DIR = "__tool_packages"
_CACHE = "spokeshave_tools"


@dataclass(frozen=True)
class SpokeshaveToolsRequest:
    """A command of the tools, by its name of one or two words."""

    command: str

    @classmethod
    def of(cls, argv: tuple[str, ...]) -> SpokeshaveToolsRequest:
        """Return the command of some arguments."""
        return cls(command_name(argv, command_modules(importable_sources()[CLI])))


@dataclass(frozen=True)
class SpokeshaveTools:
    """The tools' pinned requirements, whose files may not be on this machine, and the sources of one command."""

    packages: Digest
    request: PackagesRequest
    sources: Digest


def tool_process(
    python: SandboxPython, packages: Digest, sources: Digest, argv: Iterable[str], digest: Digest, **options: Any
) -> Process:
    """Return a process that runs the tools on some packages.

    Args:
        argv: The arguments after `spokeshave`.
        options: Additional arguments of `Process`.
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
    """A request to run a command of the tools.

    Attributes:
        argv: The arguments after `spokeshave`, the command first, without `--report`. `OUTPUT_DIR` is captured.
        platform: The wheel platform that it works for, as in `Action`.
    """

    argv: tuple[str, ...]
    digest: Digest
    kind: ActionKind
    description: str
    platform: Platform | None = None


@dataclass(frozen=True)
class ToolResult(EngineAwareReturnType):
    """The files that a command wrote to `OUTPUT_DIR`, with that prefix, and its report as JSON text."""

    digest: Digest
    report_text: str
    stderr: str
    exit_code: int
    action: Action

    def report(self, kind: type[R]) -> R:
        """The report of a command that succeeded, or that writes its report in any case.

        Raises:
            ToolError: The command wrote no report of this kind.
        """
        try:
            return kind.from_json(self.report_text)
        except InvalidReportError as error:
            detail = f"\n{self.stderr}" if self.stderr else ""
            raise ToolError(
                f"{self.action.description}: its report is not a {kind.__name__}: {error}. {_REPORT_REMEDY}{detail}"
            ) from error

    def problems(self) -> tuple[Problem, ...]:
        """The problems in the report of a command that failed; none where it reports in another way."""
        if not self.exit_code:
            return ()
        try:
            return FailureReport.from_json(self.report_text).problems
        except InvalidReportError:
            return ()

    def failure(self) -> str:
        """What went wrong in a command that failed: the report's problems, else what it wrote to stderr."""
        problems = "\n".join(map(str, self.problems()))
        return problems or self.stderr or f"{self.action.description} exited with {self.exit_code}"

    def metadata(self) -> dict[str, Any] | None:
        """Return the problems of a failed command for the end of the run."""
        return {PROBLEMS_METADATA: self.problems()} if self.exit_code else None

    def cacheable(self) -> bool:
        """Return False for a failure, so that the next run of a daemon reports it again."""
        return self.exit_code == 0


@rule(desc="Find the wheel tools")
async def find_tools(
    wanted: SpokeshaveToolsRequest, subsystem: SpokeshaveToolsSubsystem, python: SandboxPython
) -> SpokeshaveTools:
    request = PackagesRequest(
        path=subsystem.requirements,
        where=f"the option `[{subsystem.options_scope}].requirements`",
        platform=python.platform,
        purpose="which assemble and check wheels",
    )
    carried = command_sources(wanted.command, importable_sources())
    files = (FileContent("run.py", _MAIN), *(FileContent(path, content) for path, content in carried.items()))
    packages, sources = await concurrently(
        find_packages(request, **implicitly()),
        create_digest(CreateDigest(files)),
    )
    return SpokeshaveTools(packages.digest, request, sources)


@rule(level=LogLevel.DEBUG)
async def run_tool(request: RunToolRequest, python: SandboxPython) -> ToolResult:
    tools = await find_tools(SpokeshaveToolsRequest.of(request.argv), **implicitly())
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
    result = await run_hermetic(HermeticProcess(process, (tools.request,)), **implicitly())
    report, output = await concurrently(
        get_digest_contents(**implicitly(DigestSubset(result.output_digest, PathGlobs([REPORT])))),
        digest_subset_to_digest(DigestSubset(result.output_digest, PathGlobs([f"{OUTPUT_DIR}/**"]))),
    )
    return ToolResult(
        digest=await remove_prefix(RemovePrefix(output, OUTPUT_DIR)),
        report_text="".join(file.content.decode() for file in report),
        stderr=result.stderr.decode(errors="replace").strip(),
        exit_code=result.exit_code,
        action=Action.of(kind=request.kind, description=request.description, result=result, platform=request.platform),
    )


def raise_for_failure(result: ToolResult, target: str) -> None:
    """Raise the problems of a command that failed as an error of the target that it worked for.

    Raises:
        ToolError: The command failed.
    """
    if result.exit_code:
        raise ToolError(f"{target}:\n{result.failure()}")


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
