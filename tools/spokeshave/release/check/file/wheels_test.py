from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.release.check.fields import check_names
from spokeshave.release.check.file.reader import read_file, read_files
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.broken_wheel_fixtures import WheelDraft, change, local_header, record_hash, write_draft
from spokeshave.testing.wheel_fixtures import make_wheel
from spokeshave.wheel.version_facts import VersionFacts

INFO = "abacus_runtime-3.12.0.dist-info"
MODULE = "abacus_runtime/__init__.py"
END = 22


def problems(*paths: Path) -> list[str]:
    """What is wrong with each wheel on its own, and for PyPI with its name."""
    files = read_files(paths)
    return [str(problem) for problem in (*check_names(files), *(found for file in files for found in file.problems))]


def test_a_plain_wheel_has_no_problems(tmp_path: Path) -> None:
    assert problems(write_draft(tmp_path)) == []


def test_an_assembled_wheel_only_lacks_its_version(tmp_path: Path) -> None:
    found = problems(make_wheel(tmp_path).path)
    assert len(found) == 1
    assert "has no version yet" in found[0]


def test_a_stamped_wheel_has_no_problems(tmp_path: Path) -> None:
    stamped = stamp(make_wheel(tmp_path).path, VersionFacts("3.12.0"), tmp_path / "stamped").wheel.path
    assert problems(stamped) == []


def test_a_version_module_that_was_changed_is_refused(tmp_path: Path) -> None:
    stamped = stamp(make_wheel(tmp_path).path, VersionFacts("3.12.0"), tmp_path / "stamped").wheel.path
    with zipfile.ZipFile(stamped) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["abacus_runtime/_version.py"] = files["abacus_runtime/_version.py"].replace(b"3.12.0", b"3.11.0")
    with zipfile.ZipFile(stamped, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    found = problems(stamped)
    assert any("_version.py: is not what the stamp writes for 3.12.0" in problem for problem in found), found


def script(text: str) -> WheelDraft:
    return WheelDraft(files={f"{INFO}/entry_points.txt": text.encode()})


def module(name: str, text: str, version: str = "3.12.0") -> WheelDraft:
    return WheelDraft(version=version, files={f"abacus_runtime/{name}": text.encode()})


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (WheelDraft(name="abacus_runtime.whl"), "is not the file name of a wheel (invalid wheel filename"),
        (WheelDraft(name="abacus_runtime-x-py3-none-any.whl"), "invalid version"),
        (
            WheelDraft(name="abacus_runtime-3.12.0-py3-none-any (1).whl"),
            "py3-none-any (1).whl: is not the file name of a wheel: tag py3-none-any (1)",
        ),
        (WheelDraft(project="Abacus.Runtime"), "project name 'Abacus.Runtime', which is not in its normal form"),
        (WheelDraft(name="other-3.12.0-py3-none-any.whl"), f"has {INFO} in place of other-3.12.0.dist-info"),
        (WheelDraft(version="0+unstamped"), "has no version yet"),
        (WheelDraft(tag="py3-none-linux_x86_64"), "platform tag linux_x86_64, which PyPI does not accept"),
        (WheelDraft(tag="py3-none-macosx_11_2_arm64"), "From macOS 11 on, the second number is 0"),
        (WheelDraft(tag="py3-none-musllinux_1_2_ppc64"), "platform tag musllinux_1_2_ppc64"),
        (WheelDraft(tag="py3-none-any", tags=["py2-none-any"]), "lists py2-none, but the file name says py3-none"),
        (WheelDraft(tags=[]), "lists no tag, but the file name says py3-none"),
        (WheelDraft(stated_version="3.11.0"), "has version 3.11.0, but the file name says 3.12.0"),
        (WheelDraft(folder="abacus_runtime-3.12.dist-info"), "has abacus_runtime-3.12.dist-info in place of"),
        (WheelDraft(files={"old-1.0.dist-info/METADATA": b""}), "has 2 dist-info folders"),
        (
            WheelDraft(files={"abacus_runtime-3.11.0.data/scripts/run": b""}),
            "is the data folder of abacus_runtime 3.11.0",
        ),
        (WheelDraft(stated_name="abacus-compiler"), "is of abacus-compiler, but the file name says abacus_runtime"),
        (
            WheelDraft(wheel=b"Wheel-Version: 2.0\nTag: py3-none-any\n"),
            "has Wheel-Version '2.0', which installers reject",
        ),
        (WheelDraft(wheel=b"Wheel-Version: 1.0\n\xff"), f"{INFO}/WHEEL: is not UTF-8"),
        (WheelDraft(omit=["METADATA"]), f"{INFO}/METADATA: is missing"),
        (WheelDraft(omit=["WHEEL"]), f"{INFO}/WHEEL: is missing"),
        (WheelDraft(omit=["RECORD"]), f"{INFO}/RECORD: is missing"),
        (WheelDraft(metadata_version="2.6"), "has metadata version 2.6, which PyPI does not accept"),
        (WheelDraft(metadata_version="9.9"), "'9.9' is not a valid metadata version"),
        (WheelDraft(headers=["Requires-Dist: a b"]), "is invalid: the field requires-dist"),
        (WheelDraft(headers=["License-File: LICENSE"]), f"but the wheel has no {INFO}/licenses/LICENSE"),
        (WheelDraft(compression={MODULE: zipfile.ZIP_BZIP2}), "is compressed by method 12"),
        (WheelDraft(compression={MODULE: zipfile.ZIP_LZMA}), "is compressed by method 14"),
        (WheelDraft(record=lambda lines: lines[1:]), f"{MODULE}: is not listed in RECORD"),
        (WheelDraft(record=lambda lines: [*lines, "gone.py,sha256=x,1"]), "lists gone.py, which is not in the wheel"),
        (WheelDraft(record=lambda lines: [f"{MODULE},{record_hash(b'')},240", *lines[1:]]), "has another hash than"),
        (WheelDraft(record=lambda lines: [lines[0].replace(",240", ",1"), *lines[1:]]), "is 240 bytes long, but"),
        (WheelDraft(record=lambda lines: [f"{MODULE},md5=x,240", *lines[1:]]), "hash of the kind md5"),
        (WheelDraft(record=lambda lines: [*lines, "a,b"]), "is not of the form path,hash,size"),
        (WheelDraft(record=lambda lines: [*lines, lines[0]]), "twice"),
        (WheelDraft(files={"/etc/x": b"x"}), "/etc/x: is a path that leads outside the wheel"),
        (WheelDraft(files={"../x": b"x"}), "../x: is a path that leads outside the wheel"),
        (WheelDraft(files={"a/../../x": b"x"}), "is a path that leads outside the wheel"),
        (WheelDraft(files={"": b"x"}), "is a path that leads outside the wheel"),
        (WheelDraft(files={"a\\x": b"x"}), "is a path that leads outside the wheel or is not portable"),
        (WheelDraft(files={"a/\x01": b"x"}), "has unprintable characters"),
        (script("[console_scripts]\n../evil = a:b\n"), "'../evil' in console_scripts, which is not a valid script"),
        (script("[console_scripts]\nrun = a\n"), "'a' for run in console_scripts, which does not name an object"),
        (script("run = a:b\n"), "entry_points.txt: cannot be read"),
        (module("_version.py", '__version__ = "3.12.0rc20260821"\n'), "says __version__ = '3.12.0rc20260821', but"),
        (module("version.py", 'VERSION: str = "3.12.0.dev1"\n'), "says VERSION = '3.12.0.dev1', but the wheel is"),
        (module("_version.py", '__version__ = version = "3.12.0rc1"\n', "3.12.0rc2"), "says version = '3.12.0rc1'"),
    ],
)
def test_a_refused_wheel_is_reported_with_its_reason(tmp_path: Path, draft: WheelDraft, expected: str) -> None:
    found = problems(write_draft(tmp_path, draft))
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    "draft",
    [
        WheelDraft(tag="cp312-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        WheelDraft(tag="cp312-cp312-win_arm64"),
        WheelDraft(files={"abacus_runtime-3.12.0.data/scripts/run": b"#!python"}),
        WheelDraft(tag="py3-none-manylinux1_x86_64", tags=["py3-none-linux_x86_64"]),
        WheelDraft(tag="py2.py3-none-any", tags=["py2.py3-none-any"]),
        WheelDraft(tag="cp312-cp312-macosx_10_13_universal2"),
        WheelDraft(tag="cp313-cp313-ios_13_0_arm64_iphonesimulator"),
        WheelDraft(tag="cp313-cp313-android_21_arm64_v8a"),
        WheelDraft(metadata_version="2.1", headers=["License-File: LICENSE"]),
        WheelDraft(compression={MODULE: zipfile.ZIP_DEFLATED}),
        WheelDraft(record=lambda lines: [line.replace("abacus_runtime/", "abacus_runtime\\") for line in lines]),
        WheelDraft(files={f"{INFO}/RECORD.jws": b"{}"}, record=lambda lines: lines[1:]),
        WheelDraft(files={"vendored/old-1.0.dist-info/METADATA": b""}),
        script("[console_scripts]\nrun = a.b:c.d\n[any]\nx = y\n"),
        module("_version.py", 'version = "2.0rc1"\nshort_version = "3.12.0"\n', "3.12.0rc1"),
        module("_version.py", '__version__ = "3.12"\n'),
    ],
)
def test_an_accepted_wheel_has_no_problems(tmp_path: Path, draft: WheelDraft) -> None:
    assert problems(write_draft(tmp_path, draft)) == []


def central(data: bytearray) -> int:
    """The position of the central directory."""
    return int(struct.unpack_from("<I", data, len(data) - 6)[0])


def with_start(data: bytearray, start: int, more: int = 0) -> bytearray:
    """Correct the end record for a central directory at another position, with more entries."""
    count = struct.unpack_from("<H", data, len(data) - END + 8)[0] + more
    struct.pack_into("<2H", data, len(data) - END + 8, count, count)
    struct.pack_into("<I", data, len(data) - 6, start)
    return data


def prepend(data: bytearray) -> bytearray:
    return bytearray(b"#!/bin/sh\n") + data


def append(data: bytearray) -> bytearray:
    return data + b"trailing"


def comment(data: bytearray) -> bytearray:
    struct.pack_into("<H", data, len(data) - 2, 5)
    return data + b"hello"


def member_comment(data: bytearray) -> bytearray:
    start = central(data)
    struct.pack_into("<H", data, start + 32, 3)
    name_size = struct.unpack_from("<H", data, start + 28)[0]
    data[start + 46 + name_size : start + 46 + name_size] = b"abc"
    struct.pack_into("<I", data, len(data) - 10, struct.unpack_from("<I", data, len(data) - 10)[0] + 3)
    return data


def hidden_member(data: bytearray) -> bytearray:
    start = central(data)
    hidden = local_header(b"hidden.py", b"import os")
    data[start:start] = hidden
    return with_start(data, start + len(hidden))


def gap(data: bytearray) -> bytearray:
    start = central(data)
    data[start:start] = b"smuggled"
    return with_start(data, start + 8)


def second_local_header(data: bytearray) -> bytearray:
    start = central(data)
    twin = local_header(MODULE.encode(), b"evil")
    data[start:start] = twin
    return with_start(data, start + len(twin))


def local_size(data: bytearray) -> bytearray:
    struct.pack_into("<I", data, 22, 7)
    return data


def local_crc(data: bytearray) -> bytearray:
    struct.pack_into("<I", data, 14, 7)
    return data


def local_name(data: bytearray) -> bytearray:
    data[30:36] = b"ABACUS"
    return data


def descriptor(data: bytearray) -> bytearray:
    struct.pack_into("<H", data, 6, 8)
    return data


def encrypted(data: bytearray) -> bytearray:
    struct.pack_into("<H", data, 6, 1)
    struct.pack_into("<H", data, central(data) + 8, 1)
    return data


def zip64_with_wrong_locator(data: bytearray) -> bytearray:
    start = central(data)
    count = struct.unpack_from("<H", data, len(data) - END + 8)[0]
    size = len(data) - END - start
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    data[len(data) - END : len(data) - END] = record + struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1)
    return data


def two_disks(data: bytearray) -> bytearray:
    struct.pack_into("<H", data, len(data) - END + 8, 1)
    return data


def odd_zip64(data: bytearray) -> bytearray:
    extra = struct.pack("<2H", 1, 5) + b"\0" * 5
    struct.pack_into("<H", data, 28, len(extra))
    data[30 + len(MODULE) : 30 + len(MODULE)] = extra
    return data


def symbolic_link(data: bytearray) -> bytearray:
    struct.pack_into("<I", data, central(data) + 38, 0o120777 << 16)
    data[central(data) + 5] = 3
    return data


@pytest.mark.parametrize(
    ("surgery", "expected"),
    [
        (prepend, "it has data at its beginning that belong to no member"),
        (append, "it has trailing data after its end record"),
        (member_comment, f"{MODULE} has a comment"),
        (hidden_member, "hidden.py is not in the central directory"),
        (gap, "that belong to no member"),
        (second_local_header, f"{MODULE} is in it twice"),
        (local_size, f"the local header of {MODULE} has another size than the central directory"),
        (local_crc, f"the local header of {MODULE} has another CRC or compression than the central directory"),
        (local_name, "ABACUS_runtime/__init__.py is not in the central directory"),
        (descriptor, "has its size after its data (a data descriptor)"),
        (encrypted, "is encrypted"),
        (zip64_with_wrong_locator, "its zip64 locator does not lead to a zip64 end record before it"),
        (two_disks, "it is a part of an archive on several disks"),
        (odd_zip64, "has a zip64 field of 5 bytes"),
        (symbolic_link, "is a symbolic link"),
        (lambda data: data[:200], "cannot be read as a zip archive"),
        (lambda data: data[:0], "cannot be read as a zip archive"),
    ],
)
def test_a_malformed_archive_is_refused(
    tmp_path: Path, surgery: Callable[[bytearray], bytearray], expected: str
) -> None:
    found = problems(change(write_draft(tmp_path), surgery))
    assert any(expected in problem for problem in found), found


def test_a_comment_of_the_archive_is_accepted(tmp_path: Path) -> None:
    assert problems(change(write_draft(tmp_path), comment)) == []


def test_a_member_with_other_bytes_is_damaged(tmp_path: Path) -> None:
    def flip(data: bytearray) -> bytearray:
        data[30 + len(MODULE)] ^= 1
        return data

    found = problems(change(write_draft(tmp_path), flip))
    assert len(found) == 1
    assert "is damaged (Bad CRC-32" in found[0]


def test_a_member_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    path = write_draft(tmp_path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(MODULE, "x = 2\n")
    found = problems(path)
    assert any("is in the archive twice" in problem for problem in found)
    assert any("is in the central directory twice" in problem for problem in found)


def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    zeros = bytes(65 << 20)
    files = {"abacus_runtime/zeros.bin": zeros}
    packed = WheelDraft(files=files, compression={"abacus_runtime/zeros.bin": zipfile.ZIP_DEFLATED})
    found = problems(write_draft(tmp_path / "packed", packed))
    assert len(found) == 1
    assert "unpacks to 65 MiB, which is more than 50 times its size" in found[0]
    assert problems(write_draft(tmp_path / "stored", WheelDraft(files=files))) == []


def test_faults_of_all_kinds_are_reported_together(tmp_path: Path) -> None:
    draft = WheelDraft(
        project="Abacus.Runtime",
        tag="py3-none-linux_x86_64",
        tags=["py2-none-any"],
        stated_version="3.11.0",
        headers=["Requires-Dist: a b", "License-File: LICENSE"],
        files={
            "a.py": b"x",
            "/b.py": b"x",
            "abacus/_version.py": b'version = "3.12.0rc1"',
            "old-1.0.dist-info/METADATA": b"",
        },
        record=lambda lines: lines[1:],
    )
    found = problems(change(write_draft(tmp_path, draft), append))
    expected = (
        "normal form",
        "platform tag linux_x86_64",
        "has 2 dist-info folders",
        "trailing data",
        "leads outside the wheel",
        "requires-dist",
        "has version 3.11.0",
        "license file LICENSE",
        "lists py2-none,",
        "says version = '3.12.0rc1'",
        "is not listed in RECORD",
    )
    assert len(found) == len(expected), found
    assert [text for text in expected if not any(text in problem for problem in found)] == []


def test_a_missing_file_is_a_problem_of_its_own(tmp_path: Path) -> None:
    found = problems(tmp_path / "none-1.0-py3-none-any.whl", write_draft(tmp_path, WheelDraft(tag="py3-none-x")))
    assert ["cannot be read" in found[1], "platform tag x" in found[0], len(found)] == [True, True, 2]


def test_a_checked_wheel_has_its_identity(tmp_path: Path) -> None:
    file = read_file(write_draft(tmp_path))
    assert (file.project, str(file.version), file.tag) == ("abacus-runtime", "3.12.0", "py3-none-any")
    assert file.size == (tmp_path / file.name).stat().st_size


def test_a_zip_of_a_zip_is_seen_as_one_archive(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("inner.py", "x")
    draft = WheelDraft(files={"abacus_runtime/data.zip": inner.getvalue()})
    assert problems(write_draft(tmp_path, draft)) == []
