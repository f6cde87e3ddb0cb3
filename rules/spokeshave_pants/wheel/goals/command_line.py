"""The targets that a command line names, for rules that are not given them. An adapter of Pants' private `_Options`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pants.base.build_root import BuildRoot
from pants.base.specs import Specs
from pants.base.specs_parser import SpecsParser
from pants.engine.addresses import Address
from pants.engine.env_vars import EnvironmentVarsRequest
from pants.engine.internals.options_parsing import _Options
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule

from spokeshave_pants.pants_api import environment_vars_subset, implicitly, resolve_targets, rule

# Pants parses the specs of a user who is in a folder below the build root relative to it, and does not say which it is.
_FOLDER = "PWD"


@dataclass(frozen=True)
class NamedTargets:
    """The targets that the command line names, by `::`, a folder, a file or an address."""

    addresses: tuple[Address, ...]


@rule
async def named_targets(options: _Options, build_root: BuildRoot) -> NamedTargets:
    """Rules of a union such as `PublishRequest` do not get the specs of the run from Pants."""
    variables = await environment_vars_subset(EnvironmentVarsRequest([_FOLDER]), **implicitly())
    folder = working_folder(build_root.path, variables.get(_FOLDER, ""))
    specs = parse_specs(options.options.specs, build_root.path, folder)
    targets = await resolve_targets(**implicitly({specs: Specs}))
    return NamedTargets(tuple(target.address for target in targets))


def working_folder(build_root: str, folder: str) -> str:
    """Return the folder that the user is in, relative to the build root; empty for the root, or if it is elsewhere."""
    path = os.path.relpath(os.path.realpath(folder), os.path.realpath(build_root)) if folder else "."
    return "" if path == "." or Path(path).parts[0] == os.pardir else path


def parse_specs(texts: Iterable[str], build_root: str, folder: str) -> Specs:
    """Return what arguments such as `::` or `-b::` name, for a user in a folder of the repository."""
    parser = SpecsParser(root_dir=build_root, working_dir=folder or None)
    return parser.parse_specs(texts, description_of_origin="the command line")


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
