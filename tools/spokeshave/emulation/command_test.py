from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.emulation.catalogue import DEFAULT_PLATFORMS, GUESTS, Wanted, choose, listing
from spokeshave.pythons.foreign import write_manifest
from spokeshave.report import write_report
from spokeshave.setup_steps import SetUpError, exclusive, whole_folder
from spokeshave.testing.path_fixtures import SOURCES
from spokeshave_core.manifest import ForeignPython
from spokeshave_core.platform import System

TOOLS = Path(__file__).parents[2]
BY_TAG = {guest.tag: guest for guest in GUESTS}
ARM = BY_TAG["manylinux_2_17_aarch64"]


@pytest.mark.parametrize(
    ("tags", "pythons", "wanted"),
    [
        ([], [], [Wanted(ARM, ("3.11", "3.13"))]),
        (["manylinux_2_28_aarch64", "manylinux2014_aarch64"], ["3.13"], [Wanted(ARM, ("3.13",))] * 2),
        (["manylinux_2_28_x86_64"], [], [Wanted(BY_TAG["manylinux_2_17_x86_64"], ("3.14", "3.15"))]),
        (["win_amd64"], ["3.12", "3.12"], [Wanted(BY_TAG["win_amd64"], ("3.12",))]),
        (["manylinux_2_39_riscv64"], ["3.14"], [Wanted(BY_TAG["manylinux_2_31_riscv64"], ("3.14",))]),
    ],
)
def test_a_platform_is_chosen_by_its_tag_with_any_floor(
    tags: list[str], pythons: list[str], wanted: list[Wanted]
) -> None:
    assert choose(tags, pythons) == wanted


def test_all_unavailable_pythons_are_reported_together() -> None:
    with pytest.raises(SetUpError) as caught:
        choose(["macosx_11_0_arm64", "win_arm64", "manylinux_2_17_s390x"], ["3.10", "3.13"])
    text = str(caught.value)
    assert "macosx_11_0_arm64: is not a platform that can be emulated here" in text
    assert "win_arm64: is not a platform" in text
    assert (
        "--python 3.10: is not available for manylinux_2_17_s390x\n    Available for manylinux_2_17_s390x: 3.11" in text
    )


def test_the_listing_has_platforms_and_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emulation", "--list", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert [guest.tag for guest in GUESTS if f"{guest.tag} " not in out] == []
    assert out.startswith(listing())
    assert f"Nothing is set up in {tmp_path}." in out
    assert set(DEFAULT_PLATFORMS) <= set(BY_TAG)


def set_up(folder: Path, name: str, executable: Path | None = None) -> ForeignPython:
    """Create a Python like a finished set-up does."""
    place = folder / "pythons" / name
    python = ForeignPython(
        name=name,
        system=System.GLIBC,
        system_version="2.41",
        architecture="aarch64",
        version="3.13.5",
        emulator="true 1",
        launcher=("/bin/true",),
        executable=str(executable or place / "python3"),
    )
    (place / "python3").parent.mkdir(parents=True)
    (place / "python3").touch()
    write_report(place / "python.json", python.as_json())
    return python


def test_what_is_there_stays_and_nothing_is_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(tmp_path, "glibc-aarch64-3.13")
    arguments = ["emulation", "--python", "3.13", "--folder", str(tmp_path), "--mirror", "file:/nowhere"]
    assert main(arguments) == 0
    err = capsys.readouterr().err
    assert "manylinux_2_17_aarch64 Python 3.13: set up" in err
    assert "ready: Python 3.13.5 for Linux aarch64, glibc 2.41 (true 1)" in err
    assert "glibc-aarch64-3.13" in (tmp_path / "manifest.json").read_text()


def test_pythons_made_for_another_path_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(tmp_path, "glibc-aarch64-3.13", Path("/bin/sh"))
    assert main(["emulation", "--list", "--folder", str(tmp_path)]) == 0
    assert "Nothing is set up" in capsys.readouterr().out


def test_a_dead_mirror_is_reported_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_manifest(tmp_path, [])
    before = (tmp_path / "manifest.json").read_bytes()
    assert main(["emulation", "--folder", str(tmp_path), "--mirror", "file:/nowhere"]) == 1
    err = capsys.readouterr().err
    assert "apt-get" in err
    assert "--mirror gives the address of another mirror" in err
    assert not [path for path in tmp_path.rglob("*.partial-*") if path.is_dir()]
    assert (tmp_path / "manifest.json").read_bytes() == before


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def fail() -> None:
        with whole_folder(tmp_path / "a/b") as new:
            (new / "file").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list((tmp_path / "a").iterdir()) == []
    with whole_folder(tmp_path / "a/b") as new:
        (new / "file").touch()
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["file"]


def test_leftovers_of_a_killed_setup_are_removed(tmp_path: Path) -> None:
    leftover = tmp_path / "pythons/glibc-aarch64-3.13.partial-abc"
    leftover.mkdir(parents=True)
    with exclusive(tmp_path):
        assert not leftover.exists()


def test_two_set_ups_of_a_folder_go_one_after_the_other(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from spokeshave.setup_steps import exclusive\n"
        "with exclusive(Path(sys.argv[1])):\n"
        "    assert not Path(sys.argv[1], 'inside').exists()\n"
        "    Path(sys.argv[1], 'inside').touch(); time.sleep(0.5); Path(sys.argv[1], 'inside').unlink()\n"
    )
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    command = [sys.executable, "-c", program, str(tmp_path)]
    started = [subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(3)]
    assert [process.wait(30) for process in started] == [0, 0, 0]


def test_the_set_up_needs_nothing_but_the_standard_library() -> None:
    program = (
        "import sys; from spokeshave.cli import make_parser; make_parser(['emulation'])\n"
        "import spokeshave.emulation.windows, spokeshave.emulation.linux, spokeshave.emulation.musl"
    )
    command = [sys.executable, "-S", "-c", program]
    done = subprocess.run(command, env={"PYTHONPATH": SOURCES}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_entry_of_a_checkout_passes_its_arguments_on(tmp_path: Path) -> None:
    """It runs on the Python that ./pants prepared, here a stand-in."""
    place = tmp_path / "pants-1-2-abcd"
    (place / "venv/bin").mkdir(parents=True)
    (place / "ready").touch()
    (place / "venv/bin/python").symlink_to(sys.executable)
    environment = {**os.environ, "SPOKESHAVE_HOME": str(tmp_path)}
    command = [str(TOOLS / "emulation"), "--list"]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"Nothing is set up in {tmp_path}/emulation." in done.stdout
