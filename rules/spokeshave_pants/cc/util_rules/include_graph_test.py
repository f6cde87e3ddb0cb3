"""The include graph of a repository, and the dependencies that are inferred from it."""

from __future__ import annotations

import pytest
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.engine.addresses import Address, Addresses
from pants.engine.target import Dependencies, DependenciesRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.include_scan import IncludeClosure
from spokeshave_pants.cc.util_rules import include_graph
from spokeshave_pants.cc.util_rules.include_graph import CcTargets, IncludeClosureRequest
from spokeshave_pants.errors import InvalidTargetError


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *include_graph.rules(),
            *target_types.rules(),
            QueryRule(Addresses, [DependenciesRequest]),
            QueryRule(CcTargets, []),
            QueryRule(IncludeClosure, [IncludeClosureRequest]),
        ],
        target_types=[CCSourcesGeneratorTarget],
    )
    runner.set_options(["--source-root-patterns=['/src/cpp', '/']"])
    return runner


def write_sources(runner: RuleRunner, sources: dict[str, str]) -> None:
    """Sources, each with the includes given, and a `cc_sources` target in each of their directories."""
    builds = {f"{path.rpartition('/')[0]}/BUILD": "cc_sources()\n" for path in sources if not path.endswith("BUILD")}
    texts = {
        path: text if path.endswith("BUILD") else "".join(f"#include {include}\n" for include in text.split())
        for path, text in sources.items()
    }
    runner.write_files({**builds, **texts})


def closure(runner: RuleRunner, path: str) -> IncludeClosure:
    return runner.request(IncludeClosure, [IncludeClosureRequest(path)])


def test_includes_are_followed_across_targets(rule_runner: RuleRunner) -> None:
    write_sources(
        rule_runner,
        {
            "src/cpp/vm/run.cc": '"run.h" <vector>',
            "src/cpp/vm/run.h": '"ir/graph.h"',
            "src/cpp/ir/graph.h": "",
            "src/cpp/ir/unused.h": "",
        },
    )
    assert closure(rule_runner, "src/cpp/vm/run.cc") == IncludeClosure(
        headers=("src/cpp/ir/graph.h", "src/cpp/vm/run.h"), include_roots=("src/cpp",), unresolved=frozenset({"vector"})
    )


def test_an_include_root_is_relative_to_its_build_file(rule_runner: RuleRunner) -> None:
    write_sources(
        rule_runner,
        {
            "src/cpp/vm/run.cc": "<json/value.h>",
            "lib/json/BUILD": "cc_sources(sources=['**/*.h'], include_root=['include', '../shared'])",
            "lib/json/include/json/value.h": "",
            "lib/json/include/json/BUILD": "",
        },
    )
    found = closure(rule_runner, "src/cpp/vm/run.cc")
    assert found.headers == ("lib/json/include/json/value.h",)
    assert found.include_roots == ("src/cpp", "lib/json/include")


def test_an_edit_changes_the_graph_and_nothing_else_does(rule_runner: RuleRunner) -> None:
    write_sources(rule_runner, {"src/cpp/vm/run.cc": '"run.h"', "src/cpp/vm/run.h": "", "src/cpp/vm/more.h": ""})
    before = rule_runner.request(CcTargets, [])
    rule_runner.write_files({"src/cpp/vm/run.h": "// a comment\n"})
    assert rule_runner.request(CcTargets, []).graph == before.graph
    rule_runner.write_files({"src/cpp/vm/run.h": '#include "more.h"\n'})
    assert rule_runner.request(CcTargets, []).graph != before.graph
    assert closure(rule_runner, "src/cpp/vm/run.cc").headers == ("src/cpp/vm/more.h", "src/cpp/vm/run.h")


def test_dependencies_are_inferred_from_what_the_graph_finds(rule_runner: RuleRunner) -> None:
    write_sources(
        rule_runner,
        {
            "src/cpp/vm/run.cc": '"run.h" <json/value.h> "../ir/graph.h"',
            "src/cpp/vm/run.h": '"ir/deep.h"',
            "src/cpp/ir/graph.h": "",
            "src/cpp/ir/deep.h": "",
            "lib/include/json/BUILD": "cc_sources(include_root='..')",
            "lib/include/json/value.h": "",
        },
    )
    target = rule_runner.get_target(Address("src/cpp/vm", relative_file_path="run.cc"))
    found = rule_runner.request(Addresses, [DependenciesRequest(target[Dependencies])])
    assert {address.filename for address in found} == {
        *("src/cpp/vm/run.h", "lib/include/json/value.h", "src/cpp/ir/graph.h")
    }


def test_a_file_of_two_targets_is_refused(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"src/cpp/BUILD": "cc_sources(name='one')\ncc_sources(name='two')\n", "src/cpp/a.cc": ""})
    with engine_error(InvalidTargetError, contains="src/cpp/a.cc is in src/cpp:one and src/cpp:two."):
        rule_runner.request(CcTargets, [])


def test_a_source_that_is_not_utf8_has_its_dependencies(rule_runner: RuleRunner) -> None:
    source = "/* Größe */\n".encode("latin-1") + '#include "straße.h"\n'.encode()
    rule_runner.write_files({"src/cpp/a/BUILD": "cc_sources()", "src/cpp/a/run.cc": source, "src/cpp/a/straße.h": ""})
    run = rule_runner.get_target(Address("src/cpp/a", relative_file_path="run.cc"))
    found = rule_runner.request(Addresses, [DependenciesRequest(run[Dependencies])])
    assert found == Addresses([Address("src/cpp/a", relative_file_path="straße.h")])
