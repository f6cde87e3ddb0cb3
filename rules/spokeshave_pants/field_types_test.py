"""The types of fields, which `pants help TARGET` evaluates. CPython 3.9 has no `X | None` of a generic type."""

from __future__ import annotations

from typing import get_type_hints

import pytest
from pants.engine.target import Field, Target

from spokeshave_pants.cc.register import target_types as cc_target_types
from spokeshave_pants.release.register import target_types as release_target_types
from spokeshave_pants.wheel.register import target_types as wheel_target_types

TARGETS = [*cc_target_types(), *release_target_types(), *wheel_target_types()]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.alias)
def test_help_can_show_the_types_of_each_field(target: type[Target]) -> None:
    for field in target.core_fields:
        assert issubclass(field, Field)
        assert "raw_value" in get_type_hints(field.compute_value)
