"""Rules that find the sources which a target's dependencies generate."""

from __future__ import annotations

from dataclasses import dataclass

from pants.core.target_types import GenericTarget
from pants.core.util_rules.source_files import SourceFilesRequest
from pants.engine.addresses import Address, Addresses
from pants.engine.fs import EMPTY_DIGEST, Digest
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Dependencies, SourcesField, Target
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.problems import bullet_list
from spokeshave_pants.cc.includes.rules import (
    FILE_OUTPUTS,
    CcOwnerRequest,
    CcTargets,
    explicit_dependencies,
    find_owner,
    generator_fields,
)
from spokeshave_pants.cc.languages import is_source
from spokeshave_pants.cc.unsupported import check_languages
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    concurrently,
    determine_source_files,
    implicitly,
    resolve_targets,
    resolve_unexpanded_targets,
    rule,
)


@dataclass(frozen=True)
class CcSource:
    """A source that is compiled on its own.

    Attributes:
        owner: The target that lists the source, if it is generated. None for a file of the repository.
    """

    path: str
    owner: str | None = None


@dataclass(frozen=True)
class GeneratedSourcesRequest:
    """A request for the sources that the dependencies of a target generate."""

    owner: str


@dataclass(frozen=True)
class GeneratedSources:
    """The sources that the dependencies of a target generate, and all files that these dependencies generate.

    Dependencies of dependencies do not count: their sources belong to the target that lists them.
    """

    sources: tuple[CcSource, ...]
    digest: Digest


@dataclass(frozen=True)
class OwnedSourcesRequest:
    """A request for the sources of targets, in the repository and generated."""

    owners: tuple[str, ...]


@dataclass(frozen=True)
class OwnedSources:
    """The sources of targets.

    Attributes:
        generated: The generated files among them, and others next to them.
    """

    sources: tuple[CcSource, ...]
    generated: tuple[Digest, ...]


async def _generators(owner: str, union_membership: UnionMembership) -> tuple[Target, ...]:
    """Return the targets in the `dependencies` of a target that generate files, with groups expanded."""
    kinds = generator_fields(union_membership)
    found: dict[Address, Target] = {}
    seen: set[Address] = set()
    own = await find_owner(CcOwnerRequest(owner), **implicitly())
    pending, _ = await explicit_dependencies(own.dependencies)
    while pending:
        seen.update(pending)
        targets = await resolve_unexpanded_targets(Addresses(pending))
        groups = [target for target in targets if isinstance(target, GenericTarget)]
        others = [target.address for target in targets if not isinstance(target, GenericTarget)]
        expanded = await resolve_targets(**implicitly(Addresses(others)))
        found.update({t.address: t for t in expanded if isinstance(t.get(SourcesField), kinds)})
        listed, _ = await explicit_dependencies(group.get(Dependencies) for group in groups)
        pending = tuple(address for address in listed if address not in seen)
    return tuple(found[address] for address in sorted(found))


@rule(level=LogLevel.DEBUG)
async def find_generated_sources(
    request: GeneratedSourcesRequest, cc_targets: CcTargets, union_membership: UnionMembership
) -> GeneratedSources:
    """Find the sources that the dependencies of a target generate.

    Raises:
        InvalidTargetError: For generated sources that the repository contains too, or in unsupported languages.
    """
    generators = await _generators(request.owner, union_membership)
    if not generators:
        return GeneratedSources((), EMPTY_DIGEST)
    files = await determine_source_files(
        SourceFilesRequest(
            (target.get(SourcesField) for target in generators), for_sources_types=FILE_OUTPUTS, enable_codegen=True
        )
    )
    check_languages(files.snapshot.files, where=f"A dependency of {request.owner}", remedy="outputs of the generator")
    paths = [path for path in files.snapshot.files if is_source(path)]
    owned = [f"{path}, a file of {cc_targets.graph.files[path].owner}" for path in paths if path in cc_targets.by_path]
    if owned:
        raise InvalidTargetError(
            f"Dependencies of {request.owner} generate sources that the repository contains as well:\n"
            f"{bullet_list(owned)}\n"
            "Delete these files, or exclude them from `sources` (`!NAME`)."
        )
    return GeneratedSources(tuple(CcSource(path, request.owner) for path in paths), files.snapshot.digest)


@rule(level=LogLevel.DEBUG)
async def owned_sources(request: OwnedSourcesRequest, cc_targets: CcTargets) -> OwnedSources:
    found = await concurrently(
        find_generated_sources(GeneratedSourcesRequest(owner), **implicitly()) for owner in request.owners
    )
    own = (path for owner in request.owners for path in cc_targets.graph.members(owner))
    return OwnedSources(
        sources=(
            *(CcSource(path) for path in own if is_source(path)),
            *(source for generated in found for source in generated.sources),
        ),
        generated=tuple(generated.digest for generated in found if generated.sources),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
