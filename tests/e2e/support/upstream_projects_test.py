"""Tests for the rows and lines of `tests/projects/upstream/run`, from a report in the form that `package` writes."""

from __future__ import annotations

from typing import Any

from e2e.support.upstream_projects import Row, finished_row, progress_text, table_text

CHECK = {"name": "tests", "detail": "79 passed"}
BUILD = '# A comment.\n\npython_sdist(name="sdist")\n'


def report(*checks: dict[str, str]) -> dict[str, Any]:
    return {
        "wheels": [
            {
                "wheel": "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
                "platform": "manylinux_x86_64",
                "smoke": [{"outcome": "passed", "checks": list(checks)}],
                "backends": [{"report": {"backend": "mesonpy"}}],
            }
        ],
        "processes": [{"kind": "backend", "milliseconds": 2000}, {"kind": "backend", "milliseconds": 4000}],
    }


def test_row_has_the_tests_and_the_mean_time_of_a_build() -> None:
    row = finished_row("demo", report(CHECK), BUILD)
    assert row == Row("demo", ("demo 1.0", "mesonpy", "1", "manylinux_x86_64", "79 passed", "3"))


def test_project_without_a_run_of_its_tests_fails() -> None:
    row = finished_row("demo", report({"name": "imports", "detail": "1 module"}), BUILD)
    assert not row.cells
    assert "none of its own tests ran" in row.failure


def test_line_of_a_project_has_its_position_and_time() -> None:
    assert progress_text(Row("lz4", cells=("lz4 4.4.5",)), "3/35", 41.4) == "[3/35] lz4: 41 s, ok"


def test_line_of_a_failed_project_is_followed_by_the_error() -> None:
    text = progress_text(Row("lz4", failure="No such header.\n\n"), "3/35", 41.4)
    assert text == "[3/35] lz4: 41 s, FAILED\nNo such header.\n"


def test_table_leaves_failed_projects_out() -> None:
    rows = (Row("a", cells=("a 1", "mesonpy", "2", "linux", "1 passed", "9")), Row("b", failure="why"))
    assert table_text(rows).splitlines()[2:] == ["| a 1 | mesonpy | 2 | linux | 1 passed | 9 |"]
