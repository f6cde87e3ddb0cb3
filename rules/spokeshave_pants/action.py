"""Actions: the processes behind a wheel, kept so that a report can say which ran and which were cached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
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
    """One process that was asked for, and where its result came from.

    :param output: the digest of what it left, which tells apart two actions of one description.
    :param needs: the actions whose results it took in. They are no part of what it is: its metadata tells of all that
        came about anew.
    """

    kind: ActionKind
    description: str
    metadata: ProcessResultMetadata
    output: str = ""
    needs: tuple[Action, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def of(cls, kind: ActionKind, description: str, result: ProcessResult | FallibleProcessResult) -> Action:
        return cls(
            kind=kind, description=description, metadata=result.metadata, output=result.output_digest.fingerprint
        )

    def after(self, *needs: Action) -> Action:
        """This action, with more of those that it had to wait for."""
        return replace(self, needs=(*self.needs, *needs))

    def source(self, run_id: RunId) -> str:
        """`ran`, `hit_locally`, `hit_remotely` or `memoized` (kept by the daemon from an earlier run)."""
        return str(self.metadata.source(run_id).value)

    def milliseconds(self) -> int | None:
        """How long the process took when it ran, in this run or in the one that a cache kept it of.

        None where that is not known: a server of remote execution need not tell, and a cache keeps what it was told.
        """
        return self.metadata.total_elapsed_ms


def ends(actions: Iterable[Action]) -> tuple[Action, ...]:
    """The actions that no other of them needs, each once: what has to wait for these waits for all."""
    distinct = dict.fromkeys(actions)
    needed = {need for action in distinct for need in action.needs}
    return tuple(action for action in distinct if action not in needed)


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
