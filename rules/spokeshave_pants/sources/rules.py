"""Rules for the source tree of an existing project: an archive, a source distribution, or files of the repository."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass

from pants.core.target_types import FileSourceField
from pants.core.util_rules.subprocess_environment import SubprocessEnvironmentVars
from pants.engine.addresses import Address, Addresses, UnparsedAddressInputs
from pants.engine.fs import (
    CreateDigest,
    Digest,
    FileContent,
    GlobMatchErrorBehavior,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import (
    FieldSet,
    HydrateSourcesRequest,
    InferDependenciesRequest,
    InferredDependencies,
    Target,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions, ca_certs_path_to_file_content
from pants.util.logging import LogLevel

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    ResolveConfigRequest,
    concurrently,
    create_digest,
    determine_resolve_config,
    digest_to_snapshot,
    execute_process,
    get_digest_contents,
    hydrate_sources,
    implicitly,
    merge_digests,
    path_globs_to_digest,
    remove_prefix,
    resolve_target,
    resolve_targets,
    resolve_unparsed_address_inputs,
    rule,
)
from spokeshave_pants.resources.files import standalone_tool
from spokeshave_pants.sandbox.hermetic import HermeticProcess, run_hermetic
from spokeshave_pants.sandbox.packages import PackagesRequest, find_packages
from spokeshave_pants.sandbox.python import SandboxPython
from spokeshave_pants.sources.pin import SdistPin
from spokeshave_pants.sources.target_types import (
    ArchiveSourceField,
    SdistRequirementsField,
    StripComponentsField,
    SubdirectoryField,
    TreeSourcesField,
)

_UNPACK = "__unpack.py"
_SDIST = "__sdist.py"
_REQUEST = "__sdist.json"
_PACKAGES = "__packages"
_OUTPUT = "__out"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
_WITHOUT_SOURCE = (
    'has neither `source` nor `sources`: write source=":ARCHIVE" with the address of a `file` or `python_sdist` '
    'target, or sources=["**/*"] for files of the repository.'
)


class SourceArchiveError(SpokeshaveError):
    """A source archive that cannot be downloaded or unpacked."""


@dataclass(frozen=True)
class SourceTreeRequest:
    """A request for the source tree of a target with the fields of `SOURCE_TREE_FIELDS`."""

    address: Address


@dataclass(frozen=True)
class SourceTree:
    """The files of a project.

    Attributes:
        subdirectory: The folder of the project in the tree, which exists. Empty for the top.
        archive_name: The file name of the archive. Empty for files of the repository.
    """

    digest: Digest
    subdirectory: str
    archive_name: str


@dataclass(frozen=True)
class SourceArchiveRequest:
    """A request for the archive that a target names by its `source`.

    Attributes:
        owner: The target that names it.
        text: The address as its BUILD file has it.
    """

    owner: Address
    text: str


@dataclass(frozen=True)
class SourceArchive:
    """One file, at `path` of the digest."""

    digest: Digest
    path: str


@dataclass(frozen=True)
class UnpackRequest:
    """A request for the files of an archive.

    Attributes:
        strip: The value of `strip_components`.
        where: The target, for messages.
    """

    archive: SourceArchive
    strip: int | None
    where: str


@dataclass(frozen=True)
class SdistRequest:
    """A request for the archive of a `python_sdist` target.

    Attributes:
        path: The requirements file, from the build root.
    """

    address: Address
    path: str


@dataclass(frozen=True)
class _UnpackedFiles:
    digest: Digest


@rule(desc="Find the source tree of a project")
async def find_source_tree(request: SourceTreeRequest) -> SourceTree:
    where = str(request.address)
    wrapped = await resolve_target(WrappedTargetRequest(request.address, where), **implicitly())
    target = wrapped.target
    source = target[ArchiveSourceField].value
    has_sources = bool(target[TreeSourcesField].value)
    if source and has_sources:
        raise InvalidTargetError(f"{where} has both `source` and `sources`. Keep the one that the project is in.")
    if not source and not has_sources:
        raise InvalidTargetError(f"{where} {_WITHOUT_SOURCE}")
    if source:
        archive = await find_source_archive(SourceArchiveRequest(request.address, source))
        strip = target[StripComponentsField].value
        unpacked = await unpack_archive(UnpackRequest(archive, strip, where), **implicitly())
        tree = unpacked.digest
        name = posixpath.basename(archive.path)
    else:
        hydrated = await hydrate_sources(HydrateSourcesRequest(target[TreeSourcesField]), **implicitly())
        tree = await remove_prefix(RemovePrefix(hydrated.snapshot.digest, request.address.spec_path))
        name = ""
    subdirectory = target[SubdirectoryField].value
    snapshot = await digest_to_snapshot(tree)
    if subdirectory and subdirectory not in snapshot.dirs:
        tops = sorted({path.split("/")[0] for path in (*snapshot.dirs, *snapshot.files)})
        raise InvalidTargetError(
            f"{where} has subdirectory={subdirectory!r}, which is not a folder of the source tree. The tree has "
            f"{', '.join(tops)} at the top."
        )
    return SourceTree(digest=tree, subdirectory=subdirectory, archive_name=name)


@rule
async def find_source_archive(request: SourceArchiveRequest) -> SourceArchive:
    origin = f"the `source` field of {request.owner}"
    unparsed = UnparsedAddressInputs([request.text], owning_address=request.owner, description_of_origin=origin)
    addresses = await resolve_unparsed_address_inputs(unparsed, **implicitly())
    targets = await resolve_targets(**implicitly({addresses: Addresses}))
    target = targets[0] if len(targets) == 1 else None
    if target is not None and target.has_field(SdistRequirementsField):
        path = posixpath.join(target.address.spec_path, target[SdistRequirementsField].value)
        return await fetch_sdist(SdistRequest(target.address, path), **implicitly())
    if target is None or not target.has_field(FileSourceField):
        kind = f"a `{target.alias}` target" if target is not None else f"{len(targets)} targets"
        raise InvalidTargetError(
            f"{origin} is {request.text}, which is {kind}. Name a `file` target of one archive, such as "
            'file(name="zlib.tar.gz", source=http_source(...)), or a `python_sdist` target.'
        )
    hydrated = await hydrate_sources(HydrateSourcesRequest(target[FileSourceField]), **implicitly())
    (path,) = hydrated.snapshot.files
    return SourceArchive(hydrated.snapshot.digest, path)


@rule(level=LogLevel.DEBUG)
async def unpack_archive(request: UnpackRequest, python: SandboxPython) -> _UnpackedFiles:
    tool = await create_digest(CreateDigest([FileContent(_UNPACK, standalone_tool("unpack.py"))]))
    strip = () if request.strip is None else ("--strip-components", str(request.strip))
    result = await execute_process(
        Process(
            argv=(python.path, "-I", "-S", _UNPACK, request.archive.path, _OUTPUT, *strip),
            env=_ENVIRONMENT,
            input_digest=await merge_digests(MergeDigests([tool, request.archive.digest])),
            append_only_caches=python.append_only_caches,
            output_directories=(_OUTPUT,),
            description=f"Unpack {posixpath.basename(request.archive.path)}",
            level=LogLevel.INFO,
        ),
        **implicitly(),
    )
    _raise_for_failure(result, request.where)
    return _UnpackedFiles(await remove_prefix(RemovePrefix(result.output_digest, _OUTPUT)))


@rule
async def fetch_sdist(
    request: SdistRequest, python: SandboxPython, variables: SubprocessEnvironmentVars, options: GlobalOptions
) -> SourceArchive:
    where = f"{request.address} ({request.path})"
    globs = PathGlobs(
        [request.path],
        glob_match_error_behavior=GlobMatchErrorBehavior.error,
        description_of_origin=f"the `{SdistRequirementsField.alias}` field of {request.address}",
    )
    contents = await get_digest_contents(await path_globs_to_digest(globs))
    pin = SdistPin.parse(contents[0].content, where)
    finder = PackagesRequest(
        path="resource://spokeshave_pants.resources/sdist.txt",
        where="the plugin",
        purpose="which download source distributions",
        platform=python.platform,
    )
    packages, resolve = await concurrently(
        find_packages(finder, **implicitly()),
        determine_resolve_config(ResolveConfigRequest(None), **implicitly()),
    )
    certificates = [ca_certs_path_to_file_content(options.ca_certs_path)] if options.ca_certs_path else []
    wanted = {
        "requirement": pin.requirement,
        "sha256": pin.sha256,
        "indexes": resolve.indexes,
        "find_links": resolve.find_links,
        "cert": certificates[0].path if certificates else None,
    }
    files = [
        FileContent(_SDIST, standalone_tool("sdist.py")),
        FileContent(_REQUEST, json.dumps(wanted).encode()),
        *certificates,
    ]
    process = Process(
        argv=(python.path, "-I", "-S", _SDIST, _PACKAGES, _OUTPUT, _REQUEST),
        env={**variables.vars, **_ENVIRONMENT},
        input_digest=await create_digest(CreateDigest(files)),
        immutable_input_digests={_PACKAGES: packages.digest},
        append_only_caches=python.append_only_caches,
        output_directories=(_OUTPUT,),
        description=f"Download the source distribution of {pin.requirement}",
        level=LogLevel.INFO,
    )
    result = await run_hermetic(HermeticProcess(process, (finder,)), **implicitly())
    _raise_for_failure(result, f"{where}: {pin.requirement}")
    snapshot = await digest_to_snapshot(await remove_prefix(RemovePrefix(result.output_digest, _OUTPUT)))
    return SourceArchive(snapshot.digest, snapshot.files[0])


def _raise_for_failure(result: FallibleProcessResult, where: str) -> None:
    """Raise the message of a program that failed.

    Raises:
        SourceArchiveError: If the program failed.
    """
    if result.exit_code:
        raise SourceArchiveError(f"{where}: {result.stderr.decode(errors='replace').strip()}")


@dataclass(frozen=True)
class SourceTreeFieldSet(FieldSet):
    """The fields by which a target depends on its source archive."""

    required_fields = (ArchiveSourceField,)

    source: ArchiveSourceField


class InferSourceArchive(InferDependenciesRequest[SourceTreeFieldSet]):
    """A request for the archive of a target, so that its dependents are known to depend on it."""

    infer_from = SourceTreeFieldSet


@rule(level=LogLevel.DEBUG)
async def infer_source_archive(request: InferSourceArchive) -> InferredDependencies:
    source = request.field_set.source
    if not source.value:
        return InferredDependencies(())
    unparsed = UnparsedAddressInputs(
        [source.value],
        owning_address=request.field_set.address,
        description_of_origin=f"the `{source.alias}` field of {request.field_set.address}",
    )
    return InferredDependencies(await resolve_unparsed_address_inputs(unparsed, **implicitly()))


def has_source_tree(target: Target) -> bool:
    """Return whether a target has the fields of a source tree."""
    return target.has_field(ArchiveSourceField)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(InferDependenciesRequest, InferSourceArchive)]
