"""Rules for the headers that a wheel installs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pants.backend.cc.target_types import CCSourceField
from pants.core.target_types import FileSourceField, ResourceSourceField
from pants.engine.addresses import Address, Addresses, UnparsedAddressInputs
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import HydrateSourcesRequest, SourcesField, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.source.source_root import SourceRootRequest
from pants.util.logging import LogLevel

from spokeshave_pants.cc.languages import is_source
from spokeshave_pants.cc.target_types import IncludeRootField
from spokeshave_pants.pants_api import (
    concurrently,
    create_digest,
    get_digest_contents,
    get_optional_source_root,
    hydrate_sources,
    implicitly,
    resolve_target,
    resolve_targets,
    resolve_unparsed_address_inputs,
    rule,
)
from spokeshave_pants.wheel.downstream.checks import InstalledHeader
from spokeshave_pants.wheel.downstream.headers import path_below
from spokeshave_pants.wheel.target_types import HeadersField

_KINDS = (CCSourceField, ResourceSourceField, FileSourceField)


@dataclass(frozen=True)
class InstalledHeadersRequest:
    """A request for the headers that the field `headers` of a wheel installs."""

    address: Address


@dataclass(frozen=True)
class InstalledHeaders:
    """The headers that a wheel installs.

    Attributes:
        digest: The headers at their paths in the wheel.
        without_headers: The targets that have none.
    """

    digest: Digest
    files: tuple[InstalledHeader, ...]
    without_headers: tuple[str, ...]


@dataclass(frozen=True)
class HeadersOfTargetRequest:
    """A request for the headers of one target below an include directory."""

    target: Target


@dataclass(frozen=True)
class HeadersOfTarget:
    """The headers of one target, by the paths by which sources include them."""

    files: tuple[FileContent, ...]


@rule(level=LogLevel.DEBUG)
async def headers_of_target(request: HeadersOfTargetRequest) -> HeadersOfTarget:
    target = request.target
    sources = await hydrate_sources(
        HydrateSourcesRequest(target.get(SourcesField), for_sources_types=_KINDS, enable_codegen=True), **implicitly()
    )
    contents = [file for file in await get_digest_contents(sources.snapshot.digest) if not is_source(file.path)]
    roots = await concurrently(
        get_optional_source_root(SourceRootRequest.for_file(file.path), **implicitly()) for file in contents
    )
    declared = _declared_roots(target)
    placed = (
        (path_below(file.path, declared, root.source_root.path if root.source_root else "."), file.content)
        for file, root in zip(contents, roots)
    )
    return HeadersOfTarget(tuple(FileContent(path, content) for path, content in placed))


def _declared_roots(target: Target) -> tuple[str, ...]:
    roots: Iterable[str] = target[IncludeRootField].value or () if target.has_field(IncludeRootField) else ()
    return tuple(posixpath.normpath(posixpath.join(target.address.spec_path, root)) for root in roots)


@rule(desc="Find the headers of a wheel", level=LogLevel.DEBUG)
async def installed_headers(request: InstalledHeadersRequest) -> InstalledHeaders:
    where = f"the target {request.address}"
    wheel = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    origin = f"the `{HeadersField.alias}` field of {request.address}"
    listed = [(folder, spec) for folder, specs in (wheel[HeadersField].value or {}).items() for spec in specs]
    addresses = await concurrently(
        resolve_unparsed_address_inputs(
            UnparsedAddressInputs([spec], owning_address=request.address, description_of_origin=origin), **implicitly()
        )
        for _, spec in listed
    )
    targets = await concurrently(resolve_targets(**implicitly({found: Addresses})) for found in addresses)
    pairs = [(index, target) for index, found in enumerate(targets) for target in found]
    headers = await concurrently(headers_of_target(HeadersOfTargetRequest(target)) for _, target in pairs)
    files: list[InstalledHeader] = []
    contents: dict[str, bytes] = {}
    empty = dict.fromkeys(range(len(listed)))
    for (index, target), found_headers in zip(pairs, headers):
        owner = target.address.maybe_convert_to_target_generator().spec
        for file in found_headers.files:
            path = posixpath.join(listed[index][0], file.path)
            files.append(InstalledHeader(path, owner))
            contents[path] = file.content
            empty.pop(index, None)
    # A path that no file can have is reported by the checks.
    writable = {path: content for path, content in contents.items() if posixpath.normpath(path) == path}
    digest = await create_digest(
        CreateDigest(
            FileContent(path, content) for path, content in writable.items() if not path.startswith(("/", "../"))
        )
    )
    return InstalledHeaders(
        digest=digest, files=tuple(files), without_headers=tuple(listed[index][1] for index in empty)
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
