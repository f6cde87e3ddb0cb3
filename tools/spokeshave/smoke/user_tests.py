"""The user's own smoke tests: copied away from the source tree, run by pytest, and summarized."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.processes import ProcessResult
from spokeshave.smoke.environment import Environment
from spokeshave.smoke.import_check import import_remedy
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problem, Problems, SpokeshaveError

_STARTED = re.compile(
    r"^(?P<test>\S+::.+?)(?: (?P<result>PASSED|FAILED|SKIPPED|XFAIL|XPASS|ERROR).*| Fatal Python .*)?$"
)
_NO_TESTS = 5
_SHOWN = 10


class InvalidTestsError(SpokeshaveError):
    """Test files that do not exist or have conflicting names."""


@dataclass(frozen=True)
class TestResult:
    """The result of the tests: whether they passed, and the summary."""

    __test__ = False

    passed: bool
    summary: str


def copy_tests(tests: Sequence[Path], folder: Path) -> list[str]:
    """Copy files and directories into one directory and return their names in it.

    Raises:
        InvalidTestsError: If files are missing or names conflict.
    """
    problems = Problems()
    sources = _by_name(tests, problems)
    problems.raise_if_any(InvalidTestsError)
    folder.mkdir(parents=True)
    for name, source in sources.items():
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, folder / name)
    if not (folder / "pytest.ini").exists():
        # Otherwise pytest would search for its configuration in the parent directories.
        (folder / "pytest.ini").write_text("[pytest]\n")
    return [name for name in sources if (name.endswith(".py") and name != "conftest.py") or (folder / name).is_dir()]


def _by_name(tests: Sequence[Path], problems: Problems) -> dict[str, Path]:
    sources: dict[str, Path] = {}
    for test in tests:
        name = test.resolve().name
        if not test.exists():
            problems.add(str(test), "does not exist", "Correct the path of the smoke test.")
        elif sources.setdefault(name, test) != test:
            message = f"has the same name as {sources[name]}; tests are copied side by side"
            problems.add(str(test), message, "Rename one, or give the folder that contains both.")
    return sources


def run_tests(environment: Environment, tests: Sequence[Path], tree: WheelTree) -> tuple[TestResult, ProcessResult]:
    """Run tests against the installed packages of the environment."""
    folder = environment.folder / "tests"
    names = copy_tests(tests, folder)
    report = environment.folder / "junit.xml"
    options = [
        "-v",
        "--tb=short",
        "--color=no",
        "-p",
        "no:cacheprovider",
        f"--rootdir={environment.named(folder)}",
        f"--junitxml={environment.named(report)}",
    ]
    result = environment.run_python("-m", "pytest", *options, *names, cwd=folder)
    return _result(result, report, tree), result


def _result(result: ProcessResult, report: Path, tree: WheelTree) -> TestResult:
    if result.exit_code is None or result.exit_code < 0 or not report.is_file():
        return TestResult(False, _broken_off(result))
    try:
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    except (ElementTree.ParseError, ValueError, LookupError) as err:
        return TestResult(False, f"pytest's report cannot be read ({err})\n{result.last_lines()}")
    counts = _counts(cases)
    if result.exit_code == _NO_TESTS or not cases:
        return TestResult(False, "pytest found no tests\nName the files test_*.py and the functions test_*.")
    if not result.ok:
        return TestResult(False, "\n".join([counts, *_failed(cases), *_hints(result, tree), result.last_lines()]))
    if all(case.find("skipped") is not None for case in cases):
        return TestResult(False, f"{counts}\nAll tests were skipped, so nothing was tested.")
    return TestResult(True, counts)


def _broken_off(result: ProcessResult) -> str:
    """Return the failure of a process that did not finish. The cause is the test that was running."""
    running = ""
    for line in result.output.splitlines():
        match = _STARTED.match(line)
        if match:
            running = "" if match["result"] else match["test"].strip()
    if running:
        return f"{running}: the test {result.describe_exit()}\n{result.last_lines()}"
    if "No module named pytest" in result.output:
        return "pytest is not installed\nAdd it, with a version and hashes, to the file given by --requirements."
    return f"pytest {result.describe_exit()}\n{result.last_lines()}"


def _counts(cases: Sequence[ElementTree.Element]) -> str:
    kinds = {"failed": ("failure",), "errors": ("error",), "skipped": ("skipped",)}
    found = {
        kind: sum(any(case.find(tag) is not None for tag in tags) for case in cases) for kind, tags in kinds.items()
    }
    passed = len(cases) - sum(found.values())
    return ", ".join([f"{passed} passed", *(f"{count} {kind}" for kind, count in found.items() if count)])


def _failed(cases: Sequence[ElementTree.Element]) -> list[str]:
    lines = []
    for case in cases:
        fault = case.find("failure") if case.find("failure") is not None else case.find("error")
        if fault is not None:
            where = "::".join(filter(None, (case.get("classname", "").replace(".", "/"), case.get("name"))))
            lines.append(f"{where}: {(fault.get('message') or 'failed').splitlines()[0]}")
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return lines[:_SHOWN] + more


def _hints(result: ProcessResult, tree: WheelTree) -> list[str]:
    """Return the hints of import checks for failed imports in tests."""
    errors = "\n".join(line[1:].strip() for line in result.output.splitlines() if line.startswith("E "))
    remedy = import_remedy(errors, tree)
    return [remedy] if remedy else []


def missing_tests(tests: Sequence[Path]) -> list[Problem]:
    """Return the problems of the given test files, which are reported before anything runs."""
    problems = Problems()
    _by_name(tests, problems)
    return list(problems.as_error(InvalidTestsError).problems)
