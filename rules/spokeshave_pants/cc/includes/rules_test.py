"""Tests of the include graph of a repository, and of the dependencies inferred from it."""

from __future__ import annotations

import pytest
from pants.backend.cc.dependency_inference.rules import CCDependencyInferenceFieldSet
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.backend.shell.target_types import ShellCommandTarget
from pants.backend.shell.util_rules import shell_command
from pants.core.target_types import FilesGeneratorTarget, GenericTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files
from pants.engine.addresses import Address, Addresses
from pants.engine.target import Dependencies, DependenciesRequest, InferredDependencies
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.closure import rules as link_closure
from spokeshave_pants.cc.closure.link_closure import LinkClosure
from spokeshave_pants.cc.closure.rules import LinkClosureRequest
from spokeshave_pants.cc.includes import rules as include_graph
from spokeshave_pants.cc.includes import third_party
from spokeshave_pants.cc.includes.rules import (
    CcTargets,
    InferCcIncludesRequest,
    Listed,
    ListedRequest,
    ResolvedIncludes,
    ResolveIncludesRequest,
)
from spokeshave_pants.cc.includes.search import IncludeClosure
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.toolchain import rules as toolchain


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *core_target_types_rules(),
            *include_graph.rules(),
            *link_closure.rules(),
            *sandbox_rules(),
            *shell_command.rules(),
            *source_files.rules(),
            *target_types.rules(),
            *third_party.rules(),
            *toolchain.rules(),
            QueryRule(Addresses, [DependenciesRequest]),
            QueryRule(CcTargets, []),
            QueryRule(InferredDependencies, [InferCcIncludesRequest]),
            QueryRule(LinkClosure, [LinkClosureRequest]),
            QueryRule(Listed, [ListedRequest]),
            QueryRule(ResolvedIncludes, [ResolveIncludesRequest]),
        ],
        target_types=[
            CCSourcesGeneratorTarget,
            FilesGeneratorTarget,
            GenericTarget,
            ShellCommandTarget,
            target_types.CcPythonRequirementTarget,
        ],
    )
    runner.set_options([*OPTIONS, "--source-root-patterns=['/src/cpp', '/*', '/']"], env_inherit=INHERITED)
    return runner


def write_sources(runner: RuleRunner, sources: dict[str, str]) -> None:
    """Write sources with the given includes, and a `cc_sources` target in each of their directories."""
    builds = {f"{path.rpartition('/')[0]}/BUILD": "cc_sources()\n" for path in sources if not path.endswith("BUILD")}
    texts = {
        path: text if path.endswith("BUILD") else "".join(f"#include {include}\n" for include in text.split())
        for path, text in sources.items()
    }
    runner.write_files({**builds, **texts})


def closure(runner: RuleRunner, path: str) -> IncludeClosure:
    return runner.request(ResolvedIncludes, [ResolveIncludesRequest(path)]).closure


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
        headers=("src/cpp/ir/graph.h", "src/cpp/vm/run.h"),
        include_roots=("src/cpp",),
        unresolved=frozenset({"vector"}),
        owners=frozenset({"src/cpp/ir:ir", "src/cpp/vm:vm"}),
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


def test_dependencies_are_inferred_from_the_include_graph(rule_runner: RuleRunner) -> None:
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


# Listed targets take precedence over strangers: two projects have a `config.h` each, one of them generated.

GENERATED = {
    "gena/BUILD": "cc_sources(dependencies=[':config'])\n"
    "shell_command(name='config', command='echo > config.h', tools=['echo'], output_files=['config.h'])\n",
    "gena/native.c": '#include "config.h"\n',
    "genb/BUILD": "cc_sources()\n",
    "genb/other.c": '#include "config.h"\n',
    "genb/config.h": "",
}


def owners(runner: RuleRunner, *roots: str) -> list[str]:
    """Return the C/C++ targets in the link closure of others."""
    addresses = Addresses([Address(root) for root in roots])
    found = runner.request(LinkClosure, [LinkClosureRequest(addresses)])
    return [owner.spec for owner in found.owners]


def test_a_generated_header_wins_over_another_projects(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(GENERATED)
    found = closure(rule_runner, "gena/native.c")
    assert (found.headers, found.strangers) == (("gena/config.h",), ())
    assert owners(rule_runner, "gena") == ["gena:gena"]


def test_generated_files_prevent_inference_of_strangers(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(GENERATED)
    target = rule_runner.get_target(Address("gena", relative_file_path="native.c"))
    found = rule_runner.request(
        InferredDependencies, [InferCcIncludesRequest(CCDependencyInferenceFieldSet.create(target))]
    )
    assert not found.include


def test_a_generator_may_read_cc_sources(rule_runner: RuleRunner) -> None:
    """Generated files are built with dependencies that are inferred without them, so that there is no cycle."""
    build = GENERATED["gena/BUILD"].replace("tools=", "execution_dependencies=['types:types'], tools=")
    rule_runner.write_files(
        {
            **GENERATED,
            "gena/BUILD": build,
            "gena/native.c": '#include "config.h"\n#include "types.h"\n',
            "types/BUILD": "cc_sources()",
            "types/types.h": '#include "config.h"\n',
        }
    )
    assert closure(rule_runner, "gena/native.c").headers == ("gena/config.h", "types/types.h")


def test_what_a_list_names_by_a_group_is_seen(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "app/BUILD": "cc_sources(dependencies=[':all'])\ntarget(name='all', dependencies=['two', ':data'])\n"
            "files(name='data', sources=['table.inc'])\n",
            "app/app.c": '#include <config.h>\n#include "table.inc"\n',
            "app/table.inc": "",
            **{f"{project}/BUILD": "cc_sources(include_root='.')" for project in ("one", "two")},
            **{f"{project}/config.h": "" for project in ("one", "two")},
            "two/two.c": "",
        }
    )
    assert closure(rule_runner, "app/app.c").headers == ("app/table.inc", "two/config.h")
    assert owners(rule_runner, "app") == ["app:app", "two:two"]


def test_a_header_of_an_unlisted_target_is_reported_once(
    rule_runner: RuleRunner, caplog: pytest.LogCaptureFixture
) -> None:
    rule_runner.write_files(
        {
            "app/BUILD": "cc_sources()",
            **{f"app/{name}.c": '#include "util.h"\n' for name in "ab"},
            "lib/BUILD": "cc_sources()",
            "lib/util.h": "",
        }
    )
    assert owners(rule_runner, "app") == ["app:app", "lib:lib"]
    (warning,) = [record.message for record in caplog.records if "uses these headers" in record.message]
    assert "app:app uses these headers of targets that are not in its `dependencies`" in warning
    assert "lib:lib: util.h (lib/util.h)" in warning
    rule_runner.write_files({"app/BUILD": "cc_sources(dependencies=['lib'])"})
    caplog.clear()
    assert owners(rule_runner, "app") == ["app:app", "lib:lib"]
    assert not caplog.records


def test_a_target_that_a_list_excludes_is_not_linked(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "app/BUILD": "cc_sources(dependencies=['!lib'])",
            "app/a.c": '#include "util.h"\n',
            "lib/BUILD": "cc_sources()",
            "lib/util.h": "",
        }
    )
    assert owners(rule_runner, "app") == ["app:app"]


def test_a_source_that_is_not_utf8_has_its_dependencies(rule_runner: RuleRunner) -> None:
    source = "/* Größe */\n".encode("latin-1") + '#include "straße.h"\n'.encode()
    rule_runner.write_files({"src/cpp/a/BUILD": "cc_sources()", "src/cpp/a/run.cc": source, "src/cpp/a/straße.h": ""})
    run = rule_runner.get_target(Address("src/cpp/a", relative_file_path="run.cc"))
    found = rule_runner.request(Addresses, [DependenciesRequest(run[Dependencies])])
    assert found == Addresses([Address("src/cpp/a", relative_file_path="straße.h")])


def requirement(name: str, distribution: str = "", folder: str = "include") -> str:
    """Return a `cc_python_requirement` whose requirements file nothing reads, as names alone decide."""
    given = f", distribution='{distribution}'" if distribution else ""
    return f"cc_python_requirement(name='{name}', requirements='r.txt', include_dirs=['{folder}']{given})\n"


def inferred(runner: RuleRunner, owner: str) -> list[str]:
    return [address.spec for address in runner.request(Listed, [ListedRequest(owner)]).inferred]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("<nanobind/nanobind.h>", ["3rdparty:nanobind"]),
        ('"nanobind/stl/string.h"', ["3rdparty:nanobind"]),
        ("<my_eigen/Dense>", ["3rdparty:eigen"]),
        ("<nanobind.h>", []),
        ("<other/nanobind.h>", []),
        ("<twice/a.h>", []),
        ('"vendored/a.h"', []),
    ],
)
def test_a_package_is_inferred_by_its_name(rule_runner: RuleRunner, include: str, expected: list[str]) -> None:
    packages = ("nanobind", "vendored", "twice")
    build = "".join(map(requirement, packages)) + requirement("eigen", "My-Eigen") + requirement("again", "twice")
    sources = {"src/cpp/a/a.cc": include, "src/cpp/vendored/a.h": "", "3rdparty/BUILD": build}
    write_sources(rule_runner, sources)
    assert inferred(rule_runner, "src/cpp/a:a") == expected


def test_a_tested_header_infers_no_package(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "a/a.cc": "#if __has_include(<nanobind/nanobind.h>)\n#endif\n",
            "a/BUILD": "cc_sources()",
            "3rdparty/BUILD": requirement("nanobind"),
        }
    )
    assert inferred(rule_runner, "a:a") == []


@pytest.mark.parametrize(
    ("dependencies", "expected"),
    [
        (["3rdparty:nanobind"], []),
        (["3rdparty:pinned"], []),
        (["!3rdparty:nanobind"], ["3rdparty:pinned"]),
        (["!3rdparty:nanobind", "!3rdparty:pinned"], []),
        ([], []),
    ],
)
def test_the_list_decides_before_inference(
    rule_runner: RuleRunner, dependencies: list[str], expected: list[str]
) -> None:
    rule_runner.write_files(
        {
            "a/a.cc": "#include <nanobind/nanobind.h>\n",
            "a/BUILD": f"cc_sources(dependencies={dependencies})",
            "3rdparty/BUILD": requirement("nanobind") + requirement("pinned", "nanobind"),
        }
    )
    assert inferred(rule_runner, "a:a") == expected


def test_an_inferred_package_is_a_dependency(rule_runner: RuleRunner) -> None:
    write_sources(rule_runner, {"src/cpp/a/a.cc": "<nanobind/nanobind.h>", "3rdparty/BUILD": requirement("nanobind")})
    target = rule_runner.get_target(Address("src/cpp/a", relative_file_path="a.cc"))
    request = InferCcIncludesRequest(CCDependencyInferenceFieldSet.create(target))
    found = rule_runner.request(InferredDependencies, [request])
    assert [address.spec for address in found.include] == ["3rdparty:nanobind"]
