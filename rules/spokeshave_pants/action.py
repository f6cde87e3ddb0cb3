"""Actions: the processes behind a wheel, recorded so that a report can say which ran and which were cached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from pants.engine.internals.session import RunId
from pants.engine.process import FallibleProcessResult, ProcessResult, ProcessResultMetadata

from spokeshave_core.outcomes import Source
from spokeshave_core.platform import Platform


class ActionKind(Enum):
    """The kind of an action, by which reports count."""

    METADATA = "metadata"
    RUNTIME_PACK = "runtime pack"
    PROJECT = "project"
    COMPILE = "compile"
    LINK = "link"
    BACKEND = "backend"
    ASSEMBLE = "assemble"
    REPAIR = "repair"
    VERIFY = "verify"
    STAMP = "stamp"
    SMOKE_TEST = "smoke test"
    SEAL = "seal"


@dataclass(frozen=True)
class ForeignCalls:
    """What a project's own build had the compiler do, within one action.

    Attributes:
        compiles: The compiles of the project.
        links: The links of the project.
        probes: The compiles and links of configure checks.
    """

    compiles: int
    links: int
    probes: int


@dataclass(frozen=True)
class Action:
    """One requested process, and the source of its result.

    Attributes:
        platform: The wheel platform that it works for. None for work that all of them share.
        output: The digest of its output, which distinguishes two actions with the same description.
        needs: The actions whose results are its inputs. They are not part of its identity.
        calls: What it had the compiler do, if it is a project's own build.
    """

    kind: ActionKind
    description: str
    metadata: ProcessResultMetadata
    output: str = ""
    platform: Platform | None = None
    needs: tuple[Action, ...] = field(default=(), compare=False, repr=False)
    calls: ForeignCalls | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        kind: ActionKind,
        description: str,
        result: ProcessResult | FallibleProcessResult,
        platform: Platform | None,
        calls: ForeignCalls | None = None,
    ) -> Action:
        """Return the action of a process and its result."""
        return cls(
            kind=kind,
            description=description,
            metadata=result.metadata,
            output=result.output_digest.fingerprint,
            platform=platform,
            calls=calls,
        )

    def after(self, *needs: Action) -> Action:
        """Return this action with additional actions that it had to wait for."""
        return replace(self, needs=(*self.needs, *needs))

    def source(self, run_id: RunId) -> Source:
        """Where the result came from, as a run sees it."""
        return Source(self.metadata.source(run_id).value)

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
    """How many actions of a kind a result needed, by where their results came from."""

    kind: ActionKind
    ran: int
    hit_locally: int
    hit_remotely: int
    memoized: int

    @property
    def cached(self) -> int:
        """Return the number of actions that this run did not execute."""
        return self.hit_locally + self.hit_remotely + self.memoized


def count_actions(actions: Iterable[Action], run_id: RunId) -> tuple[ActionCount, ...]:
    """Actions by kind, in the order of the work; an action that several wheels share is counted once."""
    sources = Counter((action.kind, action.source(run_id)) for action in dict.fromkeys(actions))
    found = {kind for kind, _ in sources}
    return tuple(
        ActionCount(
            kind=kind,
            ran=sources[kind, Source.RAN],
            hit_locally=sources[kind, Source.HIT_LOCALLY],
            hit_remotely=sources[kind, Source.HIT_REMOTELY],
            memoized=sources[kind, Source.MEMOIZED],
        )
        for kind in ActionKind
        if kind in found
    )


@dataclass(frozen=True)
class ForeignCompiles:
    """The compiles of projects' own builds, by whether this run executed the build."""

    ran: int
    cached: int


def count_foreign(actions: Iterable[Action], run_id: RunId) -> ForeignCompiles:
    """Return the compiles within actions. An action that several wheels share is counted once."""
    ran = cached = 0
    for action in dict.fromkeys(actions):
        compiles = action.calls.compiles if action.calls else 0
        if action.source(run_id) is Source.RAN:
            ran += compiles
        else:
            cached += compiles
    return ForeignCompiles(ran, cached)
