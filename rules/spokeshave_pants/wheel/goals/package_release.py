"""The goal `package` of a `release`: build and test its wheels, and write its record to `dist/releases`."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pants.base.build_root import BuildRoot
from pants.core.goals.package import BuiltPackage, BuiltPackageArtifact, PackageFieldSet
from pants.core.util_rules.distdir import DistDir
from pants.engine.fs import EMPTY_DIGEST, CreateDigest, DigestSubset, FileContent, MergeDigests, PathGlobs
from pants.engine.internals.session import RunId
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.release.record import EXPECTATION
from spokeshave_pants.pants_api import (
    create_digest,
    digest_to_snapshot,
    get_digest_contents,
    implicitly,
    merge_digests,
    rule,
)
from spokeshave_pants.release.target_types import ReleaseWheelsField
from spokeshave_pants.wheel.record.earlier import MANIFEST, overwritten
from spokeshave_pants.wheel.record.rules import ReleasePlanRequest, SealReleaseRequest, plan_release, seal_release

logger = logging.getLogger(__name__)


class EarlierRecordError(SpokeshaveError):
    """An earlier record of the same version that must not be overwritten."""


@dataclass(frozen=True)
class ReleaseFieldSet(PackageFieldSet):
    """The fields of a release whose record `package` writes."""

    required_fields = (ReleaseWheelsField,)

    wheels: ReleaseWheelsField


@rule(desc="Package a release", level=LogLevel.DEBUG)
async def package_release(field_set: ReleaseFieldSet, _: RunId, dist: DistDir, build_root: BuildRoot) -> BuiltPackage:
    plan = await plan_release(ReleasePlanRequest(field_set.address), **implicitly())
    if plan.reason:
        logger.info(f"{field_set.address}: no release record, as {plan.reason}.")
        return BuiltPackage(digest=EMPTY_DIGEST, artifacts=())
    sealed = await seal_release(SealReleaseRequest(field_set.address))
    files = await digest_to_snapshot(sealed.digest)
    (manifest,) = await get_digest_contents(
        **implicitly(DigestSubset(sealed.digest, PathGlobs([f"{sealed.folder}/{MANIFEST}"])))
    )
    # Looked at in each run: users remove records, and other commands publish them.
    problem = overwritten(
        build_root.pathlib_path / dist.relpath / sealed.folder,
        manifest.content,
        (file[len(sealed.folder) + 1 :] for file in files.files),
    )
    if problem:
        raise EarlierRecordError(f"{field_set.address}: {problem}")
    for note in sealed.notes:
        logger.info(f"{field_set.address}: {note}")
    # Not in the record, which another machine seals again with the reports of all machines.
    path = f"{sealed.folder}{EXPECTATION}"
    expectation = await create_digest(CreateDigest([FileContent(path, sealed.expected.to_json().encode())]))
    count = len(sealed.wheels)
    plural = "" if count == 1 else "s"
    return BuiltPackage(
        digest=await merge_digests(MergeDigests([sealed.digest, expectation])),
        artifacts=(
            BuiltPackageArtifact(relpath=path),
            BuiltPackageArtifact(
                relpath=f"{sealed.folder}/{MANIFEST}",
                extra_log_lines=(f"The record of {plan.name} {plan.version.version}: {count} wheel{plural}.",),
            ),
        ),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(PackageFieldSet, ReleaseFieldSet)]
