"""`spokeshave index rebuild`, which `index verify` recommends for every damaged page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.index.folder import METADATA, ReleaseIndex
from spokeshave.release.index.writer.change import change_index
from spokeshave.release.verification.verification import verify_index
from spokeshave.testing.index_set_fixtures import add_set, write_set
from spokeshave.testing.killing_fixtures import kills
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave_core.release.index import IndexListReport

VERSIONS = ("1.0rc1", "1.0rc2")
URL = "https://packages.example/nightly/"
PAGES = (
    "index.html",
    "find-links.html",
    "simple/index.html",
    "simple/abacus-tools/index.html",
    "v1+json/index.json",
    "v1+json/abacus-tools/index.json",
)
RECORD = "releases/abacus/1.0rc1"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with two nightlies and an address."""
    folder = tmp_path_factory.mktemp("index")
    for day, version in enumerate(VERSIONS, 1):
        add_set(folder / "site", write_set(folder / "records", version), f"2026-11-0{day}")
    record = folder / "records/abacus" / VERSIONS[0]
    assert main(["index", "add", str(record), str(folder / "site"), "--url", URL]) == 0
    return folder / "site"


@pytest.fixture
def site(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "site", symlinks=True))


def rebuild(site: Path, *options: str) -> int:
    return main(["index", "rebuild", str(site), *options])


def texts(site: Path) -> dict[str, bytes]:
    """Return the pages of an index by their paths below the folder, or below the newest generation."""
    generation = ReleaseIndex(site).generation
    pages = {str(path.relative_to(generation)): path.read_bytes() for path in generation.rglob("*") if path.is_file()}
    pages.update(
        (path.relative_to(site).as_posix(), path.read_bytes()) for path in site.glob("releases/**/*") if path.is_file()
    )
    return pages


def changed(path: Path) -> None:
    text = path.read_text()
    path.unlink()
    path.write_text(f"{text} ")


def damages() -> dict[str, Callable[[Path], None]]:
    """Return what can happen to each kind of page."""
    made: dict[str, Callable[[Path], None]] = {
        "a page too many": lambda site: write(site / "current/simple/evil/index.html"),
        "no format": lambda site: (site / "current/format").unlink(),
        "no fragments": lambda site: shutil.rmtree(site / RECORD / "fragments"),
        "a fragment": lambda site: changed(next((site / RECORD).glob("fragments/*/abacus-tools.html"))),
        "no fragment": lambda site: next((site / RECORD).glob("fragments/*/_row.html")).unlink(),
        "a page of a set": lambda site: changed(site / RECORD / "index.html"),
        "no page of a set": lambda site: (site / RECORD / "index.html").unlink(),
        "no link": lambda site: (site / "simple").unlink(),
    }
    for page in PAGES:
        made[f"{page} changed"] = lambda site, page=page: changed(site / "current" / page)  # type: ignore[misc]
        made[f"{page} deleted"] = lambda site, page=page: (site / "current" / page).unlink()  # type: ignore[misc]
    return made


def write(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("")


@pytest.mark.parametrize("damage", damages())
def test_each_damaged_page_is_made_again(site: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = texts(site)
    damages()[damage](site)
    report = verify_index(site, is_quick=True)
    assert report.findings or damage == "no format"
    assert all("`spokeshave index rebuild`" in each.remedy for each in report.findings)
    assert rebuild(site) == 0
    assert "all pages of 2 releases are made again" in capsys.readouterr().out
    report = verify_index(site, is_quick=False)
    assert (report.findings, report.notes) == ((), ())
    assert texts(site) == before


def test_the_address_stays_or_is_changed(site: Path) -> None:
    assert rebuild(site, "--report", str(site.parent / "report.json")) == 0
    report = IndexListReport.from_json((site.parent / "report.json").read_text())
    assert report.sets == tuple(ReleaseIndex(site).sets())
    for option, expected in (((), URL), (("--url", "https://other.example"), "https://other.example/")):
        assert rebuild(site, *option) == 0
        assert ReleaseIndex(site).url == expected
        assert expected in (site / "index.html").read_text()
        assert expected in (site / RECORD / "index.html").read_text()
        assert verify_index(site, is_quick=False).findings == ()


def test_a_damaged_address_is_replaced(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = ReleaseIndex(site).generation / "url"
    path.unlink()
    path.write_bytes(b"\xff\n")
    assert verify_index(site, is_quick=False).findings
    assert rebuild(site) == 1
    assert "url (or --url): is not a URL" in capsys.readouterr().err
    assert rebuild(site, "--url", URL) == 0
    assert verify_index(site, is_quick=False).findings == ()


@pytest.mark.parametrize("pattern", [f"files/*/*{METADATA}", f"{RECORD}/release.json"])
def test_no_page_is_made_of_damaged_records(site: Path, pattern: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = texts(site)
    path = next(site.glob(pattern))
    data = path.read_bytes()
    path.write_bytes(data + b" ")
    assert rebuild(site) == 1
    err = capsys.readouterr().err
    assert "has the sha256" in err
    assert "Add the release again" in err
    path.write_bytes(data)
    assert texts(site) == before
    assert verify_index(site, is_quick=False).findings == ()


def test_a_folder_that_is_not_an_index_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rebuild(tmp_path) == 1
    assert "is not a release index" in capsys.readouterr().err


@needs_system_calls
def test_a_killed_rebuild_is_completed(tmp_path: Path) -> None:
    """By the same command or by any other change, and an index that was intact has no findings at any time."""
    record = write_set(tmp_path / "records", "1.0", projects=["tools"], platforms=["win_amd64"])
    original = tmp_path / "original"
    add_set(original, record, "2026-11-01")
    before = texts(original)
    site = tmp_path / "site"

    def prepared() -> Callable[[], int]:
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(original, site, symlinks=True)
        return lambda: rebuild(site)

    for number, _ in enumerate(kills(prepared, site)):
        assert verify_index(site, is_quick=True).findings == ()
        assert number % 2 or rebuild(site) == 0
        change_index(site, lambda sets: sets)
        report = verify_index(site, is_quick=True)
        assert (report.findings, report.notes) == ((), ())
        assert texts(site) == before
