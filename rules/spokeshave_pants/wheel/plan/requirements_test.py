"""Tests of the distribution that owns a target."""

from __future__ import annotations

import pytest

from spokeshave_pants.wheel.plan.requirements import is_closer


@pytest.mark.parametrize(
    ("candidate", "wheel", "target", "closer"),
    [
        ("base", "top", "base/base", True),
        ("base", "top", "base", True),
        ("", "top", "lib", True),
        ("src/base", "src", "src/base/x", True),
        ("src", "src/base", "src/base/x", False),
        ("src", "src", "src/base", False),
        ("other", "top", "base", False),
        ("bas", "top", "base", False),
    ],
)
def test_an_owner_is_above_its_targets_and_nearer_than_the_wheel(
    candidate: str, wheel: str, target: str, closer: bool
) -> None:
    assert is_closer(candidate, wheel, target) is closer
