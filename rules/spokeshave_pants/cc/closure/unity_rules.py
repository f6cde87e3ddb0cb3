"""Rules that find the sources included by other sources."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.closure.unity import included_sources
from spokeshave_pants.cc.includes.rules import CcTargets, ResolveIncludesRequest, resolve_includes
from spokeshave_pants.cc.languages import is_source
from spokeshave_pants.cc.target_types import CcPlatformsField
from spokeshave_pants.pants_api import concurrently, get_digest_contents, implicitly, rule


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
    files = [path for owner in request.owners for path in cc_targets.graph.members(owner)]
    sources = [path for path in files if is_source(path)]
    resolved = await concurrently(resolve_includes(ResolveIncludesRequest(path), **implicitly()) for path in sources)
    reached = {path: found.closure.headers for path, found in zip(sources, resolved)}
    if not any(header in reached for headers in reached.values() for header in headers):
        return IncludedSources(frozenset())
    texts_of = sorted({*reached, *(header for headers in reached.values() for header in headers)})
    contents = await get_digest_contents(**implicitly(PathGlobs(texts_of)))
    texts = {file.path: file.content.decode(errors="replace") for file in contents}
    platforms = {path: cc_targets.by_path[path][CcPlatformsField].value for path in sources}
    found = included_sources(texts, reached).items()
    # A source that is included on some platforms only is compiled on its own on the others.
    always = (path for path, by in found if any(platforms[other] in ((), platforms[path]) for other in by))
    return IncludedSources(frozenset(always))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
