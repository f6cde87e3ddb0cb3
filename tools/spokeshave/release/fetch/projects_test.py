"""Wheels and sdists of projects from other indexes, pages of links and folders, each checked by its sha256."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.record import FILES
from spokeshave.testing.index_fixtures import pypi_server
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like_of_user
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind, Place
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.static_site_fixtures import Reply, StaticSite, static_site
from spokeshave_core.release.fetch import ReleaseFetchReport, ReleaseOfferReport

FAST = ("--pause", "0.01", "--timeout", "5")
WHEEL = "abacus_runtime-3.12.0-py3-none-win_amd64.whl"
BOTH = ("Abacus_Runtime==3.12", "abacus.compiler==3.12.0")


def fetch(source: str, output: Path, *options: str) -> int:
    return main(["release", "fetch", "--from", source, "--output", str(output), *FAST, *options])


def sums_of(files: dict[str, bytes]) -> str:
    return "".join(f"{hashlib.sha256(data).hexdigest()}  ./{name}\n" for name, data in files.items())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of a release of two projects."""
    return write_release(tmp_path_factory.mktemp("sealed")) / FILES


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheels: Path) -> Iterator[PypiLike]:
    with pypi_like_of_user(tmp_path / "home", monkeypatch) as running:
        record = str(wheels.parent)
        assert main(["release", "publish", record, "--to", running.upload_url, "--state", str(tmp_path / "state")]) == 0
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Iterator[StaticSite]:
    (tmp_path / "site").mkdir()
    with static_site(tmp_path / "site") as running:
        yield running


@pytest.mark.parametrize("in_json", [True, False], ids=["JSON", "HTML"])
def test_projects_come_from_an_index_with_pypis_rules(
    server: PypiLike, wheels: Path, tmp_path: Path, in_json: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    server.change(pages_in_json=in_json)
    report = tmp_path / "report.json"
    assert fetch(server.simple_url, tmp_path / "out", *BOTH, "--report", str(report)) == 0
    assert contents(tmp_path / "out") == contents(wheels)
    assert len(ReleaseFetchReport.from_json(report.read_text()).files) == 5
    before = len(server.requests())
    assert fetch(server.simple_url, tmp_path / "out", *BOTH) == 0
    assert ": 5 already there" in capfd.readouterr().out
    assert [request.path for request in server.requests()[before:] if "/files/" in request.path] == []


def test_only_a_name_of_pypirc_logs_in(
    site: StaticSite, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The credentials in the environment are those of where the release goes, and are shown to nobody else."""
    folder = site.folder / "simple" / "abacus-runtime"
    folder.mkdir(parents=True)
    data = contents(wheels)[WHEEL]
    (folder / WHEEL).write_bytes(data)
    (folder / "index.html").write_text(f'<a href="{WHEEL}#sha256={hashlib.sha256(data).hexdigest()}">x</a>')
    monkeypatch.setenv("TWINE_USERNAME", "__token__")
    monkeypatch.setenv("TWINE_PASSWORD", "pypi-of-the-destination")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert fetch(f"{site.url}/simple/", tmp_path / "out", "abacus-runtime") == 0
    assert site.credentials == []
    (tmp_path / ".pypirc").write_text(f"[stage]\nrepository = {site.url}/legacy/\nusername = u\npassword = s3cret\n")
    assert fetch("@stage", tmp_path / "again", "abacus-runtime") == 0
    assert set(site.credentials) == {"Basic " + base64.b64encode(b"u:s3cret").decode()}
    site.replies = {"simple/*": Reply(status=403, body=b"u:s3cret may not")}
    assert fetch("@stage", tmp_path / "refused", "abacus-runtime") == 1
    assert "s3cret" not in "".join(capfd.readouterr())


def test_a_part_is_selected(server: PypiLike, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert fetch(server.simple_url, tmp_path / "out", *BOTH, "--only", "win_*", "--only", "sdists") == 0
    assert len(contents(tmp_path / "out")) == 3
    assert fetch(server.simple_url, tmp_path / "out", *BOTH, "--only", "macosx_*") == 1
    assert "'macosx_*' matches no file" in capfd.readouterr().err


def test_faults_of_downloads(server: PypiLike, wheels: Path, tmp_path: Path) -> None:
    fault = Fault(FaultKind.STATUS, Place.FILE, times=2, status=500, name="*runtime*win*")
    reset = Fault(FaultKind.RESET, Place.FILE, times=1, name="*compiler*win*")
    page = Fault(FaultKind.STATUS, Place.JSON, times=1, status=500)
    server.change(faults=[fault, reset, page])
    assert fetch(server.simple_url, tmp_path / "out", *BOTH) == 0
    assert contents(tmp_path / "out") == contents(wheels)


def test_a_yanked_version_needs_its_number(server: PypiLike, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server.change(yanked={"abacus-runtime 3.12.0": "wrong sums", "abacus-compiler 3.12.0": ""})
    assert fetch(server.simple_url, tmp_path / "out", "abacus-runtime") == 1
    assert "which has 3.12.0 (yanked)" in capfd.readouterr().err
    assert fetch(server.simple_url, tmp_path / "out", *BOTH) == 0
    text = capfd.readouterr().err
    assert "warning: abacus-runtime 3.12.0 is yanked: wrong sums\n" in text
    assert "warning: abacus-compiler 3.12.0 is yanked\n" in text


def test_what_is_absent_is_all_reported(server: PypiLike, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert fetch(server.simple_url, tmp_path / "out", "absent", "abacus-runtime==4", "abacus-compiler") == 1
    text = capfd.readouterr().err
    assert f"absent: is not on {server.simple_url}" in text
    assert f"abacus-runtime==4: is not on {server.simple_url}, which has 3.12.0" in text
    assert contents(tmp_path / "out") == {}


def test_a_file_that_is_there_with_other_bytes_stays(
    server: PypiLike, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / WHEEL).write_bytes(b"mine")
    assert fetch(server.simple_url, tmp_path / "out", *BOTH) == 3
    assert "is there already with other bytes" in capfd.readouterr().err
    assert (tmp_path / "out" / WHEEL).read_bytes() == b"mine"
    assert len(contents(tmp_path / "out")) == 5


def test_the_newest_version_is_final_if_there_is_one(site: StaticSite, tmp_path: Path) -> None:
    def write(*versions: str) -> None:
        folder = site.folder / "demo"
        folder.mkdir(exist_ok=True)
        links = []
        for version in versions:
            wheel = build_wheel(folder, {"demo/__init__.py": ""}, "py3-none-any", name="demo", version=version)
            links.append(f'<a href="{wheel.name}#sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}">x</a>')
        (folder / "index.html").write_text("".join(links))

    write("1.9", "1.10", "2.0rc1")
    assert fetch(site.url, tmp_path / "final", "demo") == 0
    assert list(contents(tmp_path / "final")) == ["demo-1.10-py3-none-any.whl"]
    assert fetch(site.url, tmp_path / "rc", "demo==2.0c1") == 0
    write("2.0rc1", "2.0rc2")
    assert fetch(site.url, tmp_path / "newest", "Demo") == 0
    assert list(contents(tmp_path / "newest")) == ["demo-2.0rc2-py3-none-any.whl"]


def test_a_page_of_links_may_be_anywhere(site: StaticSite, wheels: Path, tmp_path: Path) -> None:
    """As IREE's: one page of all projects, with files on another host."""
    with static_site(wheels) as storage:
        links = [
            f"<a href={storage.url}/{name}#sha256={hashlib.sha256(data).hexdigest()}>{name}</a><br />"
            for name, data in contents(wheels).items()
            if "compiler" in name
        ]
        (site.folder / "files").mkdir()
        for name, data in contents(wheels).items():
            if "runtime" in name:
                (site.folder / "files" / name).write_bytes(data)
                links.append(f'<a href="files/{name}#sha256={hashlib.sha256(data).hexdigest()}">{name}</a>')
        links.append('<a href="https://example.invalid/other-1.0-py3-none-any.whl">other</a> <a href="../">up</a>')
        (site.folder / "pip-release-links.html").write_text("<html><body>" + "\n".join(links))
        (site.folder / "expanded_assets").write_text("<html><body>" + "\n".join(links))
        site.replies = {"expanded_assets": Reply(headers={"Content-Type": "text/html"})}
        assert fetch(f"{site.url}/pip-release-links.html", tmp_path / "out", *BOTH) == 0
        assert fetch(f"links:{site.url}/expanded_assets", tmp_path / "again", *BOTH) == 0
    assert contents(tmp_path / "out") == contents(wheels)
    assert contents(tmp_path / "again") == contents(wheels)


def test_a_redirect_to_another_host_is_followed(
    site: StaticSite, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As pip does. The credentials of the first host stay there, and relative links are those of the second."""
    monkeypatch.setenv("HOME", str(tmp_path))
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents(wheels).items()}
    links = "".join(f'<a href="../{name}#sha256={sha256}">x</a>' for name, sha256 in sums.items())
    with static_site(wheels) as moved:
        (tmp_path / ".pypirc").write_text(f"[old]\nrepository = {site.url}/legacy/\nusername = u\npassword = s3cret\n")
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login u password other\n")
        moved.replies = {"*/page": Reply(body=links.encode(), headers={"Content-Type": "text/html"})}
        for path in ("simple/abacus-*", "links.html"):
            site.replies[path] = Reply(status=302, headers={"Location": f"{moved.url}/moved/page"})
        for number, source in enumerate((f"{site.url}/simple/", f"{site.url}/links.html", "@old")):
            assert fetch(source, tmp_path / str(number), *BOTH) == 0
            assert contents(tmp_path / str(number)) == contents(wheels)
        assert set(site.credentials) == {"Basic " + base64.b64encode(b"u:s3cret").decode()}
        assert moved.credentials == []
    site.replies["simple/abacus-*"].headers["Location"] = f"{site.url}/simple/abacus-runtime/"
    assert fetch(f"{site.url}/simple/", tmp_path / "loop", "abacus-runtime") == 1
    assert "it redirects in a loop" in capfd.readouterr().err


def test_an_index_without_sha256_needs_sums(
    site: StaticSite, wheels: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    site.folder = wheels
    fragments = ("", "#md5=0123")
    links = [f'<a href="{name}{fragments[number % 2]}">x</a>' for number, name in enumerate(contents(wheels))]
    site.replies = {"page.html": Reply(body="".join(links).encode(), headers={"Content-Type": "text/html"})}
    source = f"{site.url}/page.html"
    assert fetch(source, tmp_path / "out", *BOTH) == 1
    text = capfd.readouterr().err
    assert text.count(f"{source} lists no sha256 of it") == 5
    assert text.count("(only md5)") == 2
    assert "Give the sums of the files with --hashes SHA256SUMS" in text
    assert [path for path in site.requests if path.endswith((".whl", ".gz"))] == []
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(sums_of(contents(wheels)))
    assert fetch(source, tmp_path / "out", *BOTH, "--hashes", str(sums)) == 0
    assert contents(tmp_path / "out") == contents(wheels)
    sums.write_text(sums_of(dict.fromkeys(contents(wheels), b"other")))
    assert fetch(source, tmp_path / "other", *BOTH, "--hashes", str(sums)) == 1
    assert capfd.readouterr().err.count("gives other bytes than it should") == 5
    assert contents(tmp_path / "other") == {}


def test_sums_that_contradict_the_index_are_refused(
    server: PypiLike, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(sums_of({WHEEL: b"other"}))
    assert fetch(server.simple_url, tmp_path / "out", *BOTH, "--hashes", str(sums)) == 1
    assert f"{WHEEL}: --hashes has the sha256 {hashlib.sha256(b'other').hexdigest()}, but" in capfd.readouterr().err
    assert contents(tmp_path / "out") == {}
    sums.write_text(f"no sum\n{'0' * 64}  a.whl\n{'1' * 64} *x/a.whl\n")
    assert fetch(server.simple_url, tmp_path / "out", *BOTH, "--hashes", str(sums)) == 1
    text = capfd.readouterr().err
    assert "line 1: is not a sha256 and a file" in text
    assert "line 3: has another sha256 of a.whl than a line before" in text


def test_a_folder_is_checked_by_its_sums(wheels: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, data in contents(wheels).items():
        (folder / name).write_bytes(data)
    source = f"folder:{folder}"
    assert fetch(source, tmp_path / "out", *BOTH) == 1
    assert "In a folder, the file SHA256SUMS is read" in capfd.readouterr().err
    (folder / "SHA256SUMS").write_text(sums_of(contents(wheels)))
    assert fetch(source, tmp_path / "out", *BOTH) == 0
    assert contents(tmp_path / "out") == contents(wheels)
    (folder / WHEEL).write_bytes(b"changed")
    assert fetch(source, tmp_path / "again", *BOTH) == 3
    assert "gives other bytes than it should" in capfd.readouterr().err


def test_a_folder_that_a_release_was_published_to_is_a_source(wheels: Path, tmp_path: Path) -> None:
    published = f"folder:{tmp_path / 'published'}"
    earlier = write_release(tmp_path / "earlier", "3.11.0")
    for record in (earlier, wheels.parent):
        state = ("--state", str(tmp_path / "state"))
        assert main(["release", "publish", str(record), "--to", published, *state]) == 0
    assert fetch(published, tmp_path / "out", *BOTH) == 0
    assert contents(tmp_path / "out") == contents(wheels)
    assert fetch(published, tmp_path / "old", "abacus-runtime==3.11") == 0


def test_a_folder_of_links_is_a_source(wheels: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    for path in wheels.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "SHA256SUMS").write_text(sums_of(contents(wheels)))
    assert fetch(f"folder:{folder}", tmp_path / "out", *BOTH) == 0
    assert contents(tmp_path / "out") == contents(wheels)


@pytest.mark.parametrize("name", ["../../evil-1.0-py3-none-any.whl", "..\\evil-1.0.tar.gz", ".evil-1.0.zip"])
def test_a_name_that_leads_outside_is_refused(
    site: StaticSite, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    page = {"meta": {"api-version": "1.0"}, "name": "evil", "files": [{"filename": name, "url": "x", "hashes": {}}]}
    json_type = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    quoted = name.replace("/", "%2f")
    replies = (
        Reply(body=json.dumps(page).encode(), headers=json_type),
        Reply(body=f'<a href="{quoted}">x</a>'.encode(), headers={"Content-Type": "text/html"}),
    )
    for reply in replies:
        site.replies = {"evil/": reply}
        assert fetch(site.url, tmp_path / "out", "evil==1.0") == 1
        assert "which is not a file name, and may lead out of a folder" in capfd.readouterr().err
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("page", [b"<a href='x'>\xff</a>", b"<![foo bar]>", b"<a href='http://[x'>a</a>"])
def test_a_malformed_page_of_a_local_index_is_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], page: bytes
) -> None:
    assert main(["index", "add", str(write_release(tmp_path, "1.0")), str(tmp_path / "site")]) == 0
    for file in (tmp_path / "site/current/simple").glob("*/index.html"):
        file.write_bytes(page)
    capfd.readouterr()
    assert fetch(f"index:{tmp_path / 'site'}", tmp_path / "out", "abacus-runtime==1.0") == 1
    text = capfd.readouterr().err
    assert "has a page of it that cannot be read" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "https://[x"])
def test_a_link_of_another_scheme_is_not_followed(
    site: StaticSite, tmp_path: Path, capfd: pytest.CaptureFixture[str], url: str
) -> None:
    file = {"filename": "demo-1.0.tar.gz", "url": url, "hashes": {"sha256": "0" * 64}}
    page = {"meta": {"api-version": "1.0"}, "name": "demo", "files": [file]}
    json_type = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    site.replies = {"demo/": Reply(body=json.dumps(page).encode(), headers=json_type)}
    assert fetch(site.url, tmp_path / "out", "demo==1.0") == 1
    text = capfd.readouterr().err
    assert "invalid URL" in text or "not what PEP 691 says" in text
    assert contents(tmp_path / "out") == {}


def test_pypiserver_is_read_by_its_pages(wheels: Path, tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    for name, data in contents(wheels).items():
        (tmp_path / "packages" / name).write_bytes(data)
    with pypi_server(tmp_path / "packages", hash_algo="sha256") as index:
        assert fetch(f"{index.url}simple/", tmp_path / "out", *BOTH) == 0
    assert contents(tmp_path / "out") == contents(wheels)


def test_the_list_shows_files(server: PypiLike, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    command = ["release", "fetch", "--list", "--from", server.simple_url, "--report", str(report)]
    assert main([*command, "abacus-runtime"]) == 0
    assert len(ReleaseOfferReport.from_json(report.read_text()).files) == 3
    assert main([*command, "abacus-runtime", "--only", "win_*"]) == 0
    assert [file.name for file in ReleaseOfferReport.from_json(report.read_text()).files] == [WHEEL]
    assert main([*command, "abacus-runtime<3"]) == 1
    assert main(command) == 1
    assert "is not a release index, so that it lists projects by name only" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere", "'nowhere' is not a source"),
        ("@", "'@' is not a source"),
        ("index:absent", "absent: is not a release index"),
        ("folder:absent", "absent: is not a folder"),
        ("https://user:secret@example.invalid/", "contains credentials"),
    ],
)
def test_a_wrong_source_is_explained(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], source: str, words: str
) -> None:
    assert fetch(source, tmp_path / "out", "demo==1.0") == 1
    text = capfd.readouterr().err
    assert words in text
    assert "secret" not in text
