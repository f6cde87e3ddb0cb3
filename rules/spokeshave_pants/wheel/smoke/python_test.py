"""Tests of the Python that smoke-tests a wheel, and of the message if there is none."""

from __future__ import annotations

import json

import pytest

from spokeshave_core.manifest import ForeignPython, parse_manifest
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.pythons.interpreters import Interpreter
from spokeshave_pants.wheel.plan.requires_python import RequiresPython
from spokeshave_pants.wheel.smoke.python import NoPython, SmokePython, choose_python, runs_natively

ENTRY = {
    "name": "glibc-aarch64-3.13",
    "launcher": ["/e/qemu-aarch64"],
    "argv0": ["-0"],
    "executable": "/e/python3.13",
    "variables": {},
    "origins": [],
    "system": "glibc",
    "system_version": "2.36",
    "architecture": "aarch64",
    "version": "3.13.5",
    "emulator": "qemu-aarch64 10.0.13",
}


def platform(tag: str) -> Platform:
    return Platform.parse(tag)


def foreign(**changes: object) -> ForeignPython:
    (python,) = parse_manifest(json.dumps({"format": 1, "pythons": [{**ENTRY, **changes}]}), "m")
    return python


HOST = platform("manylinux_2_36_x86_64")
V13 = PythonVersion(13)
NATIVE = Interpreter(feature=V13, patch=(13, 0), version="3.13.0", path="/usr/bin/python3.13", include=None)
ARM = foreign()
ANY = RequiresPython.parse(None)
NEWER = foreign(version="3.13.9", system_version="2.41")


def choice(tag: str, *pythons: ForeignPython, native: Interpreter | None = NATIVE) -> SmokePython | NoPython:
    return choose_python(platform(tag), V13, HOST, [native] if native else [], pythons, ANY)


def reason(tag: str, *pythons: ForeignPython, native: Interpreter | None = NATIVE) -> str:
    found = choice(tag, *pythons, native=native)
    assert isinstance(found, NoPython)
    return found.reason


@pytest.mark.parametrize(
    ("tag", "natively"),
    [
        ("manylinux_2_17_x86_64", True),
        ("manylinux_2_36_x86_64", True),
        ("manylinux_2_39_x86_64", False),
        ("manylinux_2_17_aarch64", False),
        ("musllinux_1_2_x86_64", False),
        ("win_amd64", False),
    ],
)
def test_a_machine_runs_its_own_platform_up_to_its_library(tag: str, natively: bool) -> None:
    assert runs_natively(platform(tag), HOST) is natively
    assert not runs_natively(platform(tag), None)


def test_native_wheels_use_the_machines_own_python_first() -> None:
    own = foreign(architecture="x86_64")
    assert choice("manylinux_2_17_x86_64", own) == NATIVE
    assert choice("manylinux_2_17_x86_64", own, native=None) == own
    assert choice("manylinux_2_17_x86_64", ARM, own, native=None) == own


def test_a_python_of_a_newer_debian_runs_wheels_for_its_library() -> None:
    newer = foreign(architecture="x86_64", system_version="2.43")
    assert choice("manylinux_2_39_x86_64", newer) == newer


def test_without_a_native_python_the_set_up_command_is_named() -> None:
    assert reason("manylinux_2_17_x86_64", native=None) == (
        "this machine has no Python 3.13. Install it, or let `spokeshave emulation --platform manylinux_2_17_x86_64 "
        "--python 3.13` set it up"
    )


def test_a_python_that_cannot_be_set_up_is_only_missing() -> None:
    found = choose_python(platform("manylinux_2_17_x86_64"), PythonVersion(12), HOST, [], [ARM], ANY)
    assert found == NoPython("this machine has no Python 3.12")


def test_foreign_wheels_use_the_newest_emulated_python() -> None:
    assert choice("manylinux_2_17_aarch64", ARM, NEWER) == NEWER
    assert choice("manylinux_2_39_aarch64", ARM, NEWER) == NEWER
    assert choice("manylinux_2_17_aarch64", ARM) == ARM


def test_a_wheel_for_musl_is_tried_on_the_python_of_musl_alone() -> None:
    """Even on this machine's processor."""
    musl = foreign(system="musl", architecture="x86_64", system_version="1.2.5")
    glibc = foreign(architecture="x86_64")
    assert choice("musllinux_1_2_x86_64", glibc, musl) == musl
    assert isinstance(choice("musllinux_1_2_x86_64", glibc), NoPython)
    assert choice("manylinux_2_17_x86_64", musl) == NATIVE
    assert isinstance(choice("musllinux_1_2_aarch64", musl), NoPython)


def test_without_an_emulator_the_set_up_command_is_named() -> None:
    assert "`spokeshave emulation --platform manylinux_2_17_aarch64` sets up" in reason("manylinux_2_17_aarch64")
    assert "`spokeshave emulation --platform win_amd64` sets up" in reason("win_amd64", ARM)


def test_a_missing_python_is_reported_with_existing_ones() -> None:
    message = reason("manylinux_2_17_aarch64", foreign(version="3.11.2"))
    assert "the emulated Pythons for manylinux_2_17_aarch64 are 3.11. " in message
    assert "`spokeshave emulation --platform manylinux_2_17_aarch64 --python 3.13`" in message


def test_a_too_new_library_is_reported() -> None:
    assert reason("manylinux_2_39_aarch64", ARM) == (
        "the wheel is for manylinux_2_39_aarch64, but the emulated Pythons have glibc 2.36"
    )
    assert reason("manylinux_2_39_x86_64") == (
        "the wheel is for manylinux_2_39_x86_64, but this machine supports at most manylinux_2_36_x86_64"
    )


def test_macos_is_for_macs() -> None:
    assert "on a Mac with `spokeshave smoke-test`" in reason("macosx_11_0_arm64", ARM)


def test_the_newest_python_that_the_wheel_allows_is_taken() -> None:
    newer = Interpreter(feature=V13, patch=(13, 2), version="3.13.2", path="/opt/bin/python3.13", include=None)
    exact = RequiresPython.parse("==3.13.0")
    tag = platform("manylinux_2_17_x86_64")
    assert choose_python(tag, V13, HOST, [NATIVE, newer], [], ANY) == newer
    assert choose_python(tag, V13, HOST, [NATIVE, newer], [], exact) == NATIVE
    assert choose_python(platform("manylinux_2_17_aarch64"), V13, HOST, [], [ARM, NEWER], exact) == NoPython(
        "the `requires-python` '==3.13.0' of its pyproject.toml does not allow the Python 3.13.5, 3.13.9 of this "
        "machine"
    )
    assert choose_python(tag, V13, HOST, [newer], [], exact) == NoPython(
        "the `requires-python` '==3.13.0' of its pyproject.toml does not allow the Python 3.13.2 of this machine"
    )
