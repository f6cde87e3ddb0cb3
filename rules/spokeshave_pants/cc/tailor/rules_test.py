"""Tests of the `cc_sources` that `tailor` writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pants.backend.cc.goals import tailor as pants_tailor
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.core.goals import tailor
from pants.core.goals.tailor import PutativeTargets, TailorGoal
from pants.engine.rules import QueryRule
from pants.source import source_root
from pants.testutil.rule_runner import RuleRunner

from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.tailor import rules as cc_tailor
from spokeshave_pants.cc.tailor.rules import PutativeCcSourcesRequest

ROOTS = "--source-root-patterns=['/src/cpp', '/']"


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *cc_tailor.rules(),
            *source_root.rules(),
            *tailor.rules(),
            *target_types.rules(),
            QueryRule(PutativeTargets, [PutativeCcSourcesRequest]),
        ],
        target_types=[CCSourcesGeneratorTarget],
    )
    runner.set_options([ROOTS])
    return runner


def written(runner: RuleRunner, path: str) -> str:
    """Return the BUILD file that `tailor` writes, in one line."""
    runner.run_goal_rule(TailorGoal, global_args=[ROOTS], args=["::"])
    return " ".join(Path(runner.build_root, path).read_text().split())


def test_a_folder_becomes_a_target(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"src/cpp/vm/vm.cc": "", "src/cpp/vm/vm.h": "", "src/cpp/vm/fast.S": ""})
    assert written(rule_runner, "src/cpp/vm/BUILD") == 'cc_sources( sources=[ "*.h", "*.cc", "*.S", ], )'


def test_the_targets_of_several_modules_do_not_overlap(rule_runner: RuleRunner) -> None:
    module = "PyMODINIT_FUNC PyInit_{}(void) {{ return 0; }}"
    rule_runner.write_files(
        {
            "pkg/__init__.py": "",
            "pkg/a.c": module.format("_a"),
            "pkg/b.c": module.format("_b"),
            "pkg/util.h": "// NB_MODULE(_no, m)",
            "pkg/util.c": '#include "include/x.h"',
            "include/x.h": "",
            "other/include/x.h": "",
        }
    )
    assert written(rule_runner, "pkg/BUILD") == (
        'cc_sources( name="_a_source", sources=[ "a.c", ], ) '
        'cc_sources( name="_b_source", sources=[ "b.c", ], ) '
        'cc_sources( name="cc", sources=[ "*.h", "*.c", "!a.c", "!b.c", ], )'
    )
    assert rule_runner.run_goal_rule(TailorGoal, global_args=[ROOTS], args=["--check", "::"]).exit_code == 0


def test_include_roots_are_written(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"src/cpp/vm/src/vm.cc": "#include <vm/vm.h>", "src/cpp/vm/include/vm/vm.h": ""})
    assert written(rule_runner, "src/cpp/vm/src/BUILD") == 'cc_sources( include_root="../include", )'


def test_the_target_of_the_root_folder_has_a_name(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"native.c": ""})
    assert written(rule_runner, "BUILD") == 'cc_sources( name="cc", )'


def test_files_with_a_target_are_left_alone(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"a/BUILD": "cc_sources(name='x', sources=['x.c'])", "a/x.c": "", "a/y.c": ""})
    (found,) = rule_runner.request(PutativeTargets, [PutativeCcSourcesRequest(("a",))])
    assert (found.name, found.triggering_sources) == ("a", ("y.c",))
    rule_runner.write_files({"a/BUILD": "cc_sources(name='x')"})
    assert not rule_runner.request(PutativeTargets, [PutativeCcSourcesRequest(("a",))])


def test_check_reports_a_missing_target(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"a/x.c": ""})
    result = rule_runner.run_goal_rule(TailorGoal, global_args=[ROOTS], args=["--check", "::"])
    assert (result.exit_code, "Add cc_sources target a" in result.stdout) == (1, True)
    assert not Path(rule_runner.build_root, "a/BUILD").exists()


def test_an_alias_is_written(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"a/x.c": ""})
    rule_runner.run_goal_rule(
        TailorGoal, global_args=[ROOTS], args=["--alias-mapping={'cc_sources': 'our_sources'}", "::"]
    )
    assert Path(rule_runner.build_root, "a/BUILD").read_text() == "our_sources()\n"


def test_the_option_turns_it_off(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"a/x.c": ""})
    rule_runner.set_options([ROOTS, "--no-cc-setup-tailor"])
    assert not rule_runner.request(PutativeTargets, [PutativeCcSourcesRequest(("a",))])


def test_pants_own_backend_proposes_the_targets_if_enabled() -> None:
    runner = RuleRunner(
        rules=[*cc_tailor.rules(), *pants_tailor.rules(), *source_root.rules(), *tailor.rules(), *target_types.rules()],
        target_types=[CCSourcesGeneratorTarget],
    )
    runner.write_files({"a/x.c": "", "a/y.c": ""})
    assert written(runner, "a/BUILD") == "cc_sources()"
