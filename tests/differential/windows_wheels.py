"""Published wheels for Windows: the DLLs that their files need, by Spokeshave and by `delvewheel show`."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from differential.comparison import Compared, compare_sets
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.parallel import in_parallel
from spokeshave.linkage.formats import read_linkage
from spokeshave.linkage.linkage import Fault
from spokeshave.linkage.pe import PeLinkage
from spokeshave.wheel.tree import unpack
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi

_SECTIONS = {"will be copied": "missing", "are already": "inside", "are assumed": "given"}
_NEEDS = re.compile(r"needs (?P<name>[^ ;,]+)")


def compare(field: Field) -> Iterator[Compared]:
    """Compare the DLLs of the system, those of the wheel, and missing ones."""
    wheels = fetch_pinned("windows-wheels", field.cache)
    with tempfile.TemporaryDirectory() as scratch:
        copies = [_unmarked(wheel, Path(scratch)) for wheel in wheels]
        shown = in_parallel(lambda copy: _show(field, copy), copies)
    for wheel, theirs in zip(wheels, shown):
        with tempfile.TemporaryDirectory() as scratch:
            yield from _compare(wheel, theirs, Path(scratch).resolve() / "wheel")


def _unmarked(wheel: Path, folder: Path) -> Path:
    """Copy a wheel without the mark of a repair, with which delvewheel shows nothing."""
    copy = folder / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            if not name.endswith(".dist-info/DELVEWHEEL"):
                new.writestr(name, old.read(name))
    return copy


def _show(field: Field, wheel: Path) -> dict[str, set[str]]:
    options = ("--ignore-existing", "--analyze-existing", "--analyze-existing-exes")
    done = field.run("delvewheel", "show", *options, wheel)
    if done.returncode:
        return {"error": {done.stderr.strip().splitlines()[-1]}}
    found: dict[str, set[str]] = {"missing": set(), "inside": set(), "given": set()}
    section = ""
    for line in done.stdout.splitlines():
        section = next((name for text, name in _SECTIONS.items() if text in line and line[0] != " "), section)
        if line.startswith("    ") and line.strip() != "None":
            found[section].add(line.split()[0].lower())
    return found


def _compare(wheel: Path, theirs: dict[str, set[str]], root: Path) -> Iterator[Compared]:
    if "error" in theirs:
        yield Compared("readable", wheel.name, f"only theirs: {theirs['error']}")
        return
    tree = unpack(wheel, root)
    linkage = PeLinkage(
        tree, Platform.parse(tree.name.tag.platform), PythonAbi.of_tags(tree.name.tag.python, tree.name.tag.abi)
    )
    given = {name.lower() for name in linkage.platform_libraries()}
    yield from compare_sets("DLLs of Windows and Python", wheel.name, given, theirs["given"])
    needed = {(file, name.lower()) for file, pe in tree.pe_files.items() for name in pe.needed}
    inside = {name for file, name in needed if linkage.providers(file, name)}
    yield from compare_sets("DLLs of the wheel", wheel.name, inside, theirs["inside"])
    problems = read_linkage(linkage.platform, tree, linkage.abi).problems(Fault.MISSING_LIBRARY)
    missing = {match["name"].lower() for problem in problems for match in [_NEEDS.search(problem.message)] if match}
    yield from compare_sets("missing DLLs", wheel.name, missing, theirs["missing"])
