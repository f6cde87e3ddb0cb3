from __future__ import annotations

from pathlib import Path

from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.release.target_types import ReleaseTarget
from spokeshave_pants.wheel.goals import command_line
from spokeshave_pants.wheel.goals.command_line import NamedTargets, working_folder


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
    runner.set_options(["::"], env={"PWD": f"{runner.build_root}/b"})
    assert [address.spec for address in runner.request(NamedTargets, []).addresses] == ["b:b"]


def test_the_folder_of_the_user_is_one_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repo/a b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "repo")
    root = str(tmp_path / "repo")
    places = (f"{root}/a b", f"{tmp_path}/link/a b", root, str(tmp_path), f"{root}more", "")
    assert [working_folder(root, place) for place in places] == ["a b", "a b", "", "", "", ""]
