"""Programs of C and C++ projects that print how to compile with them, such as `xml2-config`.

They are shell scripts with the folder that the project was configured for. Each is copied with the folder of this
sandbox in its place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# What projects are configured for, and where the trees of other projects are (`resources/project.cmake`).
_PREFIX = re.compile(r"/spokeshave(?![\w.-])")
_OTHERS = re.compile(r"(?<![./])\./(?=__prefix/)")
_SCRIPT = b"#!"


def config_programs(prefixes: Iterable[Path], sandbox: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each such program of install trees. Of one name, the first counts."""
    for prefix in prefixes:
        for program in sorted((prefix / "bin").glob("*[-_]config")):
            content = program.read_bytes()
            if content.startswith(_SCRIPT):
                text = content.decode("utf-8", errors="surrogateescape")
                yield program.name, _OTHERS.sub(f"{sandbox}/", _PREFIX.sub(str(prefix), text))


def write_programs(folder: Path, programs: Iterable[tuple[str, str]]) -> None:
    """Write programs into a folder of PATH, but for those that exist there."""
    for name, text in programs:
        program = folder / name
        if not os.path.lexists(program):
            program.write_text(text, encoding="utf-8", errors="surrogateescape")
            program.chmod(0o755)
