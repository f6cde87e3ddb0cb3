"""The goal `package`: build and smoke-test the wheels of a `python_native_wheel` and write them to `dist/`."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.core.goals.package import BuiltPackage, BuiltPackageArtifact, OutputPathField, PackageFieldSet
from pants.engine.fs import CreateDigest, FileContent, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.pants_api import create_digest, implicitly, merge_digests, rule
from spokeshave_pants.wheel.report.wheels import PythonOutcome, SdistReportRow, WheelReport
from spokeshave_pants.wheel.target_types import PythonsField
from spokeshave_pants.wheel.wheel_reports import WheelReportsRequest, report_wheels
from spokeshave_pants.wheel.wheel_set import TestedWheelsRequest, tested_wheels


@dataclass(frozen=True)
class NativeWheelFieldSet(PackageFieldSet):
    """The fields of a target that `package` builds."""

    required_fields = (PythonsField,)

    pythons: PythonsField
    output_path: OutputPathField


@dataclass(frozen=True)
class WheelArtifact(BuiltPackageArtifact):
    """A smoke-tested wheel in `dist/`, with the facts that a publisher needs."""

    sha256: str = ""
    tags: tuple[str, ...] = ()
    smoke: tuple[PythonOutcome, ...] = ()
    build_type: BuildType = BuildType.RELEASE

    @classmethod
    def of(cls, report: WheelReport) -> WheelArtifact:
        """Return the artifact of a report."""
        return cls(
            relpath=report.wheel,
            sha256=report.sha256,
            tags=report.tags,
            smoke=report.smoke,
            build_type=report.build_type,
        )


@dataclass(frozen=True)
class SdistArtifact(BuiltPackageArtifact):
    """An sdist in `dist/`."""

    sha256: str = ""

    @classmethod
    def of(cls, report: SdistReportRow) -> SdistArtifact:
        """Return the artifact of a report."""
        return cls(relpath=report.sdist, sha256=report.sha256)


@rule(desc="Package native wheels", level=LogLevel.DEBUG)
async def package_native_wheels(field_set: NativeWheelFieldSet) -> BuiltPackage:
    # Requested first, so that the end of a run reports its wheels even if one of them failed.
    built = await report_wheels(WheelReportsRequest(field_set.address), **implicitly())
    tested = await tested_wheels(TestedWheelsRequest(field_set.address))
    # Next to the wheels; one file per target, named after the target.
    report_path = field_set.output_path.value_or_default(file_ending="report.json")
    report = await create_digest(
        CreateDigest([FileContent(posixpath.normpath(report_path), built.report.to_json().encode())])
    )
    return BuiltPackage(
        digest=await merge_digests(MergeDigests([tested.digest, report])),
        artifacts=(
            *(WheelArtifact.of(wheel) for wheel in built.report.wheels),
            *(SdistArtifact.of(sdist) for sdist in built.report.sdists),
            BuiltPackageArtifact(relpath=report_path),
        ),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(PackageFieldSet, NativeWheelFieldSet)]
