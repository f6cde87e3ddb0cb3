"""Results of the tools: the report as a value, and the words of a command that failed."""

from __future__ import annotations

import pytest
from pants.engine.fs import EMPTY_DIGEST
from pants.engine.process import ProcessResultMetadata

from spokeshave_core.outcomes import Rule
from spokeshave_core.problems import Problem
from spokeshave_core.reports.fetch import FetchReport
from spokeshave_core.reports.report import FailureReport, Report
from spokeshave_core.reports.verify import Finding, VerifyReport
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.errors import ToolError
from spokeshave_pants.rule_fixtures import LINUX
from spokeshave_pants.sandbox.tools import PROBLEMS_METADATA, ToolResult, raise_for_failure

ACTION = Action(
    ActionKind.VERIFY,
    "Verify x",
    ProcessResultMetadata(7, LINUX, "ran", source_run_id=1),
)
PROBLEMS = (Problem("a.so", "is not a library", "Build it."), Problem("b.so", "is missing", "Add it."))


def result(report: Report | str, exit_code: int = 0, stderr: str = "") -> ToolResult:
    text = report if isinstance(report, str) else report.to_json()
    return ToolResult(digest=EMPTY_DIGEST, report_text=text, stderr=stderr, exit_code=exit_code, action=ACTION)


def test_a_report_is_a_value() -> None:
    assert result(FetchReport(("a.whl",))).report(FetchReport) == FetchReport(("a.whl",))


def test_a_report_of_another_kind_is_one_clear_error() -> None:
    with pytest.raises(ToolError) as raised:
        result(FetchReport(("a.whl",)), stderr="a note").report(VerifyReport)
    text = str(raised.value)
    assert text.startswith("Verify x: its report is not a VerifyReport: it has no 'findings'. ")
    assert text.endswith("\na note")


def test_the_error_of_a_failed_command_is_made_of_its_problems() -> None:
    with pytest.raises(ToolError) as raised:
        raise_for_failure(result(FailureReport(PROBLEMS), exit_code=1, stderr="spokeshave: error"), "src:wheel")
    assert str(raised.value) == ("src:wheel:\na.so: is not a library\n    Build it.\nb.so: is missing\n    Add it.")


@pytest.mark.parametrize(("stderr", "words"), [("Killed", "Killed"), ("", "Verify x exited with 9")])
def test_without_a_report_the_error_is_stderr(stderr: str, words: str) -> None:
    with pytest.raises(ToolError, match=f"^src:wheel:\n{words}$"):
        raise_for_failure(result("", exit_code=9, stderr=stderr), "src:wheel")


def test_a_command_that_succeeded_raises_nothing() -> None:
    raise_for_failure(result(FetchReport(())), "src:wheel")


def test_only_failed_commands_have_problems_as_metadata() -> None:
    findings = VerifyReport((Finding(rule=Rule.TAG, place="a", message="b", remedy="c"),))
    assert result(FailureReport(PROBLEMS), exit_code=1).metadata() == {PROBLEMS_METADATA: PROBLEMS}
    assert result(findings, exit_code=1).metadata() == {PROBLEMS_METADATA: ()}
    assert result(FetchReport(())).metadata() is None
