"""Tests of how Pants' own goals build native code: platform, ABI, folders, version modules, and what is refused."""

from __future__ import annotations

import pytest
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.macros.python_artifact import PythonArtifact
from pants.backend.python.target_types import (
    PexBinary,
    PythonDistribution,
    PythonSourcesGeneratorTarget,
    PythonTestsGeneratorTarget,
)
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.target_types import FilesGeneratorTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files, stripped_source_files
from pants.engine.addresses import Address, Addresses
from pants.engine.target import Dependencies, DependenciesRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error
from pants.version import PANTS_SEMVER

from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.cc import target_types as cc_target_types
from spokeshave_pants.cc.target_types import CcSharedLibraryTarget
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api.versions import FIRST_BY_NAME
from spokeshave_pants.toolchain.platforms import host_platform, oldest_platform
from spokeshave_pants.wheel.codegen import checks, settings
from spokeshave_pants.wheel.codegen.settings import (
    LibraryFolder,
    LibraryFolderRequest,
    NativeSettings,
    NativeSettingsRequest,
    PythonFolders,
)
from spokeshave_pants.wheel.plan import python_imports
from spokeshave_pants.wheel.plan import rules as payload
from spokeshave_pants.wheel.plan.limited_api import LimitedApi
from spokeshave_pants.wheel.plan.targets import PayloadTargets, PayloadTargetsRequest
from spokeshave_pants.wheel.plan.version_modules import VersionModules
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget

PYPROJECT = '[project]\nname = "vm"\nversion = "1.0"\nlicense-files = []\n'


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *cc_target_types.rules(),
            *checks.rules(),
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *payload.rules(),
            *python_imports.rules(),
            *python_target_types_rules(),
            *settings.rules(),
            *source_files.rules(),
            *stripped_source_files.rules(),
            QueryRule(Addresses, [DependenciesRequest]),
            QueryRule(LibraryFolder, [LibraryFolderRequest]),
            QueryRule(PayloadTargets, [PayloadTargetsRequest]),
            QueryRule(NativeSettings, [NativeSettingsRequest]),
            QueryRule(PythonFolders, []),
            QueryRule(VersionModules, []),
        ],
        target_types=[
            CCSourcesGeneratorTarget,
            CcSharedLibraryTarget,
            FilesGeneratorTarget,
            PexBinary,
            PythonDistribution,
            PythonExtensionTarget,
            PythonNativeWheelTarget,
            PythonSourcesGeneratorTarget,
            PythonTestsGeneratorTarget,
        ],
        objects={"python_artifact": PythonArtifact},
    )
    runner.set_options(
        [
            "--source-root-patterns=['/src/python', '/src/cpp', '/tests']",
            "--python-interpreter-constraints=['CPython==3.9.*']",
            "--python-infer-use-rust-parser",
        ]
    )
    return runner


def build(runner: RuleRunner, *wheels: str, library: str = "") -> None:
    """Write a package, its extension and its library in another source root, and the given wheels."""
    runner.write_files(
        {
            "src/cpp/native/BUILD": (
                "cc_sources()\n"
                "python_extension(name='ext', module='vm._native', dependencies=[':native'], limited_api='3.12')\n"
                "python_extension(name='other', module='vm._other', dependencies=[':native'])\n"
                f"cc_shared_library(name='core', dependencies=[':native'], {library})\n"
            ),
            "src/cpp/native/native.c": "",
            "src/python/BUILD": "\n".join(wheels),
            "src/python/pyproject.toml": PYPROJECT,
            "src/python/vm/BUILD": "python_sources()",
            "src/python/vm/__init__.py": "import vm._native\nimport vm._version\n",
            "tests/vm/BUILD": "python_tests()",
            "tests/vm/vm_test.py": "",
        }
    )


def wheel(*dependencies: str, platforms: tuple[str, ...] = ("manylinux_2_17_x86_64",), **fields: str) -> str:
    written = "".join(f", {name}={value!r}" for name, value in fields.items())
    return (
        f"python_native_wheel(dependencies={['src/python/vm', *dependencies]}, pythons=['3.12'], "
        f"platforms={list(platforms)}{written})"
    )


def native(runner: RuleRunner, name: str = "ext") -> NativeSettings:
    return runner.request(NativeSettings, [NativeSettingsRequest(Address("src/cpp/native", target_name=name))])


def library_folder(runner: RuleRunner) -> LibraryFolder:
    return runner.request(LibraryFolder, [LibraryFolderRequest(Address("src/cpp/native", target_name="core"))])


def test_an_extension_of_no_wheel_is_for_the_oldest_platform(rule_runner: RuleRunner) -> None:
    build(rule_runner)
    expected = NativeSettings(oldest_platform(host_platform()), LimitedApi(PythonVersion(12)), "src/cpp")
    assert native(rule_runner) == expected


def test_the_wheel_gives_the_platform(rule_runner: RuleRunner) -> None:
    machine = host_platform()
    newer = f"manylinux_2_28_{machine.architecture}"
    build(rule_runner, wheel(platforms=("win_amd64", newer, "host")))
    assert native(rule_runner).platform.tag == newer


def test_the_platforms_of_another_machine_do_not_count(rule_runner: RuleRunner) -> None:
    build(rule_runner, wheel(platforms=("win_amd64", "musllinux_1_2_x86_64")))
    assert native(rule_runner).platform == oldest_platform(host_platform())


def test_a_wheel_that_this_machine_runs_is_preferred(rule_runner: RuleRunner) -> None:
    newer = f"manylinux_2_28_{host_platform().architecture}"
    other_machine = wheel("src/cpp/native:other", platforms=("win_amd64",), name="a")
    build(rule_runner, other_machine, wheel(platforms=(newer,), name="b"))
    found = native(rule_runner)
    assert (found.platform.tag, found.limited_api) == (newer, LimitedApi(PythonVersion(12)))
    build(rule_runner, other_machine, wheel(platforms=("win_arm64",), name="b"))
    assert native(rule_runner).limited_api == LimitedApi()


def test_a_faulty_wheel_does_not_break_the_code_of_others(
    rule_runner: RuleRunner, caplog: pytest.LogCaptureFixture
) -> None:
    newer = f"manylinux_2_28_{host_platform().architecture}"
    build(rule_runner, wheel(platforms=(newer,), name="w"))
    faulty = "python_native_wheel(name='w', dependencies=[':nope'], pythons=['3.12'], platforms=['host'])"
    rule_runner.write_files({"src/aa/BUILD": faulty, "src/aa/pyproject.toml": PYPROJECT})
    assert native(rule_runner).platform.tag == newer
    assert "of src/aa:w are not considered" in caplog.text
    with engine_error(contains="nope"):
        rule_runner.request(PayloadTargets, [PayloadTargetsRequest(Address("src/aa", target_name="w"))])


def test_the_abi_is_that_of_the_whole_wheel(rule_runner: RuleRunner) -> None:
    build(rule_runner, wheel("src/cpp/native:other"))
    assert native(rule_runner).limited_api == LimitedApi()


def test_files_go_to_the_source_root_of_the_package(rule_runner: RuleRunner) -> None:
    build(rule_runner)
    assert rule_runner.request(PythonFolders, []).root_of("vm", "src/cpp") == "src/python"


@pytest.mark.parametrize(
    ("field", "wheels", "expected"),
    [
        pytest.param("wheel_folder='vm/lib'", (), LibraryFolder("vm/lib", "src/python"), id="the field decides"),
        pytest.param("", (wheel("src/cpp/native:core"),), LibraryFolder("vm", "src/python"), id="the wheel decides"),
        pytest.param("", (wheel(),), LibraryFolder(None, "src/cpp"), id="nothing opens it"),
    ],
)
def test_a_library_is_where_the_wheel_has_it(
    rule_runner: RuleRunner, field: str, wheels: tuple[str, ...], expected: LibraryFolder
) -> None:
    build(rule_runner, *wheels, library=field)
    assert library_folder(rule_runner) == expected


def version_modules(runner: RuleRunner) -> dict[str, list[str]]:
    found = runner.request(VersionModules, []).by_provider
    return {address.spec: [module.module for module in modules] for address, modules in found.items()}


def dependencies(runner: RuleRunner, address: Address) -> set[str]:
    field = runner.get_target(address)[Dependencies]
    return {found.spec for found in runner.request(Addresses, [DependenciesRequest(field)])}


@pytest.mark.parametrize(
    ("listed", "provider"),
    [
        ((), "src/cpp/native:ext"),
        (("src/cpp/native:other",), "src/cpp/native:other"),
        (("src/cpp/native:core",), "src/cpp/native:core"),
    ],
)
def test_an_import_of_a_version_module_is_a_dependency(
    rule_runner: RuleRunner, listed: tuple[str, ...], provider: str
) -> None:
    build(rule_runner, wheel(*listed, version_module="vm/_version.py"))
    assert version_modules(rule_runner) == {provider: ["vm._version"]}
    source = Address("src/python/vm", relative_file_path="__init__.py")
    assert dependencies(rule_runner, source) == {"src/cpp/native:ext", provider}


def test_a_version_module_that_is_a_source_is_not_generated(rule_runner: RuleRunner) -> None:
    build(rule_runner, wheel(version_module="vm/_version.py"))
    rule_runner.write_files({"src/python/vm/_version.py": ""})
    assert version_modules(rule_runner) == {}


def test_a_version_module_of_another_package_is_another_one(rule_runner: RuleRunner) -> None:
    build(rule_runner, wheel("src/cpp/native:ext", version_module="vm/_version.py"))
    rule_runner.write_files({"tests/vendored/vm/BUILD": "python_sources()", "tests/vendored/vm/_version.py": ""})
    assert version_modules(rule_runner) == {"src/cpp/native:ext": ["vm._version"]}


def test_a_faulty_wheel_does_not_break_dependency_inference(rule_runner: RuleRunner) -> None:
    build(rule_runner, wheel("src/cpp/native:ext", version_module="vm/_version.py"))
    faulty = "python_native_wheel(name='w', dependencies=[':nope'], version_module='w/_version.py')"
    rule_runner.write_files({"src/aa/BUILD": faulty})
    assert version_modules(rule_runner) == {"src/cpp/native:ext": ["vm._version"]}


# Newer versions of Pants have only the second field.
OTHER_PLATFORMS = {"complete_platforms": "//src:platform"}
if PANTS_SEMVER < FIRST_BY_NAME:
    OTHER_PLATFORMS["platforms"] = "linux_x86_64-cp-312-cp312"


@pytest.mark.parametrize(("field", "platform"), OTHER_PLATFORMS.items())
def test_a_pex_for_other_platforms_is_refused(rule_runner: RuleRunner, field: str, platform: str) -> None:
    build(rule_runner)
    binary = "pex_binary(name='app', entry_point='vm/__init__.py', dependencies=['src/python/vm'], {})"
    files = {"src/BUILD": "files(name='platform', sources=['platform.json'])", "src/platform.json": "{}"}
    rule_runner.write_files({**files, "src/python/BUILD": binary.format(f"{field}=['{platform}']")})
    with engine_error(InvalidTargetError, contains=f"src/python:app is for the platforms {platform}"):
        dependencies(rule_runner, Address("src/python", target_name="app"))
    rule_runner.write_files(
        {"src/python/BUILD": binary.format("platforms=['current']" if field == "platforms" else "")}
    )
    assert dependencies(rule_runner, Address("src/python", target_name="app"))
    excluding = binary.replace("src/python/vm'", "src/python/vm', '!!src/cpp/native:ext'")
    rule_runner.write_files({"src/python/BUILD": excluding.format(f"{field}=['{platform}']")})
    assert dependencies(rule_runner, Address("src/python", target_name="app"))


def test_a_python_distribution_with_an_extension_is_refused(rule_runner: RuleRunner) -> None:
    build(rule_runner)
    text = "python_distribution(name='dist', provides=python_artifact(name='x'), dependencies=['//src/python/vm'])"
    rule_runner.write_files({"src/BUILD": text, "src/python/dist/BUILD": text})
    with engine_error(InvalidTargetError, contains="ext: declare a `python_native_wheel` instead"):
        dependencies(rule_runner, Address("src", target_name="dist"))
    assert dependencies(rule_runner, Address("src/python/dist", target_name="dist"))


def test_an_extension_of_a_nearer_wheel_can_be_excluded(rule_runner: RuleRunner) -> None:
    build(rule_runner)
    text = "python_distribution(name='dist', provides=python_artifact(name='x'), dependencies=['//src/python/vm'{}])"
    nearer = "python_native_wheel(name='w', dependencies=[':ext'], platforms=['host'])"
    rule_runner.write_files({"src/BUILD": text.format(""), "src/cpp/BUILD": nearer})
    expected = "src/cpp:w is a `python_native_wheel` that is nearer to it. Add '!!src/cpp/native:ext' to"
    with engine_error(InvalidTargetError, contains=expected):
        dependencies(rule_runner, Address("src", target_name="dist"))
    rule_runner.write_files({"src/BUILD": text.format(", '!!src/cpp/native:ext'")})
    assert dependencies(rule_runner, Address("src", target_name="dist")) == {"src/python/vm:vm"}
