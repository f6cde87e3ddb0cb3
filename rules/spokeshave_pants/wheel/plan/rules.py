"""Rules for the contents of a `python_native_wheel` besides its extensions: sources, data, metadata, sibling wheels."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, fields

from pants.backend.python.target_types import PythonProvidesField, PythonSourceField
from pants.build_graph.address import AddressInput
from pants.core.target_types import ResourceSourceField
from pants.core.util_rules.source_files import SourceFilesRequest
from pants.engine.addresses import Address
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    FileContent,
    GlobExpansionConjunction,
    GlobMatchErrorBehavior,
    MergeDigests,
    PathGlobs,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import (
    SourcesField,
    Target,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionRule
from pants.source.source_root import OptionalSourceRoot, SourceRootRequest
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_core.problems import Problems
from spokeshave_pants.cc.target_types import CcSharedLibraryNameField, CcWheelFolderField
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    get_digest_contents,
    get_optional_source_root,
    implicitly,
    merge_digests,
    path_globs_to_digest,
    resolve_address,
    resolve_target,
    rule,
    strip_source_roots,
)
from spokeshave_pants.release.target_types import PyprojectField
from spokeshave_pants.wheel.backend_target_types import BackendVersionField
from spokeshave_pants.wheel.downstream import rules as downstream
from spokeshave_pants.wheel.downstream.offer import OfferFields, WheelContents, plan_offer
from spokeshave_pants.wheel.downstream.package import DownstreamPackage
from spokeshave_pants.wheel.downstream.rules import InstalledHeaders, InstalledHeadersRequest, installed_headers
from spokeshave_pants.wheel.plan import backend_wheel
from spokeshave_pants.wheel.plan import targets as plan_targets
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheelRequest, plan_backend_wheel
from spokeshave_pants.wheel.plan.contents import (
    check_native,
    check_places,
    check_templates,
    check_version_files,
    is_possible_extension,
    library_folder,
)
from spokeshave_pants.wheel.plan.matrix import WheelMatrix, check_modules, plan_matrix
from spokeshave_pants.wheel.plan.pyproject import Pyproject, parse_pyproject
from spokeshave_pants.wheel.plan.requirements import (
    Requirement,
    check_owners,
    check_requirements,
    distribution_requirement,
    required_texts,
)
from spokeshave_pants.wheel.plan.requires_python import check_pythons, pythons_of
from spokeshave_pants.wheel.plan.roles import requirements_of
from spokeshave_pants.wheel.plan.targets import ForeignPart, PayloadTargets, PayloadTargetsRequest, payload_targets
from spokeshave_pants.wheel.target_types import (
    CmakeField,
    DataFilesField,
    ExtensionModuleField,
    HeadersField,
    LimitedApiField,
    PkgConfigField,
    PlatformsField,
    PythonsField,
    VariantField,
    VersionFilesField,
    VersionModuleField,
    WheelDependenciesField,
)

PAYLOAD_DIR = "__payload"
DATA_DIR = "__data"


@dataclass(frozen=True)
class WheelPlanRequest:
    """A request for the plan of a wheel."""

    address: Address


@dataclass(frozen=True)
class WheelPlan:
    """What a target asks for, of a wheel of either kind: described by pyproject.toml, or built by its own backend.

    All steps after the unrepaired wheel use this alone, so that they treat both kinds alike.

    Attributes:
        native_targets: The targets that are linked for this wheel.
        siblings: The native wheels that this one is pinned to.
        companions: The native wheels that its metadata requires by a version of its own.
        has_backend: Whether the project's own backend builds it (`python_backend_wheel`).
    """

    address: Address
    target: Target
    matrix: WheelMatrix
    variant: Address | None
    native_targets: tuple[Address, ...]
    siblings: tuple[Address, ...]
    companions: tuple[Address, ...]
    requires_python: str | None
    has_backend: bool


@dataclass(frozen=True)
class DescribedWheel(WheelPlan):
    """The plan of a `python_native_wheel`: the parts of a described wheel that do not depend on platform or version.

    Attributes:
        payload: The files at their path in the wheel.
        metadata: The pyproject.toml with the files that it names.
        data: The files to install under the prefix.
        version_files: The files that contain the version: the path in the wheel and the path of the template.
        templates: The templates at their paths in the repository.
        libraries: The shared libraries that Python code opens, each with its directory in the wheel.
        library_names: The names of these libraries, in the same order.
        offered: What the wheel offers to C and C++ projects, if anything.
        requirements: Requirements to add to the metadata.
    """

    pyproject: str
    payload: Digest
    metadata: Digest
    data: Digest | None
    version_files: tuple[tuple[str, str], ...]
    templates: Digest
    extensions: tuple[Address, ...]
    modules: tuple[str, ...]
    libraries: tuple[tuple[Address, str], ...]
    library_names: tuple[str, ...]
    offered: DownstreamPackage | None
    requirements: tuple[str, ...]

    @property
    def common(self) -> WheelPlan:
        """Return what it has in common with wheels of the other kind."""
        return WheelPlan(**{field.name: getattr(self, field.name) for field in fields(WheelPlan)})


@dataclass(frozen=True)
class WheelMetadataRequest:
    """A request for a parsed pyproject.toml."""

    pyproject: str
    where: str


@dataclass(frozen=True)
class WheelMetadata:
    """A parsed pyproject.toml, and a digest of it with the files that it names."""

    digest: Digest
    pyproject: Pyproject


@dataclass(frozen=True)
class DataFilesRequest:
    """A request for the data files of a wheel."""

    address: Address
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DataFiles:
    """The data files of a wheel, at their paths below the prefix."""

    digest: Digest


@dataclass(frozen=True)
class VersionTemplatesRequest:
    """A request for the templates of a wheel's version files, with the paths of both."""

    address: Address
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class VersionTemplates:
    """The templates of a wheel's version files.

    Attributes:
        files: The path in the wheel and the path of the template of each version file.
        contents: The content of each template by its path in the repository.
        digest: The templates at these paths.
    """

    files: tuple[tuple[str, str], ...]
    contents: FrozenDict[str, bytes]
    digest: Digest


@dataclass(frozen=True)
class Owner:
    """Another distribution of the repository that owns something that a wheel's sources import.

    Attributes:
        is_pinned: Whether its version is computed like the wheel's own, so that the two are pinned to each other.
    """

    target: Target
    requirement: Requirement
    source: str
    is_pinned: bool


async def _owners(foreign: Iterable[ForeignPart]) -> tuple[Owner, ...]:
    """Return the owners, each with one of its targets that the wheel's own sources depend on."""
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
        pyproject = (await wheel_metadata(WheelMetadataRequest(path, f"the target {spec}"))).pyproject
        requirement = distribution_requirement(pyproject.name or spec, pyproject.version, spec, part.dependent)
        owners.append(Owner(part.owner, requirement, source, is_pinned=pyproject.version is None))
    return tuple(owners)


async def _refuse_mutual_pins(wheel: Address, owners: Iterable[Owner]) -> None:
    """Raise an error if two wheels would be pinned to each other."""
    pinned = [owner.target.address for owner in owners if owner.is_pinned]
    theirs = await concurrently(payload_targets(PayloadTargetsRequest(address), **implicitly()) for address in pinned)
    mutual = [
        address for address, parts in zip(pinned, theirs) if any(part.owner.address == wheel for part in parts.foreign)
    ]
    if mutual:
        raise InvalidTargetError(
            f"{wheel} and {' and '.join(map(str, mutual))} depend on parts of each other, so neither can be built "
            f"first. Move what both import to a distribution that both require."
        )


@rule(desc="Plan a wheel", level=LogLevel.DEBUG)
async def plan_wheel(request: WheelPlanRequest) -> WheelPlan:
    """Plan a wheel of either kind.

    Raises:
        InvalidTargetError: For all problems of its fields and dependencies.
    """
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    if not target.has_field(BackendVersionField):
        return (await plan_described_wheel(request)).common
    backend = await plan_backend_wheel(BackendWheelRequest(request.address))
    return WheelPlan(
        address=request.address,
        target=target,
        matrix=backend.matrix,
        variant=None,
        native_targets=(),
        siblings=(),
        companions=(),
        requires_python=backend.project.requires_python,
        has_backend=True,
    )


@rule(desc="Plan a described wheel", level=LogLevel.DEBUG)
async def plan_described_wheel(request: WheelPlanRequest) -> DescribedWheel:
    """Plan a `python_native_wheel`.

    Raises:
        InvalidTargetError: For all problems of its fields and dependencies.
    """
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    parts = await payload_targets(PayloadTargetsRequest(request.address), **implicitly())
    pyproject = posixpath.join(request.address.spec_path, target[PyprojectField].value)
    sources, metadata, data, templates, headers = await concurrently(
        strip_source_roots(
            **implicitly(
                SourceFilesRequest(
                    (t.get(SourcesField) for t in parts.owned),
                    for_sources_types=(PythonSourceField, ResourceSourceField),
                    enable_codegen=True,
                )
            )
        ),
        wheel_metadata(WheelMetadataRequest(pyproject, where)),
        data_files(DataFilesRequest(request.address, tuple((target[DataFilesField].value or {}).items()))),
        version_templates(
            VersionTemplatesRequest(request.address, tuple((target[VersionFilesField].value or {}).items()))
        ),
        installed_headers(InstalledHeadersRequest(request.address)),
    )
    roots = await concurrently(
        get_optional_source_root(SourceRootRequest.for_target(library), **implicitly()) for library in parts.libraries
    )
    owners = await _owners(parts.foreign)
    files = sources.snapshot.files
    libraries = _place_libraries(parts, roots, files)
    problems = Problems()
    matrix = None
    offered = None
    with problems.collecting():
        matrix = _check(target, parts, owners, libraries, files, metadata.pyproject, templates)
    with problems.collecting():
        offered = _offer(target, parts, libraries, files, metadata.pyproject, templates, headers)
    problems.raise_if_any(InvalidTargetError)
    assert matrix is not None  # otherwise there is a problem
    is_dynamic = metadata.pyproject.dynamic_dependencies
    await _refuse_mutual_pins(request.address, owners if is_dynamic else ())
    pinned = tuple(owner.target.address for owner in owners if owner.is_pinned) if is_dynamic else ()
    required = (*parts.requirements, *(owner.requirement for owner in owners if not owner.is_pinned))
    variant = target[VariantField].value
    payload = await merge_digests(MergeDigests([sources.snapshot.digest, headers.digest]))
    extensions = tuple(extension.address for extension in parts.extensions)
    return DescribedWheel(
        address=request.address,
        target=target,
        matrix=matrix,
        native_targets=(*extensions, *(library.address for library, _ in libraries)),
        has_backend=False,
        variant=None
        if variant is None
        else await resolve_address(**implicitly({_address_input(variant, target): AddressInput})),
        pyproject=pyproject,
        payload=await add_prefix(AddPrefix(payload, PAYLOAD_DIR)),
        metadata=metadata.digest,
        data=data.digest if target[DataFilesField].value else None,
        version_files=templates.files,
        templates=templates.digest,
        extensions=extensions,
        modules=tuple(extension[ExtensionModuleField].value for extension in parts.extensions),
        libraries=tuple((library.address, folder or "") for library, folder in libraries),
        library_names=tuple(_library_name(library) for library, _ in libraries),
        offered=offered,
        siblings=(*parts.siblings, *pinned),
        companions=tuple(
            owner.target.address
            for owner in owners
            if owner.target.has_field(WheelDependenciesField) and owner.target.address not in pinned
        ),
        requirements=required_texts(required, metadata.pyproject) if is_dynamic else (),
        requires_python=metadata.pyproject.requires_python,
    )


def _place_libraries(
    parts: PayloadTargets, roots: Iterable[OptionalSourceRoot], files: Iterable[str]
) -> tuple[tuple[Target, str | None], ...]:
    """Return the shared libraries of a wheel with their directories in it, or None if the user has to set one."""
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
    templates: VersionTemplates,
) -> WheelMatrix:
    """Check a wheel's fields and dependencies and return its builds.

    Raises:
        InvalidTargetError: For all problems of its fields and dependencies.
    """
    spec = target.address.spec
    where = f"the target {spec}"
    extensions = parts.extensions
    pythons = target[PythonsField].value
    problems = Problems()
    matrix = None
    problems.add_text(parts.mistakes)
    path = posixpath.join(target.address.spec_path, target[PyprojectField].value)
    with problems.collecting():
        check_requirements(spec, parts.requirements, pyproject, path)
    with problems.collecting():
        sources = {owner.requirement.target: owner.source for owner in owners}
        check_owners(spec, (owner.requirement for owner in owners), sources, pyproject, path)
    with problems.collecting():
        has_data = bool(target[DataFilesField].value)
        has_headers = bool(target[HeadersField].value)
        has_native = bool(extensions or parts.libraries)
        check_native(spec, files, has_native=has_native, has_data=has_data, has_headers=has_headers)
    with problems.collecting():
        check_modules((extension[ExtensionModuleField].value, extension.address.spec) for extension in extensions)
    with problems.collecting():
        check_places(spec, ((lib.address.spec, _library_name(lib), folder) for lib, folder in libraries), files)
    with problems.collecting():
        module = target[VersionModuleField].value
        check_version_files(spec, (path for path, _ in templates.files), (*files, *((module,) if module else ())))
    with problems.collecting():
        check_templates(spec, (template for _, template in templates.files), templates.contents)
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
    problems.raise_if_any(InvalidTargetError)
    assert matrix is not None  # otherwise there is a problem
    return matrix


def _offer(
    target: Target,
    parts: PayloadTargets,
    libraries: tuple[tuple[Target, str | None], ...],
    files: tuple[str, ...],
    pyproject: Pyproject,
    templates: VersionTemplates,
    headers: InstalledHeaders,
) -> DownstreamPackage | None:
    """Return what a wheel offers to C and C++ projects.

    Raises:
        InvalidTargetError: For all problems of the fields `headers`, `cmake` and `pkg_config`.
    """
    offered = OfferFields(
        headers=target[HeadersField].value or {},
        cmake=target[CmakeField].value,
        pkg_config=target[PkgConfigField].value,
    )
    contents = WheelContents(
        files=files,
        modules=tuple(extension[ExtensionModuleField].value.replace(".", "/") for extension in parts.extensions),
        version_files=tuple(path for path, _ in templates.files),
        headers=headers.files,
        without_headers=headers.without_headers,
        libraries=tuple((_library_name(library), library.address.spec) for library, _ in libraries),
    )
    return plan_offer(target.address.spec, offered, contents, pyproject.description or pyproject.name or "")


def _library_name(library: Target) -> str:
    return library[CcSharedLibraryNameField].value or library.address.target_name


def _address_input(variant: str, target: Target) -> AddressInput:
    origin = f"the `{VariantField.alias}` field of {target.address}"
    return AddressInput.parse(variant, relative_to=target.address.spec_path, description_of_origin=origin)


@rule(level=LogLevel.DEBUG)
async def wheel_metadata(request: WheelMetadataRequest) -> WheelMetadata:
    pyproject = await path_globs_to_digest(
        PathGlobs(
            [request.pyproject],
            glob_match_error_behavior=GlobMatchErrorBehavior.error,
            description_of_origin=f"the `pyproject` field of {request.where}",
        )
    )
    contents = await get_digest_contents(pyproject)
    parsed = parse_pyproject(contents[0].content, request.pyproject)
    directory = posixpath.dirname(request.pyproject)
    named_files = await path_globs_to_digest(PathGlobs(posixpath.join(directory, path) for path in parsed.paths))
    return WheelMetadata(await merge_digests(MergeDigests([pyproject, named_files])), parsed)


@rule(level=LogLevel.DEBUG)
async def data_files(request: DataFilesRequest) -> DataFiles:
    paths = [posixpath.normpath(posixpath.join(request.address.spec_path, source)) for _, source in request.files]
    found = await get_digest_contents(
        **implicitly(
            PathGlobs(
                paths,
                glob_match_error_behavior=GlobMatchErrorBehavior.error,
                conjunction=GlobExpansionConjunction.all_match,
                description_of_origin=f"the `data_files` field of {request.address}",
            )
        )
    )
    by_path = {file.path: file for file in found}
    placed = await create_digest(
        CreateDigest(
            # `data` is the scheme whose root is the environment's prefix.
            FileContent(f"{DATA_DIR}/data/{installed}", by_path[path].content, by_path[path].is_executable)
            for (installed, _), path in zip(request.files, paths)
        )
    )
    return DataFiles(placed)


@rule(level=LogLevel.DEBUG)
async def version_templates(request: VersionTemplatesRequest) -> VersionTemplates:
    paths = [posixpath.normpath(posixpath.join(request.address.spec_path, template)) for _, template in request.files]
    digest = await path_globs_to_digest(
        PathGlobs(
            paths,
            glob_match_error_behavior=GlobMatchErrorBehavior.error,
            conjunction=GlobExpansionConjunction.all_match,
            description_of_origin=f"the `version_files` field of {request.address}",
        )
    )
    contents = await get_digest_contents(digest)
    return VersionTemplates(
        files=tuple((path, template) for (path, _), template in zip(request.files, paths)),
        contents=FrozenDict({file.path: file.content for file in contents}),
        digest=digest,
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *backend_wheel.rules(), *downstream.rules(), *plan_targets.rules()]
