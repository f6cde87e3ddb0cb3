"""C/C++ headers and sources from Python packages, unpacked from pinned requirements.

A distribution with one wheel for all platforms, such as nanobind or pybind11, is unpacked once. A distribution with a
wheel per platform, such as numpy, whose `_numpyconfig.h` states the size of `long`, is unpacked for each platform and
Python that a compile needs.
"""

from __future__ import annotations

import email
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name
from pants.engine.addresses import Address
from pants.engine.fs import (
    EMPTY_DIGEST,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    GlobMatchErrorBehavior,
    PathGlobs,
    RemovePrefix,
    Snapshot,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.license_files import LICENSE_GLOBS
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError, bullet_list
from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.requirement_lines import decode_requirements
from spokeshave_core.wheel_name import WheelName
from spokeshave_pants.cc.includes.scan import parse_includes
from spokeshave_pants.cc.includes.system_headers import VERSION_HEADER
from spokeshave_pants.cc.settings import PACKAGES_DIR, CompileSettings
from spokeshave_pants.cc.target_types import (
    CcDistributionField,
    CcFreeThreadedDefinesField,
    CcIncludeDirsField,
    CcPackageSourcesField,
    CcPublicDefinesField,
    CcRequirementsFileField,
    CompileFlagsField,
    CStandardField,
    CxxStandardField,
)
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    concurrently,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    get_digest_contents,
    implicitly,
    remove_prefix,
    resolve_target,
    rule,
)
from spokeshave_pants.sandbox.complete_platform import (
    CompletePlatform,
    for_any_machine,
    of_target,
    of_target_without_python,
)
from spokeshave_pants.sandbox.packages import NoWheelError, PackagesRequest, find_packages
from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements

PYTHON_HEADER = "Python.h"
_METADATA = "METADATA"
_LICENSE_FOLDER = "licenses/"
# Below dist-info, in wheels with PEP 639 and in older ones.
_LICENSE_PATHS = (f"{_LICENSE_FOLDER}**", *LICENSE_GLOBS)


class MissingWheelError(SpokeshaveError):
    """Distributions without a wheel for a platform, so that their headers for it are unknown."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__(
            f"Required headers are not available:\n{bullet_list(problems)}\n"
            "Headers of another platform are not used, because they may differ, for example in the sizes of types. Pin "
            "a version that has such a wheel (an environment marker limits it to some platforms or Pythons), or offer "
            "a wheel of your own with `[python-repos].find_links`, and add its hash to that file. Otherwise remove the "
            "platform or the Python from the `python_native_wheel`, or compile the sources that include the headers "
            "only for other platforms (`platforms` of their `cc_sources`)."
        )


@dataclass(frozen=True)
class CcPackageRequest:
    """A request for the package of a `cc_python_requirement`."""

    address: Address


@dataclass(frozen=True)
class PinnedDistribution:
    """The files that a target takes from a distribution.

    Attributes:
        requirements: The requirements file that pins it.
        pins: Its entries in that file.
        include_dirs: Directories relative to `site-packages`; sources are relative to it too.
    """

    address: str
    name: str
    requirements: str
    pins: PinnedRequirements
    include_dirs: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the directories that are needed completely."""
        # A source may include other files of its own directory, as nanobind's combined source does.
        return tuple(sorted({*self.include_dirs, *(posixpath.dirname(source) for source in self.sources)}))

    def first_applying(
        self, platforms: Iterable[CompletePlatform]
    ) -> tuple[CompletePlatform, PinnedRequirements] | None:
        """Return the first platform that the file pins the distribution for, and its pins there."""
        for platform in platforms:
            pins = self.pins.applying(platform.environment)
            if self.name in pins.names:
                return platform, pins
        return None


@dataclass(frozen=True)
class DistributionRequest:
    """A request for the files of one wheel.

    Attributes:
        platform: The platform of the wheel. None for this machine, which builds a wheel if there is none.
    """

    pinned: PinnedDistribution
    platform: CompletePlatform | None
    pins: PinnedRequirements


@dataclass(frozen=True)
class Distribution:
    """The requested files of one wheel, in the layout of `site-packages`.

    Attributes:
        licenses: Its license files, by their paths below dist-info, or below `licenses` there.
        license: Its license expression. None if its metadata has none.
    """

    wheel: str
    digest: Digest
    licenses: Digest
    license: str | None

    @property
    def version(self) -> str:
        """Return the version of the wheel."""
        return WheelName.parse(self.wheel).version

    @property
    def is_pure(self) -> bool:
        """Return whether the wheel is for all platforms, by its file name (PEP 427)."""
        return WheelName.parse(self.wheel).is_pure


@dataclass(frozen=True)
class _Included:
    """What the files of a distribution include, as they spell it."""

    spellings: frozenset[str]


@dataclass(frozen=True)
class _AnyWheel:
    """One wheel of a distribution, for any platform.

    Attributes:
        serves_all: Whether no other wheel of the distribution can apply to another platform.
    """

    distribution: Distribution
    serves_all: bool


@dataclass(frozen=True)
class CcPackage:
    """Headers and sources of one distribution, at `PACKAGES_DIR/{name}` in a sandbox.

    Attributes:
        digest: The files as any of its wheels contains them.
        distribution: That wheel.
        needs_version: Whether they include the plugin's header `spokeshave/version.h`.
        by_platform: How to find the wheel of each platform. None if one wheel serves all.
        pins: Its entries in the requirements file.
    """

    address: str
    name: str
    digest: Digest
    include_dirs: tuple[str, ...]
    headers: frozenset[str]
    sources: tuple[str, ...]
    settings: CompileSettings
    needs_python: bool
    distribution: Distribution
    needs_version: bool = False
    by_platform: PinnedDistribution | None = None
    pins: PinnedRequirements = field(default=PinnedRequirements(()))

    @property
    def directory(self) -> str:
        """Return its directory in a sandbox."""
        return f"{PACKAGES_DIR}/{self.name}"

    def provides_any(self, spellings: frozenset[str]) -> bool:
        """Return whether one of the includes belongs to this package."""
        return not self.headers.isdisjoint(spellings)


@dataclass(frozen=True)
class CcPackageFilesRequest:
    """A request for the files of a package for one platform.

    Attributes:
        python: The version that sources are compiled for. None for sources without Python.
        platform: A platform with a single processor.
    """

    package: CcPackage
    platform: Platform
    python: PythonVersion | None


@dataclass(frozen=True)
class CcPackageFiles:
    """The files of a package for a compile for one platform.

    Attributes:
        distribution: The wheel that they are from. None if there is none for the platform.
        problem: Why the package has no files for the platform. Empty if it has.
    """

    digest: Digest
    distribution: Distribution | None
    problem: str = ""


def distribution_of(target: Target) -> str:
    """Return the normalized name of the distribution of a `cc_python_requirement`."""
    return canonicalize_name(target[CcDistributionField].value or target.address.target_name)


@rule
async def cc_package(request: CcPackageRequest) -> CcPackage:
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    requirements = posixpath.normpath(posixpath.join(request.address.spec_path, target[CcRequirementsFileField].value))
    file = PathGlobs([requirements], GlobMatchErrorBehavior.error, description_of_origin=where)
    (text,) = await get_digest_contents(**implicitly({file: PathGlobs}))
    pins = _parse_pins(text.content, requirements, where)
    name = distribution_of(target)
    if name not in pins.names:
        raise InvalidTargetError(
            f"{request.address} needs the distribution {name!r}, which {requirements} does not pin. It pins: "
            f"{', '.join(pins.names)}. Add it there, or set `distribution`."
        )
    pinned = PinnedDistribution(
        address=request.address.spec,
        name=name,
        requirements=requirements,
        pins=pins.of(name),
        include_dirs=target[CcIncludeDirsField].value,
        sources=target[CcPackageSourcesField].value or (),
    )
    any_wheel = await find_any_wheel(pinned)
    files = any_wheel.distribution.digest
    snapshot, included = await concurrently(digest_to_snapshot(files), scan_distribution(any_wheel.distribution))
    headers = frozenset(
        path[len(include_dir) + 1 :]
        for include_dir in pinned.include_dirs
        for path in snapshot.files
        if path.startswith(include_dir + "/")
    )
    directory = f"{PACKAGES_DIR}/{pinned.name}"
    return CcPackage(
        address=pinned.address,
        name=pinned.name,
        digest=files,
        include_dirs=tuple(f"{directory}/{include_dir}" for include_dir in pinned.include_dirs),
        headers=headers,
        sources=tuple(f"{directory}/{source}" for source in pinned.sources),
        settings=CompileSettings(
            cxx_standard=target[CxxStandardField].value or CxxStandardField.default,
            c_standard=target[CStandardField].value or CStandardField.default,
            defines=target[CcPublicDefinesField].value or (),
            free_threaded_defines=target[CcFreeThreadedDefinesField].value or (),
            flags=target[CompileFlagsField].value or (),
        ),
        needs_python=PYTHON_HEADER in included.spellings,
        needs_version=VERSION_HEADER in included.spellings - headers,
        distribution=any_wheel.distribution,
        by_platform=None if any_wheel.serves_all else pinned,
        pins=pinned.pins,
    )


@rule
async def scan_distribution(distribution: Distribution) -> _Included:
    # A rule of its own, so that a change of the target, such as a define, scans no header again.
    contents = await get_digest_contents(distribution.digest)
    return _Included(
        frozenset(
            include.spelling for file in contents for include in parse_includes(file.content.decode(errors="replace"))
        )
    )


def _parse_pins(content: bytes, path: str, where: str) -> PinnedRequirements:
    """Parse the entries of a requirements file.

    Raises:
        InvalidTargetError: For lines that are not pinned and hashed, or that a pinned file may not contain.
    """
    try:
        pins = PinnedRequirements.parse(decode_requirements(content))
    except UnicodeDecodeError as error:
        raise InvalidTargetError(
            f"{path}, the `requirements` of {where}, is not UTF-8: {error}. Convert it."
        ) from error
    if pins.problems:
        head = f"{path}, the `requirements` of {where}, has lines that cannot be used:"
        raise InvalidTargetError(f"{head}\n{bullet_list(pins.problems)}")
    return pins


@rule
async def find_any_wheel(pinned: PinnedDistribution) -> _AnyWheel:
    chosen = pinned.first_applying(for_any_machine())
    if chosen is None:
        raise InvalidTargetError(
            f"{pinned.address} needs the distribution {pinned.name!r}, but the environment markers of its "
            f"entries in {pinned.requirements} match no supported platform and Python. Change the markers."
        )
    try:
        found = await unpack_distribution(DistributionRequest(pinned, *chosen))
    except NoWheelError:
        # There are only sources, which are built here. No wheel of another platform can exist.
        return _AnyWheel(await unpack_distribution(DistributionRequest(pinned, None, pinned.pins)), serves_all=True)
    return _AnyWheel(found, serves_all=found.is_pure)


@rule
async def unpack_distribution(request: DistributionRequest) -> Distribution:
    pinned = request.pinned
    information = "*/*.dist-info"
    keep = (
        *(f"*/{folder}/**" for folder in pinned.folders),
        *(f"{information}/{path}" for path in (*_LICENSE_PATHS, _METADATA)),
    )
    where = f"the target {pinned.address}"
    packages = await find_packages(
        PackagesRequest(
            path=pinned.requirements,
            where=where,
            purpose=f"for the headers of {pinned.address}",
            keep=keep,
            platform=request.platform,
            pins=request.pins.text,
        ),
        **implicitly(),
    )
    wheel = dict(packages.distributions)[pinned.name]
    globs = PathGlobs(f"{wheel}/{folder}/**" for folder in pinned.folders)
    files = await remove_prefix(RemovePrefix(await digest_subset_to_digest(DigestSubset(packages.kept, globs)), wheel))
    _check_paths(pinned, wheel, await digest_to_snapshot(files))
    metadata, licenses = await concurrently(
        get_digest_contents(**implicitly(DigestSubset(packages.kept, PathGlobs([f"{wheel}/*.dist-info/{_METADATA}"])))),
        get_digest_contents(
            **implicitly(
                DigestSubset(packages.kept, PathGlobs(f"{wheel}/*.dist-info/{path}" for path in _LICENSE_PATHS))
            )
        ),
    )
    texts = {license_path(file.path): file.content for file in licenses}
    return Distribution(
        wheel=wheel,
        digest=files,
        licenses=await create_digest(CreateDigest(FileContent(path, text) for path, text in texts.items())),
        license=license_expression("".join(file.content.decode(errors="replace") for file in metadata)),
    )


@rule(level=LogLevel.DEBUG)
async def package_files(request: CcPackageFilesRequest) -> CcPackageFiles:
    pinned = request.package.by_platform
    target = request.platform
    python = request.python
    if pinned is None:
        return CcPackageFiles(request.package.digest, request.package.distribution)
    chosen = pinned.first_applying(of_target_without_python(target) if python is None else [of_target(target, python)])
    machine = target.any_floor + (f" and Python {python}" if python else "")
    if chosen is None:
        reason = f"{pinned.requirements} pins {pinned.name} only for other platforms or Pythons, not for {machine}"
        return CcPackageFiles(EMPTY_DIGEST, None, f"{pinned.address}: {reason}")
    try:
        found = await unpack_distribution(DistributionRequest(pinned, *chosen))
    except NoWheelError:
        version = " and ".join(pin.requirement for pin in chosen[1].pins if pin.name)
        reason = f"{version}, which {pinned.requirements} pins, has no wheel for {machine}"
        return CcPackageFiles(EMPTY_DIGEST, None, f"{pinned.address}: {reason}")
    return CcPackageFiles(found.digest, found)


def license_path(path: str) -> str:
    """Return the path of a license file below its dist-info, without PEP 639's folder for such files."""
    below = path.split(".dist-info/", 1)[1]
    return below[len(_LICENSE_FOLDER) :] if below.startswith(_LICENSE_FOLDER) else below


def license_expression(metadata: str) -> str | None:
    """Return the SPDX expression in a METADATA file (PEP 639). None if it has none."""
    message = email.message_from_string(metadata)
    return message.get("License-Expression")


def _check_paths(pinned: PinnedDistribution, wheel: str, tree: Snapshot) -> None:
    missing = [d for d in pinned.include_dirs if d not in tree.dirs] + [
        s for s in pinned.sources if s not in tree.files
    ]
    if missing:
        raise InvalidTargetError(
            f"{pinned.address} names paths that its distribution does not have: {', '.join(missing)} ({wheel}). "
            "Paths are relative to `site-packages`."
        )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
