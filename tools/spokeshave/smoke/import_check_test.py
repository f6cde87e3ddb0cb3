"""Tests of the remedies for failed imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.smoke.import_check import import_remedy
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.tree import WheelTree


@pytest.mark.parametrize(
    ("module", "remedy"),
    [
        ("demo", "The wheel has demo, but another Python imported it: tests must start `sys.executable`."),
        ("demo.one", "The wheel has demo.one, but another Python imported it"),
        ("demo.part", "The wheel has no demo/part.py and no demo/part/__init__.py"),
        ("other", "other is not installed"),
        ("spaces.two", "The wheel has no spaces/two.py and no spaces/two/__init__.py. Add the target"),
    ],
)
def test_a_module_that_is_not_found(tmp_path: Path, module: str, remedy: str) -> None:
    name = parse_wheel_name("demo-1-py3-none-any.whl")
    files = ("demo/__init__.py", "demo/one.py", "spaces/one/__init__.py")
    tree = WheelTree(name=name, root=tmp_path, files=files, dist_info="demo-1.dist-info")
    found = import_remedy(f"ModuleNotFoundError: No module named '{module}'", tree)
    assert found is not None
    assert found.startswith(remedy)


def test_all_modules_that_are_not_found_are_named(tmp_path: Path) -> None:
    name = parse_wheel_name("demo-1-py3-none-any.whl")
    tree = WheelTree(name=name, root=tmp_path, files=("demo.py",), dist_info="demo-1.dist-info")
    missing = [f"ModuleNotFoundError: No module named '{module}'" for module in ("one", "two", "one")]
    missing[1] = f"E   {missing[1]}"
    found = import_remedy("\n".join(missing), tree)
    assert [line.split()[0] for line in (found or "").splitlines()] == ["one", "two"]
