from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import cast

import pytest
from pants.engine.internals.scheduler import SchedulerSession
from pants.engine.streaming_workunit_handler import StreamingWorkunitContext

from spokeshave_pants.wheel.goals.run_context import ChangedPantsError, _private_attributes, targets_of


def test_pants_has_the_private_attributes() -> None:
    """Fails where a new Pants has not: rules/spokeshave_pants/wheel/goals/run_context.py must change then."""
    fields = StreamingWorkunitContext.__dataclass_fields__
    context = StreamingWorkunitContext(**{name: name for name in fields})  # type: ignore[arg-type]
    assert _private_attributes(context) == ("_scheduler", "_specs", "_options_bootstrapper")


def test_the_scheduler_takes_pairs_of_type_and_parameters() -> None:
    parameters = inspect.signature(SchedulerSession.execution_request).parameters
    assert list(parameters)[:2] == ["self", "requests"]
    assert "tuple[type, Any | Params]" in str(parameters["requests"].annotation)
    assert list(inspect.signature(SchedulerSession.execute).parameters)[1:] == ["execution_request"]


def test_a_pants_without_an_attribute_is_an_error_with_a_remedy() -> None:
    context = cast("StreamingWorkunitContext", SimpleNamespace(_scheduler=None))
    expected = r"^Pants \d.* no attribute '_specs'.* adapter spokeshave_pants\.wheel\.goals\.run_context must change"
    with pytest.raises(ChangedPantsError, match=expected):
        targets_of(context)
