"""Compatible tags are those of the `packaging` that the tools have. `tests/differential/run` takes the newest."""

from __future__ import annotations

from differential.comparison import LISTED, Outcome, read_listed
from differential.field_programs.tags import answers
from differential.tags import compare_with


def test_tags_are_those_of_packaging() -> None:
    outcome = Outcome(list(compare_with(answers)), read_listed(LISTED / "tags.toml"))
    assert outcome.failures == []
    assert len(outcome.compared) > 300
