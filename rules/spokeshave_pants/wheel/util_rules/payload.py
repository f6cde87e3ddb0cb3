"""What a `python_native_wheel` consists of beside its extensions: sources, data, metadata, sibling wheels."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pants.backend.python.target_types import PythonSourceField
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
)
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import (
    Dependencies,
    DependenciesRequest,
    SourcesField,
    Target,
    Targets,
    WrappedTarget,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

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
from spokeshave_pants.wheel.wheel_plan import WheelMatrix, check_modules, mentioned_paths, plan_matrix, pythons_of

PAYLOAD_DIR = "__payload"
DATA_DIR = "__data"


@dataclass(frozen=True)
class WheelPlanRequest:
    address: Address


@dataclass(frozen=True)
class WheelPlan:
    """A wheel's parts that no platform, Python or version changes.

    `payload` holds the files at their place in the wheel, `metadata` the pyproject.toml with what lies beside it,
    `data` the files to install under the prefix.
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
    siblings: tuple[Address, ...]


@dataclass(frozen=True)
class PayloadTargetsRequest:
    """The targets that a wheel owns: what its dependencies reach, less what the wheels that it requires own."""

    address: Address


@dataclass(frozen=True)
class PayloadTargets:
    """:param elsewhere: what the wheels that this one requires own, and those that they require."""

    owned: tuple[Target, ...]
    extensions: tuple[Target, ...]
    siblings: tuple[Address, ...]
    elsewhere: frozenset[Address]


@dataclass(frozen=True)
class WheelMetadataRequest:
    pyproject: str
    where: str


@dataclass(frozen=True)
class WheelMetadata:
    """A pyproject.toml's text, and a digest of it with what lies beside it and it may mean."""

    digest: Digest
    pyproject: str


@dataclass(frozen=True)
class DataFilesRequest:
    address: Address
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DataFiles:
    digest: Digest


@rule(level=LogLevel.DEBUG)
async def payload_targets(request: PayloadTargetsRequest) -> PayloadTargets:
    where = "a `python_native_wheel`"
    target = (await Get(WrappedTarget, WrappedTargetRequest(request.address, description_of_origin=where))).target
    direct = await Get(Targets, DependenciesRequest(target[WheelDependenciesField]))
    reached = await _reach(direct)
    siblings = [t.address for t in reached if t.has_field(WheelDependenciesField)]
    payloads = await MultiGet(Get(PayloadTargets, PayloadTargetsRequest(sibling)) for sibling in siblings)
    elsewhere = frozenset(
        address
        for payload in payloads
        for address in (*payload.elsewhere, *(t.address for t in (*payload.owned, *payload.extensions)))
    )
    mine = [t for t in reached if t.address not in elsewhere and t.address not in siblings]
    return PayloadTargets(
        owned=tuple(t for t in mine if not t.has_field(ExtensionModuleField)),
        extensions=tuple(t for t in mine if t.has_field(ExtensionModuleField)),
        siblings=tuple(siblings),
        elsewhere=elsewhere,
    )


async def _reach(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Targets and all that they depend on, sorted; extensions and wheels are built apart and not looked into."""
    reached: dict[Address, Target] = {}
    pending = list(targets)
    while pending:
        new = {t.address: t for t in pending if t.address not in reached}
        reached.update(new)
        looked_into = [
            t for t in new.values() if not t.has_field(ExtensionModuleField) and not t.has_field(PythonsField)
        ]
        found = await MultiGet(Get(Targets, DependenciesRequest(t.get(Dependencies))) for t in looked_into)
        pending = [dependency for dependencies in found for dependency in dependencies]
    return tuple(sorted(reached.values(), key=lambda t: t.address))


@rule(desc="Plan a wheel", level=LogLevel.DEBUG)
async def plan_wheel(request: WheelPlanRequest) -> WheelPlan:
    where = f"the target {request.address}"
    target = (await Get(WrappedTarget, WrappedTargetRequest(request.address, description_of_origin=where))).target
    parts = await Get(PayloadTargets, PayloadTargetsRequest(request.address))
    check_modules((extension[ExtensionModuleField].value, extension.address.spec) for extension in parts.extensions)
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
    pythons = target[PythonsField].value
    matrix = plan_matrix(
        target[PlatformsField].value,
        pythons if pythons is not None else pythons_of(metadata.pyproject, where=where),
        (extension[LimitedApiField].value for extension in parts.extensions),
        where=where,
    )
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
        siblings=parts.siblings,
    )


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
    directory = posixpath.dirname(request.pyproject)
    text = contents[0].content.decode(errors="replace")
    paths = mentioned_paths(text)
    # PEP 639 and setuptools both take these where a pyproject.toml names none.
    usual = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*", "README*")
    beside = await Get(Digest, PathGlobs(posixpath.join(directory, path) for path in (*usual, *paths)))
    return WheelMetadata(await Get(Digest, MergeDigests([pyproject, beside])), text)


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
