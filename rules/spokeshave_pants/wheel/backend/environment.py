"""Rules for the environment of a project's build: the Python that runs it, its requirements, and the target's files."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST, CreateDigest, Digest, DigestSubset, FileContent, MergeDigests, PathGlobs
from pants.engine.platform import Platform as Machine
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.problems import bullet_list
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_core.requirement_lines import decode_requirements
from spokeshave_pants.action import Action
from spokeshave_pants.cc.foreign.python_facts import python_facts, python_libraries
from spokeshave_pants.errors import InvalidTargetError, MissingInterpreterError
from spokeshave_pants.headers.exports import import_library_name
from spokeshave_pants.headers.import_library import PythonImportLibraryRequest, make_import_library
from spokeshave_pants.headers.rules import PythonHeadersRequest, python_headers
from spokeshave_pants.pants_api import (
    concurrently,
    create_digest,
    digest_to_snapshot,
    get_digest_contents,
    implicitly,
    merge_digests,
    rule,
)
from spokeshave_pants.pythons.rules import Interpreters
from spokeshave_pants.sandbox.complete_platform import of_python_here, of_target
from spokeshave_pants.sandbox.packages import NoWheelError, PackagesRequest, find_packages
from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements
from spokeshave_pants.sandbox.python import LinkPythonRequest, link_python
from spokeshave_pants.sandbox.requirements_file import RequirementsFileRequest, find_requirements_file
from spokeshave_pants.wheel.backend.overlay import overlaid, overlay_globs
from spokeshave_pants.wheel.backend.request import FACTS

CARRIED_REQUIREMENTS = "resource://spokeshave_pants.resources/backend.txt"


@dataclass(frozen=True)
class BuildPythonRequest:
    """A request for the Python that runs a build.

    Attributes:
        version: Its feature version, which is that of the wheel.
        where: The target, for messages.
    """

    version: PythonVersion
    where: str


@dataclass(frozen=True)
class BuildPython:
    """A Python of this machine, under a path that only has its feature version."""

    path: str
    append_only_caches: FrozenDict[str, str]


@dataclass(frozen=True)
class BuildPythonsRequest:
    """A request to check that this machine has the Pythons that builds run on, before anything is built.

    Attributes:
        where: The target, for messages.
    """

    versions: tuple[PythonVersion, ...]
    where: str


@dataclass(frozen=True)
class BuildPythons:
    """Marker: this machine has every requested Python."""


@dataclass(frozen=True)
class BuildPinsRequest:
    """A request for the pinned build requirements of a target.

    Attributes:
        declared: The value of the field `build_requirements`.
    """

    address: Address
    declared: str | None


@dataclass(frozen=True)
class BuildPins:
    """The pinned build requirements of a target, from the file at `path`."""

    path: str
    pins: PinnedRequirements


@dataclass(frozen=True)
class BuildPackagesRequest:
    """A request for the installed build requirements of a target, for one Python and platform."""

    address: Address
    pins: BuildPins
    platform: Platform
    version: PythonVersion


@dataclass(frozen=True)
class BuildPackages:
    """Installed build requirements.

    Attributes:
        here: Those for this machine.
        target: Those for the target, whose headers and libraries are used in place of the ones for this machine.
        requests: What `here` and `target` consist of.
    """

    here: Digest
    target: Digest
    requests: tuple[PackagesRequest, ...]


@dataclass(frozen=True)
class TargetPythonRequest:
    """A request for what a build reads of the Python that it builds for.

    Attributes:
        platform: A platform with a single processor.
        where: The target, for messages.
    """

    platform: Platform
    abi: PythonAbi
    where: str


@dataclass(frozen=True)
class TargetPython:
    """What a build reads of the Python that it builds for.

    Attributes:
        facts: The file with its facts.
        libraries: The import libraries. Empty except for Windows.
        origin: The origin of the headers, for reports.
    """

    headers: Digest
    facts: Digest
    libraries: Digest
    origin: str
    actions: tuple[Action, ...]


@rule(level=LogLevel.DEBUG)
async def find_build_pythons(request: BuildPythonsRequest, interpreters: Interpreters) -> BuildPythons:
    missing = [str(version) for version in dict.fromkeys(request.versions) if not interpreters.of(version)]
    if missing:
        raise MissingInterpreterError(
            f"{request.where} is built by the project's own build, which runs on the Python of each wheel, but this "
            f"machine does not have Python {' and '.join(missing)}: {interpreters.describe()}. Install it (`pyenv "
            f"install {missing[0]}`), or list other `pythons`."
        )
    return BuildPythons()


@rule(desc="Find the Python that runs a build", level=LogLevel.DEBUG)
async def build_python(request: BuildPythonRequest, interpreters: Interpreters) -> BuildPython:
    await find_build_pythons(BuildPythonsRequest((request.version,), request.where), **implicitly())
    newest = interpreters.of(request.version)[-1]
    linked = await link_python(LinkPythonRequest(newest.path, FrozenDict()), **implicitly())
    return BuildPython(linked.path, linked.append_only_caches)


@rule(level=LogLevel.DEBUG)
async def build_pins(request: BuildPinsRequest) -> BuildPins:
    where = f"the `build_requirements` field of {request.address}"
    path = CARRIED_REQUIREMENTS
    if request.declared is not None:
        path = posixpath.normpath(posixpath.join(request.address.spec_path, request.declared))
    file = await find_requirements_file(RequirementsFileRequest(path, where))
    contents = await get_digest_contents(file.digest)
    pins = PinnedRequirements.parse(decode_requirements(contents[0].content))
    if pins.problems:
        raise InvalidTargetError(f"{file.path}, {where}:\n{bullet_list(pins.problems)}")
    return BuildPins(file.path, pins)


@rule(desc="Install build requirements", level=LogLevel.DEBUG)
async def build_packages(request: BuildPackagesRequest, machine: Machine) -> BuildPackages:
    where = f"the `build_requirements` field of {request.address}"
    here = of_python_here(machine.value, request.version)
    applying = request.pins.pins.applying(here.environment)
    own = PackagesRequest(
        path=request.pins.path, where=where, purpose="which build a project", platform=here, pins=applying.text
    )
    packages = await find_packages(own, **implicitly())
    listing = await digest_to_snapshot(**implicitly(DigestSubset(packages.digest, PathGlobs(overlay_globs()))))
    names = overlaid(packages.distributions, listing.files)
    if not names:
        return BuildPackages(packages.digest, EMPTY_DIGEST, (own,))
    target = of_target(request.platform, request.version)
    lines = "".join(request.pins.pins.applying(target.environment).of(name).text for name in names)
    other = PackagesRequest(
        path=request.pins.path, where=where, purpose="which a project is compiled with", platform=target, pins=lines
    )
    try:
        laid_over = await find_packages(other, **implicitly())
    except NoWheelError as error:
        raise NoWheelError(
            f"{request.address} needs the headers of {', '.join(names)} for {request.platform}, as the build asks for "
            f"these packages. Pin versions with wheels for it, or remove the platform or the Python.\n{error}"
        ) from error
    return BuildPackages(packages.digest, laid_over.digest, (own, other))


@rule(level=LogLevel.DEBUG)
async def target_python(request: TargetPythonRequest) -> TargetPython:
    wanted = frozenset(python_libraries(request.platform, request.abi))
    abis = (request.abi, PythonAbi(request.abi.version))
    needed = {import_library_name(abi): abi for abi in abis if import_library_name(abi) in wanted}
    headers, facts = await concurrently(
        python_headers(PythonHeadersRequest(request.abi.version, request.platform, request.where)),
        create_digest(CreateDigest([FileContent(FACTS, python_facts(request.platform, request.abi).encode())])),
    )
    libraries = await concurrently(
        make_import_library(PythonImportLibraryRequest(abi, request.platform, request.where)) for abi in needed.values()
    )
    return TargetPython(
        headers=headers.digest,
        facts=facts,
        libraries=await merge_digests(MergeDigests(library.digest for library in libraries)),
        origin=headers.origin,
        actions=tuple(library.action for library in libraries),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
