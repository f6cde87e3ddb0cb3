from __future__ import annotations

from spokeshave_core.outcomes import Outcome
from spokeshave_core.reports.sdist import SdistCheckReport
from spokeshave_pants.wheel.sdist.outcome import check_problems, check_summary
from spokeshave_pants.wheel.smoke.rules import SmokeReport

SAME = SdistCheckReport(wheel="p-0-py3-none-any.whl", files=14, exports=1)
PASSED = SmokeReport(python="3.12", outcome=Outcome.PASSED, reason="", required=False)
FAILED = SmokeReport(python="3.12", outcome=Outcome.FAILED, reason="import p: no such file", required=False)


def test_a_summary_has_the_comparison_and_the_smoke_test() -> None:
    assert check_summary(SAME, PASSED) == "as the wheel: 14 files, 1 export; passed on 3.12"
    assert check_summary(None, FAILED) == "not as the wheel; failed on 3.12"
    assert check_summary(SAME, None).endswith(
        "1 export; not tested, as it needs the shared libraries of its `dependencies`"
    )


def test_a_difference_and_a_failure_are_problems() -> None:
    assert check_problems("//:p", "", PASSED) == ()
    difference, failure = check_problems("//:p", "differs", FAILED)
    assert difference == "//:p:\ndiffers"
    assert "the sdist of //:p" in failure
    assert failure.endswith("Python 3.12:\nimport p: no such file")
