"""Rules for how Pants' own goals build native code: as a wheel that contains it, for this machine."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import PurePath

from pants.backend.python.target_types import PythonSourceField, PythonTestSourceField
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.source.source_root import SourceRootRequest
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_core.platform import InvalidPlatformError, Platform
from spokeshave_pants.cc.target_types import CcWheelFolderField
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import concurrently, get_optional_source_root, implicitly, resolve_target, rule
from spokeshave_pants.toolchain.platforms import host_platform, oldest_platform, parse_platform
from spokeshave_pants.wheel.codegen.folders import relative_to_root, source_root_of
from spokeshave_pants.wheel.plan.limited_api import LimitedApi
from spokeshave_pants.wheel.plan.rules import WheelPlanRequest, plan_described_wheel
from spokeshave_pants.wheel.plan.targets import PayloadTargetsRequest, payload_targets
from spokeshave_pants.wheel.target_types import LimitedApiField, PlatformsField, VariantField, WheelDependenciesField

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PythonFolders:
    """The folders with Python sources of the repository.

    Attributes:
        roots: The source roots in which there is a folder, by its path relative to them.
        regular: The paths of folders with an `__init__` module, from the build root.
    """

    roots: FrozenDict[str, tuple[str, ...]]
    regular: frozenset[str]

    def root_of(self, folder: str, own: str) -> str:
        """Return the source root in which Python looks for what is in a package's folder."""
        return source_root_of(folder, self.roots, self.regular, own)


@dataclass(frozen=True)
class OwningWheel:
    """A wheel that contains a native target: its platforms, and the `limited_api` of each of its extensions."""

    address: Address
    platforms: tuple[str, ...]
    limited_apis: tuple[tuple[str, ...], ...]

    def platform_for(self, machine: Platform) -> Platform | None:
        """Return the first platform that a machine runs. None if it runs none of them."""
        wanted = (parse_platform(tag, where=f"the target {self.address}") for tag in self.platforms)
        return next((platform for platform in wanted if machine.runs(platform)), None)


@dataclass(frozen=True)
class OwnedTargetsRequest:
    """A request for the native targets that a wheel contains."""

    wheel: Address


@dataclass(frozen=True)
class OwnedTargets:
    """The native targets that a wheel contains. Empty for a wheel with an error, which its own build reports."""

    extensions: tuple[Target, ...] = ()
    libraries: tuple[Target, ...] = ()


@dataclass(frozen=True)
class OwningWheels:
    """The wheels of each extension, and of each shared library that Python code opens."""

    by_target: FrozenDict[Address, tuple[OwningWheel, ...]]

    def chosen(self, address: Address) -> OwningWheel | None:
        """Return the first wheel with a platform that this machine runs, or else the first one."""
        owners = self.by_target.get(address, ())
        if not owners:
            return None
        machine = this_machine(address)
        return next((owner for owner in owners if owner.platform_for(machine) is not None), owners[0])


@dataclass(frozen=True)
class NativeSettingsRequest:
    """A request for the settings of a `python_extension` or `cc_shared_library`."""

    address: Address


@dataclass(frozen=True)
class NativeSettings:
    """How Pants' own goals build a native target.

    Attributes:
        limited_api: The Pythons from which on the stable ABIs are used.
        source_root: The source root of the target.
    """

    platform: Platform
    limited_api: LimitedApi
    source_root: str


@dataclass(frozen=True)
class LibraryFolderRequest:
    """A request for the folder in which Python code finds a `cc_shared_library`."""

    address: Address


@dataclass(frozen=True)
class LibraryFolder:
    """The folder of a library, relative to its source root. None if no Python code opens it."""

    folder: str | None
    source_root: str


@rule(desc="Find the folders of Python sources", level=LogLevel.DEBUG)
async def python_folders(all_targets: AllTargets) -> PythonFolders:
    paths = [
        PurePath(target[PythonSourceField].file_path)
        for target in all_targets
        if target.has_field(PythonSourceField) and not target.has_field(PythonTestSourceField)
    ]
    folders = sorted({path.parent for path in paths})
    roots = await concurrently(
        get_optional_source_root(SourceRootRequest(folder), **implicitly()) for folder in folders
    )
    found: dict[str, list[str]] = {}
    for folder, root in zip(folders, roots):
        if root.source_root is not None:
            relative = relative_to_root(str(folder), root.source_root.path)
            found.setdefault(relative, []).append(root.source_root.path)
    return PythonFolders(
        roots=FrozenDict({folder: tuple(found[folder]) for folder in sorted(found)}),
        regular=frozenset(str(path.parent) for path in paths if path.stem == "__init__"),
    )


@rule(level=LogLevel.DEBUG)
async def owned_targets(request: OwnedTargetsRequest) -> OwnedTargets:
    """Find what a wheel contains. A faulty wheel must not keep the code of other projects from running."""
    try:
        payload = await payload_targets(PayloadTargetsRequest(request.wheel), **implicitly())
    except Exception as error:
        logger.warning(f"The platforms and extensions of {request.wheel} are not considered: {error}")
        return OwnedTargets()
    return OwnedTargets(payload.extensions, payload.libraries)


@rule(desc="Find the wheels of native code", level=LogLevel.DEBUG)
async def owning_wheels(all_targets: AllTargets) -> OwningWheels:
    wheels = sorted(
        # A variant is another package.
        (t for t in all_targets if t.has_field(WheelDependenciesField) and t[VariantField].value is None),
        key=lambda wheel: wheel.address,
    )
    contents = await concurrently(owned_targets(OwnedTargetsRequest(wheel.address)) for wheel in wheels)
    found: dict[Address, list[OwningWheel]] = {}
    for wheel, owned in zip(wheels, contents):
        owner = OwningWheel(
            address=wheel.address,
            platforms=wheel[PlatformsField].value,
            limited_apis=tuple(extension[LimitedApiField].value or () for extension in owned.extensions),
        )
        for target in (*owned.extensions, *owned.libraries):
            found.setdefault(target.address, []).append(owner)
    return OwningWheels(FrozenDict({address: tuple(owners) for address, owners in found.items()}))


@rule(level=LogLevel.DEBUG)
async def native_settings(request: NativeSettingsRequest, owners: OwningWheels) -> NativeSettings:
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    owner = owners.chosen(request.address)
    own = (target[LimitedApiField].value or (),) if target.has_field(LimitedApiField) else ()
    limited = [LimitedApi.parse(texts, where=where) for texts in (owner.limited_apis if owner else own)]
    root = await get_optional_source_root(SourceRootRequest.for_address(request.address), **implicitly())
    return NativeSettings(
        platform=_platform(this_machine(request.address), owner),
        limited_api=LimitedApi.common(limited),
        source_root=root.source_root.path if root.source_root else ".",
    )


def this_machine(address: Address) -> Platform:
    """Return the newest platform that this machine runs.

    Args:
        address: The target that is built for this machine.

    Raises:
        InvalidTargetError: If native code cannot be built for this machine.
    """
    try:
        return host_platform()
    except InvalidPlatformError as error:
        raise InvalidTargetError(
            f"{address} is needed by Python code that Pants runs, but this machine is not one that native code is "
            f"built for: {error.problems[0].message}"
        ) from error


def _platform(machine: Platform, owner: OwningWheel | None) -> Platform:
    """Return the wheel's platform that a machine runs, or the oldest one for its processor."""
    return (owner.platform_for(machine) if owner else None) or oldest_platform(machine)


@rule(level=LogLevel.DEBUG)
async def library_folder_of(
    request: LibraryFolderRequest, owners: OwningWheels, python: PythonFolders
) -> LibraryFolder:
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    root = await get_optional_source_root(SourceRootRequest.for_address(request.address), **implicitly())
    own = root.source_root.path if root.source_root else "."
    folder = target[CcWheelFolderField].value
    owner = owners.chosen(request.address) if folder is None else None
    if owner is not None:
        folder = dict((await plan_described_wheel(WheelPlanRequest(owner.address))).libraries)[request.address]
    if folder is None:
        beside = relative_to_root(request.address.spec_path, own)
        folder = beside if own in python.roots.get(beside, ()) else None
    return LibraryFolder(folder, own if folder is None else python.root_of(folder, own))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
