"""Actions: the processes behind a wheel, kept so that a report can say which ran and which were cached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from pants.engine.internals.session import RunId
from pants.engine.process import FallibleProcessResult, ProcessResult, ProcessResultMetadata


class ActionKind(Enum):
    """What an action does; the report counts by kind."""

    METADATA = "metadata"
    RUNTIME_PACK = "runtime pack"
    COMPILE = "compile"
    LINK = "link"
    ASSEMBLE = "assemble"
    REPAIR = "repair"
    VERIFY = "verify"
    STAMP = "stamp"
    SMOKE_TEST = "smoke test"


@dataclass(frozen=True)
class Action:
    """One process that was asked for, and where its result came from."""

    kind: ActionKind
    description: str
    metadata: ProcessResultMetadata

    @classmethod
    def of(cls, kind: ActionKind, description: str, result: ProcessResult | FallibleProcessResult) -> Action:
        return cls(kind, description, result.metadata)

    def source(self, run_id: RunId) -> str:
        """`ran`, `hit_locally`, `hit_remotely` or `memoized` (kept by the daemon from an earlier run)."""
        return str(self.metadata.source(run_id).value)

    def milliseconds(self) -> int:
        """How long the process took when it ran; 0 where that is not known (remote execution)."""
        return self.metadata.total_elapsed_ms or 0


@dataclass(frozen=True)
class ActionCount:
    """How many actions of a kind a result needed, by where they came from."""

    ran: int
    hit_locally: int
    hit_remotely: int
    memoized: int

    @property
    def cached(self) -> int:
        return self.hit_locally + self.hit_remotely + self.memoized


def count_actions(actions: Iterable[Action], run_id: RunId) -> dict[ActionKind, ActionCount]:
    """Actions by kind; one that several wheels share is counted once."""
    counts: dict[ActionKind, dict[ProcessResultMetadata.Source, int]] = {}
    for action in dict.fromkeys(actions):
        by_source = counts.setdefault(action.kind, dict.fromkeys(ProcessResultMetadata.Source, 0))
        by_source[action.metadata.source(run_id)] += 1
    source = ProcessResultMetadata.Source
    return {
        kind: ActionCount(
            ran=by_source[source.RAN],
            hit_locally=by_source[source.HIT_LOCALLY],
            hit_remotely=by_source[source.HIT_REMOTELY],
            memoized=by_source[source.MEMOIZED],
        )
        for kind, by_source in sorted(counts.items(), key=lambda item: list(ActionKind).index(item[0]))
    }
