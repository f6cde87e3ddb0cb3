"""Tests of the contents of a wheel besides its extensions."""

from __future__ import annotations

import pytest
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.macros import python_requirements
from pants.backend.python.macros.python_artifact import PythonArtifact
from pants.backend.python.macros.python_requirements import PythonRequirementsTargetGenerator
from pants.backend.python.target_types import (
    PexBinary,
    PythonDistribution,
    PythonRequirementTarget,
    PythonSourcesGeneratorTarget,
    PythonTestsGeneratorTarget,
)
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.backend.shell.target_types import ShellCommandTarget
from pants.backend.shell.util_rules import shell_command
from pants.core.register import wrap_as_resources
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
from pants.engine.target import SpecialCasedDependencies
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_pants.cc import target_types as cc_target_types
from spokeshave_pants.cc.target_types import CcPythonRequirementTarget, CcSharedLibraryTarget, CcVariantTarget
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.release.target_types import ReleaseTarget
from spokeshave_pants.wheel.plan import rules as payload
from spokeshave_pants.wheel.plan.rules import DescribedWheel, WheelPlanRequest
from spokeshave_pants.wheel.plan.targets import PayloadTargets, PayloadTargetsRequest
from spokeshave_pants.wheel.target_types import HeadersField, PythonExtensionTarget, PythonNativeWheelTarget

PYPROJECT = '[project]\nname = "one"\nreadme = "docs/about.md"\nlicense-files = ["*.license"]\n'


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *cc_target_types.rules(),
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *payload.rules(),
            *python_requirements.rules(),
            *python_target_types_rules(),
            *shell_command.rules(),
            *source_files.rules(),
            *stripped_source_files.rules(),
            *wrap_as_resources.rules,
            QueryRule(PayloadTargets, [PayloadTargetsRequest]),
            QueryRule(DescribedWheel, [WheelPlanRequest]),
        ],
        target_types=[
            ArchiveTarget,
            CCSourcesGeneratorTarget,
            CcPythonRequirementTarget,
            CcSharedLibraryTarget,
            CcVariantTarget,
            FileTarget,
            FilesGeneratorTarget,
            GenericTarget,
            PexBinary,
            PythonDistribution,
            PythonExtensionTarget,
            PythonNativeWheelTarget,
            PythonRequirementsTargetGenerator,
            PythonRequirementTarget,
            PythonSourcesGeneratorTarget,
            PythonTestsGeneratorTarget,
            ReleaseTarget,
            RelocatedFiles,
            ResourcesGeneratorTarget,
            ShellCommandTarget,
            *wrap_as_resources.target_types,
        ],
        objects={"python_artifact": PythonArtifact},
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


def extension(name: str = "ext", module: str = "one._native") -> str:
    return f"python_extension(name='{name}', module='{module}')\n"


def refusal(runner: RuleRunner, name: str = "one") -> str:
    with pytest.raises(ExecutionError) as caught:
        plan(runner, name)
    errors = list(caught.value.wrapped_exceptions)
    assert len(errors) == 1
    assert isinstance(errors[0], InvalidTargetError)
    return str(errors[0])


def owned(runner: RuleRunner, name: str) -> list[str]:
    targets = runner.request(PayloadTargets, [PayloadTargetsRequest(Address("src", target_name=name))])
    return sorted(target.address.filename for target in targets.owned)


def plan(runner: RuleRunner, name: str = "one") -> DescribedWheel:
    return runner.request(DescribedWheel, [WheelPlanRequest(Address("src", target_name=name))])


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


def test_imported_sources_of_a_sibling_wheel_are_not_included(rule_runner: RuleRunner) -> None:
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


def test_sources_of_indirect_siblings_are_not_included(rule_runner: RuleRunner) -> None:
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


def test_a_listed_extension_is_included_without_its_inputs(rule_runner: RuleRunner) -> None:
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


def test_a_plan_has_the_path_of_each_file(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension()
            + wheel(
                "one", ":ext", "src/one:one", pyproject="one/pyproject.toml", data_files={"share/x/a.txt": "one/a.txt"}
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
    wheel_plan = plan(rule_runner)
    assert files(rule_runner, wheel_plan.payload) == ["__payload/one/__init__.py"]
    assert files(rule_runner, wheel_plan.metadata) == [
        *("src/one/docs/about.md", "src/one/mit.license", "src/one/pyproject.toml")
    ]
    assert wheel_plan.data is not None
    assert files(rule_runner, wheel_plan.data) == ["__data/data/share/x/a.txt"]


def test_a_plan_has_the_template_of_each_version_file(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension() + wheel("one", ":ext", version_files={"one/one.pc": "in/one.pc.in"}),
            "src/in/one.pc.in": "Version: @VERSION@\n",
            "src/pyproject.toml": PYPROJECT,
        }
    )
    wheel_plan = plan(rule_runner)
    assert wheel_plan.version_files == (("one/one.pc", "src/in/one.pc.in"),)
    assert files(rule_runner, wheel_plan.templates) == ["src/in/one.pc.in"]


def test_problems_of_version_files_are_reported_together(rule_runner: RuleRunner) -> None:
    version_files = {"one/__init__.py": "a.in", "one/_version.py": "a.in", "../a": "b.in"}
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", "src/one:one", version_module="one/_version.py", version_files=version_files),
            "src/one/BUILD": "python_sources()",
            "src/one/__init__.py": "",
            "src/a.in": "@VERSION@ @RELEASE@",
            "src/b.in": "",
            "src/pyproject.toml": PYPROJECT,
        }
    )
    message = refusal(rule_runner)
    for fault in ("'one/__init__.py'", "'one/_version.py'", "'../a'", "@RELEASE@", "no native code"):
        assert fault in message


def test_a_missing_data_file_is_reported_among_others(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", data_files={"a": "a.txt", "b": "b.txt"}),
            "src/a.txt": "",
            "src/pyproject.toml": PYPROJECT,
        }
    )
    with pytest.raises(ExecutionError, match=r"`data_files` field of src:one.*src/b\.txt"):
        plan(rule_runner)


def test_a_description_with_stars_is_not_a_glob(rule_runner: RuleRunner) -> None:
    pyproject = '[project]\nname = "one"\ndescription = "A **fast** [lib"\n'
    rule_runner.write_files({"src/BUILD": extension() + wheel("one", ":ext"), "src/pyproject.toml": pyproject})
    assert files(rule_runner, plan(rule_runner).metadata) == ["src/pyproject.toml"]


def test_all_field_problems_are_reported_together(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"src/BUILD": wheel("one", platforms=["win32", "any"]), "src/pyproject.toml": PYPROJECT})
    with pytest.raises(ExecutionError) as caught:
        plan(rule_runner)
    assert "'win32'" in str(caught.value)
    assert "'any'" in str(caught.value)


def test_two_extensions_of_one_module_are_refused_with_both(rule_runner: RuleRunner) -> None:
    extensions = "".join(f"python_extension(name='{name}', module='one._native')\n" for name in ("ext1", "ext2"))
    rule_runner.write_files({"src/BUILD": wheel("one", ":ext1", ":ext2") + extensions, "src/pyproject.toml": PYPROJECT})
    with engine_error(InvalidTargetError, contains="src:ext1 and src:ext2 both build the module one._native"):
        plan(rule_runner)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"pyproject": "none.toml"}, "pyproject"),
        ({"data_files": {"a": "none.txt"}}, "data_files"),
        ({"version_files": {"a": "none.txt"}}, "version_files"),
    ],
)
def test_a_missing_file_is_reported_with_its_field(
    rule_runner: RuleRunner, fields: dict[str, object], field: str
) -> None:
    rule_runner.write_files({"src/BUILD": wheel("one", **fields), "src/pyproject.toml": PYPROJECT})
    with engine_error(contains=f"the `{field}` field of"):
        plan(rule_runner)


# Targets that cannot be in a wheel.


def test_every_dependency_without_a_role_is_refused(rule_runner: RuleRunner) -> None:
    group = [f":{name}" for name in ("data", "moved", "native", "numpy", "traced", "made", "app", "zip", "out")]
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", "src/one:one", ":group") + f"target(name='group', dependencies={group})\n"
            "files(name='data', sources=['a.txt', 'b.txt'])\n"
            "relocated_files(name='moved', files_targets=[':data'], src='', dest='x')\n"
            "cc_sources(name='native', sources=['n.c', 'n.h'])\n"
            "cc_python_requirement(name='numpy', requirements='numpy.txt', include_dirs=['numpy'])\n"
            "cc_variant(name='traced')\n"
            "shell_command(name='made', command='true', output_files=['made.txt'])\n"
            "pex_binary(name='app', entry_point='one')\n"
            "archive(name='zip', format='zip')\n"
            "release(name='out', wheels=[])\n",
            "src/one/BUILD": "python_sources(dependencies=[':table'])\nfile(name='table', source='table.json')",
            "src/one/__init__.py": "",
            **{f"src/{path}": "" for path in ("a.txt", "b.txt", "n.c", "n.h", "one/table.json")},
            "src/pyproject.toml": PYPROJECT,
        }
    )
    message = refusal(rule_runner)
    assert "src:one has dependencies that cannot be in a wheel" in message
    lines = {line.split(",")[0].strip("* "): line for line in message.splitlines() if line.startswith("  * ")}
    assert list(lines) == [
        "src:app",
        "src:data",
        "src:made",
        "src:moved",
        "src:native",
        "src:numpy",
        "src:out",
        "src:traced",
        "src:zip",
        "src/one:table",
    ]
    assert "a `files` (a dependency of src:group): Its files are not installed" in lines["src:data"]
    assert "a `file` (a dependency of src/one:one)" in lines["src/one:table"]
    assert "Declare them as `resources`" in lines["src:moved"]
    assert "`data_files`" in lines["src:moved"]
    assert "a `cc_sources`" in lines["src:native"]
    assert "`python_extension` or `cc_shared_library`" in lines["src:native"]
    assert "`cc_sources` that include them" in lines["src:numpy"]
    assert "`variant` field" in lines["src:traced"]
    assert "`experimental_wrap_as_resources(inputs=[...])`" in lines["src:made"]
    for name, kind in (("app", "pex_binary"), ("zip", "archive"), ("out", "release")):
        assert f"A wheel cannot contain a `{kind}`, only " in lines[f"src:{name}"]


def test_groups_tests_and_generated_resources_are_in_the_wheel(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", ":ext", "src/one:all") + extension(),
            "src/one/BUILD": "target(name='all', dependencies=[':one', ':tests', ':wrapped'])\n"
            "python_sources()\npython_tests(name='tests')\n"
            "shell_command(name='made', command='true', output_files=['made.txt'])\n"
            "experimental_wrap_as_resources(name='wrapped', inputs=[':made'])\n",
            "src/one/__init__.py": "",
            "src/one/test_one.py": "",
        }
    )
    targets = rule_runner.request(PayloadTargets, [PayloadTargetsRequest(Address("src", target_name="one"))])
    assert targets.mistakes == ""
    assert sorted(target.address.spec for target in targets.owned) == [
        *("src/one/__init__.py", "src/one/test_one.py:tests", "src/one:wrapped")
    ]


@pytest.mark.parametrize(
    ("build", "fault"),
    [
        (wheel("one"), "src:one would install nothing."),
        (wheel("one", "src/one"), "src:one would contain only Python sources and no native code."),
    ],
)
def test_a_wheel_without_native_code_is_refused(rule_runner: RuleRunner, build: str, fault: str) -> None:
    files = {"src/BUILD": build, "src/one/BUILD": "python_sources()", "src/one/__init__.py": ""}
    rule_runner.write_files({**files, "src/pyproject.toml": PYPROJECT})
    assert fault in refusal(rule_runner)


def test_all_problems_of_a_wheel_are_reported_together(rule_runner: RuleRunner) -> None:
    build = wheel("one", ":data", platforms=["any"]) + "files(name='data', sources=['a.txt'])"
    rule_runner.write_files({"src/BUILD": build, "src/a.txt": "", "src/pyproject.toml": PYPROJECT})
    message = refusal(rule_runner)
    assert all(part in message for part in ("src:data, a `files`", "would install nothing", "'any'"))


def test_python_sources_that_are_not_utf8_are_named(rule_runner: RuleRunner) -> None:
    sources = {"src/one/__init__.py": "from one import a", "src/one/a.py": "x = 'Größe'"}
    build = {"src/BUILD": wheel("one", ":ext", "src/one") + extension(), "src/one/BUILD": "python_sources()"}
    rule_runner.write_files({**sources, **build, "src/pyproject.toml": PYPROJECT})
    assert owned(rule_runner, "one") == sorted(sources)
    rule_runner.write_files({path: text.encode("latin-1") for path, text in sources.items()})
    assert "  * src/one/a.py: byte 0xf6 in line 1 is not UTF-8" in refusal(rule_runner)


# Shared libraries.


@pytest.mark.parametrize(
    ("folder", "field", "place"),
    [
        ("src", "", "one"),
        ("src/one/lib", "", "one"),
        ("src/one/sub", "", "one/sub"),
        ("src", ", wheel_folder='one/lib'", "one/lib"),
    ],
)
def test_a_library_is_put_into_a_package_of_the_wheel(
    rule_runner: RuleRunner, folder: str, field: str, place: str
) -> None:
    builds = {
        "src/BUILD": wheel("one", "src/one", "src/one/sub"),
        "src/one/BUILD": f"python_sources(dependencies=['{folder}:core'])\n",
        "src/one/sub/BUILD": "python_sources()\n",
    }
    builds[f"{folder}/BUILD"] = builds.get(f"{folder}/BUILD", "") + f"cc_shared_library(name='core'{field})\n"
    sources = {"src/one/__init__.py": "", "src/one/sub/__init__.py": ""}
    rule_runner.write_files({**builds, **sources, "src/pyproject.toml": PYPROJECT})
    wheel_plan = plan(rule_runner)
    assert wheel_plan.libraries == ((Address(folder, target_name="core"), place),)
    assert [abi.name for abi in wheel_plan.matrix.abis] == ["py3-none"]


def test_a_library_with_an_extension_is_built_per_python(rule_runner: RuleRunner) -> None:
    build = wheel("one", ":ext", ":core") + extension() + "cc_shared_library(name='core')"
    rule_runner.write_files({"src/BUILD": build, "src/pyproject.toml": PYPROJECT})
    wheel_plan = plan(rule_runner)
    assert [folder for _, folder in wheel_plan.libraries] == ["one"]
    assert [abi.name for abi in wheel_plan.matrix.abis] == ["cp312"]


HEADERS = {
    "src/BUILD": "cc_shared_library(name='core')\n"
    + wheel("one", "src/one", ":core", headers={"one/include": ["src/capi", ":plain"]}, cmake="One", pkg_config="one")
    + "files(name='plain', sources=['one/*.inc'])\n",
    "src/one/BUILD": "python_sources()\n",
    "src/one/__init__.py": "",
    "src/one/list.inc": "",
    "src/capi/BUILD": "cc_sources(sources=['*.c', 'include/**'], include_root='include')\n",
    "src/capi/core.c": "",
    "src/capi/include/one/api.h": "",
    "src/pyproject.toml": PYPROJECT,
}


def test_headers_are_installed_by_the_path_of_includes(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(HEADERS)
    wheel_plan = plan(rule_runner)
    payload_files = files(rule_runner, wheel_plan.payload)
    assert payload_files == [
        "__payload/one/__init__.py",
        "__payload/one/include/one/api.h",
        "__payload/one/include/one/list.inc",
    ]
    assert wheel_plan.library_names == ("core",)
    assert wheel_plan.offered is not None
    assert wheel_plan.offered.include_folders == ("one/include",)


def test_headers_are_dependencies_of_their_own_kind(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(HEADERS)
    field = rule_runner.get_target(Address("src", target_name="one"))[HeadersField]
    assert isinstance(field, SpecialCasedDependencies)
    assert field.to_unparsed_address_inputs().values == ("src/capi", ":plain")


def test_problems_of_headers_are_reported_with_all_others(rule_runner: RuleRunner) -> None:
    build = wheel("one", "src/one", ":core", headers={"include": ["src/capi"]}, version_files={"/x": "x.in"})
    rule_runner.write_files({**HEADERS, "src/BUILD": "cc_shared_library(name='core')\n" + build, "src/x.in": ""})
    message = refusal(rule_runner)
    assert "the folder 'include' of `headers` is in none of the wheel's packages (one)" in message
    assert "the path '/x' of `version_files`" in message


def test_libraries_without_a_path_of_their_own_are_refused(rule_runner: RuleRunner) -> None:
    libraries = "cc_shared_library(name='core')\n" + "".join(
        f"cc_shared_library(name='{name}', library_name='x', wheel_folder='a/lib')\n" for name in ("x1", "x2")
    )
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", "src/a", "src/b", ":core", ":x1", ":x2") + libraries,
            **{f"src/{name}/BUILD": "python_sources()" for name in "ab"},
            **{f"src/{name}/__init__.py": "" for name in "ab"},
            "src/pyproject.toml": PYPROJECT,
        }
    )
    message = refusal(rule_runner)
    assert "src:core: src:one contains this library, but its folder" in message
    assert '`wheel_folder="a"`' in message
    assert "src:x1 and src:x2 are both x in a/lib of src:one" in message
    build = wheel("one", ":data", "src/a", ":core") + "cc_shared_library(name='core')\n"
    build += "resources(name='data', sources=['a/core.dll'])\n"
    rule_runner.write_files({"src/BUILD": build, "src/a/core.dll": ""})
    assert "src:core: src:one contains another file a/core.dll" in refusal(rule_runner)


# Requirements.

REQUIRING = {
    "src/BUILD": wheel("one", ":ext", "src/one") + extension(),
    "src/one/BUILD": "python_sources()",
    "src/one/__init__.py": "import requests",
    "src/3rdparty/BUILD": "python_requirement("
    "name='requests', requirements=['requests[socks]>=2'], dependencies=[':file#six'])\n"
    "python_requirement(name='types-requests', requirements=['types-requests'])\n"
    "python_requirements(name='file')\n",
    "src/3rdparty/requirements.txt": "six ; python_version >= '3'\nunused==1.0\n",
}


def test_requirements_are_added_to_dynamic_dependencies_alone(rule_runner: RuleRunner) -> None:
    pyproject = '[project]\nname = "one"\ndynamic = ["version", "dependencies"]\n'
    rule_runner.write_files({**REQUIRING, "src/pyproject.toml": pyproject})
    assert plan(rule_runner).requirements == ("requests[socks]>=2", 'six; python_version >= "3"')


def test_requirements_must_be_in_static_dependencies(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({**REQUIRING, "src/pyproject.toml": f"{PYPROJECT}dependencies = ['Six']\n"})
    message = refusal(rule_runner)
    assert "that the `dependencies` of src/pyproject.toml do not have" in message
    assert "src/one:one depends on src/3rdparty:requests: add 'requests[socks]>=2'." in message
    assert "six" not in message
    assert "types-requests" not in message
    assert "add it to an extra (`[project.optional-dependencies]`)" in message
    extra = f"{PYPROJECT}dependencies = ['six']\n[project.optional-dependencies]\nweb = ['requests']\n"
    rule_runner.write_files({"src/pyproject.toml": extra})
    assert plan(rule_runner).requirements == ()


def test_imports_of_included_sources_are_required(rule_runner: RuleRunner) -> None:
    """A source of another folder imports submodules of distributions with other names."""
    requirements = {"images": "pillow>=9", "yaml": "PyYAML"}
    declared = "".join(f"python_requirement(name='{n}', requirements=['{r}'])\n" for n, r in requirements.items())
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", ":ext", "src/one") + extension() + declared,
            "src/one/BUILD": "python_sources()",
            "src/one/__init__.py": "import helper.images",
            "src/helper/BUILD": "python_sources()",
            "src/helper/images.py": "from PIL.Image import open\nimport yaml.nodes",
            "src/pyproject.toml": DYNAMIC,
        }
    )
    assert plan(rule_runner).requirements == ("PyYAML", "pillow>=9")


@pytest.mark.parametrize(
    ("importing", "optional", "required"),
    [
        ("", ("one.contrib",), ()),
        ("", ("one",), ()),
        ("", (), ("django>=4",)),
        ("", ("one.cont",), ("django>=4",)),
        ("import django", ("one.contrib",), ("django>=4",)),
    ],
)
def test_an_extra_of_optional_modules_is_not_required(
    rule_runner: RuleRunner, importing: str, optional: tuple[str, ...], required: tuple[str, ...]
) -> None:
    """A requirement that only optional modules import may stay in an extra."""
    extra = "[project.optional-dependencies]\nweb = ['django>=4']\n"
    rule_runner.write_files(
        {
            "src/BUILD": wheel("one", ":ext", "src/one", smoke_optional_imports=optional)
            + extension()
            + "python_requirement(name='django', requirements=['django>=4'])\n",
            "src/one/BUILD": "python_sources(sources=['**/*.py'])",
            "src/one/__init__.py": importing,
            "src/one/contrib/__init__.py": "import django",
            "src/one/contrib/deep.py": "from django import forms",
            "src/pyproject.toml": f"{DYNAMIC}{extra}",
        }
    )
    assert plan(rule_runner).requirements == required


# Other distributions of the repository.


def siblings(pyproject: str, **changes: str) -> dict[str, str]:
    """Write a wheel `one` in src/one whose sources import the package of the wheel `base` in src/base."""
    base = "python_sources(name='py')\n" + extension(module="base._native")
    return {
        "src/one/BUILD": "python_sources(name='py')\n" + extension() + wheel("one", ":ext", ":py"),
        "src/one/__init__.py": "import base",
        "src/one/pyproject.toml": pyproject,
        "src/base/BUILD": base + wheel("base", ":ext", ":py"),
        "src/base/__init__.py": "from base import _native",
        "src/base/pyproject.toml": '[project]\nname = "acme-base"\ndynamic = ["version"]\n',
        **changes,
    }


def plan_one(runner: RuleRunner) -> DescribedWheel:
    return runner.request(DescribedWheel, [WheelPlanRequest(Address("src/one", target_name="one"))])


BASE = Address("src/base", target_name="base")
DYNAMIC = '[project]\nname = "one"\ndynamic = ["version", "dependencies"]\n'


def test_what_another_wheel_owns_is_not_copied_but_required(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(siblings(DYNAMIC))
    wheel_plan = plan_one(rule_runner)
    assert files(rule_runner, wheel_plan.payload) == ["__payload/one/__init__.py"]
    assert wheel_plan.modules == ("one._native",)
    assert (wheel_plan.siblings, wheel_plan.companions, wheel_plan.requirements) == ((BASE,), (), ())
    released = {"src/base/pyproject.toml": '[project]\nname = "acme-base"\nversion = "2.1"\n'}
    rule_runner.write_files(released)
    wheel_plan = plan_one(rule_runner)
    assert (wheel_plan.siblings, wheel_plan.companions, wheel_plan.requirements) == ((), (BASE,), ("acme-base==2.1",))
    rule_runner.write_files({"src/one/pyproject.toml": f"{PYPROJECT}dependencies = ['acme_base>=2']\n"})
    wheel_plan = plan_one(rule_runner)
    assert (wheel_plan.siblings, wheel_plan.companions, wheel_plan.requirements) == ((), (BASE,), ())


def test_a_part_of_another_wheel_that_is_not_required_is_refused(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(siblings(PYPROJECT))
    with pytest.raises(ExecutionError) as caught:
        plan_one(rule_runner)
    assert (
        "src/one:py depends on src/base:py, which src/base:base (acme-base) owns. Add src/base:base to the "
        "`dependencies` of src/one:one, or 'acme-base' to those of src/one/pyproject.toml"
    ) in str(caught.value)
    assert "needed for type checking only, add it with `!`" in str(caught.value)


def test_two_wheels_that_import_each_other_are_refused_with_both(rule_runner: RuleRunner) -> None:
    base = {"src/base/__init__.py": "import one", "src/base/pyproject.toml": DYNAMIC.replace("one", "acme-base")}
    rule_runner.write_files(siblings(DYNAMIC, **base))
    with engine_error(InvalidTargetError, contains="src/one:one and src/base:base depend on parts of each other"):
        plan_one(rule_runner)


def test_wheels_may_share_a_namespace_package(rule_runner: RuleRunner) -> None:
    parts = {
        f"src/acme/{name}/{file}": text
        for name in ("one", "base")
        for file, text in {
            "BUILD": "python_sources(name='py')\n"
            + extension(module=f"acme.{name}._native")
            + wheel("one", ":ext", ":py"),
            "pyproject.toml": f'[project]\nname = "acme-{name}"\nversion = "1.0"\ndynamic = ["dependencies"]\n',
            "__init__.py": f"from acme.{name} import _native",
        }.items()
    }
    importing = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from acme.base import deep"
    deep = {"src/acme/one/__init__.py": importing, "src/acme/base/deep.py": ""}
    rule_runner.write_files({**parts, **deep})
    address = Address("src/acme/one", target_name="one")
    wheel_plan = rule_runner.request(DescribedWheel, [WheelPlanRequest(address)])
    assert files(rule_runner, wheel_plan.payload) == ["__payload/acme/one/__init__.py"]
    assert wheel_plan.requirements == ("acme-base==1.0",)
    excluding = parts["src/acme/one/BUILD"].replace(
        "(name='py')", "(name='py', dependencies=['!src/acme/base/deep.py:py'])"
    )
    rule_runner.write_files({"src/acme/one/BUILD": excluding})
    assert rule_runner.request(DescribedWheel, [WheelPlanRequest(address)]).requirements == ()


def test_listed_files_of_another_wheel_are_copied(rule_runner: RuleRunner) -> None:
    build = "python_sources(name='py')\n" + extension() + wheel("one", ":ext", ":py", "src/base:py", "src/base:ext")
    rule_runner.write_files(siblings(PYPROJECT, **{"src/one/BUILD": build}))
    wheel_plan = plan_one(rule_runner)
    assert files(rule_runner, wheel_plan.payload) == ["__payload/base/__init__.py", "__payload/one/__init__.py"]
    assert wheel_plan.siblings == wheel_plan.companions == ()


def test_a_python_distribution_owns_its_sources_as_well(rule_runner: RuleRunner) -> None:
    build = "python_sources(name='py')\npython_distribution(name='dist', dependencies=[':py'], "
    build += "provides=python_artifact(name='acme-base', version='3.0'))"
    source = {"src/base/BUILD": build, "src/base/__init__.py": "# Not empty."}
    rule_runner.write_files(siblings(DYNAMIC, **source))
    wheel_plan = plan_one(rule_runner)
    assert files(rule_runner, wheel_plan.payload) == ["__payload/one/__init__.py"]
    assert (wheel_plan.siblings, wheel_plan.companions, wheel_plan.requirements) == ((), (), ("acme-base==3.0",))


def test_a_listed_python_distribution_is_required(rule_runner: RuleRunner) -> None:
    listing = "python_sources(name='py')\n" + extension() + wheel("one", ":ext", ":py", "src/dist")
    build = "python_distribution(dependencies=['src/base:py'], provides=python_artifact(name='acme-base'))"
    changes = {"src/one/BUILD": listing, "src/dist/BUILD": build, "src/base/BUILD": "python_sources(name='py')"}
    rule_runner.write_files(siblings(DYNAMIC, **changes, **{"src/base/__init__.py": "# Not empty."}))
    wheel_plan = plan_one(rule_runner)
    assert files(rule_runner, wheel_plan.payload) == ["__payload/one/__init__.py"]
    assert wheel_plan.requirements == ("acme-base",)
    rule_runner.write_files({"src/one/pyproject.toml": PYPROJECT})
    with pytest.raises(ExecutionError, match=r"src/one:one depends on src/dist:dist: add 'acme-base'\."):
        plan_one(rule_runner)


def test_two_wheels_of_the_same_sources_do_not_own_each_others(rule_runner: RuleRunner) -> None:
    twice = wheel("one", ":ext", ":py") + wheel("traced", ":ext", ":py")
    build = "python_sources(name='py')\n" + extension() + twice
    rule_runner.write_files({"src/one/BUILD": build, "src/one/__init__.py": "", "src/one/pyproject.toml": PYPROJECT})
    assert files(rule_runner, plan_one(rule_runner).payload) == ["__payload/one/__init__.py"]
