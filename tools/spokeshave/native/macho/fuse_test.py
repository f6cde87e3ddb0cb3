from __future__ import annotations

import struct
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.native.macho.file import read_macho
from spokeshave.native.macho.fuse import UnfusableFilesError, fuse, fuse_folders
from spokeshave.native.macho.signature import signature_fault
from spokeshave.testing.native_fixtures import link_bare, module_source
from spokeshave.testing.report_fixtures import read_report
from spokeshave_core.reports.fuse import FuseReport

ARM = "macosx_11_0_arm64"
X86 = "macosx_11_0_x86_64"
ELF = "manylinux_2_17_x86_64"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("built")
    return {name: link_bare(folder / name / "native.so", module_source("native"), name) for name in (ARM, X86, ELF)}


def report(folder: Path) -> list[str]:
    return ["--report", str(folder / "report.json")]


def test_the_fused_file_has_the_slices_as_they_were(built: dict[str, Path], tmp_path: Path) -> None:
    output = tmp_path / "native.so"
    assert (
        main(
            ["fuse", "--input", str(built[ARM]), "--input", str(built[X86]), "--output", str(output), *report(tmp_path)]
        )
        == 0
    )
    assert read_report(FuseReport, tmp_path / "report.json") == FuseReport(str(output))
    macho = read_macho(output, "fused")
    data = output.read_bytes()
    assert macho.is_universal
    assert macho.architectures == ("x86_64", "arm64")
    assert macho.exports >= {"PyInit_native"}
    for part, source in zip(macho.slices, (built[X86], built[ARM])):
        assert part.region.offset % 0x4000 == 0
        assert data[part.region.offset : part.region.offset + part.region.size] == source.read_bytes()
    assert len(data) == sum(macho.slices[-1].region)
    assert struct.unpack_from(">II", data) == (0xCAFEBABE, 2)
    # The processors' numbers in Apple's headers, and the alignment of each slice as a power of two.
    entries = [struct.unpack_from(">IIIII", data, 8 + 20 * index) for index in range(2)]
    assert [(entry[0], entry[1], entry[4]) for entry in entries] == [(0x1000007, 3, 14), (0x100000C, 0, 14)]


def test_the_signature_of_a_slice_stays_valid(built: dict[str, Path], tmp_path: Path) -> None:
    fuse([built[X86], built[ARM]], tmp_path / "native.so")
    part = read_macho(tmp_path / "native.so", "fused").slices[1]
    assert part.signature is not None
    assert signature_fault(tmp_path / "native.so", part) is None


def test_the_order_of_the_inputs_does_not_matter(built: dict[str, Path], tmp_path: Path) -> None:
    fuse([built[X86], built[ARM]], tmp_path / "one")
    fuse([built[ARM], built[X86]], tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_program_stays_one_that_can_run(built: dict[str, Path], tmp_path: Path) -> None:
    fuse([built[X86], built[ARM]], tmp_path / "native.so")
    assert (tmp_path / "native.so").stat().st_mode & 0o777 == built[X86].stat().st_mode & 0o755


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([ARM, ARM], "would have arm64 twice, from"),
        ([ARM, ARM], "would have no x86_64"),
        ([X86], "would have no arm64"),
        ([ARM, ELF], "is not a Mach-O file"),
    ],
)
def test_what_makes_no_universal_file_is_refused(
    built: dict[str, Path], tmp_path: Path, inputs: list[str], message: str
) -> None:
    with pytest.raises(UnfusableFilesError, match=message):
        fuse([built[name] for name in inputs], tmp_path / "native.so")
    assert list(tmp_path.iterdir()) == []


def test_a_universal_file_cannot_take_an_architecture_again(built: dict[str, Path], tmp_path: Path) -> None:
    fuse([built[X86], built[ARM]], tmp_path / "once")
    with pytest.raises(UnfusableFilesError, match="would have arm64 twice"):
        fuse([tmp_path / "once", built[ARM]], tmp_path / "twice")


def test_damaged_and_missing_inputs_are_reported(
    built: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "half").write_bytes(built[ARM].read_bytes()[:5000])
    with pytest.raises(UnfusableFilesError, match="half: is a damaged Mach-O file"):
        fuse([tmp_path / "half", built[X86]], tmp_path / "native.so")
    arguments = ["--input", str(tmp_path / "absent"), "--input", str(built[X86]), "--output", str(tmp_path / "out")]
    assert main(["fuse", *arguments, *report(tmp_path)]) == 1
    assert f"{tmp_path / 'absent'}: failed: No such file" in capsys.readouterr().err


def test_different_install_names_are_reported(built: dict[str, Path], tmp_path: Path) -> None:
    other = link_bare(tmp_path / "other.so", module_source("native"), X86)
    with pytest.raises(UnfusableFilesError, match=r"two install names, @rpath/native\.so and @rpath/other\.so"):
        fuse([other, built[ARM]], tmp_path / "native.so")


def folders(root: Path, built: dict[str, Path], texts: tuple[str, str]) -> list[Path]:
    for name, text in zip((ARM, X86), texts):
        (root / name / "demo").mkdir(parents=True)
        (root / name / "demo" / "native.so").write_bytes(built[name].read_bytes())
        (root / name / "demo" / "data.txt").write_text(text)
    return [root / ARM, root / X86]


def test_folders_are_joined_file_by_file(built: dict[str, Path], tmp_path: Path) -> None:
    one, two = folders(tmp_path, built, ("same", "same"))
    assert (
        main(["fuse", "--input", str(one), "--input", str(two), "--output", str(tmp_path / "out"), *report(tmp_path)])
        == 0
    )
    assert read_macho(tmp_path / "out" / "demo" / "native.so", "fused").architectures == ("x86_64", "arm64")
    assert (tmp_path / "out" / "demo" / "data.txt").read_text() == "same"


def test_all_differences_of_folders_are_reported(built: dict[str, Path], tmp_path: Path) -> None:
    inputs = folders(tmp_path, built, ("one", "two"))
    (inputs[0] / "demo" / "more.txt").write_text("")
    with pytest.raises(UnfusableFilesError) as caught:
        fuse_folders(inputs, tmp_path / "out")
    assert [problem.place for problem in caught.value.problems] == ["demo/data.txt", "demo/more.txt"]
    assert "differs between the architectures and is not a Mach-O file" in str(caught.value)
    assert "is missing in" in str(caught.value)
    with pytest.raises(UnfusableFilesError, match="is not a folder, but another input is one"):
        fuse_folders([inputs[0], built[X86]], tmp_path / "out")
