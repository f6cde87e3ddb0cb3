"""The include search finds all files that the compiler reads, for sources of other projects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.support.project import find_python
from e2e.support.upstream import fetch_sdists
from spokeshave_pants.cc.includes.scan import CcFile, scan_text
from spokeshave_pants.cc.includes.search import IncludeGraph

SDISTS = Path(__file__).parent / "sdists.txt"
C = ("cc", "-std=gnu17")
CXX = ("c++", "-std=gnu++20")
LINUX = "x86_64-linux-gnu.2.17"
WINDOWS = "x86_64-windows-gnu"
MACOS = "aarch64-macos.11.0"
SUFFIXES = {".c", ".cc", ".cpp", ".h", ".hpp", ".inc"}


@dataclass(frozen=True)
class Sources:
    """The sources of one project that are compiled for a target, and its include roots."""

    project: str
    target: str
    globs: tuple[str, ...]
    roots: tuple[str, ...]
    fewest: int
    uses_python: bool = False


SETS = (
    Sources(
        project="brotli",
        target=LINUX,
        globs=("c/*/*.c", "python/_brotli.c"),
        roots=("c/include", "c"),
        fewest=25,
        uses_python=True,
    ),
    Sources(
        project="greenlet",
        target=LINUX,
        globs=("src/greenlet/greenlet.cpp",),
        roots=("src/greenlet", "src"),
        fewest=1,
        uses_python=True,
    ),
    Sources(
        project="greenlet",
        target=WINDOWS,
        globs=("src/greenlet/greenlet.cpp",),
        roots=("src/greenlet", "src"),
        fewest=1,
        uses_python=True,
    ),
    Sources(
        project="libsass",
        target=LINUX,
        globs=("libsass/src/*.c*", "pysass.cpp"),
        roots=("libsass/include", "libsass/src"),
        fewest=60,
    ),
    Sources(
        project="psutil",
        target=LINUX,
        globs=("psutil/*linux.c", "psutil/arch/[alp]*/*.c"),
        roots=(".",),
        fewest=15,
        uses_python=True,
    ),
    Sources(
        project="psutil",
        target=MACOS,
        globs=("psutil/*osx.c", "psutil/arch/[ao]*/*.c"),
        roots=(".",),
        fewest=10,
        uses_python=True,
    ),
    Sources(
        project="psutil",
        target=WINDOWS,
        globs=("psutil/*windows.c", "psutil/arch/[aw]*/*.c"),
        roots=(".",),
        fewest=10,
        uses_python=True,
    ),
)


@pytest.fixture(scope="module")
def sdists(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return fetch_sdists(SDISTS, tmp_path_factory.mktemp("sdists"))


def graph_of(root: Path, roots: tuple[str, ...]) -> IncludeGraph:
    """Return all C/C++ files of a project as those of one target."""
    files = sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return IncludeGraph(
        CcFile(
            path=path.relative_to(root).as_posix(),
            owner=":all",
            include_roots=roots,
            scan=scan_text(path.read_text(errors="replace")),
        )
        for path in files
    )


def dependencies(root: Path, source: str, sources: Sources) -> set[str]:
    """Return the project's files that the compiler reads for a source. Headers of others need not exist."""
    headers = ("-isystem", str(python_headers())) if sources.uses_python else ()
    command = [
        *(sys.executable, "-m", "ziglang", *(C if source.endswith(".c") else CXX), "-target", sources.target),
        *(f"-I{include_root}" for include_root in sources.roots),
        *(*headers, "-w", "-M", "-MG", "-MT", "x", source),
    ]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    names = result.stdout.replace("\\\n", " ").split()[1:]
    return {name for name in names if (root / name).is_file()} - {source}


def python_headers() -> Path:
    python = find_python("3.12")
    code = "import sysconfig; print(sysconfig.get_path('include'))"
    return Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())


def normalized(root: Path, found: set[str]) -> set[str]:
    """Return paths of the project, without `..` and without the machine's own."""
    paths = {(root / path).resolve() for path in found}
    return {path.relative_to(root.resolve()).as_posix() for path in paths if path.is_relative_to(root.resolve())}


def compared(root: Path, sources: Sources) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield each source, the files that the compiler reads for it, and those that the search finds."""
    graph = graph_of(root, tuple("" if include_root == "." else include_root for include_root in sources.roots))
    paths = sorted({p.relative_to(root).as_posix() for glob in sources.globs for p in root.glob(glob)})
    with ThreadPoolExecutor(max_workers=2) as pool:
        read = list(pool.map(lambda path: normalized(root, dependencies(root, path, sources)), paths))
    for path, files in zip(paths, read):
        yield path, files, set(graph.closure(path, {}).headers)


@pytest.mark.parametrize("sources", SETS, ids=[f"{s.project}-{s.target.split('-')[1]}" for s in SETS])
def test_all_that_the_compiler_reads_is_found(sdists: dict[str, Path], sources: Sources) -> None:
    results = list(compared(sdists[sources.project], sources))
    assert {path: read - found for path, read, found in results if read - found} == {}
    assert len(results) >= sources.fewest
    assert sum(len(read) for _, read, _ in results) >= sources.fewest
