"""What a resolver is told of the machines that run compilers."""

from __future__ import annotations

import json

import pytest

from spokeshave_pants.cc.complete_platform import of_machine


@pytest.mark.parametrize(
    ("name", "wheel", "machine", "system"),
    [
        ("linux_x86_64", "py3-none-manylinux_2_12_x86_64", "x86_64", "linux"),
        ("linux_arm64", "py3-none-manylinux_2_17_aarch64", "aarch64", "linux"),
        ("macos_x86_64", "py3-none-macosx_12_0_x86_64", "x86_64", "darwin"),
        ("macos_arm64", "py3-none-macosx_12_0_arm64", "arm64", "darwin"),
    ],
)
def test_a_machine_takes_the_wheels_of_a_compiler_that_it_can_run(
    name: str, wheel: str, machine: str, system: str
) -> None:
    facts = json.loads(of_machine(name).text)
    assert wheel in facts["compatible_tags"] and "py3-none-any" in facts["compatible_tags"]
    assert facts["marker_environment"]["platform_machine"] == machine
    assert facts["marker_environment"]["sys_platform"] == system


@pytest.mark.parametrize("name", ["linux_arm64", "macos_x86_64", "macos_arm64"])
def test_no_machine_takes_another_ones_wheels(name: str) -> None:
    own = set(json.loads(of_machine(name).text)["compatible_tags"])
    assert not any(tag.endswith("linux_2_17_x86_64") for tag in own)
