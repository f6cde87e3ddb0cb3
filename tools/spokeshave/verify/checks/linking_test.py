from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.linkage.formats import read_linkage
from spokeshave.linkage.linkage import Fault
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.wheel_name import WheelName, WheelTag

PLATFORMS = ("manylinux_2_17_x86_64", "musllinux_1_2_x86_64", "macosx_11_0_arm64", "win_amd64")


def finders(tag: str) -> set[Fault]:
    name = WheelName("demo", "1", WheelTag.parse(f"cp312-cp312-{tag}"))
    tree = WheelTree(name=name, root=Path(), files=(), dist_info="demo-1.dist-info")
    return set(read_linkage(Platform.parse(tag), tree, PythonAbi.parse("cp312")).finders)


def test_every_fault_has_a_rule_and_a_format() -> None:
    assert {Rule(fault.value).name for fault in Fault} == {fault.name for fault in Fault}
    assert set().union(*map(finders, PLATFORMS)) == set(Fault)


@pytest.mark.parametrize("tag", PLATFORMS)
def test_every_format_is_checked_for_what_any_wheel_can_have(tag: str) -> None:
    assert {Fault.ARCHITECTURE, Fault.MISSING_LIBRARY, Fault.UNDEFINED_SYMBOL} <= finders(tag)
