"""Rules for the version of a wheel: computed across its release, and unknown to all steps before the stamp."""

from __future__ import annotations

import datetime
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pants.base.build_environment import get_buildroot
from pants.core.util_rules.system_binaries import MaybeGitBinary
from pants.engine.addresses import Address, Addresses
from pants.engine.fs import PathGlobs
from pants.engine.internals.session import RunId
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.channel import CUSTOM
from spokeshave_core.reports.version import VersionReport
from spokeshave_pants.action import ActionKind
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    concurrently,
    implicitly,
    path_globs_to_digest,
    resolve_target,
    resolve_targets,
    resolve_unparsed_address_inputs,
    rule,
)
from spokeshave_pants.release.checkout import read_checkout
from spokeshave_pants.release.subsystem import ReleaseVersionSubsystem
from spokeshave_pants.release.target_types import (
    PyprojectField,
    ReleaseWheelsField,
    RevisionsField,
    VersionFileField,
)
from spokeshave_pants.release.version_arguments import ReleaseContext, VersionOptions, stated_commit, version_argv
from spokeshave_pants.sandbox.tools import RunToolRequest, raise_for_failure, run_tool

VERSION_FILE = "version.json"
# Older than each version of a release channel, as the placeholder of an unstamped wheel is.
SOURCE_SUFFIX = ".dev0+unstamped"


@dataclass(frozen=True)
class ReleaseOfRequest:
    """A request for the release that a wheel belongs to."""

    wheel: Address


@dataclass(frozen=True)
class ReleaseMembers:
    """The wheels that share a version. A wheel that no `release` lists is a release of its own.

    Attributes:
        target: The `release` that lists them, if any.
        revisions: The revisions of what the release is pinned to, by name.
    """

    name: str
    wheels: tuple[Address, ...]
    target: Address | None = None
    revisions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ComputeVersionRequest:
    """A request for the common version of a release."""

    members: ReleaseMembers


@dataclass(frozen=True)
class ComputedVersion:
    """The report of the `version` command."""

    report: VersionReport

    @property
    def version(self) -> str:
        """Return the common version."""
        return self.report.version


@dataclass(frozen=True)
class WheelVersionRequest:
    """A request for the version of a wheel.

    Attributes:
        static_version: The version in its pyproject.toml, if there is one.
    """

    wheel: Address
    static_version: str | None


@dataclass(frozen=True)
class SourceVersionRequest:
    """A request for the version of a wheel's package in the source tree.

    Attributes:
        static_version: The version in its pyproject.toml, if there is one.
    """

    wheel: Address
    static_version: str | None


@dataclass(frozen=True)
class SourceVersion:
    """The version that Python code sees where no wheel is built."""

    version: str


@dataclass(frozen=True)
class StampedVersion:
    """The version that a wheel is stamped with, and the other facts that the stamp writes.

    Attributes:
        channel: None where the version does not come from a channel.
        commit: The commit that the sources are of, if they are of one.
        revisions: The revisions of what its release is pinned to, by name.
    """

    version: str
    channel: str | None = None
    commit: str | None = None
    revisions: tuple[tuple[str, str], ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the options of `spokeshave stamp`."""
        return (
            *("--version", self.version),
            *(("--channel", self.channel) if self.channel else ()),
            *(("--commit", self.commit) if self.commit else ()),
            *(argument for name, sha in self.revisions for argument in ("--revision", f"{name}={sha}")),
        )


@rule(level=LogLevel.DEBUG)
async def release_context(_: RunId, git: MaybeGitBinary) -> ReleaseContext:
    """Read the facts in each run, because commits, changes and midnight happen while the daemon lives."""
    checkout = read_checkout(Path(get_buildroot()), git.git_binary.path if git.git_binary else None)
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")
    return ReleaseContext(commit=checkout.commit, dirty=checkout.dirty, date=today, problem=checkout.problem)


@rule(level=LogLevel.DEBUG)
async def release_of(request: ReleaseOfRequest, all_targets: AllTargets) -> ReleaseMembers:
    releases = [target for target in all_targets if target.has_field(ReleaseWheelsField)]
    members = await concurrently(
        resolve_unparsed_address_inputs(release[ReleaseWheelsField].to_unparsed_address_inputs(), **implicitly())
        for release in releases
    )
    found = [(release, wheels) for release, wheels in zip(releases, members) if request.wheel in wheels]
    if len(found) > 1:
        names = " and ".join(release.address.spec for release, _ in found)
        raise InvalidTargetError(f"{request.wheel} is in {names}: a wheel has one version, so list it in one release.")
    if not found:
        return ReleaseMembers(request.wheel.spec, (request.wheel,))
    release, wheels = found[0]
    return members_of(release, wheels)


def members_of(release: Target, wheels: Iterable[Address]) -> ReleaseMembers:
    """Return the members of a `release`, by the addresses that its `wheels` name."""
    return ReleaseMembers(
        name=release.address.spec,
        wheels=tuple(sorted(wheels)),
        target=release.address,
        revisions=tuple(sorted((release[RevisionsField].value or {}).items())),
    )


def version_options(subsystem: ReleaseVersionSubsystem) -> VersionOptions:
    """Return what the user chose for the version."""
    return VersionOptions(
        channel=subsystem.channel,
        suffix=subsystem.suffix,
        commit=subsystem.commit,
        date=subsystem.date,
        post=subsystem.post,
    )


def _version_path(wheel: Target) -> str:
    """Return the declared version file, or the one next to pyproject.toml."""
    declared = wheel[VersionFileField].value
    relative = declared or posixpath.join(posixpath.dirname(wheel.get(PyprojectField).value), VERSION_FILE)
    return posixpath.normpath(posixpath.join(wheel.address.spec_path, relative))


@rule(desc="Compute the version", level=LogLevel.DEBUG)
async def compute_version(
    request: ComputeVersionRequest, subsystem: ReleaseVersionSubsystem, context: ReleaseContext
) -> ComputedVersion:
    wheels = await resolve_targets(**implicitly(Addresses(request.members.wheels)))
    files = sorted({_version_path(wheel) for wheel in wheels if wheel.has_field(VersionFileField)})
    if not files:
        raise InvalidTargetError(f"{request.members.name} lists no `python_native_wheel`. Add one to `wheels`.")
    # The tool reports a missing file, together with the problems of the others.
    digest = await path_globs_to_digest(PathGlobs(files))
    options = version_options(subsystem)
    result = await run_tool(
        RunToolRequest(
            argv=("version", *(a for file in files for a in ("--file", file)), *version_argv(options, context)),
            digest=digest,
            kind=ActionKind.STAMP,
            description=f"Compute the version of {request.members.name}",
        ),
        **implicitly(),
    )
    raise_for_failure(result, request.members.name)
    return ComputedVersion(result.report(VersionReport))


@rule(level=LogLevel.DEBUG)
async def wheel_version(
    request: WheelVersionRequest, subsystem: ReleaseVersionSubsystem, context: ReleaseContext
) -> StampedVersion:
    where = "a `python_native_wheel`"
    wheel = (
        await resolve_target(WrappedTargetRequest(request.wheel, description_of_origin=where), **implicitly())
    ).target
    if request.static_version is not None and wheel[VersionFileField].value is not None:
        raise InvalidTargetError(
            f"{request.wheel} has a `version_file`, but the project has the static version "
            f'{request.static_version}. Remove the field, or make the version dynamic: by `dynamic = ["version"]` in '
            f'pyproject.toml, or by `version="stamped"` in a `python_backend_wheel`.'
        )
    members = await release_of(ReleaseOfRequest(request.wheel), **implicitly())
    commit = stated_commit(version_options(subsystem), context)
    if request.static_version is not None:
        return StampedVersion(request.static_version, commit=commit, revisions=members.revisions)
    computed = await compute_version(ComputeVersionRequest(members), **implicitly())
    channel = computed.report.channel
    return StampedVersion(
        version=computed.version,
        channel=None if channel == CUSTOM else channel,
        commit=commit,
        revisions=members.revisions,
    )


@rule(desc="Compute the version in the source tree", level=LogLevel.DEBUG)
async def source_version(request: SourceVersionRequest) -> SourceVersion:
    """Compute a version that contains no commit, so that the results of tests remain valid."""
    if request.static_version is not None:
        return SourceVersion(request.static_version)
    where = "a `python_native_wheel`"
    wheel = (
        await resolve_target(WrappedTargetRequest(request.wheel, description_of_origin=where), **implicitly())
    ).target
    path = _version_path(wheel)
    result = await run_tool(
        RunToolRequest(
            argv=("version", "--file", path, "--suffix", SOURCE_SUFFIX),
            digest=await path_globs_to_digest(PathGlobs([path])),
            kind=ActionKind.STAMP,
            description=f"Compute the version of {request.wheel} in the source tree",
        ),
        **implicitly(),
    )
    raise_for_failure(result, str(request.wheel))
    return SourceVersion(result.report(VersionReport).version)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
