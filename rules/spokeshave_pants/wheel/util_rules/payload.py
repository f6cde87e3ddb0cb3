"""What a `python_native_wheel` consists of beside its extensions: sources, data, metadata, sibling wheels."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pants.backend.python.target_types import PythonProvidesField, PythonSourceField
from pants.build_graph.address import AddressInput
from pants.core.target_types import ResourceSourceField
from pants.core.util_rules.source_files import SourceFilesRequest
from pants.core.util_rules.stripped_source_files import StrippedSourceFiles
from pants.engine.addresses import Address
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestContents,
    FileContent,
    GlobExpansionConjunction,
    GlobMatchErrorBehavior,
    MergeDigests,
    PathGlobs,
    Snapshot,
)
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import (
    AllTargets,
    Dependencies,
    DependenciesRequest,
    SourcesField,
    Target,
    Targets,
    WrappedTarget,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionMembership, UnionRule
from pants.source.source_root import OptionalSourceRoot, SourceRootRequest
from pants.util.logging import LogLevel

from spokeshave_pants.cc.target_types import CcSharedLibraryNameField, CcWheelFolderField
from spokeshave_pants.errors import Problems
from spokeshave_pants.wheel.contents import (
    Role,
    check_native,
    check_places,
    describe_mistakes,
    is_looked_into,
    is_part,
    is_possible_extension,
    library_folder,
    role_of,
)
from spokeshave_pants.wheel.pyproject import Pyproject, parse_pyproject
from spokeshave_pants.wheel.requirements import (
    Requirement,
    check_owners,
    check_requirements,
    distribution_requirement,
    is_closer,
    requirements_of,
)
from spokeshave_pants.wheel.requires_python import check_pythons, pythons_of
from spokeshave_pants.wheel.target_types import (
    DataFilesField,
    ExtensionModuleField,
    LimitedApiField,
    PlatformsField,
    PyprojectField,
    PythonsField,
    VariantField,
    WheelDependenciesField,
)
from spokeshave_pants.wheel.wheel_plan import WheelMatrix, check_modules, plan_matrix

PAYLOAD_DIR = "__payload"
DATA_DIR = "__data"


@dataclass(frozen=True)
class WheelPlanRequest:
    address: Address


@dataclass(frozen=True)
class WheelPlan:
    """A wheel's parts that no platform, Python or version changes.

    `siblings` are the native wheels that it is pinned to, `companions` those that it requires by its own words, and
    `requirements` what is added to its metadata. `payload` holds the files at their place in the wheel, `metadata` the pyproject.toml with what lies beside it,
    `data` the files to install under the prefix, `libraries` the shared libraries that Python code opens, each with its
    folder in the wheel.
    """

    address: Address
    target: Target
    matrix: WheelMatrix
    variant: Address | None
    pyproject: str
    payload: Digest
    metadata: Digest
    data: Digest | None
    extensions: tuple[Address, ...]
    modules: tuple[str, ...]
    libraries: tuple[tuple[Address, str], ...]
    siblings: tuple[Address, ...]
    companions: tuple[Address, ...]
    requirements: tuple[str, ...]
    requires_python: str | None

    @property
    def native_targets(self) -> tuple[Address, ...]:
        """What is linked for this wheel."""
        return (*self.extensions, *(library for library, _ in self.libraries))


@dataclass(frozen=True)
class PayloadTargetsRequest:
    """The targets that a wheel owns: what its dependencies reach, less what the wheels that it requires own."""

    address: Address


@dataclass(frozen=True)
class ForeignPart:
    """A target that belongs to another distribution of the repository, and the target that depends on it."""

    target: Address
    owner: Target
    dependent: str


@dataclass(frozen=True)
class DistributionContentsRequest:
    """Everything that a `python_native_wheel` or `python_distribution` reaches."""

    address: Address


@dataclass(frozen=True)
class DistributionContents:
    addresses: frozenset[Address]


@dataclass(frozen=True)
class PayloadTargets:
    """A wheel's own targets by their role.

    Args:
        owned: the targets of the Python sources and resources.
        requirements: third-party distributions, and `python_distribution`s that are listed.
        foreign: what is not in the wheel, as another distribution of the repository owns it.
        elsewhere: what the wheels that this one requires own, and those that they require.
        mistakes: why some dependencies cannot be in the wheel; empty if all can.
    """

    owned: tuple[Target, ...]
    extensions: tuple[Target, ...]
    libraries: tuple[Target, ...]
    requirements: tuple[Requirement, ...]
    siblings: tuple[Address, ...]
    foreign: tuple[ForeignPart, ...]
    elsewhere: frozenset[Address]
    mistakes: str

    def all_addresses(self) -> tuple[Address, ...]:
        """What is in this wheel and in those that it requires."""
        own = (target.address for target in (*self.owned, *self.extensions, *self.libraries))
        return (*self.elsewhere, *own)


@dataclass(frozen=True)
class WheelMetadataRequest:
    pyproject: str
    where: str


@dataclass(frozen=True)
class WheelMetadata:
    """A parsed pyproject.toml, and a digest of it with the files that it names."""

    digest: Digest
    pyproject: Pyproject


@dataclass(frozen=True)
class DataFilesRequest:
    address: Address
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DataFiles:
    digest: Digest


@dataclass(frozen=True)
class Reached:
    """A target that a wheel's dependencies reach, what it is to the wheel, and the target that depends on it."""

    target: Target
    role: Role
    dependent: str


async def _reach(
    wheel: Target, union_membership: UnionMembership, excluded: frozenset[Address] = frozenset()
) -> tuple[Reached, ...]:
    """All that a wheel depends on, sorted; what is built apart, and what is excluded, is not looked into."""
    reached: dict[Address, Reached] = {}
    pending = [wheel]
    while pending:
        found = await MultiGet(Get(Targets, DependenciesRequest(t.get(Dependencies))) for t in pending)
        new: dict[Address, Reached] = {}
        for dependent, dependencies in zip(pending, found):
            for target in dependencies:
                if target.address not in reached and target.address not in excluded and target != wheel:
                    user = dependent.address.maybe_convert_to_target_generator().spec
                    new.setdefault(target.address, Reached(target, role_of(target, union_membership), user))
        reached.update(new)
        pending = [each.target for each in new.values() if is_looked_into(each.role)]
    return tuple(sorted(reached.values(), key=lambda each: each.target.address))


async def _listed(wheel: Target, union_membership: UnionMembership) -> frozenset[Address]:
    """What the `dependencies` of a wheel themselves name, groups taken apart."""
    listed: set[Address] = set()
    pending = [wheel]
    while pending:
        found = await MultiGet(Get(Targets, DependenciesRequest(t.get(Dependencies))) for t in pending)
        new = [target for targets in found for target in targets if target.address not in listed]
        listed.update(target.address for target in new)
        pending = [target for target in new if role_of(target, union_membership) is Role.GROUP]
    return frozenset(listed)


async def _foreign_parts(
    wheel: Target, parts: Iterable[Reached], all_targets: Iterable[Target]
) -> tuple[ForeignPart, ...]:
    """Those parts that another distribution, nearer above them than the wheel, reaches as well."""
    folder = wheel.address.spec_path
    distributions = [
        target
        for target in all_targets
        if (target.has_field(WheelDependenciesField) or target.has_field(PythonProvidesField)) and target != wheel
    ]
    candidates = {
        part: sorted(
            (d for d in distributions if is_closer(d.address.spec_path, folder, part.target.address.spec_path)),
            key=lambda d: (-len(d.address.spec_path), d.address),
        )
        for part in parts
    }
    wanted = sorted({d.address for found in candidates.values() for d in found})
    contents = dict(
        zip(
            wanted,
            await MultiGet(Get(DistributionContents, DistributionContentsRequest(address)) for address in wanted),
        )
    )
    foreign = []
    for part, found in candidates.items():
        owner = next((d for d in found if part.target.address in contents[d.address].addresses), None)
        if owner is not None:
            foreign.append(ForeignPart(part.target.address, owner, part.dependent))
    return tuple(foreign)


@rule(level=LogLevel.DEBUG)
async def distribution_contents(
    request: DistributionContentsRequest, union_membership: UnionMembership
) -> DistributionContents:
    where = "a distribution of this repository"
    target = (await Get(WrappedTarget, WrappedTargetRequest(request.address, description_of_origin=where))).target
    return DistributionContents(frozenset(each.target.address for each in await _reach(target, union_membership)))


@rule(level=LogLevel.DEBUG)
async def payload_targets(
    request: PayloadTargetsRequest, union_membership: UnionMembership, all_targets: AllTargets
) -> PayloadTargets:
    where = "a `python_native_wheel`"
    target = (await Get(WrappedTarget, WrappedTargetRequest(request.address, description_of_origin=where))).target
    reached = await _reach(target, union_membership)
    siblings = [found.target.address for found in reached if found.role is Role.SIBLING]
    payloads = await MultiGet(Get(PayloadTargets, PayloadTargetsRequest(sibling)) for sibling in siblings)
    elsewhere = frozenset(address for payload in payloads for address in payload.all_addresses())
    listed = await _listed(target, union_membership)
    shared = [each for each in reached if is_part(each.role) and each.target.address not in {*elsewhere, *listed}]
    foreign = await _foreign_parts(target, shared, all_targets)
    mine = await _reach(target, union_membership, elsewhere.union(part.target for part in foreign))
    by_role = {role: tuple(found.target for found in mine if found.role is role) for role in Role}
    mistakes = ((found.target, found.dependent) for found in mine if found.role is Role.MISTAKE)
    return PayloadTargets(
        owned=by_role[Role.FILES],
        extensions=by_role[Role.EXTENSION],
        libraries=by_role[Role.LIBRARY],
        requirements=tuple(
            requirement
            for found in mine
            if found.role is Role.REQUIREMENT
            for requirement in requirements_of(found.target, found.dependent)
        ),
        siblings=tuple(siblings),
        foreign=foreign,
        elsewhere=elsewhere,
        mistakes=describe_mistakes(request.address.spec, mistakes, union_membership),
    )


@dataclass(frozen=True)
class Owner:
    """Another distribution of the repository that owns something that a wheel's sources import.

    Args:
        is_pinned: whether its version is computed, as the wheel's own, so that the two are pinned to each other.
    """

    target: Target
    requirement: Requirement
    source: str
    is_pinned: bool


async def _owners(foreign: Iterable[ForeignPart]) -> tuple[Owner, ...]:
    """The owners, each with a part of it that one of the wheel's own sources depends on."""
    parts: dict[Address, ForeignPart] = {}
    foreign = tuple(foreign)
    specs = {part.target.maybe_convert_to_target_generator().spec for part in foreign}
    for part in sorted(foreign, key=lambda part: part.dependent in specs):
        parts.setdefault(part.owner.address, part)
    owners = []
    for part in (parts[address] for address in sorted(parts)):
        source = part.target.maybe_convert_to_target_generator().spec
        if part.owner.has_field(PythonProvidesField):
            (requirement,) = requirements_of(part.owner, part.dependent)
            owners.append(Owner(part.owner, requirement, source, is_pinned=False))
            continue
        spec = part.owner.address.spec
        path = posixpath.join(part.owner.address.spec_path, part.owner[PyprojectField].value)
        pyproject = (await Get(WheelMetadata, WheelMetadataRequest(path, f"the target {spec}"))).pyproject
        requirement = distribution_requirement(pyproject.name or spec, pyproject.version, spec, part.dependent)
        owners.append(Owner(part.owner, requirement, source, is_pinned=pyproject.version is None))
    return tuple(owners)


@rule(desc="Plan a wheel", level=LogLevel.DEBUG)
async def plan_wheel(request: WheelPlanRequest) -> WheelPlan:
    """Plan a wheel.

    Raises:
        InvalidTargetError: with everything that is wrong with its fields and dependencies.
    """
    where = f"the target {request.address}"
    target = (await Get(WrappedTarget, WrappedTargetRequest(request.address, description_of_origin=where))).target
    parts = await Get(PayloadTargets, PayloadTargetsRequest(request.address))
    pyproject = posixpath.join(request.address.spec_path, target[PyprojectField].value)
    sources, metadata, data = await MultiGet(
        Get(
            StrippedSourceFiles,
            SourceFilesRequest(
                (t.get(SourcesField) for t in parts.owned),
                for_sources_types=(PythonSourceField, ResourceSourceField),
                enable_codegen=True,
            ),
        ),
        Get(WheelMetadata, WheelMetadataRequest(pyproject, where)),
        Get(DataFiles, DataFilesRequest(request.address, tuple((target[DataFilesField].value or {}).items()))),
    )
    roots = await MultiGet(
        Get(OptionalSourceRoot, SourceRootRequest, SourceRootRequest.for_target(library)) for library in parts.libraries
    )
    owners = await _owners(parts.foreign)
    files = sources.snapshot.files
    libraries = _place_libraries(parts, roots, files)
    matrix = _check(target, parts, owners, libraries, files, metadata.pyproject)
    is_dynamic = metadata.pyproject.dynamic_dependencies
    pinned = tuple(owner.target.address for owner in owners if owner.is_pinned) if is_dynamic else ()
    required = (*parts.requirements, *(owner.requirement for owner in owners if not owner.is_pinned))
    variant = target[VariantField].value
    return WheelPlan(
        address=request.address,
        target=target,
        matrix=matrix,
        variant=None if variant is None else await Get(Address, AddressInput, _address_input(variant, target)),
        pyproject=pyproject,
        payload=await Get(Digest, AddPrefix(sources.snapshot.digest, PAYLOAD_DIR)),
        metadata=metadata.digest,
        data=data.digest if target[DataFilesField].value else None,
        extensions=tuple(extension.address for extension in parts.extensions),
        modules=tuple(extension[ExtensionModuleField].value for extension in parts.extensions),
        libraries=tuple((library.address, folder or "") for library, folder in libraries),
        siblings=(*parts.siblings, *pinned),
        companions=tuple(
            owner.target.address
            for owner in owners
            if owner.target.has_field(WheelDependenciesField) and owner.target.address not in pinned
        ),
        requirements=tuple(sorted({requirement.text for requirement in required})) if is_dynamic else (),
        requires_python=metadata.pyproject.requires_python,
    )


def _place_libraries(
    parts: PayloadTargets, roots: Iterable[OptionalSourceRoot], files: Iterable[str]
) -> tuple[tuple[Target, str | None], ...]:
    """The shared libraries of a wheel with their folders in it; None where the user has to say it."""
    modules = [extension[ExtensionModuleField].value.replace(".", "/") for extension in parts.extensions]
    python_files = (*(path for path in files if path.endswith((".py", ".pyi"))), *modules)
    placed = []
    for library, root in zip(parts.libraries, roots):
        declared = library[CcWheelFolderField].value
        folder = library.address.spec_path
        if root.source_root and root.source_root.path != ".":
            folder = posixpath.relpath(folder, root.source_root.path)
        placed.append((library, declared or library_folder(folder, python_files)))
    return tuple(placed)


def _check(
    target: Target,
    parts: PayloadTargets,
    owners: tuple[Owner, ...],
    libraries: tuple[tuple[Target, str | None], ...],
    files: tuple[str, ...],
    pyproject: Pyproject,
) -> WheelMatrix:
    """The builds of a wheel.

    Raises:
        InvalidTargetError: with all problems of its fields and of its dependencies.
    """
    spec = target.address.spec
    where = f"the target {spec}"
    extensions = parts.extensions
    pythons = target[PythonsField].value
    problems = Problems()
    matrix = None
    problems.add(parts.mistakes)
    path = posixpath.join(target.address.spec_path, target[PyprojectField].value)
    with problems.collecting():
        check_requirements(spec, parts.requirements, pyproject, path)
    with problems.collecting():
        sources = {owner.requirement.target: owner.source for owner in owners}
        check_owners(spec, (owner.requirement for owner in owners), sources, pyproject, path)
    with problems.collecting():
        has_data = bool(target[DataFilesField].value)
        check_native(spec, (*extensions, *parts.libraries), files, has_data=has_data)
    with problems.collecting():
        check_modules((extension[ExtensionModuleField].value, extension.address.spec) for extension in extensions)
    with problems.collecting():
        check_places(spec, ((lib.address.spec, _library_name(lib), folder) for lib, folder in libraries), files)
    with problems.collecting():
        matrix = plan_matrix(
            target[PlatformsField].value,
            pythons if pythons is not None else pythons_of(pyproject.requires_python, where=where),
            (extension[LimitedApiField].value for extension in extensions),
            where=where,
            # Prebuilt extensions among the resources are for the Pythons that the wheel lists.
            independent=bool(libraries) and not extensions and not any(is_possible_extension(file) for file in files),
        )
        check_pythons(matrix.versions, pyproject.requires_python, where=where)
    problems.raise_if_any()
    assert matrix is not None  # where it is not, there is a problem
    return matrix


def _library_name(library: Target) -> str:
    return library[CcSharedLibraryNameField].value or library.address.target_name


def _address_input(variant: str, target: Target) -> AddressInput:
    origin = f"the `{VariantField.alias}` field of {target.address}"
    return AddressInput.parse(variant, relative_to=target.address.spec_path, description_of_origin=origin)


@rule(level=LogLevel.DEBUG)
async def wheel_metadata(request: WheelMetadataRequest) -> WheelMetadata:
    pyproject = await Get(
        Digest,
        PathGlobs(
            [request.pyproject],
            glob_match_error_behavior=GlobMatchErrorBehavior.error,
            description_of_origin=f"the `pyproject` field of {request.where}",
        ),
    )
    contents = await Get(DigestContents, Digest, pyproject)
    parsed = parse_pyproject(contents[0].content, request.pyproject)
    directory = posixpath.dirname(request.pyproject)
    beside = await Get(Digest, PathGlobs(posixpath.join(directory, path) for path in parsed.paths))
    return WheelMetadata(await Get(Digest, MergeDigests([pyproject, beside])), parsed)


@rule(level=LogLevel.DEBUG)
async def data_files(request: DataFilesRequest) -> DataFiles:
    paths = [posixpath.normpath(posixpath.join(request.address.spec_path, source)) for _, source in request.files]
    found = await Get(
        DigestContents,
        PathGlobs(
            paths,
            glob_match_error_behavior=GlobMatchErrorBehavior.error,
            conjunction=GlobExpansionConjunction.all_match,
            description_of_origin=f"the `data_files` field of {request.address}",
        ),
    )
    by_path = {file.path: file for file in found}
    placed = await Get(
        Digest,
        CreateDigest(
            # `data` is the scheme whose root is the environment's prefix.
            FileContent(f"{DATA_DIR}/data/{installed}", by_path[path].content, by_path[path].is_executable)
            for (installed, _), path in zip(request.files, paths)
        ),
    )
    return DataFiles(placed)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
