"""The wheels of a project as a table: a row for each platform, and a column for each Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from spokeshave.release.index.folder import FILES
from spokeshave.release.index.people.coverage import Coverage, PlatformRow, Wheel, cover
from spokeshave.release.index.people.platforms import ANY
from spokeshave.sizes import human_size
from spokeshave_core.cpython_releases import NEWEST
from spokeshave_core.outcomes import EvidenceSubject, Outcome
from spokeshave_core.page.markup import Child, Html, element, join
from spokeshave_core.page.parts import scrolled
from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.release.record import ReleaseFile, TestEvidence

_NOT_TESTED = "untested"
# The worst outcome first: a wheel that failed on one machine is not shown as tested.
_WORDS = {Outcome.FAILED: "✗ failed", Outcome.PASSED: "✓ tested", Outcome.NOT_RUN: "○ untested"}


def render_matrix(project: str, files: Iterable[ReleaseFile], up: str) -> Html:
    """Return the table of a project's wheels, and what does not fit into it.

    Args:
        files: The project's files that are listed.
        up: The relative URL of the index's folder, seen from the page.
    """
    coverage = cover(files)
    return join(
        _table(project, coverage, up) if coverage.rows else None,
        _open_ended(coverage),
        *(_other(file, up) for file in coverage.others),
    )


def file_url(file: ReleaseFile, up: str) -> str:
    """Return the relative URL of a file."""
    return f"{up}{FILES}/{file.sha256}/{quote(file.name)}"


def machine(test: TestEvidence) -> str:
    """Return where a test was run."""
    where = test.where or "an unknown machine"
    return where if test.of is EvidenceSubject.FILE else f"{where}, before the promotion"


def _table(project: str, coverage: Coverage, up: str) -> Html:
    head = element(
        "tr",
        element("th", "platform", scope="col", role="columnheader"),
        *(element("th", python, scope="col", role="columnheader") for python in coverage.pythons),
        element("th", "tested on", scope="col", role="columnheader"),
        role="row",
    )
    # These are the default roles of tables. A narrow page lays tables out as blocks, which removes the roles.
    table = element(
        "table",
        element("caption", f"Wheels of {project} by platform and Python", class_="unseen"),
        element("thead", head, role="rowgroup"),
        element("tbody", *(_row(row, coverage.pythons, up) for row in coverage.rows), role="rowgroup"),
        class_="served",
        role="table",
    )
    return scrolled(f"Wheels of {project}", table)


def _row(row: PlatformRow, pythons: tuple[PythonVersion, ...], up: str) -> Html:
    platform = row.platform
    detail = platform.floor or ("" if platform.tag in (platform.name, ANY) else platform.tag)
    named = join(platform.name, element("span", detail, class_="quiet", title=platform.tag) if detail else None)
    return element(
        "tr",
        element("th", named, scope="row", role="rowheader"),
        *(_cell(row.wheels_for(python), python, up) for python in pythons),
        element("td", *_machines(row.wheels), class_="where", role="cell"),
        role="row",
    )


def _cell(wheels: tuple[Wheel, ...], python: PythonVersion, up: str) -> Html:
    if not wheels:
        dash = element("span", "-", aria_hidden="true")
        return element("td", dash, element("span", "no wheel", class_="unseen"), class_="none", role="cell")
    return element("td", *(_chip(wheel, python, up) for wheel in wheels), data_python=str(python), role="cell")


def _chip(wheel: Wheel, python: PythonVersion, up: str) -> Html:
    tests = wheel.tests_on(python)
    outcome = next((kind for kind in _WORDS if any(test.outcome is kind for test in tests)), Outcome.NOT_RUN)
    words = _WORDS[outcome]
    where = "; ".join(dict.fromkeys(machine(test) for test in tests if test.outcome is outcome))
    on = f" on {where}" if where else ""
    text = f"{wheel.file.name}, {human_size(wheel.file.size)}, {words[2:]}{on}"
    class_ = f"chip {outcome.value.replace(' ', '-')}"
    return element("a", words, href=file_url(wheel.file, up), class_=class_, title=text, aria_label=text)


def _machines(wheels: tuple[Wheel, ...]) -> Iterator[Html]:
    """Yield the machines that wheels were tested on, with the Pythons where they differ from machine to machine."""
    machines: dict[str, list[str]] = {}
    for wheel in wheels:
        for test in wheel.file.tested:
            if test.outcome is not Outcome.NOT_RUN:
                machines.setdefault(machine(test), []).append(test.python)
    differ = len({tuple(sorted(set(pythons))) for pythons in machines.values()}) > 1
    for name, pythons in machines.items():
        before = f"{', '.join(dict.fromkeys(pythons))}: " if differ else ""
        yield element("div", before, name)
    if not machines:
        yield element("div", _NOT_TESTED)


def _open_ended(coverage: Coverage) -> Html | None:
    if not coverage.open_ended:
        return None
    tags: list[Child] = []
    for tag in coverage.open_ended:
        tags += [", " if tags else "", element("code", tag)]
    return element("p", "Pythons after ", NEWEST, " install ", *tags, " too.", class_="quiet")


def _other(file: ReleaseFile, up: str) -> Html:
    """Return the line of an sdist, or of a wheel that no CPython 3 installs."""
    kind = "Other wheel: " if file.is_wheel else "Source: "
    link = element("a", file.name, href=file_url(file, up))
    return element("p", kind, link, f", {human_size(file.size)}", class_="source")
