"""A check that packages have the headers that a wheel's extensions include, for each platform and Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.compile.rules import CompilePlan
from spokeshave_pants.cc.includes.third_party import (
    CcPackageFilesRequest,
    MissingWheelError,
    package_files,
)
from spokeshave_pants.cc.link.rules import LinkPlanRequest, plan_link
from spokeshave_pants.cc.project.projects import VariantDefines
from spokeshave_pants.pants_api import concurrently, implicitly, rule


@dataclass(frozen=True)
class PackageHeadersRequest:
    """A request to check the packages of a wheel.

    Attributes:
        builds: Each build, with the extensions and shared libraries in it.
    """

    variant: Address | None
    builds: tuple[tuple[Platform, PythonAbi, tuple[Address, ...]], ...]


@dataclass(frozen=True)
class NativeCompilesRequest:
    """A request for the compiles of a wheel's extensions and shared libraries, and of the libraries that they need."""

    targets: tuple[Address, ...]
    variant: Address | None


@dataclass(frozen=True)
class NativeCompiles:
    """The compiles of a wheel's native files, for all platforms and Pythons.

    Attributes:
        projects: The projects with a build of their own that they link, or whose headers they may include.
        project_defines: What the variant adds to all of them.
    """

    plans: tuple[CompilePlan, ...]
    projects: tuple[Address, ...]
    project_defines: VariantDefines


@dataclass(frozen=True)
class PackageHeaders:
    """Marker: the headers of every requested package are available."""


@rule(level=LogLevel.DEBUG)
async def native_compiles(request: NativeCompilesRequest) -> NativeCompiles:
    targets = await concurrently(
        plan_link(LinkPlanRequest(address, request.variant), **implicitly()) for address in request.targets
    )
    libraries = await concurrently(
        plan_link(LinkPlanRequest(address, request.variant), **implicitly())
        for address in sorted({address for target in targets for address in target.shared_libraries})
    )
    linked = (*targets, *libraries)
    plans = tuple(plan for each in linked for plan in each.plans)
    projects = {
        *(address for each in linked for address in (*each.projects, *each.needed_projects)),
        *(project.address for plan in plans for project in plan.projects),
    }
    return NativeCompiles(
        plans=plans,
        projects=tuple(sorted(projects)),
        project_defines=next((each.project_defines for each in linked), ()),
    )


def package_requests(
    plans: Iterable[CompilePlan], platform: Platform, abi: PythonAbi
) -> Iterable[CcPackageFilesRequest]:
    """Return the requests for the files of packages that compiles for a platform and a Python take from its wheels."""
    return (
        CcPackageFilesRequest(package, part, abi.version if plan.needs_python else None)
        for plan in plans
        for package in plan.packages
        for part in platform.slices
        if plan.is_for(part)
    )


@rule(desc="Find the headers of packages", level=LogLevel.DEBUG)
async def package_headers(request: PackageHeadersRequest) -> PackageHeaders:
    """Check that the headers exist, before anything is compiled.

    Raises:
        MissingWheelError: If any are missing. The message reports all of them.
    """
    contents = tuple(dict.fromkeys(targets for _, _, targets in request.builds))
    compiles = await concurrently(
        native_compiles(NativeCompilesRequest(targets, request.variant)) for targets in contents
    )
    plans = {targets: native.plans for targets, native in zip(contents, compiles)}
    wanted = dict.fromkeys(
        files for platform, abi, targets in request.builds for files in package_requests(plans[targets], platform, abi)
    )
    found = await concurrently(package_files(files) for files in wanted)
    problems = dict.fromkeys(files.problem for files in found if files.problem)
    if problems:
        raise MissingWheelError(problems)
    return PackageHeaders()


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
