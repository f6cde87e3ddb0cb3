"""Workflow commands, and what of a run becomes one."""

from __future__ import annotations

import dataclasses

import pytest

from spokeshave_core.outcomes import Outcome, Rule
from spokeshave_core.problems import Problem
from spokeshave_core.reports.verify import Finding
from spokeshave_pants.cc.diagnostics import CompileMessage, FailedCompile
from spokeshave_pants.wheel.report.github import Annotation, annotate, escape_message, escape_property, render_summary
from spokeshave_pants.wheel.report.wheels import PythonOutcome, RefusedWheel
from spokeshave_pants.wheel.report.wheels_test import REPORT

FAILED = FailedCompile(
    "src:core", "src/a.cc", (CompileMessage(path="src/a.h", line=3, column=7, message="unknown type name 'strng'"),)
)
REFUSED = RefusedWheel(
    target="src:wheel",
    wheel="demo.whl",
    platform="manylinux_2_17_x86_64",
    abi="cp312",
    problems=(Problem("libz.so", "is not found", "Add it."),),
    findings=(Finding(rule=Rule.SEARCH_PATH, place="demo/a.so", message="has a search path", remedy="Remove it."),),
)


@pytest.mark.parametrize(
    ("text", "message", "value"),
    [
        ("plain", "plain", "plain"),
        ("a:b,c", "a:b,c", "a%3Ab%2Cc"),
        ("50 %\r\nmore", "50 %25%0D%0Amore", "50 %25%0D%0Amore"),
        ("%3A", "%253A", "%253A"),
        ("::error::x", "::error::x", "%3A%3Aerror%3A%3Ax"),
    ],
)
def test_texts_are_escaped_as_the_runner_reads_them(text: str, message: str, value: str) -> None:
    assert (escape_message(text), escape_property(text)) == (message, value)


def test_a_command_is_one_line_with_its_properties() -> None:
    assert Annotation("a, b", "one\ntwo").command() == "::error title=a%2C b::one%0Atwo"
    located = Annotation(title="t", message="m", file="src/a.cc", line=3, column=7)
    assert located.command() == "::error file=src/a.cc,line=3,col=7,title=t::m"


def test_a_compile_error_is_at_its_line_once_for_all_platforms() -> None:
    (found,) = annotate(compiles=[FAILED, FAILED], is_source=lambda path: path == "src/a.h")
    assert found == Annotation(
        title="src:core does not compile", message="unknown type name 'strng'", file="src/a.h", line=3, column=7
    )


def test_a_compile_error_elsewhere_is_at_the_source() -> None:
    (found,) = annotate(compiles=[FAILED], is_source=lambda _: False)
    assert (found.file, found.line, found.column) == ("src/a.cc", 0, 0)
    (silent,) = annotate(compiles=[dataclasses.replace(FAILED, errors=())], is_source=lambda _: True)
    assert silent.file == "src/a.cc"


def test_a_problem_is_annotated_at_the_source_it_names() -> None:
    problem = Problem("src/pyproject.toml: project.version", "is not a version", "Write one.")
    (found,) = annotate(problems=[problem], is_source=lambda path: path == "src/pyproject.toml")
    assert (found.file, found.message) == ("src/pyproject.toml", "is not a version\nWrite one.")
    (other,) = annotate(problems=[problem], is_source=lambda _: False)
    assert other.file == ""


def test_a_finding_names_wheel_rule_file_and_remedy() -> None:
    (found,) = annotate(refused=[REFUSED], is_source=lambda _: True)
    assert found.command() == (
        "::error title=demo.whl%3A search-path::src:wheel%0Ademo/a.so: has a search path%0A    Remove it."
    )


def test_a_failed_smoke_test_is_annotated_and_no_other() -> None:
    smoke = (
        PythonOutcome("3.11", Outcome.PASSED),
        PythonOutcome("3.12", Outcome.FAILED, "import demo: it crashed"),
        PythonOutcome("3.13", Outcome.NOT_RUN, "there is none"),
    )
    (found,) = annotate(wheels=[dataclasses.replace(REPORT, smoke=smoke)], is_source=lambda _: True)
    assert found.title == f"{REPORT.wheel} failed on Python 3.12"
    assert "it crashed" in found.message


def test_a_run_without_errors_has_no_annotation() -> None:
    assert annotate(wheels=[REPORT], is_source=lambda _: True) == ()


def test_the_summary_shows_texts_as_they_are() -> None:
    assert render_summary("Wheels", "a  <b>\n\nc") == "### Wheels\n\n<pre>a  &lt;b&gt;\n\nc</pre>\n"
