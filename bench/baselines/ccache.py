"""Debian's ccache around a compiler, with a cache of its own and without the user's settings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus import command
from bench.errors import BenchError

_HITS = ("direct_cache_hit", "preprocessed_cache_hit")


@dataclass(frozen=True)
class CompilerCalls:
    """The number of compiler calls that ccache answered, and of those that ran the compiler."""

    hits: int
    misses: int


@dataclass(frozen=True)
class Ccache:
    """The program and its cache."""

    program: str
    folder: Path

    @classmethod
    def find(cls, folder: Path) -> Ccache:
        """Return the installed ccache.

        Raises:
            BenchError: If it is not installed.
        """
        program = shutil.which("ccache")
        if program is None:
            raise BenchError("`cache` needs ccache, which is not on PATH. Install it (Debian: ccache).")
        return cls(program, folder)

    def around(self, source: Path) -> tuple[str, Mapping[str, str]]:
        """Return the prefix of a compiler call, and variables with which the same tree hits in another directory."""
        return f"{self.program} ", {
            **self._variables,
            "CCACHE_BASEDIR": str(source),
            "CCACHE_NOHASHDIR": "1",
            # The compiler is a script that calls zig. It is identified by its text, and takes clang's options.
            "CCACHE_COMPILERCHECK": "content",
            "CCACHE_COMPILERTYPE": "clang",
            # The files of a fresh checkout are new.
            "CCACHE_SLOPPINESS": "include_file_ctime,include_file_mtime",
        }

    def clear(self) -> None:
        """Delete all results."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def calls(self) -> CompilerCalls:
        """Return the compiler calls since the previous query."""
        statistics = self._run("--print-stats").output
        self._run("--zero-stats")
        return parse_calls(statistics)

    def size(self) -> int:
        """Return the bytes of the files in its cache."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    @property
    def _variables(self) -> dict[str, str]:
        return {"CCACHE_DIR": str(self.folder), "CCACHE_CONFIGPATH": os.devnull}

    def _run(self, option: str) -> command.Finished:
        return command.run([self.program, option], cwd=Path.cwd(), env={**os.environ, **self._variables})


def parse_calls(text: str) -> CompilerCalls:
    """Parse the output of `ccache --print-stats`: a name and a number on each line."""
    counters = {name: int(value) for name, value in (line.split("\t") for line in text.splitlines())}
    return CompilerCalls(sum(counters[name] for name in _HITS), counters["cache_miss"])
