"""`spokeshave index prune` on indexes with real wheels."""

from __future__ import annotations

import errno
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.index.writer.addition import add_records
from spokeshave.release.index.writer.change import change_index
from spokeshave.release.index.writer.generation import GenerationDraft
from spokeshave.release.verification.verification import verify_index
from spokeshave.sizes import human_size
from spokeshave.testing.index_set_fixtures import PLATFORMS, add_set, write_set
from spokeshave.testing.killing_fixtures import kills
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave_core.release.retention import PruneReport

NOW = ("--now", "2026-11-30T00:00:00Z")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An index with four nightlies of November, and the final release that the first was promoted to."""
    return make_site(tmp_path)


def make_site(folder: Path) -> Path:
    nightlies = [write_set(folder / "records", f"3.12.0rc2026110{day}") for day in range(1, 5)]
    stable = write_set(folder / "records", "3.12.0", channel="stable", source=nightlies[0])
    for day, record in enumerate(nightlies, 1):
        add_set(folder / "site", record, f"2026-11-0{day}")
    add_set(folder / "site", stable, "2026-11-09")
    return folder / "site"


def prune(site: Path, *options: str, channel: str = "nightly") -> int:
    return main(["index", "prune", str(site), "--channel", channel, *NOW, *options])


def versions(site: Path) -> list[str]:
    return [listed.version for listed in ReleaseIndex(site).sets()]


def snapshot(folder: Path) -> dict[str, object]:
    """Everything below a folder: content, kind and time."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.readlink() if path.is_symlink() else None)
        for path in folder.rglob("*")
    }


def test_old_sets_are_removed_and_needed_ones_stay(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prune(site, "--keep", "1", "--report", str(site.parent / "report.json")) == 0
    assert versions(site) == ["3.12.0rc20261101", "3.12.0rc20261104", "3.12.0"]
    out = capsys.readouterr().out.splitlines()
    size = sum(listed.size for listed in ReleaseIndex(site).sets() if listed.version == "3.12.0rc20261101")
    assert out[0].split() == ["set", "channel", "added", "size", "decision", "reason"]
    assert [line.split("B  ")[1] for line in out[1:5]] == [
        "stay      abacus 3.12.0 was promoted from it",
        "remove    2 complete sets are newer",
        "remove    1 complete set is newer",
        "stay      the newest complete set; among the newest 1",
    ]
    others = "1 set of other channels or releases not touched"
    assert out[5] == f"2 of 4 sets removed, which frees {human_size(2 * size)}; {others}"
    report = PruneReport.from_json((site.parent / "report.json").read_text())
    assert (report.freed, report.is_dry_run, report.now) == (2 * size, False, "2026-11-30T00:00:00+00:00")
    assert [made.version for made in report.sets if made.is_removed] == ["3.12.0rc20261102", "3.12.0rc20261103"]
    assert not verify_index(site, is_quick=False).findings


def test_a_dry_run_equals_the_run_and_changes_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(site)
    reports = [site.parent / "planned.json", site.parent / "done.json"]
    assert prune(site, "--days", "27", "--dry-run", "--report", str(reports[0])) == 0
    assert snapshot(site) == before
    planned = capsys.readouterr().out
    assert prune(site, "--days", "27", "--report", str(reports[1])) == 0
    done = capsys.readouterr().out
    assert planned.splitlines()[:5] == done.splitlines()[:5]
    documents = [json.loads(path.read_text()) for path in reports]
    assert documents[0].pop("is_dry_run")
    assert not documents[1].pop("is_dry_run")
    assert documents[0] == documents[1]
    assert versions(site) == ["3.12.0rc20261101", "3.12.0rc20261104", "3.12.0"]
    assert "would be removed" in planned


def test_a_second_run_removes_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prune(site, "--keep", "1") == 0
    generation = ReleaseIndex(site).generation
    capsys.readouterr()
    assert prune(site, "--keep", "1") == 0
    assert "nothing to remove" in capsys.readouterr().out
    assert ReleaseIndex(site).generation == generation


def test_files_of_removed_sets_stay_until_the_next_change(site: Path) -> None:
    removed = files_of(site, "3.12.0rc20261102")
    assert prune(site, "--keep", "2") == 0
    assert "3.12.0rc20261102" not in versions(site)
    assert all(path.is_file() for path in removed)
    add_set(site, write_set(site.parent / "records", "3.12.0rc20261105"), "2026-11-10")
    assert not any(path.exists() for path in removed)
    assert not (site / "releases/abacus/3.12.0rc20261102").exists()


def test_purge_deletes_the_files_at_once(site: Path) -> None:
    removed = files_of(site, "3.12.0rc20261102")
    stays = files_of(site, "3.12.0rc20261104")
    assert prune(site, "--keep", "2", "--purge") == 0
    assert not any(path.exists() for path in removed)
    assert all(path.is_file() for path in stays)
    assert [path.name for path in (site / "releases/abacus").iterdir() if "1102" in path.name] == []


def files_of(site: Path, version: str) -> list[Path]:
    found = [path for path in (site / "files").rglob("*") if path.is_file() and f"-{version}-" in path.name]
    assert len(found) == 2 * 2 * len(PLATFORMS)
    return found


def test_other_channels_are_not_pruned(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prune(site, "--keep", "1", channel="dev") == 0
    assert len(versions(site)) == 5
    assert "--channel dev: the index has no set of this channel" in capsys.readouterr().out


def test_names_that_are_written_wrong_are_errors(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--keep", "1", "--release", "abakus", "--release", "Abacus")
    for more in ((), ("--dry-run",)):
        assert prune(site, *options, *more, channel="nigthly") == 1
        text = capsys.readouterr().err
        assert "--channel nigthly: is not a channel: the index has nightly, stable\n    Did you mean nightly?" in text
        assert "--release abakus: is not in the index, which has abacus\n    Did you mean abacus?" in text
        assert "--release Abacus" not in text
    assert len(versions(site)) == 5
    assert prune(site, "--keep", "1", "--release", "Abacus") == 0
    assert len(versions(site)) == 3


def test_the_index_may_be_the_last_argument(site: Path) -> None:
    pins = site.parent / "requirements.txt"
    pins.write_text("abacus_tools==3.12.0rc20261102\n")
    options = ["--channel", "nightly", "--keep", "1", *NOW, "--record", str(site.parent / "records/abacus/3.12.0")]
    assert main(["index", "prune", *options, "--pins", str(pins), str(site)]) == 0
    assert len(versions(site)) == 4


def test_files_of_downstreams_and_the_keep_file_hold_sets(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pins = site.parent / "requirements.txt"
    pins.write_text("numpy\nabacus_tools==3.12.0rc20261102 ; sys_platform == 'win32'\n")
    keep = site.parent / "keep.txt"
    keep.write_text("3.12.0rc20261103\n9.9\n")
    assert prune(site, "--keep", "1", "--pins", str(pins), "--pins", str(pins), "--keep-file", str(keep)) == 0
    assert len(versions(site)) == 5
    out = capsys.readouterr().out
    assert "pinned by requirements.txt, line 2\n" in out
    assert "named in keep.txt, line 1\n" in out
    assert "keep.txt, line 2: the index has no set 9.9\n" in out


def test_another_release_holds_what_its_wheels_pin(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The pin is in METADATA: records name only pins between their own projects."""
    other = write_set(site.parent / "records", "1.0", name="shop", requires="abacus-runtime==3.12.0rc20261102")
    add_set(site, other, "2026-11-10")
    assert prune(site, "--keep", "1") == 0
    assert versions(site) == ["3.12.0rc20261101", "3.12.0rc20261102", "3.12.0rc20261104", "3.12.0", "1.0"]
    assert "pinned by shop 1.0\n" in capsys.readouterr().out


def test_records_outside_of_the_index_hold_sets(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = site.parent / "records"
    source = records / "abacus/3.12.0rc20261103"
    promoted = write_set(site.parent / "pypi", "3.12.0rc1", channel="rc", source=source)
    pinning = write_set(site.parent / "pypi", "2.0", name="shop", requires="abacus-tools==3.12.0rc20261102")
    assert prune(site, "--keep", "1", "--record", str(promoted), "--record", str(pinning)) == 0
    assert len(versions(site)) == 5
    out = capsys.readouterr().out
    assert "abacus 3.12.0rc1 was promoted from it\n" in out
    assert "pinned by shop 2.0\n" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "has neither --keep nor --days"),
        (("--keep", "1", "--pins", "none.txt"), "none.txt: cannot be read"),
        (("--keep", "1", "--keep-file", "none.txt"), "none.txt: cannot be read"),
        (("--keep", "1", "--record", "none"), "release.json: cannot be read"),
    ],
)
def test_wrong_options_remove_nothing(
    site: Path, options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(site)
    assert prune(site, *options) == 1
    assert message in capsys.readouterr().err
    assert snapshot(site) == before


@pytest.mark.parametrize("options", [("--keep", "0"), ("--days", "0"), ("--days", "x"), ("--now", "today")])
def test_values_that_make_no_policy_are_usage_errors(site: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["index", "prune", str(site), "--channel", "nightly", *options])
    assert raised.value.code == 2


def test_a_channel_has_to_be_named(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["index", "prune", str(site), "--keep", "1"])
    assert raised.value.code == 2
    assert "--channel" in capsys.readouterr().err


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_folder_that_is_not_an_index_is_refused(
    tmp_path: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert prune(tmp_path, "--keep", "1", *options) == 1
    assert "is not a release index" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_removed_if_pins_are_unknown(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    next(path for path in (site / "files").rglob("*1104*.metadata")).unlink()
    before = snapshot(site)
    assert prune(site, "--keep", "1") == 1
    assert "Nothing is removed until its pins are known" in capsys.readouterr().err
    assert versions(site) == ["3.12.0rc20261101", "3.12.0rc20261102", "3.12.0rc20261103", "3.12.0rc20261104", "3.12.0"]
    assert snapshot(site).keys() == before.keys()


def test_a_part_of_a_release_holds_what_it_has(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The metadata of its other wheels is not in the index, which does not stop the removal of other sets."""
    part = write_set(
        site.parent / "records", "1.0", name="shop", platforms=["win_amd64"], requires="abacus-tools==3.12.0rc20261102"
    )
    with_linux = write_set(site.parent / "records", "2.0", name="shop")
    add_records(site, [part, with_linux], "2026-11-10T00:00:00.000000Z", only=["win_amd64"])
    assert prune(site, "--keep", "1") == 0
    assert versions(site) == ["3.12.0rc20261101", "3.12.0rc20261102", "3.12.0rc20261104", "3.12.0", "1.0", "2.0"]
    assert "pinned by shop 1.0\n" in capsys.readouterr().out


def test_only_what_was_removed_is_said_to_be(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(GenerationDraft, "write", fail)
    assert prune(site, "--keep", "1") == 1
    out, err = capsys.readouterr()
    assert "No space left" in err
    assert out == ""
    assert len(versions(site)) == 5


def test_the_decision_is_made_about_the_sets_that_exist_then(site: Path) -> None:
    """While prune waits for the lock, another command keeps a set that prune would have removed."""
    entered = threading.Event()
    waits = threading.Event()

    def keep(sets: tuple[object, ...]) -> list[object]:
        entered.set()
        waits.wait()
        return [each for each in sets if getattr(each, "version", "") != "3.12.0rc20261104"]

    other = threading.Thread(target=change_index, args=(site, keep))
    other.start()
    entered.wait()
    pruning = threading.Thread(target=prune, args=(site, "--keep", "1"))
    pruning.start()
    waits.set()
    other.join()
    pruning.join()
    assert versions(site) == ["3.12.0rc20261101", "3.12.0rc20261103", "3.12.0"]


@needs_system_calls
def test_a_prune_killed_anywhere_is_completed(tmp_path: Path) -> None:
    """The old or the new sets are listed, and the same command or any other change does what is left."""
    old, new, later = (
        write_set(tmp_path / "records", f"3.12.0rc{number}", projects=["tools"], platforms=["win_amd64"])
        for number in (1, 2, 3)
    )
    original = tmp_path / "original"
    add_records(original, [old, new], "2026-11-01T00:00:00.000000Z")
    site = tmp_path / "site"

    def prepared() -> Callable[[], int]:
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(original, site, symlinks=True)
        return lambda: prune(site, "--keep", "1", "--purge")

    seen = set()
    for number, _ in enumerate(kills(prepared, site)):
        listed = tuple(versions(site))
        seen.add(listed)
        assert verify_index(site, is_quick=False).findings == ()
        if number % 2:
            add_set(site, later, "2026-11-20")
        assert prune(site, "--keep", "1", "--purge") == 0
        assert versions(site) == [(later if number % 2 else new).name]
        report = verify_index(site, is_quick=True)
        assert (report.findings, report.notes) == ((), ())
        assert not any(old.name in path.name for path in site.rglob("*"))
    assert seen == {(old.name, new.name), (new.name,)}


def test_readers_see_whole_sets_while_sets_are_removed(tmp_path: Path) -> None:
    """Each page lists all files of a set or none, and each of them exists."""
    site = make_site(tmp_path)
    counts = {site / f"simple/abacus-{project}/index.html": len(PLATFORMS) for project in ("runtime", "tools")}
    counts[site / "find-links.html"] = 2 * len(PLATFORMS)
    stop = threading.Event()
    problems: list[str] = []
    reads = []

    def read() -> None:
        while not stop.is_set():
            for page, count in counts.items():
                try:
                    problems.extend(_problems(site, page, count))
                except OSError as err:
                    problems.append(str(err))
                reads.append(page)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for day in range(5, 9):
        record = write_set(tmp_path / "records", f"3.12.0rc202611{day:02}")
        add_set(site, record, f"2026-11-{day + 10}")
        assert prune(site, "--keep", "2") == 0
    stop.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert len(reads) > 100
    assert versions(site) == ["3.12.0rc20261101", "3.12.0", "3.12.0rc20261107", "3.12.0rc20261108"]


def _problems(site: Path, page: Path, count: int) -> Iterator[str]:
    """Yield what a reader finds wrong with a page."""
    text = page.read_text("utf-8")
    links = [line.split('href="')[1].split("#")[0] for line in text.splitlines() if ".whl#" in line]
    listed: dict[str, int] = {}
    for link in links:
        version = link.rpartition("/")[2].split("-")[1]
        listed[version] = listed.get(version, 0) + 1
        path = site / link.replace("../", "")
        if not path.is_file():
            yield f"{page}: {path} does not exist"
    yield from (f"{page}: {found} of {version}" for version, found in listed.items() if found != count)
    if not listed:
        yield f"{page}: empty"
