"""Tests that `verify` accepts the wheels that pip installs and Python imports: many changed wheels, judged by both."""

from __future__ import annotations

import re
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spokeshave.pythons.pip import pip_folder
from spokeshave.testing.draft_fixtures import Draft, draft
from spokeshave.testing.native_fixtures import MANYLINUX
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi

Change = Callable[[Draft], object]


def set_flag(data: bytes, flag: int) -> bytes:
    """Set a flag in every header of an archive."""
    changed = bytearray(data)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.find(magic)
        while place >= 0:
            (flags,) = struct.unpack_from("<H", changed, place + offset)
            struct.pack_into("<H", changed, place + offset, flags | flag)
            place = changed.find(magic, place + 4)
    return bytes(changed)


def changed(ending: str, before: str, new: str) -> Change:
    """Return a change of the text of a file."""
    return lambda wheel: wheel.change(ending, before, new)


def written(ending: str, text: str | bytes) -> Change:
    data = text.encode() if isinstance(text, str) else text

    def change(wheel: Draft) -> None:
        if ending.startswith("+"):
            wheel.add(f"{wheel.dist_info}/{ending[1:]}", data)
        else:
            wheel.member(ending).data = data

    return change


def added(name: str, data: bytes = b"", **options: int) -> Change:
    return lambda wheel: wheel.add(
        name.format(name=wheel.distribution, info=wheel.dist_info, data=wheel.dist_info.replace(".dist-info", ".data")),
        data,
        **options,
    )


def each(*changes: Change) -> Change:
    def apply(wheel: Draft) -> None:
        for change in changes:
            change(wheel)

    return apply


def content(ending: str, change: Callable[[bytes], bytes]) -> Change:
    def apply(wheel: Draft) -> None:
        wheel.member(ending).data = change(wheel.member(ending).data)

    return apply


def every(**options: int) -> Change:
    """Return a change of each member."""

    def apply(wheel: Draft) -> None:
        wheel.members = [replace(member, **options) for member in wheel.members]  # type: ignore[arg-type]

    return apply


def first(extra: bytes) -> Change:
    def apply(wheel: Draft) -> None:
        wheel.members[0].extra = extra

    return apply


def around(**options: object) -> Change:
    """Return a change of the archive around its members."""

    def apply(wheel: Draft) -> None:
        for name, value in options.items():
            setattr(wheel, name, value)

    return apply


def by_hand(change: Callable[[bytes], bytes]) -> Change:
    """Return a change of an otherwise valid RECORD."""

    def apply(wheel: Draft) -> None:
        wheel.member("/RECORD").data = change(wheel.right_record())
        wheel.record = False

    return apply


def line(before: bytes, new: bytes) -> Change:
    return by_hand(lambda data: re.sub(before, new, data))


def renamed(before: str, new: str) -> Change:
    def apply(wheel: Draft) -> None:
        wheel.file_name = wheel.file_name.replace(before, new)

    return apply


def scripts(text: str) -> Change:
    """Return an entry_points.txt, in which `{name}` is the wheel's own package."""

    def apply(wheel: Draft) -> None:
        wheel.add(f"{wheel.dist_info}/entry_points.txt", text.replace("{name}", wheel.distribution).encode())

    return apply


# What is changed in a good wheel, and the rule by which `verify` rejects it: None where installers take it.
# The changes of a valid wheel, and the rule by which `verify` refuses each: None if installers accept it.
CHANGES: dict[str, tuple[Change, Rule | None]] = {
    "plain": (lambda _wheel: None, None),
    # RECORD
    "record_missing": (lambda wheel: wheel.drop("/RECORD"), Rule.RECORD),
    "record_empty": (by_hand(lambda _data: b""), Rule.RECORD),
    "record_not_utf8": (by_hand(lambda data: data + b"\xff,,\n"), Rule.RECORD),
    "record_bom": (by_hand(lambda data: b"\xef\xbb\xbf" + data), Rule.RECORD),
    "record_crlf": (by_hand(lambda data: data.replace(b"\n", b"\r\n")), None),
    "record_cr": (by_hand(lambda data: data.replace(b"\n", b"\r")), None),
    "record_blank_lines": (by_hand(lambda data: data.replace(b"\n", b"\n\n")), Rule.RECORD),
    "record_no_self": (line(rb"\n[^\n]*/RECORD,,", b""), None),
    "record_line_missing": (line(rb"[^\n]*data.txt[^\n]*\n", b""), Rule.RECORD),
    "record_line_extra": (by_hand(lambda data: data + b"absent.py,,\n"), Rule.RECORD),
    "record_line_twice": (by_hand(lambda data: data + data.split(b"\n")[0] + b"\n"), Rule.RECORD),
    "record_wrong_hash": (line(rb"(data.txt,sha256=)\w{4}", rb"\1AAAA"), Rule.RECORD),
    "record_wrong_size": (line(rb"(data.txt,[^,]*,)1", rb"\g<1>7"), Rule.RECORD),
    "record_no_size": (line(rb"(data.txt,[^,]*,)1", rb"\1"), None),
    "record_no_hash": (line(rb"data.txt,[^,]*,1", rb"data.txt,,"), Rule.RECORD),
    "record_two_columns": (line(rb"(data.txt,[^,]*),1", rb"\1"), Rule.RECORD),
    "record_four_columns": (line(rb"(data.txt,[^,]*,1)", rb"\1,x"), Rule.RECORD),
    "record_quoted": (line(rb"([^\n]*/data.txt),", rb'"\1",'), None),
    "record_bad_quote": (by_hand(lambda data: data + b'"open,,\n'), Rule.RECORD),
    "record_padded_hash": (line(rb"(data.txt,sha256=[^,]*),", rb"\1=,"), None),
    "record_md5": (line(rb"data.txt,[^,]*,", rb"data.txt,md5=nQTgDQ8OUd0rLW6gpGgWBQ,"), Rule.RECORD),
    "record_backslash": (line(rb"/data.txt", rb"\\\\data.txt"), Rule.RECORD),
    "record_dot": (line(rb"([^\n]*/data.txt)", rb"./\1"), Rule.RECORD),
    "record_absolute": (by_hand(lambda data: data + b"/etc/passwd,,\n"), Rule.RECORD),
    "record_signature": (added("{info}/RECORD.jws", b"{}"), None),
    # WHEEL
    "wheel_missing": (lambda wheel: wheel.drop("/WHEEL"), Rule.TAG),
    "wheel_empty": (written("/WHEEL", ""), Rule.TAG),
    "wheel_not_utf8": (
        content("/WHEEL", lambda data: data + b"X: \xff\n"),
        Rule.TAG,
    ),
    "wheel_bom": (
        content("/WHEEL", lambda data: b"\xef\xbb\xbf" + data),
        Rule.TAG,
    ),
    "wheel_no_tag": (changed("/WHEEL", "Tag: .*\n", ""), Rule.TAG),
    "wheel_other_tag": (changed("/WHEEL", "Tag: .*", "Tag: py3-none-any"), Rule.TAG),
    "wheel_no_purelib": (changed("/WHEEL", "Root-Is-Purelib: .*\n", ""), Rule.TAG),
    "wheel_purelib": (changed("/WHEEL", "Root-Is-Purelib: .*", "Root-Is-Purelib: true"), Rule.TAG),
    "wheel_purelib_case": (changed("/WHEEL", "Root-Is-Purelib: .*", "root-is-purelib: False"), None),
    "wheel_no_version": (changed("/WHEEL", "Wheel-Version: .*\n", ""), Rule.TAG),
    "wheel_version_2": (changed("/WHEEL", "Wheel-Version: .*", "Wheel-Version: 2.0"), Rule.TAG),
    "wheel_version_19": (changed("/WHEEL", "Wheel-Version: .*", "Wheel-Version: 1.9"), None),
    "wheel_version_bad": (changed("/WHEEL", "Wheel-Version: .*", "Wheel-Version: 1.x"), Rule.TAG),
    "wheel_version_1": (changed("/WHEEL", "Wheel-Version: .*", "Wheel-Version: 1"), None),
    "wheel_version_twice": (changed("/WHEEL", "(Wheel-Version: .*\n)", r"\g<1>Wheel-Version: 2.0\n"), None),
    "wheel_leading_blank": (changed("/WHEEL", "^", "\n"), Rule.TAG),
    "wheel_no_generator": (changed("/WHEEL", "Generator: .*\n", ""), None),
    # METADATA
    "metadata_missing": (lambda wheel: wheel.drop("/METADATA"), Rule.METADATA),
    "metadata_empty": (written("/METADATA", ""), Rule.METADATA),
    "metadata_not_utf8": (
        content("/METADATA", lambda data: data + b"Summary: \xff\n"),
        Rule.METADATA,
    ),
    "metadata_bom": (
        content("/METADATA", lambda data: b"\xef\xbb\xbf" + data),
        Rule.METADATA,
    ),
    "metadata_other_name": (changed("/METADATA", "Name: .*", "Name: other"), Rule.METADATA),
    "metadata_other_version": (changed("/METADATA", "\nVersion: .*", "\nVersion: 2.0"), Rule.METADATA),
    "metadata_equal_version": (changed("/METADATA", "\nVersion: .*", "\nVersion: 1.0.0"), None),
    "metadata_bad_version": (changed("/METADATA", "\nVersion: .*", "\nVersion: one"), Rule.METADATA),
    "metadata_no_name": (changed("/METADATA", "Name: .*\n", ""), Rule.METADATA),
    "metadata_two_names": (changed("/METADATA", "(Name: .*\n)", r"\1Name: other\n"), Rule.METADATA),
    "metadata_requires": (changed("/METADATA", "$", "Requires-Dist: not a requirement !\n"), Rule.METADATA),
    "metadata_requires_python": (changed("/METADATA", "Requires-Python: .*", "Requires-Python: <3"), Rule.METADATA),
    "metadata_bad_requires_python": (
        changed("/METADATA", "Requires-Python: .*", "Requires-Python: three"),
        Rule.METADATA,
    ),
    "metadata_no_metadata_version": (changed("/METADATA", "Metadata-Version: .*\n", ""), Rule.METADATA),
    "metadata_version_9": (changed("/METADATA", "Metadata-Version: .*", "Metadata-Version: 9.0"), Rule.METADATA),
    "metadata_crlf": (
        content("/METADATA", lambda data: data.replace(b"\n", b"\r\n")),
        None,
    ),
    # entry points
    "scripts_good": (written("+entry_points.txt", "[console_scripts]\nrun-{0} = json:dumps\n"), Rule.ENTRY_POINT),
    "scripts_own": (scripts("[console_scripts]\nx-{name} = {name}:NAME\n"), None),
    "scripts_no_section": (written("+entry_points.txt", "run = json:dumps\n"), Rule.ENTRY_POINT),
    "scripts_no_function": (scripts("[console_scripts]\nx = {name}\n"), Rule.ENTRY_POINT),
    "scripts_not_utf8": (written("+entry_points.txt", b"[console_scripts]\n\xff = json:dumps\n"), Rule.ENTRY_POINT),
    "scripts_slash": (scripts("[console_scripts]\na/b = {name}:NAME\n"), Rule.ENTRY_POINT),
    "scripts_parent": (scripts("[console_scripts]\n../../x = {name}:NAME\n"), Rule.ENTRY_POINT),
    "scripts_space": (scripts("[console_scripts]\na b = {name}:NAME\n"), None),
    "scripts_empty_name": (scripts("[console_scripts]\n = {name}:NAME\n"), Rule.ENTRY_POINT),
    "scripts_colon": (scripts("[console_scripts]\nx : {name}:NAME\n"), Rule.ENTRY_POINT),
    "scripts_twice": (scripts("[console_scripts]\nx-{name} = {name}:NAME\nx-{name} = {name}:NAME\n"), Rule.ENTRY_POINT),
    "scripts_extras": (scripts("[console_scripts]\nx-{name} = {name}:NAME [a,b]\n"), None),
    "scripts_percent": (scripts("[console_scripts]\nx-{name} = {name}:NAME\n[x]\na = %(b)s\n"), Rule.ENTRY_POINT),
    "plugins_malformed": (scripts("[plugins]\na = not an entry point !\n"), Rule.ENTRY_POINT),
    "plugins_bad_group": (scripts("[plugins/x]\na = {name}:NAME\n"), Rule.ENTRY_POINT),
    "plugins_no_value": (scripts("[plugins]\na\n"), Rule.ENTRY_POINT),
    # names
    "name_parent": (added("../evil.py"), Rule.ARCHIVE),
    "name_inner_parent": (added("{name}/../../evil.py"), Rule.ARCHIVE),
    "name_absolute": (added("/evil.py"), Rule.ARCHIVE),
    "name_drive": (added("C:/evil.py"), Rule.OUTSIDE_PACKAGE),
    "name_backslash": (added("{name}\\evil.py"), Rule.ARCHIVE),
    "name_dot": (added("./{name}/x.py"), Rule.ARCHIVE),
    "name_double_slash": (added("{name}//x.py"), Rule.ARCHIVE),
    "name_newline": (added("{name}/a\nb.txt"), Rule.FILE_NAME),
    "name_line_separator": (added("{name}/a\u2028b.txt"), Rule.FILE_NAME),
    "name_tab": (added("{name}/a\tb.txt"), None),
    "name_quote": (added('{name}/a"b,c.txt'), None),
    "name_colon": (added("{name}/a:b.txt"), None),
    "name_unicode": (added("{name}/\u00e9\u4e2d.txt"), None),
    "name_long": (added("{name}/" + "x" * 300), Rule.ARCHIVE),
    "name_deep": (added("{name}/" + "/".join(["y" * 200] * 25) + "/a.txt"), Rule.ARCHIVE),
    "name_case": (
        each(added("{name}/A.txt"), added("{name}/a.txt")),
        Rule.NAME_CLASH,
    ),
    "name_twice": (
        each(added("{name}/a.txt"), added("{name}/a.txt")),
        Rule.ARCHIVE,
    ),
    "name_file_and_folder": (
        each(
            added("{name}/a"),
            added("{name}/a/b.txt"),
        ),
        Rule.ARCHIVE,
    ),
    "name_folder_and_file": (
        each(
            added("{name}/a/b.txt"),
            added("{name}/a"),
        ),
        Rule.ARCHIVE,
    ),
    "folder_member": (added("{name}/sub/"), None),
    "folder_member_parent": (added("../sub/"), Rule.ARCHIVE),
    "folder_member_and_file": (
        each(
            added("{name}/a/"),
            added("{name}/a"),
        ),
        None,
    ),
    "folder_with_data": (added("{name}/sub/", b"data"), None),
    # .data and .dist-info
    "data_platlib": (added("{data}/platlib/{name}/x.py"), None),
    "data_purelib": (added("{data}/purelib/{name}/x.py"), None),
    "data_data": (added("{data}/data/share/{name}/x.txt"), None),
    "data_scripts": (added("{data}/scripts/{name}-run", b"#!python\nprint(1)\n"), None),
    "data_scripts_folder": (added("{data}/scripts/{name}/deep/run", b"#!python\nprint(1)\n"), None),
    "data_headers": (added("{data}/headers/x.h"), None),
    "data_unknown": (added("{data}/unknown/x"), Rule.INSTALL_SCHEME),
    "data_no_scheme": (added("{data}/x"), Rule.INSTALL_SCHEME),
    "data_scheme_file": (added("{data}/data"), Rule.INSTALL_SCHEME),
    "data_case": (added("{data}/Data/x"), Rule.INSTALL_SCHEME),
    "data_other": (added("other-1.0.data/data/share/{name}-o.txt"), Rule.INSTALL_SCHEME),
    "data_other_spelling": (added("{name}-1.0.0.data/data/share/{name}-o.txt"), Rule.INSTALL_SCHEME),
    "data_root_file": (added("x.data"), Rule.INSTALL_SCHEME),
    "data_same_path": (added("{data}/purelib/{name}/data.txt", b"y"), Rule.NAME_CLASH),
    "data_both_libs": (
        each(
            added("{data}/purelib/{name}/z.py"),
            added("{data}/platlib/{name}/z.py"),
        ),
        Rule.NAME_CLASH,
    ),
    "data_file_as_folder": (added("{data}/platlib/{name}/data.txt/x"), Rule.NAME_CLASH),
    "data_replaces_record": (added("{data}/platlib/{info}/METADATA", b"x"), Rule.NAME_CLASH),
    "data_dist_info": (added("{data}/platlib/{info}/INSTALLER", b"x"), Rule.OUTSIDE_PACKAGE),
    "info_second": (added("other-1.0.dist-info/METADATA", b"x"), Rule.ARCHIVE),
    "info_second_folder": (added("other-1.0.dist-info/"), Rule.ARCHIVE),
    "info_second_file": (added("other-1.0.dist-info", b"x"), Rule.ARCHIVE),
    "info_case": (added("other-1.0.DIST-INFO/METADATA", b"x"), Rule.OUTSIDE_PACKAGE),
    "info_egg": (added("other-1.0.egg-info/PKG-INFO", b"x"), Rule.OUTSIDE_PACKAGE),
    "info_installer": (added("{info}/INSTALLER", b"x"), None),
    "info_requested": (added("{info}/REQUESTED", b""), None),
    "info_direct_url": (added("{info}/direct_url.json", b"x"), None),
    "info_subfolder": (added("{info}/licenses/LICENSE", b"x"), None),
    # zip
    "zip_lzma": (
        added("{name}/l.txt", b"x" * 100, compression=zipfile.ZIP_LZMA),
        Rule.ARCHIVE,
    ),
    "zip_bzip2": (
        added("{name}/l.txt", b"x" * 100, compression=zipfile.ZIP_BZIP2),
        Rule.ARCHIVE,
    ),
    "zip_stored": (every(compression=zipfile.ZIP_STORED), None),
    "zip_prepended": (around(before=b"#!/bin/sh\nexit 1\n"), None),
    "zip_appended": (around(after=b"more"), None),
    "zip_comment": (around(comment=b"a comment"), None),
    "zip_encrypted": (around(edit=lambda data: set_flag(data, 1)), Rule.ARCHIVE),
    "zip_symlink": (added("{name}/link.py", b"__init__.py", mode=stat.S_IFLNK | 0o777), Rule.ARCHIVE),
    "zip_fifo": (added("{name}/fifo", b"", mode=stat.S_IFIFO | 0o644), None),
    "zip_no_mode": (every(mode=0), None),
    "zip_unreadable": (every(mode=stat.S_IFREG), None),
    "zip_extra": (first(extra=struct.pack("<HH4s", 0x4242, 4, b"abcd")), None),
    "zip_bad_zip64": (first(extra=struct.pack("<HH2s", 1, 2, b"ab")), None),
    "zip_wrong_crc": (
        around(edit=lambda data: data.replace(struct.pack("<I", 0x8CDC1683), b"abcd")),
        Rule.ARCHIVE,
    ),
    "zip_truncated": (around(edit=lambda data: data[:-30]), Rule.ARCHIVE),
    # file names
    "file_build": (renamed("-1.0-", "-1.0-1-"), None),
    "file_version_spelling": (renamed("-1.0-", "-1.0.0-"), None),
    "file_other_version": (renamed("-1.0-", "-2.0-"), Rule.METADATA),
    "file_other_name": (renamed("file_other_name", "file_another_name"), Rule.METADATA),
    "file_case": (renamed("file_case", "File_Case"), None),
    "file_dots": (renamed("file_dots", "file.dots"), None),
    "file_python": (renamed("cp38-abi3", "cp38.cp39-abi3"), Rule.TAG),
}
ACCEPTED = [name for name, (_, rule) in CHANGES.items() if rule is None]

_IMPORT = """
import importlib, sys
from importlib.metadata import distribution
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(f"{name}.native")
    found = distribution(name)
    assert found.version and found.files and found.metadata["Name"] == name
"""


def build(name: str, folder: Path) -> Path:
    wheel = draft(name)
    CHANGES[name][0](wheel)
    return wheel.write(folder)


@pytest.mark.parametrize("name", list(CHANGES))
def test_each_change_is_accepted_or_found(tmp_path: Path, name: str) -> None:
    found = verify(Expectation(build(name, tmp_path), Platform.parse(MANYLINUX), PythonAbi.parse("cp38-abi3")))
    rules: list[Rule | None] = [item.rule for item in found]
    assert CHANGES[name][1] in (rules or [None]), [str(item) for item in found]


def test_pip_installs_and_python_imports_all_that_is_accepted(tmp_path: Path) -> None:
    wheels = [build(name, tmp_path) for name in ACCEPTED]
    options = ["--isolated", "--disable-pip-version-check", "--no-cache-dir", "--no-input", "install", "--quiet"]
    target = tmp_path / "target"
    command: list[str | Path] = [
        sys.executable,
        "-I",
        pip_folder(),
        *options,
        "--no-index",
        "--no-deps",
        "--target",
        target,
        *wheels,
    ]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    command = [sys.executable, "-I", "-c", _IMPORT, target, *ACCEPTED]
    imported = subprocess.run(command, capture_output=True, text=True, check=False)
    assert imported.returncode == 0, imported.stderr
