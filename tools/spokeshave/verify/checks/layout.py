"""Checks of paths: where installers put files, and names that are equal or invalid on another system."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from spokeshave.linkage.pe import is_grafted
from spokeshave.verify.findings import Subject, finding, findings
from spokeshave.wheel.location import DATA_FOLDER, SCHEMES, Location, Root
from spokeshave.wheel.modules import find_modules
from spokeshave.wheel.paths import find_clashes
from spokeshave.wheel.tree import WheelTree
from spokeshave.wheel.windows_names import windows_path_fault
from spokeshave_core.outcomes import Rule
from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.reports.verify import Finding
from spokeshave_core.wheel_name import DIST_INFO

_PROJECT_FOLDERS = frozenset(
    {"test", "tests", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "build"}
)
_PROJECT_FILES = frozenset({"setup.py", "conftest.py", "noxfile.py"})
_SOURCE_SUFFIXES = (".py", ".pyi")
_MODULE_SUFFIXES = (*_SOURCE_SUFFIXES, ".so", ".pyd")
_OWN_FOLDERS = (".libs", ".dylibs", ".scripts", ".data")


def check_layout(subject: Subject) -> Iterator[Finding]:
    """Check for files outside of packages, without installation path, with clashes, or invalid on Windows."""
    yield from _line_ends(subject.tree)
    yield from _windows_names(subject)
    yield from findings(Rule.NAME_CLASH, _clashes(subject.tree).problems)
    yield from _schemes(subject.tree)
    for top, is_folder in _top_level(subject):
        fault = _folder_fault(subject, top) if is_folder else _file_fault(subject, top)
        if fault:
            glob = f"{top}/*" if is_folder else top
            remedy = (
                "Move it into a package, or leave it out of the wheel (a `python_backend_wheel` does by"
                f' exclude=["{glob}"]): it is installed as site-packages/{top}.'
            )
            yield finding(Rule.OUTSIDE_PACKAGE, top, fault, remedy)


def _line_ends(tree: WheelTree) -> Iterator[Finding]:
    """Yield findings for names with an end of a line, such as U+2028, at which pip and Python split RECORD."""
    for file in tree.files:
        if file.splitlines() != [file]:
            message = "has an end of a line in its name, so that pip and importlib.metadata do not find it in RECORD"
            yield finding(Rule.FILE_NAME, ascii(file), message, "Rename it.")


def _windows_names(subject: Subject) -> Iterator[Finding]:
    if not is_for_windows(subject):
        return
    for file in subject.tree.files:
        fault = windows_path_fault(file)
        if fault:
            remedy = "Rename it, or remove it from the wheel for Windows, where pip cannot install it."
            yield finding(Rule.FILE_NAME, file, fault, remedy)


def is_for_windows(subject: Subject) -> bool:
    """Return whether installers on Windows accept the wheel."""
    tags = (subject.expected.platform.tag, *subject.tree.name.tag.platform.split("."))
    return any(tag == "any" or tag.startswith("win") for tag in tags)


def _clashes(tree: WheelTree) -> SpokeshaveError:
    """Return findings for files that are installed at one path, or at paths that are equal on another system."""
    problems = Problems()
    find_clashes(map(_installed_name, tree.locations.values()), problems)
    for file, location in tree.locations.items():
        other = tree.by_location[location]
        if other != file:
            problems.add(file, f"is installed at the same path as {other}", "Remove one of the two from the wheel.")
        below = next((folder for folder in _folders(location) if folder in tree.by_location), None)
        if below is not None:
            message = f"is installed below {tree.by_location[below]}, which is a file"
            problems.add(file, message, "Rename one of the two.")
    return problems.as_error(SpokeshaveError)


def _installed_name(location: Location) -> str:
    return location.path if location.root is Root.PACKAGES else str(location)


def _folders(location: Location) -> Iterator[Location]:
    while location.folder.path != ".":
        location = location.folder
        yield location


def _schemes(tree: WheelTree) -> Iterator[Finding]:
    """Yield findings for files in `.data` directories without a scheme, for which pip refuses the whole wheel."""
    data = f"{tree.dist_info[: -len(DIST_INFO)]}{DATA_FOLDER}"
    remedy = f"Put it into {data}/SCHEME/, with a scheme of {', '.join(SCHEMES)}."
    for file in tree.files:
        top, _, rest = file.partition("/")
        if not top.endswith(DATA_FOLDER):
            continue
        # Tools find it by the name of dist-info, and so does the stamp.
        if top != data:
            message = f"is in {top}, but the data folder of this wheel is {data}"
            yield finding(Rule.INSTALL_SCHEME, file, message, remedy)
        elif file not in tree.locations:
            scheme, slash, _ = rest.partition("/")
            what = f"has the unknown scheme {scheme!r}" if slash else "is in the data folder without a scheme"
            yield finding(Rule.INSTALL_SCHEME, file, f"{what}, so pip refuses the wheel", remedy)


def _top_level(subject: Subject) -> list[tuple[str, bool]]:
    tree = subject.tree
    files = [path for path, file in tree.installed.items() if not file.startswith(f"{tree.dist_info}/")]
    return sorted({(path.split("/")[0], "/" in path) for path in files})


def _folder_fault(subject: Subject, folder: str) -> str | None:
    name = subject.tree.name.name
    stem, dot, kind = folder.rpartition(".")
    if dot and f".{kind}" in _OWN_FOLDERS and canonicalize_name(stem) == canonicalize_name(name):
        return None
    package = folder[: -len("-stubs")] if folder.endswith("-stubs") else folder
    if not package.isidentifier():
        return "is not a package (its name cannot be imported) and does not belong to this distribution"
    if folder in _PROJECT_FOLDERS and canonicalize_name(folder) != canonicalize_name(name):
        return "is a folder of the project, not a package of this distribution"
    files = [path for path in subject.tree.installed if path.startswith(f"{folder}/")]
    return (
        None if any(path.endswith(_MODULE_SUFFIXES) for path in files) else "contains no module, so it is not a package"
    )


def _file_fault(subject: Subject, file: str) -> str | None:
    if file in _PROJECT_FILES:
        return "is a file of the project, not a module of this distribution"
    if (file.endswith(_SOURCE_SUFFIXES) and file.partition(".")[0].isidentifier()) or file.endswith(".pth"):
        return None
    if is_grafted(file):
        # Windows searches for it next to the module that needs it, which is in this directory.
        return None
    extensions = {module.file for module in find_modules(subject.tree.installed, subject.tree.native_files)}
    return None if subject.tree.installed.get(file) in extensions else "is neither a module nor inside a package"
