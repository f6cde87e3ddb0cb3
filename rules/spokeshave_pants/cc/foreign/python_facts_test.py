"""Tests of what a platform's Python says of itself."""

from __future__ import annotations

import json
import sys
import sysconfig
from typing import Any

import pytest

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.foreign.python_facts import python_facts, python_libraries
from spokeshave_pants.toolchain.platforms import host_platform


def facts(tag: str, abi: str = "cp312") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(python_facts(Platform.parse(tag), PythonAbi.parse(abi)))
    return found


@pytest.mark.parametrize(
    ("tag", "platform", "system", "machine", "release"),
    [
        ("manylinux_2_17_x86_64", "linux-x86_64", "Linux", "x86_64", "4.18.0"),
        ("musllinux_1_2_aarch64", "linux-aarch64", "Linux", "aarch64", "4.18.0"),
        ("macosx_10_13_x86_64", "macosx-10.13-x86_64", "Darwin", "x86_64", "17.0.0"),
        ("macosx_11_0_arm64", "macosx-11.0-arm64", "Darwin", "arm64", "20.0.0"),
        ("macosx_26_0_arm64", "macosx-26.0-arm64", "Darwin", "arm64", "25.0.0"),
        ("win_amd64", "win-amd64", "Windows", "AMD64", "10"),
        ("win_arm64", "win-arm64", "Windows", "ARM64", "10"),
    ],
)
def test_a_platform_has_the_names_that_its_python_has(
    tag: str, platform: str, system: str, machine: str, release: str
) -> None:
    found = facts(tag)
    assert [found[name] for name in ("platform", "system", "machine", "release")] == [
        platform,
        system,
        machine,
        release,
    ]


def test_facts_of_this_machine_are_those_of_this_python() -> None:
    """What they can be compared with here: the rest is the same for each build of CPython for the platform."""
    abi = PythonAbi.parse(f"cp3{sys.version_info[1]}")
    found = json.loads(python_facts(host_platform(), abi))
    config = sysconfig.get_config_vars()
    names = ("EXT_SUFFIX", "SOABI", "MULTIARCH", "SHLIB_SUFFIX", "ARFLAGS", "CCSHARED")
    assert {name: found["config"][name] for name in names} == {name: config[name] for name in names}
    assert found["platform"] == sysconfig.get_platform()
    sizes = {name: value for name, value in found["defines"].items() if name.startswith("SIZEOF_")}
    assert len(sizes) > 10
    assert {name: config[name] for name in sizes if name in config} == {n: v for n, v in sizes.items() if n in config}


@pytest.mark.parametrize(
    ("tag", "abi", "suffixes"),
    [
        ("manylinux_2_17_x86_64", "cp312", [".cpython-312-x86_64-linux-gnu.so", ".abi3.so", ".so"]),
        ("musllinux_1_2_aarch64", "cp312-abi3", [".cpython-312-aarch64-linux-musl.so", ".abi3.so", ".so"]),
        ("manylinux_2_17_x86_64", "cp313t", [".cpython-313t-x86_64-linux-gnu.so", ".so"]),
        ("manylinux_2_17_x86_64", "cp315", [".cpython-315-x86_64-linux-gnu.so", ".abi3.so", ".abi3t.so", ".so"]),
        ("win_arm64", "cp312-abi3", [".cp312-win_arm64.pyd", ".pyd"]),
        ("macosx_11_0_arm64", "cp310", [".cpython-310-darwin.so", ".abi3.so", ".so"]),
    ],
)
def test_suffixes_are_in_the_order_of_the_targets_python(tag: str, abi: str, suffixes: list[str]) -> None:
    found = facts(tag, abi)
    assert found["extension_suffixes"] == suffixes
    assert found["config"]["EXT_SUFFIX"] == suffixes[0]


@pytest.mark.parametrize(
    ("tag", "abi", "libraries"),
    [
        ("win_amd64", "cp312", ("python312.lib",)),
        ("win_amd64", "cp313t", ("python313t.lib",)),
        ("win_arm64", "cp312-abi3", ("python3.lib", "python312.lib")),
        ("win_amd64", "cp315-abi3.abi3t", ("python3t.lib", "python315t.lib")),
        ("manylinux_2_17_x86_64", "cp312", ()),
    ],
)
def test_a_module_for_windows_is_linked_with_its_libraries(tag: str, abi: str, libraries: tuple[str, ...]) -> None:
    platform = Platform.parse(tag)
    assert python_libraries(platform, PythonAbi.parse(abi)) == libraries
    words = facts(tag, abi)["config"]["LDSHARED"].split()
    assert tuple(word.partition("/")[2] for word in words if word.startswith("{libraries}")) == libraries


@pytest.mark.parametrize(("abi", "version"), [("cp312", "312"), ("cp312-abi3", "312"), ("cp313t", "313t")])
def test_windows_names_its_library_by_the_version(abi: str, version: str) -> None:
    config = facts("win_amd64", abi)["config"]
    assert (config["VERSION"], config["LDVERSION"], config["LIBRARY"]) == (version, version, f"python{version}.lib")


def test_the_version_is_the_building_pythons_elsewhere() -> None:
    assert not {"VERSION", "LDVERSION"} & facts("macosx_11_0_arm64")["config"].keys()


@pytest.mark.parametrize(
    ("tag", "long_double"),
    [
        ("manylinux_2_17_x86_64", "INTEL_EXTENDED_16_BYTES_LE"),
        ("manylinux_2_17_aarch64", "IEEE_QUAD_LE"),
        ("manylinux_2_31_armv7l", "IEEE_DOUBLE_LE"),
        ("manylinux_2_17_s390x", "IEEE_QUAD_BE"),
        ("macosx_11_0_arm64", "IEEE_DOUBLE_LE"),
        ("win_amd64", "INTEL_EXTENDED_16_BYTES_LE"),
    ],
)
def test_the_format_of_long_double_is_the_processors(tag: str, long_double: str) -> None:
    assert facts(tag)["meson"]["longdouble_format"] == long_double


def test_nothing_of_the_building_machine_is_left() -> None:
    """No value that CPython's own configure took from the machine that it ran on keeps a path of it."""
    config = facts("manylinux_2_17_aarch64")["config"]
    # With LIBPC, meson would find the headers of the machine's Python by pkg-config.
    emptied = ("BLDLIBRARY", "CONFIG_ARGS", "CPPFLAGS", "LDFLAGS", "LIBPC", "LIBS")
    assert {name: config.get(name) for name in emptied} == dict.fromkeys(emptied, "")
    assert [value for value in config.values() if str(value).startswith("/")] == []
