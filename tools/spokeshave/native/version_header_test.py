"""Tests of the header `spokeshave/version.h`, compiled for each object format."""

from __future__ import annotations

import ctypes
import platform
import sys
from pathlib import Path

import pytest

import spokeshave_core
from spokeshave.testing.native_fixtures import MANYLINUX, TARGETS, compile_library, link_bare

INCLUDE = Path(spokeshave_core.__file__).parent / "include"
SLOT_SIZE = 128
UNSTAMPED = b"0+unstamped".ljust(SLOT_SIZE, b"\0")
STRICT = (
    f"-I{INCLUDE}",
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wcast-qual", "-Wunused-const-variable", "-Werror"),
)
SECTIONS = {
    "manylinux_2_17_x86_64": b".spkver\0",
    "manylinux_2_17_aarch64": b".spkver\0",
    "musllinux_1_2_x86_64": b".spkver\0",
    "macosx_11_0_x86_64": b"__spkver".ljust(16, b"\0") + b"__DATA".ljust(16, b"\0"),
    "macosx_11_0_arm64": b"__spkver".ljust(16, b"\0") + b"__DATA".ljust(16, b"\0"),
    "win_amd64": b".spkver\0",
}
_EXPORT = """
#include <spokeshave/version.h>
#ifdef __cplusplus
#define LINKAGE extern "C"
#else
#define LINKAGE
#endif
#ifdef _WIN32
#define EXPORT LINKAGE __declspec(dllexport)
#else
#define EXPORT LINKAGE __attribute__((visibility("default")))
#endif
EXPORT const char *version(void);
EXPORT const char *version(void) { return SPOKESHAVE_VERSION(); }
"""
# A compiler that knows the text computes its length.
LENGTH = f"""{_EXPORT}
EXPORT unsigned length(void);
EXPORT unsigned length(void) {{ return (unsigned)__builtin_strlen(SPOKESHAVE_VERSION()); }}
"""
BARE = f"""{_EXPORT}
#ifdef _WIN32
EXPORT int DllMainCRTStartup(void);
EXPORT int DllMainCRTStartup(void) {{ return 1; }}
#endif
"""


def slots(file: Path) -> list[int]:
    """Return the positions of the slots in a file."""
    data = file.read_bytes()
    found = [position for position in range(0, len(data), SLOT_SIZE) if data.startswith(b"0+unstamped", position)]
    assert data.count(b"0+unstamped") == len(found)  # all are aligned
    assert all(data[position : position + SLOT_SIZE] == UNSTAMPED for position in found)
    return found


@pytest.mark.parametrize("tag", SECTIONS)
def test_a_slot_is_in_a_section_of_its_own(tag: str, tmp_path: Path) -> None:
    unused = "-Wl,-dead_strip" if tag.startswith("macosx") else "-Wl,--gc-sections"
    file = link_bare(tmp_path / "lib", BARE, tag, "-std=c99", "-O3", *STRICT, unused)
    assert len(slots(file)) == 1
    assert SECTIONS[tag] in file.read_bytes()


def test_each_translation_unit_has_a_slot_if_it_uses_it(tmp_path: Path) -> None:
    other = tmp_path / "other.c"
    other.write_text("#include <spokeshave/version.h>\nconst char *b(void);\nconst char *b(void) { return USED; }\n")
    for used, expected in (("SPOKESHAVE_VERSION()", 2), ("0", 1)):
        flags = (*STRICT, f"-DUSED={used}", "-fvisibility=default", str(other))
        assert len(slots(link_bare(tmp_path / "lib.so", BARE, MANYLINUX, *flags))) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="loads an ELF file")
@pytest.mark.parametrize("language", ["c", "cc"])
@pytest.mark.parametrize("flags", [("-O0",), ("-O3",), ("-O3", "-flto", "-Wl,--gc-sections", "-s")], ids=" ".join)
def test_code_reads_the_text_that_is_in_the_file(tmp_path: Path, language: str, flags: tuple[str, ...]) -> None:
    standard = "-std=c99" if language == "c" else "-std=c++11"
    target = TARGETS[f"manylinux_2_17_{platform.machine()}"]
    flags = (standard, "-fno-sanitize=undefined", *STRICT, *flags)
    file = compile_library(tmp_path / "lib.so", LENGTH, *flags, target=target, language=language)
    (position,) = slots(file)
    data = bytearray(file.read_bytes())
    data[position : position + SLOT_SIZE] = b"3.12.0rc20260821".ljust(SLOT_SIZE, b"\0")
    stamped = tmp_path / "stamped.so"
    stamped.write_bytes(data)
    for path, version in ((file, b"0+unstamped"), (stamped, b"3.12.0rc20260821")):
        library = ctypes.CDLL(str(path))
        library.version.restype = ctypes.c_char_p
        assert (library.version(), library.length()) == (version, len(version))
