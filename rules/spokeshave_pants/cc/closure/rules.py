"""Rules that follow includes and dependencies to everything that C/C++ targets need."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pants.backend.cc.target_types import CCSourceField
from pants.engine.addresses import Address, Addresses
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Dependencies, DependenciesRequest, Targets
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.closure import generated_rules as generated
from spokeshave_pants.cc.closure import unity_rules as unity
from spokeshave_pants.cc.closure.generated_rules import CcSource, GeneratedSourcesRequest, find_generated_sources
from spokeshave_pants.cc.closure.link_closure import LinkClosure, strangers_warning
from spokeshave_pants.cc.includes.rules import (
    CcOwnerRequest,
    CcTargets,
    ResolveIncludesRequest,
    VisibleRequest,
    explicit_dependencies,
    find_owner,
    find_visible,
    is_looked_through,
    owner_of,
    resolve_includes,
)
from spokeshave_pants.cc.project.projects import is_project
from spokeshave_pants.cc.target_types import (
    CcGeneratedDependenciesField,
    CcRequirementsFileField,
    CcSharedLibraryDependenciesField,
)
from spokeshave_pants.pants_api import (
    concurrently,
    implicitly,
    resolve_targets,
    rule,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LinkClosureRequest:
    """A request for the closure of targets: C/C++ sources, third-party packages and shared libraries."""

    roots: Addresses


@dataclass(frozen=True)
class DirectNeedsRequest:
    """A request for the direct needs of one C/C++ target."""

    owner: str


@dataclass(frozen=True)
class DirectNeeds:
    """The targets whose headers the files of a C/C++ target include, and the targets that it lists."""

    owners: tuple[Address, ...]
    others: tuple[Address, ...]


@dataclass(frozen=True)
class SortedTargets:
    """Targets sorted by their role in a link. `groups` stand for their dependencies."""

    owners: tuple[Address, ...]
    packages: tuple[Address, ...]
    shared_libraries: tuple[Address, ...]
    projects: tuple[Address, ...]
    groups: tuple[Address, ...]


def sort_targets(targets: Targets) -> SortedTargets:
    """Sort targets by their role in a link."""
    shared = tuple(t.address for t in targets if t.has_field(CcSharedLibraryDependenciesField))
    return SortedTargets(
        owners=tuple(
            dict.fromkeys(
                owner_of(t.address)
                for t in targets
                if t.has_field(CCSourceField) or t.has_field(CcGeneratedDependenciesField)
            )
        ),
        packages=tuple(t.address for t in targets if t.has_field(CcRequirementsFileField)),
        shared_libraries=shared,
        projects=tuple(t.address for t in targets if is_project(t)),
        groups=tuple(t.address for t in targets if is_looked_through(t) and t.address not in shared),
    )


@rule(level=LogLevel.DEBUG)
async def direct_needs(request: DirectNeedsRequest, cc_targets: CcTargets) -> DirectNeeds:
    owner, sources, visible = await concurrently(
        find_owner(CcOwnerRequest(request.owner), **implicitly()),
        find_generated_sources(GeneratedSourcesRequest(request.owner), **implicitly()),
        find_visible(VisibleRequest(request.owner), **implicitly()),
    )
    files = (*map(CcSource, cc_targets.graph.members(request.owner)), *sources.sources)
    resolved = await concurrently(
        resolve_includes(ResolveIncludesRequest(file.path, owner=file.owner), **implicitly()) for file in files
    )
    explicit, _ = await explicit_dependencies(owner.dependencies)
    headers = {header for found in resolved for header in found.closure.headers}
    included = {owner_of(cc_targets.by_path[header].address) for header in headers if header in cc_targets.by_path}
    listed = {*visible.inferred, *explicit}
    strangers = {s for found in resolved for s in found.closure.strangers if s.includer == request.owner}
    if strangers:
        logger.warning(strangers_warning(request.owner, strangers))
    return DirectNeeds(owners=tuple(sorted(included)), others=tuple(sorted(listed)))


@rule(level=LogLevel.DEBUG)
async def link_closure(request: LinkClosureRequest) -> LinkClosure:
    kinds = ("owners", "packages", "shared_libraries", "projects", "groups")
    seen: dict[str, set[Address]] = {kind: set() for kind in kinds}
    pending = tuple(request.roots)
    while pending:
        found = sort_targets(await resolve_targets(**implicitly(Addresses(pending))))
        new = [owner for owner in found.owners if owner not in seen["owners"]]
        groups = await resolve_targets(
            **implicitly(Addresses(group for group in found.groups if group not in seen["groups"]))
        )
        for kind, addresses in seen.items():
            addresses.update(getattr(found, kind))
        needs = await concurrently(direct_needs(DirectNeedsRequest(owner.spec), **implicitly()) for owner in new)
        grouped = await concurrently(
            resolve_targets(**implicitly(DependenciesRequest(group.get(Dependencies)))) for group in groups
        )
        reached = {address for need in needs for address in (*need.owners, *need.others)}
        reached |= {target.address for targets in grouped for target in targets}
        known = set().union(*seen.values())
        pending = tuple(sorted(address for address in reached if owner_of(address) not in known))
    del seen["groups"]
    return LinkClosure(**{kind: tuple(sorted(addresses)) for kind, addresses in seen.items()})


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *generated.rules(), *unity.rules()]
