"""The include graph of the repository, kept up by the engine, and the dependencies that it infers."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.backend.cc.dependency_inference.rules import (
    AllCCTargets,
    CCDependencyInferenceFieldSet,
    find_all_cc_targets,
)
from pants.backend.cc.subsystems.cc_infer import CCInferSubsystem
from pants.backend.cc.target_types import CCSourceField
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import (
    Dependencies,
    DependenciesRequest,
    ExplicitlyProvidedDependencies,
    HydratedSources,
    HydrateSourcesRequest,
    InferDependenciesRequest,
    InferredDependencies,
    Target,
)
from pants.engine.unions import UnionRule
from pants.source.source_root import SourceRoot, SourceRootRequest
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.cc.include_scan import CcFile, IncludeClosure, IncludeGraph, parse_includes
from spokeshave_pants.cc.target_types import IncludeRootField


@dataclass(frozen=True)
class ScanCcFileRequest:
    target: Target


@dataclass(frozen=True)
class CcTargets:
    """Every C/C++ file of the repository, its target, and the graph of their includes."""

    graph: IncludeGraph
    by_path: FrozenDict[str, Target]


@dataclass(frozen=True)
class IncludeClosureRequest:
    path: str


def owner_of(address: Address) -> Address:
    """The target that a user wrote: the generator of a generated `cc_source`."""
    return address.maybe_convert_to_target_generator()


def _include_roots(target: Target, source_root: str) -> tuple[str, ...]:
    declared = (
        posixpath.normpath(posixpath.join(target.address.spec_path, root))
        for root in target[IncludeRootField].value or ()
    )
    return tuple(dict.fromkeys((*declared, source_root)))


@rule(level=LogLevel.DEBUG)
async def scan_cc_file(request: ScanCcFileRequest) -> CcFile:
    field = request.target[CCSourceField]
    sources, source_root, listed = await MultiGet(
        Get(HydratedSources, HydrateSourcesRequest(field)),
        Get(SourceRoot, SourceRootRequest, SourceRootRequest.for_file(field.file_path)),
        Get(ExplicitlyProvidedDependencies, DependenciesRequest(request.target[Dependencies])),
    )
    contents = await Get(DigestContents, Digest, sources.snapshot.digest)
    return CcFile(
        path=field.file_path,
        owner=owner_of(request.target.address).spec,
        include_roots=_include_roots(request.target, source_root.path),
        includes=parse_includes("".join(file.content.decode(errors="replace") for file in contents)),
        dependencies=tuple(sorted({owner_of(address).spec for address in listed.includes})),
    )


@rule(desc="Scan the includes of all C/C++ files", level=LogLevel.DEBUG)
async def scan_cc_targets(all_targets: AllCCTargets) -> CcTargets:
    targets = sorted(all_targets, key=lambda target: target.address)
    files = await MultiGet(Get(CcFile, ScanCcFileRequest(target)) for target in targets)
    by_path = FrozenDict({file.path: target for file, target in zip(files, targets)})
    return CcTargets(graph=IncludeGraph(files), by_path=by_path)


@rule(level=LogLevel.DEBUG)
async def include_closure(request: IncludeClosureRequest, cc_targets: CcTargets) -> IncludeClosure:
    return cc_targets.graph.closure(request.path)


class InferCcIncludesRequest(InferDependenciesRequest[CCDependencyInferenceFieldSet]):
    infer_from = CCDependencyInferenceFieldSet


@rule(desc="Infer C/C++ dependencies from includes", level=LogLevel.DEBUG)
async def infer_cc_includes(request: InferCcIncludesRequest, cc_targets: CcTargets) -> InferredDependencies:
    """What the include graph resolves: all that Pants' own inference does, and include roots, angle brackets, `..`."""
    headers = cc_targets.graph.included(request.field_set.sources.file_path)
    return InferredDependencies(cc_targets.by_path[header].address for header in headers)


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        # Only this rule of Pants' own inference: the others decode a source as UTF-8, and end with a traceback if it is
        # not. Its options stay, so that a pants.toml that has them is still valid.
        *collect_rules({"find": find_all_cc_targets}),
        *CCInferSubsystem.rules(),
        UnionRule(InferDependenciesRequest, InferCcIncludesRequest),
    ]
