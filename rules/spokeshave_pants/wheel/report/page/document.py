"""The page of `--report=html`: one self-contained file that works in a browser without a network."""

from __future__ import annotations

import time
from pathlib import Path

from spokeshave_core.files.drafts import draft_file
from spokeshave_core.outcomes import Outcome
from spokeshave_core.page.document import render_document
from spokeshave_core.page.markup import Html, element, join
from spokeshave_core.page.parts import scrolled, section
from spokeshave_core.page.style import STYLE
from spokeshave_pants.resources.files import page_script
from spokeshave_pants.wheel.report.page.matrix import render_matrix
from spokeshave_pants.wheel.report.page.run import PackageRun
from spokeshave_pants.wheel.report.page.timeline import human_time, render_timeline
from spokeshave_pants.wheel.report.totals import (
    FOREIGN_COLUMNS,
    Tally,
    foreign_builds,
    saved_sentence,
    seconds_of,
    source_of,
    total_by_stage,
)
from spokeshave_pants.wheel.report.wheels import RefusedWheel, human_size, not_run_reasons


def render_page(run: PackageRun) -> str:
    """Return the page as text. All names from the project are escaped."""
    title = f"Wheels {_versions(run)}".strip()
    main = element("main", *_sections(run))
    return render_document(title, _header(run), main, style=STYLE, script=page_script()).text


def write_page(path: Path, page: str) -> None:
    """Write the page atomically: a concurrent reader sees the previous page or this one.

    Raises:
        OSError: If the page cannot be written. The previous page is then unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft_file(path) as stream:
        stream.write(page.encode())


def _versions(run: PackageRun) -> str:
    return ", ".join(sorted({report.version for report in run.reports}))


def _header(run: PackageRun) -> Html:
    began = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(run.started))
    return element(
        "header",
        element("h1", "Wheels ", element("span", _versions(run), class_="quiet")),
        element("p", f"package, {began}, {human_time(run.seconds)}", class_="quiet"),
        _failure(run),
        _key_facts(run) if run.reports or run.refused else None,
    )


def _failure(run: PackageRun) -> Html | None:
    if run.succeeded:
        return None
    text = (
        "This run failed; its messages are in the terminal. It wrote no wheel to this folder. The page shows what "
        "was built, or was being built, when it stopped."
    )
    return element("p", text, class_="failure", role="alert")


def _key_facts(run: PackageRun) -> Html:
    total = total_by_stage(run.processes)[-1]
    outcomes = [outcome.outcome for report in run.reports for outcome in report.smoke]
    counted = [f"{outcomes.count(kind)} {kind.value}" for kind in Outcome if outcomes.count(kind)]
    cached = total.saved.actions
    facts: list[tuple[str, str, str]] = [
        ("wheels", str(len(run.reports)), f"for {_count({r.platform for r in run.reports}, 'platform')}"),
        ("smoke tests", counted[0] if counted else "none", ", ".join(counted[1:])),
        ("actions run", str(total.ran.actions), " ".join(_time(total.ran))),
        ("from a cache", str(cached), f"{_percent(cached, cached + total.ran.actions)} of all actions"),
        ("saved by caches", *_time(total.saved)),
        ("critical path", human_time(run.critical_seconds), f"of {human_time(run.seconds)}"),
    ]
    shown = (
        element("div", element("dt", name), element("dd", value, element("span", note, class_="quiet")))
        for name, value, note in facts
    )
    return element("dl", *shown, class_="facts")


def _time(tally: Tally) -> tuple[str, str]:
    """Return the process time of a tally, with a note if it is not known for all processes."""
    if tally.actions and tally.without_time == tally.actions:
        return "unknown", "process time"
    return human_time(tally.milliseconds / 1000), f"of process time{', at least' if tally.without_time else ''}"


def _count(things: set[str], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _percent(part: int, whole: int) -> str:
    # 99.6 % is not rounded up to all.
    return f"{int(100 * part / whole)} %" if whole else "0 %"


def _sections(run: PackageRun) -> list[Html]:
    findings = [section("findings", "Findings", _findings(run.refused))] if run.refused else []
    return [
        *findings,
        section("matrix", "Wheels", render_matrix(run.reports, linked=run.succeeded), _sdists(run), _reasons(run)),
        section("totals", "Actions", _totals(run)),
        section("timeline", "Timeline", render_timeline(run)),
    ]


def _findings(refused: tuple[RefusedWheel, ...]) -> Html:
    """Return the table of problems and findings."""
    rows = [
        element(
            "tr",
            element("th", wheel.wheel, scope="row"),
            element("td", element("code", rule)),
            element("td", problem.place),
            element("td", element("pre", problem.message)),
            element("td", element("pre", problem.remedy)),
        )
        for wheel in sorted(refused, key=lambda wheel: (wheel.wheel, wheel.target))
        for rule, problem in wheel.rows()
    ]
    names = ("wheel", "rule", "file", "finding", "remedy")
    table = element(
        "table",
        element("caption", "What is wrong with wheels, by wheel", class_="unseen"),
        element("thead", element("tr", *(element("th", name, scope="col") for name in names))),
        element("tbody", *rows),
        class_="findings",
    )
    return join(
        element(
            "p", "These wheels were not finished: they could not be repaired, or the verification found something."
        ),
        scrolled("Findings", table),
    )


def _sdists(run: PackageRun) -> Html | None:
    """Return the list of the run's sdists, with what was compared of them."""
    items = [
        element("li", f"{row.sdist}, {human_size(row.size)}, {row.files} files; {row.check}")
        for row in sorted(run.sdists, key=lambda row: row.sdist)
    ]
    return element("ul", *items, class_="sdists") if items else None


def _reasons(run: PackageRun) -> Html | None:
    """Return the failures and the reasons for wheels that were not run, without duplicates."""
    failed = [
        element("li", f"{report.wheel} failed on Python {outcome.python}:", element("pre", outcome.reason))
        for report in sorted(run.reports, key=lambda report: report.wheel)
        for outcome in report.smoke
        if outcome.outcome is Outcome.FAILED
    ]
    items = [*failed, *(element("li", reason) for reason in not_run_reasons(run.reports))]
    return element("ul", *items, class_="reasons") if items else None


def _totals(run: PackageRun) -> Html:
    if not run.processes:
        return element("p", "No wheel was built, so there are no actions to show.")
    totals = total_by_stage(run.processes)
    names = ("stage", "run", "hit locally", "hit remotely", "kept by the daemon", "seconds run", "seconds saved")
    rows = [
        element(
            "tr",
            element("th", total.stage, scope="row"),
            *(element("td", count, class_="number") for count in total.counts()),
            element("td", total.ran.seconds(), class_="number"),
            element("td", total.saved.seconds(), class_="number"),
        )
        for total in totals
    ]
    table = element(
        "table",
        element("caption", "Actions by stage, each counted once for all wheels", class_="unseen"),
        element("thead", element("tr", *(element("th", name, scope="col") for name in names))),
        element("tbody", *rows[:-1]),
        element("tfoot", rows[-1]),
        class_="totals",
    )
    return join(
        element("p", "Each counted once for all wheels. Seconds are summed over processes; several run at a time."),
        scrolled("Actions by stage", table),
        element("p", saved_sentence(totals[-1], run.looked_up)),
        _foreign(run),
    )


def _foreign(run: PackageRun) -> Html | None:
    """Return the table of what the projects' own builds had the compiler do, if there are any."""
    rows = [
        element(
            "tr",
            element("th", row.description, scope="row"),
            element("td", source_of(row)),
            *(element("td", count, class_="number") for count in (calls.compiles, calls.links, calls.probes)),
            element("td", seconds_of(row), class_="number"),
        )
        for row, calls in foreign_builds(run.processes)
    ]
    if not rows:
        return None
    table = element(
        "table",
        element("caption", "Compiles, links and configure checks within builds of projects", class_="unseen"),
        element("thead", element("tr", *(element("th", name, scope="col") for name in FOREIGN_COLUMNS))),
        element("tbody", *rows),
        class_="totals",
    )
    return scrolled("Builds of projects", table)
