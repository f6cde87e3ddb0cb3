"""The scripts and modules of a wheel that a smoke test runs and imports, by default or by the user's choice."""

from __future__ import annotations

import argparse
import configparser
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint

from spokeshave.errors import InvalidWheelError, some
from spokeshave.wheel.import_names import import_names
from spokeshave.wheel.scripts import read_scripts
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problem, Problems, SpokeshaveError

HELP = ("--help",)
_NO_MODULE = "Correct the name in `smoke_optional_imports` (--skip-import), or omit it."
_ENTRY_POINTS = "Correct the entry points in pyproject.toml."


class SmokeTestError(SpokeshaveError):
    """A smoke test that cannot be started as requested."""


@dataclass(frozen=True)
class SmokeChoices:
    """The user's choices for a wheel's scripts and modules.

    Attributes:
        scripts: The arguments of a console script by its name, if not `--help`. None for one that is not run.
        optional: Modules that are not imported, including those below them, because they need optional dependencies.
    """

    scripts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()

    def arguments_for(self, script: EntryPoint) -> tuple[str, ...]:
        """Return the arguments to run a script with. Empty if it is not run."""
        return self.scripts.get(script.name, () if self.is_optional(module_of(script)) else HELP)

    def is_optional(self, module: str) -> bool:
        """Return whether a module is not to be imported."""
        return any(f"{module}.".startswith(f"{name}.") for name in self.optional)

    def check(self, trees: Sequence[WheelTree]) -> None:
        """Check that each script and module belongs to one of the wheels.

        Args:
            trees: The wheels. Only their files in dist-info are read.

        Raises:
            SmokeTestError: For all names that no wheel has, and for entry points that cannot be read.
        """
        problems = Problems()
        own = set()
        for tree in trees:
            with problems.collecting():
                own |= {script.name for script in console_scripts(tree)}
        place = some([str(tree.name) for tree in trees])
        lacks, owner = ("has no", "The wheel's") if len(trees) == 1 else ("have no", "The wheels'")
        remedy = f"Correct the name. {owner} console scripts are: {', '.join(sorted(own)) or 'none'}."
        for name in self.scripts if not problems else ():
            if name not in own:
                problems.add(place, f"{lacks} console script {name!r}", remedy)
        for name in self.optional:
            if not any(_has_module(tree, name) for tree in trees):
                problems.add(place, f"{lacks} module {name!r}, which is declared optional", _NO_MODULE)
        problems.raise_if_any(SmokeTestError)


def module_of(script: EntryPoint) -> str:
    """Return the module that a script imports. The value has the form `module:function [extra]`."""
    return script.value.partition("[")[0].partition(":")[0].strip()


def console_scripts(tree: WheelTree) -> list[EntryPoint]:
    """Return a wheel's console scripts.

    Raises:
        InvalidWheelError: If its entry points cannot be read.
    """
    try:
        return [script for script in read_scripts(tree) if script.group == "console_scripts"]
    except configparser.Error as err:
        place = f"{tree.dist_info}/entry_points.txt"
        message = f"cannot be read ({' '.join(err.message.split())})"
        raise InvalidWheelError(Problem(place, message, _ENTRY_POINTS)) from err


def modules_to_try(tree: WheelTree, choices: SmokeChoices) -> list[str]:
    """Return the modules whose import is a check of its own, and the wheel's optional modules."""
    return sorted({*import_names(tree), *(name for name in choices.optional if _has_module(tree, name))})


def command_line(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a script and its arguments in the form of a command line."""
    try:
        name, *arguments = shlex.split(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a valid command; give the name of a script and its arguments"
        ) from err
    if not arguments:
        raise argparse.ArgumentTypeError(f"{text!r} has no arguments; give at least one, or use --skip-script")
    return name, tuple(arguments)


def _has_module(tree: WheelTree, name: str) -> bool:
    stem = name.replace(".", "/")
    return any(path.startswith((f"{stem}/", f"{stem}.")) for path in tree.installed)
