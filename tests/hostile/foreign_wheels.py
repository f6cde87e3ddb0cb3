"""Changed native files of wheels for macOS and Windows, which cannot be run here.

What `verify` accepts fits the wheel's tag by a reading of its own, without the readers of `verify`.
"""

from __future__ import annotations

import functools
import random
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path

from spokeshave.testing.native_fixtures import build_wheel, link_bare
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi

ABI = "cp310"
FILES = {
    "macosx_11_0_arm64": "native.cpython-310-darwin.so",
    "macosx_11_0_x86_64": "native.cpython-310-darwin.so",
    "win_arm64": "native.cp310-win_arm64.pyd",
}
# `mach/machine.h` and `mach-o/loader.h`; the machine types of Microsoft's PE format.
_MACHO_MAGIC = 0xFEEDFACF
_CPU = {"arm64": 0x0100000C, "x86_64": 0x01000007}
_BUNDLES_AND_LIBRARIES = (6, 8)
_BUILD_VERSION = 0x32
_MACOS = 1
_PE_MACHINE = {"win_arm64": 0xAA64}
_DLL = 0x2000
_NUMBERS = (
    0,
    1,
    2,
    6,
    7,
    8,
    9,
    0x32,
    0x64,
    0xAA64,
    0x8664,
    0x014C,
    0xFFFF,
    0x0A0000,
    0x0B0000,
    0x0C0000,
    1 << 24,
    1 << 31,
)


_SOURCE = """
#ifdef _WIN32
#define EXPORT __declspec(dllexport)
int DllMainCRTStartup(void *instance, unsigned reason, void *reserved) { return 1; }
#else
#define EXPORT __attribute__((visibility("default")))
#endif
EXPORT void *PyInit_native(void) { return 0; }
"""


@functools.cache
def module_for(platform: str) -> bytes:
    """Return an extension module that needs nothing."""
    with tempfile.TemporaryDirectory() as folder:
        return link_bare(Path(folder) / "native.so", _SOURCE, platform).read_bytes()


def run(count: int, seed: int, folder: Path) -> tuple[int, list[str]]:
    """Judge wheels. Return how many are accepted, and a text for each that should not be."""
    randomness = random.Random(seed)
    faults = []
    accepted = 0
    for number in range(count):
        platform = randomness.choice(list(FILES))
        data = bytearray(module_for(platform))
        changes = [_change(randomness, data) for _ in range(randomness.choice((1, 1, 2)))]
        wheel = _wheel(platform, {f"demo/{FILES[platform]}": bytes(data)}, folder / str(number))
        if not verify(Expectation(wheel=wheel, platform=Platform.parse(platform), abi=PythonAbi.parse(ABI))):
            accepted += 1
            fault = contradiction(bytes(data), platform)
            faults += [f"{platform}, {changes}: {fault}"] if fault else []
    return accepted, faults


def _wheel(platform: str, files: Mapping[str, bytes], folder: Path) -> Path:
    folder.mkdir()
    return build_wheel(folder, {"demo/__init__.py": "", **files}, f"{ABI}-{ABI}-{platform}")


def _change(randomness: random.Random, data: bytearray) -> str:
    """Write a number over a field of the headers, at the beginning of the file."""
    at = 4 * randomness.randrange(min(len(data), 1024) // 4)
    form = randomness.choice("BHI")
    value = randomness.choice(_NUMBERS) % (1 << 8 * struct.calcsize(form))
    struct.pack_into(f"<{form}", data, at, value)
    return f"{form} at {at} is {value:#x}"


def contradiction(data: bytes, platform: str) -> str | None:
    """Return how a file contradicts the tag of its wheel. None if it does not."""
    if platform.startswith("win"):
        (header,) = struct.unpack_from("<I", data, 60)
        machine, flags = struct.unpack_from("<4xH16xH", data, header)
        is_right = data[:2] == b"MZ" and data[header : header + 4] == b"PE\0\0" and flags & _DLL
        return None if is_right and machine == _PE_MACHINE[platform] else f"machine {machine:#x}, flags {flags:#x}"
    magic, cpu, _, kind, commands = struct.unpack_from("<5I", data)
    architecture = platform.partition("_0_")[2]
    if (magic, cpu) != (_MACHO_MAGIC, _CPU[architecture]) or kind not in _BUNDLES_AND_LIBRARIES:
        return f"magic number {magic:#x}, CPU {cpu:#x}, kind {kind}"
    return _system_contradiction(data, commands)


def _system_contradiction(data: bytes, commands: int) -> str | None:
    at = 32
    for _ in range(commands):
        kind, size, system, minimum = struct.unpack_from("<4I", data, at)
        if kind == _BUILD_VERSION and (system != _MACOS or minimum >> 16 > 11):
            return f"system {system}, from {minimum >> 16} on"
        at += size
    return None
