"""The rule that reads the Python files of the repository for `tailor`."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.fs import PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.cc.tailor.rules import SourceRootsRequest, find_source_roots
from spokeshave_pants.pants_api import (
    concurrently,
    get_digest_contents,
    path_globs_to_digest,
    path_globs_to_paths,
    rule,
)
from spokeshave_pants.wheel.tailor.layout import (
    PYTHON_ENDINGS,
    find_evidence,
    package_folders,
    parse_project,
    regular_packages,
)
from spokeshave_pants.wheel.tailor.modules import PythonTree

PY_TYPED = "py.typed"


@dataclass(frozen=True)
class PythonTreeRequest:
    """A request for the Python files of the repository.

    Attributes:
        names: The last names of modules for which imports are searched.
    """

    names: tuple[str, ...]


@dataclass(frozen=True)
class PythonFiles:
    """The Python files of the repository, and `py.typed` and `version.json` files."""

    tree: PythonTree
    paths: frozenset[str]

    @classmethod
    def empty(cls) -> PythonFiles:
        """Return the files of a repository without any."""
        return cls(PythonTree(packages=FrozenDict(), regular=frozenset(), projects=()), frozenset())


@rule(desc="Read the Python files of the repository", level=LogLevel.DEBUG)
async def read_python_tree(request: PythonTreeRequest) -> PythonFiles:
    python, others, projects = await concurrently(
        path_globs_to_paths(PathGlobs(f"**/*{ending}" for ending in PYTHON_ENDINGS)),
        path_globs_to_paths(PathGlobs([f"**/{PY_TYPED}", "**/version.json"])),
        path_globs_to_digest(PathGlobs(["**/pyproject.toml"])),
    )
    folders = tuple(sorted(set(map(posixpath.dirname, python.files))))
    roots = await find_source_roots(SourceRootsRequest(folders))
    packages = package_folders(python.files, roots.by_folder)
    pyprojects = await get_digest_contents(projects)
    texts = await path_globs_to_digest(PathGlobs(python.files))
    contents = await get_digest_contents(texts)
    sources = ((file.path, file.content.decode(errors="replace")) for file in contents)
    tree = PythonTree(
        packages=FrozenDict(packages),
        regular=regular_packages(python.files, packages),
        projects=tuple(filter(None, (parse_project(file.path, file.content) for file in pyprojects))),
        evidence=tuple(find_evidence(request.names, sources, packages, python.files)),
    )
    return PythonFiles(tree, frozenset((*python.files, *others.files)))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
