"""Rules that find the sources included by other sources."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import MergeDigests, PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.closure.generated_rules import OwnedSourcesRequest, owned_sources
from spokeshave_pants.cc.closure.unity import included_sources
from spokeshave_pants.cc.includes.rules import (
    CcOwnerRequest,
    CcTargets,
    ResolveIncludesRequest,
    find_owner,
    resolve_includes,
)
from spokeshave_pants.cc.target_types import CcPlatformsField
from spokeshave_pants.pants_api import concurrently, get_digest_contents, implicitly, merge_digests, rule
from spokeshave_pants.pants_api.batches import in_batches


@dataclass(frozen=True)
class IncludedSourcesRequest:
    """Targets as written by the user whose sources are linked together."""

    owners: tuple[str, ...]


@dataclass(frozen=True)
class IncludedSources:
    """Sources that are included by others and therefore not compiled on their own."""

    paths: frozenset[str]


@rule(level=LogLevel.DEBUG)
async def find_included_sources(request: IncludedSourcesRequest, cc_targets: CcTargets) -> IncludedSources:
    owned = await owned_sources(OwnedSourcesRequest(request.owners), **implicitly())
    sources = tuple({source.path: source for source in owned.sources}.values())
    resolved = await in_batches(
        resolve_includes(ResolveIncludesRequest(source.path, owner=source.owner), **implicitly()) for source in sources
    )
    reached = {source.path: found.closure.headers for source, found in zip(sources, resolved)}
    included = {header for headers in reached.values() for header in headers if header in reached}
    if not included:
        return IncludedSources(frozenset())
    # A project chooses its own sources. It cannot choose among generated ones, so any include of one counts.
    parts = {source.path for source in sources if source.owner} & included
    generated = await merge_digests(MergeDigests(owned.generated))
    texts_of = sorted({*reached, *(header for headers in reached.values() for header in headers)})
    in_repository, in_generated = await concurrently(
        get_digest_contents(**implicitly(PathGlobs(path for path in texts_of if path in cc_targets.by_path))),
        get_digest_contents(generated),
    )
    texts = {file.path: file.content.decode(errors="replace") for file in (*in_generated, *in_repository)}
    targets = await in_batches(
        find_owner(CcOwnerRequest(source.owner or cc_targets.graph.files[source.path].owner), **implicitly())
        for source in sources
    )
    platforms = {
        source.path: cc_targets.by_path.get(source.path, owner.target).get(CcPlatformsField).value
        for source, owner in zip(sources, targets)
    }
    found = included_sources(texts, reached).items()
    # A source that is included on some platforms only is compiled on its own on the others.
    always = (path for path, by in found if any(platforms[other] in ((), platforms[path]) for other in by))
    return IncludedSources(frozenset((*always, *parts)))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
