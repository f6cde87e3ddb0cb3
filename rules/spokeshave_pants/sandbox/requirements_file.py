"""Rules that find a requirements file: one of the repository, or one that the plugin carries."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass

from pants.engine.fs import CreateDigest, Digest, FileContent, GlobMatchErrorBehavior, PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.pants_api import create_digest, path_globs_to_digest, rule

_RESOURCE = "resource://"


class NoResourceError(SpokeshaveError):
    """A `resource://` path without a file."""


@dataclass(frozen=True)
class RequirementsFileRequest:
    """A request for a requirements file.

    Attributes:
        path: Its path from the build root, or `resource://PACKAGE/NAME` for a file of an installed package.
        where: The option or field that names it, for messages.
    """

    path: str
    where: str


@dataclass(frozen=True)
class RequirementsFile:
    """A requirements file at `path` in a digest."""

    path: str
    digest: Digest


@rule
async def find_requirements_file(request: RequirementsFileRequest) -> RequirementsFile:
    if request.path.startswith(_RESOURCE):
        name, content = read_resource(request)
        return RequirementsFile(name, await create_digest(CreateDigest([FileContent(name, content)])))
    globs = PathGlobs(
        [request.path],
        glob_match_error_behavior=GlobMatchErrorBehavior.error,
        description_of_origin=request.where,
    )
    return RequirementsFile(request.path, await path_globs_to_digest(globs))


def read_resource(request: RequirementsFileRequest) -> tuple[str, bytes]:
    """Return the name and the content of a `resource://` path.

    Raises:
        NoResourceError: There is no such package or file.
    """
    package, _, name = request.path[len(_RESOURCE) :].partition("/")
    try:
        return name, importlib.resources.files(package).joinpath(name).read_bytes()
    except (ImportError, OSError, ValueError) as err:
        raise NoResourceError(
            f"{request.where} names {request.path}, which does not exist ({err}). Name a file of the repository by its "
            f"path from the build root, or a file of an installed package as resource://PACKAGE/NAME."
        ) from err


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
