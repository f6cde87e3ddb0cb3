"""The goal `release-version`: print the version that wheels are stamped with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from pants.engine.console import Console
from pants.engine.fs import CreateDigest, FileContent, Workspace
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, FilteredTargets
from pants.engine.unions import UnionRule

from spokeshave_core.channel import VersionFormat
from spokeshave_core.json_values import to_text
from spokeshave_core.release.version_text import VERSION_KEY
from spokeshave_core.reports.version import VersionReport
from spokeshave_pants.pants_api import concurrently, create_digest, goal_rule, implicitly
from spokeshave_pants.release.rules import (
    ComputeVersionRequest,
    ReleaseOfRequest,
    compute_version,
    release_of,
)
from spokeshave_pants.release.subsystem import ReleaseVersion, ReleaseVersionSubsystem
from spokeshave_pants.release.target_types import VersionFileField

LOCAL_VERSION_FILE = "version_local.json"


@goal_rule
async def print_release_version(
    console: Console,
    workspace: Workspace,
    all_targets: AllTargets,
    specified: FilteredTargets,
    subsystem: ReleaseVersionSubsystem,
) -> ReleaseVersion:
    chosen = [target for target in specified if target.has_field(VersionFileField)]
    wheels = chosen or [target for target in all_targets if target.has_field(VersionFileField)]
    members = await concurrently(release_of(ReleaseOfRequest(wheel.address), **implicitly()) for wheel in wheels)
    releases = tuple(dict.fromkeys(members))
    versions = await concurrently(
        compute_version(ComputeVersionRequest(release), **implicitly()) for release in releases
    )
    if not releases:
        console.print_stderr(
            "The specified targets contain no `python_native_wheel`, so there is no version to compute."
        )
        return ReleaseVersion(exit_code=1)
    for release, version in zip(releases, versions):
        if subsystem.format is VersionFormat.JSON:
            console.print_stdout(version.report.to_json().strip())
        elif len(releases) == 1:
            console.print_stdout(version.version)
        else:
            console.print_stdout(f"{release.name} {version.version}")
    if subsystem.write:
        files = local_version_files(version.report for version in versions)
        workspace.write_digest(await create_digest(CreateDigest(files)))
        for file in files:
            console.print_stderr(f"Wrote {file.path}")
    return ReleaseVersion(exit_code=0)


def local_version_files(reports: Iterable[VersionReport]) -> list[FileContent]:
    """Return a `version_local.json` for each version file, with the version that its wheel is stamped with."""
    return [
        FileContent(str(PurePath(path).with_name(LOCAL_VERSION_FILE)), to_text({VERSION_KEY: report.version}).encode())
        for report in reports
        for path in report.packages
    ]


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
