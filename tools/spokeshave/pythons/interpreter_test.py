"""Tests of the wheels that an interpreter accepts, by the tags that the pinned `packaging` computes in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.tags import cpython_tags

from spokeshave.pythons.interpreter import Interpreter
from spokeshave_core.wheel_name import WheelTag

PLATFORM = "manylinux_2_17_x86_64"


def interpreter(minor: int, abi: str) -> Interpreter:
    return Interpreter(
        path=Path("/python"),
        version=f"3.{minor}.1",
        implementation="CPython",
        executable=Path("/python"),
        base="/",
        tags=frozenset(map(str, cpython_tags((3, minor), [abi], [PLATFORM]))),
        markers={},
    )


@pytest.mark.parametrize(
    ("tag", "fitting"),
    [
        ("cp312-abi3", {"cp314", "cp315", "cp316"}),
        ("cp314-cp314t", {"cp314t"}),
        ("cp315-cp315t", {"cp315t"}),
        ("cp315-abi3", {"cp315", "cp316"}),
        ("cp315-abi3.abi3t", {"cp315", "cp315t", "cp316", "cp316t"}),
        ("cp315-abi3t", {"cp315t", "cp316t"}),
        ("cp316-abi3.abi3t", {"cp316", "cp316t"}),
    ],
)
def test_each_build_of_python_accepts_its_stable_abi(tag: str, fitting: set[str]) -> None:
    builds = [(minor, f"cp3{minor}{threading}") for minor in (14, 15, 16) for threading in ("", "t")]
    wheel = WheelTag.parse(f"{tag}-{PLATFORM}")
    assert {abi for minor, abi in builds if interpreter(minor, abi).fits(wheel)} == fitting


def test_a_free_threaded_python_is_known_by_its_tags() -> None:
    assert interpreter(15, "cp315t").is_free_threaded
    assert not interpreter(15, "cp315").is_free_threaded


def test_an_abi_that_a_python_does_not_have_is_named() -> None:
    wheel = WheelTag.parse(f"cp315-abi3.abi3t-{PLATFORM}")
    reason = interpreter(14, "cp314t").misfit(wheel)
    assert reason == "the wheel is for cp315-abi3.abi3t, which CPython 3.14.1 does not support"
