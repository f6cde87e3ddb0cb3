"""Annotations of GitHub Actions: a workflow command for everything that is wrong with sources and wheels.

The form is that of "Workflow commands for GitHub Actions", and the escaping that of GitHub's own toolkit
(`actions/toolkit`, `packages/core/src/command.ts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spokeshave_core.outcomes import Outcome
from spokeshave_core.page.markup import element
from spokeshave_core.problems import Problem
from spokeshave_pants.cc.diagnostics import FailedCompile
from spokeshave_pants.wheel.report.wheels import RefusedWheel, WheelReport


@dataclass(frozen=True)
class Annotation:
    """An error, at a file of the repository where one is known.

    Attributes:
        file: The path from the root of the repository; empty for none.
        line: From 1; 0 for none, as for `column`.
    """

    title: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0

    def command(self) -> str:
        """The line that the runner reads."""
        properties = {"file": self.file, "line": self.line, "col": self.column, "title": self.title}
        listed = ",".join(f"{name}={escape_property(str(value))}" for name, value in properties.items() if value)
        return f"::error {listed}::{escape_message(self.message)}"


def escape_message(text: str) -> str:
    """The message of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """The value of a property of a command."""
    return escape_message(text).replace(":", "%3A").replace(",", "%2C")


def annotate(
    *,
    compiles: Iterable[FailedCompile] = (),
    problems: Iterable[Problem] = (),
    refused: Iterable[RefusedWheel] = (),
    wheels: Iterable[WheelReport] = (),
    is_source: Callable[[str], bool],
) -> tuple[Annotation, ...]:
    """Each error once: one that is found for several platforms is one annotation.

    Args:
        problems: Those of commands that failed, repairs among them.
        refused: Of them only findings are used, as `problems` has the rest.
        is_source: Whether a path is a file of the repository.
    """
    found = [
        *(annotation for failed in compiles for annotation in _of_compile(failed, is_source)),
        *(_of_problem(problem, is_source) for problem in problems),
        *(annotation for wheel in refused for annotation in _of_findings(wheel)),
        *(annotation for wheel in wheels for annotation in _of_smoke_tests(wheel)),
    ]
    return tuple(dict.fromkeys(found))


def render_summary(title: str, text: str) -> str:
    """The tables of a run as Markdown for the summary of a step: as they are, in a fixed-width font."""
    return f"### {title}\n\n{element('pre', text).text}\n"


def _of_compile(failed: FailedCompile, is_source: Callable[[str], bool]) -> list[Annotation]:
    title = f"{failed.target} does not compile"
    return [
        Annotation(
            title=title,
            message=error.message,
            file=error.path if is_source(error.path) else failed.source,
            line=error.line if is_source(error.path) else 0,
            column=error.column if is_source(error.path) else 0,
        )
        for error in failed.errors
    ] or [Annotation(title, "The compiler failed; its words are in the log.", failed.source)]


def _of_problem(problem: Problem, is_source: Callable[[str], bool]) -> Annotation:
    path = problem.place.partition(": ")[0]
    return Annotation(
        title=problem.place,
        message=f"{problem.message}\n{problem.remedy}",
        file=path if is_source(path) else "",
    )


def _of_findings(wheel: RefusedWheel) -> list[Annotation]:
    return [
        Annotation(f"{wheel.wheel}: {finding.rule.value}", f"{wheel.target}\n{finding.problem}")
        for finding in wheel.findings
    ]


def _of_smoke_tests(wheel: WheelReport) -> list[Annotation]:
    return [
        Annotation(f"{wheel.wheel} failed on Python {outcome.python}", f"{wheel.target}\n{outcome.reason}")
        for outcome in wheel.smoke
        if outcome.outcome is Outcome.FAILED
    ]
