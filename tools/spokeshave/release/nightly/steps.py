"""The steps of a nightly: what they do, their order, and where a run stops. The steps are our other commands."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import cast

from spokeshave.errors import ExitCode
from spokeshave.upload.simple_index import simple_index_of
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.nightly import NightlyStep


@dataclass(frozen=True)
class Step:
    """A step that is planned.

    Attributes:
        run: It returns an exit code, and prints its own messages. A `SpokeshaveError` fails it too.
    """

    name: str
    subject: str
    run: Callable[[], int]


@dataclass
class StepRunner:
    """It runs steps up to the first that fails, and knows what came of each.

    Attributes:
        exit_code: That of the step that failed.
        problems: Those that the step raised, which nobody has printed yet.
    """

    results: list[NightlyStep] = field(default_factory=list)
    exit_code: int = ExitCode.OK
    problems: tuple[Problem, ...] = ()

    def run(self, steps: Sequence[Step]) -> bool:
        """Run steps. Return whether all of them succeeded."""
        for step in steps:
            started = time.monotonic()
            if not self.exit_code:
                self._run_one(step)
                outcome = Outcome.FAILED if self.exit_code else Outcome.PASSED
            else:
                outcome = Outcome.NOT_RUN
            seconds = time.monotonic() - started
            self.results.append(NightlyStep(name=step.name, subject=step.subject, outcome=outcome, seconds=seconds))
        return not self.exit_code

    def _run_one(self, step: Step) -> None:
        print(f"== {step.name} {step.subject}", flush=True)
        try:
            self.exit_code = step.run()
        except SpokeshaveError as err:
            self.exit_code = ExitCode.USER_ERROR
            self.problems = err.problems


def command(module: ModuleType, *arguments: str) -> Callable[[], int]:
    """Return a run of one of our commands, by its module."""

    def run() -> int:
        parser = argparse.ArgumentParser(prog=f"spokeshave {module.__name__}", allow_abbrev=False)
        module.add_arguments(parser)
        return int(cast("Callable[[argparse.Namespace], int]", module.run)(parser.parse_args(arguments)))

    return run


def in_order(destinations: Sequence[str]) -> tuple[str, ...]:
    """Return destinations, each once, with the indexes last: a release that they list is on all others."""
    return tuple(sorted(dict.fromkeys(destinations), key=lambda each: index_path(each) is not None))


def index_path(destination: str) -> Path | None:
    """Return the folder of a destination that is a release index of ours. None for another one."""
    kind, _, path = destination.partition(":")
    return Path(path) if kind == "index" and path else None


def source_of(destination: str) -> str:
    """Return where `release try` installs from what was published to a destination."""
    return simple_index_of(destination) if destination.startswith(("http:", "https:")) else destination
