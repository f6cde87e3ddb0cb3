"""Tests of the inputs of a compile, and of its results."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from pants.backend.cc.dependency_inference import rules as dependency_inference
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.core.goals.check import CheckResult, CheckResults
from pants.core.target_types import FilesGeneratorTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.platform import Platform
from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.closure import rules as link_closure
from spokeshave_pants.cc.closure.generated_rules import CcSource
from spokeshave_pants.cc.compile import rules as compile
from spokeshave_pants.cc.compile.rules import (
    CompileCcSourceRequest,
    CompilePlan,
    CompilePlanRequest,
    FallibleCompiledObject,
)
from spokeshave_pants.cc.goals import check
from spokeshave_pants.cc.goals.check import CcCheckFieldSet, CcCheckRequest
from spokeshave_pants.cc.includes import rules as include_graph
from spokeshave_pants.cc.includes import third_party
from spokeshave_pants.confinement import rules as confinement
from spokeshave_pants.headers import rules as python_headers
from spokeshave_pants.pythons import rules as interpreters
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, project_rules, sandbox_rules
from spokeshave_pants.toolchain import rules as toolchain

PLATFORM = Platform.parse("manylinux_2_17_x86_64")
RUN = "src/vm/run.cc"
RUN_H = "src/vm/run.h"
GRAPH_H = "src/ir/graph.h"


def new_rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *check.rules(),
            *compile.rules(),
            *confinement.rules(),
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *include_graph.rules(),
            *interpreters.rules(),
            *link_closure.rules(),
            *project_rules(),
            *python_headers.rules(),
            *source_files.rules(),
            *target_types.rules(),
            *third_party.rules(),
            *toolchain.rules(),
            *sandbox_rules(),
            QueryRule(CheckResults, [CcCheckRequest]),
            QueryRule(CompilePlan, [CompilePlanRequest]),
            QueryRule(FallibleCompiledObject, [CompileCcSourceRequest]),
        ],
        target_types=[CCSourcesGeneratorTarget, FilesGeneratorTarget],
    )
    runner.set_options([*OPTIONS, "--source-root-patterns=['/src']"], env_inherit=INHERITED)
    runner.write_files(
        {
            "src/vm/BUILD": "cc_sources(cxx_standard='c++17', defines=['A=1'], compile_flags=['-Wall'])",
            RUN: '#include "run.h"\nint run() { return graph() + A; }\n',
            RUN_H: '#include "ir/graph.h"\n',
            "src/vm/beside.h": "",
            "src/vm/beside.cc": "",
            "src/ir/BUILD": "cc_sources()",
            GRAPH_H: "#include <vector>\nint graph();\n",
            "src/ir/graph.cc": '#include "graph.h"\nint graph() { return 1; }\n',
        }
    )
    return runner


@pytest.fixture
def rule_runner() -> RuleRunner:
    return new_rule_runner()


@pytest.fixture(scope="module")
def compiling() -> RuleRunner:
    """Return one runner for all tests with the compiler, because each runner lays out the toolchain again."""
    return new_rule_runner()


def plan(runner: RuleRunner, path: str = RUN) -> CompilePlan:
    return runner.request(CompilePlan, [CompilePlanRequest(CcSource(path))])


def inputs(runner: RuleRunner, path: str = RUN) -> list[str]:
    return [file.path for file in runner.request(DigestContents, [plan(runner, path).digest])]


def test_compile_inputs_are_source_and_reached_headers(rule_runner: RuleRunner) -> None:
    assert inputs(rule_runner) == [GRAPH_H, RUN, RUN_H]
    assert inputs(rule_runner, "src/vm/beside.cc") == ["src/vm/beside.cc"]


def test_a_header_edit_changes_only_plans_that_reach_it(rule_runner: RuleRunner) -> None:
    sources = (RUN, "src/vm/beside.cc", "src/ir/graph.cc")
    before = [plan(rule_runner, source) for source in sources]
    rule_runner.write_files({RUN_H: '#include "ir/graph.h"\n// edited\n'})
    after = [plan(rule_runner, source) for source in sources]
    assert [old == new for old, new in zip(before, after)] == [False, True, True]


def test_target_settings_apply_to_its_own_compiles_only(rule_runner: RuleRunner) -> None:
    settings = plan(rule_runner).settings
    assert (settings.cxx_standard, settings.defines, settings.flags) == ("c++17", ("A=1",), ("-Wall",))
    assert (settings.include_roots, settings.system_include_dirs) == (("src",), ())
    assert plan(rule_runner, "src/ir/graph.cc").settings.defines == ()


def test_a_file_that_a_target_lists_is_an_input_and_seen_through(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/ops/BUILD": "cc_sources(dependencies=[':tables'])\nfiles(name='tables', sources=['*.inc'])",
            "src/ops/ops.cc": '#include "table.inc"\n',
            "src/ops/table.inc": '#include "ir/graph.h"\n',
        }
    )
    assert inputs(rule_runner, "src/ops/ops.cc") == [GRAPH_H, "src/ops/ops.cc", "src/ops/table.inc"]


def test_posix_and_windows_own_names_are_declared_by_default(rule_runner: RuleRunner) -> None:
    settings = plan(rule_runner, "src/ir/graph.cc").settings
    assert (settings.cxx_standard, settings.c_standard) == ("gnu++20", "gnu17")


def test_an_init_function_without_a_mark_is_declared_as_exported(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/py/BUILD": "cc_sources(compile_flags=['-Wall'])",
            "src/py/old.c": "#include <Python.h>\nPyObject *PyInit_old(void) { return 0; }\n",
            "src/py/new.c": "#include <Python.h>\nPyMODINIT_FUNC PyInit_new(void) { return 0; }\n",
            "src/py/none.c": "int PyObject; int *PyInit_none(void);\n",
        }
    )
    assert inputs(rule_runner, "src/py/old.c") == ["__init/src/py/old.c.h", "src/py/old.c"]
    assert plan(rule_runner, "src/py/old.c").settings.flags == ("-include", "__init/src/py/old.c.h", "-Wall")
    for source in ("src/py/new.c", "src/py/none.c"):
        assert inputs(rule_runner, source) == [source]


@pytest.mark.parametrize(
    ("source", "included", "targets"),
    [
        ("INIT(m) {}", "#define INIT(name) PyObject *PyInit_##name(void)", "cc_sources(sources=['*.c', '*.inc'])"),
        ("", "PyObject *PyInit_m(void) {}", "cc_sources(dependencies=[':f'])\nfiles(name='f', sources=['*.inc'])"),
        ("INIT(void) {}", "", "cc_sources(sources=['*.c', '*.inc'], defines=['INIT=PyObject *PyInit_m'])"),
        ("INIT(void) {}", "", "cc_sources(sources=['*.c', '*.inc'], compile_flags=['-DINIT=PyObject *PyInit_m'])"),
    ],
)
def test_an_init_function_is_found_in_all_that_a_source_reaches(
    rule_runner: RuleRunner, source: str, included: str, targets: str
) -> None:
    rule_runner.write_files(
        {
            "src/py/BUILD": targets,
            "src/py/m.c": f'#include <Python.h>\n#include "m.inc"\n{source}\n',
            "src/py/m.inc": included,
        }
    )
    contents = rule_runner.request(DigestContents, [plan(rule_runner, "src/py/m.c").digest])
    assert [file.path for file in contents] == ["__init/src/py/m.c.h", "src/py/m.c", "src/py/m.inc"]
    assert b"*PyInit_m(void);" in contents[0].content


def test_what_can_be_a_header_of_windows_is_noted(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {"src/win/BUILD": "cc_sources()", "src/win/a.c": '#include <Windows.h>\n#include <stdio.h>\n#include "B.h"\n'}
        | {"src/win/B.h": "#include <ShlObj.h>\n"}
    )
    assert plan(rule_runner, "src/win/a.c").capitalized == ("ShlObj.h", "Windows.h")


def test_only_plans_that_reach_the_version_header_need_it(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({RUN_H: "#include <spokeshave/version.h>\n"})
    assert plan(rule_runner).needs_version
    assert not plan(rule_runner, "src/ir/graph.cc").needs_version
    assert inputs(rule_runner) == [RUN, RUN_H]


def test_the_projects_own_version_header_wins(rule_runner: RuleRunner) -> None:
    own = "src/spokeshave/version.h"
    rule_runner.write_files(
        {"src/spokeshave/BUILD": "cc_sources()", own: "", RUN_H: "#include <spokeshave/version.h>\n"}
    )
    assert not plan(rule_runner).needs_version
    assert inputs(rule_runner) == [own, RUN, RUN_H]


def test_some_sources_of_a_target_have_other_settings(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {"src/ir/BUILD": "cc_sources(overrides={'fast.cc': {'compile_flags': ['-mavx2']}})", "src/ir/fast.cc": ""}
    )
    assert plan(rule_runner, "src/ir/fast.cc").settings.flags == ("-mavx2",)
    assert plan(rule_runner, "src/ir/graph.cc").settings.flags == ()


@pytest.mark.parametrize("extension", ["def", "h++", "hxx", "inc", "inl", "ipp", "tcc", "tpp", "txx"])
def test_text_that_is_only_included_is_a_source_like_a_header(rule_runner: RuleRunner, extension: str) -> None:
    text = f"src/ir/graph.{extension}"
    rule_runner.write_files(
        {
            "src/ir/BUILD": f"cc_sources(sources=['*.cc', '*.h', '*.{extension}'])",
            GRAPH_H: f"#include <ir/graph.{extension}>\n",
            text: "int graph();\n",
        }
    )
    assert inputs(rule_runner) == sorted([text, GRAPH_H, RUN, RUN_H])


def test_the_header_of_a_listed_dependency_is_preferred(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "src/app/BUILD": "cc_sources(dependencies=['two'])",
            "src/app/app.cc": '#include "config.h"\n',
            **{f"{project}/BUILD": "cc_sources(include_root='.')" for project in ("one", "two")},
            **{f"{project}/config.h": "" for project in ("one", "two")},
        }
    )
    rule_runner.set_options([*OPTIONS, "--source-root-patterns=['/src', '/']"], env_inherit=INHERITED)
    assert inputs(rule_runner, "src/app/app.cc") == ["src/app/app.cc", "two/config.h"]


# These run the real compiler: about 20 s for the toolchain's install with a cold store, 5 s for its layout.


def test_check_shows_compiler_errors_with_repository_paths(
    compiling: RuleRunner,
) -> None:
    compiling.write_files({"src/vm/beside.cc": "int broken() { return missing; }\n", "src/vm/beside.h": "also broken"})
    names = ("run.cc", "run.h", "beside.cc", "beside.h")
    targets = [compiling.get_target(Address("src/vm", relative_file_path=name)) for name in names]
    request = CcCheckRequest([CcCheckFieldSet.create(target) for target in targets])
    (result,) = compiling.request(CheckResults, [request]).results
    assert isinstance(result, CheckResult)
    assert (result.exit_code, result.partition_description) == (1, PLATFORM.tag)
    assert result.stderr.startswith(
        "src/vm/beside.cc does not compile for manylinux_2_17_x86_64:\nsrc/vm/beside.cc:1:23: error: use of undeclared"
    )
    assert "\x1b" not in result.stderr
    assert "run.cc" not in result.stderr


@pytest.mark.parametrize(
    "leak",
    [
        '__asm__(".incbin \\"{}\\"");\n',
        "#define NAME <{}>\n#include NAME\n",
        'const char text[] = {{\n#embed "{}"\n}};\n',
        '#if __has_include("{}")\nint x;\n#else\n#error it is not there\n#endif\n',
    ],
)
def test_a_source_that_reads_a_file_of_the_machine_fails(compiling: RuleRunner, tmp_path: Path, leak: str) -> None:
    (tmp_path / "leak.h").write_text("int y;\n")
    text = leak.format(tmp_path / "leak.h")
    digest = compiling.request(Digest, [CreateDigest([FileContent(RUN, text.encode())])])
    leaking = replace(plan(compiling), digest=digest)
    compiled = compiling.request(FallibleCompiledObject, [CompileCcSourceRequest(leaking, PLATFORM, None)])
    assert compiled.exit_code
    assert compiled.diagnostics


def test_host_compiler_and_paths_are_not_used(
    compiling: RuleRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cc", "c++", "gcc", "g++", "clang", "ld", "as"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 99\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    compiling.set_options([*OPTIONS, "--source-root-patterns=['/src']"], env_inherit=INHERITED)
    # So that an earlier test's object is not mistaken for this one's.
    compiling.write_files({RUN: f'// {tmp_path}\n#include "run.h"\nint run() {{ return graph() + A; }}\n'})
    compiled = compiling.request(FallibleCompiledObject, [CompileCcSourceRequest(plan(compiling), PLATFORM, None)])
    assert (compiled.exit_code, compiled.diagnostics) == (0, "")
    (file,) = compiling.request(DigestContents, [compiled.digest])
    places = (compiling.build_root, os.environ["HOME"], "/tmp/", "/usr/")
    assert (file.path, file.content[:4]) == ("__objects/src/vm/run.o", b"\x7fELF")
    assert [place for place in places if place.encode() in file.content] == []


@pytest.mark.parametrize("platform", ["manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64"])
@pytest.mark.parametrize("name", ["tool.c", "tool.cc"])
def test_any_source_finds_the_version_header(compiling: RuleRunner, name: str, platform: str) -> None:
    source = f"src/tool/{name}"
    compiling.write_files(
        {
            "src/tool/BUILD": "cc_sources(c_standard='c99', cxx_standard='c++17', compile_flags=['-Wall', '-Werror'])",
            source: '#include "spokeshave/version.h"\nconst char *tool(void) { return SPOKESHAVE_VERSION(); }\n',
        }
    )
    request = CompileCcSourceRequest(plan(compiling, source), Platform.parse(platform), None)
    compiled = compiling.request(FallibleCompiledObject, [request])
    assert (compiled.exit_code, compiled.diagnostics) == (0, "")
    (file,) = compiling.request(DigestContents, [compiled.digest])
    assert b"0+unstamped\0" in file.content


def test_a_source_compiles_with_all_that_its_text_and_flags_name(compiling: RuleRunner) -> None:
    compiling.write_files(
        {
            "src/names/BUILD": "cc_sources(sources=['a.c', '**/*.h'], include_root=['inc/sub', 'upper', 'lower'], "
            """c_standard='c23', compile_flags=['-include', 'src/names/forced.h', '-DGIVEN=<given.h>'])""",
            "src/names/a.c": "\n".join(
                [
                    '#if !__has_include("feature.h") || !__has_embed("data.bin")',
                    "#error not found",
                    "#endif",
                    "#include <conf.h>",
                    '#include "../b.h"',
                    '#define MACRO "macro.h"',
                    "#include MACRO",
                    "#include GIVEN",
                    "static const unsigned char data[] = {",
                    '#embed "data.bin"',
                    "};",
                    r'__asm__(".section .rodata\n.incbin \"src/names/data.bin\"\n.text");',
                    '_Static_assert(UPPER + LOWER + B + FORCED + IN_MACRO + IN_GIVEN == 63, "");',
                    '_Static_assert(sizeof data == 3, "");',
                ]
            ),
            "src/names/feature.h": "",
            "src/names/forced.h": "#define FORCED 8\n",
            "src/names/macro.h": "#define IN_MACRO 16\n",
            "src/names/lower/given.h": "#define IN_GIVEN 32\n",
            "src/names/upper/conf.h": "#define UPPER 1\n#include_next <conf.h>\n",
            "src/names/lower/conf.h": "#define LOWER 2\n",
            "src/names/inc/b.h": "#define B 4\n",
            "src/names/inc/sub/only.h": "",
            "src/names/data.bin": "abc",
        }
    )
    compiled = compiling.request(
        FallibleCompiledObject, [CompileCcSourceRequest(plan(compiling, "src/names/a.c"), PLATFORM, None)]
    )
    assert (compiled.exit_code, compiled.diagnostics) == (0, "")
    (file,) = compiling.request(DigestContents, [compiled.digest])
    assert b"abc" in file.content


def test_flags_mean_what_clang_documents(compiling: RuleRunner) -> None:
    """By zig cc, names of processors are others, a tuning is a processor and each level is `-O2`."""
    flags = ["-Werror", "-march=x86-64-v3", "-mtune=znver4", "-O1", "-lm", "-Wl,-O1"]
    checks = ["#ifndef __AVX2__", "#error no level", "#endif", "#ifdef __AVX512F__", "#error a processor", "#endif"]
    compiling.write_files({"src/level/BUILD": f"cc_sources(compile_flags={flags})", "src/level/a.c": "\n".join(checks)})
    request = CompileCcSourceRequest(plan(compiling, "src/level/a.c"), PLATFORM, None)
    compiled = compiling.request(FallibleCompiledObject, [request])
    assert (compiled.exit_code, compiled.diagnostics) == (0, "")


@pytest.mark.parametrize("platform", ["manylinux_2_17_aarch64", "macosx_11_0_arm64", "win_amd64"])
def test_a_source_with_the_time_of_its_compile_is_refused(compiling: RuleRunner, platform: str) -> None:
    compiling.write_files({"src/time/BUILD": "cc_sources()", "src/time/a.c": "const char *built = __DATE__;\n"})
    request = CompileCcSourceRequest(plan(compiling, "src/time/a.c"), Platform.parse(platform), None)
    compiled = compiling.request(FallibleCompiledObject, [request])
    assert compiled.exit_code == 1
    assert "expansion of date or time macro is not reproducible" in compiled.diagnostics
