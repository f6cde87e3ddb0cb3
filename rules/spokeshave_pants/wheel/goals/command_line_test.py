from __future__ import annotations

from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.release.target_types import ReleaseTarget
from spokeshave_pants.wheel.goals import command_line
from spokeshave_pants.wheel.goals.command_line import NamedTargets


def test_targets_are_named_by_address_folder_and_wildcard() -> None:
    runner = RuleRunner(rules=[*command_line.rules(), QueryRule(NamedTargets, [])], target_types=[ReleaseTarget])
    runner.write_files({f"{folder}/BUILD": f"release(name='{folder}', wheels=[])" for folder in ("a", "b")})

    def named(*specs: str) -> list[str]:
        runner.set_options(specs)
        return sorted(address.spec for address in runner.request(NamedTargets, []).addresses)

    assert named() == []
    assert named("a:a") == named("a:") == ["a:a"]
    assert named("::") == ["a:a", "b:b"]
    assert named("::", "-b::") == ["a:a"]
