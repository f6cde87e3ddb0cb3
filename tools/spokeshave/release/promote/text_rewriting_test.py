"""Texts that name the candidate: rewritten, kept, or refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

from spokeshave.release.integrity import verify_record
from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.release.record import file_path
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.promotion_fixtures import FINAL, refusal, seal_wheels
from spokeshave.testing.release_fixtures import (
    RUNTIME,
    TAGS,
    VERSION,
    write_one,
)
from spokeshave.wheel.record import content_fault, parse_record


def record_faults(wheel: Path, folder: Path) -> list[str]:
    """Return the files of a wheel that contradict its RECORD."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
        entries = parse_record(archive.read(name), name)
    faults = {path: content_fault(entry, folder / path) for path, entry in entries.items() if path != name}
    return [f"{path}: {fault}" for path, fault in faults.items() if fault]


def test_rewritten_texts_follow_and_tests_do_not_count(tmp_path: Path) -> None:
    text = f"B = '{VERSION}'\nT = (3, 12, 0, 'rc20260821')\nS = 'rc20260821'\n"
    record = seal_wheels(tmp_path, [write_one(tmp_path / "wheels", RUNTIME, TAGS[0], extra=text)])
    request = PromotionRequest(record, FINAL, tmp_path / "final", rewrite=("abacus_runtime/*.py",))
    assert "has rewritten texts (abacus_runtime/__init__.py), so that its smoke tests do not count" in refusal(request)
    report = promote(PromotionRequest(record, FINAL, tmp_path / "final", rewrite=request.rewrite, untested=True))
    promoted = verify_record(tmp_path / "final")
    assert report.wheels[0].rewritten == ("abacus_runtime/__init__.py",)
    assert promoted.files[0].tested == ()
    assert promoted.promoted_from is not None
    assert (promoted.promoted_from.untested, promoted.promoted_from.rewritten) == (True, request.rewrite)
    wheel = file_path(tmp_path / "final", promoted.files[0].name)
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("abacus_runtime/__init__.py").decode()
    assert text.endswith("B = '3.12.0'\nT = (3, 12, 0)\nS = ''\n")
    assert record_faults(wheel, tmp_path / "unpacked") == []


def test_history_may_be_kept(tmp_path: Path) -> None:
    files: dict[str, bytes | str | Path] = {
        "demo/CHANGES.md": "## 3.12.0rc1\n",
        "demo/core.bin": b"\0\0" + VERSION.encode() + b"\0",
    }
    wheel = build_wheel(tmp_path / "wheels", {**files, "demo/v.py": ""}, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True, keep=("demo/*",))
    refused = refusal(request)
    assert "demo/core.bin: holds" in refused
    assert "CHANGES" not in refused
    wheel = build_wheel(tmp_path / "wheels", {"demo/CHANGES.md": files["demo/CHANGES.md"]}, version=VERSION)
    assert promote(request).wheels[0].kept == ("demo/CHANGES.md",)
    promoted = verify_record(tmp_path / "final").promoted_from
    assert promoted is not None
    assert (promoted.kept, promoted.rewritten) == (("demo/*",), ())


def test_a_binary_file_is_not_rewritten(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "wheels", {"demo/a.bin": b"\0\xff" + VERSION.encode()}, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", rewrite=("demo/*",), untested=True)
    refused = refusal(request)
    assert "demo/a.bin: is not UTF-8 text" in refused
    assert "demo/a.bin: holds 3.12.0rc20260821 at offset 2" in refused


def test_a_binary_file_cannot_be_kept(tmp_path: Path) -> None:
    """Around the old version it looks like a text."""
    data = f"{'text ' * 20}{VERSION}{' text' * 20}".encode() + b"\0"
    wheel = build_wheel(tmp_path / "wheels", {"demo/a.so": data}, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True, keep=("demo/a.so",))
    assert "demo/a.so: holds" in refusal(request)


def test_metadata_follows_if_it_is_named(tmp_path: Path) -> None:
    text = f"Requires-Dist: helper=={VERSION}\n\nThis is {VERSION}.\n"
    wheel = build_wheel(tmp_path / "wheels", {}, version=VERSION, metadata_lines=text)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True)
    assert f"METADATA: holds {VERSION} at offset" in refusal(request)
    promote(PromotionRequest(wheel.parent, FINAL, request.output, untested=True, rewrite=("*.dist-info/METADATA",)))
    with zipfile.ZipFile(next((request.output / "files").iterdir())) as archive:
        metadata = archive.read("demo-3.12.0.dist-info/METADATA").decode()
    assert metadata.endswith("Requires-Dist: helper==3.12.0\n\nThis is 3.12.0.\n")


def test_finals_of_a_folder_may_not_name_a_candidate(tmp_path: Path) -> None:
    """What IREE's finals do: their METADATA is final, their version module is not."""
    files = {"iree/version.py": f'VERSION = "{VERSION}"\n'}
    wheel = build_wheel(tmp_path / "wheels", files, version=FINAL, name="iree")
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True)
    assert f"iree/version.py: holds {VERSION} at offset 11" in refusal(request)
    promote(PromotionRequest(wheel.parent, FINAL, request.output, untested=True, rewrite=("iree/version.py",)))
    with zipfile.ZipFile(next((request.output / "files").iterdir())) as archive:
        assert archive.read("iree/version.py") == b'VERSION = "3.12.0"\n'
