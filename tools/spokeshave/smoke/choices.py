"""What of a wheel a smoke test runs and imports: the scripts, with which arguments, and the modules."""

from __future__ import annotations

import argparse
import configparser
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spokeshave.errors import InvalidWheelError
from spokeshave.verify.checks.scripts import read_scripts
from spokeshave.wheel.import_names import import_names
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problem, Problems, SpokeshaveError

HELP = ("--help",)
_NO_MODULE = "Correct the name in `smoke_optional_imports` (--skip-import), or leave it out."
_ENTRY_POINTS = "Correct the entry points in pyproject.toml."


class SmokeTestError(SpokeshaveError):
    """A smoke test that cannot be begun as asked for."""


@dataclass(frozen=True)
class SmokeChoices:
    """What a user says of a wheel's scripts and modules.

    Attributes:
        scripts: The arguments that try a console script, by its name, where it is not `--help`; none for one that is
            not run.
        optional: Modules that are not imported, and none below them: they need what the wheel does not require.
    """

    scripts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()

    def arguments_for(self, script: str) -> tuple[str, ...]:
        """The arguments that try a script; none where it is not to be run."""
        return self.scripts.get(script, HELP)

    def is_optional(self, module: str) -> bool:
        """Whether a module is not to be imported."""
        return any(f"{module}.".startswith(f"{name}.") for name in self.optional)

    def check(self, trees: Sequence[WheelTree]) -> None:
        """Check that each script and module is one of the wheels'.

        Args:
            trees: The wheels; of their files only those in dist-info are read.

        Raises:
            SmokeTestError: With all that none of the wheels has, and entry points that cannot be read.
        """
        problems = Problems()
        own = set()
        for tree in trees:
            with problems.collecting():
                own |= set(console_scripts(tree))
        place = ", ".join(str(tree.name) for tree in trees)
        lacks, owner = ("has no", "The wheel's") if len(trees) == 1 else ("have no", "The wheels'")
        remedy = f"Correct the name. {owner} console scripts are: {', '.join(sorted(own)) or 'none'}."
        for name in self.scripts if not problems else ():
            if name not in own:
                problems.add(place, f"{lacks} console script {name!r}", remedy)
        for name in self.optional:
            if not any(_has_module(tree, name) for tree in trees):
                problems.add(place, f"{lacks} module {name!r}, which is said to be optional", _NO_MODULE)
        problems.raise_if_any(SmokeTestError)


def console_scripts(tree: WheelTree) -> list[str]:
    """The names of a wheel's console scripts; raises InvalidWheelError where its entry points cannot be read."""
    try:
        return [script.name for script in read_scripts(tree) if script.group == "console_scripts"]
    except configparser.Error as err:
        place = f"{tree.dist_info}/entry_points.txt"
        message = f"cannot be read ({' '.join(err.message.split())})"
        raise InvalidWheelError(Problem(place, message, _ENTRY_POINTS)) from err


def modules_to_try(tree: WheelTree, choices: SmokeChoices) -> list[str]:
    """The modules whose import is a check of its own, and those of the wheel that are said to be optional."""
    return sorted({*import_names(tree), *(name for name in choices.optional if _has_module(tree, name))})


def command_line(text: str) -> tuple[str, tuple[str, ...]]:
    """A script and its arguments as a user writes them on a command line."""
    try:
        name, *arguments = shlex.split(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError(f"{text!r} is not a command: give a script's name and arguments") from err
    if not arguments:
        raise argparse.ArgumentTypeError(f"{text!r} has no arguments: give some, or use --skip-script")
    return name, tuple(arguments)


def _has_module(tree: WheelTree, name: str) -> bool:
    stem = name.replace(".", "/")
    return any(path.startswith((f"{stem}/", f"{stem}.")) for path in tree.installed)
