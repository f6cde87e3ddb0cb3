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
# Neither a source nor what is linked: Cython and backends in the source tree put objects into temporary folders.
_OBJECT = re.compile(r"\S+\.(?:o|obj)(?=\s|$)")


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
            counts["probes" if _PROBE.search(_OBJECT.sub("", arguments)) else _CALL_KINDS[kind]] += 1
    report.compiles = counts["compiles"]
    report.links = counts["links"]
    report.probes = counts["probes"]
    report.refused = list(refused)
