"""Rules for the contents of a `python_native_wheel` besides its extensions: sources, data, metadata, sibling wheels."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, fields

from pants.backend.python.target_types import PythonSourceField
from pants.build_graph.address import AddressInput
from pants.core.target_types import ResourceSourceField
from pants.core.util_rules.source_files import SourceFilesRequest
from pants.engine.addresses import Address
from pants.engine.fs import (
    AddPrefix,
    Digest,
    MergeDigests,
    Snapshot,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import (
    SourcesField,
    Target,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionRule
from pants.source.source_root import OptionalSourceRoot, SourceRootRequest
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problems
from spokeshave_pants.cc.target_types import CcSharedLibraryNameField, CcWheelFolderField
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    get_optional_source_root,
    implicitly,
    merge_digests,
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
from spokeshave_pants.wheel.plan import backend_wheel, wheel_files
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
from spokeshave_pants.wheel.plan.matrix import (
    WheelMatrix,
    check_extension_platforms,
    check_modules,
    is_built_for,
    plan_matrix,
)
from spokeshave_pants.wheel.plan.owners import Owner, find_owners, refuse_mutual_pins
from spokeshave_pants.wheel.plan.pyproject import Pyproject
from spokeshave_pants.wheel.plan.requirements import (
    check_owners,
    check_requirements,
    required_texts,
)
from spokeshave_pants.wheel.plan.requires_python import check_pythons, pythons_of
from spokeshave_pants.wheel.plan.targets import PayloadTargets, PayloadTargetsRequest, payload_targets
from spokeshave_pants.wheel.plan.wheel_files import (
    DataFilesRequest,
    VersionTemplates,
    VersionTemplatesRequest,
    WheelMetadata,
    WheelMetadataRequest,
    data_files,
    version_templates,
    wheel_metadata,
)
from spokeshave_pants.wheel.target_types import (
    CmakeField,
    DataFilesField,
    ExtensionModuleField,
    ExtensionPlatformsField,
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


@dataclass(frozen=True)
class WheelPlanRequest:
    """A request for the plan of a wheel."""

    address: Address


@dataclass(frozen=True)
class WheelPlan:
    """What a target asks for, of a wheel of either kind: described by pyproject.toml, or built by its own backend.

    All steps after the unrepaired wheel use this alone, so that they treat both kinds alike.

    Attributes:
        native_targets: The targets that are linked for its wheels.
        native_platforms: The platforms of each of them, as globs. Empty for all platforms.
        siblings: The native wheels that this one is pinned to.
        companions: The native wheels that its metadata requires by a version of its own.
        has_backend: Whether the project's own backend builds it (`python_backend_wheel`).
    """

    address: Address
    target: Target
    matrix: WheelMatrix
    variant: Address | None
    native_targets: tuple[Address, ...]
    native_platforms: tuple[tuple[str, ...], ...]
    siblings: tuple[Address, ...]
    companions: tuple[Address, ...]
    requires_python: str | None
    has_backend: bool

    def native_targets_for(self, platform: Platform) -> tuple[Address, ...]:
        """Return the targets that are linked for the wheels of a platform."""
        found = zip(self.native_targets, self.native_platforms)
        return tuple(target for target, globs in found if is_built_for(globs, platform))


@dataclass(frozen=True)
class DescribedWheel(WheelPlan):
    """The plan of a `python_native_wheel`: the parts of a described wheel that do not depend on platform or version.

    Attributes:
        extensions: All extensions. `extensions_for` returns those of a platform's wheels.
        extension_platforms: The `platforms` of each extension, as globs. Empty for all platforms.
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
    extension_platforms: tuple[tuple[str, ...], ...]
    modules: tuple[str, ...]
    libraries: tuple[tuple[Address, str], ...]
    library_names: tuple[str, ...]
    offered: DownstreamPackage | None
    requirements: tuple[str, ...]

    @property
    def common(self) -> WheelPlan:
        """Return what it has in common with wheels of the other kind."""
        return WheelPlan(**{field.name: getattr(self, field.name) for field in fields(WheelPlan)})

    def extensions_for(self, platform: Platform) -> tuple[Address, ...]:
        """Return the extensions in the wheels of a platform."""
        found = zip(self.extensions, self.extension_platforms)
        return tuple(extension for extension, globs in found if is_built_for(globs, platform))

    def modules_for(self, platform: Platform) -> tuple[str, ...]:
        """Return the modules of the extensions in the wheels of a platform."""
        found = zip(self.modules, self.extension_platforms)
        return tuple(module for module, globs in found if is_built_for(globs, platform))


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
        native_platforms=(),
        siblings=(),
        companions=(),
        requires_python=backend.project.requires_python,
        has_backend=True,
    )


@dataclass(frozen=True)
class _Contents:
    """What a described wheel consists of, before it is checked.

    Attributes:
        sources: The Python files and resources of the repository, at their paths in the wheel.
        libraries: The shared libraries with their folders in the wheel. None if the user has to set one.
    """

    parts: PayloadTargets
    owners: tuple[Owner, ...]
    sources: Snapshot
    metadata: WheelMetadata
    data: Digest
    templates: VersionTemplates
    headers: InstalledHeaders
    libraries: tuple[tuple[Target, str | None], ...]

    @property
    def pyproject(self) -> Pyproject:
        return self.metadata.pyproject

    @property
    def files(self) -> tuple[str, ...]:
        return self.sources.files

    @property
    def extensions(self) -> tuple[Address, ...]:
        return tuple(extension.address for extension in self.parts.extensions)

    @property
    def modules(self) -> tuple[str, ...]:
        return tuple(extension[ExtensionModuleField].value for extension in self.parts.extensions)

    @property
    def extension_platforms(self) -> tuple[tuple[str, ...], ...]:
        return tuple(extension[ExtensionPlatformsField].value for extension in self.parts.extensions)

    @property
    def pinned(self) -> tuple[Owner, ...]:
        """The owners that the wheel is pinned to, if its metadata leaves that to the build."""
        return tuple(owner for owner in self.owners if owner.is_pinned and self.pyproject.dynamic_dependencies)

    @property
    def siblings(self) -> tuple[Address, ...]:
        return (*self.parts.siblings, *(owner.target.address for owner in self.pinned))

    @property
    def companions(self) -> tuple[Address, ...]:
        wheels = (owner for owner in self.owners if owner.target.has_field(WheelDependenciesField))
        return tuple(owner.target.address for owner in wheels if owner not in self.pinned)

    @property
    def requirements(self) -> tuple[str, ...]:
        if not self.pyproject.dynamic_dependencies:
            return ()
        owned = (owner.requirement for owner in self.owners if not owner.is_pinned)
        return required_texts((*self.parts.requirements, *owned), self.pyproject)


async def _gather(target: Target) -> _Contents:
    address = target.address
    pyproject = posixpath.join(address.spec_path, target[PyprojectField].value)
    parts = await payload_targets(PayloadTargetsRequest(address), **implicitly())
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
        wheel_metadata(WheelMetadataRequest(pyproject, f"the target {address}")),
        data_files(DataFilesRequest(address, tuple((target[DataFilesField].value or {}).items()))),
        version_templates(VersionTemplatesRequest(address, tuple((target[VersionFilesField].value or {}).items()))),
        installed_headers(InstalledHeadersRequest(address)),
    )
    roots = await concurrently(
        get_optional_source_root(SourceRootRequest.for_target(library), **implicitly()) for library in parts.libraries
    )
    return _Contents(
        parts=parts,
        owners=await find_owners(parts.foreign),
        sources=sources.snapshot,
        metadata=metadata,
        data=data.digest,
        templates=templates,
        headers=headers,
        libraries=_place_libraries(parts, roots, sources.snapshot.files),
    )


async def _variant(target: Target) -> Address | None:
    variant = target[VariantField].value
    if variant is None:
        return None
    return await resolve_address(**implicitly({_address_input(variant, target): AddressInput}))


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
    contents = await _gather(target)
    matrix, offered = _checked(target, contents)
    await refuse_mutual_pins(request.address, contents.pinned)
    payload = await merge_digests(MergeDigests([contents.sources.digest, contents.headers.digest]))
    extensions = contents.extensions
    return DescribedWheel(
        address=request.address,
        target=target,
        matrix=matrix,
        native_targets=(*extensions, *(library.address for library, _ in contents.libraries)),
        native_platforms=(*contents.extension_platforms, *((),) * len(contents.libraries)),
        has_backend=False,
        variant=await _variant(target),
        pyproject=posixpath.join(request.address.spec_path, target[PyprojectField].value),
        payload=await add_prefix(AddPrefix(payload, PAYLOAD_DIR)),
        metadata=contents.metadata.digest,
        data=contents.data if target[DataFilesField].value else None,
        version_files=contents.templates.files,
        templates=contents.templates.digest,
        extensions=extensions,
        extension_platforms=contents.extension_platforms,
        modules=contents.modules,
        libraries=tuple((library.address, folder or "") for library, folder in contents.libraries),
        library_names=tuple(_library_name(library) for library, _ in contents.libraries),
        offered=offered,
        siblings=contents.siblings,
        companions=contents.companions,
        requirements=contents.requirements,
        requires_python=contents.pyproject.requires_python,
    )


def _checked(target: Target, contents: _Contents) -> tuple[WheelMatrix, DownstreamPackage | None]:
    """Return a wheel's builds, and what it offers to C and C++ projects.

    Raises:
        InvalidTargetError: For all problems of its fields and dependencies.
    """
    problems = Problems()
    matrix = None
    offered = None
    with problems.collecting():
        matrix = _check(target, contents)
    with problems.collecting():
        offered = _offer(target, contents)
    problems.raise_if_any(InvalidTargetError)
    assert matrix is not None  # otherwise there is a problem
    return matrix, offered


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


def _check(target: Target, contents: _Contents) -> WheelMatrix:
    """Check a wheel's fields and dependencies and return its builds.

    Raises:
        InvalidTargetError: For all problems of its fields and dependencies.
    """
    spec = target.address.spec
    where = f"the target {spec}"
    parts = contents.parts
    extensions = parts.extensions
    files = contents.files
    pyproject = contents.pyproject
    libraries = contents.libraries
    templates = contents.templates
    pythons = target[PythonsField].value
    problems = Problems()
    matrix = None
    problems.add_text(parts.mistakes)
    path = posixpath.join(target.address.spec_path, target[PyprojectField].value)
    with problems.collecting():
        check_requirements(spec, parts.requirements, pyproject, path)
    with problems.collecting():
        sources = {owner.requirement.target: owner.source for owner in contents.owners}
        check_owners(spec, (owner.requirement for owner in contents.owners), sources, pyproject, path)
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
        if not parts.libraries and not any(is_possible_extension(file) for file in files):
            by_extension = {e.address.spec: e[ExtensionPlatformsField].value for e in extensions}
            check_extension_platforms(matrix.platforms, by_extension, where=where)
    problems.raise_if_any(InvalidTargetError)
    assert matrix is not None  # otherwise there is a problem
    return matrix


def _offer(target: Target, contents: _Contents) -> DownstreamPackage | None:
    """Return what a wheel offers to C and C++ projects.

    Raises:
        InvalidTargetError: For all problems of the fields `headers`, `cmake` and `pkg_config`.
    """
    offered = OfferFields(
        headers=target[HeadersField].value or {},
        cmake=target[CmakeField].value,
        pkg_config=target[PkgConfigField].value,
    )
    wheel = WheelContents(
        files=contents.files,
        modules=tuple(
            extension[ExtensionModuleField].value.replace(".", "/") for extension in contents.parts.extensions
        ),
        version_files=tuple(path for path, _ in contents.templates.files),
        headers=contents.headers.files,
        without_headers=contents.headers.without_headers,
        libraries=tuple((_library_name(library), library.address.spec) for library, _ in contents.libraries),
    )
    pyproject = contents.pyproject
    return plan_offer(target.address.spec, offered, wheel, pyproject.description or pyproject.name or "")


def _library_name(library: Target) -> str:
    return library[CcSharedLibraryNameField].value or library.address.target_name


def _address_input(variant: str, target: Target) -> AddressInput:
    origin = f"the `{VariantField.alias}` field of {target.address}"
    return AddressInput.parse(variant, relative_to=target.address.spec_path, description_of_origin=origin)


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        *backend_wheel.rules(),
        *downstream.rules(),
        *plan_targets.rules(),
        *wheel_files.rules(),
    ]
