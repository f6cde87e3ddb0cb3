"""The scripts that a wheel declares as entry points."""

from __future__ import annotations

import configparser
from importlib.metadata import EntryPoint

from spokeshave.wheel.tree import WheelTree

_GROUPS = ("console_scripts", "gui_scripts")


def read_scripts(tree: WheelTree) -> list[EntryPoint]:
    """Return the wheel's scripts.

    Raises:
        configparser.Error: If they cannot be read.
    """
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    parser.read_string(tree.metadata("entry_points.txt") or "")
    sections = [group for group in _GROUPS if parser.has_section(group)]
    return [EntryPoint(name, value, group) for group in sections for name, value in sorted(parser.items(group))]
