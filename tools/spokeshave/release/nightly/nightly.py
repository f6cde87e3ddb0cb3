"""A run of a nightly: the decision, the build, and the steps that bring the record to its destinations."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.release.check import command as check_command
from spokeshave.release.nightly.build import PantsCommand, built_record, run_pants
from spokeshave.release.nightly.checkout import Checkout
from spokeshave.release.nightly.commit import ChosenCommit
from spokeshave.release.nightly.decision import Build, Continue, Known, NothingNew, Wanted, decide
from spokeshave.release.nightly.known import KnownSet, installs_the_same
from spokeshave.release.nightly.steps import Step, StepRunner, command, index_path, source_of
from spokeshave.release.nightly.worktree import worktree_of
from spokeshave.release.publish import command as publish_command
from spokeshave.release.record import FILES, read_record
from spokeshave.release.retention import command as prune_command
from spokeshave.release.trial import command as trial_command
from spokeshave.release.writer import copy_record
from spokeshave_core.outcomes import NightlyEnd, Outcome
from spokeshave_core.problems import Problem
from spokeshave_core.release.nightly import NightlyReport, NightlyStep
from spokeshave_core.release.record import EXPECTATION

BEFORE = "before"
AFTER = "after"


@dataclass(frozen=True)
class Plan:
    """What a run is to do.

    Attributes:
        pants: The build, without the options of the version.
        destinations: In the order in which the release goes to them.
        records: The folder of the release's records, by version.
        scratch: The folder for the worktree.
        tries: Whether the release is installed `BEFORE` it is published, from its record, and `AFTER` it, from where it
            was published.
        try_options: Options of `release try`.
        publish_options: Options of `release publish`.
        prune_options: Options of `index prune`. Without any, nothing is pruned.
    """

    checkout: Checkout
    commit: ChosenCommit
    release: str
    wanted: Wanted
    known: Known
    pants: PantsCommand
    destinations: tuple[str, ...]
    records: Path
    scratch: Path
    tries: frozenset[str] = frozenset()
    try_options: tuple[str, ...] = ()
    publish_options: tuple[str, ...] = ()
    prune_options: tuple[str, ...] = ()


class Nightly:
    """A run. Its report is complete at any time.

    Attributes:
        reason: Why something was or was not released.
        record: The folder of the record, once there is one.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._runner = StepRunner()
        self._end = NightlyEnd.FAILED
        self._newest = plan.known.newest(plan.wanted.channel)
        self.decision = decide(plan.wanted, plan.known, functools.partial(plan.checkout.comes_before, plan.commit.sha))
        self.reason = self._reason()
        self.record: Path | None = None

    def run(self) -> int:
        """Do all steps up to the first that fails, and return the exit code."""
        if isinstance(self.decision, NothingNew):
            self._end = NightlyEnd.NOTHING_NEW
            self.record = self.decision.existing.record
        else:
            self._release(self.decision)
        # In each run, as the one that published the newest release may have been killed before.
        if not self._runner.run(prune_steps(self._plan)):
            self._end = NightlyEnd.FAILED
        return self._runner.exit_code

    def _release(self, decision: Build | Continue) -> None:
        if isinstance(decision, Continue):
            self.record = decision.recorded.record
        else:
            self._runner.run([Step("build", self._plan.commit.short, self._build)])
        if self.record is not None and self._runner.run(release_steps(self._plan, self.record)):
            self._end = NightlyEnd.RELEASED if self._plan.destinations else NightlyEnd.RECORDED

    def plan(self) -> None:
        """List the steps, and do none."""
        steps = prune_steps(self._plan)
        self._end = NightlyEnd.NOTHING_NEW
        if not isinstance(self.decision, NothingNew):
            self._end = NightlyEnd.PLANNED
            steps = [*release_steps(self._plan, Path("RECORD")), *steps]
        names = [("build", self._plan.commit.short)] if isinstance(self.decision, Build) else []
        names += [(step.name, step.subject) for step in steps]
        self._runner.results = [NightlyStep(name, subject, Outcome.NOT_RUN) for name, subject in names]

    def report(self, *problems: Problem) -> NightlyReport:
        """Return the report of what was done so far."""
        return NightlyReport(
            release=self._plan.release,
            channel=self._plan.wanted.channel,
            commit=self._plan.commit.sha,
            end=self._end,
            reason=self.reason,
            version=self.record.name if self.record else None,
            record=str(self.record) if self.record else None,
            newest=self._newest.version if self._newest else None,
            steps=tuple(self._runner.results),
            problems=(*self._runner.problems, *problems),
        )

    def _reason(self) -> str:
        commit = f"commit {self._plan.commit.short} ({self._plan.commit.origin})"
        if isinstance(self.decision, NothingNew):
            return f"{commit} is that of {self._plan.release} {self.decision.existing.version}"
        if isinstance(self.decision, Continue):
            return f"{self.decision.recorded.record} was made of {commit} by an earlier run"
        newest = f", the newest release is {self._newest.version}" if self._newest else ""
        return f"{commit} is new{newest}"

    @property
    def pants_options(self) -> tuple[str, ...]:
        """Return the options of Pants for the build. Without a build, none."""
        if not isinstance(self.decision, Build):
            return ()
        channel = f"--release-version-channel={self._plan.wanted.channel}"
        commit = f"--release-version-commit={self._plan.commit.sha}"
        return (channel, commit, *self.decision.options, *self._plan.pants.options)

    def _build(self) -> int:
        """Build the commit in a worktree, and keep its record if it is not what an earlier release installs."""
        plan = self._plan
        with worktree_of(plan.checkout, plan.commit.sha, plan.scratch) as worktree:
            run_pants(worktree, replace(plan.pants, options=self.pants_options))
            built = built_record(worktree.root, plan.release, plan.commit.sha)
            if isinstance(self.decision, Build) and not self._is_like(self.decision, built):
                self.record = keep_record(built, plan.records)
        return ExitCode.OK

    def _is_like(self, build: Build, built: Path) -> bool:
        """Return whether earlier releases install the same as a new one, and end the run or continue one of them."""
        if self._plan.wanted.is_forced:
            return False
        unfinished = build.unfinished
        existing = (unfinished,) if unfinished and _install_the_same(built, (unfinished,)) else build.replaced
        if not existing or not _install_the_same(built, existing):
            return False
        self.reason = f"commit {self._plan.commit.short} installs the same as {existing[0].version}"
        if existing == (unfinished,):
            self.record = existing[0].record
            print(f"{self.reason}, which is continued", flush=True)
        else:
            self._end = NightlyEnd.NOTHING_NEW
        return True


def _install_the_same(built: Path, others: Iterable[KnownSet]) -> bool:
    record = read_record(built)
    return all(installs_the_same(record, read_record(other.record)) for other in others)


def keep_record(built: Path, records: Path) -> Path:
    """Copy a record to the folder of its release, with its declared matrix next to it. Return its new folder."""
    record = records / built.name
    expectation = built.with_name(f"{built.name}{EXPECTATION}")
    if expectation.is_file():
        records.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(expectation, records / expectation.name)
    copy_record(built, record)
    return record


def release_steps(plan: Plan, record: Path) -> list[Step]:
    """Return the steps from a record to its destinations."""
    steps = []
    to = [word for destination in plan.destinations for word in ("--to", destination)]
    if to:
        steps.append(Step("check", ", ".join(plan.destinations), command(check_command, str(record), *to)))
    if BEFORE in plan.tries:
        steps.append(_try(plan, record, "the record", f"folder:{record / FILES}"))
    for destination in plan.destinations:
        publish = command(publish_command, str(record), "--to", destination, *plan.publish_options)
        steps.append(Step("publish", destination, publish))
        if AFTER in plan.tries:
            steps.append(_try(plan, record, destination, source_of(destination)))
    return steps


def prune_steps(plan: Plan) -> list[Step]:
    """Return the steps that remove old releases from indexes."""
    steps = []
    for destination in plan.destinations if plan.prune_options else ():
        path = index_path(destination)
        if path is not None:
            prune = command(prune_command, str(path), "--channel", plan.wanted.channel, *plan.prune_options)
            steps.append(Step("prune", destination, prune))
    return steps


def _try(plan: Plan, record: Path, subject: str, source: str) -> Step:
    return Step("try", subject, command(trial_command, str(record), "--from", source, *plan.try_options))
