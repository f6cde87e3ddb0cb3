"""`spokeshave index verify` on indexes with a planted fault each."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import os
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.index.folder import METADATA, ReleaseIndex, set_line
from spokeshave.release.index.writer.addition import add_records
from spokeshave.release.index.writer.change import change_index
from spokeshave.release.verification.verification import verify_index
from spokeshave.testing.index_set_fixtures import add_set, write_set
from spokeshave.testing.killing_fixtures import kills
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.testing.tracing_fixtures import Program
from spokeshave_core.release.verification import IndexFault, IndexFinding, IndexVerifyReport

VERSIONS = ("1.0rc1", "1.0rc2")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with two nightlies, the second of which is yanked."""
    folder = tmp_path_factory.mktemp("index")
    for day, version in enumerate(VERSIONS, 1):
        add_set(folder / "site", write_set(folder / "records", version), f"2026-11-0{day}")
    assert main(["index", "yank", "abacus", VERSIONS[1], str(folder / "site"), "--reason", "it's <broken>"]) == 0
    return folder / "site"


@pytest.fixture
def site(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "site", symlinks=True))


def wheel_of(site: Path, pattern: str = "abacus_tools-1.0rc1-*win*.whl") -> Path:
    return next((site / "files").glob(f"*/{pattern}"))


def findings(site: Path, *, is_quick: bool = False) -> list[IndexFinding]:
    return list(verify_index(site, is_quick=is_quick).findings)


def only(site: Path, fault: IndexFault, path: Path, message: str) -> None:
    """Assert that an index has one fault."""
    found = findings(site)
    assert [(each.fault, each.path) for each in found] == [(fault, path.relative_to(site).as_posix())], found
    assert re.search(message, found[0].message)
    assert found[0].remedy


def edit(path: Path, old: str, new: str) -> Path:
    """Replace a text in a page, which may be a hard link to that of another generation."""
    text = path.read_text("utf-8")
    assert old in text
    path.unlink()
    path.write_text(text.replace(old, new), "utf-8")
    return path


def generation(site: Path) -> Path:
    # Not resolved, so that it is below a folder whose path has links itself.
    return site / "generations" / ReleaseIndex(site).generation.name


def test_an_intact_index_has_no_findings(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.lstat().st_mtime_ns for path in site.rglob("*")}
    assert main(["index", "verify", str(site), "--report", str(site.parent / "report.json")]) == 0
    assert {path: path.lstat().st_mtime_ns for path in site.rglob("*")} == before
    assert "generations/3: 2 sets, 16 files, " in capsys.readouterr().out
    report = IndexVerifyReport.from_json((site.parent / "report.json").read_text())
    sizes = sum(listed.size for listed in ReleaseIndex(site).sets())
    assert (report.generation, report.sets, report.files, report.size) == ("generations/3", 2, 16, sizes)
    assert (report.findings, report.notes, report.is_quick) == ((), (), False)


def test_an_index_with_an_address_has_no_findings(tmp_path: Path) -> None:
    """Neither if the source of a set came in after it, so that its page does not link that."""
    source = write_set(tmp_path / "records", "1.0rc1")
    final = write_set(tmp_path / "records", "1.0", channel="stable", source=source)
    site = tmp_path / "site"
    for record, url in ((final, "https://a.example/"), (source, None), (source, "https://b.example/"), (source, "")):
        add_records(site, [record], "2026-11-01T00:00:00.000000Z", url=url)
        report = verify_index(site, is_quick=True)
        assert (report.findings, report.notes) == ((), ())


def test_pages_with_another_address_are_found(site: Path) -> None:
    change_address(site, "https://a.example/")
    assert findings(site) == []
    paths = [generation(site) / "index.html", site / "releases/abacus/1.0rc1/index.html"]
    for path in paths:
        edit(path, "https://a.example/", "https://evil.example/")
    found = findings(site)
    assert {(each.fault, each.path) for each in found} == {
        (IndexFault.PAGE, path.relative_to(site).as_posix()) for path in paths
    }


def change_address(site: Path, url: str) -> None:
    add_records(site, [], "2026-11-01T00:00:00.000000Z", url=url)


def test_foreign_files_do_not_end_the_comparison_of_bytes(site: Path) -> None:
    """Files that a release has left behind look like those of one."""
    wheel = wheel_of(site)
    orphan = site / "files" / ("0" * 64) / f"{wheel.name}{METADATA}"
    orphan.parent.mkdir()
    orphan.write_text("")
    path = generation(site) / "index.html"
    edit(path, "</html>", "</html> ")
    report = verify_index(site, is_quick=True)
    assert {(each.fault, each.path) for each in report.findings} == {
        (IndexFault.FOREIGN, orphan.relative_to(site).as_posix()),
        (IndexFault.PAGE, path.relative_to(site).as_posix()),
    }
    assert report.notes == ()


def test_findings_are_a_table_with_remedies(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = wheel_of(site)
    wheel.unlink()
    (site / "files/planted").write_text("")
    assert main(["index", "verify", str(site), "--report", str(site.parent / "report.json")]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["problem", "path", "what", "is", "wrong"]
    name = f"files/{wheel.parent.name}/{wheel.name}"
    assert sorted(out[1:5:2]) == [
        f"foreign  {'files/planted':{len(name)}}  is not listed by a release",
        f"missing  {name}  of abacus 1.0rc1 does not exist",
    ]
    assert any("Add the release again" in line for line in out)
    assert out[-1].endswith(": 2 problems")
    report = json.loads((site.parent / "report.json").read_text())
    assert {each["fault"] for each in report["findings"]} == {"foreign", "missing"}


def test_a_changed_wheel_of_the_same_size_is_found(site: Path) -> None:
    wheel = wheel_of(site)
    data = bytearray(wheel.read_bytes())
    data[40] ^= 1
    wheel.write_bytes(data)
    only(site, IndexFault.CHANGED, wheel, "of abacus 1.0rc1 has the sha256 [0-9a-f]{64}, and not")
    assert findings(site, is_quick=True) == []


def test_a_wheel_of_another_size_is_found_without_hashing(site: Path) -> None:
    wheel = wheel_of(site)
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    only(site, IndexFault.CHANGED, wheel, r"has \d+ bytes, and not \d+")
    assert [each.fault for each in findings(site, is_quick=True)] == [IndexFault.CHANGED]


def test_a_link_in_place_of_a_wheel_is_found(site: Path) -> None:
    wheel = wheel_of(site)
    wheel.rename(site.parent / wheel.name)
    wheel.symlink_to(site.parent / wheel.name)
    only(site, IndexFault.CHANGED, wheel, "is a link or a folder")


@pytest.mark.parametrize("is_quick", [False, True])
def test_changed_metadata_is_found(site: Path, is_quick: bool) -> None:
    path = wheel_of(site, f"abacus_tools-1.0rc1-*win*{METADATA}")
    path.write_text(f"{path.read_text()}Requires-Dist: evil\n")
    found = findings(site, is_quick=is_quick)
    assert [(each.fault, each.path) for each in found] == [(IndexFault.CHANGED, path.relative_to(site).as_posix())]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all files")
def test_an_unreadable_file_is_found(site: Path) -> None:
    wheel = wheel_of(site)
    wheel.chmod(0)
    only(site, IndexFault.UNREADABLE, wheel, "cannot be read")


def test_each_foreign_file_is_found(site: Path) -> None:
    planted = [
        site / "files/evil.whl",
        site / "files" / ("0" * 64) / "abacus_tools-9-py3-none-any.whl",
        wheel_of(site).with_name("other.whl"),
        site / "releases/readme.txt",
        site / "releases/abacus/readme.txt",
        site / "releases/abacus/9.0/evil.html",
        site / "releases/abacus/1.0rc1/reports/more.json",
        site / "generations/old/index.html",
    ]
    for path in planted:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    found = {(each.fault, each.path) for each in findings(site)}
    # Of a folder, the folder is named.
    named = [path.parent if path.parent.name in ("9.0", "old") else path for path in planted]
    assert found == {(IndexFault.FOREIGN, path.relative_to(site).as_posix()) for path in named}


@pytest.mark.parametrize(
    ("path", "fault"),
    [("release.json", IndexFault.RECORD), ("SHA256SUMS", IndexFault.RECORD), ("constraints.txt", IndexFault.RECORD)],
)
@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_changed_record_is_found(site: Path, path: str, fault: IndexFault, is_deleted: bool) -> None:
    file = site / "releases/abacus/1.0rc1" / path
    if is_deleted:
        file.unlink()
    else:
        file.write_text(file.read_text().replace("1.0rc1", "1.0rc3"))
    found = findings(site)
    assert {each.fault for each in found if each.path == file.relative_to(site).as_posix()} == {fault}


def test_sums_that_agree_with_a_changed_file_are_found(site: Path) -> None:
    """They do not follow from the manifest, whose hash is known."""
    record = site / "releases/abacus/1.0rc1"
    before = hashlib.sha256((record / "constraints.txt").read_bytes()).hexdigest()
    (record / "constraints.txt").write_text("abacus-tools==9\n")
    after = hashlib.sha256((record / "constraints.txt").read_bytes()).hexdigest()
    edit(record / "SHA256SUMS", before, after)
    only(site, IndexFault.RECORD, record / "SHA256SUMS", "lists constraints.txt with the sha256")


Edit = Callable[[str], str]
PAGES = ("find-links.html", "simple/abacus-tools/index.html", "v1+json/abacus-tools/index.json")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "abacus_tools-1.0rc1-py3-none-win",
            "x-1.0rc1-py3-none-win",
            "lists x-1.0rc1|does not list",
        ),
        ("it", "was", 'has yanked "was.*and not "it'),
        ("3.9", "3.8", "has requires_python '>=3.8'"),
    ],
)
def test_a_page_that_lists_something_else_is_found(site: Path, page: str, old: str, new: str, message: str) -> None:
    path = generation(site) / page
    edit(path, old, new)
    found = findings(site)
    assert {(each.fault, each.path) for each in found} == {(IndexFault.PAGE, path.relative_to(site).as_posix())}
    assert any(re.search(message, each.message) for each in found), found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_one_file_is_found(site: Path, page: str) -> None:
    path = generation(site) / page
    if page.endswith(".json"):
        document = json.loads(path.read_text())
        del document["files"][1]
        text = json.dumps(document)
    else:
        lines = path.read_text().splitlines(keepends=True)
        lines.remove(next(line for line in lines if "abacus_tools" in line))
        text = "".join(lines)
    path.unlink()
    path.write_text(text)
    only(site, IndexFault.PAGE, path, "does not list abacus_tools-1.0rc1")


@pytest.mark.parametrize("page", ["index.html", *PAGES, "simple/index.html", "v1+json/index.json", "sets.jsonl"])
def test_a_missing_page_is_found(site: Path, page: str) -> None:
    path = generation(site) / page
    path.unlink()
    fault = {"sets.jsonl": IndexFault.LIST}.get(page, IndexFault.PAGE if page in PAGES else IndexFault.MISSING)
    only(site, fault, path, "does not exist|cannot be read")


@pytest.mark.parametrize("page", ["index.html", "simple/index.html", "v1+json/index.json", *PAGES])
def test_an_edit_that_lists_the_same_is_found(site: Path, page: str) -> None:
    path = generation(site) / page
    text = path.read_text()
    path.unlink()
    path.write_text(text + " ")
    only(site, IndexFault.PAGE, path, r"is not what the sets make: line \d+ differs")


def test_a_foreign_page_is_found(site: Path) -> None:
    path = generation(site) / "simple/evil/index.html"
    path.parent.mkdir()
    path.write_text("")
    only(site, IndexFault.FOREIGN, path, "is not a page of this generation")


def test_a_changed_page_of_a_set_and_its_parts_are_found(site: Path) -> None:
    record = site / "releases/abacus/1.0rc1"
    part = next(record.glob("fragments/*/abacus-tools.html"))
    edit(part, "abacus", "abakus")
    edit(record / "index.html", "abacus", "abakus")
    found = findings(site)
    assert {(each.fault, each.path) for each in found} == {
        (IndexFault.PAGE, path.relative_to(site).as_posix()) for path in (part, record / "index.html")
    }


def test_pages_of_another_format_are_compared_by_what_they_list(site: Path) -> None:
    edit(generation(site) / "format", "\n", "9\n")
    path = edit(generation(site) / PAGES[1], "abacus_tools-1.0rc1-py3-none-win", "x-1.0rc1-py3-none-win")
    found = findings(site)
    assert {(each.fault, each.path) for each in found} == {(IndexFault.PAGE, path.relative_to(site).as_posix())}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, "does not exist"),
        ("generations/9", "leads to generations/9, which does not exist"),
        ("files", "leads to files, and not to a generation"),
        ("../other/generations/3", "and not to a generation"),
    ],
)
def test_a_broken_link_to_the_newest_generation_is_found(site: Path, target: str | None, message: str) -> None:
    (site / "current").unlink()
    if target:
        (site / "current").symlink_to(target)
    only(site, IndexFault.LINK, site / "current", message)


@pytest.mark.parametrize("name", ["index.html", "find-links.html", "simple", "v1+json"])
def test_a_page_that_is_not_a_link_is_found(site: Path, name: str) -> None:
    (site / name).unlink()
    (site / name).write_text("")
    only(site, IndexFault.LINK, site / name, f"is not a link to current/{re.escape(name)}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"channel": "nightly"', '"channel": "stable"', "has the channel 'stable', and not 'nightly' of"),
        ('"files": 4', '"files": 5', "has the number of files 5, and not 4 of"),
        ('"added": "2026-11-01', '"added": "2027-11-01', "lists sets in another order"),
        ('"added": "2026-11-01', '"added": "x', "has a line 1 that is not a set"),
        ('{"added"', '"added"', "has a line 1 that is not a set"),
        ('"version": "1.0rc1"', '"version": "../x"', "has a line 1 that is not a set"),
        ('"version": "1.0rc1"', '"version": "1.0rc2"', "lists abacus 1.0rc2 twice"),
    ],
)
def test_a_changed_list_is_found(site: Path, old: str, new: str, message: str) -> None:
    path = generation(site) / "sets.jsonl"
    edit(path, old, new)
    name = path.relative_to(site).as_posix()
    found = [each.message for each in findings(site) if (each.fault, each.path) == (IndexFault.LIST, name)]
    assert any(message in text for text in found), found


def test_two_sets_with_other_bytes_of_one_name_are_found(site: Path, tmp_path: Path) -> None:
    """`index add` refuses it, so a list and a record are made by hand."""
    record = write_set(tmp_path / "other", VERSIONS[0], platforms=["win_amd64"], requires="numpy")
    add_set(tmp_path / "second", record, "2026-11-01")
    twin = next(iter(ReleaseIndex(tmp_path / "second").sets()))
    shutil.copytree(tmp_path / "second/files", site / "files", dirs_exist_ok=True)
    shutil.copytree(tmp_path / "second/releases/abacus", site / "releases/twin")
    path = generation(site) / "sets.jsonl"
    path.write_text(set_line(twin).replace('"name": "abacus"', '"name": "twin"') + path.read_text())
    clashes = [each for each in findings(site) if each.fault is IndexFault.CLASH]
    assert len(clashes) == 2
    assert "is in twin 1.0rc1 and, with other bytes, in abacus 1.0rc1" in clashes[0].message


def test_all_faults_are_reported_together(site: Path) -> None:
    wheel_of(site).unlink()
    (site / "files/evil").write_text("")
    edit(site / "releases/abacus/1.0rc2/constraints.txt", "1.0rc2", "9")
    edit(generation(site) / "find-links.html", "3.9", "3.8")
    (site / "simple").unlink()
    kinds = {each.fault for each in findings(site)}
    assert kinds == {
        IndexFault.MISSING, IndexFault.FOREIGN, IndexFault.RECORD, IndexFault.PAGE, IndexFault.LINK
    }  # fmt: skip


def test_a_partial_set_has_only_its_files(tmp_path: Path) -> None:
    record = write_set(tmp_path / "records", "1.0")
    add_records(tmp_path / "site", [record], "2026-11-01T00:00:00.000000Z", only=["win_amd64"])
    report = verify_index(tmp_path / "site", is_quick=False)
    assert (report.findings, report.notes, report.files) == ((), (), 4)


def test_the_order_in_which_a_source_came_in_does_not_matter(tmp_path: Path) -> None:
    """The page of a promoted set links its source only if that was in the index first."""
    source = write_set(tmp_path / "records", "1.0rc1")
    final = write_set(tmp_path / "records", "1.0", channel="stable", source=source)
    for number, order in enumerate(itertools.permutations([source, final])):
        for record in order:
            add_set(tmp_path / f"site{number}", record, "2026-11-01")
        assert findings(tmp_path / f"site{number}") == []


@pytest.mark.parametrize("name", ["none", "empty"])
def test_a_folder_that_is_not_an_index_is_refused(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["index", "verify", str(tmp_path / name)]) == 1
    assert ("does not exist" if name == "none" else "is not a release index") in capsys.readouterr().err


def restoring(site: Path, program: Program) -> Callable[[], Program]:
    """Return what makes an index as the one next to it, if there is one, and then returns a program."""

    def prepare() -> Program:
        original = site.with_name("original")
        shutil.rmtree(site, ignore_errors=True)
        if original.exists():
            shutil.copytree(original, site, symlinks=True)
        return program

    return prepare


@needs_system_calls
def test_leftovers_of_a_killed_addition_are_notes(tmp_path: Path) -> None:
    """Wherever it was killed, no findings remain, and the next change removes everything that is left."""
    first, second = (
        write_set(tmp_path / "records", version, projects=["tools"], platforms=["win_amd64"]) for version in VERSIONS
    )
    add_set(tmp_path / "original", first, "2026-11-01")
    site = tmp_path / "site"
    noted = []
    for _ in kills(restoring(site, lambda: add_set(site, second, "2026-11-02")), site):
        report = verify_index(site, is_quick=False)
        assert report.findings == ()
        noted.append(bool(report.notes))
        change_index(site, lambda sets: sets)
        report = verify_index(site, is_quick=False)
        assert (report.findings, report.notes) == ((), ())
    assert sum(noted) > len(noted) // 2


@needs_system_calls
@pytest.mark.parametrize(
    "change",
    [
        functools.partial(change_index, edit=lambda sets: [replace(listed, yanked="broken") for listed in sets]),
        functools.partial(change_address, url="https://b.example/"),
    ],
    ids=["yank", "address"],
)
def test_leftovers_of_another_killed_change_are_notes(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """The same change again removes what is left."""
    record = write_set(tmp_path / "records", "1.0", projects=["tools"], platforms=["win_amd64"])
    add_set(tmp_path / "original", record, "2026-11-01")
    site = tmp_path / "site"
    unfinished = 0
    for _ in kills(restoring(site, lambda: change(site)), site):
        report = verify_index(site, is_quick=True)
        assert report.findings == ()
        unfinished += any("completes it" in note for note in report.notes)
        change(site)
        report = verify_index(site, is_quick=True)
        assert (report.findings, report.notes) == ((), ())
    assert unfinished


@needs_system_calls
def test_a_killed_first_addition_is_one_finding(tmp_path: Path) -> None:
    """Its remedy is the same command, whether it has made a generation or not."""
    record = write_set(tmp_path / "records", "1.0", projects=["tools"], platforms=["win_amd64"])
    site = tmp_path / "site"
    messages = set()
    for _ in kills(restoring(site, lambda: add_set(site, record, "2026-11-01")), site):
        if (site / "lock").exists() and not (site / "current").exists():
            (found,) = findings(site)
            assert (found.fault, found.path) == (IndexFault.LINK, "current")
            assert "`spokeshave index add`" in found.remedy
            messages.add((found.message, "generations/1" in found.remedy, (site / "generations/1").exists()))
            add_set(site, record, "2026-11-01")
            assert findings(site) == []
    assert messages == {
        ("does not exist: the first `index add` was interrupted, or runs now", False, False),
        ("does not exist", True, True),
    }


def test_it_can_run_while_a_writer_works(site: Path, tmp_path: Path) -> None:
    """Sets come in and go, and no verification has a finding."""
    records = [write_set(tmp_path / "records", f"1.0rc{number}") for number in range(3, 7)]
    writing = threading.Thread(target=_add_and_prune, args=(site, records))
    writing.start()
    generations = set()
    while writing.is_alive():
        report = verify_index(site, is_quick=False)
        generations.add(report.generation)
        assert report.findings == ()
    writing.join()
    assert len(generations) > 1


def _add_and_prune(site: Path, records: list[Path]) -> None:
    for day, record in enumerate(records, 3):
        add_set(site, record, f"2026-11-0{day}")
        main(["index", "prune", str(site), "--channel", "nightly", "--keep", "2", "--purge"])
