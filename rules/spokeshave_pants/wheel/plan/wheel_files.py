"""Rules for the files of a wheel that its fields name: pyproject.toml, data files, templates."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import (
    CreateDigest,
    Digest,
    FileContent,
    GlobExpansionConjunction,
    GlobMatchErrorBehavior,
    MergeDigests,
    PathGlobs,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.pants_api import (
    create_digest,
    get_digest_contents,
    implicitly,
    merge_digests,
    path_globs_to_digest,
    rule,
)
from spokeshave_pants.wheel.plan.pyproject import Pyproject, parse_pyproject

DATA_DIR = "__data"


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
    return [*collect_rules()]
