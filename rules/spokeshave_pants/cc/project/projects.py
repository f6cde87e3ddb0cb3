"""Rules for projects as others see them before anything is built: headers, licenses, dependencies."""

from __future__ import annotations

import fnmatch
import posixpath
from dataclasses import dataclass

from pants.engine.addresses import Address, Addresses
from pants.engine.fs import Digest, DigestSubset, PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Dependencies, DependenciesRequest, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.project.standard_headers import STANDARD_HEADERS
from spokeshave_pants.cc.project.target_types import ProjectHeadersField, ProjectIncludeDirsField, ProjectLibrariesField
from spokeshave_pants.pants_api import (
    concurrently,
    digest_subset_to_digest,
    implicitly,
    resolve_target,
    resolve_targets,
    rule,
)
from spokeshave_pants.sources.rules import SourceTreeRequest, find_source_tree

# As setuptools' `license_files` has them, in any case, and folders of them as REUSE has them.
_LICENSE_GLOBS = (
    *("[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*", "[Cc][Oo][Pp][Yy][Ii][Nn][Gg]*", "[Nn][Oo][Tt][Ii][Cc][Ee]*"),
    "[Ll][Ii][Cc][Ee][Nn][CcSs][Ee][Ss]/*",
)
# The `cmake_defines` of a variant, sorted.
VariantDefines = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ProjectHeaders:
    """The headers of a project as its dependents see them before anything is built.

    Attributes:
        spellings: Globs of the includes that its headers answer. None for any.
        defines: As in `CcProjectRequest`.
    """

    address: Address
    name: str
    include_dirs: tuple[str, ...]
    spellings: tuple[str, ...] | None
    defines: VariantDefines = ()

    @property
    def directory(self) -> str:
        """Return its folder in the sandbox of a compile."""
        return f"__projects/{self.name}"

    @property
    def search(self) -> tuple[str, ...]:
        """Return its include directories in the sandbox of a compile."""
        return tuple(posixpath.normpath(f"{self.directory}/{folder}") for folder in self.include_dirs)

    @property
    def scope(self) -> str:
        """Return a line for the message about a header that a source misses, if its headers are not inputs."""
        if self.spellings is None:
            why = "the source includes headers of C, C++ and Python only"
        else:
            why = (
                f"its field `headers` names {', '.join(self.spellings) or 'nothing'}, which the source does not include"
            )
        return f"The headers of {self.address.spec}, one of the `dependencies`, are not inputs: {why}."

    def answers(self, spelling: str) -> bool:
        """Return whether an include is known to be one of its headers."""
        return any(fnmatch.fnmatchcase(spelling, glob) for glob in self.spellings or ())

    def may_be_read(self, spellings: frozenset[str], *, is_open: bool) -> bool:
        """Return whether a source may need its headers.

        Args:
            spellings: The includes that no file of the repository answers.
            is_open: Whether the command line may define others.
        """
        if self.spellings is None:
            return is_open or not spellings <= STANDARD_HEADERS
        return any(map(self.answers, spellings))


@dataclass(frozen=True)
class ProjectHeadersRequest:
    """A request for the headers of a project, without its build."""

    address: Address


@dataclass(frozen=True)
class ProjectLicensesRequest:
    """A request for the license files of a project."""

    address: Address


@dataclass(frozen=True)
class ProjectLicenses:
    """License files at their paths in the source tree. A project with a subdirectory has those of both folders."""

    digest: Digest


@dataclass(frozen=True)
class ProjectClosureRequest:
    """A request for the projects that projects depend on."""

    addresses: tuple[Address, ...]


@dataclass(frozen=True)
class ProjectClosure:
    """Projects with all that they depend on, sorted."""

    addresses: tuple[Address, ...]


def is_project(target: Target) -> bool:
    """Return whether a target is a project with a build of its own."""
    return target.has_field(ProjectLibrariesField)


async def project_target(address: Address) -> Target:
    """Return the target of a project."""
    where = f"the target {address}"
    wrapped = await resolve_target(WrappedTargetRequest(address, description_of_origin=where), **implicitly())
    return wrapped.target


@rule(level=LogLevel.DEBUG)
async def project_headers(request: ProjectHeadersRequest) -> ProjectHeaders:
    target = await project_target(request.address)
    return ProjectHeaders(
        address=request.address,
        name=request.address.path_safe_spec,
        include_dirs=target[ProjectIncludeDirsField].value,
        spellings=target[ProjectHeadersField].value,
    )


@rule(level=LogLevel.DEBUG)
async def project_licenses(request: ProjectLicensesRequest) -> ProjectLicenses:
    source = await find_source_tree(SourceTreeRequest(request.address))
    folders = dict.fromkeys(["", f"{source.subdirectory}/" if source.subdirectory else ""])
    globs = PathGlobs(f"{folder}{glob}" for folder in folders for glob in _LICENSE_GLOBS)
    return ProjectLicenses(await digest_subset_to_digest(DigestSubset(source.digest, globs)))


@rule(level=LogLevel.DEBUG)
async def project_closure(request: ProjectClosureRequest) -> ProjectClosure:
    seen: dict[Address, None] = {}
    pending = request.addresses
    while pending:
        targets = await resolve_targets(**implicitly(Addresses(pending)))
        projects = [target for target in targets if is_project(target)]
        seen.update(dict.fromkeys(target.address for target in projects))
        below = await concurrently(
            resolve_targets(**implicitly(DependenciesRequest(target.get(Dependencies)))) for target in projects
        )
        pending = tuple({each.address for found in below for each in found if each.address not in seen})
    return ProjectClosure(tuple(sorted(seen)))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
