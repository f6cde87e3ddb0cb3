"""Tests of planned actions. `platforms_test.py` of the end-to-end tests compares those of a run with what ran."""

from __future__ import annotations

from pants.engine.fs import EMPTY_DIGEST

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.cc.compile.rules import CompilePlan
from spokeshave_pants.cc.settings import CompileSettings
from spokeshave_pants.wheel.planned_work import LinkedTarget, native_actions

ABI = PythonAbi(PythonVersion(12), stable=True)


def plan(source: str, *, needs_python: bool = False, platforms: tuple[str, ...] = ()) -> CompilePlan:
    settings = CompileSettings(cxx_standard="c++17", c_standard="c17")
    return CompilePlan(
        source=source,
        target="//:native",
        digest=EMPTY_DIGEST,
        settings=settings,
        packages=(),
        needs_python=needs_python,
        platforms=platforms,
    )


EXTENSION = LinkedTarget("a._native", "ext", (plan("a.cc", needs_python=True), plan("posix.cc", platforms=("many*",))))
LIBRARY = LinkedTarget(None, "core", (plan("core.cc"),))


def actions(tag: str, *linked: LinkedTarget) -> list[str]:
    return list(native_actions(linked, Platform.parse(tag), ABI))


def test_an_extension_takes_a_pack_its_sources_and_a_link() -> None:
    assert actions("manylinux_2_17_x86_64", EXTENSION) == [
        "Make the runtime pack for manylinux_2_17_x86_64 (libc++, start files; once per toolchain)",
        "Compile a.cc for manylinux_2_17_x86_64 and cp312-abi3",
        "Compile posix.cc for manylinux_2_17_x86_64",
        "Link a/_native.abi3.so for manylinux_2_17_x86_64 and cp312-abi3",
    ]


def test_windows_takes_an_import_library_for_extensions_alone() -> None:
    assert actions("win_amd64", EXTENSION, LIBRARY)[1:] == [
        "Compile a.cc for win_amd64 and cp312-abi3",
        "Make python3.lib for win_amd64",
        "Link a/_native.pyd for win_amd64 and cp312-abi3",
        "Compile core.cc for win_amd64",
        "Link core.dll for win_amd64",
    ]


def test_several_processors_are_built_for_each_and_fused() -> None:
    found = actions("macosx_11_0_universal2", LIBRARY)
    assert [action.split(" (")[0] for action in found] == [
        "Make the runtime pack for macosx_11_0_x86_64",
        "Make the runtime pack for macosx_11_0_arm64",
        "Compile core.cc for macosx_11_0_x86_64",
        "Link libcore.dylib for macosx_11_0_x86_64",
        "Compile core.cc for macosx_11_0_arm64",
        "Link libcore.dylib for macosx_11_0_arm64",
        "Fuse libcore.dylib for macosx_11_0_universal2",
    ]


def test_a_wheel_without_native_targets_takes_nothing() -> None:
    assert actions("win_amd64") == []
