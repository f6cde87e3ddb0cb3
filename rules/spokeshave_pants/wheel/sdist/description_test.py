from __future__ import annotations

from dataclasses import replace

import pytest
from pants.engine.fs import EMPTY_DIGEST

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_core.reports.sdist import PackageFolder, PlatformValues
from spokeshave_pants.cc.compile.rules import CompilePlan, package_plan
from spokeshave_pants.cc.includes.third_party import CcPackage, Distribution
from spokeshave_pants.cc.link.rules import LinkPlan
from spokeshave_pants.cc.settings import CompileSettings
from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements
from spokeshave_pants.wheel.sdist.description import PlannedNativeFile, describe, limited_api, requirements

SETTINGS = CompileSettings(cxx_standard="gnu++20", c_standard="gnu17")
LINUX = (Platform.parse("manylinux_2_17_x86_64"),)
ABI = (PythonAbi(PythonVersion(12), stable=True),)
DISTRIBUTION = Distribution(
    wheel="nanobind-2.9.2-py3-none-any.whl", digest=EMPTY_DIGEST, licenses=EMPTY_DIGEST, license=None
)
NANOBIND = CcPackage(
    address="//:nanobind",
    name="nanobind",
    digest=EMPTY_DIGEST,
    include_dirs=("__packages/nanobind/nanobind/include",),
    headers=frozenset(["nanobind/nanobind.h"]),
    sources=("__packages/nanobind/nanobind/src/nb_combined.cpp",),
    settings=replace(SETTINGS, free_threaded_defines=("NB_FREE_THREADED",)),
    needs_python=True,
    distribution=DISTRIBUTION,
    pins=PinnedRequirements.parse("nanobind==2.9.2 --hash=sha256:" + "0" * 64),
)


def plan(source: str, settings: CompileSettings = SETTINGS, **fields: object) -> CompilePlan:
    return CompilePlan(
        **{
            "source": source,
            "target": "//:x",
            "digest": EMPTY_DIGEST,
            "settings": settings,
            "packages": (),
            "needs_python": False,
            **fields,
        }  # type: ignore[arg-type]
    )


def native(target: str, name: str, *plans: CompilePlan, libraries: tuple[str, ...] = ()) -> PlannedNativeFile:
    return PlannedNativeFile(
        target=target,
        name=name,
        is_extension="." in name,
        plan=LinkPlan(plans, ()),
        libraries=libraries,
    )


def test_sources_with_equal_settings_and_users_are_one_group() -> None:
    core = [plan("core/a.cc"), plan("core/sub/b.cc")]
    other = plan("core/c.cc", replace(SETTINGS, defines=("X",)))
    binding = plan("binding/n.cc", needs_python=True)
    described = describe([native("//:ext", "p._n", *core, other, binding)], (), LINUX, ABI)
    assert [(group.name, group.sources) for group in described.groups] == [
        ("binding_objects", ("binding/n.cc",)),
        ("core_objects", ("core/a.cc", "core/sub/b.cc")),
        ("core_2_objects", ("core/c.cc",)),
    ]
    (extension,) = described.extensions
    assert extension.groups == ("binding_objects", "core_objects", "core_2_objects")
    assert described.limited_api == "3.12"


def test_sources_of_two_files_are_groups_by_who_has_them() -> None:
    shared = plan("core/a.cc")
    own = plan("core/b.cc")
    described = describe([native("//:a", "p._a", shared, own), native("//:b", "p._b", shared)], (), LINUX, ABI)
    assert [group.sources for group in described.groups] == [("core/a.cc",), ("core/b.cc",)]
    assert [extension.groups for extension in described.extensions] == [
        ("core_objects", "core_2_objects"),
        ("core_objects",),
    ]


def test_libraries_come_before_those_that_need_them() -> None:
    upper = native("//:a", "upper", plan("u.cc"), libraries=("//:b",))
    lower = native("//:b", "lower", plan("l.cc"))
    described = describe(
        [upper, lower, native("//:c", "p._n", plan("n.cc"), libraries=("//:a", "//:b"))], (), LINUX, ABI
    )
    assert [library.name for library in described.libraries] == ["lower", "upper"]
    assert described.libraries[1].libraries == ("lower",)
    assert described.extensions[0].libraries == ("upper", "lower")


def test_packages_are_build_requirements() -> None:
    binding = plan("n.cc", needs_python=True, packages=(NANOBIND,))
    source = package_plan(NANOBIND, NANOBIND.sources[0])
    described = describe([native("//:ext", "p._n", binding, source)], (), LINUX, ABI)
    assert described.build_requirements == ("nanobind>=2.9.2",)
    (package,) = [group for group in described.groups if group.package]
    assert (package.name, package.sources) == ("nanobind_objects", ("nanobind/src/nb_combined.cpp",))
    assert package.package_folders == (PackageFolder("nanobind", "nanobind/include"),)
    assert package.free_threaded_defines == ("NB_FREE_THREADED",)


def test_pins_for_some_pythons_are_lower_bounds_there() -> None:
    pins = PinnedRequirements.parse(
        "numpy==2.0.2 ; python_version < '3.10' --hash=sha256:" + "0" * 64 + "\n"
        "numpy==2.3.5 ; python_version >= '3.10' --hash=sha256:" + "1" * 64 + "\n"
    )
    assert requirements(replace(NANOBIND, name="numpy", pins=pins)) == (
        "numpy>=2.0.2 ; python_version < '3.10'",
        "numpy>=2.3.5 ; python_version >= '3.10'",
    )


def test_forced_headers_are_those_of_the_sdist() -> None:
    settings = replace(SETTINGS, flags=("-include", "__init/n.c.h", "-O3", "-include", "stdint.h"))
    described = describe([native("//:ext", "p._n", plan("n.c", settings))], ("__init/n.c.h",), LINUX, ABI)
    (group,) = described.groups
    assert group.forced_headers == ("__init/n.c.h",)
    assert group.flags == ("-O3", "-include", "stdint.h")


def test_values_of_platforms_keep_their_globs() -> None:
    settings = replace(SETTINGS, platform_defines=(("win_*", ("NOMINMAX",)),))
    described = describe([native("//:ext", "p._n", plan("n.c", settings, platforms=("win_*",)))], (), LINUX, ABI)
    assert described.groups[0].platform_defines == (PlatformValues("win_*", ("NOMINMAX",)),)
    assert described.groups[0].platforms == ("win_*",)


def test_what_only_limited_extensions_have_is_limited_too() -> None:
    shared = plan("s.c")
    windows = replace(native("//:w", "p._w", plan("w.c"), shared, libraries=("//:l",)), platforms=("win_*",))
    linux = replace(native("//:x", "p._x", plan("x.c"), shared), platforms=("*linux_*",))
    everywhere = native("//:n", "p._n", plan("n.c"))
    described = describe([windows, linux, everywhere, native("//:l", "lib", plan("l.c"))], (), LINUX, ABI)
    assert {group.sources: group.users_platforms for group in described.groups} == {
        ("l.c",): ("win_*",),
        ("n.c",): (),
        ("s.c",): ("win_*", "*linux_*"),
        ("w.c",): ("win_*",),
        ("x.c",): ("*linux_*",),
    }
    assert [library.platforms for library in described.libraries] == [("win_*",)]
    assert [extension.platforms for extension in described.extensions] == [("win_*",), ("*linux_*",), ()]


def test_a_library_in_a_package_is_for_all_platforms() -> None:
    windows = replace(native("//:w", "p._w", plan("w.c"), libraries=("//:l",)), platforms=("win_*",))
    library = replace(native("//:l", "lib", plan("l.c")), folder="p")
    described = describe([windows, library], (), LINUX, ABI)
    assert described.libraries[0].platforms == ()


@pytest.mark.parametrize(
    ("abis", "expected"),
    [
        ((PythonAbi(PythonVersion(10)), PythonAbi(PythonVersion(12), stable=True)), "3.12"),
        ((PythonAbi(PythonVersion(15, free_threaded=True), stable=True),), None),
        ((PythonAbi(PythonVersion(12)),), None),
    ],
)
def test_the_stable_abi_is_that_of_the_wheels(abis: tuple[PythonAbi, ...], expected: str | None) -> None:
    assert limited_api(abis) == expected
