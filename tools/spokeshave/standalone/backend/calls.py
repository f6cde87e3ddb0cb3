"""The calls of the compiler driver, by its log."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from spokeshave.standalone.backend.request import PLACE, Report

# Files that configure checks of CMake, meson, autoconf and setuptools compile and link.
_PROBE = re.compile(
    r"CMakeScratch|CMakeFiles/CMakeTmp|cmTC_|CompilerId|meson-private|sanitycheck|conftest|_configtest|"
    rf"(?:/{PLACE}/tmp/|\btmp[a-z0-9_]{{8}}/?)[^/\s]*(?=\s|$)"
)
_CALL_KINDS = {"compile": "compiles", "link": "links"}
# Neither a source nor what is linked: folders that are searched, files of dependencies, and objects, which Cython and
# backends in the source tree put into temporary folders.
_OTHERS = re.compile(r"(?:^|(?<=\s))-(?:I|L|isystem|M[FTQ])\s*\S+|\S+\.(?:o|obj)(?=\s|$)")
# A source of C++, or a language that is given for all sources.
_CXX = re.compile(r"\.(?:cc|cpp|cxx|c\+\+|C|mm)(?=\s|$)|(?:^|\s)-x ?c\+\+(?=\s|$)")


def count_calls(log: Path, report: Report) -> None:
    """Count the driver's calls in its log."""
    if not log.is_file():
        return
    counts: Counter[str] = Counter()
    refused: dict[str, None] = {}
    for line in log.read_text(errors="replace").splitlines():
        kind, _, arguments = line.partition(" ")
        if kind == "emulate":
            refused[Path(arguments.partition(" ")[0]).name] = None
        if kind in _CALL_KINDS:
            counted = "probes" if _PROBE.search(_OTHERS.sub("", arguments)) else _CALL_KINDS[kind]
            counts[counted] += 1
            counts["cxx"] += counted == "compiles" and bool(_CXX.search(arguments))
    report.compiles = counts["compiles"]
    report.cxx = counts["cxx"]
    report.links = counts["links"]
    report.probes = counts["probes"]
    report.refused = list(refused)
