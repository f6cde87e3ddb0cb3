"""Smoke tests: install wheels into fresh environments, without access to the source tree, and test them."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spokeshave.errors import ExitCode, Problem, Problems, SpokeshaveError
from spokeshave.home import emulation_folder
from spokeshave.processes import ProcessResult, ended_by_sigterm
from spokeshave.pythons.foreign import ForeignPython, read_foreign_python, read_manifest, remedy_for
from spokeshave.pythons.interpreter import Interpreter, InterpreterError, find_on_path, inspect, inspect_foreign
from spokeshave.pythons.requirements import Pin, read_pins
from spokeshave.report import write_report
from spokeshave.smoke.choices import (
    HELP,
    SmokeChoices,
    SmokeTestError,
    command_line,
    console_scripts,
    modules_to_try,
)
from spokeshave.smoke.environment import Environment, VirtualEnvironment
from spokeshave.smoke.foreign_environment import ForeignEnvironment
from spokeshave.smoke.import_check import IMPORT, explain_import
from spokeshave.smoke.installed_files import installed_fault
from spokeshave.smoke.machine import machine_title
from spokeshave.smoke.report import CheckResult, Outcome, PythonFacts, Run, SmokeReport, failures, print_table
from spokeshave.smoke.user_tests import missing_tests, run_tests
from spokeshave.smoke.wheelhouse import WheelFile, read_wheelhouse, runtime_pins
from spokeshave.wheel.tree import WheelTree, unpack

_TIMEOUT = 300.0
_OFFERED = "wheels"
_LEFT_OUT = "left out by smoke_{} (--skip-{})"
_NO_HELP = (
    "If {name} takes no --help, name arguments that try it in the field `smoke_scripts` of the `python_native_wheel`, "
    'such as smoke_scripts={{"{name}": ["--version"]}}, or none ([]) so that it is not run.'
)


@dataclass(frozen=True)
class SmokePlan:
    """The settings of smoke tests. `timeout` is in seconds, for each process."""

    tests: tuple[Path, ...] = ()
    wheelhouse: Path | None = None
    requirements: Path | None = None
    timeout: float = _TIMEOUT
    choices: SmokeChoices = field(default_factory=SmokeChoices)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave smoke-test`."""
    parser.add_argument("wheels", type=Path, nargs="+", metavar="WHEEL", help="a wheel to try")
    parser.add_argument(
        "--python",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="an interpreter to try it on; without any, those that take the wheel: on PATH, else emulated ones",
    )
    parser.add_argument(
        "--foreign-python",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a Python of another platform to try it on: its entry in the manifest of `spokeshave emulation`",
    )
    parser.add_argument(
        "--expect-python",
        action="append",
        default=[],
        metavar="X.Y.Z",
        help="the version that each --python must have, in the same order",
    )
    parser.add_argument(
        "--test",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="a test file or a folder of them, for pytest",
    )
    parser.add_argument(
        "--wheelhouse", type=Path, metavar="DIR", help="the folder that everything the wheel needs is installed from"
    )
    parser.add_argument(
        "--requirements", type=Path, metavar="FILE", help="what the tests need, pytest among it, pinned and hashed"
    )
    parser.add_argument(
        "--script",
        type=command_line,
        action="append",
        default=[],
        metavar="'NAME ARGUMENTS'",
        help="arguments that try a console script in place of --help, such as 'abacus --version'",
    )
    parser.add_argument(
        "--skip-script", action="append", default=[], metavar="NAME", help="a console script that is not run"
    )
    parser.add_argument(
        "--skip-import",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module that is not imported, nor any below it, as it needs what the wheel does not require",
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=_TIMEOUT, metavar="SECONDS", help="the time that each process has (300)"
    )
    parser.add_argument(
        "--allow-not-run",
        action="store_true",
        help="exit with 0 although a wheel ran on no interpreter, if none failed",
    )
    parser.add_argument(
        "--report", type=Path, required=True, metavar="FILE", help="the JSON report: an object, or a list of several"
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def run(args: argparse.Namespace) -> int:
    """Smoke-test each wheel on each interpreter, and report the results."""
    scripts = {**dict(args.script), **dict.fromkeys(args.skip_script, ())}
    choices = SmokeChoices(scripts, tuple(args.skip_import))
    plan = SmokePlan(tuple(args.test), args.wheelhouse, args.requirements, args.timeout, choices)
    with ended_by_sigterm():
        wheels = _check_arguments(_expanded(args.wheels), plan)
        _check_contents(wheels, choices)
        pythons = _given_pythons(args.python, args.expect_python)
        pythons += [_inspect_foreign(read_foreign_python(file)) for file in args.foreign_python]
        reports = [smoke_test(wheel, pythons or _compatible_pythons(wheel), plan) for wheel in wheels]
    documents = [report.as_json() for report in reports]
    write_report(args.report, documents[0] if len(documents) == 1 else documents)
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
    problems, wheels = Problems(), []
    for path in paths:
        if path.is_file():
            with problems.collecting():
                wheels.append(WheelFile.of(path))
        else:
            problems.add(str(path), "there is no such file", "Give the path of a wheel.")
    for problem in missing_tests(plan.tests):
        problems.add(problem.place, problem.message, problem.remedy)
    if plan.tests and plan.requirements is None:
        remedy = "Give by --requirements a file that pins pytest with hashes, and by --wheelhouse its wheels."
        problems.add("--test", "needs pytest in the environment", remedy)
    problems.raise_if_any(SmokeTestError)
    return wheels


def _check_contents(wheels: Sequence[WheelFile], choices: SmokeChoices) -> None:
    with tempfile.TemporaryDirectory(prefix="spokeshave-smoke-") as scratch:
        folders = [Path(scratch, str(number)) for number in range(len(wheels))]
        choices.check([unpack(wheel.path, into, only_dist_info=True) for wheel, into in zip(wheels, folders)])


def _given_pythons(paths: Sequence[Path], expected: Sequence[str]) -> list[Interpreter | Run]:
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
            problems.add(str(path), message, "Run again: the interpreter was replaced since it was looked at.")
    problems.raise_if_any(SmokeTestError)
    return pythons


def _inspect(path: Path) -> Interpreter | Run:
    try:
        return inspect(path)
    except InterpreterError as err:
        return Run(PythonFacts(str(path)), Outcome.NOT_RUN, err.problems[0].message)


def _inspect_foreign(foreign: ForeignPython) -> Interpreter | Run:
    """Return a foreign interpreter. One with a missing or broken emulator becomes a run that was not, with a remedy."""
    try:
        return inspect_foreign(foreign)
    except InterpreterError as err:
        facts = PythonFacts(foreign.executable, platform=foreign.platform, emulator=foreign.emulator)
        problem = err.problems[0]
        return Run(facts, Outcome.NOT_RUN, f"{problem.place} {problem.message}\n{problem.remedy}")


def _compatible_pythons(wheel: WheelFile) -> list[Interpreter | Run]:
    """Return the available Pythons that accept the wheel: of this machine, or else those that an emulator runs."""
    found = find_on_path()
    fitting: list[Interpreter | Run] = [python for python in found if python.fits(wheel.name.tag)]
    if fitting:
        return fitting
    emulated = [_inspect_foreign(foreign) for foreign in _emulated(wheel)]
    fitting = [python for python in emulated if isinstance(python, Run) or python.fits(wheel.name.tag)]
    if fitting:
        return fitting
    names = ", ".join(map(str, found)) or "none"
    reason = f"no interpreter on PATH takes {wheel.name.tag}; there is {names}"
    platform = wheel.name.tag.platform
    if not any(tag.endswith(f"-{single}") for python in found for tag in python.tags for single in platform.split(".")):
        reason += f". {remedy_for(platform)}"
    return [Run(PythonFacts("PATH"), Outcome.NOT_RUN, reason)]


def _emulated(wheel: WheelFile) -> list[ForeignPython]:
    """Return the installed foreign Pythons for the platform of a wheel."""
    return [python for python in read_manifest(emulation_folder()) if python.runs(wheel.name.tag.platform)]


def smoke_test(wheel: WheelFile, pythons: Sequence[Interpreter | Run], plan: SmokePlan) -> SmokeReport:
    """Smoke-test one wheel on interpreters.

    Raises:
        SpokeshaveError: If there is nothing to test.
    """
    wheels = read_wheelhouse(plan.wheelhouse)
    _check_same_bytes(wheel, wheels)
    with tempfile.TemporaryDirectory(prefix="spokeshave-smoke-") as scratch:
        root = Path(scratch).resolve()
        tree = unpack(wheel.path, root / "wheel")
        _offer(wheel, wheels, root / _OFFERED)
        runs = []
        for number, python in enumerate(pythons):
            folder = root / f"run{number}"
            runs.append(python if isinstance(python, Run) else _try(wheel, tree, python, plan, wheels, folder))
            shutil.rmtree(folder, ignore_errors=True)
    return SmokeReport(wheel.path, wheel.sha256, tuple(runs))


def _offer(wheel: WheelFile, wheels: Sequence[WheelFile], folder: Path) -> None:
    """Create pip's directory of wheels: the one under test, and no other of its distribution."""
    folder.mkdir()
    for other in [wheel, *(other for other in wheels if other.project != wheel.project)]:
        if os.name == "nt":
            # On Windows, only administrators can create links.
            shutil.copyfile(other.path, folder / other.path.name)
        else:
            (folder / other.path.name).symlink_to(other.path.resolve())


def _check_same_bytes(wheel: WheelFile, wheels: Sequence[WheelFile]) -> None:
    for other in wheels:
        if other.path.name == wheel.path.name and other.sha256 != wheel.sha256:
            message = f"is another file than {wheel.path} of the same name"
            raise SmokeTestError(Problem(str(other.path), message, "Remove it from the wheelhouse."))


def _try(
    wheel: WheelFile, tree: WheelTree, python: Interpreter, plan: SmokePlan, wheels: Sequence[WheelFile], folder: Path
) -> Run:
    facts = _facts(python)
    if not python.fits(wheel.name.tag):
        return Run(facts, Outcome.NOT_RUN, python.misfit(wheel.name.tag))
    environment = _environment(folder, python, plan.timeout)
    checks = tuple(_Trial(wheel, tree, environment, plan, wheels).checks())
    failed = [check for check in checks if check.outcome is Outcome.FAILED]
    if failed:
        return Run(facts, Outcome.FAILED, f"{failed[0].name}: {failed[0].detail.splitlines()[0]}", checks)
    return Run(facts, Outcome.PASSED, "", checks)


def _facts(python: Interpreter) -> PythonFacts:
    platform = python.foreign.platform if python.foreign else machine_title()
    emulator = python.foreign.emulator if python.foreign else ""
    return PythonFacts(
        str(python.path), python.version, python.implementation, platform, emulator, python.is_free_threaded
    )


def _environment(folder: Path, python: Interpreter, timeout: float) -> Environment:
    if python.foreign:
        return ForeignEnvironment(folder, python, python.foreign, timeout)
    return VirtualEnvironment(folder, python, timeout)


@dataclass(frozen=True)
class _Trial:
    """The smoke test of one wheel on one interpreter."""

    wheel: WheelFile
    tree: WheelTree
    environment: Environment
    plan: SmokePlan
    wheels: Sequence[WheelFile]

    def checks(self) -> Iterator[CheckResult]:
        """Yield every check in order. If the wheel was not installed, no other check runs."""
        installed = self._install()
        yield installed
        if installed.outcome is not Outcome.PASSED:
            return
        yield _timed("files", lambda: installed_fault(self.environment, self.tree))
        for name in modules_to_try(self.tree, self.plan.choices):
            yield self._import(name)
        for script in console_scripts(self.tree):
            yield self._script(script)
        if self.plan.tests:
            yield from self._tests()

    def _pins(self) -> list[Pin]:
        markers = self.environment.interpreter.markers
        return read_pins(self.plan.requirements, markers) if self.plan.requirements else []

    def _install(self) -> CheckResult:
        start = time.monotonic()
        try:
            given = {pin.name: pin for pin in self._pins()}
            pins = runtime_pins(self.wheel, self.wheels, given, self.environment.interpreter)
        except SpokeshaveError as err:
            return CheckResult("install", Outcome.FAILED, time.monotonic() - start, self._error_text(err))
        created = self.environment.create()
        if not created.ok:
            detail = f"a virtual environment cannot be made: python {created.describe_exit()}\n{created.last_lines()}"
            return CheckResult("install", Outcome.FAILED, created.seconds, detail)
        return _result("install", self._pip(pins), start)

    def _error_text(self, error: SpokeshaveError) -> str:
        return str(error).replace(f"{self.wheel.path.name}: ", "")

    def _pip(self, pins: Sequence[Pin]) -> ProcessResult:
        return self.environment.install(pins, self.environment.folder.parent / _OFFERED)

    def _import(self, name: str) -> CheckResult:
        if self.plan.choices.is_optional(name):
            return CheckResult(f"import {name}", Outcome.NOT_RUN, 0.0, _LEFT_OUT.format("optional_imports", "import"))
        process = self.environment.run_python("-c", IMPORT, name)
        detail = "" if process.ok else explain_import(process, name, self.tree)
        return CheckResult(f"import {name}", _outcome(process), process.seconds, detail)

    def _script(self, name: str) -> CheckResult:
        arguments = self.plan.choices.arguments_for(name)
        if not arguments:
            return CheckResult(f"script {name}", Outcome.NOT_RUN, 0.0, _LEFT_OUT.format("scripts", "script"))
        process = self.environment.run_script(name, *arguments)
        detail = (
            "" if process.ok else f"{shlex.join([name, *arguments])} {process.describe_exit()}\n{process.last_lines()}"
        )
        if not process.ok and arguments == HELP:
            detail += f"\n{_NO_HELP.format(name=name)}"
        return CheckResult(f"script {name}", _outcome(process), process.seconds, detail)

    def _tests(self) -> Iterator[CheckResult]:
        """Run the user's tests. Their requirements are installed only now, so that earlier imports cannot use them."""
        start = time.monotonic()
        given = {pin.name: pin for pin in self._pins()}
        needed = {pin.name: pin for pin in runtime_pins(self.wheel, self.wheels, given, self.environment.interpreter)}
        process = self._pip(list({**given, **needed}.values()))
        yield _result("install test requirements", process, start)
        if process.ok:
            result, process = run_tests(self.environment, self.plan.tests, self.tree)
            outcome = Outcome.PASSED if result.passed else Outcome.FAILED
            yield CheckResult("tests", outcome, process.seconds, result.summary)


def _outcome(process: ProcessResult) -> Outcome:
    return Outcome.PASSED if process.ok else Outcome.FAILED


def _result(name: str, process: ProcessResult, start: float) -> CheckResult:
    detail = "" if process.ok else f"pip {process.describe_exit()}\n{process.last_lines()}"
    return CheckResult(name, _outcome(process), time.monotonic() - start, detail)


def _timed(name: str, fault: Callable[[], str | None]) -> CheckResult:
    start = time.monotonic()
    found = fault()
    return CheckResult(name, Outcome.FAILED if found else Outcome.PASSED, time.monotonic() - start, found or "")


def _exit_code(reports: Sequence[SmokeReport], allow_not_run: bool) -> int:
    failure_text = failures(reports)
    idle = [report for report in reports if not report.with_outcome(Outcome.PASSED)]
    idle = [report for report in idle if not report.with_outcome(Outcome.FAILED)]
    if idle and not allow_not_run:
        reasons = [f"{report.wheel.name} was not run on any interpreter: {_reasons(report)}" for report in idle]
        remedy = "    Give a fitting interpreter by --python, or --allow-not-run if a wheel may go untested."
        failure_text = "\n".join(filter(None, [failure_text, *reasons, remedy]))
    if not failure_text:
        return ExitCode.OK
    sys.stderr.write(f"spokeshave smoke-test: error\n{failure_text}\n")
    return ExitCode.USER_ERROR


def _reasons(report: SmokeReport) -> str:
    return "; ".join(dict.fromkeys(run.reason for run in report.runs)) or "none was given"
