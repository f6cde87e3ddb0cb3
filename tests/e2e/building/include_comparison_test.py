"""The include search finds all files that the compiler reads, for sources of other projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from differential.includes import LINUX, MACOS, WINDOWS, Sources, compared
from e2e.support.upstream import fetch_sdists

SDISTS = Path(__file__).parent / "sdists.txt"

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


@pytest.mark.parametrize("sources", SETS, ids=[f"{s.project}-{s.target.split('-')[1]}" for s in SETS])
def test_all_that_the_compiler_reads_is_found(sdists: dict[str, Path], sources: Sources) -> None:
    results = list(compared(sdists[sources.project], sources))
    assert {path: read - found for path, read, found in results if read - found} == {}
    assert len(results) >= sources.fewest
    assert sum(len(read) for _, read, _ in results) >= sources.fewest
