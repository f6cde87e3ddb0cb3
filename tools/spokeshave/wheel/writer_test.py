from __future__ import annotations

from email.parser import Parser
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename

from spokeshave.errors import InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.testing.wheel_fixtures import make_wheel, read_wheel
from spokeshave.wheel.archive import SPOOLED, ArchiveReader, Compression
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.recipe import Recipe
from spokeshave.wheel.record import parse_record
from spokeshave.wheel.writer import (
    CopiedMember,
    WheelEntry,
    append_wheel,
    find_dist_info,
    tree_entries,
    write_tags,
    write_wheel,
)
from spokeshave_core.wheel_name import WheelTag, file_name_part

STORED = Compression.STORED
DEFLATED = Compression.DEFLATED


@pytest.mark.parametrize(
    "text",
    ["a_b-1.0-py3-none-any.whl", "a-1!2.0+l.1-3x-cp39.cp310-abi3-linux_x86_64.whl", "A.b-1-0-py3-none-any.whl"],
)
def test_file_name_parses_back_and_as_packaging_reads_it(text: str) -> None:
    name = parse_wheel_name(text)
    assert str(name) == text
    assert str(parse_wheel_filename(text)[1]) == name.version


@pytest.mark.parametrize(
    "text", ["a.whl", "a-1.0.tar.gz", "a-1.0-py3-none-any.zip", "a-one-py3-none-any.whl", "-1-a-b-c.whl"]
)
def test_an_invalid_wheel_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidWheelError, match="is not"):
        parse_wheel_name(text)


@pytest.mark.parametrize(("name", "part"), [("Abacus.Runtime", "abacus_runtime"), ("a--b_.c", "a_b_c"), ("A", "a")])
def test_file_name_part_is_normalised(name: str, part: str) -> None:
    assert file_name_part(name) == part


def test_entries_are_sorted_with_dist_info_and_record_last(tmp_path: Path) -> None:
    names = ["z.py", "a-1.dist-info/METADATA", "a-1.dist-info/zzz", "a-1.data/scripts/s", "B.py", "a-1.dist-info/WHEEL"]
    entries = [WheelEntry(name, b"x", STORED) for name in names]
    wheel = write_wheel(tmp_path / "a.whl", "a-1.dist-info", entries, STORED)
    assert wheel.files == (
        "B.py",
        "a-1.data/scripts/s",
        "z.py",
        "a-1.dist-info/METADATA",
        "a-1.dist-info/WHEEL",
        "a-1.dist-info/zzz",
        "a-1.dist-info/RECORD",
    )
    assert tuple(read_wheel(wheel.path)) == wheel.files


def test_two_sources_of_one_path_are_refused(tmp_path: Path) -> None:
    entries = [WheelEntry(name, b"x", STORED) for name in ("a", "b", "a", "b")]
    with pytest.raises(InvalidWheelError) as caught:
        write_wheel(tmp_path / "a.whl", "a-1.dist-info", entries, STORED)
    assert [problem.place for problem in caught.value.problems] == ["a", "b"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("names", "what"), [(["a/b"], "no dist-info"), (["a-1.dist-info/x", "b-1.dist-info/x"], "has 2")]
)
def test_wheel_must_have_one_dist_info(names: list[str], what: str) -> None:
    with pytest.raises(InvalidWheelError, match=what):
        find_dist_info(names, "a.whl")


def test_unpacked_wheel_is_written_again_with_the_same_bytes(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, data={"scripts/tool": "#!python\n"})
    tree = tmp_path / "tree"
    for name, text in read_wheel(wheel.path).items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
        (tree / name).chmod(0o755 if "/scripts/" in name else 0o644)
    dist_info = parse_wheel_name(wheel.path.name).dist_info
    again = write_wheel(tmp_path / "again.whl", dist_info, tree_entries(tree, STORED), STORED)
    assert again.sha256 == wheel.sha256


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{}",
        b"no",
        b'{"pins": [1], "version-module": null}',
        b"\xff",
        b'{"pins": [], "version-module": null, "version-files": {"a": "\\ud800@VERSION@"}}',
        b'{"pins": ["\\ud800"], "version-module": null}',
    ],
)
def test_foreign_recipe_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidWheelError, match="is not a recipe"):
        Recipe.parse(data, "w: spokeshave.json")


def test_recipe_parses_back() -> None:
    full = Recipe(
        pins=("a", "b"),
        version_module="p/_version.py",
        version_files=(("p/a.pc", "Version: @VERSION@\r\n"), ("p/b.h", "@COMMIT@ \u00e9")),
        version_slots=("p/_native.so",),
        channel="rc",
        commit="ab" * 20,
        revisions=(("llvm", "1"), ("mlir", "2")),
    )
    for recipe in (Recipe(), Recipe(("a", "b"), "p/_version.py"), full):
        assert Recipe.parse(recipe.render(), "w") == recipe


def test_recipe_without_the_newer_keys_keeps_its_bytes() -> None:
    former = b'{\n  "pins": [\n    "a"\n  ],\n  "version-module": null\n}\n'
    assert Recipe.parse(former, "w").render() == former


@pytest.mark.parametrize("extra", ['"version-tags": []', '"facts": {"date": "1"}'])
def test_recipe_of_a_newer_version_is_refused(extra: str) -> None:
    data = f'{{"pins": [], "version-module": null, {extra}}}'
    with pytest.raises(InvalidWheelError, match="that this Spokeshave does not know"):
        Recipe.parse(data.encode(), "w")


def test_all_unknown_placeholders_of_a_recipe_are_refused() -> None:
    recipe = Recipe(version_files=(("a/x.pc", "@VERSION@\n@BOGUS@"), ("b.h", "@VERSION_TAG@")))
    with pytest.raises(InvalidWheelError) as caught:
        Recipe.parse(recipe.render(), "w: spokeshave.json")
    first, second = map(str, caught.value.problems)
    assert first == (
        "w: spokeshave.json: has a template that this Spokeshave cannot render: a/x.pc, line 2 has the unknown"
        " placeholder @BOGUS@\n    Use the Spokeshave that built the wheel, or a newer one."
    )
    assert "b.h, line 1 has the unknown placeholder @VERSION_TAG@" in second


@pytest.mark.parametrize("compression", list(Compression))
def test_an_appended_wheel_has_the_bytes_of_a_written_one(tmp_path: Path, compression: Compression) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(SPOOLED + 1))
    first = write_wheel(tmp_path / "first.whl", "a-1.dist-info", [WheelEntry("a.py", b"x" * 999, DEFLATED)], DEFLATED)
    with ArchiveReader(first.path) as reader:
        record = parse_record(reader.read("a-1.dist-info/RECORD"), "RECORD")["a.py"]
        entries = [
            WheelEntry("a.py", CopiedMember(reader, reader.members["a.py"], record), DEFLATED, executable=True),
            WheelEntry("b.bin", large, compression),
            WheelEntry("a-1.dist-info/METADATA", b"Name: a\n", compression),
        ]
        written = write_wheel(tmp_path / "written.whl", "a-1.dist-info", entries, compression)
        appended = append_wheel(tmp_path / "appended.whl", "a-1.dist-info", entries, compression)
    assert (appended.sha256, appended.size, appended.files) == (written.sha256, written.size, written.files)
    assert (appended.sha256, appended.size) == sha256_of_file(appended.path)


def test_other_fields_keep_all_of_their_characters(tmp_path: Path) -> None:
    file = tmp_path / "a-1.dist-info/WHEEL"
    file.parent.mkdir()
    file.write_bytes("Generator: a\u2028b\x85c\x0cd\r\nRoot-Is-Purelib: false\rTag: py3-none-any\n".encode())
    write_tags(tmp_path, "a-1.dist-info", WheelTag.parse("cp310-abi3-linux_x86_64"))
    fields = Parser().parsestr(file.read_bytes().decode())
    assert fields.items() == [
        ("Generator", "a\u2028b\x85c\x0cd"),
        ("Root-Is-Purelib", "false"),
        ("Tag", "cp310-abi3-linux_x86_64"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Wheel-Version: 1.0\nTag: py3-none-any\n",
        "Wheel-Version: 1.0\ntag: py3-none-any\nnot a header\nTag: py2-none-any\n",
        "Wheel-Version: 1.0\n\nTag: py3-none-any\n",
        "Wheel-Version: 1.0\n\t\nTag: py3-none-any\n",
        "Tag: py3-none-any\n\tpy2-none-any\nWheel-Version: 1.0\n",
        " Tag: py3-none-any\nWheel-Version: 1.0\n",
    ],
)
def test_readers_see_the_written_tags_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a-1.dist-info/WHEEL"
    file.parent.mkdir()
    file.write_text(text)
    write_tags(tmp_path, "a-1.dist-info", WheelTag.parse("cp310-abi3-linux_x86_64"))
    fields = Parser().parsestr(file.read_text())
    assert fields.items() == [("Wheel-Version", "1.0"), ("Tag", "cp310-abi3-linux_x86_64")]


@pytest.mark.parametrize("data", [None, b"Tag: \xff\n"])
def test_a_wheel_file_without_text_is_refused(tmp_path: Path, data: bytes | None) -> None:
    (tmp_path / "a-1.dist-info").mkdir()
    if data is not None:
        (tmp_path / "a-1.dist-info/WHEEL").write_bytes(data)
    with pytest.raises(InvalidWheelError, match=r"WHEEL: is (missing|not text)"):
        write_tags(tmp_path, "a-1.dist-info", WheelTag.parse("cp310-abi3-linux_x86_64"))
