"""Tests of the pages' text, which no name can break. index_page_test.py of the e2e tests uses a browser."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

from spokeshave.release.index.people.front_page import OPEN_ROWS, front_page
from spokeshave.release.index.people.section import set_row, set_section
from spokeshave.release.index.people.set_page import set_page
from spokeshave.testing.people_fixtures import LINUX, Page, listed_set, passed_tests, release, release_file, wheel
from spokeshave_core.outcomes import EvidenceSubject, Outcome
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import PromotedFrom, ReleaseProject, ReleaseRecord

HOSTILE = """</script></title><b>&"'<img src=x onerror=alert(1)>"""


def front(*sets: tuple[IndexedSet, ReleaseRecord], url: str = "") -> Page:
    """Return the front page of sets, of which the last is the newest."""
    records = {listed.version: record for listed, record in sets}

    def section(listed: IndexedSet) -> bytes:
        return set_section(listed, records[listed.version], records[listed.version].files, url)

    def row(listed: IndexedSet) -> bytes:
        return set_row(listed, records[listed.version], records[listed.version].files)

    return Page(b"".join(front_page([listed for listed, _ in sets], section, row, url)))


def one(version: str, channel: str | None = "stable", **changes: Any) -> tuple[IndexedSet, ReleaseRecord]:
    record = release(version=version, channel=channel)
    return listed_set(record, **changes), record


def shown_in_full(page: Page) -> list[str]:
    return [text.split("added")[0] for text in page.texts("article")]


def releases(page: Page) -> list[str]:
    return [row[0] for row in page.rows("listing") if row[0] != "release"]


def whole(files: Sequence[Any] = (), **changes: Any) -> Page:
    """Return the page of one set."""
    record = release(files, **changes)
    return Page(set_page(listed_set(record), record, record.files))


def test_channels_are_in_order_with_the_newest_release_in_full() -> None:
    sets = (
        one("1.0"),
        one("1.1.dev1", "nightly"),
        one("1.1rc1", "rc"),
        one("1.1.dev2", "nightly"),
        one("1.1+x", "staging"),
        one("1.2", None),
        one("1.1", kept="shown"),
        one("1.0.1"),
    )
    page = front(*sets)
    titles = [text.split(" 1 ")[0].split(" 2 ")[0].split(" 3 ")[0] for text in page.texts("h2")]
    assert titles == ["stable", "rc", "nightly", "staging", "without a channel", "For installers"]
    # By version and not by time: what pip takes.
    full = ["geometry 1.1kept", "geometry 1.1rc1", "geometry 1.1.dev2", "geometry 1.1+x", "geometry 1.2"]
    assert shown_in_full(page) == full
    # A row for each, newest first, where not all are shown in full.
    assert releases(page) == [f"geometry {v}" for v in ("1.0.1", "1.1", "1.0", "1.1.dev2", "1.1.dev1")]


def test_a_release_that_cannot_be_installed_is_not_the_newest() -> None:
    page = front(one("1.0"), one("1.1", only=("*win*",)), one("1.2", yanked=""))
    assert shown_in_full(page) == ["geometry 1.0"]
    assert shown_in_full(front(one("1.2", yanked="it crashes"))) == ["geometry 1.2yanked"]


def test_each_release_name_of_a_channel_has_its_newest() -> None:
    record = release(name="other", version="0.1")
    page = front(one("1.0"), (listed_set(record), record), one("1.1"))
    assert shown_in_full(page) == ["geometry 1.1", "other 0.1"]
    assert page.texts("h1") == ["Release index"]
    assert front(one("1.0")).texts("h1") == ["Releases of geometry"]


def test_many_releases_are_folded() -> None:
    page = front(*(one(f"1.{number}") for number in range(OPEN_ROWS + 30)))
    assert len(releases(page)) == OPEN_ROWS + 30
    (folded,) = page.texts("details")
    assert folded.startswith("30 older releases")
    assert f"geometry 1.{30}" not in folded
    assert "geometry 1.29" in folded


def test_an_empty_index_has_a_page() -> None:
    page = front()
    assert page.texts("h2") == ["For installers"]


def test_the_matrix_shows_each_python_that_a_wheel_serves() -> None:
    files = (wheel(f"cp312-abi3-{LINUX}", "3.12", "3.14"), wheel("cp313-cp313t-win_amd64"))
    head, linux, windows = whole(files).rows("served")
    assert head == ["platform", "3.12", "3.13", "3.13t", "3.14", "3.15", "tested on"]
    marks = ["✓ tested", "○ untested", "-no wheel", "✓ tested", "○ untested"]
    assert linux == ["Linux x86_64glibc 2.17 or newer", *marks, "Linux x86_64, glibc"]
    assert windows[3] == "○ untested"
    assert windows[-1] == "untested"


def test_a_failed_test_is_never_shown_as_tested() -> None:
    tests = (*passed_tests("3.12"), *passed_tests("3.12", where="Windows AMD64", outcome=Outcome.FAILED))
    page = whole([release_file(f"shapes-1.0-cp312-cp312-{LINUX}.whl", tests)])
    assert page.rows("served")[1][1] == "✗ failed"
    (label,) = [text for text in page.attributes("a", "aria-label") if "failed" in text]
    assert label.endswith("failed on Windows AMD64")


def test_machines_are_named_with_their_pythons_where_they_differ() -> None:
    tests = (*passed_tests("3.12", "3.13"), *passed_tests("3.13", where="Linux aarch64", of=EvidenceSubject.PAYLOAD))
    row = whole([release_file(f"shapes-1.0-cp312-abi3-{LINUX}.whl", tests)]).rows("served")[1]
    assert row[-1] == "3.12, 3.13: Linux x86_64, glibc3.13: Linux aarch64, before the promotion"


def test_a_project_without_files_here_has_no_command() -> None:
    record = release(projects={"shapes": ReleaseProject("1.0"), "core": ReleaseProject("1.0")})
    listed = listed_set(record, only=("*linux*",), projects=("shapes",))
    for page in (front((listed, record)), Page(set_page(listed, record, record.files))):
        assert [text for text in page.texts("p") if text.startswith("None of its files")]
        assert not [text for text in page.texts("code") if "==" in text and "core" in text]
        assert [text for text in page.texts("p", class_="notice") if "only files of *linux* are" in text]


def test_a_promoted_release_links_to_its_source_if_it_is_here() -> None:
    record = release(promoted_from=PromotedFrom("1.0rc1", "12" * 32, untested=True))
    listed = listed_set(record)
    here = Page(set_page(listed, record, record.files, has_source=True))
    assert "../../../releases/geometry/1.0rc1/index.html" in here.attributes("a", "href")
    assert "1.0rc1, untested" in here.texts("dd")
    elsewhere = Page(set_page(listed, record, record.files))
    assert not [url for url in elsewhere.attributes("a", "href") if "rc1" in url]


def test_a_file_links_to_its_provenance_if_it_has_one() -> None:
    record = release()
    page = Page(set_page(listed_set(record), record, record.files, provenances=frozenset({record.files[0].name})))
    assert [url for url in page.attributes("a", "href") if url.endswith(".whl.provenance")]
    assert not [url for url in whole().attributes("a", "href") if url.endswith(".provenance")]


def test_no_text_of_a_record_can_break_a_page() -> None:
    tests = passed_tests(HOSTILE, "3.12", where=HOSTILE)
    files = [release_file(f"shapes-1.0-cp312-cp312-{LINUX}.whl", tests, requires=HOSTILE)]
    record = release(
        files,
        channel=HOSTILE,
        commit=HOSTILE,
        revisions={HOSTILE: HOSTILE},
        made_by={HOSTILE: HOSTILE},
        projects={"shapes": ReleaseProject("1.0", requires=(HOSTILE,))},
        promoted_from=PromotedFrom(HOSTILE, HOSTILE, rewritten=(HOSTILE,), kept=(HOSTILE,)),
    )
    listed = listed_set(record, added=HOSTILE, yanked=HOSTILE, kept=HOSTILE, only=(HOSTILE,))
    plain = release(files=files, promoted_from=PromotedFrom("1.0rc1", "ab"))
    for page, expected in (
        (front((listed, record)), front((listed_set(plain, yanked="", kept="", only=("x",)), plain))),
        (Page(set_page(listed, record, record.files)), whole(files)),
    ):
        assert HOSTILE in "".join(page.texts("body"))
        assert page.texts("img") == page.texts("b") == []
        assert len(page.texts("script")) == len(page.texts("title")) == 1
        assert page.texts("script") == expected.texts("script")


def test_ids_are_unique_and_headings_in_order() -> None:
    sets = [one("1.0"), one("1.1"), one("2.0rc1", "rc"), one("2.0.dev1", "r c"), one("2.0.dev2", "r-c")]
    record = dataclasses.replace(release(), revisions={"llvm": "12" * 20})
    for page in (front(*sets), Page(set_page(listed_set(record), record, record.files))):
        ids = [found["id"] for _, found, _ in page.elements if "id" in found]
        assert len(ids) == len(set(ids))
        labels = [found["aria-labelledby"] for _, found, _ in page.elements if "aria-labelledby" in found]
        assert set(labels) <= set(ids)
        assert len(page.attributes("th", "scope")) == len(page.texts("th"))
        assert len(page.texts("caption")) == len(page.texts("table"))
        levels = [int(name[1]) for name, _, _ in page.elements if re.fullmatch("h[1-6]", name)]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))


def test_a_known_url_is_in_each_command_without_a_script() -> None:
    url = "https://packages.example/"
    record = release()
    for page in (front(one("1.0"), url=url), Page(set_page(listed_set(record), record, record.files, url=url))):
        commands = [text for text in page.texts("code") if " install " in text]
        assert commands
        assert all(f" {url}simple/ " in text for text in commands)
        assert page.attributes("span", "data-address") == []
        assert "INDEX/" not in "".join(page.texts("body"))
