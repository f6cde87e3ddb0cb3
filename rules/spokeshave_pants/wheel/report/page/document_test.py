"""Tests of the page's text, which no name can break. report_page_test.py of the e2e tests uses a browser."""

from __future__ import annotations

import dataclasses
import os
import stat
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from spokeshave_core.outcomes import Outcome, Rule, Source
from spokeshave_core.problems import Problem
from spokeshave_core.reports.smoke import CheckResult
from spokeshave_core.reports.verify import Finding
from spokeshave_pants.action import ActionCount, ActionKind, ForeignCalls
from spokeshave_pants.wheel.report.page.document import render_page, write_page
from spokeshave_pants.wheel.report.page.run import PackageRun
from spokeshave_pants.wheel.report.spans import Span
from spokeshave_pants.wheel.report.totals import ProcessRow
from spokeshave_pants.wheel.report.wheels import PythonOutcome, RefusedWheel, WheelReport

LINUX = "manylinux_2_17_x86_64"
WINDOWS = "win_amd64"
HOSTILE = """</script></title><b>&"'<img src=x onerror=alert(1)>"""


class Page(HTMLParser):
    """A page's elements in order, each with its attributes, and the visible texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]

    @property
    def text(self) -> str:
        return "".join(self.texts)


def wheel(distribution: str, platform: str, abi: str, **changes: Any) -> WheelReport:
    report = WheelReport(
        target=f"src:{distribution}",
        wheel=f"{distribution}-1.2.0+local.1-{abi}-{platform}.whl",
        version="1.2.0+local.1",
        platform=platform,
        abi=abi,
        tags=(f"{abi}-{platform}",),
        size=123_456,
        sha256="ab" * 32,
        grafted=("libz-1234.so",),
        headers=("CPython 3.12.1 of this machine",),
        actions=(
            ActionCount(kind=ActionKind.COMPILE, ran=3, hit_locally=2, hit_remotely=1, memoized=4),
            ActionCount(kind=ActionKind.LINK, ran=1, hit_locally=0, hit_remotely=0, memoized=0),
        ),
        smoke=(
            PythonOutcome(
                "3.12",
                Outcome.PASSED,
                checks=(CheckResult(name="tests", outcome=Outcome.PASSED, seconds=0.0, detail="7 passed"),),
            ),
        ),
    )
    return dataclasses.replace(report, **changes)


WHEELS = (
    wheel("runtime", LINUX, "cp39"),
    wheel("runtime", LINUX, "cp310"),
    wheel("runtime", WINDOWS, "cp310", smoke=(PythonOutcome("3.10", Outcome.NOT_RUN, "no wine here"),)),
    wheel(
        "compiler", LINUX, "cp310", smoke=(PythonOutcome("3.10", Outcome.FAILED, "ImportError: no _native\nin line 2"),)
    ),
)
PROCESSES = (
    ProcessRow(kind="compile", description="Compile a.cc", source=Source.HIT_REMOTELY, milliseconds=1500, output="a"),
    ProcessRow(kind="link", description="Link a.so", source=Source.RAN, milliseconds=250, output="l", needs=(0,)),
)
SPANS = (
    Span(description="Compile a.cc", source=Source.HIT_REMOTELY, start=1000.5, end=1000.75),
    Span(description="Link a.so", source=Source.RAN, start=1000.75, end=1001),
)


def run(*reports: WheelReport, succeeded: bool = True) -> PackageRun:
    return PackageRun(started=1000, seconds=2.5, succeeded=succeeded, reports=reports, processes=PROCESSES, spans=SPANS)


def page(*reports: WheelReport, succeeded: bool = True) -> Page:
    return Page(render_page(run(*reports, succeeded=succeeded)))


def test_each_wheel_is_in_the_cell_of_its_platform_and_abi() -> None:
    shown = page(*WHEELS)
    captions = [text for text in shown.texts if text.startswith("Wheels of ")]
    assert captions == ["Wheels of compiler by platform and Python ABI", "Wheels of runtime by platform and Python ABI"]
    cells = [a for a in shown.named("td") if a.get("data-abi") or a.get("class") == "none"]
    assert [a.get("data-abi") for a in cells] == ["cp310", "cp39", "cp310", None, "cp310"]


def test_wheel_links_are_relative_and_accessible() -> None:
    (link,) = page(WHEELS[0]).named("a")
    assert link["href"] == f"runtime-1.2.0%2Blocal.1-cp39-{LINUX}.whl"
    assert link["aria-label"] == f"runtime-1.2.0+local.1-cp39-{LINUX}.whl, 123.5 kB"


def test_what_a_release_engineer_asks_of_a_wheel_is_there() -> None:
    text = page(*WHEELS).text
    for fact in (
        "123.5 kB",
        "abababab",
        "ab" * 32,
        f"cp39-{LINUX}",
        "3 compiled, 7 cached",
        "libz-1234.so",
        "7 passed",
    ):
        assert fact in text
    for reason in ("no wine here", "ImportError: no _native\nin line 2", "3.12 ✓ passed"):
        assert reason in text


def test_builds_of_projects_have_their_compiles() -> None:
    assert "compiles (foreign)" not in page(*WHEELS).text
    built = dataclasses.replace(PROCESSES[0], calls=ForeignCalls(compiles=4, links=1, probes=71))
    shown = dataclasses.replace(run(*WHEELS), processes=(built, PROCESSES[1]))
    text = Page(render_page(shown)).text
    assert "compiles (foreign)" in text
    assert "71" in text


def test_what_caches_saved_is_said() -> None:
    text = page(*WHEELS).text
    assert "1 action from a cache saved 1.5 s of process time" in text
    assert "looking up the hits took 0.2 s" in text


def test_a_run_that_failed_says_so_and_links_to_no_file() -> None:
    shown = page(*WHEELS, succeeded=False)
    assert shown.named("a") == []
    assert "This run failed" in shown.text
    assert "This run failed" not in page(*WHEELS).text


def refused(text: str) -> RefusedWheel:
    return RefusedWheel(
        target=text,
        wheel=text,
        platform=LINUX,
        abi="cp312",
        problems=(Problem(text, text, text),),
        findings=(Finding(rule=Rule.SEARCH_PATH, place="demo/a.so", message="has a search path", remedy=text),),
    )


def test_findings_are_rows_with_wheel_rule_file_and_remedy() -> None:
    shown = Page(render_page(dataclasses.replace(run(WHEELS[0], succeeded=False), refused=(refused("Remove it."),))))
    assert shown.named("table")[0]["class"] == "findings"
    rows = [cell.strip() for cell in shown.texts[shown.texts.index("remedy") + 1 :] if cell.strip()]
    assert rows[:10] == [
        *("Remove it.", "repair", "Remove it.", "Remove it.", "Remove it."),
        *("Remove it.", "search-path", "demo/a.so", "has a search path", "Remove it."),
    ]
    assert "Findings" not in page(*WHEELS).text


def test_no_finding_breaks_the_page() -> None:
    shown = Page(render_page(dataclasses.replace(run(succeeded=False), refused=(refused(HOSTILE),))))
    assert shown.named("b") == shown.named("img") == []
    assert shown.text.count(HOSTILE) == 6


def test_a_page_can_be_without_a_wheel_and_without_a_process() -> None:
    empty = Page(
        render_page(PackageRun(started=1000, seconds=2.5, succeeded=False, reports=(), processes=(), spans=()))
    )
    assert "No wheel was built." in empty.text
    assert empty.named("dl") == empty.named("table") == []


def test_no_name_of_a_project_breaks_the_page() -> None:
    report = wheel(
        "runtime",
        LINUX,
        "cp310",
        target=HOSTILE,
        wheel=f"{HOSTILE}-1-cp310-cp310-{LINUX}.whl",
        version=HOSTILE,
        tags=(HOSTILE,),
        grafted=(HOSTILE,),
        headers=(HOSTILE,),
        smoke=tuple(
            PythonOutcome(
                python=HOSTILE,
                outcome=outcome,
                reason=HOSTILE,
                checks=(CheckResult(name=HOSTILE, outcome=outcome, seconds=0.0, detail=HOSTILE),),
                where=HOSTILE,
            )
            for outcome in Outcome
        ),
    )
    rows = (ProcessRow(kind=HOSTILE, description=HOSTILE, source=Source.RAN, milliseconds=5),)
    hostile = Page(
        render_page(
            PackageRun(
                started=1000,
                seconds=2.5,
                succeeded=True,
                reports=(report,),
                processes=rows,
                spans=(Span(description=HOSTILE, source=Source.RAN, start=1001, end=1002),),
            )
        )
    )
    assert hostile.named("b") == hostile.named("img") == []
    assert len(hostile.named("script")) == 1
    assert hostile.text.count(HOSTILE) > 10


def test_the_page_needs_nothing_but_itself() -> None:
    shown = page(*WHEELS)
    assert [a for _, a in shown.elements if "src" in a] == []
    assert [a["href"] for a in shown.named("link")] == ["data:,"]
    assert [
        name for _, attributes in shown.elements for name in attributes if name.startswith("on") or name == "style"
    ] == []


def test_a_page_is_the_same_text_for_the_same_run() -> None:
    assert render_page(run(*WHEELS)) == render_page(run(*reversed(WHEELS)))


def test_a_page_replaces_the_previous_one_atomically(tmp_path: Path) -> None:
    place = tmp_path / "dist/report.html"
    write_page(place, "one")
    write_page(place, "two ✓")
    assert place.read_text(encoding="utf-8") == "two ✓"
    assert [path.name for path in place.parent.iterdir()] == ["report.html"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(place.stat().st_mode) == 0o666 & ~umask


def test_a_failed_write_leaves_no_files(tmp_path: Path) -> None:
    (tmp_path / "report.html/folder").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        write_page(tmp_path / "report.html", "one")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_page_of_84_wheels_and_1500_processes_is_small() -> None:
    platforms = [f"manylinux_2_{floor}_x86_64" for floor in range(17, 31)]
    reports = [wheel("runtime", platform, f"cp3{minor}") for platform in platforms for minor in range(9, 15)]
    rows = [
        ProcessRow(
            kind="compile",
            description=f"Compile {n}.cc for {tag}",
            source=Source.RAN,
            milliseconds=900,
            output=str(n),
            platform=tag,
        )
        for n, tag in zip(range(1500 - 84), cycle(platforms))
    ]
    rows += [
        ProcessRow(
            kind="link",
            description=f"Link x.so for {r.platform} and {r.abi}",
            source=Source.RAN,
            milliseconds=90,
            output=r.wheel,
            needs=tuple(range(0, 1400, 14)),
            platform=r.platform,
        )
        for r in reports
    ]
    spans = tuple(
        Span(description=row.description, source=Source.RAN, start=1000 + n / 9, end=1001 + n / 9)
        for n, row in enumerate(rows)
    )
    text = render_page(
        PackageRun(
            started=1000, seconds=200, succeeded=True, reports=tuple(reports), processes=tuple(rows), spans=spans
        )
    )
    assert text.count('class="wheel"') == 84
    assert text.count("<rect") > 3000
    assert len(text) < 1_500_000
