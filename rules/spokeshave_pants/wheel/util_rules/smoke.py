"""Install each wheel into a fresh environment and try it, on every listed Python that the machine has."""

from __future__ import annotations

import fnmatch
import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pants.backend.python.util_rules.pex import VenvPexProcess
from pants.engine.addresses import Address
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestContents,
    FileContent,
    GlobExpansionConjunction,
    GlobMatchErrorBehavior,
    MergeDigests,
    PathGlobs,
    Snapshot,
)
from pants.engine.process import ProcessExecutionFailure, ProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.interpreters import Interpreter
from spokeshave_pants.cc.util_rules.interpreters import Interpreters
from spokeshave_pants.cc.util_rules.requirements import refused_hashes
from spokeshave_pants.platform import Platform
from spokeshave_pants.python_abi import PythonVersion
from spokeshave_pants.resources.files import requirements as carried_requirements
from spokeshave_pants.wheel.subsystem import SpokeshaveToolsSubsystem
from spokeshave_pants.wheel.target_types import (
    RequireSmokeOnField,
    SmokeRequirementsField,
    SmokeTestsField,
    SmokeTimeoutField,
)
from spokeshave_pants.wheel.util_rules.build import StampedWheel, StampWheelRequest, WheelKey, sibling_keys
from spokeshave_pants.wheel.util_rules.payload import WheelPlan, WheelPlanRequest
from spokeshave_pants.wheel.util_rules.tools import RunToolRequest, SpokeshaveTools, ToolResult

WHEELHOUSE_DIR = "__wheelhouse"
TESTS_DIR = "__tests"
REQUIREMENTS = "__smoke-requirements.txt"


@dataclass(frozen=True)
class WheelhouseRequest:
    """The wheels that a requirements file pins, for one interpreter."""

    requirements: Digest
    interpreter: Interpreter


@dataclass(frozen=True)
class Wheelhouse:
    digest: Digest


@dataclass(frozen=True)
class SmokeInputsRequest:
    """The tests of a wheel and the requirements that they run with."""

    address: Address


@dataclass(frozen=True)
class SmokeInputs:
    tests: Digest
    test_paths: tuple[str, ...]
    requirements: Digest


@dataclass(frozen=True)
class SmokeTestWheelRequest:
    """:param version: one of the Pythons that the wheel's ABI serves."""

    key: WheelKey
    version: PythonVersion


@dataclass(frozen=True)
class SmokeReport:
    """How a wheel fared on one Python.

    :param outcome: `passed`, `failed` or `not run`; there is a reason unless it passed.
    :param run: the tool's report of the run as JSON, empty where there was none.
    """

    python: str
    outcome: str
    reason: str
    required: bool
    run: str
    actions: tuple[Action, ...]

    @property
    def is_error(self) -> bool:
        return self.outcome == "failed" or (self.required and self.outcome != "passed")

    def facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = json.loads(self.run) if self.run else {}
        return facts


def is_required(patterns: tuple[str, ...], platform: Platform, version: PythonVersion) -> bool:
    """Whether `require_smoke_on` names this platform or Python."""
    return any(fnmatch.fnmatchcase(name, p) for p in patterns for name in (platform.tag, str(version)))


@rule(desc="Fetch what smoke tests need", level=LogLevel.DEBUG)
async def fetch_wheelhouse(request: WheelhouseRequest, tools: SpokeshaveTools) -> Wheelhouse:
    result = await Get(
        ProcessResult,
        VenvPexProcess(
            tools.pex,
            argv=(
                *("-m", "pip", "--isolated", "--python", request.interpreter.path, "download"),
                *("--disable-pip-version-check", "--no-cache-dir", "--progress-bar=off", "--quiet"),
                *("--require-hashes", "--only-binary=:all:"),
                *("--requirement", REQUIREMENTS, "--dest", WHEELHOUSE_DIR),
            ),
            input_digest=request.requirements,
            extra_env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "."},
            output_directories=(WHEELHOUSE_DIR,),
            description=f"Fetch what smoke tests need on Python {request.interpreter.version}",
        ),
    )
    return Wheelhouse(result.output_digest)


async def _find_tests(address: Address, tests: tuple[str, ...]) -> tuple[Digest, tuple[str, ...]]:
    """The files of the tests, and the paths to give pytest: folders as they are listed, and files outside of those."""
    globs = [posixpath.normpath(posixpath.join(address.spec_path, test)) for test in tests]
    found = await Get(
        Snapshot,
        PathGlobs(
            globs,
            glob_match_error_behavior=GlobMatchErrorBehavior.error,
            conjunction=GlobExpansionConjunction.all_match,
            description_of_origin=f"the `smoke_tests` field of {address}",
        ),
    )
    folders = tuple(path for path in globs if path in found.dirs)
    below = await Get(Digest, PathGlobs([f"{folder}/**" for folder in folders]))
    digest = await Get(Digest, MergeDigests([found.digest, below]))
    files = (path for path in found.files if not path.startswith(tuple(f"{folder}/" for folder in folders)))
    return digest, (*folders, *files)


@rule(level=LogLevel.DEBUG)
async def smoke_inputs(request: SmokeInputsRequest, subsystem: SpokeshaveToolsSubsystem) -> SmokeInputs:
    plan = await Get(WheelPlan, WheelPlanRequest(request.address))
    tests, paths = await _find_tests(request.address, plan.target[SmokeTestsField].value or ())
    declared = plan.target[SmokeRequirementsField].value
    if declared is not None:
        path = posixpath.join(request.address.spec_path, declared)
        found = await Get(
            DigestContents,
            PathGlobs(
                [posixpath.normpath(path)],
                glob_match_error_behavior=GlobMatchErrorBehavior.error,
                description_of_origin=f"the `smoke_requirements` field of {request.address}",
            ),
        )
        content = found[0].content
    else:
        content = carried_requirements("smoke.txt")
    requirements, placed = await MultiGet(
        Get(Digest, CreateDigest([FileContent(REQUIREMENTS, content)])),
        Get(Digest, AddPrefix(tests, TESTS_DIR)),
    )
    return SmokeInputs(
        tests=placed, test_paths=tuple(f"{TESTS_DIR}/{path}" for path in paths), requirements=requirements
    )


@rule(desc="Smoke-test a wheel", level=LogLevel.DEBUG)
async def smoke_test_wheel(request: SmokeTestWheelRequest, interpreters: Interpreters) -> SmokeReport:
    key, version = request.key, request.version
    plan = await Get(WheelPlan, WheelPlanRequest(key.address))
    required = is_required(plan.target[RequireSmokeOnField].value or (), key.platform, version)
    interpreter = interpreters.newest(version)
    if interpreter is None:
        reason = f"this machine has no Python {version} ({interpreters.describe()})"
        return SmokeReport(str(version), "not run", reason, required, "", ())
    wheel, inputs = await MultiGet(
        Get(StampedWheel, StampWheelRequest(key)), Get(SmokeInputs, SmokeInputsRequest(key.address))
    )
    siblings = await MultiGet(
        Get(StampedWheel, StampWheelRequest(sibling)) for sibling in await sibling_keys(plan, key, version)
    )
    try:
        wheelhouse = await Get(Wheelhouse, WheelhouseRequest(inputs.requirements, interpreter))
    except ProcessExecutionFailure as failure:
        source = plan.target[SmokeRequirementsField].value or "the requirements that the plugin carries"
        raise (refused_hashes(failure, source, f"The smoke test of {key.address}") or failure) from failure
    beside = await MultiGet(Get(Digest, AddPrefix(sibling.digest, WHEELHOUSE_DIR)) for sibling in siblings)
    digest = await Get(
        Digest, MergeDigests([wheel.digest, inputs.tests, inputs.requirements, wheelhouse.digest, *beside])
    )
    description = f"Smoke-test {wheel.file_name} on Python {interpreter.version}"
    result = await Get(
        ToolResult,
        RunToolRequest(
            argv=(
                *("smoke-test", wheel.file_name, "--python", interpreter.path),
                *("--expect-python", interpreter.version),
                *("--wheelhouse", WHEELHOUSE_DIR, "--requirements", REQUIREMENTS),
                *(argument for test in inputs.test_paths for argument in ("--test", test)),
                *("--timeout", str(plan.target[SmokeTimeoutField].value)),
            ),
            digest=digest,
            kind=ActionKind.SMOKE_TEST,
            description=description,
        ),
    )
    runs = result.facts().get("runs", [])
    if len(runs) != 1:
        return SmokeReport(str(version), "failed", result.stderr, required, "", (result.action,))
    run = runs[0]
    reason = "" if run["outcome"] == "passed" else (result.stderr or run.get("reason") or "")
    return SmokeReport(str(version), run["outcome"], reason, required, json.dumps(run), (result.action,))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
