"""The include search of the plugin, and the files that clang reads (`-M`), for sources of published projects."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from differential.comparison import Compared
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.parallel import in_parallel
from e2e.support.project import find_python
from spokeshave_pants.cc.includes.scan import CcFile, scan_text
from spokeshave_pants.cc.includes.search import IncludeGraph

C = ("cc", "-std=gnu17")
CXX = ("c++", "-std=gnu++20")
LINUX = "x86_64-linux-gnu.2.17"
WINDOWS = "x86_64-windows-gnu"
MACOS = "aarch64-macos.11.0"
SUFFIXES = {".c", ".cc", ".cpp", ".h", ".hh", ".hpp", ".inc", ".inl"}


@dataclass(frozen=True)
class Sources:
    """The sources of one project that are compiled for a target, and its include roots."""

    project: str
    target: str
    globs: tuple[str, ...]
    roots: tuple[str, ...]
    fewest: int
    uses_python: bool = False

    @property
    def case(self) -> str:
        """The project and the system."""
        return f"{self.project}:{self.target.split('-')[1].partition('.')[0]}"


_LIBUV = "vendor/libuv"
_UV_ROOTS = (f"{_LIBUV}/include", f"{_LIBUV}/src")
_PILLOW_ROOTS = ("src/libImaging", "src", "src/thirdparty/raqm", "src/thirdparty/fribidi-shim")
SETS = (
    Sources(
        project="uvloop",
        target=LINUX,
        globs=(f"{_LIBUV}/src/*.c", f"{_LIBUV}/src/unix/[alpst]*.c"),
        roots=_UV_ROOTS,
        fewest=20,
    ),
    Sources(
        project="uvloop",
        target=MACOS,
        globs=(f"{_LIBUV}/src/*.c", f"{_LIBUV}/src/unix/[acdfkt]*.c"),
        roots=_UV_ROOTS,
        fewest=20,
    ),
    Sources(
        project="uvloop",
        target=WINDOWS,
        globs=(f"{_LIBUV}/src/*.c", f"{_LIBUV}/src/win/*.c"),
        roots=_UV_ROOTS,
        fewest=20,
    ),
    *(
        Sources(
            project="pillow",
            target=target,
            # Without files that cannot be read without FreeType's and libwebp's headers.
            globs=(
                "src/[!_]*.c",
                "src/_[!iw]*.c",
                "src/_imaging[!f]*.c",
                "src/libImaging/*.c",
                "src/Tk/*.c",
            ),
            roots=_PILLOW_ROOTS,
            fewest=80,
            uses_python=True,
        )
        for target in (LINUX, WINDOWS)
    ),
    Sources(
        project="hiredis",
        target=LINUX,
        # Without ssl.c, which needs OpenSSL.
        globs=("src/*.c", "vendor/hiredis/[!s]*.c", "vendor/hiredis/s[!s]*.c"),
        roots=("vendor",),
        fewest=11,
        uses_python=True,
    ),
    Sources(
        project="zstandard",
        target=LINUX,
        globs=("c-ext/*.c", "zstd/*.c"),
        roots=("zstd", "c-ext"),
        fewest=18,
        uses_python=True,
    ),
    Sources(
        project="lz4",
        target=LINUX,
        globs=("lz4libs/*.c", "lz4/*.c", "lz4/*/*.c"),
        roots=("lz4libs",),
        fewest=7,
        uses_python=True,
    ),
    Sources(
        project="pysimdjson", target=LINUX, globs=("simdjson/*.cpp",), roots=("simdjson",), fewest=2, uses_python=True
    ),
    Sources(project="contourpy", target=LINUX, globs=("src/*.cpp",), roots=("src",), fewest=14, uses_python=True),
)


def compare(field: Field) -> Iterator[Compared]:
    """Compare the files of the project that each source reads."""
    with tempfile.TemporaryDirectory() as scratch:
        projects = {}
        for sdist in fetch_pinned("include-sdists", field.cache):
            with tarfile.open(sdist) as archive:
                archive.extractall(scratch)
            folder = sdist.name[: -len(".tar.gz")]
            projects[folder.partition("-")[0]] = Path(scratch).resolve() / folder
        for sources in SETS:
            yield from _compare(projects[sources.project], sources)


def _compare(root: Path, sources: Sources) -> Iterator[Compared]:
    """Yield one case for each source, and one for each header that is an input of sources which do not read it."""
    more: Counter[str] = Counter()
    results = list(compared(root, sources))
    if len(results) < sources.fewest:
        yield Compared("sources", sources.case, f"only {len(results)} sources")
    for path, read, found in results:
        missed = sorted(read - found)
        more.update(found - read)
        yield Compared("headers that clang reads", f"{sources.case}:{path}", f"missed: {missed}" if missed else None)
    for header in sorted(set().union(*(found for _, _, found in results))):
        text = f"not read by {more[header]} of its sources" if more[header] else None
        yield Compared("headers that we find", f"{sources.case}:{header}", text)


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


@lru_cache(maxsize=1)
def python_headers() -> Path:
    """Return the folder of the headers of CPython 3.12."""
    code = "import sysconfig; print(sysconfig.get_path('include'))"
    command = [find_python("3.12"), "-c", code]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def normalized(root: Path, found: set[str]) -> set[str]:
    """Return paths of the project, without `..` and without the machine's own."""
    paths = {(root / path).resolve() for path in found}
    return {path.relative_to(root.resolve()).as_posix() for path in paths if path.is_relative_to(root.resolve())}


def compared(root: Path, sources: Sources) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield each source, the files that the compiler reads for it, and those that the search finds."""
    graph = graph_of(root, tuple("" if include_root == "." else include_root for include_root in sources.roots))
    paths = sorted({p.relative_to(root).as_posix() for glob in sources.globs for p in root.glob(glob)})
    read = in_parallel(lambda path: normalized(root, dependencies(root, path, sources)), paths)
    for path, files in zip(paths, read):
        yield path, files, set(graph.closure(path, {}).headers)
