"""Files of sha256 sums, as `sha256sum` writes them."""

from __future__ import annotations

import re
from pathlib import Path

from spokeshave.release.fetch.failures import FetchError
from spokeshave_core.problems import Problem, Problems

_LINE = re.compile(r"\\?(?P<sha256>[0-9a-fA-F]{64}) [ *](?P<path>.+)")
_REMEDY = "Give a file as `sha256sum *` writes it: lines of a sha256 and a file."


def read_sums_file(path: Path) -> dict[str, str]:
    """Return the sha256 of files by their names, without folders.

    Raises:
        FetchError: For each line that is not one, and for a name with two sums.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is not text"
        raise FetchError(Problem(str(path), f"cannot be read ({reason})", _REMEDY)) from err
    problems = Problems()
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line.rstrip())
        if not line.strip() or line.startswith("#"):
            continue
        if match is None:
            problems.add(f"{path}, line {number}", "is not a sha256 and a file", _REMEDY)
            continue
        name = re.split(r"[/\\]", match["path"])[-1]
        if sums.setdefault(name, match["sha256"].lower()) != match["sha256"].lower():
            problems.add(f"{path}, line {number}", f"has another sha256 of {name} than a line before", _REMEDY)
    problems.raise_if_any(FetchError)
    return sums
