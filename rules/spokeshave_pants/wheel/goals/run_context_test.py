from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from pants.engine.streaming_workunit_handler import StreamingWorkunitContext

from spokeshave_pants.wheel.goals.run_context import ChangedPantsError, _private_attributes, targets_of


def test_pants_has_the_private_attributes() -> None:
    """Fails where a new Pants has not: rules/spokeshave_pants/wheel/goals/run_context.py must change then."""
    fields = StreamingWorkunitContext.__dataclass_fields__
    context = StreamingWorkunitContext(**{name: name for name in fields})  # type: ignore[arg-type]
    assert _private_attributes(context) == ("_scheduler", "_specs", "_options_bootstrapper")


def test_a_pants_without_an_attribute_is_an_error_with_a_remedy() -> None:
    context = cast("StreamingWorkunitContext", SimpleNamespace(_scheduler=None))
    expected = r"^Pants \d.* no attribute '_specs'.* adapter spokeshave_pants\.wheel\.goals\.run_context must change"
    with pytest.raises(ChangedPantsError, match=expected):
        targets_of(context)
