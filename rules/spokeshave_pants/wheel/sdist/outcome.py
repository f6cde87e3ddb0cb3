"""What the check of an sdist came to, as texts. Works without the engine."""

from __future__ import annotations

from spokeshave_core.outcomes import Outcome
from spokeshave_core.reports.sdist import SdistCheckReport
from spokeshave_pants.wheel.smoke.rules import SmokeReport


def check_summary(compared: SdistCheckReport | None, tested: SmokeReport | None) -> str:
    """Return the result of a check for tables.

    Args:
        compared: None if the wheels differ.
        tested: None if the wheel needs shared libraries that it does not contain.
    """
    comparison = "not as the wheel"
    if compared:
        comparison = f"as the wheel: {_count(compared.files, 'file')}, {_count(compared.exports, 'export')}"
    if tested is None:
        return f"{comparison}; not tested, as it needs the shared libraries of its `dependencies`"
    return f"{comparison}; {tested.outcome.value} on {tested.python}"


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def check_problems(target: str, difference: str, tested: SmokeReport | None) -> tuple[str, ...]:
    """Return the reasons that an sdist must not be published.

    Args:
        difference: The table of the differences. Empty if the wheels are the same.
    """
    problems = [f"{target}:\n{difference}"] if difference else []
    if tested and tested.outcome is Outcome.FAILED:
        problems.append(
            f"The wheel that was built from the sdist of {target} failed its smoke test on Python {tested.python}:\n"
            f"{tested.reason}"
        )
    return tuple(problems)
