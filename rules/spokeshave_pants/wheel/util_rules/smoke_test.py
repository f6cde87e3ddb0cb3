"""Where a smoke test has to be run."""

from __future__ import annotations

import pytest

from spokeshave_pants.platform import Platform
from spokeshave_pants.python_abi import PythonVersion
from spokeshave_pants.wheel.util_rules.smoke import SmokeReport, is_required

PLATFORM = Platform.parse("manylinux_2_17_x86_64", where="this test")


@pytest.mark.parametrize(
    ("patterns", "required"),
    [
        ((), False),
        (("3.12",), True),
        (("3.1",), False),
        (("3.13t",), False),
        (("manylinux_2_17_x86_64",), True),
        (("manylinux_*",), True),
        (("macosx_*", "3.12"), True),
        (("macosx_*", "3.13"), False),
        (("*",), True),
    ],
)
def test_a_platform_or_a_python_makes_a_smoke_test_required(patterns: tuple[str, ...], required: bool) -> None:
    assert is_required(patterns, PLATFORM, PythonVersion(12)) is required


@pytest.mark.parametrize(
    ("outcome", "required", "is_error"),
    [
        ("passed", False, False),
        ("passed", True, False),
        ("not run", False, False),
        ("not run", True, True),
        ("failed", False, True),
        ("failed", True, True),
    ],
)
def test_a_failure_is_an_error_and_silence_is_one_where_a_run_is_required(
    outcome: str, required: bool, is_error: bool
) -> None:
    assert SmokeReport("3.12", outcome, "why", required, "", ()).is_error is is_error
