"""The goal `publish`: upload the tested wheels of a `python_native_wheel` with twine."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pants.base.build_environment import get_buildroot
from pants.core.goals.package import BuiltPackage
from pants.core.goals.publish import (
    PublishFieldSet,
    PublishOutputData,
    PublishPackages,
    PublishProcesses,
    PublishRequest,
)
from pants.engine.env_vars import EnvironmentVarsRequest
from pants.engine.fs import Digest, MergeDigests
from pants.engine.process import InteractiveProcess
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Target
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions
from pants.util.docutil import bin_name
from pants.util.frozendict import FrozenDict

from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import SpokeshaveError, bullet_list
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.pants_api import concurrently, environment_vars_subset, implicitly, merge_digests, rule
from spokeshave_pants.release.rules import ReleaseOfRequest, release_of
from spokeshave_pants.sandbox.packages import PackagesRequest, install_packages
from spokeshave_pants.sandbox.python import SandboxPython
from spokeshave_pants.sandbox.tools import REPORT, SpokeshaveToolsRequest, find_tools, tool_process
from spokeshave_pants.wheel.goals.command_line import NamedTargets
from spokeshave_pants.wheel.goals.package import SdistArtifact, WheelArtifact
from spokeshave_pants.wheel.publish.repository import Repository, chosen_repositories, parse_repositories
from spokeshave_pants.wheel.subsystem import WheelPublishSubsystem
from spokeshave_pants.wheel.target_types import PythonsField, RepositoriesField

logger = logging.getLogger(__name__)

_PURPOSE = "which upload wheels (once on a machine, before its first upload)"


class ReleaseMemberError(SpokeshaveError):
    """A wheel of a release that would be published without the rest of it."""


class UntestedWheelError(SpokeshaveError):
    """A wheel that passed no smoke test."""


class DebugBuildError(SpokeshaveError):
    """A wheel that is not a release build."""


class NativeWheelPublishRequest(PublishRequest["NativeWheelPublishFieldSet"]):
    """A request of the goal `publish`."""


@dataclass(frozen=True)
class NativeWheelPublishFieldSet(PublishFieldSet[NativeWheelPublishRequest]):
    """The fields of a target that `publish` uploads."""

    publish_request_type = NativeWheelPublishRequest
    required_fields = (PythonsField, RepositoriesField)

    repositories: RepositoriesField

    @classmethod
    def opt_out(cls, tgt: Target) -> bool:
        """Return whether the target has no repositories. It is then not built for `publish` either."""
        if tgt[RepositoriesField].value:
            return False
        logger.warning(not_published(tgt.address.spec))
        return True

    def get_output_data(self) -> PublishOutputData:
        """Return the data of Pants' publish output."""
        return PublishOutputData({"publisher": "spokeshave", **super().get_output_data()})


@dataclass(frozen=True)
class UploadRequest:
    """A request for a process that sends files to one repository.

    Attributes:
        argv: The command of the tools and its arguments.
    """

    repository: Repository
    argv: tuple[str, ...]
    digest: Digest


def not_published(address: str) -> str:
    """Return the message about a target without repositories, which is printed before anything is built."""
    alias = RepositoriesField.alias
    return (
        f"{address} skipped (no `{alias}` specified for {address}): `publish` neither builds nor uploads its wheels. "
        f'To upload them, set the field, such as {alias}=["@pypi"], or omit the target from this run. The wheels of a '
        "`release` are published with it."
    )


def wheels_of(packages: Iterable[BuiltPackage]) -> tuple[WheelArtifact, ...]:
    """Return the wheels among the files of packages, without the reports next to them."""
    return tuple(a for package in packages for a in package.artifacts if isinstance(a, WheelArtifact))


def sdists_of(packages: Iterable[BuiltPackage]) -> tuple[SdistArtifact, ...]:
    """Return the sdists among the files of packages."""
    return tuple(a for package in packages for a in package.artifacts if isinstance(a, SdistArtifact))


def check_tested(wheels: Iterable[WheelArtifact], *, where: str) -> None:
    """Check that each wheel passed a smoke test on some Python.

    Raises:
        UntestedWheelError: For wheels that did not. The message has the reason for each.
    """
    untested = [wheel for wheel in wheels if all(outcome.outcome is not Outcome.PASSED for outcome in wheel.smoke)]
    if not untested:
        return
    problems = [
        "\n".join([str(wheel.relpath), *(f"{o.outcome.value} on Python {o.python}: {o.reason}" for o in wheel.smoke)])
        for wheel in untested
    ]
    raise UntestedWheelError(
        f"{where} has wheels without a passed smoke test, so none of its wheels is "
        f"published:\n{bullet_list(problems)}\n"
        "Publish from a machine that has one of their Pythons, or add a Python of this machine to `pythons`."
    )


def check_release_builds(wheels: Iterable[WheelArtifact], *, where: str) -> None:
    """Check that no wheel is a debug build.

    Raises:
        DebugBuildError: For all wheels that are.
    """
    debug = [str(wheel.relpath) for wheel in wheels if wheel.build_type is not BuildType.RELEASE]
    if debug:
        raise DebugBuildError(
            f"{where} has wheels that are debug builds, so none of its wheels is published:\n{bullet_list(debug)}\n"
            "Publish without `--cc-build-type=debug` (`[cc-build].type`)."
        )


def check_publishable(wheels: Iterable[WheelArtifact], *, where: str) -> None:
    """Check that all wheels are release builds and passed a smoke test.

    Raises:
        DebugBuildError: For debug builds.
        UntestedWheelError: For wheels that were not tested.
    """
    wheels = tuple(wheels)
    check_release_builds(wheels, where=where)
    check_tested(wheels, where=where)


@dataclass(frozen=True)
class PublisherRequest:
    """A request for what a command that talks to an index needs.

    Attributes:
        argv: The command of the tools and its arguments.
    """

    argv: tuple[str, ...]


@dataclass(frozen=True)
class Publisher:
    """The packages and the sources of a command that talks to an index."""

    packages: Digest
    sources: Digest


@rule
async def find_publisher(
    request: PublisherRequest, publishing: WheelPublishSubsystem, python: SandboxPython
) -> Publisher:
    twine = PackagesRequest(
        path=publishing.requirements,
        where=f"the option `[{publishing.options_scope}].requirements`",
        platform=python.platform,
        purpose=_PURPOSE,
    )
    tools = await find_tools(SpokeshaveToolsRequest.of(request.argv), **implicitly())
    # `upload` reads wheels with twine alone. The commands of a release check and stamp them too.
    wanted = (twine,) if request.argv[0] == "upload" else (twine, tools.request)
    installed = await concurrently(install_packages(packages) for packages in wanted)
    packages = await merge_digests(MergeDigests(each.digest for each in installed))
    return Publisher(packages, tools.sources)


@rule
async def upload_process(request: UploadRequest, python: SandboxPython, options: GlobalOptions) -> InteractiveProcess:
    publisher, variables = await concurrently(
        find_publisher(PublisherRequest(request.argv), **implicitly()),
        environment_vars_subset(EnvironmentVarsRequest(request.repository.variables), **implicitly()),
    )
    # This process has no credentials, because the engine caches it.
    process = tool_process(
        python,
        publisher.packages,
        publisher.sources,
        request.argv,
        request.digest,
        description=f"Upload to {request.repository.label}",
    )
    certificates = {"TWINE_CERT": options.ca_certs_path} if options.ca_certs_path else {}
    environment = request.repository.environment({**certificates, **variables}, get_buildroot())
    return InteractiveProcess.from_process(replace(process, env=FrozenDict({**process.env, **environment})))


def repositories_of(
    texts: Iterable[str], publishing: WheelPublishSubsystem, *, where: str, is_release: bool = False
) -> tuple[Repository, ...]:
    """Return the repositories of a target that this run publishes to.

    Args:
        where: The target, for messages.

    Raises:
        InvalidTargetError: Those of `parse_repositories`.
    """
    return parse_repositories(
        chosen_repositories(texts, publishing.to),
        publishing.repositories,
        where=where,
        check_urls=publishing.check_urls,
        is_release=is_release,
    )


def skipped(names: tuple[str, ...], repositories: Iterable[str]) -> PublishProcesses:
    """Return what `publish` prints for a target none of whose repositories this run publishes to."""
    listed = ", ".join(repositories)
    why = f"(`--wheel-publish-to` names none of its `repositories`, {listed})" if listed else "(no `repositories`)"
    return PublishProcesses([PublishPackages(names=names, process=None, description=why)])


def refused_alone(wheel: str, release: str) -> str:
    """Return why the wheels of a release are not published alone, and what to do."""
    return (
        f"{wheel} is a part of the release {release}, and is not published without the rest of it: users could install "
        f"a part that does not fit the others. Publish the whole release:\n    {bin_name()} publish {release}\n"
        "To publish these wheels alone all the same, add `--wheel-publish-alone`."
    )


@rule
async def publish_native_wheels(
    request: NativeWheelPublishRequest, publishing: WheelPublishSubsystem, named: NamedTargets
) -> PublishProcesses:
    address = request.field_set.address
    where = f"the target {address}"
    wheels = wheels_of(request.packages)
    # Without its wheels, installers would build the sdist: it is sent last.
    names = tuple(str(file.relpath) for file in (*wheels, *sdists_of(request.packages)))
    release = (await release_of(ReleaseOfRequest(address), **implicitly())).target
    if release is not None and not publishing.alone:
        if release not in named.addresses:
            raise ReleaseMemberError(refused_alone(address.spec, release.spec))
        part = f"by this target, but with its release {release.spec}"
        return PublishProcesses([PublishPackages(names=names, process=None, description=part)])
    listed = request.field_set.repositories.value
    repositories = repositories_of(listed, publishing, where=address.spec)
    if not repositories:
        return skipped(names, listed)
    check_publishable(wheels, where=where)
    digest = await merge_digests(MergeDigests(package.digest for package in request.packages))
    processes = await concurrently(
        upload_process(
            UploadRequest(repository, ("upload", *repository.arguments, "--report", REPORT, *names), digest),
            **implicitly(),
        )
        for repository in repositories
    )
    return PublishProcesses(
        PublishPackages(
            names=names,
            process=process,
            description=repository.label,
            data=PublishOutputData({"repository": repository.label}),
        )
        for repository, process in zip(repositories, processes)
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *NativeWheelPublishFieldSet.rules()]
