"""Follow includes and dependencies to everything that some C/C++ targets need."""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.cc.target_types import CCSourceField
from pants.core.target_types import FileSourceField, ResourceSourceField
from pants.engine.addresses import Address, Addresses
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import Dependencies, DependenciesRequest, GenerateSourcesRequest, SourcesField, Targets
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.include_scan import IncludeClosure
from spokeshave_pants.cc.link_closure import LinkClosure
from spokeshave_pants.cc.target_types import CcRequirementsFileField, CcSharedLibraryDependenciesField
from spokeshave_pants.cc.util_rules import unity
from spokeshave_pants.cc.util_rules.include_graph import CcTargets, IncludeClosureRequest, owner_of


@dataclass(frozen=True)
class LinkClosureRequest:
    """The closure of what some targets (C/C++ ones, third-party packages, shared libraries, files) pull in."""

    roots: Addresses


@dataclass(frozen=True)
class DirectNeedsRequest:
    """What one C/C++ target needs itself."""

    owner: str


@dataclass(frozen=True)
class DirectNeeds:
    owners: tuple[Address, ...]
    others: tuple[Address, ...]


@dataclass(frozen=True)
class SortedTargets:
    """Targets by what they are to a link."""

    owners: tuple[Address, ...]
    packages: tuple[Address, ...]
    shared_libraries: tuple[Address, ...]
    files: tuple[Address, ...]


def file_fields(union_membership: UnionMembership) -> tuple[type[SourcesField], ...]:
    """The fields that plain or generated files come of: headers and the like that no include graph knows."""
    outputs = (FileSourceField, ResourceSourceField)
    generators = union_membership.get(GenerateSourcesRequest)
    return (*outputs, *(generator.input for generator in generators if issubclass(generator.output, outputs)))


def sort_targets(targets: Targets, with_files: tuple[type[SourcesField], ...]) -> SortedTargets:
    return SortedTargets(
        owners=tuple(dict.fromkeys(owner_of(t.address) for t in targets if t.has_field(CCSourceField))),
        packages=tuple(t.address for t in targets if t.has_field(CcRequirementsFileField)),
        shared_libraries=tuple(t.address for t in targets if t.has_field(CcSharedLibraryDependenciesField)),
        files=tuple(
            t.address for t in targets if not t.has_field(CCSourceField) and isinstance(t.get(SourcesField), with_files)
        ),
    )


@rule(level=LogLevel.DEBUG)
async def direct_needs(request: DirectNeedsRequest, cc_targets: CcTargets) -> DirectNeeds:
    members = cc_targets.graph.members(request.owner)
    closures = await MultiGet(Get(IncludeClosure, IncludeClosureRequest(path)) for path in members)
    dependencies = await MultiGet(
        Get(Targets, DependenciesRequest(cc_targets.by_path[path].get(Dependencies))) for path in members
    )
    headers = {header for closure in closures for header in closure.headers}
    included = {owner_of(cc_targets.by_path[header].address) for header in headers}
    listed = {target.address for targets in dependencies for target in targets}
    return DirectNeeds(owners=tuple(sorted(included)), others=tuple(sorted(listed)))


@rule(level=LogLevel.DEBUG)
async def link_closure(request: LinkClosureRequest, union_membership: UnionMembership) -> LinkClosure:
    with_files = file_fields(union_membership)
    seen: dict[str, set[Address]] = {"owners": set(), "packages": set(), "shared_libraries": set(), "files": set()}
    pending = tuple(request.roots)
    while pending:
        found = sort_targets(await Get(Targets, Addresses(pending)), with_files)
        new = [owner for owner in found.owners if owner not in seen["owners"]]
        for kind, addresses in seen.items():
            addresses.update(getattr(found, kind))
        needs = await MultiGet(Get(DirectNeeds, DirectNeedsRequest(owner.spec)) for owner in new)
        reached = {address for need in needs for address in (*need.owners, *need.others)}
        known = seen["owners"] | seen["packages"] | seen["shared_libraries"] | seen["files"]
        pending = tuple(sorted(address for address in reached if owner_of(address) not in known))
    return LinkClosure(**{kind: tuple(sorted(addresses)) for kind, addresses in seen.items()})


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *unity.rules()]
