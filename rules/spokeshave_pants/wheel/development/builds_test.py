"""Tests of the wheels that contain a source or a linked target."""

from __future__ import annotations

import pytest
from pants.backend.cc.dependency_inference import rules as cc_dependency_inference
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.target_types import FilesGeneratorTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files, stripped_source_files
from pants.engine.addresses import Address
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.platform import Platform
from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.closure import rules as link_closure
from spokeshave_pants.cc.closure.generated_rules import CcSource
from spokeshave_pants.cc.compile import rules as compile
from spokeshave_pants.cc.includes import rules as include_graph
from spokeshave_pants.cc.includes import third_party
from spokeshave_pants.cc.link import rules as link
from spokeshave_pants.cc.link import variant
from spokeshave_pants.cc.target_types import CcSharedLibraryTarget, CcVariantTarget
from spokeshave_pants.release.target_types import ReleaseTarget
from spokeshave_pants.rule_fixtures import sandbox_rules
from spokeshave_pants.wheel.development import builds
from spokeshave_pants.wheel.development.builds import VariantSource, VariantSourceRequest, WheelBuilds, source_limits
from spokeshave_pants.wheel.plan import rules as wheel_plan
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget

FAST = Address("src", target_name="fast")


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *builds.rules(),
            *cc_dependency_inference.rules(),
            compile.init_text,
            compile.plan_compile,
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *include_graph.rules(),
            link.plan_link,
            *link_closure.rules(),
            *python_target_types_rules(),
            *source_files.rules(),
            *stripped_source_files.rules(),
            *target_types.rules(),
            *third_party.rules(),
            *variant.rules(),
            *wheel_plan.rules(),
            *sandbox_rules(),
            QueryRule(VariantSource, [VariantSourceRequest]),
            QueryRule(WheelBuilds, []),
        ],
        target_types=[
            CCSourcesGeneratorTarget,
            CcSharedLibraryTarget,
            CcVariantTarget,
            FilesGeneratorTarget,
            PythonExtensionTarget,
            PythonNativeWheelTarget,
            ReleaseTarget,
        ],
    )
    runner.set_options(["--source-root-patterns=['/src']"])
    runner.write_files(
        {
            "src/pyproject.toml": "[project]\nname = 'one'\ndynamic = ['version']\n",
            "src/binding/BUILD": "cc_sources()",
            "src/binding/module.cc": '#include "vm/run.h"\n',
            "src/vm/BUILD": "cc_sources()",
            "src/vm/run.h": "",
            "src/vm/run.cc": '#include "ir/graph.h"\n',
            "src/ir/BUILD": "cc_sources()",
            "src/ir/graph.h": "",
            "src/ir/graph.cc": "",
            "src/other/BUILD": "cc_sources()",
            "src/other/unrelated.cc": "",
        }
    )
    return runner


def wheel(name: str, **fields: str | list[str]) -> str:
    values = {"dependencies": [":ext"], "platforms": ["win_amd64"], "pythons": ["3.12"], **fields}
    listed = "".join(f", {field}={value!r}" for field, value in values.items())
    return f"python_native_wheel(name={name!r}{listed})\n"


def found(runner: RuleRunner, *wheels: str) -> WheelBuilds:
    extension = "python_extension(name='ext', module='p._native', dependencies=['src/binding'])\n"
    variant = "cc_variant(name='fast', defines=['FAST'], compile_flags=['-O3'])\n"
    runner.write_files({"src/BUILD": extension + variant + "".join(wheels)})
    return runner.request(WheelBuilds, [])


def test_a_library_that_only_a_source_includes_is_in_the_wheel(rule_runner: RuleRunner) -> None:
    wheels = found(rule_runner, wheel("wheel"))
    for path in ("src/binding/module.cc", "src/vm/run.cc", "src/ir/graph.cc"):
        assert len(wheels.compiling([path]).matrices) == 1, path
    assert wheels.compiling(["src/other/unrelated.cc"]).matrices == ()
    assert wheels.containing(Address("src", target_name="ext")) == wheels


def test_a_wheel_that_cannot_be_planned_hides_no_other(
    rule_runner: RuleRunner, caplog: pytest.LogCaptureFixture
) -> None:
    wheels = found(rule_runner, wheel("broken", pyproject="missing.toml"), wheel("wheel"))
    assert len(wheels.wheels) == 1
    assert "The builds of src:broken are not considered" in caplog.text


def test_the_variant_of_the_wheels_is_used(rule_runner: RuleRunner) -> None:
    wheels = found(rule_runner, wheel("wheel", variant=":fast"))
    assert (wheels.variants, wheels.variant) == ((FAST,), FAST)
    source = rule_runner.request(VariantSource, [VariantSourceRequest(CcSource("src/ir/graph.cc"), wheels.variant)])
    assert (source.plan.settings.defines, source.plan.settings.flags) == (("FAST",), ("-O3",))


def test_the_build_without_a_variant_goes_first(rule_runner: RuleRunner) -> None:
    wheels = found(rule_runner, wheel("a", variant=":fast"), wheel("b", platforms=["win_arm64"]))
    assert wheels.variants == (None, FAST)
    assert wheels.variant is None
    assert [str(platform) for matrix in wheels.matrices for platform in matrix.platforms] == ["win_arm64"]
    assert found(rule_runner).variant is None


def test_sources_of_limited_extensions_are_for_their_platforms(rule_runner: RuleRunner) -> None:
    limited = "python_extension(name='win', module='p._win', dependencies=['src/other'], platforms=['win_*'])\n"
    both = wheel("wheel", dependencies=[":ext", ":win"], platforms=["win_amd64", "manylinux_2_17_x86_64"])
    wheels = found(rule_runner, limited, both)
    linux = Platform.parse("manylinux_2_17_x86_64")
    windows = Platform.parse("win_amd64")
    assert not wheels.compiles("src/other/unrelated.cc", linux)
    assert wheels.compiles("src/other/unrelated.cc", windows)
    assert wheels.compiles("src/vm/run.cc", linux)
    assert wheels.compiles("src/in/no/wheel.cc", linux)


def test_a_source_is_limited_if_all_its_users_are() -> None:
    uses = [("a.c", ("win_*",)), ("a.c", ("macosx_*",)), ("b.c", ("win_*",)), ("b.c", ())]
    assert dict(source_limits(uses)) == {"a.c": ("win_*", "macosx_*")}
