"""What the front page shows of a set: all of it of the newest one of a channel, and a row of each other one."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from spokeshave.release.index.folder import RELEASES
from spokeshave.release.index.people.coverage import Coverage, cover
from spokeshave.release.index.people.install import Address, project_commands
from spokeshave.release.index.people.matrix import render_matrix
from spokeshave.release.index.people.states import (
    NO_FILES,
    commit_element,
    contents,
    notices,
    state_chips,
    state_notes,
    time_element,
)
from spokeshave.sizes import human_size
from spokeshave_core.page.markup import Child, Html, element, join
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord


def set_section(listed: IndexedSet, record: ReleaseRecord, files: Sequence[ReleaseFile], url: str = "") -> bytes:
    """Return a set in full, for the front page: the wheels of each project and how to install it.

    Args:
        files: The set's files that are listed.
        url: The address of the index, if it is known.
    """
    facts: list[Child] = ["added ", time_element(listed.added)]
    if listed.commit:
        facts += [", commit ", commit_element(listed.commit)]
    facts += [f", {contents(listed)}"]
    if record.promoted_from:
        facts.append(f", promoted from {record.promoted_from.version}")
    heading = element("h3", element("a", f"{listed.name} {listed.version}", href=_url(listed)), *state_chips(listed))
    projects = (_project(record, project, files, url) for project in sorted(record.projects))
    shown = element(
        "article", heading, element("p", *facts, class_="line"), *notices(listed), *projects, class_="release"
    )
    return f"{shown.text}\n".encode()


def set_row(listed: IndexedSet, record: ReleaseRecord, files: Sequence[ReleaseFile]) -> bytes:
    """Return the row of a set, for the front page.

    Args:
        files: The set's files that are listed.
    """
    coverage = cover(files)
    platforms = {row.platform.name for row in coverage.rows}
    notes = [element("div", note) for note in state_notes(listed, record)]
    row = element(
        "tr",
        element(
            "th", element("a", f"{listed.name} {listed.version}", href=_url(listed)), scope="row", role="rowheader"
        ),
        _cell("added", time_element(listed.added, date_only=True)),
        _cell("commit", commit_element(listed.commit) if listed.commit else None),
        _cell("platforms", len(platforms) or None, class_="number", title=", ".join(sorted(platforms)) or None),
        _cell("Pythons", _span(coverage) or None, class_="pythons"),
        _cell("files", listed.files, class_="number"),
        _cell("size", human_size(listed.size), class_="number"),
        _cell("state", join(*notes) if notes else None, class_="state"),
        role="row",
    )
    return f"{row.text}\n".encode()


def _url(listed: IndexedSet) -> str:
    return f"{RELEASES}/{quote(listed.name)}/{quote(listed.version)}/index.html"


def _project(record: ReleaseRecord, project: str, files: Sequence[ReleaseFile], url: str) -> Html:
    own = [file for file in files if file.project == project]
    if not own:
        return join(element("h4", project), element("p", NO_FILES, class_="quiet"))
    return join(
        element("h4", project),
        project_commands(Address(url=url), record, project, newest=True),
        render_matrix(project, own, ""),
    )


def _cell(name: str, content: Child, *, class_: str = "", title: str | None = None) -> Html:
    """Return a cell. On a narrow page, where the columns have no heads, it begins with the column's name."""
    classes = " ".join(filter(None, (class_, "blank" if content is None else "")))
    return element("td", content, class_=classes or None, title=title, data_name=name, role="cell")


def _span(coverage: Coverage) -> str:
    """Return the first and the last Python of a set, such as `3.10 to 3.14t`."""
    pythons = coverage.pythons
    ends = dict.fromkeys(str(python) for python in (pythons[0], pythons[-1])) if pythons else {}
    return " to ".join(ends)
