"""The entry points that a wheel declares, such as its scripts."""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from importlib.metadata import EntryPoint

from spokeshave.wheel.tree import WheelTree

_GROUPS = ("console_scripts", "gui_scripts")


def read_scripts(tree: WheelTree) -> list[EntryPoint]:
    """Return the wheel's scripts.

    Raises:
        configparser.Error: If they cannot be read.
    """
    return read_entry_points(tree, _GROUPS)


def read_entry_points(tree: WheelTree, groups: Sequence[str]) -> list[EntryPoint]:
    """Return the wheel's entry points of some groups.

    Raises:
        configparser.Error: If they cannot be read.
    """
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    parser.read_string(tree.metadata("entry_points.txt") or "")
    sections = [group for group in groups if parser.has_section(group)]
    return [EntryPoint(name, value, group) for group in sections for name, value in sorted(parser.items(group))]
