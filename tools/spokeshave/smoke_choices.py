"""What of a wheel a smoke test runs and imports: the scripts, with which arguments, and the modules."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from spokeshave.checks.scripts import read_scripts
from spokeshave.errors import Problem
from spokeshave.import_names import import_names
from spokeshave.wheel_tree import WheelTree

HELP = ("--help",)
_NO_MODULE = "Correct the name in `smoke_optional_imports` (--skip-import), or leave it out."


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

    def problems(self, tree: WheelTree, wheel: str) -> list[Problem]:
        """Everything that is said of scripts and modules which the wheel does not have."""
        own = console_scripts(tree)
        remedy = f"Correct the name. The wheel's console scripts are: {', '.join(own) or 'none'}."
        unknown = [name for name in self.scripts if name not in own]
        absent = [name for name in self.optional if not _has_module(tree, name)]
        return [
            *(Problem(wheel, f"has no console script {name!r}", remedy) for name in unknown),
            *(Problem(wheel, f"has no module {name!r}, which is said to be optional", _NO_MODULE) for name in absent),
        ]


def console_scripts(tree: WheelTree) -> list[str]:
    """The names of a wheel's console scripts."""
    return [script.name for script in read_scripts(tree) if script.group == "console_scripts"]


def modules_to_try(tree: WheelTree, choices: SmokeChoices) -> list[str]:
    """The modules whose import is a check of its own, and those that are said to be optional."""
    return sorted({*import_names(tree), *choices.optional})


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
