"""Wheels: archives, and the files of their metadata."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.version import Version

from hostile.limits import Target
from hostile.raw_zip import RawEntry, raw_zip
from hostile.targets.common import each_of, in_file
from hostile.targets.native import compiled_module
from spokeshave.errors import InvalidWheelError
from spokeshave.intake.command import Intake, take_in
from spokeshave.policies.linux import parse_platform
from spokeshave.release.check.file.reader import read_file
from spokeshave.release.promote.stamping import stamp_promoted, unstamp
from spokeshave.release.seal.artifact import read_artifact
from spokeshave.release.version_search import search_wheel
from spokeshave.release.version_traces import TraceFinder
from spokeshave.repair.command import repair
from spokeshave.smoke.wheelhouse import WheelFile
from spokeshave.stamp.metadata import restamp_metadata
from spokeshave.stamp.sbom import Restamp, restamp_sbom
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.wheel_fixtures import make_wheel
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave.wheel.archive import ArchiveReader
from spokeshave.wheel.metadata_reader import read_core_metadata
from spokeshave.wheel.recipe import Recipe
from spokeshave.wheel.record import fault_of_chunks, parse_record
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave.wheel.version_module import render_version_module
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.verify import VerifyReport

PLATFORM = "manylinux_2_17_x86_64"
ABI = "cp310"
NAME = f"demo-1.0rc1-{ABI}-{ABI}-{PLATFORM}.whl"
UNREPAIRED = f"demo-1.0rc1-{ABI}-{ABI}-linux_x86_64.whl"
SEPARATOR = b"\n%%%%\n"
_DIST_INFO = b"demo-1.0rc1.dist-info"
METADATA = b"""Metadata-Version: 2.4
Name: demo
Version: 1.0rc1
Summary: A summary
Requires-Python: >=3.8
Requires-Dist: other==1.0rc1
Requires-Dist: numpy>=1.20; python_version >= '3.9' and extra == 'all'
Provides-Extra: all
License-Expression: MIT
License-File: LICENSE
Project-URL: Source, https://example.org
Description-Content-Type: text/markdown

# Text
"""
WHEEL = b"Wheel-Version: 1.0\nGenerator: spokeshave 1\nRoot-Is-Purelib: false\nTag: cp310-cp310-manylinux_2_17_x86_64\n"
ENTRY_POINTS = b"[console_scripts]\ndemo = demo:main\n[gui_scripts]\n\n[other.group]\nname = demo:attribute [extra]\n"
RECIPE = (
    b'{"pins": ["other"], "version-module": "demo/_version.py", "version-files": {"demo/v.txt": "@VERSION@"},'
    b' "version-slots": [], "facts": {"channel": "rc", "commit": null, "revisions": {"llvm": "abc"}}}'
)
SBOM = b"""{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": {"type": "library",
"bom-ref": "pkg:pypi/demo@1.0rc1", "name": "demo", "version": "1.0rc1", "purl": "pkg:pypi/demo@1.0rc1"}},
"components": [{"type": "library", "name": "zlib", "version": "1.3"}], "dependencies": []}"""
NAMES = b"""demo/data.txt
demo-1.0rc1.data/scripts/run
demo-1.0rc1.data/purelib/x.py
other.py
demo-1.0rc1.dist-info/licenses/LICENSE"""
RECORD_LINES = b"demo/listed.txt,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"


def record_of(entries: Sequence[RawEntry]) -> bytes:
    """Return RECORD for members, with the file itself."""
    lines = []
    for entry in entries:
        digest = base64.urlsafe_b64encode(hashlib.sha256(entry.content).digest()).rstrip(b"=")
        quoted = b'"' + entry.name.replace(b'"', b'""') + b'"' if set(b',"\r\n') & set(entry.name) else entry.name
        lines.append(quoted + b",sha256=" + digest + b",%d\n" % len(entry.content))
    return b"".join(lines) + _DIST_INFO + b"/RECORD,,\n"


def wheel_of_parts(data: bytes) -> bytes:
    """Return a wheel with the files in `data`, whose archive and RECORD are correct as far as they can be.

    The parts are METADATA, WHEEL, entry_points.txt, the recipe, an SBOM, lines for RECORD, the names of other files,
    the version module, and a native file.
    """
    parts = data.split(SEPARATOR)
    parts += [b""] * (9 - len(parts))
    metadata, wheel, entry_points, recipe, sbom, lines, names, module, native = parts[:9]
    files = {
        b"demo/__init__.py": b"def main(): pass\n",
        b"demo/_version.py": module,
        b"demo/_native.cpython-310-x86_64-linux-gnu.so": native,
        b"demo/v.txt": b"1.0rc1",
        _DIST_INFO + b"/METADATA": metadata,
        _DIST_INFO + b"/WHEEL": wheel,
        _DIST_INFO + b"/entry_points.txt": entry_points,
        _DIST_INFO + b"/spokeshave.json": recipe,
        _DIST_INFO + b"/sboms/demo.cdx.json": sbom,
    }
    entries = [RawEntry(name, content) for name, content in files.items() if content]
    entries += [RawEntry(name, b"text") for name in names.split(b"\n")[:200] if name]
    record = record_of(entries) + lines
    return raw_zip([*entries, RawEntry(_DIST_INFO + b"/RECORD", record)])


@functools.cache
def _parts_seeds() -> Sequence[bytes]:
    native = compiled_module(PLATFORM)
    facts = Recipe.parse(RECIPE, "").facts("1.0rc1")
    module = render_version_module(facts)
    whole = [METADATA, WHEEL, ENTRY_POINTS, RECIPE, SBOM, b"", NAMES, module, native]
    plain = [METADATA, WHEEL, ENTRY_POINTS, b"", SBOM, b"", NAMES, module, native]
    return [SEPARATOR.join(plain), SEPARATOR.join(whole), SEPARATOR.join(plain[:8])]


@functools.cache
def wheel_seeds() -> Sequence[bytes]:
    """Return small wheels: one with native code, and one with a recipe."""
    with tempfile.TemporaryDirectory() as folder:
        native = build_wheel(
            Path(folder),
            {
                "demo/_native.cpython-310-x86_64-linux-gnu.so": compiled_module(PLATFORM),
                "demo/__init__.py": "def main(): pass\n",
                "dist-info/entry_points.txt": ENTRY_POINTS,
            },
            tag=f"{ABI}-{ABI}-{PLATFORM}",
            version="1.0rc1",
        ).read_bytes()
        pure = make_wheel(Path(folder) / "pure", version_module="abacus_runtime/_version.py").path.read_bytes()
        return [native, pure, *map(wheel_of_parts, _parts_seeds())]


def _verify(wheel: Path) -> None:
    found = verify(Expectation(wheel=wheel, platform=parse_platform(PLATFORM), abi=PythonAbi.parse(ABI)))
    VerifyReport(tuple(found)).to_json().encode("utf-8", "backslashreplace")
    if found:
        raise InvalidWheelError(*(item.problem for item in found))


def _repair(wheel: Path) -> None:
    repair(wheel, parse_platform(PLATFORM), [], wheel.parent / "repaired")


def _stamp(wheel: Path) -> None:
    stamped = stamp(wheel, VersionFacts("2.0"), wheel.parent / "stamped", ["other"])
    again = stamp(stamped.wheel.path, VersionFacts("1.0rc1"), wheel.parent / "again", ["other"])
    ArchiveReader(again.wheel.path).__exit__(None, None, None)


def _promote(wheel: Path) -> None:
    finder = TraceFinder(Version("1.0rc1"), Version("1.0"))
    each_of(
        lambda: search_wheel(wheel, finder),
        lambda: unstamp(wheel, wheel.parent / "unstamped", ["other"]),
        lambda: stamp_promoted(wheel, "1.0", "stable", wheel.parent / "promoted", ["other"]),
    )


def _intake(wheel: Path) -> None:
    platform = parse_platform(PLATFORM)
    intake = Intake(wheels=(wheel,), platform=platform, abi=PythonAbi.parse(ABI), version="1.0rc1", version_files={})
    take_in(intake, wheel.parent / "taken")


def _check(wheel: Path) -> None:
    problems = read_file(wheel).problems
    if problems:
        raise InvalidWheelError(*problems)


def _seal(wheel: Path) -> None:
    each_of(
        lambda: read_artifact(wheel, wheel, "0" * 64, 1),
        lambda: WheelFile.of(wheel).requirements,
        lambda: _conda_facts(wheel),
    )


def _conda_facts(wheel: Path) -> None:
    from spokeshave.release.conda.facts import _facts_of

    _facts_of(wheel)


def _archive(wheel: Path) -> None:
    with ArchiveReader(wheel) as reader:
        for name, member in reader.members.items():
            with contextlib.suppress(SpokeshaveError):
                reader.read(name)
            with contextlib.suppress(SpokeshaveError):
                for _ in reader.chunks(name):
                    pass
            for _ in reader.raw_chunks(member):
                pass


def _in_parts(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    reader = in_file(name, read)
    return lambda data, folder: reader(wheel_of_parts(data), folder)


def _record(data: bytes, _: Path) -> None:
    for entry in parse_record(data, "RECORD").values():
        fault_of_chunks(entry, [b"x"])
        bool(entry.sha256)


def _metadata(data: bytes, _: Path) -> None:
    core = read_core_metadata(data)
    if not core.faults:
        bool(core.values)
    restamp_metadata(data, frozenset(["other"]), ["third"], Restamp("demo", "1.0rc1", "2.0"), "METADATA")


def _texts(*texts: bytes) -> Callable[[], Sequence[bytes]]:
    return lambda: texts


WORDS = (
    *(b"9" * 5000, b"Version: 1.0", b"Version: 1!9.9.9", b"\x00", b"\xff\xfe", b"\r", b"..", b"/", b"\\", b"[" * 50),
    *(
        SEPARATOR,
        b"../x.py",
        b"demo/../../x.py",
        b"C:/x",
        b"aux",
        b"sha256=",
        b"sha512=",
        b"Requires-Dist: ",
        b"\\ud800",
    ),
)

TARGETS = (
    Target(name="archive", summary="zip archives", read=in_file(NAME, _archive), seeds=wheel_seeds),
    Target(name="verify", summary="wheels, by `verify`", read=in_file(NAME, _verify), seeds=wheel_seeds),
    Target(
        name="verify-parts",
        summary="the files of wheels, by `verify`",
        read=_in_parts(NAME, _verify),
        seeds=_parts_seeds,
        words=WORDS,
    ),
    Target(
        name="repair",
        summary="wheels, by `repair`",
        read=_in_parts(UNREPAIRED, _repair),
        seeds=_parts_seeds,
        words=WORDS,
        programs=("patchelf",),
    ),
    Target(name="stamp", summary="wheels, by `stamp`", read=in_file(NAME, _stamp), seeds=wheel_seeds),
    Target(
        name="stamp-parts",
        summary="the files of wheels, by `stamp`",
        read=_in_parts(NAME, _stamp),
        seeds=_parts_seeds,
        words=WORDS,
    ),
    Target(
        name="promote",
        summary="wheels, by `release promote`",
        read=_in_parts(NAME, _promote),
        seeds=_parts_seeds,
        words=WORDS,
    ),
    Target(
        name="intake",
        summary="wheels of build backends, by `intake`",
        read=_in_parts(UNREPAIRED, _intake),
        seeds=_parts_seeds,
        words=WORDS,
    ),
    Target(name="check", summary="wheels, by `release check`", read=in_file(NAME, _check), seeds=wheel_seeds),
    Target(
        name="check-parts",
        summary="the files of wheels, by `release check`",
        read=_in_parts(NAME, _check),
        seeds=_parts_seeds,
        words=WORDS,
    ),
    Target(
        name="seal",
        summary="wheels, by `release seal` and others that read metadata",
        read=_in_parts(NAME, _seal),
        seeds=_parts_seeds,
        words=WORDS,
    ),
    Target(
        name="record",
        summary="RECORD",
        read=_record,
        seeds=_texts(RECORD_LINES, b'"a,b",sha256=AA,1\nx,,\n'),
        words=WORDS,
    ),
    Target(name="metadata", summary="METADATA", read=_metadata, seeds=_texts(METADATA), words=WORDS),
    Target(
        name="recipe",
        summary="the recipe of a wheel",
        read=lambda data, _: Recipe.parse(data, "spokeshave.json"),
        seeds=_texts(RECIPE),
        words=WORDS,
    ),
    Target(
        name="sbom",
        summary="bills of materials",
        read=lambda data, _: restamp_sbom(data, Restamp("demo", "1.0rc1", "2.0"), "x.json"),
        seeds=_texts(SBOM),
        words=WORDS,
    ),
)
