"""What `spokeshave release seal` is given besides wheels: the declared matrix, and the reports of smoke tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spokeshave_core.release.record import SDIST, ExpectedProject
from spokeshave_core.reports.smoke import SmokeTestReport, SmokeTestReports
from spokeshave_pants.wheel.plan.matrix import WheelMatrix
from spokeshave_pants.wheel.wheel_set import SmokeTestedWheel


def expected_project(
    matrix: WheelMatrix, require_smoke_on: Sequence[str], *, has_sdist: bool = False
) -> ExpectedProject:
    """Return the files that a target declares, and where its wheels have to be smoke-tested."""
    wheels = (f"{abi.name}-{platform.tag}" for platform in matrix.platforms for abi in matrix.abis)
    return ExpectedProject(
        wheels=tuple(sorted([*wheels, *([SDIST] if has_sdist else ())])),
        require_smoke_on=tuple(sorted(require_smoke_on)),
        pythons=tuple(str(version) for version in matrix.versions),
    )


def smoke_reports(wheels: Iterable[SmokeTestedWheel]) -> SmokeTestReports:
    """Return the smoke tests of wheels that ran, here or on machines whose reports were given."""
    return SmokeTestReports(
        tuple(
            SmokeTestReport(
                wheel=tested.wheel.file_name,
                sha256=tested.wheel.sha256,
                runs=tuple(report.run for report in tested.smoke if report.run is not None),
            )
            for tested in sorted(wheels, key=lambda tested: tested.wheel.file_name)
        )
    )
