"""Tests of sources that other targets generate: what compiles them, with which settings, and what they pull in."""

from __future__ import annotations

import pytest
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.backend.shell.target_types import ShellCommandTarget
from pants.backend.shell.util_rules import shell_command
from pants.core.target_types import FilesGeneratorTarget, GenericTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.closure import rules as link_closure
from spokeshave_pants.cc.compile import rules as compile
from spokeshave_pants.cc.compile.rules import CompilePlan
from spokeshave_pants.cc.includes import rules as include_graph
from spokeshave_pants.cc.includes import third_party
from spokeshave_pants.cc.link import rules as link
from spokeshave_pants.cc.link import variant
from spokeshave_pants.cc.link.rules import LinkPlan, LinkPlanRequest
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.wheel.target_types import PythonExtensionTarget

BINDING = "#include <Python.h>\nPyObject *PyInit__native(void) { return 0; }\n"


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            compile.init_text,
            compile.plan_compile,
            *core_target_types_rules(),
            *include_graph.rules(),
            link.plan_link,
            *link_closure.rules(),
            *sandbox_rules(),
            *shell_command.rules(),
            *source_files.rules(),
            *target_types.rules(),
            *third_party.rules(),
            *variant.rules(),
            QueryRule(LinkPlan, [LinkPlanRequest]),
        ],
        target_types=[
            CCSourcesGeneratorTarget,
            FilesGeneratorTarget,
            GenericTarget,
            PythonExtensionTarget,
            ShellCommandTarget,
            *target_types.target_types(),
        ],
    )
    runner.set_options([*OPTIONS, "--source-root-patterns=['/src']"], env_inherit=INHERITED)
    return runner


def generator(name: str, **files: str) -> str:
    """Return a target that writes files: `module_c='...'` is `module.c`."""
    texts = {path[::-1].replace("_", ".", 1)[::-1]: text.replace("\n", "\\n") for path, text in files.items()}
    command = "; ".join(f"printf '{text.replace('%', '%%')}' > {path}" for path, text in texts.items())
    return f"shell_command(name={name!r}, command={command!r}, output_files={list(texts)})\n"


def extension(*dependencies: str) -> str:
    return f"python_extension(name='ext', module='_native', dependencies={list(dependencies)})\n"


def plans(runner: RuleRunner, build: str, **files: str) -> dict[str, CompilePlan]:
    """Return the compiles of `src:ext` by their sources."""
    runner.write_files({"src/BUILD": build, **files})
    found = runner.request(LinkPlan, [LinkPlanRequest(Address("src", target_name="ext"))])
    return {plan.source: plan for plan in found.plans}


def inputs(runner: RuleRunner, plan: CompilePlan) -> set[str]:
    return {file.path for file in runner.request(DigestContents, [plan.digest])}


def test_a_generated_source_has_the_settings_of_its_target(rule_runner: RuleRunner) -> None:
    found = plans(
        rule_runner,
        generator("gen", made_c='#include "deep/deep.h"\n', other_cc="")
        + "cc_sources(name='native', sources=['own.c'], dependencies=[':gen', 'src/lib'], defines=['N=1'],"
        + " compile_flags=['-Wall'], include_root='inc', cxx_standard='c++17', platforms=['*_x86_64'])\n"
        + extension(":native"),
        **{
            "src/own.c": "",
            "src/lib/BUILD": "cc_sources(sources=['**/*.[ch]'], include_root='include')",
            "src/lib/include/deep/deep.h": "",
            "src/lib/deep.c": "",
        },
    )
    assert sorted(found) == ["src/lib/deep.c", "src/made.c", "src/other.cc", "src/own.c"]
    for source in ("src/made.c", "src/other.cc", "src/own.c"):
        settings = found[source].settings
        assert (settings.defines, settings.flags, settings.cxx_standard) == (("N=1",), ("-Wall",), "c++17")
        assert settings.include_roots[0] == "src/inc"
        assert found[source].platforms == ("*_x86_64",)
    assert "src/lib/include" in found["src/made.c"].settings.include_roots
    assert inputs(rule_runner, found["src/made.c"]) == {"src/made.c", "src/lib/include/deep/deep.h"}
    assert inputs(rule_runner, found["src/own.c"]) == {"src/own.c"}


def test_a_target_of_generated_sources_alone_is_linked(rule_runner: RuleRunner) -> None:
    found = plans(
        rule_runner,
        generator("gen", made_c=BINDING)
        + "target(name='group', dependencies=[':gen'])\n"
        + "cc_generated_sources(name='native', dependencies=[':group'], defines=['N=1'])\n"
        + extension(":native"),
    )
    plan = found["src/made.c"]
    assert (plan.target, plan.settings.defines, plan.needs_python) == ("src:native", ("N=1",), True)
    # The init function, which nothing marks as exported, is declared as such.
    assert plan.settings.flags[0] == "-include"


@pytest.mark.parametrize("kind", ["python_extension", "cc_shared_library"])
def test_a_linked_target_may_list_a_generator_itself(rule_runner: RuleRunner, kind: str) -> None:
    module = ", module='_native'" if kind == "python_extension" else ""
    found = plans(
        rule_runner,
        generator("gen", made_c='#include "core.h"\n') + f"{kind}(name='ext', dependencies=[':gen']{module})\n"
        "cc_sources(name='core', sources=['core.*'])\n",
        **{"src/core.h": "", "src/core.c": ""},
    )
    assert {source: plan.target for source, plan in found.items()} == {
        "src/made.c": "src:ext",
        "src/core.c": "src/core.c:core",
    }


def test_settings_of_a_source_target_go_first(rule_runner: RuleRunner) -> None:
    found = plans(
        rule_runner,
        generator("gen", made_c="")
        + "cc_generated_sources(name='native', dependencies=[':gen'], defines=['N=1'])\n"
        # The extension lists the generator for its headers.
        + extension(":native", ":gen"),
    )
    assert found["src/made.c"].settings.defines == ("N=1",)


def test_generated_headers_are_visible_through_a_target(rule_runner: RuleRunner) -> None:
    found = plans(
        rule_runner,
        generator("gen", made_c='#include "made.h"\n', made_h="")
        + "cc_generated_sources(name='made', dependencies=[':gen'], defines=['N=1'])\n"
        + "cc_sources(name='native', sources=['own.c'], dependencies=[':made'])\n"
        + extension(":native"),
        **{"src/own.c": '#include "made.h"\n'},
    )
    assert {source: plan.settings.defines for source, plan in found.items()} == {
        "src/made.c": ("N=1",),
        "src/own.c": (),
    }
    assert inputs(rule_runner, found["src/own.c"]) == {"src/own.c", "src/made.h"}


def test_an_included_generated_source_is_a_part_of_its_includer(rule_runner: RuleRunner) -> None:
    build = (
        generator("gen", part_c="", all_c='#include "own.c"\n')
        + "cc_sources(name='native', sources=['*.c'], dependencies=[':gen'])\n"
        + extension(":native")
    )
    wrapper = '#if WITH_PART\n#include "part.c"\n#endif\n'
    found = plans(rule_runner, build, **{"src/own.c": "", "src/wrapper.c": wrapper})
    assert sorted(found) == ["src/all.c", "src/wrapper.c"]


def test_targets_that_agree_compile_a_generated_source_once(rule_runner: RuleRunner) -> None:
    def build(define: str) -> str:
        return (
            generator("gen", made_c="")
            + "cc_sources(name='a', sources=['a.c'], dependencies=[':gen'])\n"
            + f"cc_sources(name='b', sources=['b.c'], dependencies=[':gen'], defines=['{define}'])\n"
            + extension(":a", ":b")
        )

    files = {"src/a.c": "", "src/b.c": ""}
    assert len(plans(rule_runner, build("").replace(", defines=['']", ""), **files)) == 3
    with engine_error(InvalidTargetError, contains="src/made.c: src:a and src:b"):
        plans(rule_runner, build("N=2"), **files)


def test_a_generated_source_must_not_be_in_the_repository(rule_runner: RuleRunner) -> None:
    build = generator("gen", made_c="int a;") + "cc_sources(name='native', dependencies=[':gen'])\n"
    with engine_error(InvalidTargetError, contains="src/made.c, a file of src:native"):
        plans(rule_runner, build + extension(":native"), **{"src/made.c": "", "src/own.c": ""})


def test_generated_sources_in_other_languages_are_refused(rule_runner: RuleRunner) -> None:
    build = generator("gen", made_cu="", kernel_asm="") + extension(":gen")
    with engine_error(InvalidTargetError, contains="src/kernel.asm: the toolchain has no NASM"):
        plans(rule_runner, build)


def test_generated_and_own_sources_need_different_object_names(rule_runner: RuleRunner) -> None:
    build = (
        generator("gen", own_cc="")
        + "cc_sources(name='native', sources=['own.c'], dependencies=[':gen'])\n"
        + extension(":native")
    )
    with engine_error(InvalidTargetError, contains="src/own.c and src/own.cc both compile to __objects/src/own.o"):
        plans(rule_runner, build, **{"src/own.c": ""})


def test_plain_files_are_not_compiled(rule_runner: RuleRunner) -> None:
    build = (
        "files(name='template', sources=['template.c'])\n"
        "cc_sources(name='native', sources=['own.c'], dependencies=[':template'])\n" + extension(":native")
    )
    assert sorted(plans(rule_runner, build, **{"src/own.c": "", "src/template.c": ""})) == ["src/own.c"]
