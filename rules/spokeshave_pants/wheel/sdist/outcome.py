"""What the check of an sdist came to, as texts. Works without the engine."""

from __future__ import annotations

from spokeshave_core.outcomes import Outcome
from spokeshave_core.reports.sdist import SdistCheckReport
from spokeshave_core.wheel_name import UNSTAMPED
from spokeshave_pants.wheel.smoke.rules import SmokeReport


def check_summary(compared: SdistCheckReport | None, tested: SmokeReport) -> str:
    """Return the result of a check for tables.

    Args:
        compared: None if the wheels differ.
    """
    comparison = "not as the wheel"
    if compared:
        comparison = f"as the wheel: {_count(compared.files, 'file')}, {_count(compared.exports, 'export')}"
    return f"{comparison}; {tested.outcome.value} on {tested.python}"


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def check_problems(target: str, difference: str, tested: SmokeReport) -> tuple[str, ...]:
    """Return the reasons that an sdist must not be published.

    Args:
        difference: The table of the differences. Empty if the wheels are the same.
    """
    problems = [f"{target}:\n{difference}"] if difference else []
    if tested.outcome is Outcome.FAILED:
        problems.append(
            f"The wheel of the sdist of {target}, built by CMake with the version {UNSTAMPED}, failed its smoke test "
            f"on Python {tested.python}:\n{tested.reason}"
        )
    return tuple(problems)
