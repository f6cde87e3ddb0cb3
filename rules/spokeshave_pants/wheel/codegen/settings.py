"""Rules for how Pants' own goals build native code: as a wheel that contains it, for this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from pants.backend.python.target_types import PythonSourceField, PythonTestSourceField
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, WrappedTargetRequest
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
from spokeshave_pants.wheel.plan.rules import WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.plan.targets import PayloadTargetsRequest, payload_targets
from spokeshave_pants.wheel.target_types import LimitedApiField, PlatformsField, VariantField, WheelDependenciesField


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


@dataclass(frozen=True)
class OwningWheels:
    """The first wheel of each extension, and of each shared library that Python code opens."""

    by_target: FrozenDict[Address, OwningWheel]


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


@rule(desc="Find the wheels of native code", level=LogLevel.DEBUG)
async def owning_wheels(all_targets: AllTargets) -> OwningWheels:
    wheels = sorted(
        # A variant is another package.
        (t for t in all_targets if t.has_field(WheelDependenciesField) and t[VariantField].value is None),
        key=lambda wheel: wheel.address,
    )
    payloads = await concurrently(
        payload_targets(PayloadTargetsRequest(wheel.address), **implicitly()) for wheel in wheels
    )
    found: dict[Address, OwningWheel] = {}
    for wheel, payload in zip(wheels, payloads):
        owner = OwningWheel(
            address=wheel.address,
            platforms=wheel[PlatformsField].value,
            limited_apis=tuple(extension[LimitedApiField].value or () for extension in payload.extensions),
        )
        for target in (*payload.extensions, *payload.libraries):
            found.setdefault(target.address, owner)
    return OwningWheels(FrozenDict(found))


@rule(level=LogLevel.DEBUG)
async def native_settings(request: NativeSettingsRequest, owners: OwningWheels) -> NativeSettings:
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    owner = owners.by_target.get(request.address)
    own = (target[LimitedApiField].value or (),) if target.has_field(LimitedApiField) else ()
    limited = [LimitedApi.parse(texts, where=where) for texts in (owner.limited_apis if owner else own)]
    root = await get_optional_source_root(SourceRootRequest.for_address(request.address), **implicitly())
    return NativeSettings(
        platform=_platform(request.address, owner),
        limited_api=LimitedApi.common(limited),
        source_root=root.source_root.path if root.source_root else ".",
    )


def _platform(address: Address, owner: OwningWheel | None) -> Platform:
    """Return the wheel's platform that this machine runs, or the oldest one for its processor."""
    try:
        machine = host_platform()
    except InvalidPlatformError as error:
        raise InvalidTargetError(
            f"{address} is needed by Python code that Pants runs, but this machine is not one that native code is "
            f"built for: {error.problems[0].message}"
        ) from error
    where = f"the target {owner.address}" if owner else ""
    wanted = (parse_platform(tag, where=where) for tag in (owner.platforms if owner else ()))
    return next((platform for platform in wanted if machine.runs(platform)), oldest_platform(machine))


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
    owner = owners.by_target.get(request.address)
    if folder is None and owner is not None:
        folder = dict((await plan_wheel(WheelPlanRequest(owner.address))).libraries)[request.address]
    if folder is None:
        beside = relative_to_root(request.address.spec_path, own)
        folder = beside if own in python.roots.get(beside, ()) else None
    return LibraryFolder(folder, own if folder is None else python.root_of(folder, own))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
