"""Tests of the derived `pyconfig.h` for each platform, version and build."""

from __future__ import annotations

import re

import pytest

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.headers.pyconfig import derived_pyconfig

PLATFORMS = (
    "manylinux_2_17_x86_64",
    "manylinux_2_17_armv7l",
    "manylinux_2_17_s390x",
    "musllinux_1_2_aarch64",
    "macosx_11_0_arm64",
    "macosx_11_0_universal2",
    "win_amd64",
    "win_arm64",
)


def macros(tag: str, version: str = "3.12") -> dict[str, str]:
    text = derived_pyconfig(Platform.parse(tag), PythonVersion.parse(version, where="this test"))
    return dict(re.findall(r"^#define (\w+) ?(.*)$", text, re.MULTILINE))


@pytest.mark.parametrize("tag", PLATFORMS)
def test_no_macro_is_defined_twice_and_each_condition_is_closed(tag: str) -> None:
    text = derived_pyconfig(Platform.parse(tag), PythonVersion(13, free_threaded=True))
    names = re.findall(r"^#define (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)) > 60
    assert len(re.findall(r"^#ifndef", text, re.MULTILINE)) == len(re.findall(r"^#endif", text, re.MULTILINE))


def test_sizes_are_those_of_the_processor_and_the_system() -> None:
    words = ("SIZEOF_LONG", "SIZEOF_VOID_P", "SIZEOF_WCHAR_T", "SIZEOF_TIME_T", "SIZEOF_LONG_DOUBLE", "SIZEOF_PID_T")
    sizes = {tag: [macros(tag).get(name) for name in words] for tag in (*PLATFORMS, "musllinux_1_2_armv7l")}
    assert sizes == {
        "manylinux_2_17_x86_64": ["8", "8", "4", "8", "16", "4"],
        "manylinux_2_17_armv7l": ["4", "4", "4", "4", "8", "4"],
        "manylinux_2_17_s390x": ["8", "8", "4", "8", "16", "4"],
        "musllinux_1_2_aarch64": ["8", "8", "4", "8", "16", "4"],
        "musllinux_1_2_armv7l": ["4", "4", "4", "8", "8", "4"],
        "macosx_11_0_arm64": ["8", "8", "4", "8", "8", "4"],
        "macosx_11_0_universal2": ["8", "8", "4", "8", None, "4"],
        "win_amd64": ["4", "8", "2", "8", None, "8"],
        "win_arm64": ["4", "8", "2", "8", None, "8"],
    }


def test_the_order_of_bytes_is_the_processors() -> None:
    assert [tag for tag in PLATFORMS if "WORDS_BIGENDIAN" in macros(tag)] == ["manylinux_2_17_s390x"]
    assert [tag for tag in PLATFORMS if "DOUBLE_IS_LITTLE_ENDIAN_IEEE754" not in macros(tag)] == [
        "manylinux_2_17_s390x"
    ]


@pytest.mark.parametrize("tag", PLATFORMS)
def test_only_the_free_threaded_build_is_without_the_lock(tag: str) -> None:
    assert "Py_GIL_DISABLED" not in macros(tag, "3.13")
    found = macros(tag, "3.13t")
    assert ("__getReg" in found) == (tag == "win_arm64")
    assert {**macros(tag, "3.13"), "Py_GIL_DISABLED": "1"}.items() <= found.items()


def test_windows_names_its_tag_and_exports_by_declaration() -> None:
    found = macros("win_arm64")
    assert (found["PYD_PLATFORM_TAG"], found["Py_ENABLE_SHARED"]) == ('"win_arm64"', "1")
    assert {"MS_WINDOWS", "MS_WIN64", "HAVE_DECLSPEC_DLL", "NT_THREADS"} <= found.keys()
    assert not {"HAVE_FORK", "HAVE_UNISTD_H", "HAVE_PTHREAD_H", "_GNU_SOURCE"} & found.keys()


def test_linux_promises_no_function_that_its_oldest_glibc_lacks() -> None:
    newer = {"HAVE_GETRANDOM", "HAVE_GETENTROPY", "HAVE_MEMFD_CREATE", "HAVE_COPY_FILE_RANGE", "HAVE_CLOSE_RANGE"}
    assert not newer & macros("manylinux_2_17_x86_64").keys()


def test_macos_shows_its_own_declarations() -> None:
    found = macros("macosx_11_0_arm64")
    assert found["_DARWIN_C_SOURCE"] == "1"
    assert "_POSIX_C_SOURCE" not in found
    assert "HAVE_KQUEUE" in found
    assert "HAVE_EPOLL" not in found


def test_a_version_has_the_macros_of_its_headers() -> None:
    by_version = {version: macros("manylinux_2_17_x86_64", version).keys() for version in ("3.10", "3.12", "3.14")}
    assert {v for v, found in by_version.items() if "HAVE_DECL_ISNAN" in found} == {"3.10"}
    assert {v for v, found in by_version.items() if "WITH_FREELISTS" in found} == {"3.12"}
    assert {v for v, found in by_version.items() if "_Py_STACK_GROWS_DOWN" in found} == {"3.14"}


# The macros of Debian's `pyconfig.h` of 3.15.0 (forky) that CPython's public headers test, on amd64 and ppc64el.
DEBIAN_315 = dict(
    pair.split("=")
    for pair in """
    ALIGNOF_MAX_ALIGN_T=16 HAVE_FORK=1 HAVE_PTHREAD_H=1 HAVE_SSIZE_T=1 HAVE_SYS_STAT_H=1 HAVE_SYS_TYPES_H=1
    HAVE_WCHAR_H=1 SIZEOF_INT=4 SIZEOF_LONG=8 SIZEOF_LONG_LONG=8 SIZEOF_PID_T=4 SIZEOF_SIZE_T=8 SIZEOF_VOID_P=8
    SIZEOF_WCHAR_T=4 WITH_DOC_STRINGS=1 WITH_MIMALLOC=1 WITH_PYMALLOC=1 _POSIX_C_SOURCE=202405L _Py_STACK_GROWS_DOWN=1
    _XOPEN_SOURCE=800 _XOPEN_SOURCE_EXTENDED=1
    """.split()
)
ARMV7L_315 = {"ALIGNOF_MAX_ALIGN_T": "8", "SIZEOF_LONG": "4", "SIZEOF_SIZE_T": "4", "SIZEOF_VOID_P": "4"}
UNTESTED_315 = {"HAVE_DECL_ISNAN", "WITH_FREELISTS", "PY_FORMAT_SIZE_T", "TIME_WITH_SYS_TIME"}


@pytest.mark.parametrize(
    ("tag", "own"),
    [
        ("manylinux_2_17_x86_64", {}),
        ("manylinux_2_17_ppc64le", {}),
        ("manylinux_2_31_riscv64", {}),
        ("manylinux_2_17_s390x", {"ALIGNOF_MAX_ALIGN_T": "8"}),
        ("manylinux_2_17_aarch64", {"HAVE_USABLE_WCHAR_T": "1"}),
        ("manylinux_2_17_armv7l", {**ARMV7L_315, "HAVE_USABLE_WCHAR_T": "1"}),
    ],
)
def test_the_macros_of_3_15_are_those_of_debians_package(tag: str, own: dict[str, str]) -> None:
    expected = {**DEBIAN_315, **own}
    found = macros(tag, "3.15")
    named = expected.keys() | {"HAVE_USABLE_WCHAR_T"} | UNTESTED_315
    assert {name: value for name, value in found.items() if name in named} == expected
