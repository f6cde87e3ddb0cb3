"""Known attacks on parsers, which random bytes do not find, by the target that they are for."""

from __future__ import annotations

import functools
import gzip
import io
import json
import struct
import tarfile
from collections.abc import Mapping

from hostile.raw_zip import DEFLATED, RawEntry, deflated, raw_zip
from hostile.targets.native import archive_entry, compiled_module
from hostile.targets.wheels import ENTRY_POINTS, METADATA, NAMES, RECIPE, SBOM, SEPARATOR, WHEEL, record_of

_DIST_INFO = b"demo-1.0rc1.dist-info"
_DIGITS = b"9" * 5000
_BOMB = 400 << 20


def attacks_on(target: str) -> Mapping[str, bytes]:
    """Return the attacks on a target, by what they do."""
    return _attacks().get(target, {})


@functools.cache
def _attacks() -> Mapping[str, Mapping[str, bytes]]:
    wheels = _wheels()
    parts = _parts()
    archives = _tars()
    return {
        **dict.fromkeys(("archive", "verify", "stamp", "check"), wheels),
        **dict.fromkeys(("verify-parts", "repair", "stamp-parts", "promote", "intake", "check-parts", "seal"), parts),
        **dict.fromkeys(("source-tree", "packed"), archives),
        "sdist": {**archives, "links to a large file": _links_to_a_large_file()},
        "sdist-file": {"a bomb": _gzip_bomb()},
        **dict.fromkeys(("report", "version", "manifest", "journal", "sets", "attestation", "components"), _json()),
        **dict.fromkeys(("release-record", "recipe", "sbom", "json-page", "answers", "secret"), _json()),
        "listing": {**_json(), **_html()},
        **dict.fromkeys(("pyproject", "pins", "conda-names", "cache-config", "project-table"), _toml()),
        "backend-project": {
            **_toml(),
            "a table that is a number": b"build-system = 1\nproject = 2\ntool = 3\n",
            "a version that is a number": b"[project]\nversion = 1.0\n",
            "a list that is a text": b'[build-system]\nrequires = "setuptools"\n',
            "a folder outside": b'[build-system]\nbackend-path = ["../../x"]\n',
        },
        "backend-programs": {"a name outside": b"[console_scripts]\n../../../outside = a:b\n"},
        **dict.fromkeys(("requirements", "keep", "wanted"), _requirements()),
        "html-page": _html(),
        "upload-answer": {
            **_html(),
            "a long pause": b"\x00\x00" + _DIGITS,
            "a date of no time zone": b"\x00\x00Mon, 30 Nov 2026 01:00:00 +99999999999999999999",
        },
        "metadata": {
            "long numbers": METADATA.replace(b"1.0rc1", _DIGITS),
            "deep markers": METADATA.replace(b"python_version >= '3.9'", b"(" * 3000 + b"os_name == ''" + b")" * 3000),
            "many headers": METADATA.replace(b"\n\n", b"\n" + b"Requires-Dist: a\n" * 10000 + b"\n", 1),
        },
        "static-library": _static_libraries(),
        "environment": {
            "a size that is not a number": b"x,,y\n",
            "not UTF-8": b"Name: demo\nVersion: \xff\n",
            "a version that is not one": b"Name: demo\nVersion: 2004d.unknown\n",
            "a long version": b"Name: demo\nVersion: " + _DIGITS + b"\n",
            "no version": b"Name: demo\n",
            "nothing": b"",
        },
        "test-report": {
            "a cut report": b"<testsuites><testsuite",
            "entities of entities": b"<!DOCTYPE a ["
            + b"".join(b"<!ENTITY e%d '%b'>" % (n, b"&e%d;" % (n - 1) * 10 if n else b"x") for n in range(10))
            + b"]><a>&e9;</a>",
            "an unknown encoding": b"<?xml version='1.0' encoding='x'?><a/>",
            "an external entity": b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        },
        "provenance": {"a host that is not one": b"https://[x/"},
        "record": {"long numbers": b"x,," + _DIGITS + b"\n"},
        "conda-recipe": {
            "deep lists": b"package: " + b"[" * 1200,
            "an alias in itself": b"package: &a [*a]\n",
            "aliases": b"a: &a [x,x,x,x,x,x,x,x]\n"
            + b"".join(b"%c: &%c [%b]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)),
            "a wrong character": b'package: "\\U00110000"\n',
        },
        "source": _sources(),
        "tool-output": _sources(),
        "python-headers": _sources(),
    }


def _wheels() -> dict[str, bytes]:
    files = [
        RawEntry(b"demo/__init__.py", b""),
        RawEntry(_DIST_INFO + b"/METADATA", METADATA),
        RawEntry(_DIST_INFO + b"/WHEEL", WHEEL),
    ]
    zeros = deflated(bytes(_BOMB))
    bomb = RawEntry(b"demo/zeros", method=DEFLATED, packed=zeros, size=_BOMB, crc=0)
    hidden = RawEntry(_DIST_INFO + b"/LICENSE", method=DEFLATED, packed=zeros, size=100, crc=0)
    large = RawEntry(_DIST_INFO + b"/METADATA", method=DEFLATED, packed=zeros, size=_BOMB, crc=0)
    overlapping = [RawEntry(b"demo/%d" % index, offset=0, has_data=not index, content=b"x" * 9) for index in range(9)]
    found = {
        "a bomb": [*files, bomb],
        "a bomb of small stated size": [*files, hidden],
        "large metadata": [files[0], large, files[2]],
        "overlapping members": [*overlapping, *files],
        "a name outside": [*files, RawEntry(b"../outside.py", b"x")],
        "a name outside in the middle": [*files, RawEntry(b"demo/../../outside.py", b"x")],
        "an absolute name": [*files, RawEntry(b"/outside.py", b"x")],
        "a name of Windows": [*files, RawEntry(b"C:\\outside.py", b"x")],
        "a drive": [*files, RawEntry(b"C:/outside.py", b"x")],
        "a device": [*files, RawEntry(b"demo/nul.py", b"x")],
        "a name with a zero": [*files, RawEntry(b"demo/a\0.py", b"x")],
        "an empty name": [*files, RawEntry(b"", b"x")],
        "a name that is not UTF-8": [*files, RawEntry(b"demo/\xff.py", b"x")],
        "a name twice": [*files, RawEntry(b"demo/a.py", b"x"), RawEntry(b"demo/a.py", b"y")],
        "names that differ by case": [*files, RawEntry(b"demo/a.py", b"x"), RawEntry(b"demo/A.py", b"y")],
        "names that differ by form": [
            *files,
            RawEntry("demo/é".encode()),
            RawEntry("demo/e\N{COMBINING ACUTE ACCENT}".encode()),
        ],
        "a file that is a folder": [*files, RawEntry(b"demo", b"x")],
        "a link": [*files, RawEntry(b"demo/link", b"/etc/passwd", mode=0o120777)],
        "another name before the bytes": [*files, RawEntry(b"demo/a.py", b"x", local_name=b"demo/b.py")],
        "a long name": [*files, RawEntry(b"demo/" + b"a" * 5000, b"x")],
        "a deep name": [*files, RawEntry(b"a/" * 30000 + b"a", b"x")],
        "an unknown method": [*files, RawEntry(b"demo/a", b"x", method=99)],
        "an encrypted file": [*files, RawEntry(b"demo/a", b"x" * 20, flags=0x801)],
        "a negative position": [*files, RawEntry(b"demo/a", b"x", offset=0xFFFFFFF0)],
        "a large extra field": [*files, RawEntry(b"demo/a", b"x", extra=b"\x01\x00\xff\xff" + b"x" * 100)],
    }
    archives = {}
    for name, entries in found.items():
        record = record_of([entry for entry in entries if entry.name and b"\0" not in entry.name])
        archives[name] = raw_zip([*entries, RawEntry(_DIST_INFO + b"/RECORD", record)])
    archives["a wrong number of members"] = raw_zip(files, count=9)
    archives["no members"] = raw_zip([])
    archives["a negative start"] = raw_zip(files).replace(struct.pack("<I", len(raw_zip(files))), b"\xf0\xff\xff\xff")
    return archives


def _parts() -> dict[str, bytes]:
    def parts(**changed: bytes) -> bytes:
        usual = {
            "metadata": METADATA,
            "wheel": WHEEL,
            "entry_points": ENTRY_POINTS,
            "recipe": b"",
            "sbom": SBOM,
            "record": b"",
            "names": NAMES,
            "module": b"",
            "native": compiled_module("manylinux_2_17_x86_64"),
        }
        return SEPARATOR.join({**usual, **changed}.values())

    return {
        "no WHEEL": parts(wheel=b""),
        "WHEEL that is not UTF-8": parts(wheel=WHEEL + b"X: \xff\n"),
        "many tags": parts(wheel=WHEEL + b"Tag: cp310-cp310-linux_x86_64\n" * 20000),
        "METADATA that is not UTF-8": parts(metadata=METADATA + b"\xff\xfe"),
        "long versions": parts(metadata=METADATA.replace(b"1.0rc1", _DIGITS)),
        "long requirements": parts(metadata=METADATA.replace(b"other==1.0rc1", b"other==" + _DIGITS)),
        "a long Requires-Python": parts(metadata=METADATA.replace(b">=3.8", b">=" + _DIGITS)),
        "deep markers": parts(
            metadata=METADATA.replace(b"python_version >= '3.9'", b"(" * 999 + b"os_name == ''" + b")" * 999)
        ),
        "a long size in RECORD": parts(record=b"demo/x,sha256=AA," + _DIGITS + b"\n"),
        "RECORD that leads outside": parts(record=b"../../outside,sha256=AA,1\n/etc/passwd,sha256=AA,1\n"),
        "RECORD that is not CSV": parts(record=b'"x\n'),
        "a deep recipe": parts(recipe=b"[" * 5000),
        "a recipe that leads outside": parts(recipe=RECIPE.replace(b"demo/_version.py", b"../../outside.py")),
        "an absolute recipe": parts(recipe=RECIPE.replace(b"demo/_version.py", b"/etc/passwd")),
        "a slot in a file that has none": parts(
            recipe=RECIPE.replace(b'"version-slots": []', b'"version-slots": ["demo/__init__.py"]')
        ),
        "a deep SBOM": parts(sbom=b'{"a":' * 400 + b"1" + b"}" * 400),
        "a very deep SBOM": parts(sbom=b"[" * 9000),
        "an SBOM with long numbers": parts(sbom=b'{"version": ' + _DIGITS + b"}"),
        "entry points without a section": parts(entry_points=b"demo = demo:main\n"),
        "entry points that are not UTF-8": parts(entry_points=b"[console_scripts]\n\xff = demo:main\n"),
        "a script outside": parts(
            entry_points=b"[console_scripts]\n../../x = demo:main\n/x = demo:main\nc:\\x = a:b\n"
        ),
        "names of data outside": parts(
            names=b"demo-1.0rc1.data/scripts/../../../x\ndemo-1.0rc1.data/x/y\ndemo-1.0rc1.data/data/etc/x"
        ),
        "a long line of Python": parts(module=b"x = " + b"(" * 5000 + b")" * 5000),
        "Python with a zero": parts(module=b"x = 1\0"),
    }


def _tar(entries: list[tuple[bytes, bytes, bytes, bytes]], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar archive of headers: name, type, link and content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, kind, link, content in entries:
            member = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
            member.type = kind
            member.linkname = link.decode("utf-8", "surrogateescape")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _header(name: bytes, kind: bytes, size: bytes) -> bytes:
    """Return a tar header whose size field is any text."""
    data = bytearray(tarfile.TarInfo(name.decode()).tobuf(tarfile.USTAR_FORMAT))
    data[156:157] = kind
    data[124:136] = size.ljust(12, b"\0")
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data)
    return bytes(data)


def _block(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def _pax(*records: bytes) -> bytes:
    content = b"".join(b"%d %s\n" % (len(record) + 4, record) for record in records)
    return _header(b"pax", b"x", b"%011o" % len(content)) + _block(content)


def _tars() -> dict[str, bytes]:
    top = b"demo-1.0rc1"
    good = _tar([(top + b"/PKG-INFO", tarfile.REGTYPE, b"", METADATA)])[: 1024 + len(METADATA) // 512 * 512]
    plain = _header(top + b"/a", b"0", b"%011o" % 0)
    end = bytes(1024)
    return {
        "a path outside": _tar([(b"../outside", b"0", b"", b"x")]),
        "an absolute path": _tar([(b"/outside", b"0", b"", b"x")]),
        "a link outside": good + _tar([(top + b"/a", b"2", b"../../x", b"")]),
        "an absolute link": good + _tar([(top + b"/a", b"2", b"/etc/passwd", b"")]),
        "a file below a link": _tar([(top + b"/a", b"2", b"..", b""), (top + b"/a/x", b"0", b"", b"x")]),
        "a hard link outside": _tar([(top + b"/a", b"1", b"../../x", b"")]),
        "a hard link to itself": _tar([(top + b"/a", b"1", top + b"/a", b"")]),
        "a device": _tar([(top + b"/a", b"3", b"", b"")]),
        "a pipe": _tar([(top + b"/a", b"6", b"", b"")]),
        "a path twice": _tar([(top + b"/a", b"0", b"", b"x"), (top + b"/a", b"0", b"", b"y")]),
        "a file that is a folder": _tar([(top + b"/a", b"0", b"", b"x"), (top + b"/a/b", b"0", b"", b"y")]),
        "a path that is not UTF-8": _tar([(top + b"/\xff", b"0", b"", b"x")]),
        "a negative size": good + _header(top + b"/a", b"0", b"\xff" * 11 + b"\x00") + end,
        "a negative size in pax": good + _pax(b"size=-512") + plain + end,
        "a size that leads back": good + _pax(b"size=-1536") + plain + end,
        "a more negative size in pax": good + _pax(b"size=-9999") + plain + end,
        "a large size": good + _header(top + b"/a", b"0", b"\x80" + b"\x00" * 3 + b"\x7f" + b"\xff" * 7) + end,
        "a large long name": good + _header(b"x", b"L", b"77777777777") + bytes(4096) + end,
        "many long names": good + (_header(b"x", b"L", b"%011o" % 512) + bytes(512)) * 1500 + end,
        "many pax headers": good + _pax(b"comment=x") * 1500 + plain + end,
        "a pax length of 0": good + _header(b"pax", b"x", b"%011o" % 20) + _block(b"0 path=x\n") + plain + end,
        "a path with a zero in pax": good + _pax(b"path=demo-1.0rc1/a\0b") + plain + end,
        "a text as a size in pax": good + _pax(b"size=x") + plain + end,
        "a long size in pax": good + _pax(b"size=" + b"9" * 5000) + plain + end,
        "a sparse file": good + _pax(b"GNU.sparse.size=99999999999") + _pax(b"GNU.sparse.map=0,9,x") + plain + end,
        "a sparse map": good + _pax(b"GNU.sparse.major=1") + _pax(b"GNU.sparse.minor=0") + plain + b"9" * 512 + end,
        "a large sparse file": good + _pax(b"GNU.sparse.size=999999999", b"GNU.sparse.map=0,0") + plain + end,
        "an old sparse file": good + _header(top + b"/a", b"S", b"%011o" % 0) + end,
    }


def _links_to_a_large_file() -> bytes:
    top = b"demo-1.0rc1"
    links = [(top + b"/%d" % number, tarfile.LNKTYPE, top + b"/a", b"") for number in range(30)]
    return _tar([(top + b"/a", tarfile.REGTYPE, b"", bytes(20 << 20)), *links])


def _gzip_bomb() -> bytes:
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="w", compresslevel=9, mtime=0) as packed:
        packed.write(_header(b"demo-1.0rc1/PKG-INFO", b"0", b"%011o" % _BOMB))
        packed.write(bytes(_BOMB + 1024))
    return stream.getvalue()


def _json() -> dict[str, bytes]:
    return {
        "deep lists": b"[" * 100000,
        "lists in lists": b"[" * 900 + b"]" * 900,
        "objects in objects": b'{"a":' * 400 + b"1" + b"}" * 400,
        "a long number": b'{"package-version": ' + _DIGITS + b', "format": ' + _DIGITS + b"}",
        "a long version": b'{"package-version": "' + _DIGITS + b'", "version": "' + _DIGITS + b'"}',
        "a lone surrogate": b'{"package-version": "\\ud800", "name": "\\ud800", "files": [], "projects": {}}',
        "not UTF-8": b'{"a": "\xff"}',
        "UTF-16": '{"package-version": "1.0"}'.encode("utf-16"),
        "a number that is not one": b'{"package-version": NaN, "files": Infinity}',
        "a list": b"[]",
        "a text": b'"files"',
        "null": b"null",
        "a size without an end": json.dumps({"files": [_page_entry(size=float("inf"))], "versions": []}).encode(),
        "fields of other types": json.dumps(
            {"files": [_page_entry(filename=1), _page_entry()], "versions": []}
        ).encode(),
        "releases of other types": json.dumps(
            {"releases": {"1": [_page_entry(filename=[]), {"filename": 1}]}}
        ).encode(),
        "keys that are not texts": json.dumps({"files": [[], {}, None, 1]}).encode(),
    }


def _page_entry(**changed: object) -> dict[str, object]:
    entry = {"filename": "a.whl", "url": "a", "hashes": {"sha256": "00"}, "size": 1, "yanked": False}
    return {**entry, "upload-time": "2026-01-01T00:00:00Z", **changed}


def _toml() -> dict[str, bytes]:
    return {
        "deep lists": b"a = " + b"[" * 50000,
        "deep tables": b"a = " + b"{a=" * 50000,
        "a long number": b"a = " + _DIGITS + b"\n",
        "a deep key": b"[" + b"a." * 20000 + b"a]\nb = 1\n",
        "tables in tables": b"a." * 3000 + b"a = 1\n",
        "many tables": b"[[packages]]\n" * 5000,
        "a long version": b'[project]\nname = "a"\nversion = "' + _DIGITS + b'"\n',
        "a long requirement": b'[project]\nname = "a"\nversion = "1"\ndependencies = ["a==' + _DIGITS + b'"]\n',
        "a long Requires-Python": b'[project]\nname = "a"\nversion = "1"\nrequires-python = ">=' + _DIGITS + b'"\n',
        "deep markers": b'[project]\nname = "a"\nversion = "1"\ndependencies = ["a; '
        + b"(" * 999
        + b"os_name == ''"
        + b")" * 999
        + b'"]\n',
        "a readme outside": b'[project]\nname = "a"\nversion = "1"\nreadme = "../../../../../../etc/hostname.md"\n',
        "a license outside": b'[project]\nname = "a"\nversion = "1"\nlicense-files = ["../../*", "/etc/*"]\n',
        "a license file outside": b'[project]\nname = "a"\nversion = "1"\nlicense = {file = "/etc/hostname"}\n',
        "not UTF-8": b"a = '\xff'\n",
        "a zero": b"a = 'x\0'\n",
        "a byte order mark": b"\xef\xbb\xbfa = 1\n",
        "a long package": b'[[packages]]\nname = "a"\nversion = "' + _DIGITS + b'"\n',
        "a long date": b"a = 9999-99-99T99:99:99Z\n",
    }


def _static_libraries() -> dict[str, bytes]:
    start = b"!<arch>\n"
    body = b"x" * 60
    many = archive_entry(b"//", b"a" * 100 + b"\n" + b"b" * 300000) + archive_entry(b"/0", b"") * 5000
    return {
        "a size that leads back": start + archive_entry(b"a.o/", body, b"-60"),
        "a negative size": start + archive_entry(b"a.o/", body, b"-1"),
        "a large size": start + archive_entry(b"a.o/", body, b"9999999999"),
        "a size that is not a number": start + archive_entry(b"a.o/", body, b"x"),
        "a long name of no length": start + archive_entry(b"#1/", body),
        "a long name of negative length": start + archive_entry(b"#1/-9", body),
        "a name behind the table": start + archive_entry(b"//", b"a/\n") + archive_entry(b"/9", body),
        "a name without an end": start + archive_entry(b"//", b"a" * 300) + archive_entry(b"/0", body),
        "a name with a zero": start + archive_entry(b"a\0b.o/", body),
        "a name that is not UTF-8": start + archive_entry(b"\xff.o/", body),
        "a name outside": start + archive_entry(b"//", b"../../outside.o/\n") + archive_entry(b"/0", body),
        "many names in a table": start + many,
    }


def _requirements() -> dict[str, bytes]:
    return {
        "a long version": b"a==" + _DIGITS + b" --hash=sha256:00\n",
        "a long marker": b"a==1 ; python_version > '" + _DIGITS + b"' --hash=sha256:00\n",
        "deep markers": b"a==1 ; " + b"(" * 3000 + b"os_name == ''" + b")" * 3000 + b" --hash=sha256:00\n",
        "a file in itself": b"-r requirements.txt\n-r requirements.txt\n",
        "a file with a zero": b"-r a\0b\n",
        "a long file": b"-r " + b"a" * 9000 + b"\n",
        "an address that is not one": b"a @ https://[x/a-1.0-py3-none-any.whl --hash=sha256:00\n",
        "a wheel with a long version": b"a @ https://x/a-" + _DIGITS + b"-py3-none-any.whl --hash=sha256:00\n",
        "an address with a long version": b"https://x/a-"
        + _DIGITS
        + b"-py3-none-any.whl\nhttps://x/a-"
        + _DIGITS
        + b".tar.gz\n",
        "spaces": b"a" + b" " * 100000 + b"b\n",
        "continued lines": b"a \\\n" * 10000,
        "brackets": b"a[" * 20000 + b"\n",
        "a long keep": _DIGITS + b"\n",
        "UTF-16": "a==1\n".encode("utf-16"),
    }


def _html() -> dict[str, bytes]:
    size = 40000
    return {
        "a link to an invalid host": b"<a href='//[#'>x</a>",
        "open comments": b"<!--" * size,
        "open declarations": b"<!" * size,
        "open sections": b"<![" * size,
        "open tags": b"<a " * size,
        "open ends": b"</" * size,
        "open instructions": b"<?" * size,
        "open scripts": b"<script>" + b"</scrip" * size,
        "references": b"&#" * size,
        "attributes": b"<a " + b"x='" * size,
        "attributes without values": b"<a" + b" x" * size + b">",
        "spaces in a tag": b"<a" + b" " * size * 4,
        "slashes in a tag": b"<a" + b"/" * size * 4,
        "a wrong reference": b"<a href='&#x110000;&#99999999999999999999;'>",
        "a wrong base": b"<base href='//[x'><a href='y'>",
        "a host that is not one": b"<a href='//['>x</a><a href='//[]/'>y</a><a href='https://[x]/'>z</a>",
        "a marked section": b"<![foo bar]>",
        "fragments": b"<a href='#" + b"sha256=0&" * size + b"'>",
    }


def _sources() -> dict[str, bytes]:
    size = 20000
    growing = b"".join(b"#define %c(x) %c(x x)\n" % (65 + n, 66 + n) for n in range(18))
    return {
        "open comments": b"/*" * size,
        "open raw strings": b'R"x(' * size,
        "open strings": b'"\\' * size,
        "quotes": b"'" * size,
        "joined lines": b"\\\n" * size,
        "brackets": b"(" * size,
        "braces": b"{" * size,
        "spaces": b"#include" + b" " * size * 4,
        "spaces before a directive": (b" " * 400 + b"\n") * 400,
        "long names": b"a" * size * 4,
        "pasted names": b"a##" * size,
        "a macro of itself": b"#define A A\nA\n",
        "macros of each other": b"#define A B\n#define B A\nA\n",
        "macros that grow": growing + b"#define PyInit_x A(x)\nA(PyInit_)\n",
        "many functions": b"PyMODINIT_FUNC PyInit_a(void);" * 3000,
        "open functions": b"PyMODINIT_FUNC PyInit_a(" * 3000,
        "stars": b"PyObject " + b"* " * size,
        "types": b"PyAPI_FUNC(a) " + b"a " * size,
        "calls": b"PyAPI_FUNC(a) " + b"a(" * size,
        "a shift": b"#if 1 << 99999999999\n#endif\n",
        "a product": b"#if " + b"9" * 4000 + b" * " + b"9" * 4000 + b"\n#endif\n",
        "a deep condition": b"#if " + b"(" * size + b"1" + b")" * size + b"\n#endif\n",
        "signs": b"#if " + b"-" * size + b"1\n#endif\n",
        "a division by zero": b"#if 1 / 0\n#elif 1 % 0\n#endif\n",
        "a condition without a name": b"#ifdef\n#ifndef\n#if\n#elif\n#endif\n#endif\n",
        "a long number": b"#if " + _DIGITS + b"\n#define A " + _DIGITS + b"\n#endif\n",
        "an open definition": b"#define A(" * 3000,
        "undefined symbols": b"error: undefined symbol: " * 5000,
        "references": b">>> referenced by " * 5000,
        "modules": b"fatal error: '" * 5000,
    }
