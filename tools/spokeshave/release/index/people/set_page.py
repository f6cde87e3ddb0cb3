"""The page of one set, at `releases/NAME/VERSION/`: everything that its record says, and how to install it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from spokeshave.errors import counted
from spokeshave.release.index.folder import PROVENANCE
from spokeshave.release.index.people.install import (
    Address,
    copied_status,
    copied_text,
    hashed_requirements,
    project_commands,
    set_commands,
)
from spokeshave.release.index.people.look import PAGE_SCRIPT, PAGE_STYLE
from spokeshave.release.index.people.matrix import file_url, machine, render_matrix
from spokeshave.release.index.people.states import NO_FILES, contents, notices, state_chips, time_element
from spokeshave.release.record import CONSTRAINTS, MANIFEST, SUMS, lock_name
from spokeshave.sizes import human_size
from spokeshave_core.page.document import render_document
from spokeshave_core.page.markup import Child, Html, element, join
from spokeshave_core.page.parts import chip, scrolled, section
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import PromotedFrom, ReleaseFile, ReleaseRecord, TestEvidence

_UP = "../../../"


def set_page(
    listed: IndexedSet,
    record: ReleaseRecord,
    files: Sequence[ReleaseFile],
    *,
    provenances: frozenset[str] = frozenset(),
    has_source: bool = False,
    url: str = "",
) -> bytes:
    """Return the page of a set.

    Args:
        files: The set's files that are listed.
        provenances: The names of the files whose provenance is on the index.
        has_source: Whether the set that it was promoted from is on the index.
        url: The address of the index, if it is known.
    """
    title = f"{listed.name} {listed.version}"
    header = element(
        "header",
        element("nav", element("a", "All releases", href=f"{_UP}index.html"), aria_label="Index"),
        element("h1", title, " ", *state_chips(listed)),
        element("p", "added ", time_element(listed.added), f", {contents(listed)}", class_="quiet"),
        *notices(listed),
        _properties(listed, record, has_source=has_source),
    )
    address = Address(_UP, url)
    projects = (_project(address, record, name, files) for name in sorted(record.projects))
    main = element(
        "main",
        section("install", "Install", *_install(address, listed, record, files)),
        section("wheels", "Wheels", *projects),
        section("files", "Files", _files(files, provenances)),
        section("record", "Record", _record_links(record)),
        copied_status(),
    )
    return render_document(title, header, main, style=PAGE_STYLE, script=PAGE_SCRIPT).text.encode()


def _properties(listed: IndexedSet, record: ReleaseRecord, *, has_source: bool) -> Html:
    """Return what the record says of the whole set."""
    commit = copied_text(element("code", listed.commit), "the commit") if listed.commit else None
    manifest = copied_text(element("code", f"sha256 {listed.manifest_sha256}"), "the sha256 of release.json")
    source = record.promoted_from
    rows: list[tuple[str, Child]] = [
        ("channel", listed.channel),
        ("commit", commit),
        ("promoted from", _source(record.name, source, has_source=has_source) if source else None),
        ("kept", listed.kept),
        *((name, element("code", revision)) for name, revision in record.revisions.items()),
        *((f"made by {name}", made_by) for name, made_by in record.made_by.items()),
        (MANIFEST, manifest),
    ]
    # The first child may shrink, so it is an element.
    shown = (
        join(element("dt", name), element("dd", value if isinstance(value, Html) else element("span", value)))
        for name, value in rows
        if value is not None
    )
    return element("dl", *shown, class_="properties")


def _source(name: str, source: PromotedFrom, *, has_source: bool) -> Html:
    version: Child = source.version
    if has_source:
        version = element("a", source.version, href=f"{_UP}releases/{quote(name)}/{quote(source.version)}/index.html")
    notes = [
        "untested" if source.untested else "",
        f"texts rewritten in {', '.join(source.rewritten)}" if source.rewritten else "",
        f"candidates named in {', '.join(source.kept)}" if source.kept else "",
    ]
    return element("span", version, *(f", {note}" for note in notes if note))


def _install(
    address: Address, listed: IndexedSet, record: ReleaseRecord, files: Sequence[ReleaseFile]
) -> Iterator[Child]:
    yield address.explanation
    yield set_commands(address, record, listed.projects)
    requirements = element("pre", hashed_requirements(record, files))
    yield element(
        "details",
        element("summary", "requirements.txt with the sha256 of each file"),
        element("div", copied_text(requirements, "requirements.txt"), class_="command"),
        class_="older",
    )
    yield element(
        "p",
        "pip asks this index alone. For requirements that it does not have, uv asks its default index; give pip ",
        element("code", "--extra-index-url"),
        " or install them before.",
        class_="quiet",
    )


def _project(address: Address, record: ReleaseRecord, name: str, files: Sequence[ReleaseFile]) -> Html:
    own = [file for file in files if file.project == name]
    if not own:
        return join(element("h3", name), element("p", NO_FILES, class_="quiet"))
    requires = record.projects[name].requires
    pinned = element("p", "requires ", element("code", ", ".join(requires)), class_="quiet") if requires else None
    summary = f"{counted(len(own), 'file')}, {human_size(sum(file.size for file in own))}"
    return join(
        element("h3", name, " ", element("span", summary, class_="quiet")),
        pinned,
        project_commands(address, record, name),
        render_matrix(name, own, _UP),
    )


def _files(files: Sequence[ReleaseFile], provenances: frozenset[str]) -> Html:
    names = ("file", "size", "requires", "smoke tests")
    head = element("tr", *(element("th", name, scope="col", role="columnheader") for name in names), role="row")
    table = element(
        "table",
        element("caption", "The files of this release", class_="unseen"),
        element("thead", head, role="rowgroup"),
        element("tbody", *(_file(file, file.name in provenances) for file in files), role="rowgroup"),
        class_="listing files",
        role="table",
    )
    return scrolled("Files", table)


def _file(file: ReleaseFile, has_provenance: bool) -> Html:
    url = file_url(file, _UP)
    sha256 = copied_text(element("code", file.sha256, title="sha256"), f"the sha256 of {file.name}")
    provenance = element("div", element("a", "provenance", href=f"{url}{PROVENANCE}")) if has_provenance else None
    named = join(element("a", file.name, href=url), element("div", sha256, class_="hash"), provenance)
    requires = f"Python {file.requires_python}" if file.requires_python else None
    return element(
        "tr",
        element("th", named, scope="row", role="rowheader"),
        element("td", human_size(file.size), class_="pythons", role="cell"),
        element("td", requires, class_=None if requires else "blank", role="cell"),
        element("td", *_tests(file), class_="tests", role="cell"),
        role="row",
    )


def _tests(file: ReleaseFile) -> Iterator[Child]:
    """Yield the tests of a file, by machine."""
    machines: dict[str, list[TestEvidence]] = {}
    for test in file.tested:
        machines.setdefault(machine(test), []).append(test)
    for name, tests in machines.items():
        yield element("div", name, class_="quiet")
        chips = (chip(test.python, test.outcome, f"{test.outcome.value} on {name}") for test in tests)
        yield element("ul", *chips, class_="chips", aria_label=f"Pythons on {name}")
    if not machines:
        yield element("span", "untested" if file.is_wheel else "source", class_="quiet")


def _record_links(record: ReleaseRecord) -> Html:
    links = {
        MANIFEST: "everything that the release says of itself",
        SUMS: "the sha256 of each file of the record",
        CONSTRAINTS: "the version of each project, for -c of pip and uv",
        lock_name(record.name): "the lock file of the set (PEP 751); its paths are those of the record's folder",
    }
    items = (element("li", element("a", name, href=quote(name)), ": ", what) for name, what in links.items())
    return element("ul", *items)
