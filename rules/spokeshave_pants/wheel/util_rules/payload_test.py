"""What a wheel consists of beside its extensions."""

from __future__ import annotations

import pytest
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.goals import package_pex_binary
from pants.backend.python.target_types import (
    PexBinary,
    PythonDistribution,
    PythonRequirementTarget,
    PythonSourcesGeneratorTarget,
    PythonTestsGeneratorTarget,
)
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.backend.shell.target_types import ShellCommandTarget
from pants.backend.shell.util_rules import shell_command
from pants.core.target_types import (
    ArchiveTarget,
    FilesGeneratorTarget,
    FileTarget,
    GenericTarget,
    RelocatedFiles,
    ResourcesGeneratorTarget,
)
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files, stripped_source_files
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_pants.cc import target_types as cc_target_types
from spokeshave_pants.cc.target_types import CcPythonRequirementTarget, CcSharedLibraryTarget, CcVariantTarget
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.release.target_types import ReleaseTarget
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget
from spokeshave_pants.wheel.util_rules import payload
from spokeshave_pants.wheel.util_rules.payload import PayloadTargets, PayloadTargetsRequest, WheelPlan, WheelPlanRequest

PYPROJECT = '[project]\nname = "one"\nreadme = "docs/about.md"\nlicense-files = ["*.license"]\n'


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *payload.rules(),
            *python_target_types_rules(),
            *source_files.rules(),
            *stripped_source_files.rules(),
            QueryRule(PayloadTargets, [PayloadTargetsRequest]),
            QueryRule(WheelPlan, [WheelPlanRequest]),
        ],
        target_types=[
            FilesGeneratorTarget,
            PythonExtensionTarget,
            PythonNativeWheelTarget,
            PythonSourcesGeneratorTarget,
            ResourcesGeneratorTarget,
        ],
    )
    runner.set_options(
        [
            "--source-root-patterns=['/src']",
            "--python-interpreter-constraints=['CPython==3.9.*']",
            "--python-infer-use-rust-parser",
        ]
    )
    return runner


def wheel(name: str, *dependencies: str, **fields: object) -> str:
    written = "".join(f", {field}={value!r}" for field, value in fields.items())
    return f"python_native_wheel(name='{name}', dependencies={list(dependencies)}, pythons=['3.12']{written})\n"


def owned(runner: RuleRunner, name: str) -> list[str]:
    targets = runner.request(PayloadTargets, [PayloadTargetsRequest(Address("src", target_name=name))])
    return sorted(target.address.filename for target in targets.owned)


def plan(runner: RuleRunner, name: str = "one") -> WheelPlan:
    return runner.request(WheelPlan, [WheelPlanRequest(Address("src", target_name=name))])


def files(runner: RuleRunner, digest: Digest) -> list[str]:
    return [file.path for file in runner.request(DigestContents, [digest])]


def test_a_wheel_holds_what_its_sources_import(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", "src/one:one"),
            "src/one/BUILD": "python_sources(dependencies=[':data'])\nresources(name='data', sources=['py.typed'])",
            "src/one/__init__.py": "import base.util",
            "src/one/py.typed": "",
            "src/base/BUILD": "python_sources()",
            "src/base/__init__.py": "# Not empty: an empty one is not inferred.",
            "src/base/util.py": "",
            "src/base/never_imported.py": "",
        }
    )
    assert owned(rule_runner, "one") == [
        "src/base/__init__.py",
        "src/base/util.py",
        "src/one/__init__.py",
        "src/one/py.typed",
    ]


def test_a_sibling_wheels_sources_are_left_out_though_they_are_imported(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": wheel("upper", "src/upper:upper", ":lower") + wheel("lower", "src/lower:lower"),
            "src/upper/BUILD": "python_sources()",
            "src/upper/__init__.py": "import lower.util",
            "src/lower/BUILD": "python_sources(dependencies=[':ext'])\n"
            "python_extension(name='ext', module='lower._native')",
            "src/lower/__init__.py": "",
            "src/lower/util.py": "",
        }
    )
    targets = rule_runner.request(PayloadTargets, [PayloadTargetsRequest(Address("src", target_name="upper"))])
    assert targets.siblings == (Address("src", target_name="lower"),)
    assert targets.extensions == ()
    assert owned(rule_runner, "upper") == ["src/upper/__init__.py"]
    assert owned(rule_runner, "lower") == ["src/lower/__init__.py", "src/lower/util.py"]


def test_what_a_siblings_own_sibling_holds_is_left_out_as_well(rule_runner: RuleRunner) -> None:
    names = ("upper", "middle", "lower")
    rule_runner.write_files(
        {
            "src/BUILD": wheel("upper", "src/upper:upper", ":middle")
            + wheel("middle", "src/middle:middle", ":lower")
            + wheel("lower", "src/lower:lower"),
            **{f"src/{name}/BUILD": "python_sources()" for name in names},
            "src/upper/__init__.py": "import middle, lower",
            "src/middle/__init__.py": "import lower",
            "src/lower/__init__.py": "",
        }
    )
    assert [owned(rule_runner, name) for name in names] == [[f"src/{name}/__init__.py"] for name in names]


def test_an_extension_that_a_source_lists_is_in_the_wheel_and_its_own_inputs_are_not(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", "src/one:one"),
            "src/one/BUILD": "python_sources(dependencies=[':ext'])\n"
            "python_extension(name='ext', module='one._native', dependencies=[':inputs'])\n"
            "resources(name='inputs', sources=['table.inc'])\n",
            "src/one/__init__.py": "",
            "src/one/table.inc": "",
            "src/pyproject.toml": PYPROJECT,
        }
    )
    assert plan(rule_runner).modules == ("one._native",)
    assert owned(rule_runner, "one") == ["src/one/__init__.py"]


def test_a_plan_has_each_file_at_its_place(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": wheel(
                "one", "src/one:one", pyproject="one/pyproject.toml", data_files={"share/x/a.txt": "one/a.txt"}
            ),
            "src/one/BUILD": "python_sources()\nfiles(name='files', sources=['a.txt'])",
            "src/one/__init__.py": "",
            "src/one/pyproject.toml": PYPROJECT,
            "src/one/docs/about.md": "",
            "src/one/docs/other.md": "",
            "src/one/mit.license": "",
            "src/one/LICENSE.txt": "",
            "src/one/a.txt": "data",
        }
    )
    made = plan(rule_runner)
    assert files(rule_runner, made.payload) == ["__payload/one/__init__.py"]
    assert files(rule_runner, made.metadata) == [
        *("src/one/LICENSE.txt", "src/one/docs/about.md", "src/one/mit.license", "src/one/pyproject.toml")
    ]
    assert made.data is not None and files(rule_runner, made.data) == ["__data/data/share/x/a.txt"]


def test_a_data_file_that_is_not_there_is_told_even_where_others_are(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", data_files={"a": "a.txt", "b": "b.txt"}),
            "src/a.txt": "",
            "src/pyproject.toml": PYPROJECT,
        }
    )
    with pytest.raises(ExecutionError, match=r"`data_files` field of src:one.*src/b\.txt"):
        plan(rule_runner)


def test_a_description_with_stars_is_no_glob(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {"src/BUILD": wheel("one"), "src/pyproject.toml": '[project]\nname = "one"\ndescription = "A **fast** [lib"\n'}
    )
    assert files(rule_runner, plan(rule_runner).metadata) == ["src/pyproject.toml"]


def test_everything_wrong_with_a_wheels_fields_is_told_at_once(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"src/BUILD": wheel("one", platforms=["win32", "any"]), "src/pyproject.toml": PYPROJECT})
    with pytest.raises(ExecutionError) as caught:
        plan(rule_runner)
    assert "'win32'" in str(caught.value) and "'any'" in str(caught.value)


def test_two_extensions_of_one_module_are_refused_with_both(rule_runner: RuleRunner) -> None:
    extensions = "".join(f"python_extension(name='{name}', module='one._native')\n" for name in ("ext1", "ext2"))
    rule_runner.write_files({"src/BUILD": wheel("one", ":ext1", ":ext2") + extensions, "src/pyproject.toml": PYPROJECT})
    with engine_error(InvalidTargetError, contains="src:ext1 and src:ext2 both make the module one._native"):
        plan(rule_runner)


@pytest.mark.parametrize(
    ("fields", "field"), [({"pyproject": "none.toml"}, "pyproject"), ({"data_files": {"a": "none.txt"}}, "data_files")]
)
def test_a_file_that_is_not_there_is_told_with_the_field_that_names_it(
    rule_runner: RuleRunner, fields: dict[str, object], field: str
) -> None:
    rule_runner.write_files({"src/BUILD": wheel("one", **fields), "src/pyproject.toml": PYPROJECT})
    with engine_error(contains=f"the `{field}` field of"):
        plan(rule_runner)
