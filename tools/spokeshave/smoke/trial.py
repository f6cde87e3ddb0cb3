"""The trial of one wheel on one Python: its checks, one after the other."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path

from spokeshave.processes import ProcessResult
from spokeshave.pythons.requirements import Pin, read_pins
from spokeshave.smoke.choices import (
    HELP,
    SmokeChoices,
    console_scripts,
    module_of,
    modules_to_try,
)
from spokeshave.smoke.environment import Environment
from spokeshave.smoke.import_check import IMPORT, explain_import, import_remedy
from spokeshave.smoke.installed_files import installed_fault
from spokeshave.smoke.user_tests import run_tests
from spokeshave.smoke.wheelhouse import WheelFile, runtime_pins
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.reports.smoke import CheckResult

TIMEOUT = 300.0
OFFERED = "wheels"
_LEFT_OUT = "excluded by smoke_{} (--skip-{})"
_NO_HELP = (
    "If {name} does not support --help, set its arguments in the field `smoke_scripts` of the `python_native_wheel`, "
    'such as smoke_scripts={{"{name}": ["--version"]}}. With an empty list it is not run.'
)


@dataclass(frozen=True)
class SmokePlan:
    """The settings of smoke tests. `timeout` is in seconds, for each process."""

    tests: tuple[Path, ...] = ()
    wheelhouse: Path | None = None
    requirements: Path | None = None
    timeout: float = TIMEOUT
    choices: SmokeChoices = field(default_factory=SmokeChoices)


@dataclass(frozen=True)
class Trial:
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
        yield from self.checks_of_installed()
        if self.plan.tests:
            yield from self._tests()

    def checks_of_installed(self) -> Iterator[CheckResult]:
        """Yield the checks of a wheel that is in its environment already: its files, modules and scripts."""
        yield _timed("files", lambda: installed_fault(self.environment, self.tree))
        for name in modules_to_try(self.tree, self.plan.choices):
            yield self._import(name)
        for script in console_scripts(self.tree):
            yield self._script(script)

    def _pins(self) -> list[Pin]:
        markers = self.environment.interpreter.markers
        return read_pins(self.plan.requirements, markers) if self.plan.requirements else []

    def _install(self) -> CheckResult:
        start = time.monotonic()
        try:
            given = {pin.name: pin for pin in self._pins()}
            pins = runtime_pins(self.wheel, self.wheels, given, self.environment.interpreter)
        except SpokeshaveError as err:
            return CheckResult(
                name="install", outcome=Outcome.FAILED, seconds=time.monotonic() - start, detail=self._error_text(err)
            )
        created = self.environment.create()
        if not created.ok:
            detail = f"a virtual environment cannot be made: python {created.describe_exit()}\n{created.last_lines()}"
            return CheckResult(name="install", outcome=Outcome.FAILED, seconds=created.seconds, detail=detail)
        return _result("install", self._pip(pins), start)

    def _error_text(self, error: SpokeshaveError) -> str:
        return str(error).replace(f"{self.wheel.path.name}: ", "")

    def _pip(self, pins: Sequence[Pin]) -> ProcessResult:
        return self.environment.install(pins, self.environment.folder.parent / OFFERED)

    def _import(self, name: str) -> CheckResult:
        if self.plan.choices.is_optional(name):
            return CheckResult(
                name=f"import {name}",
                outcome=Outcome.NOT_RUN,
                seconds=0.0,
                detail=_LEFT_OUT.format("optional_imports", "import"),
            )
        process = self.environment.run_python("-c", IMPORT, name)
        detail = "" if process.ok else explain_import(process, name, self.tree)
        return CheckResult(name=f"import {name}", outcome=_outcome(process), seconds=process.seconds, detail=detail)

    def _script(self, script: EntryPoint) -> CheckResult:
        name = script.name
        arguments = self.plan.choices.arguments_for(script)
        if not arguments:
            listed = name in self.plan.choices.scripts
            imported = f"imports {module_of(script)}, {_LEFT_OUT.format('optional_imports', 'import')}"
            return CheckResult(
                name=f"script {name}",
                outcome=Outcome.NOT_RUN,
                seconds=0.0,
                detail=_LEFT_OUT.format("scripts", "script") if listed else imported,
            )
        process = self.environment.run_script(name, *arguments)
        detail = (
            "" if process.ok else f"{shlex.join([name, *arguments])} {process.describe_exit()}\n{process.last_lines()}"
        )
        if not process.ok:
            no_help = _NO_HELP.format(name=name) if arguments == HELP else None
            detail = "\n".join(filter(None, [detail, import_remedy(process.output, self.tree) or no_help]))
        return CheckResult(name=f"script {name}", outcome=_outcome(process), seconds=process.seconds, detail=detail)

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
            yield CheckResult(name="tests", outcome=outcome, seconds=process.seconds, detail=result.summary)


def _outcome(process: ProcessResult) -> Outcome:
    return Outcome.PASSED if process.ok else Outcome.FAILED


def _result(name: str, process: ProcessResult, start: float) -> CheckResult:
    detail = "" if process.ok else f"pip {process.describe_exit()}\n{process.last_lines()}"
    return CheckResult(name=name, outcome=_outcome(process), seconds=time.monotonic() - start, detail=detail)


def _timed(name: str, fault: Callable[[], str | None]) -> CheckResult:
    start = time.monotonic()
    found = fault()
    return CheckResult(
        name=name,
        outcome=Outcome.FAILED if found else Outcome.PASSED,
        seconds=time.monotonic() - start,
        detail=found or "",
    )
