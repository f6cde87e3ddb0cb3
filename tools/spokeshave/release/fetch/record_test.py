"""Whole records from a release index, over HTTP and from its folder: what is verified, and each fault on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.integrity import verify_record
from spokeshave.release.record import manifest_sha256
from spokeshave.release.writer import draft_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.promotion_fixtures import seal_wheels
from spokeshave.testing.release_fixtures import COMMIT, VERSION, write_wheels
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.static_site_fixtures import Reply, StaticSite, static_site
from spokeshave_core.release.fetch import FetchOutcome, ReleaseFetchReport, ReleaseOfferReport
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord

FAST = ("--pause", "0.01", "--timeout", "5")
WINDOWS_RUNTIME = "files/*/abacus_runtime*win_amd64.whl"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release index: a candidate with reports of its tests, and two finals."""
    root = tmp_path_factory.mktemp("index")
    candidate = seal_wheels(root, write_wheels(root / "wheels"))
    finals = [write_release(root / version, version) for version in ("3.9.0", "3.11.0")]
    assert main(["index", "add", str(candidate), *map(str, finals), str(root / "site")]) == 0
    return root / "site"


@pytest.fixture
def site(index: Path) -> Iterator[StaticSite]:
    with static_site(index) as running:
        yield running


def fetch(source: str, output: Path, *options: str) -> int:
    return main(["release", "fetch", "--from", source, "--output", str(output), *FAST, *options])


def record_of(index: Path, version: str) -> Path:
    """Return the record that was added, which is next to the index."""
    return index.parent / "rc" if version == VERSION else index.parent / version / "abacus" / version


def contents(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items()}


def test_a_record_comes_whole_from_each_form_of_the_index(site: StaticSite, index: Path, tmp_path: Path) -> None:
    sources = (site.url, f"{site.url}/", f"{site.url}/simple/", f"{site.url}/v1+json", f"{site.url}/find-links.html")
    for number, source in enumerate((*sources, f"index:{index}", f"folder:{index}")):
        output = tmp_path / str(number)
        assert fetch(source, output, f"abacus=={VERSION}") == 0, source
        assert contents(output) == contents(record_of(index, VERSION)), source
    assert any(path.startswith("reports/") for path in contents(tmp_path / "0"))
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert site.credentials == []


def test_a_second_run_reads_the_list_alone(site: StaticSite, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    for outcome in (FetchOutcome.FETCHED, FetchOutcome.ALREADY_THERE):
        site.requests.clear()
        assert fetch(site.url, tmp_path / "rc", "abacus==3.11", "--report", str(report)) == 0
        found = ReleaseFetchReport.from_json(report.read_text())
        assert {file.outcome for file in found.files} == {outcome}
        assert found.release is not None
        assert found.release.manifest_sha256 == manifest_sha256(tmp_path / "rc")
        assert f"release.json: sha256 {found.release.manifest_sha256}" in capfd.readouterr().out
    assert site.requests == ["current/sets.jsonl"]


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        (("abacus", "--channel", "stable"), "3.11.0"),
        (("--channel", "rc"), VERSION),
        (("abacus==3.9",), "3.9.0"),
        (("abacus<3.10", "--channel", "stable"), "3.9.0"),
        (("abacus==3.12.0-RC.20260821",), VERSION),
        (("Abacus==3.9",), "3.9.0"),
        (("--commit", COMMIT[:9].upper()), VERSION),
        (("abacus", "--commit", COMMIT), VERSION),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_set_is_found_by_what_is_known_of_it(
    index: Path, tmp_path: Path, wanted: tuple[str, ...], version: str
) -> None:
    assert fetch(f"index:{index}", tmp_path / "rc", *wanted) == 0
    assert verify_record(tmp_path / "rc").version == version


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (("abacus",), "may be of more than one channel: rc, stable"),
        (("abacus==3.8",), "is not on index:{index}, which has 3.12.0rc20260821 (rc), 3.11.0 (stable), 3.9.0 (stable)"),
        (("abacus", "--channel", "nightly"), "abacus, channel nightly: is not on"),
        (("other==1.0", "--commit", COMMIT), "--commit: is for releases of a release index"),
        (("--commit", "ffffffff"), "which has the releases abacus"),
        (("--commit", "ff"), "is not a commit, or the first 7 or more digits of one"),
        (("abacus==3.9", "abacus-runtime"), "is a release, which is fetched alone"),
        (("abacus==3.9", "--only", "win_*"), "is for files of projects, and a record is fetched whole"),
        (("abacus 3.9",), "is not a name with a version"),
        ((), "NAME: is missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_an_unclear_choice_is_refused(
    index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], wanted: tuple[str, ...], words: str
) -> None:
    assert fetch(f"index:{index}", tmp_path / "rc", *wanted) == 1
    assert words.replace("{index}", str(index)) in capfd.readouterr().err
    assert not (tmp_path / "rc").exists()


def test_the_list_shows_the_sets(index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    command = ["release", "fetch", "--list", "--from", f"index:{index}", "--report", str(report)]
    assert main([*command]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["version", VERSION, "3.11.0", "3.9.0"]
    assert main([*command, "--channel", "stable", "abacus<3.10"]) == 0
    assert [listed.version for listed in ReleaseOfferReport.from_json(report.read_text()).sets] == ["3.9.0"]
    assert main([*command, "abacus==4"]) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(Reply(body=b"PK other bytes"), "gives other bytes than it should", id="other bytes"),
        pytest.param(Reply(cut=100), "100 more expected", id="truncated"),
        pytest.param(
            Reply(body=b"<html>", headers={"Content-Type": "text/html"}), "it is a web page and not a file", id="HTML"
        ),
        pytest.param(Reply(status=404), "404", id="absent"),
        pytest.param(Reply(status=500), "500", id="broken"),
    ],
)
def test_a_bad_file_leaves_no_record(
    site: StaticSite, tmp_path: Path, capfd: pytest.CaptureFixture[str], reply: Reply, words: str
) -> None:
    site.replies = {WINDOWS_RUNTIME: reply}
    assert fetch(site.url, tmp_path / "rc", "abacus==3.11", "--attempts", "2") == 3
    text = capfd.readouterr().err
    assert words in text
    assert "1 file missing (6 fetched, 1 failed)" in text
    assert "The same command continues" in text
    assert not (tmp_path / "rc").exists()
    site.replies = {}
    site.requests.clear()
    assert fetch(site.url, tmp_path / "rc", "abacus==3.11") == 0
    assert [path.rpartition("/")[2] for path in site.requests if path.startswith("files/")] == [
        "abacus_runtime-3.11.0-py3-none-win_amd64.whl"
    ]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=500, times=2), id="500 twice"),
        pytest.param(Reply(status=429, times=1, headers={"Retry-After": "0"}), id="429"),
        pytest.param(Reply(cut=100, times=2), id="truncated twice"),
    ],
)
def test_a_passing_fault_is_passed(site: StaticSite, index: Path, tmp_path: Path, reply: Reply) -> None:
    times = reply.times or 0
    site.replies = {WINDOWS_RUNTIME: reply}
    assert fetch(site.url, tmp_path / "rc", "abacus==3.11") == 0
    assert contents(tmp_path / "rc") == contents(record_of(index, "3.11.0"))
    assert len([path for path in site.requests if path.endswith("runtime-3.11.0-py3-none-win_amd64.whl")]) == times + 1


def test_a_record_in_a_folder_is_a_source(index: Path, tmp_path: Path) -> None:
    for version in (VERSION, "3.11.0"):
        record = record_of(index, version)
        attestations = {f"{path.name}.publish.attestation": b"{}" for path in (record / "files").iterdir()}
        copy = Path(shutil.copytree(record, tmp_path / version))
        (copy / "attestations").mkdir()
        for name, data in attestations.items():
            (copy / "attestations" / name).write_bytes(data)
        source = f"folder:{copy}"
        assert fetch(source, tmp_path / f"{version}.d", "abacus") == 0
        assert contents(tmp_path / f"{version}.d") == contents(copy)
        assert fetch(source, tmp_path / f"{version}.w", "abacus-runtime", "--only", "win*") == 0
        names = [name for name in contents(copy / "files") if "runtime" in name and "win" in name]
        assert sorted(contents(tmp_path / f"{version}.w")) == sorted(names)
        changed = next((copy / "files").iterdir())
        changed.write_bytes(b"changed")
        assert fetch(source, tmp_path / "again", f"abacus=={version}") == 3
        assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("name", [".", "here", "link"])
def test_an_empty_output_stays_where_the_user_is(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    monkeypatch.chdir(tmp_path / "here" if name == "." else tmp_path)
    code = fetch(f"index:{index}", Path(name), "abacus==3.11")
    assert code == (1 if name == "." else 0)
    assert ("is the current folder, which a record cannot replace" in capfd.readouterr().err) == (name == ".")
    assert contents(tmp_path / "here") == ({} if name == "." else contents(record_of(index, "3.11.0")))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "link"]
    assert (tmp_path / "link").is_symlink()
    # A record is found by any name of its folder.
    if name != ".":
        monkeypatch.chdir(tmp_path / "here")
        assert fetch(f"index:{index}", Path(), "abacus==3.11") == 0


def test_attestations_come_along(site: StaticSite, index: Path, tmp_path: Path) -> None:
    names = [path.name for path in (record_of(index, "3.11.0") / "files").iterdir()]
    site.replies = {f"releases/*/{name}.publish.attestation": Reply(body=name.encode()) for name in names}
    assert fetch(site.url, tmp_path / "rc", "abacus==3.11") == 0
    found = contents(tmp_path / "rc" / "attestations")
    assert found == {f"{name}.publish.attestation": name.encode() for name in names}
    # The index fails once, after the files have come.
    site.replies = {"releases/*.attestation": Reply(status=500, times=1), **site.replies}
    assert fetch(site.url, tmp_path / "later", "abacus==3.11") == 0
    assert contents(tmp_path / "later" / "attestations") == found
    # They are for all files or for none, so that one that is missing is a fault of the index.
    del site.replies[f"releases/*/{max(names)}.publish.attestation"]
    assert fetch(site.url, tmp_path / "again", "abacus==3.11") == 1


def test_an_encoding_is_not_decoded(site: StaticSite, index: Path, tmp_path: Path) -> None:
    # As some servers say of a .tar.gz. pip stores the bytes as they come.
    site.replies = {"files/*.tar.gz": Reply(headers={"Content-Encoding": "gzip"})}
    assert fetch(site.url, tmp_path / "rc", "abacus==3.11") == 0
    assert contents(tmp_path / "rc") == contents(record_of(index, "3.11.0"))


def test_a_file_may_be_elsewhere(site: StaticSite, index: Path, tmp_path: Path) -> None:
    with static_site(index) as storage:
        target = {"Location": storage.url + "/files/x"}
        wheel = next((record_of(index, "3.11.0") / "files").glob("*runtime*win_amd64.whl"))
        storage.replies = {"files/x": Reply(body=wheel.read_bytes())}
        site.replies = {WINDOWS_RUNTIME: Reply(status=302, headers=target)}
        assert fetch(site.url, tmp_path / "rc", "abacus==3.11") == 0
        assert storage.requests == ["files/x"]


def test_a_set_that_is_pruned_meanwhile_is_explained(
    site: StaticSite, index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    later = tmp_path / "later"
    assert main(["index", "add", str(record_of(index, "3.9.0")), str(later)]) == 0

    def prune() -> None:
        site.folder = later

    for number, path in enumerate(("releases/*/release.json", "releases/*/SHA256SUMS", WINDOWS_RUNTIME)):
        site.folder = index
        site.replies = {path: Reply(event=prune)}
        capfd.readouterr()
        assert fetch(site.url, tmp_path / str(number), "abacus==3.11") == 1
        assert f"abacus 3.11.0 was removed from {site.url} while it was fetched" in capfd.readouterr().err
        assert not (tmp_path / str(number)).exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_lost_file_differs_from_a_pruned_set(
    site: StaticSite, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    site.replies = {"releases/*/SHA256SUMS": Reply(status=404)}
    assert fetch(site.url, tmp_path / "rc", "abacus==3.11") == 1
    assert "lists abacus 3.11.0, but does not have it\n    Run `spokeshave index verify`" in capfd.readouterr().err


def test_a_path_that_leads_outside_is_refused(
    site: StaticSite, index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sums = (record_of(index, "3.11.0") / "SHA256SUMS").read_bytes()
    for path in ("../../evil", "reports/../../evil", "files/evil.whl", "/tmp/evil"):
        site.replies = {"releases/*/SHA256SUMS": Reply(body=sums + f"{'0' * 64}  {path}\n".encode())}
        assert fetch(site.url, tmp_path / "out" / "rc", "abacus==3.11") == 1
        assert f"lists {path!r} with the sha256" in capfd.readouterr().err
    assert [path.name for path in tmp_path.rglob("*") if "evil" in path.name] == []
    assert not [path for path in site.requests if "evil" in path]


def test_another_manifest_is_never_mixed_in(
    site: StaticSite, index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = write_release(tmp_path / "other", "3.11.0", texts={"abacus-compiler": "OTHER = 1\n"})
    # The output has the same version from elsewhere.
    assert fetch(site.url, other, "abacus==3.11") == 1
    shas = manifest_sha256(other), manifest_sha256(record_of(index, "3.11.0"))
    text = capfd.readouterr().err
    assert [sha256 in text for sha256 in shas] == [True, True]
    # The index gives another one than it lists.
    site.replies = {"releases/*/release.json": Reply(body=(other / "release.json").read_bytes())}
    assert fetch(site.url, tmp_path / "rc", "abacus==3.11") == 1
    assert f"lists it with the sha256 {shas[1]}, but gives one with {shas[0]}" in capfd.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("")
    assert fetch(site.url, tmp_path / "mine", "abacus==3.11") == 1
    assert "exists, and is not a release record" in capfd.readouterr().err


def test_a_changed_output_is_not_called_verified(
    index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert fetch(f"index:{index}", tmp_path / "rc", "abacus==3.11") == 0
    wheel = next((tmp_path / "rc/files").glob("*win_amd64.whl"))
    wheel.write_bytes(b"changed")
    assert fetch(f"index:{index}", tmp_path / "rc", "abacus==3.11") == 1
    assert "was changed after it was sealed" in capfd.readouterr().err


def test_yanked_and_partial_sets(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    records = [write_release(tmp_path / version, version) for version in ("1.0", "1.1", "1.2")]
    assert main(["index", "add", *map(str, records), str(site)]) == 0
    mark(site, "1.1", yanked="wrong sums")
    mark(site, "1.2", only=["win_*"])
    source = f"index:{site}"
    assert fetch(source, tmp_path / "newest", "abacus") == 0
    assert verify_record(tmp_path / "newest").version == "1.0"
    capfd.readouterr()
    assert fetch(source, tmp_path / "yanked", "abacus==1.1") == 1
    refusal = capfd.readouterr().err
    assert "abacus 1.1: is yanked: wrong sums\n" in refusal
    assert "--yanked" in refusal
    assert not (tmp_path / "yanked").exists()
    assert fetch(source, tmp_path / "yanked", "abacus==1.1", "--yanked") == 0
    assert "warning: abacus 1.1 is yanked: wrong sums" in capfd.readouterr().err
    assert fetch(source, tmp_path / "yanked", "abacus==1.1") == 1
    capfd.readouterr()
    assert fetch(source, tmp_path / "partial", "abacus==1.2") == 1
    text = capfd.readouterr().err
    assert "is partial on" in text
    assert "only win_*" in text
    assert "such as abacus-compiler==1.2" in text
    assert fetch(source, tmp_path / "none", "abacus>1.0") == 1
    assert "is yanked or partial" in capfd.readouterr().err


def write_single(folder: Path, version: str) -> Path:
    """Write the record of a release that has one project, its name in another spelling, and no channel."""
    output = folder / version
    with draft_record(output) as draft:
        entries = []
        for platform in ("manylinux_2_17_x86_64", "win_amd64"):
            code = {"markupsafe/__init__.py": f"PLATFORM = {platform!r}"}
            wheel = build_wheel(folder / "wheels", code, f"py3-none-{platform}", name="markupsafe", version=version)
            sha256, size = draft.add_file(wheel)
            entry = ReleaseFile(
                name=wheel.name,
                project="markupsafe",
                sha256=sha256,
                size=size,
                payload_sha256=None,
                metadata_sha256=None,
                requires_python="",
            )
            entries.append(entry)
        draft.finish(
            ReleaseRecord(
                name="MarkupSafe",
                version=version,
                channel=None,
                commit=None,
                projects={"markupsafe": ReleaseProject(version)},
                files=tuple(entries),
            )
        )
    return output


def test_a_project_may_have_the_name_of_its_release(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    single = [write_single(tmp_path / "single", version) for version in ("3.0.1", "3.0.2")]
    assert main(["index", "add", *map(str, single), str(write_release(tmp_path / "abacus")), str(site)]) == 0
    source = f"index:{site}"
    windows = "markupsafe-3.0.2-py3-none-win_amd64.whl"
    # Its name is that of the release, in any spelling.
    assert fetch(source, tmp_path / "record", "markupsafe") == 0
    assert verify_record(tmp_path / "record").version == "3.0.2"
    # A part of it is files of the project.
    assert fetch(source, tmp_path / "part", "markupsafe==3.0.2", "--only", "win*") == 0
    assert list(contents(tmp_path / "part")) == [windows]
    sums = tmp_path / "sums"
    sums.write_text((single[1] / "SHA256SUMS").read_text())
    assert fetch(source, tmp_path / "sums.d", "MarkupSafe", "--hashes", str(sums)) == 0
    assert len(contents(tmp_path / "sums.d")) == 2
    assert fetch(source, tmp_path / "both", "markupsafe==3.0.1", "abacus-runtime") == 0
    assert len(contents(tmp_path / "both")) == 5
    # What is refused names something that works.
    assert fetch(source, tmp_path / "none", "--commit", "ab" * 20, "--only", "win*") == 1
    assert "such as abacus-compiler, without --channel and --commit" in capfd.readouterr().err
    assert fetch(source, tmp_path / "none", "markupsafe==4") == 1
    assert "None" not in "".join(capfd.readouterr())
    mark(site, "3.0.2", only=["win*"])
    assert fetch(source, tmp_path / "none", "markupsafe==3.0.2") == 1
    assert "fetch the files that are there: add --only 'win*'" in capfd.readouterr().err
    assert fetch(source, tmp_path / "again", "markupsafe==3.0.2", "--only", "win*") == 0


def test_releases_without_a_channel_are_none_of_its_channels(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    records = [write_single(tmp_path / "single", version) for version in ("1.0", "1.1")]
    assert main(["index", "add", *map(str, records), str(site)]) == 0
    mark(site, "1.0", channel="rc")
    assert fetch(f"index:{site}", tmp_path / "out", "markupsafe") == 1
    text = capfd.readouterr().err
    assert "may be of more than one channel: rc, or of none" in text
    assert "or a version with ==" in text


def mark(site: Path, version: str, **facts: object) -> None:
    """Change what an index lists of a set."""
    path = site / "current" / "sets.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    changed = [{**line, **(facts if line["version"] == version else {})} for line in lines]
    path.write_text("".join(json.dumps(line) + "\n" for line in changed))


def test_an_unreadable_list_is_an_error(site: StaticSite, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    site.replies = {"current/sets.jsonl": Reply(body=b'{"name": "abacus"')}
    assert fetch(site.url, tmp_path / "rc", "abacus==3.11") == 1
    assert "its current/sets.jsonl cannot be read" in capfd.readouterr().err


def test_nothing_is_uploaded_by_a_fetch_that_gets_no_answer(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with static_site(tmp_path) as stopped:
        url = stopped.url
    assert fetch(url, tmp_path / "rc", "abacus==3.11", "--attempts", "1") == 1
    text = capfd.readouterr().err
    assert "cannot be reached" in text
    assert "Then run the command again." in text
    assert "upload" not in text


def begin(site: StaticSite, output: Path) -> tuple[subprocess.Popen[bytes], Path]:
    """Start a fetch whose last file does not come, and return it and the folder of what has come."""
    site.replies = {"files/*/abacus_runtime-3.11.0.tar.gz": Reply(seconds=30)}
    command = [sys.executable, "-m", "spokeshave", "release", "fetch", "abacus==3.11", "--from", site.url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([*command, "--output", str(output)], env=environment, stdout=subprocess.DEVNULL)
    staging = None
    deadline = time.monotonic() + 60
    while staging is None or len(list(staging.glob("files/abacus*"))) < 4:
        assert time.monotonic() < deadline
        staging = next(output.parent.glob(f".{output.name}.*"), None)
        time.sleep(0.02)
    return process, staging


@pytest.mark.parametrize("end", ["SIGKILL", "SIGINT"])
def test_a_fetch_that_is_ended_is_continued(site: StaticSite, index: Path, tmp_path: Path, end: str) -> None:
    output = tmp_path / "rc"
    process, staging = begin(site, output)
    process.send_signal(getattr(signal, end))
    began = time.monotonic()
    process.wait()
    assert time.monotonic() - began < 20
    assert not output.exists()
    site.replies = {}
    site.requests.clear()
    (staging / "files" / ".abacus_runtime-3.11.0.tar.gz.left").write_bytes(b"half")
    assert fetch(site.url, output, "abacus==3.11") == 0
    assert contents(output) == contents(record_of(index, "3.11.0"))
    assert [path for path in site.requests if path.startswith("files/") and not path.endswith(".tar.gz")] == []
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
