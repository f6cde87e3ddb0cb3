from __future__ import annotations

from bench.apparatus.sandbox import Step
from bench.baselines.setuptools_project import BuildSettings, library_flags, settings_of


def test_settings_omit_target_python_and_dependencies() -> None:
    argv = (
        *("__toolchain/zig", "clang", "--no-default-config", "--target=x86_64-unknown-linux5.10.0-gnu2.17.0"),
        *("-nostdinc", "-std=c++20", "-O2", "-DA", "-DB=1"),
        *("-Isrc/cpp", "-isystem", "__packages/nanobind/include", "-isystem", "__python"),
        *("-isystem", "__toolchain/lib/libcxx/include", "-D__GLIBC_MINOR__=17", "-D_LIBCPP_ABI_VERSION=1"),
        *("-MD", "-MF", "a.d", "-c", "a.cc", "-o", "a.o"),
    )
    assert settings_of(Step(argv, ())) == BuildSettings(
        include_dirs=("src/cpp", "__packages/nanobind/include"),
        macros=(("A", None), ("B", "1")),
        flags=("-std=c++20", "-O2"),
    )


def test_a_library_gets_the_flags_of_all_its_sources() -> None:
    binding = settings_of(Step(("zig", "clang", "-std=c++20", "-O2", "-c", "a.cc"), ()))
    other = settings_of(Step(("zig", "clang", "-std=c++17", "-O2", "-include", "stdio.h", "-c", "b.cc"), ()))
    assert library_flags(binding, [other]) == ("-std=c++20", "-O2", "--include=stdio.h")
