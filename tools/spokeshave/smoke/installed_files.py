"""The check of installed files: the version and every file's hash must match the wheel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from spokeshave.errors import InvalidWheelError
from spokeshave.requirement_text import parse_version
from spokeshave.smoke.environment import Environment
from spokeshave.wheel.record import RecordEntry, content_fault, parse_record
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.json_values import parse_any

_QUESTION = """
import importlib.metadata, json, sys
found = importlib.metadata.distribution(sys.argv[1])
print(json.dumps([found.version, str(found.locate_file("")), str(found._path)]))
"""
_REMEDY = "Another installed wheel may contain the same file; find and remove it."
_SHOWN = 5


def installed_fault(environment: Environment, tree: WheelTree) -> str | None:
    """Return how the installed distribution differs from the wheel. None if it does not."""
    process = environment.run_python("-c", _QUESTION, canonicalize_name(tree.name.name))
    if not process.ok:
        return f"the installed distribution cannot be found\n{process.last_lines()}"
    try:
        version, site_packages, dist_info = map(str, parse_any(process.last_lines(1)))
        installed = parse_version(version)
    except (ValueError, TypeError):
        return f"the interpreter does not describe the installed distribution\n{process.last_lines()}"
    if installed != parse_version(tree.name.version):
        return f"version {version} is installed, but the wheel is {tree.name.version}\n{_REMEDY}"
    return _files_fault(tree, environment.located(site_packages), environment.located(dist_info))


def _files_fault(tree: WheelTree, site_packages: Path, dist_info: Path) -> str | None:
    try:
        installed = parse_record((dist_info / "RECORD").read_bytes(), "the installed RECORD")
        packed = parse_record(tree.read(f"{tree.dist_info}/RECORD"), f"{tree.dist_info}/RECORD")
    except (OSError, InvalidWheelError) as err:
        return f"RECORD cannot be read: {err}"
    wanted = {path: packed[file] for path, file in tree.installed.items() if packed.get(file, _NONE).hash}
    faults = _faults(site_packages, {**installed, **wanted})
    if not faults:
        return None
    more = f"\nand {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return "\n".join(["installed files differ from RECORD", *faults[:_SHOWN]]) + f"{more}\n{_REMEDY}"


_NONE = RecordEntry("")


def _faults(site_packages: Path, entries: Mapping[str, RecordEntry]) -> list[str]:
    found = []
    for path, entry in sorted(entries.items()):
        file = site_packages / path
        if not file.is_file():
            found.append(f"{path} does not exist")
        elif entry.hash:
            fault = content_fault(entry, file)
            if fault:
                found.append(f"{path} {fault}")
    return found
