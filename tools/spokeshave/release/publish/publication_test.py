"""The publication's transitions, against a model of an index: what it stores, lists and shows, and how it answers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from spokeshave.release.publish.order import Stage, UploadOrder
from spokeshave.release.publish.publication import Patience, Publication, after, new_publication, next_step
from spokeshave.release.publish.steps import (
    CheckVisible,
    Commit,
    Committed,
    Event,
    Finish,
    Listed,
    ListingFailed,
    LookUp,
    Pause,
    Seen,
    Send,
    SendingBegins,
    Sent,
    Step,
    Stopped,
)
from spokeshave.upload.attempt import Attempt, AttemptStatus
from spokeshave_core.outcomes import Presence, PublishEnd, PublishOutcome
from spokeshave_core.problems import Problem
from spokeshave_core.release.record import ReleaseFile

PATIENCE = Patience(wait=100, attempts=3, pause=1, longest_pause=8)
REFUSAL = Problem("r1", "the index's words", "")
END = 10_000.0


def stage(project: str, *names: str) -> Stage:
    return Stage(
        project,
        tuple(
            ReleaseFile(name=name, project=project, sha256=name, size=1, payload_sha256=None, metadata_sha256=None)
            for name in names
        ),
    )


ORDER = UploadOrder((stage("runtime", "r1", "r2"), stage("runtime", "rs"), stage("compiler", "c1")))
NAMES = [file.name for file in ORDER.files()]

# What installers must see before a file is sent.
NEEDED = {"rs": {"r1", "r2"}, "c1": {"r1", "r2", "rs"}}


@dataclass
class Index:
    """A model of an index.

    Attributes:
        stored: Presence of what it stores by name.
        answers: What happens to the next uploads of a file. By default it is accepted and stored.
        unlisted: Names that its listing lacks, and until when.
        has_projects: Whether it has pages of the projects.
        hidden: Names that installers do not see, and until when.
        steps: The steps that were made.
        seen: The files that installers saw at some check.
        too_early: Files that were sent before what they need was seen.
        on_commit: Files that are stored by a commit.
    """

    stored: dict[str, Presence] = field(default_factory=dict)
    answers: dict[str, list[tuple[AttemptStatus, bool]]] = field(default_factory=dict)
    unlisted: dict[str, float] = field(default_factory=dict)
    hidden: dict[str, float] = field(default_factory=dict)
    failing: list[ListingFailed] = field(default_factory=list)
    retry_after: float | None = None
    has_projects: bool = True
    steps: list[Step] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    too_early: list[str] = field(default_factory=list)
    on_commit: list[str] = field(default_factory=list)

    def sends(self) -> list[str]:
        return [step.name for step in self.steps if isinstance(step, Send)]

    def pauses(self) -> list[float]:
        return [round(step.seconds, 3) for step in self.steps if isinstance(step, Pause)]

    def perform(self, step: Step, now: float) -> Event:
        if isinstance(step, LookUp):
            if self.failing:
                return self.failing.pop(0)
            listed = {name: self.stored.get(name, Presence.MISSING) for name in NAMES}
            absent = {name: Presence.MISSING for name in NAMES if now < self.unlisted.get(name, 0)}
            return Listed(step.project, {**listed, **absent}, has_project=self.has_projects)
        if isinstance(step, CheckVisible):
            seen = frozenset(name for name in step.names if now >= self.hidden.get(name, 0))
            self.seen |= seen
            return Seen(seen)
        if isinstance(step, Commit):
            self.stored.update(dict.fromkeys(self.on_commit, Presence.THERE))
            return Committed()
        assert isinstance(step, Send)
        if not self.seen.issuperset(NEEDED.get(step.name, ())):
            self.too_early.append(step.name)
        queue = self.answers.get(step.name) or [(AttemptStatus.STORED, True)]
        answer, is_stored = queue.pop(0) if len(queue) > 1 else queue[0]
        if is_stored:
            self.stored.setdefault(step.name, Presence.THERE)
        if answer in (AttemptStatus.STORED, AttemptStatus.ALREADY_THERE):
            return Sent(step.name, Attempt(answer))
        retry_after = self.retry_after if answer is AttemptStatus.TEMPORARY else None
        return Sent(step.name, Attempt(answer, REFUSAL, retry_after))


def publish(index: Index, publication: Publication | None = None) -> Publication:
    """Run a publication to its end; time passes only in pauses."""
    publication = publication or new_publication(ORDER, PATIENCE)
    now = 0.0
    while not isinstance(step := next_step(publication, now), Finish):
        assert now < END
        index.steps.append(step)
        if isinstance(step, Pause):
            now += step.seconds
            continue
        if isinstance(step, Send):
            publication = after(publication, SendingBegins(step.name), now)
        publication = after(publication, index.perform(step, now), now)
    return publication


def outcomes(publication: Publication) -> Mapping[str, PublishOutcome]:
    return {name: state.outcome() for name, state in publication.files.items()}


def test_stages_are_confirmed_before_the_next_begins() -> None:
    index = Index()
    done = publish(index)
    assert index.steps == [
        LookUp("runtime"),
        LookUp("compiler"),
        Send("r1"),
        Send("r2"),
        LookUp("runtime"),
        CheckVisible(frozenset({"r1", "r2"})),
        Send("rs"),
        LookUp("runtime"),
        CheckVisible(frozenset({"r1", "r2", "rs"})),
        Send("c1"),
        LookUp("compiler"),
        CheckVisible(frozenset(NAMES)),
    ]
    assert done.end() is PublishEnd.DONE
    assert set(outcomes(done).values()) == {PublishOutcome.PUBLISHED}


def test_a_complete_release_is_only_read() -> None:
    index = Index(stored=dict.fromkeys(NAMES, Presence.THERE))
    done = publish(index)
    assert index.steps == [LookUp("runtime"), LookUp("compiler"), CheckVisible(frozenset(NAMES))]
    assert done.end() is PublishEnd.DONE
    assert set(outcomes(done).values()) == {PublishOutcome.ALREADY_THERE}


def test_a_file_in_sending_is_not_sent_before_a_look_up() -> None:
    index = Index(stored={"r1": Presence.THERE})
    done = publish(index, new_publication(ORDER, PATIENCE, sending=["r1", "r2"]))
    assert index.sends() == ["r2", "rs", "c1"]
    assert done.end() is PublishEnd.DONE


@pytest.mark.parametrize(
    ("answers", "sends", "pauses"),
    [
        pytest.param([(AttemptStatus.TEMPORARY, True)], 1, [1], id="the answer is lost"),
        pytest.param(
            [(AttemptStatus.TEMPORARY, False)] * 2 + [(AttemptStatus.STORED, True)], 3, [1, 2], id="two errors"
        ),
        pytest.param([(AttemptStatus.REFUSED, True)], 1, [], id="another publisher was faster"),
        pytest.param([(AttemptStatus.ALREADY_THERE, True)], 1, [], id="the same file exists"),
        pytest.param([(AttemptStatus.EXPIRED, False), (AttemptStatus.STORED, True)], 2, [], id="the token expired"),
        pytest.param(
            [(AttemptStatus.STORED, False), (AttemptStatus.STORED, True)],
            2,
            [1, 2, 4, 8],
            id="accepted, and nothing stored",
        ),
    ],
)
def test_a_fault_that_passes(answers: list[tuple[AttemptStatus, bool]], sends: int, pauses: list[float]) -> None:
    index = Index(answers={"r2": answers})
    done = publish(index)
    assert done.end() is PublishEnd.DONE
    assert index.sends().count("r2") == sends
    assert index.pauses() == pauses


@pytest.mark.parametrize(
    ("answer", "sends", "outcome", "words"),
    [
        pytest.param((AttemptStatus.TEMPORARY, False), 3, PublishOutcome.FAILED, "after 3 attempts", id="only errors"),
        pytest.param((AttemptStatus.REFUSED, False), 1, PublishOutcome.REFUSED, "the index's words", id="a refusal"),
        pytest.param((AttemptStatus.EXPIRED, False), 3, PublishOutcome.FAILED, "after 3 attempts", id="no new token"),
        pytest.param(
            (AttemptStatus.STORED, False), 3, PublishOutcome.UNCONFIRMED, "does not list it", id="never stored"
        ),
    ],
)
@pytest.mark.parametrize("name", ["r1", "c1"])
def test_a_fault_that_stays_is_partial(
    name: str, answer: tuple[AttemptStatus, bool], sends: int, outcome: PublishOutcome, words: str
) -> None:
    index = Index(answers={name: [answer]})
    done = publish(index)
    is_nothing_there = name == "r1" and outcome is PublishOutcome.REFUSED
    assert done.end() is (PublishEnd.REFUSED if is_nothing_there else PublishEnd.PARTIAL)
    assert index.sends().count(name) == sends
    assert outcomes(done)[name] is outcome
    assert done.problems
    assert words in done.problems[0].message
    assert "c1" not in outcomes(done) or name == "c1" or outcomes(done)["c1"] is PublishOutcome.NOT_SENT


def test_retry_after_is_honored_up_to_the_limit() -> None:
    index = Index(answers={"r1": [(AttemptStatus.TEMPORARY, False), (AttemptStatus.STORED, True)]}, retry_after=7)
    assert publish(index).end() is PublishEnd.DONE
    assert index.pauses() == [7]
    index = Index(answers={"r1": [(AttemptStatus.TEMPORARY, False), (AttemptStatus.STORED, True)]}, retry_after=101)
    done = publish(index)
    assert done.end() is PublishEnd.PARTIAL
    assert "asks to wait for 101 s" in str(done.problems)


def test_other_bytes_end_it_before_anything_is_sent() -> None:
    index = Index(stored={"r1": Presence.OTHER_BYTES, "c1": Presence.OTHER_BYTES})
    assert [problem.place for problem in publish(index).problems] == ["r1", "c1"]
    index = Index(stored={"c1": Presence.OTHER_BYTES})
    done = publish(index)
    assert (index.sends(), done.end()) == ([], PublishEnd.REFUSED)
    assert outcomes(done)["c1"] is PublishOutcome.REFUSED
    index = Index(stored={"c1": Presence.OTHER_BYTES, "r1": Presence.THERE})
    assert publish(index).end() is PublishEnd.PARTIAL


def test_another_publisher_with_other_bytes_is_an_error() -> None:
    index = Index(answers={"r2": [(AttemptStatus.REFUSED, False)]})
    publication = new_publication(ORDER, PATIENCE)
    for event in (
        Listed("runtime", dict.fromkeys(NAMES, Presence.MISSING)),
        Listed("compiler", dict.fromkeys(NAMES, Presence.MISSING)),
    ):
        publication = after(publication, event, 0)
    index.stored["r2"] = Presence.OTHER_BYTES
    done = publish(index, publication)
    assert done.end() is PublishEnd.PARTIAL
    assert outcomes(done)["r2"] is PublishOutcome.REFUSED
    assert "c1" not in index.sends()


def test_a_file_of_an_unlisted_project_is_sent_once() -> None:
    index = Index(unlisted=dict.fromkeys(NAMES, END), has_projects=False)
    done = publish(index)
    assert index.sends() == ["r1", "r2"]
    assert done.end() is PublishEnd.PARTIAL
    (problem,) = done.problems
    assert problem.message == "was accepted, but the index does not list it, nor any other file of runtime"
    assert "--check-url" in problem.remedy


def test_a_refused_file_keeps_the_reason_of_the_index() -> None:
    index = Index(answers={"r1": [(AttemptStatus.REFUSED, False)]})
    done = publish(index, new_publication(ORDER, replace(PATIENCE, wait=0)))
    assert done.problems == (REFUSAL,)
    assert (done.end(), outcomes(done)["r1"]) == (PublishEnd.REFUSED, PublishOutcome.REFUSED)
    index = Index(answers={"r2": [(AttemptStatus.REFUSED, False)]}, unlisted={"r1": END})
    done = publish(index, new_publication(ORDER, replace(PATIENCE, wait=0)))
    assert [problem.message for problem in done.problems] == [
        REFUSAL.message,
        "was accepted, but the index does not list it",
    ]
    assert done.end() is PublishEnd.PARTIAL


def test_nothing_is_sent_before_what_it_pins_is_visible() -> None:
    index = Index(hidden={"r2": END})
    done = publish(index)
    assert index.sends() == ["r1", "r2"]
    assert done.end() is PublishEnd.PARTIAL
    assert "What follows it was not sent" in str(done.problems)
    index = Index(hidden={"r2": 50})
    assert publish(index).end() is PublishEnd.DONE


def test_a_complete_release_that_is_hidden_ends_as_not_visible() -> None:
    index = Index(hidden={"c1": END})
    done = publish(index)
    assert done.end() is PublishEnd.NOT_VISIBLE
    assert 100 <= sum(index.pauses()) <= 108
    again = Index(stored=index.stored)
    assert publish(again).end() is PublishEnd.DONE
    assert again.sends() == []


def test_a_listing_that_fails_is_read_again() -> None:
    problem = Problem("runtime", "500", "")
    index = Index(failing=[ListingFailed(problem), ListingFailed(problem, retry_after=5)])
    assert publish(index).end() is PublishEnd.DONE
    assert index.pauses() == [1, 5]
    index = Index(failing=[ListingFailed(problem)] * 3)
    done = publish(index)
    assert (done.end(), done.problems, index.sends()) == (PublishEnd.REFUSED, (problem,), [])
    index = Index(failing=[ListingFailed(problem, is_final=True)])
    assert publish(index).end() is PublishEnd.REFUSED
    assert index.pauses() == []


def test_an_interruption_is_partial_from_the_first_upload_on() -> None:
    stopped = Stopped((Problem("", "was interrupted", ""),))
    assert after(new_publication(ORDER, PATIENCE), stopped, 0).end() is PublishEnd.REFUSED
    earlier = new_publication(ORDER, PATIENCE, sent=["r1"])
    assert after(earlier, stopped, 0).end() is PublishEnd.PARTIAL
    assert outcomes(earlier)["r1"] is PublishOutcome.UNCONFIRMED
    atomic = new_publication(ORDER, PATIENCE, sent=["r1"], is_atomic=True)
    assert after(atomic, stopped, 0).end() is PublishEnd.REFUSED
    done = publish(Index(hidden={"c1": END}))
    assert after(done, stopped, 0).end() is PublishEnd.NOT_VISIBLE
    begun = after(new_publication(ORDER, PATIENCE), SendingBegins("r1"), 0)
    assert after(begun, stopped, 0).end() is PublishEnd.PARTIAL
    assert outcomes(after(begun, stopped, 0))["r1"] is PublishOutcome.UNCONFIRMED


def test_a_refused_file_counts_as_sent_until_a_listing_lacks_it() -> None:
    problem = Problem("runtime", "500", "")
    index = Index(answers={"r1": [(AttemptStatus.REFUSED, False)]})
    publication = new_publication(ORDER, PATIENCE)
    for project in ("runtime", "compiler"):
        publication = after(publication, Listed(project, dict.fromkeys(NAMES, Presence.MISSING)), 0)
    index.failing = [ListingFailed(problem, is_final=True)]
    assert publish(index, publication).end() is PublishEnd.PARTIAL


def test_an_atomic_destination_gets_all_files_before_one_is_seen() -> None:
    index = Index(answers={"r2": [(AttemptStatus.STORED, False)]}, on_commit=["r2"])
    done = publish(index, new_publication(ORDER, PATIENCE, is_atomic=True))
    assert index.steps[2:] == [
        *(Send(name) for name in NAMES),
        Commit(),
        LookUp("runtime"),
        LookUp("compiler"),
        CheckVisible(frozenset(NAMES)),
    ]
    assert done.end() is PublishEnd.DONE


def test_an_atomic_destination_with_all_files_is_put_in_order() -> None:
    index = Index(stored=dict.fromkeys(NAMES, Presence.THERE))
    done = publish(index, new_publication(ORDER, PATIENCE, is_atomic=True))
    assert index.steps == [LookUp("runtime"), LookUp("compiler"), Commit(), CheckVisible(frozenset(NAMES))]
    assert done.end() is PublishEnd.DONE
    assert set(outcomes(done).values()) == {PublishOutcome.ALREADY_THERE}


def test_an_atomic_destination_without_a_commit_has_nothing() -> None:
    index = Index(answers={"c1": [(AttemptStatus.TEMPORARY, False)]})
    done = publish(index, new_publication(ORDER, PATIENCE, is_atomic=True))
    assert index.sends()[-3:] == ["c1", "c1", "c1"]
    assert Commit() not in index.steps
    assert done.end() is PublishEnd.REFUSED


@pytest.mark.parametrize("seed", range(200))
def test_promises_hold_under_any_faults(seed: int) -> None:
    dice = random.Random(seed)
    index = Index(
        answers={name: [(dice.choice(list(AttemptStatus)), dice.random() < 0.5) for _ in range(4)] for name in NAMES},
        unlisted={name: dice.choice([0, 5, 60]) for name in NAMES},
        hidden={name: dice.choice([0, 20, 200]) for name in NAMES},
        stored={name: dice.choice([Presence.THERE, Presence.OTHER_BYTES]) for name in NAMES if dice.random() < 0.1},
        retry_after=dice.choice([None, 3, 500]),
    )
    done = publish(index)
    is_complete = all(index.stored.get(name) is Presence.THERE for name in NAMES)
    assert done.end() not in (PublishEnd.DONE, PublishEnd.NOT_VISIBLE) or is_complete
    assert done.end() is PublishEnd.DONE or done.problems
    assert index.too_early == []
    for number, step in enumerate(index.steps):
        if isinstance(step, Send):
            last = max((i for i in range(number) if index.steps[i] == step), default=-1)
            assert any(isinstance(between, LookUp) for between in index.steps[last + 1 : number])
