from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.pythons.pip import pip_folder
from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.index.upload_time import upload_time
from spokeshave.release.record import FILES, MANIFEST, SUMS, manifest_sha256
from spokeshave.testing.killing_fixtures import tree_of
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.static_index_fixtures import html_links, json_files, listed_releases
from spokeshave_core.problems import SpokeshaveError

ADDED = "2026-11-30T01:02:03.000000Z"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with records, by version."""
    folder = tmp_path_factory.mktemp("sealed")
    for version in ("3.11.0", "3.12.0", "3.13.0+cuda.12"):
        write_release(folder, version)
    return folder / "abacus"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def add(*arguments: Path | str) -> int:
    return main(["index", "add", *map(str, arguments)])


def errors_of(capsys: pytest.CaptureFixture[str], *arguments: Path | str) -> str:
    capsys.readouterr()
    assert add(*arguments) == 1
    return capsys.readouterr().err


def page(index: Path, project: str = "abacus-runtime") -> str:
    return (index / "simple" / project / "index.html").read_text()


def sets(index: Path) -> list[Any]:
    return list(ReleaseIndex(index).sets())


def test_an_index_is_made_with_the_first_release(index: Path, sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(sealed / "3.12.0", index) == 0
    assert capsys.readouterr().out == f"abacus 3.12.0 (5 files, 4.9 kB) is in {index}\n"
    assert listed_releases(index) == ["3.12.0"]
    record = sealed / "3.12.0"
    (listed,) = sets(index)
    assert (listed.name, listed.version, listed.channel, listed.files) == ("abacus", "3.12.0", "stable", 5)
    assert listed.manifest_sha256 == manifest_sha256(record)
    copied = index / "releases/abacus/3.12.0"
    assert (copied / MANIFEST).read_bytes() == (record / MANIFEST).read_bytes()
    assert (copied / SUMS).read_bytes() == (record / SUMS).read_bytes()
    assert not (copied / FILES).exists()
    assert (copied / "index.html").is_file()


def test_pages_of_a_project_have_what_clients_read(index: Path, sealed: Path) -> None:
    assert add(sealed / "3.13.0+cuda.12", index, "--added", "2026-11-30T02:02:03+01:00") == 0
    wheel = next((sealed / "3.13.0+cuda.12/files").glob("abacus_runtime*win*"))
    sdist = next((sealed / "3.13.0+cuda.12/files").glob("*.tar.gz"))
    sha256, size = sha256_of_file(wheel)
    metadata = next((index / FILES / sha256).glob("*.metadata"))
    metadata_sha256 = sha256_of_file(metadata)[0]
    quoted = wheel.name.replace("+", "%2B")
    assert metadata.name == f"{wheel.name}.metadata"
    assert page(index).startswith(
        '<!DOCTYPE html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8">\n'
        '    <meta name="pypi:repository-version" content="1.4">\n    <title>Links for abacus-runtime</title>\n'
        "  </head>\n  <body>\n    <h1>Links for abacus-runtime</h1>\n    <a "
    )
    assert page(index).splitlines()[10] == (
        f'    <a href="../../files/{sha256}/{quoted}#sha256={sha256}" data-core-metadata="sha256={metadata_sha256}">'
        f"{wheel.name}</a><br>"
    )
    assert page(index).endswith("</a><br>\n  </body>\n</html>\n")
    parsed = json.loads((index / "v1+json/abacus-runtime/index.json").read_text())
    assert {key: value for key, value in parsed.items() if key != "files"} == {
        "meta": {"api-version": "1.4"},
        "name": "abacus-runtime",
        "project-status": {"status": "active"},
        "versions": ["3.13.0+cuda.12"],
    }
    assert parsed["files"][1] == {
        "filename": wheel.name,
        "url": f"../../files/{sha256}/{quoted}",
        "hashes": {"sha256": sha256},
        "size": size,
        "upload-time": ADDED,
        "yanked": False,
        "core-metadata": {"sha256": metadata_sha256},
    }
    assert parsed["files"][2]["filename"] == sdist.name
    assert "core-metadata" not in parsed["files"][2]
    links = html_links(index / "find-links.html")
    assert links[3]["href"] == f"files/{sha256}/{quoted}#sha256={sha256}"
    assert (index / "simple/index.html").read_text().splitlines()[9:11] == [
        '    <a href="abacus-compiler/">abacus-compiler</a><br>',
        '    <a href="abacus-runtime/">abacus-runtime</a><br>',
    ]
    assert json.loads((index / "v1+json/index.json").read_text()) == {
        "meta": {"api-version": "1.4"},
        "projects": [{"name": "abacus-compiler"}, {"name": "abacus-runtime"}],
    }


def test_the_python_requirement_is_escaped(index: Path, tmp_path: Path) -> None:
    record = write_release(tmp_path, requires_python=">=3.9,<4")
    assert add(record, index) == 0
    assert 'data-requires-python="&gt;=3.9,&lt;4"' in page(index)
    assert {file["requires-python"] for file in json_files(index / "v1+json/abacus-runtime/index.json")} == {">=3.9,<4"}


def test_several_releases_come_in_together_or_not_at_all(
    index: Path, sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = Path(shutil.copytree(sealed / "3.12.0", tmp_path / "damaged"))
    wheel = next((damaged / FILES).glob("*win*"))
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    (damaged / MANIFEST).write_bytes(b"{}")
    message = errors_of(capsys, sealed / "3.11.0", damaged, index)
    assert f"{wheel}: was changed after it was sealed" in message
    assert f"{damaged / MANIFEST}: was changed after it was sealed" in message
    assert not index.exists()
    assert add(sealed / "3.11.0", sealed / "3.12.0", index) == 0
    assert listed_releases(index) == ["3.11.0", "3.12.0"]
    assert (index / "current").readlink() == Path("generations/1")


def test_the_same_record_again_changes_nothing(
    index: Path, sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(sealed / "3.12.0", index)
    before = tree_of(index)
    times = {path: path.stat().st_mtime_ns for path in index.rglob("*") if path.name != "lock"}
    capsys.readouterr()
    report = tmp_path / "report.json"
    assert add(sealed / "3.12.0", index, "--added", "2030-01-01", "--report", report) == 0
    printed = capsys.readouterr()
    assert printed.out == f"abacus 3.12.0 (5 files, 4.9 kB) was already in {index}\n"
    assert printed.err.startswith("note: abacus 3.12.0 keeps 20")
    assert "--added is for new releases" in printed.err
    assert [change["is_changed"] for change in json.loads(report.read_text())["changes"]] == [False]
    assert tree_of(index) == before
    assert {path: path.stat().st_mtime_ns for path in index.rglob("*") if path.name != "lock"} == times


def test_what_an_index_lost_comes_back_with_the_record(index: Path, sealed: Path) -> None:
    add(sealed / "3.12.0", index)
    before = tree_of(index)
    names = sorted(name for name in before if name.startswith(FILES) and name.endswith(".whl"))
    first, second, third = (index / name for name in names[:3])
    first.unlink()
    second.write_bytes(b"damaged")
    third.with_name(f"{third.name}.metadata").unlink()
    (index / "releases/abacus/3.12.0" / MANIFEST).write_bytes(b"{}")
    assert add(sealed / "3.12.0", index) == 0
    assert tree_of(index) == before


def test_other_records_of_the_same_version_are_refused(
    index: Path, sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(sealed / "3.12.0", index)
    before = tree_of(index)
    others = [
        write_release(tmp_path / "bytes", texts={"abacus-runtime": "OTHER = 1\n"}),
        write_release(tmp_path / "spelling", "3.12"),
        write_release(tmp_path / "name", name="other"),
        write_release(tmp_path / "case", "4.0", name="Abacus"),
    ]
    message = errors_of(capsys, *others, index)
    for other in others:
        assert (
            f"{other}: is {other.parent.name} {other.name}, but the index has another record, abacus 3.12.0 ("
            in message
        )
    assert "give the new one another version" in message
    assert tree_of(index) == before
    # Two of them contradict each other, without any index.
    assert f"which {others[0]} has too, with another record" in errors_of(capsys, *others[:2], tmp_path / "second")
    assert "is given twice" in errors_of(capsys, others[0], others[0], tmp_path / "second")


@pytest.mark.parametrize("name", ["abacus_runtime-9.9-py3-none-any.whl", "other-3.12.0-py3-none-any.whl"])
def test_a_file_of_another_project_or_version_is_refused(
    index: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    record = write_release(tmp_path, renamed=name)
    message = errors_of(capsys, record, index)
    assert f"{record}: {name}: is not the name of a file of abacus-runtime 3.12.0" in message


def make_folder(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("mine")


def make_foreign_link(path: Path) -> None:
    path.mkdir()
    (path / "current").symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_folder, "is a folder that is not a release index: it has notes.txt"),
        (lambda path: path.write_text("mine"), "is not a folder"),
        (lambda path: path.symlink_to("nowhere"), "is a link to nowhere, which does not exist"),
        (make_foreign_link, "is a link to elsewhere, which is not a generation of a release index"),
    ],
    ids=["folder", "file", "link", "link in it"],
)
def test_what_is_not_an_index_is_left_alone(
    index: Path, sealed: Path, make: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make(index)
    before = tree_of(index.parent)
    assert message in errors_of(capsys, sealed / "3.12.0", index)
    assert tree_of(index.parent) == before


def test_a_checkout_for_pages_becomes_an_index(index: Path, sealed: Path) -> None:
    (index / ".git").mkdir(parents=True)
    (index / ".nojekyll").write_text("")
    assert add(sealed / "3.12.0", index) == 0
    (index / "CNAME").write_text("wheels.example.org")
    assert add(sealed / "3.11.0", index) == 0
    assert (index / "CNAME").is_file()


def test_arguments_in_another_order_are_explained(
    index: Path, sealed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(sealed / "3.11.0", index)
    message = errors_of(capsys, index, sealed / "3.12.0")
    assert message.count("Give the index as the last argument.") == 1
    assert "is a release index and not a record" in message
    assert "is a release record and not an index" in errors_of(capsys, sealed / "3.11.0", sealed / "3.12.0")


def test_a_folder_that_cannot_be_made_is_an_error(
    tmp_path: Path, sealed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert "file: cannot be written: " in errors_of(capsys, sealed / "3.12.0", tmp_path / "file/index")


def test_a_failure_in_the_middle_changes_nothing(index: Path, sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(sealed / "3.11.0", index)
    before = tree_of(index)
    (index / FILES).rename(index / "moved")
    (index / FILES).write_text("no folder")
    assert "cannot be written: " in errors_of(capsys, sealed / "3.12.0", index)
    (index / FILES).unlink()
    (index / "moved").rename(index / FILES)
    assert listed_releases(index) == ["3.11.0"]
    add(sealed / "3.11.0", index)
    assert tree_of(index) == before


def test_the_order_is_that_of_the_upload_times(index: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Build environments have it, and a release does not get old by that.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "315532800")
    before = upload_time(None)
    add(sealed / "3.12.0", index)
    add(sealed / "3.11.0", index, "--added", "2020-02-03")
    first, second = sets(index)
    assert (first.version, first.added) == ("3.11.0", "2020-02-03T00:00:00.000000Z")
    assert before <= second.added <= upload_time(None)
    assert add(sealed / "3.13.0+cuda.12", index, "--added", "1786000000") == 0
    assert sets(index)[1].added == "2026-08-06T07:06:40.000000Z"
    assert listed_releases(index) == ["3.11.0", "3.13.0+cuda.12", "3.12.0"]


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "9" * 30])
def test_what_is_not_a_time_is_refused(
    index: Path, sealed: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"--added: {text!r} is not a time" in errors_of(capsys, sealed / "3.12.0", index, "--added", text)
    assert not index.exists()


def test_pages_of_other_projects_stay_as_they_are(index: Path, sealed: Path, tmp_path: Path) -> None:
    add(sealed / "3.12.0", index)
    pages = [index / "simple/abacus-runtime/index.html", index / "v1+json/abacus-compiler/index.json"]
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in pages]
    other = write_release(tmp_path, "1.0", name="slide-rule", prefix="rule")
    assert add(other, index) == 0
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in pages] == before
    assert (index / "simple/rule-runtime/index.html").is_file()
    assert add(sealed / "3.11.0", index) == 0
    assert all(path.stat().st_ino != inode for path, (inode, _) in zip(pages, before))


def test_two_generations_are_kept(index: Path, sealed: Path) -> None:
    for version in ("3.11.0", "3.12.0", "3.13.0+cuda.12"):
        add(sealed / version, index)
    assert sorted(path.name for path in (index / "generations").iterdir()) == ["2", "3"]


def test_two_commands_at_once_both_add_their_release(index: Path, sealed: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "spokeshave", "index", "add"]
    running = [
        subprocess.Popen([*command, str(sealed / version), str(index)], env=environment)
        for version in ("3.11.0", "3.12.0", "3.13.0+cuda.12")
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert sorted(listed_releases(index)) == ["3.11.0", "3.12.0", "3.13.0+cuda.12"]


def test_readers_see_all_of_a_release_or_none(index: Path, tmp_path: Path) -> None:
    """A reader of 1,000 pages, while releases come in and out."""
    add(write_release(tmp_path, "1.0", has_sdist=False), index)
    records = [write_release(tmp_path, f"1.{number}", has_sdist=False) for number in range(1, 5)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = (
        "import sys\nfrom pathlib import Path\nfrom spokeshave.cli import main\n"
        "from spokeshave.release.index.writer.change import change_index\n"
        "*records, index = sys.argv[1:]\n"
        "while True:\n"
        "    for record in records:\n        main(['index', 'add', record, index])\n"
        "    change_index(Path(index), lambda sets: sets[:1])\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, records), str(index)], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        seen: list[int] = []
        deadline = time.monotonic() + 60
        while (len(seen) < 1000 or len(set(seen)) < 3) and time.monotonic() < deadline:
            seen.append(read_both(index))
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()
    assert len(set(seen)) > 2
    assert len(seen) >= 1000
    assert listed_releases(index)


def read_both(index: Path) -> int:
    """Read two projects' pages of one generation, and one page through the link. Return the number of releases."""
    while True:
        generation = (index / "current").resolve()
        try:
            pages = [
                (generation / "simple" / project / "index.html").read_text()
                for project in ("abacus-runtime", "abacus-compiler")
            ]
        except FileNotFoundError:
            # It was more than one change old.
            continue
        counts = [text.count("<a href") for text in (*pages, page(index))]
        assert all(text.endswith("</html>\n") for text in pages)
        assert all(count % 2 == 0 for count in counts)
        assert counts[0] == counts[1]
        return counts[0]


def test_pip_installs_from_the_folder_itself(index: Path, sealed: Path, tmp_path: Path) -> None:
    add(sealed / "3.11.0", sealed / "3.12.0", index)
    url = (index / "simple").as_uri()
    options = ["--no-cache-dir", "--isolated", "--index-url", url, "--target", str(tmp_path / "installed")]
    options += ["--platform", "win_amd64", "--no-deps", "--only-binary", ":all:"]
    command = [sys.executable, "-I", str(pip_folder()), "install", *options]
    subprocess.run([*command, "abacus-compiler", "abacus-runtime==3.11.0"], check=True)
    assert {path.name for path in (tmp_path / "installed").glob("*.dist-info")} == {
        "abacus_compiler-3.12.0.dist-info",
        "abacus_runtime-3.11.0.dist-info",
    }


def test_a_list_that_cannot_be_read_is_an_error(index: Path, sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(sealed / "3.11.0", index)
    (index / "current/sets.jsonl").write_text("{}\n")
    with pytest.raises(SpokeshaveError):
        sets(index)
    assert "sets.jsonl: cannot be read" in errors_of(capsys, sealed / "3.12.0", index)
