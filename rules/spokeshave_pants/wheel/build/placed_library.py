"""Rules for shared libraries that a wheel contains as package files, for Python code that opens them by name."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST, AddPrefix, Digest, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_pants.action import Action, ends
from spokeshave_pants.cc.link.rules import (
    LinkPlanRequest,
    SharedLibraryRequest,
    link_shared_library,
    plan_link,
)
from spokeshave_pants.cc.project.libraries import ProjectLibraries, project_libraries
from spokeshave_pants.pants_api import add_prefix, concurrently, implicitly, merge_digests, rule
from spokeshave_pants.wheel.build.extension import fuse


@dataclass(frozen=True)
class WholeLibraryRequest:
    """A request for a `cc_shared_library` for a wheel's platform, which may have several processors."""

    address: Address
    platform: Platform
    variant: Address | None = None


@dataclass(frozen=True)
class WholeLibrary:
    """A linked library with all processors of its platform, and all actions that produced it, its own last.

    Attributes:
        import_library: For Windows, the file that dependents link to, next to it. Otherwise empty.
    """

    digest: Digest
    path: str
    import_library: Digest
    archives: frozenset[str]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class PlaceLibraryRequest:
    """A request to put a `cc_shared_library` into a directory of a wheel."""

    address: Address
    folder: str
    platform: Platform
    variant: Address | None = None


@dataclass(frozen=True)
class PlacedLibrary:
    """A library at its path in the wheel, and the libraries that its repair grafts.

    Attributes:
        import_library: For Windows, its import library at its path in the wheel. Otherwise empty.
        archives: As in `LinkedLibrary`, of all of them.
    """

    path: str
    digest: Digest
    import_library: Digest
    libraries: Digest
    archives: frozenset[str]
    actions: tuple[Action, ...]


@rule(desc="Link a shared library for all processors", level=LogLevel.DEBUG)
async def whole_library(request: WholeLibraryRequest) -> WholeLibrary:
    parts = await concurrently(
        link_shared_library(SharedLibraryRequest(request.address, part, request.variant))
        for part in request.platform.slices
    )
    first = parts[0]
    before = tuple(action for part in parts for action in part.actions)
    archives = frozenset().union(*(part.archives for part in parts))
    if len(parts) == 1:
        return WholeLibrary(
            digest=first.digest,
            path=first.path,
            import_library=EMPTY_DIGEST if first.link_path == first.path else first.link_digest,
            archives=archives,
            actions=before,
        )
    fused = await fuse(request.platform, first.path, tuple(part.digest for part in parts))
    actions = (*before, fused.action.after(*ends(before)))
    return WholeLibrary(
        digest=fused.digest, path=first.path, import_library=EMPTY_DIGEST, archives=archives, actions=actions
    )


async def whole_project_libraries(platform: Platform, parts: tuple[ProjectLibraries, ...]) -> tuple[Digest, ...]:
    """Return the shared libraries of projects with all processors of a platform."""
    if len(parts) == 1:
        return (parts[0].shared,)
    digests = tuple(part.shared for part in parts)
    return tuple([(await fuse(platform, path, digests)).digest for path in parts[0].shared_paths])


@rule(desc="Put a shared library into a wheel", level=LogLevel.DEBUG)
async def place_library(request: PlaceLibraryRequest) -> PlacedLibrary:
    plan = await plan_link(LinkPlanRequest(request.address, request.variant), **implicitly())
    library, *below = await concurrently(
        whole_library(WholeLibraryRequest(address, request.platform, request.variant))
        for address in (request.address, *plan.shared_libraries)
    )
    projects = await concurrently(project_libraries(plan.project_libraries(part)) for part in request.platform.slices)
    of_projects = await whole_project_libraries(request.platform, projects)
    return PlacedLibrary(
        path=posixpath.join(request.folder, library.path),
        digest=await add_prefix(AddPrefix(library.digest, request.folder)),
        import_library=await add_prefix(AddPrefix(library.import_library, request.folder)),
        libraries=await merge_digests(MergeDigests((*(each.digest for each in below), *of_projects))),
        archives=library.archives.union(*(each.archives for each in below)),
        actions=(
            *(action for each in projects for action in each.actions),
            *(action for each in below for action in each.actions),
            *library.actions,
        ),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
