"""The targets that a command line names, for rules that are not given them. An adapter of Pants' private `_Options`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pants.base.specs import Specs
from pants.base.specs_parser import SpecsParser
from pants.engine.addresses import Address
from pants.engine.internals.options_parsing import _Options
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule

from spokeshave_pants.pants_api import implicitly, resolve_targets, rule


@dataclass(frozen=True)
class NamedTargets:
    """The targets that the command line names, by `::`, a folder, a file or an address."""

    addresses: tuple[Address, ...]


@rule
async def named_targets(options: _Options) -> NamedTargets:
    """Rules of a union such as `PublishRequest` do not get the specs of the run from Pants."""
    specs = parse_specs(options.options.specs)
    targets = await resolve_targets(**implicitly({specs: Specs}))
    return NamedTargets(tuple(target.address for target in targets))


def parse_specs(texts: Iterable[str]) -> Specs:
    """Return what arguments such as `::` or `-b::` name."""
    return SpecsParser().parse_specs(texts, description_of_origin="the command line")


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
