"""The progress of a run: the actions of its wheels, and how many of them are done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

# Seconds of a run before its first line; from one line to the next; from the first target's plan to the line with it.
FIRST_LINE = 5.0
LINE_INTERVAL = 30.0
PLAN_LINE = 2.0
_SMOKE_TEST = "Smoke-test "


class WheelStep(Enum):
    """The steps of a wheel after its native files are linked, in order."""

    ASSEMBLE = "Assemble"
    REPAIR = "Repair"
    VERIFY = "Verify"
    STAMP = "Stamp"

    def description(self, wheel: object, version: str = "") -> str:
        """The description of the step's process; only a stamp has a version."""
        return f"{self.value} {wheel}" + (f" with {version}" if version else "")


@dataclass(frozen=True)
class PlannedWheel:
    """The actions of one wheel by the descriptions of their processes.

    Attributes:
        name: What the wheel's own steps call it.
        native: What has to be compiled, linked and made before the wheel is assembled.
    """

    name: str
    native: tuple[str, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """The descriptions of the wheel's own steps; the version of the stamp is not known yet."""
        return tuple(step.description(self.name) for step in WheelStep)


@dataclass(frozen=True)
class PlannedWork:
    """The actions of a target's wheels."""

    wheels: tuple[PlannedWheel, ...]
    smoke_tests: int


class Progress:
    """Counts the planned actions that are done.

    An action is done when its process has ended, or been found in a cache. Results that the daemon has kept are not
    asked for again, so a step of a wheel also counts everything that has to come before it.

    Args:
        began: When the run began, in seconds of any clock.
    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._next = began + FIRST_LINE
        self._is_plan_due = False
        self._wheels: dict[str, PlannedWheel] = {}
        self._steps: dict[str, tuple[PlannedWheel, int]] = {}
        self._planned: set[str] = set()
        self._planned_tests = 0
        self._done: set[str] = set()
        self._tests: set[str] = set()
        self._running: dict[str, str] = {}
        self._is_expected = False

    @property
    def is_planned(self) -> bool:
        """Return whether the actions of any wheel are known."""
        return bool(self._wheels)

    def prepare(self) -> None:
        """Note that wheels are being planned: from now on there is something to say."""
        self._is_expected = True

    def expect(self, work: PlannedWork) -> None:
        """Add the actions of a target; those that it shares with another one are counted once."""
        for wheel in work.wheels:
            self._wheels[wheel.name] = wheel
            self._steps.update({step: (wheel, place) for place, step in enumerate(wheel.steps)})
            self._planned.update(wheel.native, wheel.steps)
        self._planned_tests += work.smoke_tests
        for step in [step for step in self._done if step in self._steps]:
            self._count_step(step)

    def start(self, process: str, description: str) -> None:
        """Note that a process is being executed, by an id of its own."""
        self._running[process] = description

    def stop(self, process: str) -> None:
        """Note that a process is executed no longer, if it was."""
        self._running.pop(process, None)

    def finish(self, description: str) -> None:
        """Count an action as done. Its process is executed no longer, also where Pants canceled a first run of it."""
        self._running = {process: running for process, running in self._running.items() if running != description}
        if description.startswith(_SMOKE_TEST):
            self._tests.add(description)
            return
        stamp = description.startswith(f"{WheelStep.STAMP.value} ")
        action = description.rpartition(" with ")[0] if stamp else description
        self._done.add(action)
        if action in self._steps:
            self._count_step(action)

    def _count_step(self, step: str) -> None:
        wheel, place = self._steps[step]
        self._done.update(wheel.native, wheel.steps[: place + 1])

    def line_when_due(self, now: float) -> str | None:
        """The line to print now, or None.

        `LINE_INTERVAL` lies between two of them; only the first one with the plan comes earlier.
        """
        if self.is_planned and not self._is_plan_due:
            self._is_plan_due = True
            self._next = max(self._began + FIRST_LINE, min(self._next, now + PLAN_LINE))
        if now < self._next or not (self.is_planned or (self._is_expected and self._running)):
            return None
        self._next = now + LINE_INTERVAL
        return self.line(now)

    def line(self, now: float) -> str:
        """How far the run is, such as `124 of 310 actions done (3 min 20 s): 12 of 84 wheels; now: Compile a.cc`."""
        took = format_duration(now - self._began)
        current = f"; now: {_current(self._running.values())}" if self._running else ""
        if not self.is_planned:
            return f"Preparing ({took}){current}"
        done = len(self._planned & self._done) + min(len(self._tests), self._planned_tests)
        actions = f"{done} of {len(self._planned) + self._planned_tests} actions done"
        finished = sum(wheel.steps[-1] in self._done for wheel in self._wheels.values())
        return f"{actions} ({took}): {finished} of {len(self._wheels)} wheels{current}"


def _current(descriptions: Iterable[str]) -> str:
    """The processes that are being executed: the one that began first, without remarks, and how many more."""
    first, *more = descriptions
    return first.partition(" (")[0] + (f", and {len(more)} more" if more else "")


def format_duration(seconds: float) -> str:
    """Seconds in words, such as `45 s`, `3 min 20 s` or `1 h 5 min`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
