"""Rules for the C and C++ projects that a Python project's own build finds."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.addresses import Address, UnparsedAddressInputs
from pants.engine.fs import EMPTY_DIGEST, AddPrefix, Digest, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import DependenciesRequest, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.components import Component
from spokeshave_core.platform import Platform
from spokeshave_core.problems import bullet_list
from spokeshave_pants.action import Action
from spokeshave_pants.cc.project.build import CcProjectRequest, build_project
from spokeshave_pants.cc.project.libraries import ProjectLibrariesRequest, project_libraries
from spokeshave_pants.cc.project.projects import (
    ProjectClosureRequest,
    ProjectLicensesRequest,
    is_project,
    project_closure,
    project_licenses,
)
from spokeshave_pants.cc.project.script import PREFIX_DIR
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    implicitly,
    merge_digests,
    resolve_target,
    resolve_targets,
    resolve_unparsed_address_inputs,
    rule,
)
from spokeshave_pants.sources.target_types import ArchiveSourceField
from spokeshave_pants.wheel.backend_target_types import BackendDependenciesField

LICENSES_DIR = "__licenses"


@dataclass(frozen=True)
class DependencyProjectsRequest:
    """A request for the C and C++ projects that a `python_backend_wheel` depends on.

    Attributes:
        platform: A platform with a single processor.
    """

    address: Address
    platform: Platform


@dataclass(frozen=True)
class DependencyProjects:
    """The install trees of C and C++ projects.

    Attributes:
        trees: A folder for each tree, for `PREFIX_DIR`, where builds of projects that depend on them have them too:
            installed files name other trees by it.
        prefixes: The folders of the trees.
        shared: Their shared libraries, at `shared_paths`.
        components: The projects as software of others in the wheel.
        has_cxx: Whether one of them compiles C++.
    """

    trees: Digest = EMPTY_DIGEST
    prefixes: tuple[str, ...] = ()
    shared: Digest = EMPTY_DIGEST
    shared_paths: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    components: tuple[Component, ...] = ()
    has_cxx: bool = False

    @property
    def mounted(self) -> dict[str, Digest]:
        """Return the install trees by their folder."""
        return {PREFIX_DIR: self.trees} if self.prefixes else {}


NO_PROJECTS = DependencyProjects()


@dataclass(frozen=True)
class DependencyLicensesRequest:
    """A request for the license files of the C and C++ projects that a `python_backend_wheel` depends on."""

    address: Address


@dataclass(frozen=True)
class DependencyLicenses:
    """The license files of each project, below `LICENSES_DIR`. None if there are no projects."""

    digest: Digest | None


async def _projects(address: Address) -> tuple[Address, ...]:
    """Return the projects that a target depends on, and those that they need.

    Raises:
        InvalidTargetError: If it depends on other targets.
    """
    where = f"the target {address}"
    target = (await resolve_target(WrappedTargetRequest(address, description_of_origin=where), **implicitly())).target
    found = await resolve_targets(**implicitly(DependenciesRequest(target[BackendDependenciesField])))
    # Pants infers that a target depends on its archive.
    archive = await resolve_unparsed_address_inputs(
        UnparsedAddressInputs(
            filter(None, [target[ArchiveSourceField].value]),
            owning_address=address,
            description_of_origin=f"the `{ArchiveSourceField.alias}` field of {address}",
        ),
        **implicitly(),
    )
    names = [each.address.spec for each in found if not is_project(each) and each.address not in archive]
    if names:
        raise InvalidTargetError(
            f"{where} depends on targets that its own build cannot use:\n{bullet_list(names)}\nList C and C++ projects "
            "(`cc_cmake_project`, `cc_make_project`) in `dependencies`, and Python packages in `build_requirements`."
        )
    closure = await project_closure(ProjectClosureRequest(tuple(each.address for each in found if is_project(each))))
    return closure.addresses


@rule(level=LogLevel.DEBUG)
async def dependency_licenses(request: DependencyLicensesRequest) -> DependencyLicenses:
    addresses = await _projects(request.address)
    if not addresses:
        return DependencyLicenses(None)
    found = await concurrently(project_licenses(ProjectLicensesRequest(address)) for address in addresses)
    placed = await concurrently(
        add_prefix(AddPrefix(licenses.digest, f"{LICENSES_DIR}/third-party/{address.path_safe_spec}"))
        for address, licenses in zip(addresses, found)
    )
    return DependencyLicenses(await merge_digests(MergeDigests(placed)))


@rule(desc="Find the C and C++ projects of a build", level=LogLevel.DEBUG)
async def dependency_projects(request: DependencyProjectsRequest) -> DependencyProjects:
    addresses = await _projects(request.address)
    if not addresses:
        return NO_PROJECTS
    built = await concurrently(
        build_project(CcProjectRequest(address, request.platform), **implicitly()) for address in addresses
    )
    placed = await concurrently(add_prefix(AddPrefix(project.digest, project.name)) for project in built)
    libraries = await project_libraries(ProjectLibrariesRequest(linked=(), needed=addresses, platform=request.platform))
    return DependencyProjects(
        trees=await merge_digests(MergeDigests(placed)),
        prefixes=tuple(f"{PREFIX_DIR}/{project.name}" for project in built),
        shared=libraries.shared,
        shared_paths=libraries.shared_paths,
        actions=libraries.actions,
        components=tuple(project.component for project in built),
        has_cxx=any(project.has_cxx for project in built),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
