"""Tests of the counts of executed and cached actions."""

from __future__ import annotations

from dataclasses import replace

from pants.engine.internals.session import RunId
from pants.engine.process import ProcessResultMetadata

from spokeshave_core.outcomes import Source
from spokeshave_pants.action import (
    Action,
    ActionCount,
    ActionKind,
    ForeignCalls,
    ForeignCompiles,
    count_actions,
    count_foreign,
    ends,
)
from spokeshave_pants.rule_fixtures import LINUX

THIS_RUN = RunId(2)
EARLIER_RUN = RunId(1)


def action(
    description: str, kind: ActionKind, source: str = "ran", run: RunId = THIS_RUN, elapsed: int | None = 7
) -> Action:
    return Action(
        kind,
        description,
        ProcessResultMetadata(elapsed, LINUX, source, source_run_id=int(run)),
    )


def test_results_of_earlier_runs_count_as_memoized() -> None:
    assert action("Compile a.cc", ActionKind.COMPILE).source(THIS_RUN) is Source.RAN
    assert action("Compile a.cc", ActionKind.COMPILE, source="hit_locally").source(THIS_RUN) is Source.HIT_LOCALLY
    assert action("Compile a.cc", ActionKind.COMPILE, run=EARLIER_RUN).source(THIS_RUN) is Source.MEMOIZED


def test_a_time_that_is_not_known_is_not_made_up() -> None:
    assert action("Compile a.cc", ActionKind.COMPILE).milliseconds() == 7
    assert action("Compile a.cc", ActionKind.COMPILE, elapsed=0).milliseconds() == 0
    assert action("Compile a.cc", ActionKind.COMPILE, elapsed=None).milliseconds() is None


def test_needs_are_not_part_of_an_actions_identity() -> None:
    compiled = action("Compile a.cc", ActionKind.COMPILE)
    link = action("Link a.so", ActionKind.LINK)
    waited = link.after(compiled)
    assert waited == link
    assert len({waited, link}) == 1
    assert waited.needs == (compiled,)
    assert waited.after(link).needs == (compiled, link)


def test_ends_are_actions_that_no_other_needs() -> None:
    first = action("Compile a.cc", ActionKind.COMPILE)
    second = action("Compile b.cc", ActionKind.COMPILE)
    library = action("Link core.so", ActionKind.LINK).after(first, second)
    extension = action("Link a.so", ActionKind.LINK).after(second, library)
    apart = action("Check the metadata", ActionKind.METADATA)
    assert ends([apart, first, second, extension, library, second, apart]) == (apart, extension)
    assert ends([]) == ()


def test_actions_are_counted_by_kind_and_source() -> None:
    counts = count_actions(
        [
            action("a", ActionKind.COMPILE),
            action("b", ActionKind.COMPILE),
            action("c", ActionKind.COMPILE, source="hit_locally"),
            action("d", ActionKind.COMPILE, source="hit_remotely"),
            action("e", ActionKind.COMPILE, run=EARLIER_RUN),
            action("f", ActionKind.LINK, source="hit_locally"),
        ],
        THIS_RUN,
    )
    assert counts == (
        ActionCount(ActionKind.COMPILE, ran=2, hit_locally=1, hit_remotely=1, memoized=1),
        ActionCount(ActionKind.LINK, ran=0, hit_locally=1, hit_remotely=0, memoized=0),
    )
    assert [count.cached for count in counts] == [3, 1]


def test_an_action_that_several_wheels_share_is_counted_once() -> None:
    shared = [action("Compile core.cc", ActionKind.COMPILE) for _ in range(3)]
    (count,) = count_actions(shared, THIS_RUN)
    assert (count.kind, count.ran) == (ActionKind.COMPILE, 1)


def test_kinds_are_in_work_order_without_empty_ones() -> None:
    kinds = (ActionKind.SMOKE_TEST, ActionKind.LINK, ActionKind.RUNTIME_PACK, ActionKind.COMPILE)
    counts = count_actions([action(kind.value, kind) for kind in kinds], THIS_RUN)
    ordered = [ActionKind.RUNTIME_PACK, ActionKind.COMPILE, ActionKind.LINK, ActionKind.SMOKE_TEST]
    assert [count.kind for count in counts] == ordered


def test_compiles_within_a_build_are_counted_once() -> None:
    calls = ForeignCalls(compiles=4, links=1, probes=71)
    ran = replace(action("Build a", ActionKind.PROJECT), calls=calls)
    kept = replace(action("Build b", ActionKind.BACKEND, run=EARLIER_RUN), calls=calls)
    compiled = action("Compile a.cc", ActionKind.COMPILE)
    assert count_foreign((ran, kept, compiled, ran), THIS_RUN) == ForeignCompiles(ran=4, cached=4)
