"""The rules for a wheel's entry_points.txt (Warehouse's `utils/wheel.py`, and the entry points specification)."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator

from spokeshave.release.check.file.wheel_file import WheelFile
from spokeshave_core.problems import Problem

_FILE = "entry_points.txt"
_SCRIPT_GROUPS = ("console_scripts", "gui_scripts")
_SCRIPT = re.compile(r"[\w.-]+")
_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*\s*:\s*[^\W\d]\w*(\.[^\W\d]\w*)*\s*(\[[^\]]*\])?\s*")


class _EntryPoints(configparser.ConfigParser):
    """The syntax of entry_points.txt: names keep their case, and `=` separates them from values."""

    def __init__(self) -> None:
        super().__init__(delimiters=("=",), interpolation=None)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def check_entry_points(wheel: WheelFile) -> Iterator[Problem]:
    """Check that the file can be read, and that its scripts have names and targets that installers accept."""
    data = wheel.metadata_file(_FILE)
    if data is None:
        return
    place = wheel.place(f"{wheel.dist_info}/{_FILE}")
    parser = _EntryPoints()
    try:
        parser.read_string(data.decode("utf-8"))
    except (UnicodeDecodeError, configparser.Error) as err:
        what = " ".join(str(err).split())
        yield Problem(place, f"cannot be read ({what})", "Correct the entry points in pyproject.toml.")
        return
    for group in _SCRIPT_GROUPS:
        for name, reference in parser.items(group) if parser.has_section(group) else ():
            if not _SCRIPT.fullmatch(name):
                remedy = "Use letters, digits, underscores, dots and dashes only."
                yield Problem(place, f"has {name!r} in {group}, which is not a valid script name", remedy)
            if not _REFERENCE.fullmatch(reference.strip()):
                message = f"has {reference!r} for {name} in {group}, which does not name an object in a module"
                yield Problem(place, message, "Write it as package.module:function.")
