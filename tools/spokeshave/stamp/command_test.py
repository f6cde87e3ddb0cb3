from __future__ import annotations

import io
import json
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.errors import InvalidVersionError, InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.stamp.plan import moved_name
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.report_fixtures import read_report
from spokeshave.testing.wheel_fixtures import FILES, make_wheel, read_wheel
from spokeshave.wheel.archive import ArchiveReader, Compression
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave.wheel.writer import WheelEntry, write_wheel
from spokeshave_core.reports.stamp import StampReport
from spokeshave_core.wheel_name import UNSTAMPED

RC = "3.12.0rc20260821"
FINAL = "3.12.0"
DATA = {"scripts/tool": "#!python\n"}


def repaired(folder: Path) -> Path:
    """Return a deflated wheel that contains the placeholder at positions that the stamp must not change."""
    files = {**FILES, "abacus_runtime/notes.txt": f"{UNSTAMPED} and {RC}\n" * 50}
    assembled = make_wheel(folder, files=files, data=DATA)
    name = parse_wheel_name(assembled.path.name)
    entries = [
        WheelEntry(name=path, content=text.encode(), compression=Compression.DEFLATED, executable=path.endswith("tool"))
        for path, text in read_wheel(assembled.path).items()
        if not path.endswith("/RECORD")
    ]
    return write_wheel(folder / "repaired" / str(name), name.dist_info, entries, Compression.DEFLATED).path


def edited(wheel: Path, folder: Path, changes: dict[str, str | None]) -> Path:
    """Replace or remove files of the wheel's dist-info, like another tool that does not update RECORD."""
    dist_info = parse_wheel_name(wheel.name).dist_info
    changes = {name.replace("{}", dist_info): text for name, text in changes.items()}
    files: dict[str, str | None] = {**read_wheel(wheel), **changes}
    folder.mkdir()
    with zipfile.ZipFile(folder / wheel.name, "w") as archive:
        for name, text in files.items():
            if text is not None:
                archive.writestr(name, text)
    return folder / wheel.name


def error_of(wheel: Path, output: Path) -> str:
    with pytest.raises(InvalidWheelError) as caught:
        stamp(wheel, VersionFacts(RC), output)
    assert not output.exists()
    return str(caught.value)


def test_version_is_changed_and_all_else_is_copied(tmp_path: Path) -> None:
    wheel = repaired(tmp_path)
    stamped = stamp(wheel, VersionFacts(RC), tmp_path / "out")
    before = read_wheel(wheel)
    after = read_wheel(stamped.wheel.path)
    info = f"abacus_runtime-{RC}.dist-info"
    assert stamped.wheel.path.name == f"abacus_runtime-{RC}-py3-none-any.whl"
    assert stamped.changed == (f"{info}/METADATA", f"{info}/RECORD", "abacus_runtime/_version.py")
    assert stamped.copied == len(before) - 3
    back = {moved_name(name, info, UNSTAMPED): text for name, text in after.items()}
    assert {name for name in before if before[name] != back[name]} == {
        moved_name(name, info, UNSTAMPED) for name in stamped.changed
    }
    assert after["abacus_runtime/notes.txt"] == f"{UNSTAMPED} and {RC}\n" * 50


def test_metadata_differs_by_the_version_and_the_pins_alone(tmp_path: Path) -> None:
    after = read_wheel(stamp(repaired(tmp_path), VersionFacts(RC), tmp_path / "out").wheel.path)
    metadata = message_from_string(after[f"abacus_runtime-{RC}.dist-info/METADATA"])
    assert metadata["Version"] == RC
    assert metadata.get_all("Requires-Dist") == [
        'numpy>=1.20; python_version >= "3.9"',
        f"abacus-compiler=={RC}",
        f'abacus-compiler[cli]=={RC}; sys_platform == "linux" and extra == "all"',
    ]


def test_copied_files_keep_their_compressed_bytes(tmp_path: Path) -> None:
    wheel = repaired(tmp_path)
    stamped = stamp(wheel, VersionFacts(RC), tmp_path / "out").wheel.path
    with ArchiveReader(wheel) as before, ArchiveReader(stamped) as after:
        for name in ("abacus_runtime/data/table.csv", "abacus_runtime/cli.py"):
            raw = [b"".join(reader.raw_chunks(reader.members[name])) for reader in (before, after)]
            assert raw[0] == raw[1]
        assert after.members[f"abacus_runtime-{RC}.data/scripts/tool"].executable


def test_restamping_a_candidate_equals_stamping_the_final(tmp_path: Path) -> None:
    wheel = repaired(tmp_path)
    candidate = stamp(wheel, VersionFacts(RC), tmp_path / "rc").wheel.path
    promoted = stamp(candidate, VersionFacts(FINAL), tmp_path / "promoted").wheel
    assert promoted.sha256 == stamp(wheel, VersionFacts(FINAL), tmp_path / "direct").wheel.sha256
    assert RC not in "".join(text for name, text in read_wheel(promoted.path).items() if "notes" not in name)


def test_stamping_back_gives_the_wheel_there_was(tmp_path: Path) -> None:
    wheel = repaired(tmp_path)
    other_wheel = stamp(wheel, VersionFacts(f"{FINAL}.dev0+abc.dirty"), tmp_path / "there").wheel.path
    assert stamp(other_wheel, VersionFacts(UNSTAMPED), tmp_path / "back").wheel.sha256 == sha256_of_file(wheel)[0]


def test_version_is_written_in_its_normal_form(tmp_path: Path) -> None:
    assert stamp(repaired(tmp_path), VersionFacts("v3.12-RC.1"), tmp_path / "out").wheel.path.name.startswith(
        "abacus_runtime-3.12rc1-"
    )


def test_unpinned_requirement_of_the_same_version_is_unchanged(tmp_path: Path) -> None:
    pyproject = f'[project]\nname = "a"\ndynamic = ["version"]\ndependencies = ["sibling", "stranger=={RC}"]\n'
    wheel = make_wheel(tmp_path, pyproject=pyproject, pins=("sibling",)).path
    candidate = stamp(wheel, VersionFacts(RC), tmp_path / "rc").wheel.path
    final = read_wheel(stamp(candidate, VersionFacts(FINAL), tmp_path / "final").wheel.path)
    metadata = message_from_string(final[f"a-{FINAL}.dist-info/METADATA"])
    assert metadata.get_all("Requires-Dist") == [f"sibling=={FINAL}", f"stranger=={RC}"]


def test_build_number_and_names_in_another_form_are_kept(tmp_path: Path) -> None:
    name = parse_wheel_name("Foo.Bar-1.0-2x-py3-none-any.whl")
    texts = {"METADATA": "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\n", "WHEEL": "Wheel-Version: 1.0\n"}
    entries = [
        WheelEntry(f"{name.dist_info}/{file}", text.encode(), Compression.STORED) for file, text in texts.items()
    ]
    wheel = write_wheel(tmp_path / str(name), name.dist_info, entries, Compression.STORED)
    stamped = stamp(wheel.path, VersionFacts("2.0"), tmp_path / "out").wheel
    assert stamped.path.name == "Foo.Bar-2.0-2x-py3-none-any.whl"
    assert stamped.files[0] == "Foo.Bar-2.0.dist-info/METADATA"


def test_wheel_of_another_backend_is_stamped(tmp_path: Path) -> None:
    name = parse_wheel_name("foo-1.0-py3-none-any.whl")
    metadata = b"Metadata-Version: 2.1\r\nName: foo\r\nVersion: 1.0\r\n\r\nVersion: 1.0 is described\r\n"
    entries = [
        WheelEntry(f"{name.dist_info}/METADATA", metadata, Compression.DEFLATED),
        WheelEntry(f"{name.dist_info}/WHEEL", b"Wheel-Version: 1.0\n", Compression.DEFLATED),
    ]
    wheel = write_wheel(tmp_path / str(name), name.dist_info, entries, Compression.DEFLATED)
    with zipfile.ZipFile(stamp(wheel.path, VersionFacts("2.0"), tmp_path / "out").wheel.path) as archive:
        stamped = archive.read("foo-2.0.dist-info/METADATA")
    assert stamped == metadata.replace(b"Version: 1.0\r\n\r\n", b"Version: 2.0\r\n\r\n")


def test_sbom_of_the_wheel_follows(tmp_path: Path) -> None:
    wheel = repaired(tmp_path)
    name = parse_wheel_name(wheel.name)
    sbom = {"metadata": {"component": {"name": "abacus-runtime", "version": UNSTAMPED}}}
    with zipfile.ZipFile(wheel) as archive:
        files = {path: archive.read(path) for path in archive.namelist() if not path.endswith("/RECORD")}
    files[f"{name.dist_info}/sboms/auditwheel.cdx.json"] = json.dumps(sbom).encode()
    entries = [WheelEntry(path, data, Compression.DEFLATED) for path, data in files.items()]
    with_sbom = write_wheel(tmp_path / "sbom" / wheel.name, name.dist_info, entries, Compression.DEFLATED).path
    stamped = stamp(with_sbom, VersionFacts(RC), tmp_path / "out")
    place = f"abacus_runtime-{RC}.dist-info/sboms/auditwheel.cdx.json"
    assert place in stamped.changed
    assert json.loads(read_wheel(stamped.wheel.path)[place])["metadata"]["component"]["version"] == RC


def test_an_invalid_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidVersionError, match="version one: is not a PEP 440 version"):
        stamp(repaired(tmp_path), VersionFacts("one"), tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"{}/METADATA": None}, "METADATA: is missing"),
        ({"{}/RECORD": None}, "RECORD: is missing"),
        ({"{}/RECORD.jws": "{}"}, "is a signature"),
        ({"{}/METADATA": "Name: a\n\n"}, "does not have one valid Version"),
        ({"{}/METADATA": "Version: 1\nVersion: 2\n\n"}, "does not have one valid Version"),
        ({"{}/METADATA": "Version: 7\n\n"}, f"has the version {UNSTAMPED}, but METADATA has 7"),
        ({"abacus_runtime/_version.py": "x = 1\n"}, f"is not the version module of {UNSTAMPED}"),
        ({"abacus_runtime/_version.py": None}, "is the version module, but does not exist"),
        ({"abacus_runtime/cli.py": None}, "is listed in RECORD, but does not exist"),
        ({"abacus_runtime/cli.py": "longer " * 99}, "with another size"),
        ({"abacus_runtime/new.py": ""}, "is not listed in RECORD"),
        ({"{}/spokeshave.json": "[]"}, "is not a recipe"),
        ({"b-1.dist-info/METADATA": ""}, "has 2 dist-info folders"),
    ],
)
def test_inconsistent_wheel_is_refused(tmp_path: Path, changes: dict[str, str | None], what: str) -> None:
    assert what in error_of(edited(repaired(tmp_path), tmp_path / "edited", changes), tmp_path / "out")


def test_wheel_under_another_versions_name_is_refused(tmp_path: Path) -> None:
    wheel = repaired(tmp_path)
    renamed = wheel.rename(wheel.with_name("abacus_runtime-9.9-py3-none-any.whl"))
    assert f"has the version 9.9, but METADATA has {UNSTAMPED}" in error_of(renamed, tmp_path / "out")


def test_pin_that_someone_changed_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path).path
    metadata = next(text for name, text in read_wheel(wheel).items() if name.endswith("/METADATA"))
    changed = metadata.replace(f"abacus-compiler=={UNSTAMPED}", "abacus-compiler==1.000000000", 1)
    assert len(changed) == len(metadata)
    bad = edited(wheel, tmp_path / "edited", {"{}/METADATA": changed})
    assert f"requires abacus-compiler==1.000000000, which is not pinned to {UNSTAMPED}" in error_of(
        bad, tmp_path / "out"
    )


def test_command_reports_and_stamps_in_the_same_folder(tmp_path: Path) -> None:
    wheel = repaired(tmp_path)
    arguments = ["stamp", "--wheel", str(wheel), "--output", str(wheel.parent), "--report", str(tmp_path / "r.json")]
    assert main([*arguments, "--version", UNSTAMPED]) == 0
    assert main([*arguments, "--version", RC]) == 0
    report = json.loads((tmp_path / "r.json").read_text())
    stamped = wheel.parent / report["wheel"]
    assert read_report(StampReport, tmp_path / "r.json").sha256 == report["sha256"]
    assert (report["sha256"], report["size"]) == sha256_of_file(stamped)
    assert (report["version"], len(report["changed"])) == (RC, 3)
    assert report["copied"] + 3 == len(zipfile.ZipFile(io.BytesIO(stamped.read_bytes())).namelist())
