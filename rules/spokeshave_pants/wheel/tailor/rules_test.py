"""Tests of the BUILD files that `tailor` writes for extensions and wheels."""

from __future__ import annotations

from pathlib import Path

import pytest
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.goals import tailor as python_tailor
from pants.backend.python.macros.python_artifact import PythonArtifact
from pants.backend.python.target_types import (
    PythonDistribution,
    PythonSourcesGeneratorTarget,
    PythonTestsGeneratorTarget,
    PythonTestUtilsGeneratorTarget,
)
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.goals import tailor
from pants.core.goals.tailor import PutativeTargets, TailorGoal
from pants.core.target_types import GenericTarget, ResourcesGeneratorTarget, ResourceTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files, stripped_source_files
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.source import source_root
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.tailor import rules as cc_tailor
from spokeshave_pants.rule_fixtures import INHERITED
from spokeshave_pants.wheel.plan import python_imports
from spokeshave_pants.wheel.plan import rules as payload
from spokeshave_pants.wheel.plan.rules import DescribedWheel, WheelPlanRequest
from spokeshave_pants.wheel.tailor import rules as native_tailor
from spokeshave_pants.wheel.tailor.rules import PutativeNativeTargetsRequest
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget

ARGUMENTS = [
    "--source-root-patterns=['/src/python', '/src/cpp', '/lib/*', '/lib/*/src']",
    "--python-interpreter-constraints=['CPython==3.9.*']",
    "--python-infer-use-rust-parser",
    "--no-python-tailor-pex-binary-targets",
]
MODULE = "PyMODINIT_FUNC PyInit_{}(void) {{ return 0; }}\n"
NATIVE = MODULE.format("_native")
PROJECT = '[project]\nname = "one"\nversion = "1"\n'
EXTENSION = 'python_extension( name="_native", module="one._native", dependencies=[ "{}", ], )'


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *cc_tailor.rules(),
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *native_tailor.rules(),
            *payload.rules(),
            *python_imports.rules(),
            *python_tailor.rules(),
            *python_target_types_rules(),
            *source_files.rules(),
            *source_root.rules(),
            *stripped_source_files.rules(),
            *tailor.rules(),
            *target_types.rules(),
            QueryRule(PutativeTargets, [PutativeNativeTargetsRequest]),
            QueryRule(DescribedWheel, [WheelPlanRequest]),
        ],
        target_types=[
            CCSourcesGeneratorTarget,
            GenericTarget,
            PythonDistribution,
            PythonExtensionTarget,
            PythonNativeWheelTarget,
            PythonSourcesGeneratorTarget,
            PythonTestsGeneratorTarget,
            PythonTestUtilsGeneratorTarget,
            ResourcesGeneratorTarget,
            ResourceTarget,
        ],
        objects={"python_artifact": PythonArtifact},
    )
    runner.set_options(ARGUMENTS, env_inherit=INHERITED)
    return runner


def tailored(runner: RuleRunner, *specs: str) -> dict[str, str]:
    """Return the BUILD files of the repository after `tailor`, each in one line."""
    runner.run_goal_rule(TailorGoal, global_args=ARGUMENTS, args=specs or ["::"])
    root = Path(runner.build_root)
    return {str(path.parent.relative_to(root)): " ".join(path.read_text().split()) for path in root.rglob("BUILD")}


def test_a_source_in_its_package(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/one/pyproject.toml": PROJECT,
            "lib/one/one/__init__.py": "from one._native import f\n",
            "lib/one/one/py.typed": "",
            "lib/one/one/one_test.py": "",
            "lib/one/one/native.c": NATIVE,
            "lib/one/one/sub/__init__.py": "",
            "lib/one/one/sub/a.py": "",
        }
    )
    assert tailored(rule_runner) == {
        "lib/one": (
            'python_native_wheel( name="wheel", dependencies=[ "lib/one/one", "lib/one/one/sub", '
            '"lib/one/one:_native", "lib/one/one:py_typed", ], )'
        ),
        "lib/one/one": (
            f'{EXTENSION.format(":cc")} cc_sources( name="cc", ) python_sources() '
            'resource( name="py_typed", source="py.typed", ) python_tests( name="tests", )'
        ),
        "lib/one/one/sub": "python_sources()",
    }


def test_a_source_next_to_its_package(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/one/pyproject.toml": PROJECT,
            "lib/one/native.c": NATIVE,
            "lib/one/src/one/__init__.py": "x = 1\n",
        }
    )
    assert tailored(rule_runner) == {
        "lib/one": (
            f"{EXTENSION.format(':one')} cc_sources() "
            'python_native_wheel( name="wheel", dependencies=[ ":_native", "lib/one/src/one", ], )'
        ),
        "lib/one/src/one": "python_sources()",
    }


def test_a_source_in_another_source_root(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/cpp/bindings/one.cc": "// of one\nNB_MODULE(_native, m) {}\n",
            "src/cpp/bindings/two.cc": "NB_MODULE(_other, m) {}\n",
            "src/python/one/__init__.py": "from ._native import f\n",
            "src/python/one/pyproject.toml": PROJECT,
            "src/python/two/_other.pyi": "def f() -> int: ...\n",
        }
    )
    found = tailored(rule_runner)
    assert found["src/python/one"] == (
        'python_sources() python_native_wheel( name="wheel", dependencies=[ ":one", "src/cpp/bindings:_native", ], )'
    )
    assert EXTENSION.format(":_native_source") in found["src/cpp/bindings"]
    assert 'module="two._other"' in found["src/cpp/bindings"]


def test_an_empty_init_file_is_in_the_wheel(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {"lib/one/pyproject.toml": PROJECT, "lib/one/one/__init__.py": "", "lib/one/one/native.c": NATIVE}
    )
    found = tailored(rule_runner)
    assert "python_sources()" in found["lib/one/one"]
    assert 'dependencies=[ "lib/one/one", "lib/one/one:_native", ]' in found["lib/one"]


def test_a_module_without_a_package(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/fast/pyproject.toml": '[project]\nname = "fast"\ndynamic = ["version"]\n',
            "lib/fast/lib/fast.c": MODULE.format("fast"),
            "lib/fast/tests/test_fast.py": "import fast\n",
        }
    )
    found = tailored(rule_runner)
    assert 'name="fast", module="fast"' in found["lib/fast/lib"]
    assert found["lib/fast"] == (
        '# The version is dynamic: create version.json, such as {"package-version": "1.0.0.dev"}. '
        'python_native_wheel( name="wheel", dependencies=[ "lib/fast/lib:fast", ], )'
    )


def test_the_version_module_is_generated(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/one/pyproject.toml": '[project]\nname = "one"\ndynamic = ["version"]\n',
            "lib/one/version.json": "",
            "lib/one/native.c": NATIVE,
            "lib/one/one/__init__.py": "from one import _native\nfrom ._version import __version__\n",
        }
    )
    assert tailored(rule_runner)["lib/one"].endswith(
        'python_native_wheel( name="wheel", dependencies=[ ":_native", "lib/one/one", ], '
        'version_module="one/_version.py", )'
    )


def test_a_second_run_changes_nothing(rule_runner: RuleRunner) -> None:
    test_a_source_in_its_package(rule_runner)
    result = rule_runner.run_goal_rule(TailorGoal, global_args=ARGUMENTS, args=["--check", "::"])
    assert (result.exit_code, result.stdout) == (0, "")


@pytest.mark.parametrize("build", ["", "python_sources()\npython_test_utils(name='test_utils')\n"])
def test_test_utils_are_not_in_the_wheel(rule_runner: RuleRunner, build: str) -> None:
    rule_runner.write_files(
        {
            "lib/one/pyproject.toml": PROJECT,
            "lib/one/native.c": NATIVE,
            "lib/one/one/__init__.py": "import one._native\n",
            "lib/one/one/conftest.py": "",
            **({"lib/one/one/BUILD": build} if build else {}),
        }
    )
    found = tailored(rule_runner)
    assert "python_test_utils(" in found["lib/one/one"]
    assert 'dependencies=[ ":_native", "lib/one/one", ]' in found["lib/one"]


def test_extensions_for_tests_are_not_in_the_wheel(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/one/pyproject.toml": PROJECT,
            "lib/one/native.c": NATIVE,
            "lib/one/src/one/__init__.py": "import one._native\n",
            "lib/one/src/one/tests/_h.c": MODULE.format("_h"),
            "lib/one/tests/ext/helper.c": MODULE.format("helper"),
            "lib/one/tests/test_x.py": "import helper\n",
        }
    )
    found = tailored(rule_runner)
    assert 'module="helper"' in found["lib/one/tests/ext"]
    assert 'module="one.tests._h"' in found["lib/one/src/one/tests"]
    assert 'dependencies=[ ":_native", "lib/one/src/one", ]' in found["lib/one"]


def test_check_reports_what_is_missing(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"lib/one/pyproject.toml": PROJECT, "lib/one/native.c": NATIVE})
    result = rule_runner.run_goal_rule(TailorGoal, global_args=ARGUMENTS, args=["--check", "::"])
    assert result.exit_code == 1
    assert "Add python_extension target _native" in result.stdout
    assert "Add python_native_wheel target wheel" in result.stdout


@pytest.mark.parametrize(
    "build",
    [
        "cc_sources(name='lib')\npython_extension(name='x', module='other._native', dependencies=[':lib'])",
        "cc_sources(name='lib')\ntarget(name='all', dependencies=[':lib'])\n"
        "python_extension(name='x', module='other._native', dependencies=[':all'])",
        "cc_sources(name='lib')\npython_extension(name='x', module='one._native')",
    ],
)
def test_an_existing_extension_is_not_duplicated(rule_runner: RuleRunner, build: str) -> None:
    rule_runner.write_files({"lib/one/native.c": NATIVE, "lib/one/BUILD": build, "lib/one/one/__init__.py": "x = 1"})
    assert "lib/one/one" in tailored(rule_runner)
    assert " ".join(build.split()) == tailored(rule_runner)["lib/one"]


@pytest.mark.parametrize(
    "listed",
    [
        "cc_sources()",
        "cc_sources(dependencies=['src/cpp/b'])",
        "cc_sources(dependencies=[':all'])\ntarget(name='all', dependencies=['src/cpp/b'])",
    ],
)
def test_an_extension_is_built_from_what_its_sources_need(rule_runner: RuleRunner, listed: str) -> None:
    extension = "python_extension(name='ext', module='vm._native', dependencies=[':a'])\n"
    rule_runner.write_files(
        {
            "src/cpp/a/BUILD": f"{listed}\n{extension}",
            "src/cpp/a/vm.c": '#include "b/native.h"',
            "src/cpp/b/BUILD": "cc_sources()\n",
            "src/cpp/b/native.h": "",
            "src/cpp/b/native.c": NATIVE,
            "src/python/vm/__init__.py": "x = 1\n",
        }
    )
    assert tailored(rule_runner)["src/cpp/b"] == "cc_sources()"


def test_an_existing_target_of_the_source_is_linked(rule_runner: RuleRunner) -> None:
    build = "cc_sources(name='lib')\npython_extension(name='x', module='one._x', dependencies=[':lib'])\n"
    rule_runner.write_files({"lib/one/native.c": NATIVE, "lib/one/BUILD": build, "lib/one/one/__init__.py": "x = 1"})
    assert EXTENSION.format(":lib") in tailored(rule_runner)["lib/one"]


@pytest.mark.parametrize(
    "build",
    [
        "python_native_wheel(name='w', dependencies=['lib/one'])",
        "python_distribution(name='w', provides=python_artifact(name='one'))",
    ],
)
def test_an_existing_distribution_is_not_duplicated(rule_runner: RuleRunner, build: str) -> None:
    rule_runner.write_files({"lib/one/pyproject.toml": PROJECT, "lib/one/native.c": NATIVE, "lib/one/BUILD": build})
    found = rule_runner.request(PutativeTargets, [PutativeNativeTargetsRequest(("lib/one",))])
    assert [target.type_alias for target in found] == ["python_extension"]


def test_equally_likely_modules_are_in_a_comment(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/cpp/native.cc": NATIVE,
            "src/python/one/__init__.py": "from one import _native",
            "src/python/two/__init__.py": "from two import _native",
        }
    )
    found = tailored(rule_runner)["src/cpp"]
    assert "# The repository also imports two._native: check the module. python_extension(" in found


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--no-native-wheel-tailor-extensions", []),
        ("--no-native-wheel-tailor-wheels", ["python_extension"]),
        ("--no-cc-setup-tailor", []),
    ],
)
def test_options_turn_proposals_off(rule_runner: RuleRunner, option: str, expected: list[str]) -> None:
    rule_runner.write_files({"lib/one/pyproject.toml": PROJECT, "lib/one/native.c": NATIVE})
    rule_runner.set_options([*ARGUMENTS, option])
    found = rule_runner.request(PutativeTargets, [PutativeNativeTargetsRequest(("lib/one",))])
    assert [target.type_alias for target in found] == expected


def test_an_unknown_macro_is_not_a_module(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/one/one/torch.cc": "PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {}\n",
            "lib/one/one/fft.cc": "PYBIND11_MODULE(FFT, m) {}\n",
            "lib/one/one/__init__.py": "from one import FFT\n",
        }
    )
    found = tailored(rule_runner)["lib/one/one"]
    assert 'module="one.FFT"' in found
    assert found.count("python_extension(") == 1


def test_only_the_given_folders_are_changed(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/one/pyproject.toml": PROJECT,
            "lib/one/ext/native.c": NATIVE,
            "lib/two/native.c": NATIVE,
            "lib/one/one/__init__.py": "import one._native\n",
        }
    )
    assert tailored(rule_runner, "lib/one/ext:") == {"lib/one/ext": f"{EXTENSION.format(':ext')} cc_sources()"}


def test_the_written_targets_are_a_valid_wheel(rule_runner: RuleRunner) -> None:
    test_a_source_in_its_package(rule_runner)
    plan = rule_runner.request(DescribedWheel, [WheelPlanRequest(Address("lib/one", target_name="wheel"))])
    files = rule_runner.request(DigestContents, [plan.payload])
    assert plan.modules == ("one._native",)
    assert sorted(file.path for file in files) == [
        "__payload/one/__init__.py",
        "__payload/one/py.typed",
        "__payload/one/sub/__init__.py",
        "__payload/one/sub/a.py",
    ]
