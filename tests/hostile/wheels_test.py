"""The small part of `hostile.wheels` that each CI run has: the same wheels in each run."""

from __future__ import annotations

import random
from pathlib import Path

from hostile import foreign_wheels
from hostile.wheels import install, is_accepted, mutated_wheel, native_wheel, run


def test_accepted_wheels_install_and_import(tmp_path: Path) -> None:
    accepted, faults = run(24, 0, tmp_path)
    assert faults == []
    assert 4 <= accepted < 24


def test_accepted_native_files_are_imported(tmp_path: Path) -> None:
    accepted, faults = run(12, 0, tmp_path, native_wheel)
    assert faults == []
    assert 2 <= accepted < 12


def test_accepted_foreign_files_fit_their_tags(tmp_path: Path) -> None:
    accepted, faults = foreign_wheels.run(40, 0, tmp_path)
    assert faults == []
    assert 4 <= accepted < 40


def test_a_foreign_file_that_contradicts_its_tag_is_found() -> None:
    for platform in foreign_wheels.FILES:
        module = foreign_wheels.module_for(platform)
        assert foreign_wheels.contradiction(module, platform) is None
    assert "CPU" in (
        foreign_wheels.contradiction(foreign_wheels.module_for("macosx_11_0_arm64"), "macosx_11_0_x86_64") or ""
    )
    assert "machine" in (foreign_wheels.contradiction(foreign_wheels.module_for("win_amd64"), "win_arm64") or "")


def test_a_wheel_that_cannot_be_installed_is_found(tmp_path: Path) -> None:
    wheel = mutated_wheel(random.Random(5), "broken", tmp_path)
    wheel.path.write_bytes(b"PK")
    assert not is_accepted(wheel.path)
    assert "Wheel" in (install([wheel], tmp_path) or "")
