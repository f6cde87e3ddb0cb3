"""Checks of a wheel's names: what lies at its root, and names that are one file on another machine."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from spokeshave.errors import Problems, SpokeshaveError
from spokeshave.extension_module import find_modules
from spokeshave.findings import Finding, Rule, Subject, finding, findings
from spokeshave.payload import find_clashes
from spokeshave.pe_linkage import is_grafted

_PROJECT_FOLDERS = frozenset(
    {"test", "tests", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "build"}
)
_PROJECT_FILES = frozenset({"setup.py", "conftest.py", "noxfile.py"})
_SOURCE_SUFFIXES = (".py", ".pyi")
_MODULE_SUFFIXES = (*_SOURCE_SUFFIXES, ".so", ".pyd")
_OWN_FOLDERS = (".libs", ".dylibs", ".scripts", ".data")


def check_layout(subject: Subject) -> Iterator[Finding]:
    """Name clashes, and files outside the wheel's packages."""
    yield from findings(Rule.NAME_CLASH, _clashes(subject).problems)
    for top, is_folder in _top_level(subject):
        fault = _folder_fault(subject, top) if is_folder else _file_fault(subject, top)
        if fault:
            remedy = f"Move it into a package, or leave it out of the wheel: it is installed as site-packages/{top}."
            yield finding(Rule.OUTSIDE_PACKAGE, top, fault, remedy)


def _clashes(subject: Subject) -> SpokeshaveError:
    problems = Problems()
    find_clashes(subject.tree.files, problems)
    return problems.as_error(SpokeshaveError)


def _top_level(subject: Subject) -> list[tuple[str, bool]]:
    own = subject.tree.name.data
    files = [path for path, file in subject.tree.installed.items() if not file.startswith(f"{subject.tree.dist_info}/")]
    strays = [file for file in subject.tree.files if file.split("/")[0].endswith(".data") and not file.startswith(own)]
    return sorted({(path.split("/")[0], "/" in path) for path in [*files, *strays]})


def _folder_fault(subject: Subject, folder: str) -> str | None:
    name = subject.tree.name.name
    stem, dot, kind = folder.rpartition(".")
    if dot and f".{kind}" in _OWN_FOLDERS and canonicalize_name(stem) == canonicalize_name(name):
        return None
    package = folder[: -len("-stubs")] if folder.endswith("-stubs") else folder
    if not package.isidentifier():
        return "is no package (its name cannot be imported) and does not belong to this distribution"
    if folder in _PROJECT_FOLDERS and canonicalize_name(folder) != canonicalize_name(name):
        return "is a folder of the project and no package of this distribution"
    files = [path for path in subject.tree.installed if path.startswith(f"{folder}/")]
    return None if any(path.endswith(_MODULE_SUFFIXES) for path in files) else "holds no module, so it is no package"


def _file_fault(subject: Subject, file: str) -> str | None:
    if file in _PROJECT_FILES:
        return "is a file of the project and no module of this distribution"
    if (file.endswith(_SOURCE_SUFFIXES) and file.partition(".")[0].isidentifier()) or file.endswith(".pth"):
        return None
    if is_grafted(file):
        # Windows looks for it beside the module that needs it, and that one lies here.
        return None
    extensions = {module.file for module in find_modules(subject.tree.installed, subject.tree.native_files)}
    return None if subject.tree.installed.get(file) in extensions else "is neither a module nor inside a package"
