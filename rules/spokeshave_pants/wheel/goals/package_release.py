"""The goal `package` of a `release`: build and test its wheels, and write its record to `dist/releases`."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pants.core.goals.package import BuiltPackage, BuiltPackageArtifact, PackageFieldSet
from pants.engine.fs import EMPTY_DIGEST, CreateDigest, FileContent, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.pants_api import create_digest, implicitly, merge_digests, rule
from spokeshave_pants.release.target_types import ReleaseWheelsField
from spokeshave_pants.wheel.record.rules import ReleasePlanRequest, SealReleaseRequest, plan_release, seal_release

logger = logging.getLogger(__name__)

EXPECTATION = ".expect.json"
"""What follows the record's folder in the name of the file for `spokeshave release seal --expect`."""


@dataclass(frozen=True)
class ReleaseFieldSet(PackageFieldSet):
    """The fields of a release whose record `package` writes."""

    required_fields = (ReleaseWheelsField,)

    wheels: ReleaseWheelsField


@rule(desc="Package a release", level=LogLevel.DEBUG)
async def package_release(field_set: ReleaseFieldSet) -> BuiltPackage:
    plan = await plan_release(ReleasePlanRequest(field_set.address), **implicitly())
    if plan.reason:
        logger.info(f"{field_set.address}: no release record, as {plan.reason}.")
        return BuiltPackage(digest=EMPTY_DIGEST, artifacts=())
    sealed = await seal_release(SealReleaseRequest(field_set.address))
    for note in sealed.notes:
        logger.info(f"{field_set.address}: {note}")
    # Not in the record, which another machine seals again with the reports of all machines.
    path = f"{sealed.folder}{EXPECTATION}"
    expectation = await create_digest(CreateDigest([FileContent(path, sealed.expected.to_json().encode())]))
    return BuiltPackage(
        digest=await merge_digests(MergeDigests([sealed.digest, expectation])),
        artifacts=(
            BuiltPackageArtifact(relpath=path),
            BuiltPackageArtifact(
                relpath=f"{sealed.folder}/release.json",
                extra_log_lines=(f"The record of {plan.name} {plan.version.version}: {len(sealed.wheels)} wheels.",),
            ),
        ),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(PackageFieldSet, ReleaseFieldSet)]
