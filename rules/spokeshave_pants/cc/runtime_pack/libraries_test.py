"""Tests of what the runtime's static libraries are."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.runtime_pack.libraries import runtime_components, runtime_licenses
from spokeshave_pants.cc.runtime_pack.recipe import builtins_library
from spokeshave_pants.toolchain.layout import LICENSES

# The static libraries in zig's first link for each format.
ELF = ("libc++.a", "libc++abi.a", "libunwind.a", "libc_nonshared.a", "libcompiler_rt.a")
MACHO = ("libc++.a", "libc++abi.a", "libcompiler_rt.a")
PE = ("libc++.lib", "libc++abi.lib", "libunwind.lib", "libmingw32.lib", "libmingwex.lib", "libclang_rt.builtins.lib")


def names(archives: tuple[str, ...], *, is_exact: bool, has_cxx: bool) -> list[str]:
    found = runtime_components(archives, "0.17.0", "0.1.0", is_exact=is_exact, has_cxx=has_cxx)
    return [component.name for component in found]


@pytest.mark.parametrize(
    ("archives", "of_cxx", "of_c"),
    [
        (MACHO, ["compiler-rt", "libc++", "libc++abi"], ["compiler-rt"]),
        (
            PE,
            ["compiler-rt", "libc++", "libc++abi", "libunwind", "mingw-w64", "zigc"],
            ["compiler-rt", "mingw-w64", "zigc"],
        ),
    ],
)
def test_language_decides_if_the_linker_reports_nothing(
    archives: tuple[str, ...], of_cxx: list[str], of_c: list[str]
) -> None:
    assert names(archives, is_exact=False, has_cxx=True) == of_cxx
    assert names(archives, is_exact=False, has_cxx=False) == of_c


def test_reported_libraries_are_exact_besides_templates() -> None:
    assert names(("libunwind.a",), is_exact=True, has_cxx=False) == ["libunwind"]
    assert names(("libc_nonshared.a",), is_exact=True, has_cxx=True) == ["glibc", "libc++"]
    assert names((), is_exact=True, has_cxx=False) == []


def test_component_names_its_origin_and_license() -> None:
    (component,) = runtime_components(("libc++.a",), "0.17.0", "0.1.0", is_exact=True, has_cxx=True)
    assert component.purl == "pkg:pypi/ziglang@0.17.0#lib/libcxx"
    assert component.version == "0.17.0"
    assert component.license == "Apache-2.0 WITH LLVM-exception"


@pytest.mark.parametrize("archive", sorted({*ELF, *MACHO, *PE}))
def test_each_archive_of_a_pack_is_known(archive: str) -> None:
    (component,) = runtime_components((archive,), "0.17.0", "0.1.0", is_exact=True, has_cxx=False)
    assert component.purl != "pkg:pypi/ziglang@0.17.0#lib"


@pytest.mark.parametrize("tag", ["win_amd64", "manylinux_2_17_aarch64"])
def test_dispatch_is_a_part_of_the_plugin(tag: str) -> None:
    library = builtins_library(Platform.parse(tag))
    assert library is not None
    (component,) = runtime_components((library.archive,), "0.17.0", "0.1.0", is_exact=True, has_cxx=False)
    assert component.purl == "pkg:pypi/spokeshave-pants-plugin@0.1.0"


def test_own_sources_of_a_pack_are_listed() -> None:
    (component,) = runtime_components((), "0.17.0", "0.1.0", is_exact=True, has_cxx=False, has_own=True)
    assert component.name == "spokeshave-pants-plugin"


def test_unknown_archive_is_a_part_of_zig() -> None:
    (component,) = runtime_components(("libnew.a",), "0.18.0", "0.1.0", is_exact=True, has_cxx=False)
    assert (component.name, component.purl) == ("libnew", "pkg:pypi/ziglang@0.18.0#lib")


def test_toolchain_keeps_the_licenses_of_all_libraries() -> None:
    assert runtime_licenses(has_cxx=True) == LICENSES
    assert runtime_licenses(has_cxx=False) == ("LICENSE", "lib/libc/mingw/COPYING")
