"""Smoke tests: install wheels into fresh environments, without access to the source tree, and test them."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.processes import ended_by_sigterm
from spokeshave.pythons.foreign import read_foreign_python, read_manifest, remedy_for
from spokeshave.pythons.interpreter import Interpreter, InterpreterError, find_on_path, inspect, inspect_foreign
from spokeshave.report import write_text
from spokeshave.smoke.choices import SmokeChoices, SmokeTestError
from spokeshave.smoke.environment import Environment, VirtualEnvironment
from spokeshave.smoke.foreign_environment import ForeignEnvironment
from spokeshave.smoke.machine import python_facts
from spokeshave.smoke.options import add_smoke_arguments, smoke_choices
from spokeshave.smoke.report import failures, print_table
from spokeshave.smoke.trial import OFFERED, SmokePlan, Trial
from spokeshave.smoke.user_tests import missing_tests
from spokeshave.smoke.wheelhouse import WheelFile, read_wheelhouse
from spokeshave.wheel.tree import WheelTree, unpack
from spokeshave_core.home import emulation_folder
from spokeshave_core.manifest import ForeignPython
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.reports.smoke import PythonFacts, SmokeRun, SmokeTestReport, SmokeTestReports
from spokeshave_core.requirement_lines import decode_requirements, requirement_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave smoke-test`."""
    parser.add_argument("wheels", type=Path, nargs="+", metavar="WHEEL", help="a wheel to test")
    parser.add_argument(
        "--python",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="an interpreter to test it on; default: compatible ones on PATH, otherwise emulated ones",
    )
    parser.add_argument(
        "--foreign-python",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a Python of another platform to test it on: its entry in the manifest of `spokeshave emulation`",
    )
    parser.add_argument(
        "--expect-python",
        action="append",
        default=[],
        metavar="X.Y.Z",
        help="the version that each --python must have, in the same order, such as 3.12.1",
    )
    parser.add_argument(
        "--test",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="a test file or a folder of tests for pytest",
    )
    parser.add_argument("--wheelhouse", type=Path, metavar="DIR", help="a folder with the wheels of all requirements")
    parser.add_argument(
        "--requirements",
        type=Path,
        metavar="FILE",
        help="a requirements file with hashes that pins pytest and the requirements of the tests",
    )
    add_smoke_arguments(parser)
    parser.add_argument(
        "--allow-not-run",
        action="store_true",
        help="exit with 0 even if a wheel ran on no interpreter, as long as no test failed",
    )
    parser.add_argument(
        "--report",
        type=Path,
        required=True,
        metavar="FILE",
        help="the JSON report to write: an object, or a list if there are several wheels",
    )


def run(args: argparse.Namespace) -> int:
    """Smoke-test each wheel on each interpreter, and report the results."""
    choices = smoke_choices(args)
    plan = SmokePlan(
        tests=tuple(args.test),
        wheelhouse=args.wheelhouse,
        requirements=args.requirements,
        timeout=args.timeout,
        choices=choices,
    )
    with ended_by_sigterm():
        wheels = _check_arguments(_expanded(args.wheels), plan)
        _check_contents(wheels, choices)
        pythons = _given_pythons(args.python, args.expect_python)
        pythons += [_inspect_foreign(read_foreign_python(file)) for file in args.foreign_python]
        reports = [smoke_test(wheel, pythons or _compatible_pythons(wheel), plan) for wheel in wheels]
    write_text(args.report, SmokeTestReports(tuple(reports)).to_json())
    print_table(reports)
    return _exit_code(reports, args.allow_not_run)


def _expanded(paths: Sequence[Path]) -> list[Path]:
    """Return the paths with `dist/*.whl` expanded, because shells on Windows do not expand it."""
    found: list[Path] = []
    for path in paths:
        matches = sorted(path.parent.glob(path.name)) if "*" in path.name and not path.exists() else []
        found += matches or [path]
    return found


def _check_arguments(paths: Sequence[Path], plan: SmokePlan) -> list[WheelFile]:
    problems = Problems()
    wheels = []
    for path in paths:
        if path.is_file():
            with problems.collecting():
                wheels.append(WheelFile.of(path))
        else:
            problems.add(str(path), "does not exist", "Give the path of a wheel.")
    for problem in missing_tests(plan.tests):
        problems.add(problem.place, problem.message, problem.remedy)
    if plan.tests and plan.requirements is None:
        remedy = "Give --requirements with a file that pins pytest with hashes, and --wheelhouse with its wheels."
        problems.add("--test", "needs pytest in the environment", remedy)
    problems.raise_if_any(SmokeTestError)
    return wheels


def _check_contents(wheels: Sequence[WheelFile], choices: SmokeChoices) -> None:
    with tempfile.TemporaryDirectory(prefix="spokeshave-smoke-") as scratch:
        folders = [Path(scratch, str(number)) for number in range(len(wheels))]
        choices.check([unpack(wheel.path, into, only_dist_info=True) for wheel, into in zip(wheels, folders)])


def _given_pythons(paths: Sequence[Path], expected: Sequence[str]) -> list[Interpreter | SmokeRun]:
    """Return the requested interpreters. One that cannot be started becomes a run with the outcome "not run"."""
    if expected and len(expected) != len(paths):
        remedy = "Give --expect-python once for each --python, in the same order, or not at all."
        problem = Problem("--expect-python", f"is given {len(expected)} times for {len(paths)} interpreters", remedy)
        raise SmokeTestError(problem)
    pythons = [_inspect(path) for path in paths]
    problems = Problems()
    for python, path, version in zip(pythons, paths, expected):
        if isinstance(python, Interpreter) and python.version != version:
            message = f"is {python.version} now, but {version} was expected"
            problems.add(str(path), message, "Run again: the interpreter was replaced after it was inspected.")
    problems.raise_if_any(SmokeTestError)
    return pythons


def _inspect(path: Path) -> Interpreter | SmokeRun:
    try:
        return inspect(path)
    except InterpreterError as err:
        return SmokeRun(PythonFacts(str(path)), Outcome.NOT_RUN, err.problems[0].message)


def _inspect_foreign(foreign: ForeignPython) -> Interpreter | SmokeRun:
    """Return a foreign interpreter. One with a missing or broken emulator becomes a run that was not, with a remedy."""
    try:
        return inspect_foreign(foreign)
    except InterpreterError as err:
        facts = PythonFacts(foreign.executable, platform=foreign.platform, emulator=foreign.emulator)
        problem = err.problems[0]
        return SmokeRun(facts, Outcome.NOT_RUN, f"{problem.place} {problem.message}\n{problem.remedy}")


def _compatible_pythons(wheel: WheelFile) -> list[Interpreter | SmokeRun]:
    """Return the available Pythons that accept the wheel: of this machine, and set-up ones of other releases."""
    found = find_on_path()
    own = [python for python in found if python.fits(wheel.name.tag)]
    releases = {python.release for python in own}
    emulated = [_inspect_foreign(foreign) for foreign in _emulated(wheel) if foreign.feature not in releases]
    fitting: list[Interpreter | SmokeRun] = [
        *own,
        *(python for python in emulated if isinstance(python, SmokeRun) or python.fits(wheel.name.tag)),
    ]
    if fitting:
        return fitting
    names = ", ".join(map(str, found)) or "none"
    reason = f"no interpreter on PATH supports {wheel.name.tag} (found: {names})"
    platform = wheel.name.tag.platform
    if not any(tag.endswith(f"-{single}") for python in found for tag in python.tags for single in platform.split(".")):
        reason += f". {remedy_for(platform)}"
    return [SmokeRun(PythonFacts("PATH"), Outcome.NOT_RUN, reason)]


def _emulated(wheel: WheelFile) -> list[ForeignPython]:
    """Return the installed foreign Pythons for the platform of a wheel."""
    return [python for python in read_manifest(emulation_folder()) if python.is_of_tags(wheel.name.tag.platform)]


def smoke_test(wheel: WheelFile, pythons: Sequence[Interpreter | SmokeRun], plan: SmokePlan) -> SmokeTestReport:
    """Smoke-test one wheel on interpreters.

    Raises:
        SpokeshaveError: If there is nothing to test.
    """
    wheels = read_wheelhouse(plan.wheelhouse)
    _check_same_bytes(wheel, wheels, plan.requirements)
    with tempfile.TemporaryDirectory(prefix="spokeshave-smoke-") as scratch:
        root = Path(scratch).resolve()
        tree = unpack(wheel.path, root / "wheel")
        _offer(wheel, wheels, root / OFFERED)
        runs = []
        for number, python in enumerate(pythons):
            folder = root / f"run{number}"
            runs.append(python if isinstance(python, SmokeRun) else _try(wheel, tree, python, plan, wheels, folder))
            shutil.rmtree(folder, ignore_errors=True)
    return SmokeTestReport(wheel.path.name, wheel.sha256, tuple(runs))


def _offer(wheel: WheelFile, wheels: Sequence[WheelFile], folder: Path) -> None:
    """Create pip's directory of wheels: the one under test, and no other of its distribution."""
    folder.mkdir()
    for other in [wheel, *(other for other in wheels if other.project != wheel.project)]:
        if os.name == "nt":
            # On Windows, only administrators can create links.
            shutil.copyfile(other.path, folder / other.path.name)
        else:
            (folder / other.path.name).symlink_to(other.path.resolve())


def _check_same_bytes(wheel: WheelFile, wheels: Sequence[WheelFile], requirements: Path | None) -> None:
    """Refuse an outdated copy of the wheel.

    Args:
        requirements: The requirements file. A package that the tests need may require the wheel's own distribution,
            whose published wheel is then pinned too. The wheel under test is used in its place.
    """
    for other in wheels:
        is_other = other.path.name == wheel.path.name and other.sha256 != wheel.sha256
        if is_other and not _is_pinned(other, requirements):
            message = f"is another file than {wheel.path} of the same name"
            raise SmokeTestError(Problem(str(other.path), message, "Remove it from the wheelhouse."))


def _is_pinned(wheel: WheelFile, requirements: Path | None) -> bool:
    try:
        lines = requirement_lines(decode_requirements(requirements.read_bytes())) if requirements else ()
    except (OSError, UnicodeDecodeError):
        # Reported where they are installed.
        return False
    return any(f"sha256:{wheel.sha256}" in line.hashes for line in lines)


def _try(
    wheel: WheelFile, tree: WheelTree, python: Interpreter, plan: SmokePlan, wheels: Sequence[WheelFile], folder: Path
) -> SmokeRun:
    facts = python_facts(python)
    if not python.fits(wheel.name.tag):
        return SmokeRun(facts, Outcome.NOT_RUN, python.misfit(wheel.name.tag))
    environment = _environment(folder, python, plan.timeout)
    checks = tuple(Trial(wheel=wheel, tree=tree, environment=environment, plan=plan, wheels=wheels).checks())
    failed = [check for check in checks if check.outcome is Outcome.FAILED]
    if failed:
        return SmokeRun(
            python=facts,
            outcome=Outcome.FAILED,
            reason=f"{failed[0].name}: {failed[0].detail.splitlines()[0]}",
            checks=checks,
        )
    return SmokeRun(python=facts, outcome=Outcome.PASSED, reason="", checks=checks)


def _environment(folder: Path, python: Interpreter, timeout: float) -> Environment:
    if python.foreign:
        return ForeignEnvironment(folder=folder, interpreter=python, foreign=python.foreign, timeout=timeout)
    return VirtualEnvironment(folder, python, timeout)


def _exit_code(reports: Sequence[SmokeTestReport], allow_not_run: bool) -> int:
    failure_text = failures(reports)
    idle = [report for report in reports if not report.with_outcome(Outcome.PASSED)]
    idle = [report for report in idle if not report.with_outcome(Outcome.FAILED)]
    if idle and not allow_not_run:
        reasons = [f"{report.wheel} was not run on any interpreter: {_reasons(report)}" for report in idle]
        remedy = "    Give a compatible interpreter with --python, or --allow-not-run if a wheel may remain untested."
        failure_text = "\n".join(filter(None, [failure_text, *reasons, remedy]))
    if not failure_text:
        return ExitCode.OK
    sys.stderr.write(f"spokeshave smoke-test: error\n{failure_text}\n")
    return ExitCode.USER_ERROR


def _reasons(report: SmokeTestReport) -> str:
    return "; ".join(dict.fromkeys(run.reason for run in report.runs)) or "none was given"
