"""Tests of the linked sources and shared libraries, by includes and dependencies."""

from __future__ import annotations

import pytest
from pants.backend.cc.dependency_inference import rules as dependency_inference
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.core.target_types import FilesGeneratorTarget
from pants.core.util_rules import source_files
from pants.engine.addresses import Address
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_core.platform import Platform
from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.closure import rules as link_closure
from spokeshave_pants.cc.compile import rules as compile
from spokeshave_pants.cc.includes import rules as include_graph
from spokeshave_pants.cc.includes import third_party
from spokeshave_pants.cc.link import rules as link
from spokeshave_pants.cc.link import variant
from spokeshave_pants.cc.link.rules import LinkPlan, LinkPlanRequest
from spokeshave_pants.cc.project.target_types import CcCmakeProjectTarget
from spokeshave_pants.cc.target_types import CcSharedLibraryTarget, CcVariantTarget
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.rule_fixtures import sandbox_rules
from spokeshave_pants.wheel.target_types import PythonExtensionTarget


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            compile.init_text,
            compile.plan_compile,
            *dependency_inference.rules(),
            *include_graph.rules(),
            link.plan_link,
            *link_closure.rules(),
            *source_files.rules(),
            *target_types.rules(),
            *third_party.rules(),
            *variant.rules(),
            *sandbox_rules(),
            QueryRule(LinkPlan, [LinkPlanRequest]),
        ],
        target_types=[
            CCSourcesGeneratorTarget,
            CcCmakeProjectTarget,
            CcSharedLibraryTarget,
            CcVariantTarget,
            FilesGeneratorTarget,
            PythonExtensionTarget,
        ],
    )
    runner.set_options(["--source-root-patterns=['/src']"])
    return runner


def plan(runner: RuleRunner, name: str) -> LinkPlan:
    return runner.request(LinkPlan, [LinkPlanRequest(Address("src", target_name=name))])


def linked(runner: RuleRunner, name: str = "ext") -> list[str]:
    return [source.source for source in plan(runner, name).plans]


def extension(*dependencies: str) -> str:
    return f"python_extension(name='ext', module='_native', dependencies={list(dependencies)})\n"


def library(name: str, *dependencies: str) -> str:
    return f"cc_shared_library(name='{name}', dependencies={list(dependencies)})\n"


def test_a_header_pulls_in_the_whole_target_that_it_belongs_to(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/binding"),
            "src/binding/BUILD": "cc_sources()",
            "src/binding/module.cc": '#include "vm/run.h"\n',
            "src/vm/BUILD": "cc_sources()",
            "src/vm/run.h": "",
            "src/vm/run.cc": '#include "ir/graph.h"\n',
            "src/vm/never_included.cc": "",
            "src/ir/BUILD": "cc_sources()",
            "src/ir/graph.h": "",
            "src/ir/graph.cc": "",
            "src/other/BUILD": "cc_sources()",
            "src/other/unrelated.cc": "",
        }
    )
    assert linked(rule_runner) == [
        *("src/binding/module.cc", "src/ir/graph.cc", "src/vm/never_included.cc", "src/vm/run.cc")
    ]


def test_headers_found_by_the_sources_root_link_their_target(
    rule_runner: RuleRunner,
) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/binding"),
            "src/binding/BUILD": "cc_sources(include_root='../settings')",
            "src/binding/module.cc": '#include "core/core.h"\n',
            "src/core/BUILD": "cc_sources()",
            "src/core/core.h": "#include <settings.h>\n",
            "src/settings/BUILD": "cc_sources(include_root='.')",
            "src/settings/settings.h": "",
            "src/settings/settings.cc": "",
            "src/other/BUILD": "cc_sources(include_root='.')",
            "src/other/settings.h": "",
            "src/other/settings.cc": "",
        }
    )
    assert linked(rule_runner) == ["src/binding/module.cc", "src/settings/settings.cc"]


def test_a_listed_target_is_linked_without_an_include(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/binding"),
            "src/binding/BUILD": "cc_sources(dependencies=['src/hooks'])",
            "src/binding/module.cc": "",
            "src/hooks/BUILD": "cc_sources()",
            "src/hooks/hooks.cc": "",
        }
    )
    assert linked(rule_runner) == ["src/binding/module.cc", "src/hooks/hooks.cc"]


def test_headers_that_include_each_other_across_targets_end(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/one"),
            "src/one/BUILD": "cc_sources()",
            "src/one/one.h": '#include "two/two.h"\n',
            "src/one/one.cc": '#include "one.h"\n',
            "src/two/BUILD": "cc_sources()",
            "src/two/two.h": '#include "one/one.h"\n',
            "src/two/two.cc": '#include "two.h"\n',
        }
    )
    assert linked(rule_runner) == ["src/one/one.cc", "src/two/two.cc"]


def test_an_extension_links_a_library_and_not_its_objects(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/binding", ":core") + library("core", "src/core"),
            "src/binding/BUILD": "cc_sources()",
            "src/binding/module.cc": '#include "core/core.h"\n',
            "src/core/BUILD": "cc_sources()",
            "src/core/core.h": "",
            "src/core/core.cc": '#include "base/base.h"\n',
            "src/base/BUILD": "cc_sources()",
            "src/base/base.h": "",
            "src/base/base.cc": "",
        }
    )
    assert plan(rule_runner, "ext").shared_libraries == (Address("src", target_name="core"),)
    assert linked(rule_runner) == ["src/binding/module.cc"]
    assert linked(rule_runner, "core") == ["src/base/base.cc", "src/core/core.cc"]


def test_unlisted_libraries_are_linked_as_objects(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/binding") + library("core", "src/core"),
            "src/binding/BUILD": "cc_sources()",
            "src/binding/module.cc": '#include "core/core.h"\n',
            "src/core/BUILD": "cc_sources()",
            "src/core/core.h": "",
            "src/core/core.cc": "",
        }
    )
    assert linked(rule_runner) == ["src/binding/module.cc", "src/core/core.cc"]
    assert plan(rule_runner, "ext").shared_libraries == ()


def test_a_librarys_own_library_is_linked_to_as_well(rule_runner: RuleRunner) -> None:
    """Its header may be reachable through the first one's. Its objects must not be in both."""
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/binding", ":upper")
            + library("upper", "src/upper", ":lower")
            + library("lower", "src/lower"),
            "src/binding/BUILD": "cc_sources()",
            "src/binding/module.cc": '#include "upper/upper.h"\n',
            "src/upper/BUILD": "cc_sources()",
            "src/upper/upper.h": '#include "lower/lower.h"\n',
            "src/upper/upper.cc": "",
            "src/lower/BUILD": "cc_sources()",
            "src/lower/lower.h": "",
            "src/lower/lower.cc": "",
        }
    )
    lower, upper = (Address("src", target_name=name) for name in ("lower", "upper"))
    assert linked(rule_runner) == ["src/binding/module.cc"]
    assert plan(rule_runner, "ext").shared_libraries == (lower, upper)
    assert (linked(rule_runner, "upper"), linked(rule_runner, "lower")) == (
        ["src/upper/upper.cc"],
        ["src/lower/lower.cc"],
    )


def test_two_sources_of_one_object_are_refused_with_both(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {"src/BUILD": extension("src/a"), "src/a/BUILD": "cc_sources()", "src/a/x.cc": "", "src/a/x.c": ""}
    )
    with engine_error(InvalidTargetError, contains="src/a/x.c and src/a/x.cc both compile to __objects/src/a/x.o"):
        plan(rule_runner, "ext")


def test_an_extension_without_sources_is_refused(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"src/BUILD": extension("src/a"), "src/a/BUILD": "cc_sources()", "src/a/x.h": ""})
    with engine_error(InvalidTargetError, contains="src:ext has no C or C++ source to link"):
        plan(rule_runner, "ext")


def test_only_sources_with_python_are_compiled_per_python(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/a"),
            "src/a/BUILD": "cc_sources()",
            "src/a/module.cc": '#include "glue.h"\n',
            "src/a/glue.h": "#include <Python.h>\n",
            "src/a/core.cc": "#include <vector>\n",
        }
    )
    assert {p.source: p.needs_python for p in plan(rule_runner, "ext").plans} == {
        "src/a/core.cc": False,
        "src/a/module.cc": True,
    }


TRACED = {
    "src/BUILD": extension("src/binding")
    + "cc_variant(name='traced', defines=['TRACE=1'], compile_flags=['-O1'], dependencies=['src/trace'])\n",
    "src/binding/BUILD": "cc_sources(defines=['OWN'])",
    "src/binding/module.cc": '#include "core/run.h"\n',
    "src/core/BUILD": "cc_sources()",
    "src/core/run.h": "",
    "src/core/run.cc": "",
    "src/trace/BUILD": "cc_sources()",
    "src/trace/buffer.cc": "",
}


def test_a_variant_applies_to_every_source_of_the_repository(
    rule_runner: RuleRunner,
) -> None:
    rule_runner.write_files(TRACED)
    variant = Address("src", target_name="traced")
    traced = rule_runner.request(LinkPlan, [LinkPlanRequest(Address("src", target_name="ext"), variant)])
    assert {source.source: (source.settings.defines, source.settings.flags) for source in traced.plans} == {
        "src/binding/module.cc": (("OWN", "TRACE=1"), ("-O1",)),
        "src/core/run.cc": (("TRACE=1",), ("-O1",)),
        "src/trace/buffer.cc": (("TRACE=1",), ("-O1",)),
    }
    assert {source.source: source.settings.defines for source in plan(rule_runner, "ext").plans} == {
        "src/binding/module.cc": ("OWN",),
        "src/core/run.cc": (),
    }


def test_a_variant_applies_to_projects_with_a_cmake_build(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": "cc_sources(name='cc', dependencies=[':core'])\n"
            + extension(":cc")
            + "cc_cmake_project(name='core', sources=['core/**'])\n"
            "cc_variant(name='traced', cmake_defines={'TRACE': 'ON'})\n",
            "src/module.cc": '#include "core.h"\n',
            "src/core/CMakeLists.txt": "",
        }
    )
    own = plan(rule_runner, "ext")
    ext = Address("src", target_name="ext")
    traced = rule_runner.request(LinkPlan, [LinkPlanRequest(ext, Address("src", target_name="traced"))])
    found = [(each.project_defines, *(p.defines for c in each.plans for p in c.projects)) for each in (own, traced)]
    assert found == [((), ()), ((("TRACE", "ON"),), (("TRACE", "ON"),))]


def test_an_invalid_variant_is_refused(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(TRACED)
    ext = Address("src", target_name="ext")
    other = Address("src/trace")
    with engine_error(InvalidTargetError, contains="which is a `cc_sources`. Name a `cc_variant` there"):
        rule_runner.request(LinkPlan, [LinkPlanRequest(ext, other)])


def test_a_source_is_compiled_for_the_platforms_that_it_is_for(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": "cc_sources(name='cc', overrides={'windows.cc': {'platforms': ['win_*']}})\n"
            + extension(":cc"),
            "src/common.cc": "",
            "src/windows.cc": "",
        }
    )
    linux, windows = (Platform.parse(tag) for tag in ("manylinux_2_17_x86_64", "win_amd64"))
    compiled = {
        source.source: (source.is_for(linux), source.is_for(windows)) for source in plan(rule_runner, "ext").plans
    }
    assert compiled == {"src/common.cc": (True, True), "src/windows.cc": (False, True)}


def test_an_included_source_is_not_compiled_on_its_own(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/one"),
            "src/one/BUILD": "cc_sources(overrides={'win.c': {'platforms': ['win_*']}})",
            "src/one/native.c": '#include "part.c"\n#ifdef UNITY\n#include "optional.c"\n#endif\n',
            "src/one/part.c": "",
            "src/one/optional.c": "",
            "src/one/win.c": '#include "win_part.c"\n',
            "src/one/win_part.c": "",
        }
    )
    assert linked(rule_runner) == [f"src/one/{name}.c" for name in ("native", "optional", "win", "win_part")]


def test_assembler_is_linked_like_other_sources(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/one"),
            "src/one/BUILD": "cc_sources(sources=['*.c', '*.S', '*.s', '*.h'])",
            "src/one/native.c": "",
            "src/one/fast.S": '#include "asm.h"\n',
            "src/one/faster.s": "",
            "src/one/asm.h": "",
        }
    )
    assert linked(rule_runner) == ["src/one/fast.S", "src/one/faster.s", "src/one/native.c"]


def test_all_sources_of_other_languages_are_refused_at_planning(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/BUILD": extension("src/one"),
            "src/one/BUILD": "cc_sources(sources=['*.cc', '*.cu', '*.cppm'])",
            "src/one/native.cc": "",
            "src/one/kernel.cu": "",
            "src/one/lib.cppm": "",
        }
    )
    with engine_error(InvalidTargetError, contains="src/one/kernel.cu: the toolchain has no CUDA compiler"):
        plan(rule_runner, "ext")
    with engine_error(InvalidTargetError, contains="src/one/lib.cppm: C++20 modules are not supported"):
        plan(rule_runner, "ext")
