"""The environment of `tools/release`: what the release commands import, installed once in Spokeshave's home directory.

Only a checkout has the pins. An installed `spokeshave` has these packages as its requirements. This module runs before
anything is installed, on the standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.pinned_environment import PinnedEnvironment
from spokeshave.setup_steps import say
from spokeshave_core.home import spokeshave_home
from spokeshave_core.problems import SpokeshaveError

COMMAND = "release"
_FOLDER = Path(__file__).parents[3] / "3rdparty/python"
PINS = (_FOLDER / "tools.txt", _FOLDER / "twine.txt")


def environment(home: Path, pins: Sequence[Path] = PINS) -> PinnedEnvironment:
    """Return the environment, which may not exist yet."""
    return PinnedEnvironment(home=home, command=COMMAND, pins=pins, packages="what the release commands import")


def main() -> int:
    """Print the path of the environment's Python."""
    try:
        python = environment(spokeshave_home()).python(lambda: sys.executable)
    except SpokeshaveError as err:
        say(str(err), COMMAND)
        return ExitCode.USER_ERROR
    sys.stdout.write(f"{python}\n")
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
