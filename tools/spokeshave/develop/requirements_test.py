"""Tests of the requirements that an environment lacks."""

from __future__ import annotations

from packaging.requirements import Requirement

from spokeshave.develop.requirements import missing_requirements

MARKERS = {"python_version": "3.12", "sys_platform": "linux"}


def missing(*texts: str) -> list[str]:
    return missing_requirements(map(Requirement, texts), MARKERS, {"my-vm": "1.0.dev0+unstamped", "numpy": "1.26.4"})


def test_what_is_not_installed_or_too_old_is_missing() -> None:
    assert missing("numpy>=2", "Rich[jupyter]>=13", "x @ file:///x") == [
        "Rich[jupyter]>=13",
        "numpy>=2",
        "x @ file:///x",
    ]


def test_what_is_installed_or_for_others_is_not_missing() -> None:
    assert missing("my_vm==1.0.dev0+unstamped", "numpy", "a; sys_platform == 'win32'", "b; extra == 'all'") == []
