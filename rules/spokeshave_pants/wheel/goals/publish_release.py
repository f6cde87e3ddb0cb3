"""The goals `publish` and `release-check` of a `release`: its record is checked, and sent to an index as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pants.base.build_root import BuildRoot
from pants.core.goals.publish import (
    PublishFieldSet,
    PublishOutputData,
    PublishPackages,
    PublishProcesses,
    PublishRequest,
)
from pants.core.util_rules.distdir import DistDir
from pants.engine.addresses import Address
from pants.engine.console import Console
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import FilteredTargets
from pants.engine.unions import UnionRule

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import concurrently, goal_rule, implicitly, rule, run_interactive_process
from spokeshave_pants.release.target_types import (
    ReleaseChannelsField,
    ReleaseRepositoriesField,
    ReleaseWheelsField,
)
from spokeshave_pants.sandbox.tools import REPORT
from spokeshave_pants.wheel.goals.package import WheelArtifact
from spokeshave_pants.wheel.goals.publish import UploadRequest, check_tested, repositories_of, upload_process
from spokeshave_pants.wheel.publish.repository import Repository, parse_repositories
from spokeshave_pants.wheel.record.rules import (
    ReleasePlanRequest,
    SealedRelease,
    SealReleaseRequest,
    plan_release,
    seal_release,
)
from spokeshave_pants.wheel.subsystem import ReleaseCheck, WheelPublishSubsystem
from spokeshave_pants.wheel.wheel_reports import python_outcome
from spokeshave_pants.wheel.wheel_set import SmokeTestedWheel


class UnsealedReleaseError(SpokeshaveError):
    """A release that this run makes no record of, so that it cannot be published."""


class NoRepositoryError(SpokeshaveError):
    """A release that is to be published or checked, and has no repository for its channel."""


@dataclass(frozen=True)
class ReleaseDestinations:
    """Where a release lists that it goes: the fields `repositories` and `channels`."""

    repositories: tuple[str, ...]
    channels: Mapping[str, tuple[str, ...]]

    def of_channel(self, channel: str | None) -> tuple[str, ...]:
        """Return where a release of a channel goes: to the channel's own repositories if it has any listed."""
        return self.channels.get(channel or "", self.repositories)

    def all(self) -> tuple[str, ...]:
        """Return every entry, in the order of the fields."""
        return (*self.repositories, *(text for listed in self.channels.values() for text in listed))


class ReleasePublishRequest(PublishRequest["ReleasePublishFieldSet"]):
    """A request of the goal `publish` for a release."""


@dataclass(frozen=True)
class ReleasePublishFieldSet(PublishFieldSet[ReleasePublishRequest]):
    """The fields of a release that `publish` sends."""

    publish_request_type = ReleasePublishRequest
    required_fields = (ReleaseWheelsField, ReleaseRepositoriesField)

    repositories: ReleaseRepositoriesField
    channels: ReleaseChannelsField

    def get_output_data(self) -> PublishOutputData:
        """Return the data of Pants' publish output."""
        return PublishOutputData({"publisher": "spokeshave", **super().get_output_data()})


@dataclass(frozen=True)
class CheckedReleaseRequest:
    """A request for the record of a release that is to be published."""

    address: Address


@dataclass(frozen=True)
class PublishableRelease:
    """The record of a release with a version that is released, whose wheels all passed a smoke test."""

    sealed: SealedRelease


@rule
async def publishable_release(request: CheckedReleaseRequest) -> PublishableRelease:
    plan = await plan_release(ReleasePlanRequest(request.address), **implicitly())
    if plan.reason:
        raise UnsealedReleaseError(f"{request.address} has no release record to publish, as {plan.reason}.")
    sealed = await seal_release(SealReleaseRequest(request.address))
    check_tested(artifacts(sealed.wheels), where=f"the release {request.address}")
    return PublishableRelease(sealed)


def artifacts(wheels: Iterable[SmokeTestedWheel]) -> list[WheelArtifact]:
    """Return wheels with their smoke tests."""
    return [
        WheelArtifact(
            relpath=tested.wheel.file_name,
            sha256=tested.wheel.sha256,
            smoke=tuple(python_outcome(report) for report in tested.smoke),
        )
        for tested in wheels
    ]


def repositories_of_release(
    listed: ReleaseDestinations, channel: str | None, publishing: WheelPublishSubsystem, *, where: str
) -> tuple[Repository, ...]:
    """Return the repositories of a release that this run is for: at least one, or nobody would notice a typo.

    Raises:
        NoRepositoryError: If the release lists none for its channel.
        InvalidTargetError: If `[wheel-publish].to` names none of them, or for an entry of any channel that is not
            valid.
    """
    parse_repositories(listed.all(), publishing.repositories, where=where, is_release=True)
    texts = listed.of_channel(channel)
    if not texts:
        which = f" for the channel {channel}" if listed.channels else ""
        raise NoRepositoryError(
            f"{where} has no `repositories`{which}, so that it can neither be published nor checked. Set the field, "
            'such as repositories=["@pypi"]. Those of its wheels count only for `--wheel-publish-alone`.'
        )
    repositories = repositories_of(texts, publishing, where=where, is_release=True)
    if not repositories:
        names = ", ".join(text.lstrip("@") for text in texts)
        raise InvalidTargetError(
            f"`--wheel-publish-to` is {', '.join(publishing.to)}, which is not one of the `repositories` of {where}"
            f"{f' for the channel {channel}' if listed.channels else ''}. Choose from {names}."
        )
    return repositories


def publish_argv(folder: str, repository: Repository, *, build_root: str, dist: str) -> tuple[str, ...]:
    """Return the command that sends a record, which it first copies to `dist/`: a later run continues from there.

    Args:
        dist: The folder, relative to the build root.
    """
    return (
        *("release", "publish", folder, *repository.destination_arguments(build_root)),
        *("--keep", f"{build_root}/{dist}/{folder}", "--report", REPORT),
    )


def check_argv(folder: str, repository: Repository, *, build_root: str) -> tuple[str, ...]:
    """Return the command that checks a record against a repository."""
    return ("release", "check", folder, *repository.destination_arguments(build_root), "--report", REPORT)


@rule
async def publish_release(
    request: ReleasePublishRequest, publishing: WheelPublishSubsystem, dist: DistDir, build_root: BuildRoot
) -> PublishProcesses:
    address = request.field_set.address
    listed = ReleaseDestinations(request.field_set.repositories.value, request.field_set.channels.value or {})
    plan = await plan_release(ReleasePlanRequest(address), **implicitly())
    repositories = repositories_of_release(listed, plan.version.channel, publishing, where=address.spec)
    sealed = (await publishable_release(CheckedReleaseRequest(address))).sealed
    processes = await concurrently(
        upload_process(
            UploadRequest(
                repository,
                publish_argv(sealed.folder, repository, build_root=build_root.path, dist=str(dist.relpath)),
                sealed.digest,
            ),
            **implicitly(),
        )
        for repository in repositories
    )
    return PublishProcesses(
        PublishPackages(
            names=(sealed.folder,),
            process=process,
            description=repository.label,
            data=PublishOutputData({"repository": repository.label}),
        )
        for repository, process in zip(repositories, processes)
    )


@goal_rule
async def check_releases(
    console: Console, specified: FilteredTargets, publishing: WheelPublishSubsystem, build_root: BuildRoot
) -> ReleaseCheck:
    releases = [target for target in specified if target.has_field(ReleaseRepositoriesField)]
    if not releases:
        console.print_stderr("The specified targets contain no `release`, so there is nothing to check.")
        return ReleaseCheck(exit_code=1)
    exit_code = 0
    for release in releases:
        listed = ReleaseDestinations(release[ReleaseRepositoriesField].value, release[ReleaseChannelsField].value or {})
        plan = await plan_release(ReleasePlanRequest(release.address), **implicitly())
        repositories = repositories_of_release(listed, plan.version.channel, publishing, where=release.address.spec)
        sealed = (await publishable_release(CheckedReleaseRequest(release.address))).sealed
        for repository in repositories:
            argv = check_argv(sealed.folder, repository, build_root=build_root.path)
            process = await upload_process(UploadRequest(repository, argv, sealed.digest), **implicitly())
            result = await run_interactive_process(process)
            exit_code = max(exit_code, result.exit_code)
    return ReleaseCheck(exit_code=exit_code)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *ReleasePublishFieldSet.rules()]
