"""The versions that downstreams and wheels pin."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from spokeshave.release.retention.keep_file import InvalidKeepFileError, read_keep_file
from spokeshave.release.retention.pins import InvalidPinsError, Pin, pins_of_metadata, pins_of_requirement, read_pins


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Abacus_Runtime==3.12.0rc1", "3.12.0rc1"),
        ("abacus-runtime[tools] == 3.12.0-rc.1 ; python_version < '3'", "3.12.0rc1"),
        ("abacus-runtime===3.12.0", "3.12.0"),
        ("abacus-runtime>=3,==3.12.0", "3.12.0"),
        ("abacus-runtime @ https://x.example/files/ab/abacus_runtime-3.12.0-py3-none-any.whl#sha256=ab", "3.12.0"),
        ("abacus-runtime @ https://x.example/abacus_runtime-3.12.0%2Bcpu.tar.gz", "3.12.0+cpu"),
        ("abacus-runtime @ file:///C:/w/abacus_runtime-3.12.0-py3-none-any.whl ; python_version > '3'", "3.12.0"),
        ("abacus-runtime @ git+https://x.example/abacus@3.12.0", None),
        ("abacus-runtime==3.12.*", None),
        ("abacus-runtime>=3.12.0,<=3.12.0", None),
        ("abacus-runtime~=3.12.0", None),
        ("abacus-runtime!=3.12.0", None),
        ("abacus-runtime===nightly", None),
        ("abacus-runtime @ https://x.example/archive.zip", None),
        ("abacus-runtime", None),
    ],
)
def test_exact_requirements_are_pins(text: str, version: str | None) -> None:
    expected = [] if version is None else [Pin("abacus-runtime", Version(version))]
    assert list(pins_of_requirement(Requirement(text))) == expected


def test_metadata_has_the_pins_of_a_wheel() -> None:
    text = "Name: a\nVersion: 1\nRequires-Dist: b (==2)\nRequires-Dist: ?\nRequires-Dist: c>1\n\nb==3"
    assert list(pins_of_metadata(text.encode())) == [Pin("b", Version("2"))]


def test_requirements_are_read_with_what_they_include(tmp_path: Path) -> None:
    written(tmp_path / "more.txt", "-r first.txt\nd==4\n")
    written(tmp_path / "limits.txt", "e==5\n")
    text = (
        "# a comment\n--index-url https://x.example\nb==2 \\\n    --hash=sha256:ab\n-r more.txt\n"
        "--constraint=limits.txt\nhttps://x.example/c-3-py3-none-any.whl --hash=sha256:ab\n-e ./here\n./there\nf>6\n"
    )
    pins = read_pins(written(tmp_path / "first.txt", text))
    assert [(pin.project, str(pin.version), pin.detail) for pin in pins] == [
        ("b", "2", ", line 3"),
        ("d", "4", ", more.txt, line 2"),
        ("e", "5", ", limits.txt, line 1"),
        ("c", "3", ", line 7"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "./abacus_runtime-3.12.0-py3-none-any.whl[tools]",
        "./abacus_runtime-3.12.0-py3-none-any.whl;python_version>'3'",
        "abacus_runtime-3.12.0-py3-none-any.whl",
        "C:\\wheels\\abacus_runtime-3.12.0-py3-none-any.whl",
        "https://x.example/abacus_runtime-3.12.0-py3-none-any.whl?a=b#sha256=ab",
        "http://[::1]:8000/abacus_runtime-3.12.0-py3-none-any.whl[tools] ; python_version > '3'",
        "http://[x/abacus_runtime-3.12.0-py3-none-any.whl",
        "ABACUS.runtime[a,b] == v3.12 --hash=sha256:ab # why",
        "abacus_runtime==3.12.0 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd",
        "Abacus-Runtime===3.12.0;sys_platform=='win32'",
    ],
)
def test_each_spelling_of_a_line_is_a_pin(tmp_path: Path, line: str) -> None:
    pins = read_pins(written(tmp_path / "r.txt", f"{line}\n"))
    assert pins == (Pin("abacus-runtime", Version("3.12.0"), ", line 1"),)


def test_a_lock_without_a_version_pins_its_files(tmp_path: Path) -> None:
    text = (
        'lock-version = "1.0"\n[[packages]]\nname = "b"\n[packages.sdist]\npath = "sdists/b-2.tar.gz"\n'
        '[[packages]]\nname = "c"\n[[packages.wheels]]\nurl = "https://x.example/c-3-py3-none-any.whl"\n'
    )
    assert read_pins(written(tmp_path / "pylock.toml", text)) == (Pin("b", Version("2")), Pin("c", Version("3")))


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.dev.toml"])
def test_lock_files_are_read(tmp_path: Path, name: str) -> None:
    text = (
        'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "b"\nversion = "2"\n[[packages]]\nname = "c"\n'
        '[packages.archive]\nurl = "https://x.example/c-3.tar.gz"\n[[packages]]\nname = "d"\n'
    )
    assert read_pins(written(tmp_path / name, text)) == (Pin("b", Version("2")), Pin("c", Version("3")))


def test_the_lock_files_of_tools_are_read(tmp_path: Path) -> None:
    text = 'version = 1\n[[package]]\nname = "b"\nversion = "2"\n[[package]]\nname = "c"\nversion = "of Cargo"\n'
    assert read_pins(written(tmp_path / "uv.lock", text)) == (Pin("b", Version("2")),)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.txt", None, r"none\.txt: cannot be read"),
        ("r.txt", "b==2\na b\n", r"r\.txt, line 2: a: is not a requirement"),
        ("r.txt", "-r gone.txt\n", r"gone\.txt: cannot be read"),
        ("r.txt", "-c https://x.example/c.txt\n", "line 1: -c: names https://x.example/c.txt, which is not read"),
        ("r.txt", "-r//[\n", r"line 1: -r//\[: names '//\[', which is not a path"),
        # Newer Pythons look into the brackets.
        ("r.txt", "-r//[]\n", r"line 1: -r//\[\]: names '?//\[\]'?, which is not"),
        ("pylock.toml", "a = b", "is not TOML"),
        ("pyproject.toml", '[project]\nname = "a"\n', "has no list of packages"),
    ],
)
def test_pins_that_cannot_be_read_are_reported(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    if text is not None:
        written(tmp_path / name, text)
    with pytest.raises(InvalidPinsError, match=message):
        read_pins(tmp_path / name)


def test_all_lines_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    with pytest.raises(InvalidPinsError) as raised:
        read_pins(written(tmp_path / "r.txt", "a b\n-r x.txt\nc d\n"))
    assert len(raised.value.problems) == 3


def test_text_of_another_encoding_is_reported(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_bytes(b"b==2 # \xff\xfe\xfd")
    with pytest.raises(InvalidPinsError, match="is not text in UTF-8"):
        read_pins(tmp_path / "r.txt")


def test_the_keep_file_names_versions(tmp_path: Path) -> None:
    path = written(tmp_path / "keep.txt", "# cited\n3.12.0rc1 # by a paper\n\nAbacus == 1.0\n")
    kept = read_keep_file(path)
    assert [(each.name, str(each.version), each.source) for each in kept] == [
        (None, "3.12.0rc1", "keep.txt, line 2"),
        ("abacus", "1.0", "keep.txt, line 4"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Abacus_Tools===1.0",
        "abacus.tools === v1.0.0",
        "abacus-tools[x]==1.0",
        "abacus-tools (==1.0)",
        "abacus-tools==1.0 ; sys_platform == 'win32'",
    ],
)
def test_each_spelling_of_a_version_is_kept(tmp_path: Path, line: str) -> None:
    (kept,) = read_keep_file(written(tmp_path / "keep.txt", line))
    assert (kept.name, kept.version) == ("abacus-tools", Version("1.0"))


@pytest.mark.parametrize(
    "line",
    [
        "abacus==1.*",
        "abacus==1.0,>=0.9",
        "abacus==1.0 --hash=sha256:ab",
        "abacus @ https://x.example/abacus-1.0.tar.gz",
        "abacus 1.0",
        "abacus==",
        "==1.0",
        "ab acus==1.0",
        "abacus==1.0==2.0",
        "abacus===nightly",
        "1.0,2.0",
    ],
)
def test_what_is_not_one_version_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(InvalidKeepFileError, match="is not a version, and not of the form NAME==VERSION"):
        read_keep_file(written(tmp_path / "keep.txt", line))


def test_each_wrong_line_of_the_keep_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InvalidKeepFileError) as raised:
        read_keep_file(written(tmp_path / "keep.txt", "abacus\n1.0\nabacus>=1\n"))
    assert [problem.place.rpartition(", ")[2] for problem in raised.value.problems] == ["line 1", "line 3"]


def test_a_missing_keep_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InvalidKeepFileError, match="cannot be read"):
        read_keep_file(tmp_path / "keep.txt")
