"""Rules for the software of others in a wheel's native files: its components and its licenses.

The components are those of one platform and Python. The license files are the same for all wheels of a target, because
METADATA lists them, and the METADATA of a version's wheels must be equal: they are those of what the wheel contains on
any platform.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import (
    EMPTY_DIGEST,
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.components import Component, package_url
from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.compile.rules import CompilePlan
from spokeshave_pants.cc.includes.third_party import package_files
from spokeshave_pants.cc.languages import is_cxx
from spokeshave_pants.cc.project.build import CcProjectRequest, build_project
from spokeshave_pants.cc.project.projects import (
    ProjectClosureRequest,
    ProjectLicensesRequest,
    project_closure,
    project_licenses,
)
from spokeshave_pants.cc.runtime_pack.libraries import PLUGIN, ZIG_PACKAGE, runtime_components, runtime_licenses
from spokeshave_pants.cc.runtime_pack.recipe import own_sources
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    implicitly,
    merge_digests,
    rule,
)
from spokeshave_pants.resources.files import plugin_license, plugin_version
from spokeshave_pants.toolchain.rules import zig_package
from spokeshave_pants.wheel.build.package_headers import NativeCompilesRequest, native_compiles, package_requests

LICENSES_DIR = "__licenses"
_BELOW = f"{LICENSES_DIR}/third-party"


@dataclass(frozen=True)
class LinkedComponentsRequest:
    """A request for the components of one wheel.

    Attributes:
        targets: The extensions and shared libraries of the wheel.
        archives: The static libraries of the toolchain that its files contain, as in `LinkedLibrary`.
    """

    targets: tuple[Address, ...]
    variant: Address | None
    platform: Platform
    abi: PythonAbi
    archives: frozenset[str]


@dataclass(frozen=True)
class LinkedComponents:
    """The components of one wheel, sorted."""

    components: tuple[Component, ...]


@dataclass(frozen=True)
class LinkedLicensesRequest:
    """A request for the license files of what a wheel's extensions and shared libraries contain."""

    targets: tuple[Address, ...]
    variant: Address | None


@dataclass(frozen=True)
class LinkedLicenses:
    """License files below `LICENSES_DIR`. Empty if nothing is linked."""

    digest: Digest


def _has_cxx(plans: Iterable[CompilePlan]) -> bool:
    return any(is_cxx(plan.source) for plan in plans)


@rule(level=LogLevel.DEBUG)
async def linked_components(request: LinkedComponentsRequest) -> LinkedComponents:
    if not request.targets:
        return LinkedComponents(())
    native, zig = await concurrently(
        native_compiles(NativeCompilesRequest(request.targets, request.variant)), zig_package(**implicitly())
    )
    plans = [plan for plan in native.plans if any(plan.is_for(part) for part in request.platform.slices)]
    wanted = dict.fromkeys(package_requests(plans, request.platform, request.abi))
    found = await concurrently(package_files(files) for files in wanted)
    packages = {
        Component(
            name=files.package.name,
            version=used.distribution.version,
            purl=package_url(files.package.name, used.distribution.version),
            license=used.distribution.license,
        )
        for files, used in zip(wanted, found)
        if used.distribution
    }
    closure = await project_closure(ProjectClosureRequest(native.projects))
    built = await concurrently(
        build_project(CcProjectRequest(address, part, native.project_defines), **implicitly())
        for address in closure.addresses
        for part in request.platform.slices
    )
    runtime = runtime_components(
        request.archives,
        zig.version,
        plugin_version(),
        is_exact=request.platform.object_format is ObjectFormat.ELF,
        has_cxx=_has_cxx(plans) or any(project.has_cxx for project in built),
        has_own=any(own_sources(part) for part in request.platform.slices),
    )
    others = {*packages, *(project.component for project in built)}
    return LinkedComponents((*runtime, *sorted(others, key=lambda other: str(other.purl))))


@rule(level=LogLevel.DEBUG)
async def linked_licenses(request: LinkedLicensesRequest) -> LinkedLicenses:
    if not request.targets:
        return LinkedLicenses(EMPTY_DIGEST)
    native, zig = await concurrently(
        native_compiles(NativeCompilesRequest(request.targets, request.variant)), zig_package(**implicitly())
    )
    packages = {package.name: package for plan in native.plans for package in plan.packages}
    closure = await project_closure(ProjectClosureRequest(native.projects))
    # The languages of projects are known when they are built, and licenses are needed before.
    has_cxx = bool(closure.addresses) or _has_cxx(native.plans)
    of_zig, own = await concurrently(
        digest_subset_to_digest(DigestSubset(zig.licenses, PathGlobs(runtime_licenses(has_cxx=has_cxx)))),
        create_digest(CreateDigest([FileContent(f"{_BELOW}/{PLUGIN}/LICENSE", plugin_license())])),
    )
    of_projects = await concurrently(project_licenses(ProjectLicensesRequest(address)) for address in closure.addresses)
    projects = ((address.path_safe_spec, each.digest) for address, each in zip(closure.addresses, of_projects))
    of_packages = ((name, package.distribution.licenses) for name, package in sorted(packages.items()))
    placed = await concurrently(
        add_prefix(AddPrefix(digest, f"{_BELOW}/{name}"))
        for name, digest in ((ZIG_PACKAGE, of_zig), *of_packages, *projects)
    )
    return LinkedLicenses(await merge_digests(MergeDigests([own, *placed])))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
