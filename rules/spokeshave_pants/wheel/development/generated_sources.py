"""The Python files that developer installs wrote next to sources, and which Pants must not see. Without the engine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from spokeshave_core.json_values import parse_any
from spokeshave_core.problems import bullet_list

# As `spokeshave.develop.written` names it.
_RECORD = "develop.json"


def generated_sources(state: Path) -> tuple[str, ...]:
    """Return the Python files that the record in a folder lists, by their paths from the build root."""
    try:
        owners = parse_any((state / _RECORD).read_text(encoding="utf-8"))
        return tuple(sorted({path for files in owners.values() for path in files if path.endswith(".py")}))
    except (OSError, ValueError, AttributeError, TypeError):
        return ()


def taken_for_sources(paths: Iterable[str]) -> str:
    """Return that Pants sees generated files, and what to do."""
    paths = tuple(paths)
    return (
        "Pants takes files that `develop` generated for sources, so that wheels would contain them:\n"
        f"{bullet_list(paths)}\nAdd these lines to the .gitignore of the build root. If it has them, Pants' daemon has "
        "not noticed yet: delete the folder `.pids` to restart it, and run the command again.\n"
        + "\n".join(f"    /{path}" for path in paths)
    )
