"""Tests of how a Python of Linux is started: by the loader of its own root, or by qemu."""

from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.emulation.catalogue import choose
from spokeshave.emulation.emulator import Emulator
from spokeshave.emulation.linux import described
from spokeshave_core.manifest import Origin

LIBC = Origin("libc6:amd64", "2.43-1", "0" * 64)
ROOT = Path("/e/root")


@pytest.mark.parametrize(
    ("tag", "loader"),
    [
        ("manylinux_2_17_x86_64", "lib64/ld-linux-x86-64.so.2"),
        ("manylinux_2_17_aarch64", "lib/ld-linux-aarch64.so.1"),
    ],
)
def test_a_native_python_starts_with_its_own_c_library(tag: str, loader: str) -> None:
    (wanted,) = choose([tag], ["3.14"])
    python = described(ROOT, wanted.guest, "3.14", None, [LIBC])
    assert python.launcher[:3] == (f"/e/root/{loader}", "--inhibit-cache", "--library-path")
    assert python.launcher[3].split(":")[0] == f"/e/root/usr/lib/{wanted.guest.architecture}-linux-gnu"
    assert python.argv0 == ("--argv0",)
    assert python.emulator == "glibc 2.43"
    assert python.executable == "/e/root/usr/bin/python3.14"


def test_a_python_of_another_processor_starts_in_qemu() -> None:
    (wanted,) = choose(["manylinux_2_17_x86_64"], ["3.14"])
    qemu = Emulator(Path("/e/qemu-x86_64"), "qemu-x86_64 10.0", (Origin("qemu-user:arm64", "10.0", "1" * 64),))
    python = described(ROOT, wanted.guest, "3.14", qemu, [LIBC])
    assert (python.launcher, python.argv0) == (("/e/qemu-x86_64", "-L", "/e/root"), ("-0",))
    assert python.origins == (*qemu.origins, LIBC)
