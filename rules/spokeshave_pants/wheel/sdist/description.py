"""What an sdist builds, from the plans of a wheel's links. Works without the engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.sdist import NativeFile, PackageFolder, PlatformValues, SdistDescription, SourceGroup
from spokeshave_pants.cc.compile.rules import CompilePlan
from spokeshave_pants.cc.includes.third_party import CcPackage
from spokeshave_pants.cc.languages import is_assembler
from spokeshave_pants.cc.link.rules import LinkPlan
from spokeshave_pants.cc.runtime_pack.recipe import WINDOWS_LIBRARIES
from spokeshave_pants.cc.settings import PACKAGES_DIR

_FORCED_INCLUDE = "-include"
_NOT_A_NAME = re.compile(r"\W+", re.ASCII)


@dataclass(frozen=True)
class PlannedNativeFile:
    """A native file of a wheel with the plan of its link.

    Attributes:
        target: The address of its target.
        name: The module of an extension, or the name of a library.
        is_extension: Whether it is an extension, and not a shared library.
        libraries: The targets of the libraries that it is linked to.
        folder: The folder of a library in the wheel. Empty for one that only other native files open.
        platforms: Globs of the wheel platform tags that it is built for. Empty for all.
    """

    target: str
    name: str
    is_extension: bool
    plan: LinkPlan
    libraries: tuple[str, ...]
    link_flags: tuple[str, ...] = ()
    platform_link_flags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    folder: str = ""
    platforms: tuple[str, ...] = ()


def describe(
    native: Iterable[PlannedNativeFile],
    files: Container[str],
    platforms: Iterable[Platform],
    abis: Iterable[PythonAbi],
) -> SdistDescription:
    """Return what an sdist builds.

    Args:
        files: The C and C++ files of the sdist, by their paths in the repository.
    """
    native = _limited_libraries(tuple(native))
    groups, members = _groups(native, files)
    names = {planned.target: planned.name for planned in native}
    libraries = [planned for planned in native if not planned.is_extension]
    described = {
        planned.target: NativeFile(
            name=planned.name,
            groups=members[planned.target],
            libraries=tuple(names[target] for target in planned.libraries),
            link_flags=planned.link_flags,
            platform_link_flags=_by_glob(planned.platform_link_flags),
            folder=planned.folder,
            platforms=planned.platforms,
        )
        for planned in native
    }
    abis = tuple(abis)
    return SdistDescription(
        platforms=tuple(str(platform) for platform in platforms),
        limited_api=limited_api(abis),
        is_independent=all(abi.independent for abi in abis),
        build_requirements=tuple(sorted({text for package in _packages(native) for text in requirements(package)})),
        windows_libraries=WINDOWS_LIBRARIES,
        groups=groups,
        # The closure of a library's dependencies is larger than that of each of them.
        libraries=tuple(described[each.target] for each in sorted(libraries, key=lambda each: len(each.libraries))),
        extensions=tuple(described[each.target] for each in native if each.is_extension),
    )


def _limited_libraries(native: tuple[PlannedNativeFile, ...]) -> tuple[PlannedNativeFile, ...]:
    """Return the files, with the platforms of their users for libraries that only other native files open."""
    found = []
    for planned in native:
        users = [each for each in native if planned.target in each.libraries and (each.is_extension or each.folder)]
        is_hidden = not planned.is_extension and not planned.folder
        found.append(replace(planned, platforms=_platforms_of(users)) if is_hidden else planned)
    return tuple(found)


def _platforms_of(native: Iterable[PlannedNativeFile]) -> tuple[str, ...]:
    """Return the globs of the platforms of any of the files. Empty if one of them is for all platforms."""
    platforms = [planned.platforms for planned in native]
    return tuple(dict.fromkeys(glob for globs in platforms for glob in globs)) if all(platforms) else ()


def limited_api(abis: Iterable[PythonAbi]) -> str | None:
    """Return the first Python of the stable ABI with a GIL. CMake and scikit-build-core know no other one."""
    versions = [str(abi.version) for abi in abis if abi.stable and not abi.is_abi3t]
    return versions[0] if versions else None


def requirements(package: CcPackage) -> tuple[str, ...]:
    """Return the build requirements for a package: the pinned version or a newer one.

    An sdist is built by Pythons and on systems that the project does not know. An exact pin would exclude versions that
    support them.
    """
    return tuple(_lower_bound(pin.line) for pin in package.pins.pins if pin.name)


def _lower_bound(line: str) -> str:
    """Return an entry of a requirements file without its hashes, and with a lower bound instead of a version."""
    entry = re.split(r"\s+--hash|\s+\\", line)[0].strip()
    return re.sub(r"===?", ">=", entry, count=1)


def _packages(native: Iterable[PlannedNativeFile]) -> tuple[CcPackage, ...]:
    return tuple(dict.fromkeys(package for each in native for plan in each.plan.plans for package in plan.packages))


@dataclass(frozen=True)
class _Key:
    """What the sources of a group have in common.

    Attributes:
        group: The group without a name and sources.
        users: The native files that contain the sources.
    """

    group: SourceGroup
    users: tuple[str, ...]


def _groups(
    native: tuple[PlannedNativeFile, ...], files: Container[str]
) -> tuple[tuple[SourceGroup, ...], Mapping[str, tuple[str, ...]]]:
    """Return the groups of sources, and the names of the groups of each native file."""
    users: dict[tuple[str, SourceGroup], dict[str, None]] = {}
    for planned in native:
        for plan in planned.plan.plans:
            users.setdefault((_path(plan), _settings(plan, files)), {})[planned.target] = None
    sources: dict[_Key, list[str]] = {}
    for (path, settings), targets in sorted(users.items(), key=lambda item: item[0][0]):
        sources.setdefault(_Key(settings, tuple(targets)), []).append(path)
    groups = []
    members: dict[str, list[str]] = {planned.target: [] for planned in native}
    taken: set[str] = set()
    for key, paths in sources.items():
        name = _name(paths, key.group.package, taken)
        taken.add(name)
        platforms = _platforms_of(planned for planned in native if planned.target in key.users)
        groups.append(replace(key.group, name=name, sources=tuple(paths), users_platforms=platforms))
        for user in key.users:
            members[user].append(name)
    return tuple(groups), {target: tuple(names) for target, names in members.items()}


def _path(plan: CompilePlan) -> str:
    """Return a source's path in the repository, or relative to `site-packages`."""
    package = _package_of(plan)
    return plan.source[len(package.directory) + 1 :] if package else plan.source


def _package_of(plan: CompilePlan) -> CcPackage | None:
    if not plan.source.startswith(f"{PACKAGES_DIR}/"):
        return None
    return next(package for package in plan.packages if plan.source.startswith(f"{package.directory}/"))


def _settings(plan: CompilePlan, files: Container[str]) -> SourceGroup:
    """Return the settings of a source, as a group without a name and sources."""
    settings = plan.settings
    package = _package_of(plan)
    flags, forced = _forced_headers(settings.flags, files)
    return SourceGroup(
        name="",
        sources=(),
        package=package.name if package else None,
        uses_python=plan.needs_python,
        is_assembler=is_assembler(plan.source),
        c_standard=settings.c_standard,
        cxx_standard=settings.cxx_standard,
        defines=settings.defines,
        free_threaded_defines=settings.free_threaded_defines,
        flags=flags,
        platform_defines=_by_glob(settings.platform_defines),
        platform_flags=_by_glob(settings.platform_flags),
        include_roots=settings.include_roots,
        package_folders=tuple(
            PackageFolder(used.name, directory[len(used.directory) + 1 :])
            for used in plan.packages
            for directory in used.include_dirs
        ),
        forced_headers=forced,
        needs_version=plan.needs_version,
        platforms=plan.platforms,
    )


def _forced_headers(flags: tuple[str, ...], files: Container[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the flags without `-include FILE`, and those files, as far as they are in the sdist."""
    kept: list[str] = []
    forced: list[str] = []
    for flag in flags:
        if kept and kept[-1] == _FORCED_INCLUDE and flag in files:
            kept.pop()
            forced.append(flag)
        else:
            kept.append(flag)
    return tuple(kept), tuple(forced)


def _by_glob(values: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[PlatformValues, ...]:
    return tuple(PlatformValues(glob, texts) for glob, texts in values)


def _name(paths: list[str], package: str | None, taken: Container[str]) -> str:
    """Return a name for a group that says where its sources are: the folder of all, or a package."""
    folder = package or posixpath.commonpath([posixpath.dirname(path) or "." for path in paths])
    name = _NOT_A_NAME.sub("_", folder).strip("_") or "sources"
    found = f"{name}_objects"
    number = 2
    while found in taken:
        found = f"{name}_{number}_objects"
        number += 1
    return found
