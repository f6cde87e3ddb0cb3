"""Actions: the processes behind a wheel, recorded so that a report can say which ran and which were cached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from pants.engine.internals.session import RunId
from pants.engine.process import FallibleProcessResult, ProcessResult, ProcessResultMetadata


class ActionKind(Enum):
    """The kind of an action, by which reports count."""

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
    """One requested process, and the source of its result.

    Attributes:
        output: The digest of its output, which distinguishes two actions with the same description.
        needs: The actions whose results are its inputs. They are not part of its identity.
    """

    kind: ActionKind
    description: str
    metadata: ProcessResultMetadata
    output: str = ""
    needs: tuple[Action, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def of(cls, kind: ActionKind, description: str, result: ProcessResult | FallibleProcessResult) -> Action:
        """Return the action of a process and its result."""
        return cls(kind, description, result.metadata, result.output_digest.fingerprint)

    def after(self, *needs: Action) -> Action:
        """Return this action with additional actions that it had to wait for."""
        return replace(self, needs=(*self.needs, *needs))

    def source(self, run_id: RunId) -> str:
        """Return `ran`, `hit_locally`, `hit_remotely` or `memoized` (kept by the daemon from an earlier run)."""
        return str(self.metadata.source(run_id).value)

    def milliseconds(self) -> int | None:
        """Return the execution time of the process, in this run or in the run that the cached result is from.

        None if it is not known: a remote-execution server need not report it, and a cache keeps what was reported.
        """
        return self.metadata.total_elapsed_ms


def ends(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return the actions that no other one needs, without duplicates. To wait for them is to wait for all."""
    distinct = dict.fromkeys(actions)
    needed = {need for action in distinct for need in action.needs}
    return tuple(action for action in distinct if action not in needed)


@dataclass(frozen=True)
class ActionCount:
    """The number of actions of a kind behind a result, by the source of their results."""

    ran: int
    hit_locally: int
    hit_remotely: int
    memoized: int

    @property
    def cached(self) -> int:
        """Return the number of actions that this run did not execute."""
        return self.hit_locally + self.hit_remotely + self.memoized


def count_actions(actions: Iterable[Action], run_id: RunId) -> dict[ActionKind, ActionCount]:
    """Count actions by kind. An action that several wheels share is counted once."""
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
