"""Tests of the header `spokeshave/version.h`, compiled for each object format."""

from __future__ import annotations

import ctypes
import platform
import shutil
import sys
from pathlib import Path

import pytest

import spokeshave_core
from spokeshave.native.version_slot import SLOT_SIZE, find_version_slots, write_version_slots
from spokeshave.testing.native_fixtures import MANYLINUX, TARGETS, compile_library, link_bare

INCLUDE = Path(spokeshave_core.__file__).parent / "include"
STRICT = (
    f"-I{INCLUDE}",
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wcast-qual", "-Wunused-const-variable", "-Werror"),
)
PLATFORMS = (
    "manylinux_2_17_x86_64",
    "manylinux_2_17_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_11_0_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
    "win_arm64",
)
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


def versions(file: Path) -> list[str | None]:
    """Return the content of the slots in a file, which are all texts of their form in it."""
    slots = find_version_slots(file, file.name)
    assert len(slots) == file.read_bytes().count(b"0+unstamped".ljust(SLOT_SIZE, b"\0"))
    assert [slot.offset % SLOT_SIZE for slot in slots] == [0] * len(slots)
    return [slot.version for slot in slots]


@pytest.mark.parametrize("tag", PLATFORMS)
def test_a_slot_is_in_a_section_of_its_own(tag: str, tmp_path: Path) -> None:
    unused = "-Wl,-dead_strip" if tag.startswith("macosx") else "-Wl,--gc-sections"
    file = link_bare(tmp_path / "lib", BARE, tag, "-std=c99", "-O3", *STRICT, unused)
    assert versions(file) == ["0+unstamped"]


def test_each_translation_unit_has_a_slot_if_it_uses_it(tmp_path: Path) -> None:
    other = tmp_path / "other.c"
    other.write_text("#include <spokeshave/version.h>\nconst char *b(void);\nconst char *b(void) { return USED; }\n")
    for used, count in (("SPOKESHAVE_VERSION()", 2), ("0", 1)):
        flags = (*STRICT, f"-DUSED={used}", "-fvisibility=default", str(other))
        assert versions(link_bare(tmp_path / "lib.so", BARE, MANYLINUX, *flags)) == ["0+unstamped"] * count


@pytest.mark.skipif(sys.platform != "linux", reason="loads an ELF file")
@pytest.mark.parametrize("language", ["c", "cc"])
@pytest.mark.parametrize("flags", [("-O0",), ("-O3",), ("-O3", "-flto", "-Wl,--gc-sections", "-s")], ids=" ".join)
def test_code_reads_the_text_that_is_in_the_file(tmp_path: Path, language: str, flags: tuple[str, ...]) -> None:
    standard = "-std=c99" if language == "c" else "-std=c++11"
    target = TARGETS[f"manylinux_2_17_{platform.machine()}"]
    flags = (standard, "-fno-sanitize=undefined", *STRICT, *flags)
    file = compile_library(tmp_path / "lib.so", LENGTH, *flags, target=target, language=language)
    stamped = Path(shutil.copy2(file, tmp_path / "stamped.so"))
    write_version_slots(stamped, stamped.name, "0+unstamped", "3.12.0rc20260821")
    for path, version in ((file, b"0+unstamped"), (stamped, b"3.12.0rc20260821")):
        library = ctypes.CDLL(str(path))
        library.version.restype = ctypes.c_char_p
        assert (library.version(), library.length()) == (version, len(version))
