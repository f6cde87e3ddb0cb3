"""Rules that install each wheel into a fresh environment and smoke-test it, on every listed Python of the machine."""

from __future__ import annotations

import fnmatch
import posixpath
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pants.engine.addresses import Address
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    GlobExpansionConjunction,
    GlobMatchErrorBehavior,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.manifest import ForeignPython
from spokeshave_core.outcomes import Outcome
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.reports.smoke import (
    ReportedRun,
    SmokeRun,
    SmokeTestReports,
    matching_run,
    other_bytes,
    parse_reports,
)
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.errors import WrongHashError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    get_digest_contents,
    implicitly,
    merge_digests,
    path_globs_to_digest,
    remove_prefix,
    rule,
)
from spokeshave_pants.pythons.rules import ForeignPythons, Interpreters
from spokeshave_pants.sandbox.pip_output import wrong_hashes
from spokeshave_pants.sandbox.requirements_file import RequirementsFileRequest, find_requirements_file
from spokeshave_pants.sandbox.subsystem import SpokeshaveToolsSubsystem
from spokeshave_pants.sandbox.tools import OUTPUT_DIR, RunToolRequest, ToolResult, raise_for_failure, run_tool
from spokeshave_pants.sources.rules import SourceTree
from spokeshave_pants.wheel.build.assembly import WheelKey, sibling_keys
from spokeshave_pants.wheel.build.rules import (
    WHEEL_DIR,
    RepairWheelRequest,
    StampWheelRequest,
    repaired_wheel,
    stamp_wheel,
)
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheelRequest, plan_backend_wheel
from spokeshave_pants.wheel.plan.requires_python import RequiresPython
from spokeshave_pants.wheel.plan.rules import WheelPlan, WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.smoke.python import NoPython, SmokePython, choose_python, runs_natively, this_machine
from spokeshave_pants.wheel.subsystem import WheelSmokeSubsystem
from spokeshave_pants.wheel.target_types import (
    RequireSmokeOnField,
    SmokeOptionalImportsField,
    SmokeRequirementsField,
    SmokeScriptsField,
    SmokeTestsField,
    SmokeTimeoutField,
)

WHEELHOUSE_DIR = "__wheelhouse"
TESTS_DIR = "__tests"
REQUIREMENTS = "__smoke-requirements.txt"
FOREIGN_PYTHON = "__python.json"


@dataclass(frozen=True)
class WheelhouseRequest:
    """A request for the wheels that a requirements file pins, for one interpreter.

    Attributes:
        source: The name of the requirements, for messages.
    """

    requirements: Digest
    python: SmokePython
    source: str


@dataclass(frozen=True)
class Wheelhouse:
    """Downloaded wheels of a requirements file."""

    digest: Digest


@dataclass(frozen=True)
class SmokeInputsRequest:
    """A request for the tests of a wheel and the requirements that they need."""

    address: Address


@dataclass(frozen=True)
class SmokeInputs:
    """The tests of a wheel, their paths for pytest, and their requirements."""

    tests: Digest
    test_paths: tuple[str, ...]
    requirements: Digest


@dataclass(frozen=True)
class SmokeTestWheelRequest:
    """A request to smoke-test a wheel on one Python.

    Attributes:
        version: One of the Pythons that the wheel's ABI serves.
    """

    key: WheelKey
    version: PythonVersion


@dataclass(frozen=True)
class SmokeTestUnstampedRequest:
    """A request to smoke-test a wheel that was built in another way, such as from an sdist, before it is stamped.

    Attributes:
        key: The wheel of the target that it stands for.
        path: The path of the wheel in the digest.
        what: A name for it in descriptions.
        needs: The actions that built it.
    """

    key: WheelKey
    version: PythonVersion
    digest: Digest
    path: str
    what: str
    needs: tuple[Action, ...]


@dataclass(frozen=True)
class _Trial:
    """A wheel at a path, and the wheels that it requires below `WHEELHOUSE_DIR`, which are tested on a Python."""

    key: WheelKey
    digest: Digest
    path: str
    what: str
    siblings: tuple[Digest, ...]
    needs: tuple[Action, ...]


@dataclass(frozen=True)
class SmokeReport:
    """The smoke test of a wheel on one Python.

    Attributes:
        reason: Why the outcome is what it is; empty where the test passed.
        run: The tool's report; None where nothing was run.
        where: What it ran on where that is not this machine: an emulator, or a machine whose report was given.
    """

    python: str
    outcome: Outcome
    reason: str
    required: bool
    run: SmokeRun | None = None
    actions: tuple[Action, ...] = ()
    where: str = ""

    @property
    def is_error(self) -> bool:
        """Return whether the run failed, or is missing although it is required."""
        return self.outcome is Outcome.FAILED or (self.required and self.outcome is not Outcome.PASSED)


def is_required(patterns: tuple[str, ...], platform: Platform, version: PythonVersion) -> bool:
    """Return whether `require_smoke_on` names this platform or Python."""
    return any(fnmatch.fnmatchcase(name, p) for p in patterns for name in (platform.tag, str(version)))


def script_arguments(scripts: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the options of `spokeshave smoke-test` for the scripts in `smoke_scripts`."""
    pairs = (
        ("--script", shlex.join([name, *arguments])) if arguments else ("--skip-script", name)
        for name, arguments in sorted(scripts.items())
    )
    return tuple(argument for pair in pairs for argument in pair)


@rule(desc="Fetch what smoke tests need", level=LogLevel.DEBUG)
async def fetch_wheelhouse(request: WheelhouseRequest) -> Wheelhouse:
    """Download the wheels that a requirements file pins.

    Raises:
        WrongHashError: If a file has another hash than the pinned one.
        ToolError: If the download fails for another reason.
    """
    description = f"Fetch what smoke tests need on {title(request.python)}"
    entry = await create_digest(CreateDigest(_described(request.python)))
    argv = ("fetch", *_python_arguments(request.python)[:2], "--requirements", REQUIREMENTS, "--into", OUTPUT_DIR)
    digest = await merge_digests(MergeDigests([entry, request.requirements]))
    result = await run_tool(
        RunToolRequest(argv=argv, digest=digest, kind=ActionKind.SMOKE_TEST, description=description), **implicitly()
    )
    wrong = wrong_hashes(result.failure()) if result.exit_code else None
    if wrong is not None:
        raise WrongHashError(f"A smoke test takes packages from {request.source}.\n{wrong}")
    raise_for_failure(result, request.source)
    return Wheelhouse(await add_prefix(AddPrefix(result.digest, WHEELHOUSE_DIR)))


def title(python: SmokePython) -> str:
    """Return the name of a Python for the descriptions of its processes."""
    if isinstance(python, ForeignPython):
        return f"Python {python.complete_version} for {python.architecture} ({python.emulator})"
    return f"Python {python.version}"


async def _find_tests(address: Address, tests: tuple[str, ...]) -> tuple[Digest, tuple[str, ...]]:
    """Return the files of the tests and the arguments for pytest: listed directories, and files outside of those."""
    globs = [posixpath.normpath(posixpath.join(address.spec_path, test)) for test in tests]
    found = await digest_to_snapshot(
        **implicitly(
            PathGlobs(
                globs,
                glob_match_error_behavior=GlobMatchErrorBehavior.error,
                conjunction=GlobExpansionConjunction.all_match,
                description_of_origin=f"the `smoke_tests` field of {address}",
            )
        )
    )
    folders = tuple(path for path in globs if path in found.dirs)
    below = await path_globs_to_digest(PathGlobs([f"{folder}/**" for folder in folders]))
    digest = await merge_digests(MergeDigests([found.digest, below]))
    files = (path for path in found.files if not path.startswith(tuple(f"{folder}/" for folder in folders)))
    return digest, (*folders, *files)


async def _project_files(tree: SourceTree) -> Digest:
    """Return the files in the folder of the project, which may be a part of its source tree."""
    if not tree.subdirectory:
        return tree.digest
    below = await digest_subset_to_digest(DigestSubset(tree.digest, PathGlobs([f"{tree.subdirectory}/**"])))
    return await remove_prefix(RemovePrefix(below, tree.subdirectory))


async def _find_project_tests(address: Address, tests: tuple[str, ...]) -> tuple[Digest, tuple[str, ...]]:
    """Return the same for a project with its own backend: what its source tree has, or else the BUILD file's folder."""
    project = await _project_files((await plan_backend_wheel(BackendWheelRequest(address))).tree)
    names = tuple(posixpath.normpath(test) for test in tests)
    globs = [PathGlobs([name, f"{name}/**"]) for name in names]
    snapshots = await concurrently(digest_to_snapshot(**implicitly(DigestSubset(project, each))) for each in globs)
    own = {name: snapshot for name, snapshot in zip(names, snapshots) if snapshot.files}
    others, paths = await _find_tests(address, tuple(name for name in names if name not in own))
    digest = await merge_digests(MergeDigests([others, *(snapshot.digest for snapshot in own.values())]))
    found = (path for name, snapshot in own.items() for path in ((name,) if name in snapshot.dirs else snapshot.files))
    return digest, (*found, *paths)


@rule(level=LogLevel.DEBUG)
async def smoke_inputs(request: SmokeInputsRequest, tools: SpokeshaveToolsSubsystem) -> SmokeInputs:
    plan = await plan_wheel(WheelPlanRequest(request.address))
    listed = plan.target[SmokeTestsField].value or ()
    find = _find_project_tests(request.address, listed) if plan.has_backend else _find_tests(request.address, listed)
    tests, paths = await find
    declared = plan.target[SmokeRequirementsField].value
    if declared is not None:
        path = posixpath.join(request.address.spec_path, declared)
        found = await get_digest_contents(
            **implicitly(
                PathGlobs(
                    [posixpath.normpath(path)],
                    glob_match_error_behavior=GlobMatchErrorBehavior.error,
                    description_of_origin=f"the `smoke_requirements` field of {request.address}",
                )
            )
        )
        content = found[0].content
    else:
        where = f"the option `[{tools.options_scope}].smoke_requirements`"
        file = await find_requirements_file(RequirementsFileRequest(tools.smoke_requirements, where))
        content = (await get_digest_contents(file.digest))[0].content
    requirements, placed = await concurrently(
        create_digest(CreateDigest([FileContent(REQUIREMENTS, content)])),
        add_prefix(AddPrefix(tests, TESTS_DIR)),
    )
    return SmokeInputs(
        tests=placed, test_paths=tuple(f"{TESTS_DIR}/{path}" for path in paths), requirements=requirements
    )


@dataclass(frozen=True)
class ReportedRuns:
    """All runs in the reports of `[wheel-smoke].reports`."""

    found: tuple[ReportedRun, ...]


@rule(desc="Read smoke reports of other machines", level=LogLevel.DEBUG)
async def read_reported_runs(subsystem: WheelSmokeSubsystem) -> ReportedRuns:
    # A glob without matches is like an empty directory. `require_smoke_on` reports missing tests.
    files = await get_digest_contents(**implicitly(PathGlobs(subsystem.reports)))
    texts = ((file.path, file.content.decode(errors="replace")) for file in files)
    return ReportedRuns(parse_reports(texts, "`[wheel-smoke].reports`"))


def _report_of_run(found: ReportedRun, version: PythonVersion, required: bool) -> SmokeReport:
    run = found.run
    passed = run.outcome is Outcome.PASSED
    return SmokeReport(
        python=str(version),
        outcome=run.outcome,
        reason="" if passed else f"{run.reason} (on {found.where}, as reported in {found.file})",
        required=required,
        run=run,
        where=f"elsewhere: {found.where}",
    )


async def _try(
    plan: WheelPlan, trial: _Trial, version: PythonVersion, python: SmokePython, required: bool
) -> SmokeReport:
    address = plan.target.address
    optional = plan.target[SmokeOptionalImportsField].value
    inputs = await smoke_inputs(SmokeInputsRequest(address), **implicitly())
    declared = plan.target[SmokeRequirementsField].value
    carried = "the requirements that the plugin carries"
    source = posixpath.join(plan.address.spec_path, declared) if declared is not None else carried
    wheelhouse = await fetch_wheelhouse(WheelhouseRequest(inputs.requirements, python, source))
    entry = await create_digest(CreateDigest(_described(python)))
    digest = await merge_digests(
        MergeDigests([trial.digest, inputs.tests, inputs.requirements, wheelhouse.digest, entry, *trial.siblings])
    )
    result = await run_tool(
        RunToolRequest(
            argv=(
                *("smoke-test", trial.path, *_python_arguments(python)),
                *("--wheelhouse", WHEELHOUSE_DIR, "--requirements", REQUIREMENTS),
                *(argument for test in inputs.test_paths for argument in ("--test", test)),
                *script_arguments(plan.target[SmokeScriptsField].value or {}),
                *(argument for name in optional for argument in ("--skip-import", name)),
                *("--timeout", str(plan.target[SmokeTimeoutField].value)),
            ),
            digest=digest,
            kind=ActionKind.SMOKE_TEST,
            description=f"Smoke-test {trial.what} on {title(python)}",
            platform=trial.key.platform,
        ),
        **implicitly(),
    )
    return _report(replace(result, action=result.action.after(*trial.needs)), version, python, required)


def _described(python: SmokePython) -> list[FileContent]:
    """Return the files that `_python_arguments` names."""
    return [FileContent(FOREIGN_PYTHON, python.facts.encode())] if isinstance(python, ForeignPython) else []


def _python_arguments(python: SmokePython) -> tuple[str, ...]:
    if isinstance(python, ForeignPython):
        return ("--foreign-python", FOREIGN_PYTHON)
    return ("--python", python.path, "--expect-python", python.version)


def _report(result: ToolResult, version: PythonVersion, python: SmokePython, required: bool) -> SmokeReport:
    run, reason = _outcome(result)
    return SmokeReport(
        python=str(version),
        outcome=run.outcome if run else Outcome.FAILED,
        reason=reason,
        required=required,
        run=run,
        actions=(result.action,),
        where=python.emulator if isinstance(python, ForeignPython) else "",
    )


def _outcome(result: ToolResult) -> tuple[SmokeRun | None, str]:
    """The one run that a command reports, and why it did not pass; no run where the command failed before it."""
    if result.problems():
        return None, result.failure()
    runs = [run for report in result.report(SmokeTestReports).reports for run in report.runs]
    if len(runs) != 1:
        return None, f"{result.action.description} reported {len(runs)} runs. {result.stderr}".strip()
    return runs[0], failure_reason(runs[0])


def failure_reason(run: SmokeRun) -> str:
    """Why a run did not pass: each check that failed, else the reason that the tool names."""
    failed = [f"{check.name}: {check.detail}" for check in run.checks if check.outcome is Outcome.FAILED]
    return "" if run.outcome is Outcome.PASSED else "\n".join(failed) or run.reason


@dataclass(frozen=True)
class SmokeChance:
    """Whether a wheel can be smoke-tested on this machine, which is known before it is built.

    Attributes:
        reason: Why it cannot. Empty if it can.
        interpreter: The path of the Python that tests it. Empty if there is none.
        emulator: The emulator that runs this Python. Empty without one.
    """

    reason: str
    required: bool
    interpreter: str = ""
    emulator: str = ""


@rule(level=LogLevel.DEBUG)
async def smoke_chance(
    request: SmokeTestWheelRequest, interpreters: Interpreters, foreign: ForeignPythons
) -> SmokeChance:
    key = request.key
    version = request.version
    plan = await plan_wheel(WheelPlanRequest(key.address))
    requires = RequiresPython.or_any(plan.requires_python)
    python = choose_python(key.platform, version, this_machine(), interpreters.of(version), foreign.found, requires)
    required = is_required(plan.target[RequireSmokeOnField].value or (), key.platform, version)
    if isinstance(python, NoPython):
        return SmokeChance(python.reason, required)
    if isinstance(python, ForeignPython):
        return SmokeChance(reason="", required=required, interpreter=python.executable, emulator=python.emulator)
    return SmokeChance(reason="", required=required, interpreter=python.path)


@rule(desc="Smoke-test a wheel", level=LogLevel.DEBUG)
async def smoke_test_wheel(
    request: SmokeTestWheelRequest, interpreters: Interpreters, foreign: ForeignPythons, other_runs: ReportedRuns
) -> SmokeReport:
    key = request.key
    version = request.version
    plan = await plan_wheel(WheelPlanRequest(key.address))
    required = is_required(plan.target[RequireSmokeOnField].value or (), key.platform, version)
    wheel = await stamp_wheel(StampWheelRequest(key))
    machine = this_machine()
    reported = matching_run(other_runs.found, wheel.sha256, version)
    # A real machine of the platform takes precedence over an emulator. A failure on either counts.
    if reported and (reported.run.outcome is Outcome.FAILED or not runs_natively(key.platform, machine)):
        return _report_of_run(reported, version, required)
    requires = RequiresPython.or_any(plan.requires_python)
    python = choose_python(key.platform, version, machine, interpreters.of(version), foreign.found, requires)
    if isinstance(python, NoPython):
        known = f" ({interpreters.describe()})" if runs_natively(key.platform, machine) else ""
        notes = (f"{python.reason}{known}", other_bytes(other_runs.found, wheel.file_name, wheel.sha256))
        return SmokeReport(
            python=str(version), outcome=Outcome.NOT_RUN, reason=". ".join(filter(None, notes)), required=required
        )
    siblings = await concurrently(
        stamp_wheel(StampWheelRequest(sibling)) for sibling in await sibling_keys(plan, key, version)
    )
    placed = await concurrently(add_prefix(AddPrefix(sibling.digest, WHEELHOUSE_DIR)) for sibling in siblings)
    trial = _Trial(
        key=key,
        digest=wheel.digest,
        path=wheel.file_name,
        what=wheel.file_name,
        siblings=placed,
        needs=tuple(stamped.actions[-1] for stamped in (wheel, *siblings)),
    )
    return await _try(plan, trial, version, python, required)


@rule(desc="Smoke-test an unstamped wheel", level=LogLevel.DEBUG)
async def smoke_test_unstamped(
    request: SmokeTestUnstampedRequest, interpreters: Interpreters, foreign: ForeignPythons
) -> SmokeReport:
    """Smoke-test a wheel with the placeholder version, together with the wheels that it requires, also unstamped.

    A new version does not build the wheel again: a test that passes says the same for each.
    """
    key = request.key
    version = request.version
    plan = await plan_wheel(WheelPlanRequest(key.address))
    requires = RequiresPython.or_any(plan.requires_python)
    python = choose_python(key.platform, version, this_machine(), interpreters.of(version), foreign.found, requires)
    if isinstance(python, NoPython):
        return SmokeReport(python=str(version), outcome=Outcome.NOT_RUN, reason=python.reason, required=False)
    siblings = await concurrently(
        repaired_wheel(RepairWheelRequest(sibling)) for sibling in await sibling_keys(plan, key, version)
    )
    bare = await concurrently(remove_prefix(RemovePrefix(sibling.digest, WHEEL_DIR)) for sibling in siblings)
    placed = await concurrently(add_prefix(AddPrefix(digest, WHEELHOUSE_DIR)) for digest in bare)
    trial = _Trial(
        key=key,
        digest=request.digest,
        path=request.path,
        what=request.what,
        siblings=placed,
        needs=(*request.needs, *(sibling.actions[-1] for sibling in siblings)),
    )
    return await _try(plan, trial, version, python, required=False)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
