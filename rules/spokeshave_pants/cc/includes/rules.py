"""Rules for the include graph of the repository, the part that each target sees, and inferred dependencies."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name
from pants.backend.cc.dependency_inference.rules import (
    AllCCTargets,
    CCDependencyInferenceFieldSet,
    find_all_cc_targets,
)
from pants.backend.cc.subsystems.cc_infer import CCInferSubsystem
from pants.backend.cc.target_types import CCGeneratorSourcesField, CCSourceField
from pants.build_graph.address import AddressInput
from pants.core.target_types import FileSourceField, GenericTarget, ResourceSourceField
from pants.core.util_rules.source_files import SourceFilesRequest
from pants.engine.addresses import Address, Addresses
from pants.engine.fs import Digest, DigestSubset, MergeDigests, PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import (
    AllTargets,
    Dependencies,
    GenerateSourcesRequest,
    HydrateSourcesRequest,
    InferDependenciesRequest,
    InferredDependencies,
    SourcesField,
    Target,
)
from pants.engine.unions import UnionMembership, UnionRule
from pants.source.source_root import SourceRootRequest
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.cc.includes.scan import CcFile, IncludeKind, scan_flags, scan_text
from spokeshave_pants.cc.includes.search import GLOB_CHARACTERS, CcView, IncludeClosure, IncludeGraph
from spokeshave_pants.cc.includes.third_party import CcPackage, CcPackageRequest, cc_package, distribution_of
from spokeshave_pants.cc.languages import is_source
from spokeshave_pants.cc.project.projects import ProjectHeaders, ProjectHeadersRequest, is_project, project_headers
from spokeshave_pants.cc.settings import for_any_platform
from spokeshave_pants.cc.target_types import (
    CcGeneratedDependenciesField,
    CcRequirementsFileField,
    CcSharedLibraryDependenciesField,
    CompileFlagsField,
    DefinesField,
    IncludeRootField,
    PlatformCompileFlagsField,
    PlatformDefinesField,
)
from spokeshave_pants.pants_api import (
    ExplicitlyProvidedDependenciesRequest,
    concurrently,
    determine_explicitly_provided_dependencies,
    determine_source_files,
    digest_subset_to_digest,
    digest_to_snapshot,
    get_digest_contents,
    get_optional_source_root,
    get_source_root,
    hydrate_sources,
    implicitly,
    merge_digests,
    resolve_address,
    resolve_targets,
    resolve_unexpanded_targets,
    rule,
)
from spokeshave_pants.pants_api.batches import in_batches

# The kinds of plain and generated files that C/C++ targets see. A plugin's generator may produce C/C++ itself.
FILE_OUTPUTS = (FileSourceField, ResourceSourceField, CCSourceField)

_OWNERS = (CCGeneratorSourcesField, CCSourceField, CcGeneratedDependenciesField)


@dataclass(frozen=True)
class ScanCcFileRequest:
    """A request to scan the file of a target."""

    target: Target


@dataclass(frozen=True)
class CcTargets:
    """All C/C++ files of the repository with their targets, and the graph of their includes."""

    graph: IncludeGraph
    by_path: FrozenDict[str, Target]


@dataclass(frozen=True)
class CcOwnerRequest:
    """A request for a target as the user wrote it."""

    owner: str


@dataclass(frozen=True)
class CcOwner:
    """A target as the user wrote it: one with C/C++ files, or one that is linked.

    Attributes:
        dependencies: Its `dependencies`, by file if it has any.
    """

    target: Target
    dependencies: tuple[Dependencies, ...]


@dataclass(frozen=True)
class ListedRequest:
    """A request for the targets that a C/C++ target lists in `dependencies`, and for those that these list."""

    owner: str


@dataclass(frozen=True)
class Listed:
    """Targets that a C/C++ target lists directly or transitively, nearest first.

    Attributes:
        owners: C/C++ targets.
        packages: Third-party packages.
        files: Targets of plain or generated files.
        projects: Projects with a build of their own.
        excluded: Targets that the list excludes by `!`.
        inferred: Those of the packages that the list does not name.
    """

    owners: tuple[str, ...]
    packages: tuple[Address, ...]
    files: tuple[Address, ...]
    excluded: tuple[str, ...]
    inferred: tuple[Address, ...] = ()
    projects: tuple[Address, ...] = ()


@dataclass(frozen=True)
class CcRequirements:
    """The `cc_python_requirement` targets of the repository by the normalized names of their distributions."""

    by_distribution: FrozenDict[str, tuple[Address, ...]]


@dataclass(frozen=True)
class VisibleRequest:
    """A request for everything that a C/C++ target sees."""

    owner: str


@dataclass(frozen=True)
class Visible:
    """What a C/C++ target sees besides its own files.

    Attributes:
        inferred: Packages that the target does not list, whose headers its files include.
        digest: The visible plain and generated files.
    """

    view: CcView
    packages: tuple[CcPackage, ...]
    inferred: tuple[Address, ...]
    digest: Digest
    projects: tuple[ProjectHeaders, ...] = ()


@dataclass(frozen=True)
class ResolveIncludesRequest:
    """A request for all files that a source reaches.

    Attributes:
        flags: Additional compiler flags besides those of the target.
        owner: The target that lists the source, if it is generated. None for a file of the repository.
    """

    path: str
    flags: tuple[str, ...] = ()
    owner: str | None = None


@dataclass(frozen=True)
class ResolvedIncludes:
    """All files that a source reaches. Its compile and its link closure use the same result.

    Attributes:
        packages: Packages listed by the targets whose files the source reaches. It may include their headers.
        files: Plain and generated files that these targets list.
        projects: Projects that they list, likewise.
    """

    closure: IncludeClosure
    packages: tuple[CcPackage, ...]
    files: Digest
    projects: tuple[ProjectHeaders, ...] = ()


def owner_of(address: Address) -> Address:
    """Return the target as written by the user: for a generated `cc_source`, its generator."""
    return address.maybe_convert_to_target_generator()


def _declared_roots(target: Target) -> tuple[str, ...]:
    roots = target.get(IncludeRootField).value or ()
    return tuple(posixpath.normpath(posixpath.join(target.address.spec_path, root)) for root in roots)


def _include_roots(target: Target, source_root: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_declared_roots(target), source_root)))


@rule(level=LogLevel.DEBUG)
async def scan_cc_file(request: ScanCcFileRequest) -> CcFile:
    field = request.target[CCSourceField]
    sources, source_root = await concurrently(
        hydrate_sources(HydrateSourcesRequest(field), **implicitly()),
        get_source_root(SourceRootRequest.for_file(field.file_path)),
    )
    contents = await get_digest_contents(sources.snapshot.digest)
    return CcFile(
        path=field.file_path,
        owner=owner_of(request.target.address).spec,
        include_roots=_include_roots(request.target, source_root.path),
        scan=scan_text("".join(file.content.decode(errors="replace") for file in contents)),
    )


@rule(desc="Scan the includes of all C/C++ files", level=LogLevel.DEBUG)
async def scan_cc_targets(all_targets: AllCCTargets) -> CcTargets:
    targets = sorted(all_targets, key=lambda target: target.address)
    files = await in_batches(scan_cc_file(ScanCcFileRequest(target)) for target in targets)
    by_path = FrozenDict({file.path: target for file, target in zip(files, targets)})
    return CcTargets(graph=IncludeGraph(files), by_path=by_path)


@rule(level=LogLevel.DEBUG)
async def find_owner(request: CcOwnerRequest, cc_targets: CcTargets) -> CcOwner:
    origin = "the owner of C/C++ sources"
    address = await resolve_address(
        **implicitly({AddressInput.parse(request.owner, description_of_origin=origin): AddressInput})
    )
    (target,) = await resolve_unexpanded_targets(Addresses([address]))
    members = [cc_targets.by_path[path] for path in cc_targets.graph.members(request.owner)]
    return CcOwner(target, tuple(owner.get(Dependencies) for owner in members or [target]))


def is_looked_through(target: Target) -> bool:
    """Return whether a target stands for its dependencies: a `target`, or a shared library for its headers' needs."""
    return isinstance(target, GenericTarget) or target.has_field(CcSharedLibraryDependenciesField)


async def explicit_dependencies(fields: Iterable[Dependencies]) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return what `dependencies` list and exclude, in the order of the lists."""
    found = await concurrently(
        determine_explicitly_provided_dependencies(**implicitly(ExplicitlyProvidedDependenciesRequest(field)))
        for field in fields
    )
    listed = dict.fromkeys(address for explicit in found for address in explicit.includes)
    excluded = dict.fromkeys(address for explicit in found for address in explicit.ignores)
    return tuple(listed), tuple(excluded)


def file_fields(union_membership: UnionMembership) -> tuple[type[SourcesField], ...]:
    """Return the fields that produce plain or generated files, such as headers outside of the include graph."""
    return (FileSourceField, ResourceSourceField, *generator_fields(union_membership))


def generator_fields(union_membership: UnionMembership) -> tuple[type[SourcesField], ...]:
    """Return the fields of targets that generate files. Plain files are not generated, though Pants may fetch them."""
    return tuple(
        generator.input
        for generator in union_membership.get(GenerateSourcesRequest)
        if issubclass(generator.output, FILE_OUTPUTS) and not issubclass(generator.input, FILE_OUTPUTS)
    )


@rule(desc="Find all C/C++ packages", level=LogLevel.DEBUG)
async def map_cc_requirements(all_targets: AllTargets) -> CcRequirements:
    found: dict[str, list[Address]] = {}
    for target in all_targets:
        if target.has_field(CcRequirementsFileField):
            found.setdefault(distribution_of(target), []).append(target.address)
    return CcRequirements(FrozenDict({name: tuple(sorted(addresses)) for name, addresses in found.items()}))


def _infer_packages(
    files: Iterable[CcFile], graph: IncludeGraph, listed: Listed, requirements: CcRequirements
) -> Iterator[Address]:
    """Yield the packages whose headers files include as `NAME/header.h`, where NAME is their distribution.

    The name alone decides, because only an installed package shows its headers. A header of the repository with that
    spelling, a listed package, and a second package of that name each prevent it.
    """
    for name in sorted({name for file in files for name in _foreign_folders(graph, file)}):
        candidates = requirements.by_distribution.get(canonicalize_name(name), ())
        if any(candidate in listed.packages for candidate in candidates):
            continue
        allowed = [candidate for candidate in candidates if candidate.spec not in listed.excluded]
        if len(allowed) == 1:
            yield allowed[0]


def _foreign_folders(graph: IncludeGraph, file: CcFile) -> Iterator[str]:
    """Yield the first folders of the includes of a file that no file of the repository matches."""
    for include in file.scan.includes:
        folder, slash, _ = include.spelling.partition("/")
        nearby = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), include.spelling))
        is_here = (include.quoted and nearby in graph.files) or graph.answering(include.spelling)
        if slash and include.kind is IncludeKind.INCLUDE and not is_here:
            yield folder


@rule(level=LogLevel.DEBUG)
async def find_listed(
    request: ListedRequest, cc_targets: CcTargets, requirements: CcRequirements, union_membership: UnionMembership
) -> Listed:
    """Follow lists only, never includes, because the result decides how includes are resolved.

    The names of packages are the exception: a package is as if listed if a file of the target includes its headers.
    """
    with_files = file_fields(union_membership)
    own = await find_owner(CcOwnerRequest(request.owner), **implicitly())
    pending, excluded = await explicit_dependencies(own.dependencies)
    seen: dict[Address, None] = {}
    owners: dict[str, None] = {}
    packages: dict[Address, None] = {}
    files: dict[Address, None] = {}
    projects: dict[Address, None] = {}
    while pending:
        new = tuple(address for address in pending if address not in seen)
        seen.update(dict.fromkeys(new))
        targets = await resolve_unexpanded_targets(Addresses(new))
        into: list[Dependencies] = []
        others: list[Address] = []
        for target in targets:
            if any(target.has_field(field) for field in _OWNERS):
                owner = owner_of(target.address).spec
                if owner != request.owner and owner not in owners:
                    owners[owner] = None
                    found = await find_owner(CcOwnerRequest(owner), **implicitly())
                    into.extend(found.dependencies)
            elif target.has_field(CcRequirementsFileField):
                packages[target.address] = None
            elif is_project(target):
                # The headers of a project may include those of its own dependencies.
                projects[target.address] = None
                into.append(target.get(Dependencies))
            elif is_looked_through(target):
                into.append(target.get(Dependencies))
            else:
                others.append(target.address)
        expanded = await resolve_targets(**implicitly(Addresses(others)))
        files.update({t.address: None for t in expanded if isinstance(t.get(SourcesField), with_files)})
        pending, _ = await explicit_dependencies(into)
    listed = Listed(
        owners=tuple(owners),
        packages=tuple(packages),
        files=tuple(files),
        excluded=tuple(dict.fromkeys(owner_of(address).spec for address in excluded)),
        projects=tuple(projects),
    )
    files_of = [cc_targets.graph.files[path] for path in cc_targets.graph.members(request.owner)]
    inferred = tuple(_infer_packages(files_of, cc_targets.graph, listed, requirements))
    return replace(listed, packages=(*listed.packages, *inferred), inferred=inferred)


@rule(level=LogLevel.DEBUG)
async def find_visible(request: VisibleRequest, cc_targets: CcTargets, requirements: CcRequirements) -> Visible:
    listed = await find_listed(ListedRequest(request.owner), **implicitly())
    projects = await concurrently(project_headers(ProjectHeadersRequest(address)) for address in listed.projects)
    targets = await resolve_targets(**implicitly(Addresses(listed.files)))
    sources = await determine_source_files(
        SourceFilesRequest(
            (target.get(SourcesField) for target in targets),
            for_sources_types=FILE_OUTPUTS,
            enable_codegen=True,
        )
    )
    contents = await get_digest_contents(sources.snapshot.digest)
    roots = await concurrently(
        get_optional_source_root(SourceRootRequest.for_file(file.path), **implicitly()) for file in contents
    )
    files = tuple(
        CcFile(
            path=file.path,
            owner=request.owner,
            include_roots=(root.source_root.path,) if root.source_root else (),
            scan=scan_text(file.content.decode(errors="replace")),
        )
        for file, root in zip(contents, roots)
        if file.path not in cc_targets.graph.files
    )
    # Only here can generated files be read: they are generated after the inference of dependencies.
    inferred = tuple(_infer_packages(files, cc_targets.graph, listed, requirements))
    packages = await concurrently(cc_package(CcPackageRequest(a)) for a in (*listed.packages, *inferred))
    view = CcView(
        roots=_exposed(cc_targets.graph, listed, files),
        owners=listed.owners,
        files=files,
        package_headers=frozenset(header for package in packages for header in package.headers),
        project_headers=tuple(glob for project in projects for glob in project.spellings or ()),
        excluded=frozenset(listed.excluded),
    )
    return Visible(
        view=view,
        packages=packages,
        inferred=(*listed.inferred, *inferred),
        digest=sources.snapshot.digest,
        projects=projects,
    )


def _exposed(graph: IncludeGraph, listed: Listed, files: Iterable[CcFile]) -> tuple[str, ...]:
    """Return the include roots that a target's dependencies expose, generated files before other headers."""
    generated_roots = (root for file in files for root in file.include_roots)
    return tuple(dict.fromkeys((*generated_roots, *(root for owner in listed.owners for root in graph.roots(owner)))))


async def _reached_files(source: str, closure: IncludeClosure, files: Digest) -> Digest:
    """Return visible files without the generated sources that a compile does not read."""
    paths = (await digest_to_snapshot(files)).files
    read = {source, *closure.headers, *closure.data}
    wanted = [path for path in paths if path in read or not is_source(path)]
    # Globs have no way to name a path with such characters.
    if len(wanted) == len(paths) or GLOB_CHARACTERS.intersection("".join(wanted)):
        return files
    return await digest_subset_to_digest(DigestSubset(files, PathGlobs(wanted)))


@rule(level=LogLevel.DEBUG)
async def resolve_includes(request: ResolveIncludesRequest, cc_targets: CcTargets) -> ResolvedIncludes:
    if request.owner is None:
        target = cc_targets.by_path[request.path]
    else:
        target = (await find_owner(CcOwnerRequest(request.owner), **implicitly())).target
    command_line = scan_flags(
        (
            *(target.get(CompileFlagsField).value or ()),
            *for_any_platform(target.get(PlatformCompileFlagsField).value or {}),
            *request.flags,
        ),
        (*(target.get(DefinesField).value or ()), *for_any_platform(target.get(PlatformDefinesField).value or {})),
    )
    visible: dict[str, Visible] = {}
    source = None
    if request.owner is not None:
        visible[request.owner] = await find_visible(VisibleRequest(request.owner), **implicitly())
        source = _generated_source(request.path, target, visible[request.owner].view)
    wanted = frozenset((owner_of(target.address).spec,))
    while True:
        # The reached files decide what is visible, and the visible files decide what is reached. The loop ends because
        # each iteration only adds files.
        new = sorted(wanted - visible.keys())
        visible.update(
            zip(new, await concurrently(find_visible(VisibleRequest(owner), **implicitly()) for owner in new))
        )
        views = {owner: seen.view for owner, seen in visible.items()}
        closure = cc_targets.graph.closure(source or request.path, views, command_line)
        wanted = closure.owners
        if wanted <= visible.keys():
            break
    reached = [visible[owner] for owner in sorted(visible)]
    return ResolvedIncludes(
        closure=closure,
        packages=tuple(dict.fromkeys(package for seen in reached for package in seen.packages)),
        files=await _reached_files(request.path, closure, await merge_digests(MergeDigests(s.digest for s in reached))),
        projects=tuple(dict.fromkeys(project for seen in reached for project in seen.projects)),
    )


def _generated_source(path: str, owner: Target, view: CcView) -> CcFile:
    """Return a generated source as a file of the target that lists it, with the include directories of both."""
    found = next(file for file in view.files if file.path == path)
    return replace(found, include_roots=tuple(dict.fromkeys((*_declared_roots(owner), *found.include_roots))))


class InferCcIncludesRequest(InferDependenciesRequest[CCDependencyInferenceFieldSet]):
    """A request to infer the dependencies of a C/C++ source."""

    infer_from = CCDependencyInferenceFieldSet


@rule(desc="Infer C/C++ dependencies from includes", level=LogLevel.DEBUG)
async def infer_cc_includes(request: InferCcIncludesRequest, cc_targets: CcTargets) -> InferredDependencies:
    """Infer dependencies from includes: like Pants' own inference, plus include roots, angle brackets and `..`.

    Generated files cannot be inspected here, because the rules that generate them need the inferred dependencies. A
    target that lists generated files therefore gets no headers of other projects, since the generated file may be the
    header it needs.
    """
    owner = owner_of(request.field_set.address).spec
    listed = await find_listed(ListedRequest(owner), **implicitly())
    projects = await concurrently(project_headers(ProjectHeadersRequest(address)) for address in listed.projects)
    view = CcView(
        roots=_exposed(cc_targets.graph, listed, ()),
        owners=listed.owners,
        project_headers=tuple(glob for project in projects for glob in project.spellings or ()),
        excluded=frozenset(listed.excluded),
        takes_strangers=not listed.files,
    )
    headers = cc_targets.graph.included(request.field_set.sources.file_path, view)
    return InferredDependencies((*(cc_targets.by_path[header].address for header in headers), *listed.inferred))


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        # Only this rule of Pants' own inference is used. The others decode each source as UTF-8 and fail with a
        # traceback if it is not. The options of Pants' inference remain, so that a pants.toml with them is still valid.
        *collect_rules({"find": find_all_cc_targets}),
        *CCInferSubsystem.rules(),
        UnionRule(InferDependenciesRequest, InferCcIncludesRequest),
    ]
