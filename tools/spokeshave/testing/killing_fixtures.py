"""Commands that are killed at any of their system calls that change something, or that get an error from one.

A test prepares the old state, and checks after each kill that it finds the old or the new one, and that a rerun
completes. By default only one of several calls that do the same is tried, and at most `MOST`;
with SPOKESHAVE_KILLS=all all of them are (CONTRIBUTING.md).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.testing.tracing_fixtures import Action, Call, Disturbance, Program, Run, Watch, run_traced

ALL_VARIABLE = "SPOKESHAVE_KILLS"
LOG_VARIABLE = "SPOKESHAVE_KILLS_LOG"
MOST = 16
# What differs between two paths of files that are written for the same reason.
_DETAIL = re.compile(r"[0-9a-f]{16,}|(?<=\.)[a-z0-9_]{8}(?=\.|/|$)|\d+")


def is_thorough() -> bool:
    """Return whether all points are tried."""
    return os.environ.get(ALL_VARIABLE) == "all"


@dataclass(frozen=True)
class Trial:
    """A command that is run again and again.

    Attributes:
        prepare: Makes the old state, and returns the program.
        watch: The calls that count.
        actions: What happens at a call.
        most: How many calls are tried if not all are.
        is_exact: Whether each run makes the same calls. Otherwise, a run may end before the call that is waited for.
    """

    prepare: Callable[[], Program]
    watch: Watch
    actions: Sequence[Action] = (Action.KILL, Action.CUT)
    most: int = MOST
    is_exact: bool = True
    seconds: float = 600

    def runs(self) -> Iterator[Run]:
        """Yield the run of each disturbed program, when it has ended and before the next one is prepared."""
        whole = run_traced(self.prepare(), self.watch, seconds=self.seconds)
        assert whole.exit_code == 0, whole.output
        points = [
            Disturbance(number, action)
            for action in self.actions
            for number, call in enumerate(whole.calls)
            if _fits(action, call)
        ]
        chosen = points if is_thorough() else _sample(points, whole.calls, self.most)
        _log(len(whole.calls), len(points), len(chosen))
        assert chosen
        for point in chosen:
            run = run_traced(self.prepare(), self.watch, point, seconds=self.seconds)
            if run.is_disturbed:
                assert run.exit_code == -9 or point.action not in (Action.KILL, Action.CUT), run.output
                yield run
            else:
                assert not self.is_exact, f"call {point.at} of {len(whole.calls)} was not made"


def kills(prepare: Callable[[], Program], *folders: Path, sends: bool = False, most: int = MOST) -> Iterator[Run]:
    """Yield each run of a program that was killed before one of its changes below some folders, or in a write.

    Args:
        prepare: Makes the old state and returns the program. It is called for each run.
        sends: Whether to kill it before each send too.
    """
    return Trial(prepare, Watch(folders, sends), most=most).runs()


def faults(prepare: Callable[[], Program], *folders: Path, most: int = MOST) -> Iterator[Run]:
    """Yield each run of a program that found the disk full from some call on, or got an input/output error once."""
    return Trial(prepare, Watch(folders), actions=(Action.FULL, Action.BROKEN), most=most).runs()


def assert_one_error(run: Run) -> None:
    """Check that a command reported its failure as errors of ours, which say where and why, without a stack."""
    assert run.exit_code in (1, 3), (run.exit_code, run.output)
    assert "Traceback" not in run.output, run.output
    assert "bug in Spokeshave" not in run.output, run.output
    assert re.search(r"No space left on device|Input/output error|I/O error", run.output), run.output
    assert len(re.findall(r"(?m)^spokeshave [a-z -]+: (error$|\d+ files? missing)", run.output)) == 1, run.output


def tree_of(folder: Path) -> dict[str, bytes | str]:
    """Return the files of a folder with their bytes, and the links with their targets."""
    found: dict[str, bytes | str] = {}
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root, name)
            key = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found[key] = os.readlink(path)  # noqa: PTH115 (with the slashes of the link)
            elif path.is_file():
                found[key] = path.read_bytes()
    return found


def _fits(action: Action, call: Call) -> bool:
    """Return whether an action can happen at a call, and is not the same as another action there."""
    if action is Action.CUT:
        return call.size is not None and call.size > 1
    return action is not Action.FULL or call.grows


def _sample(points: list[Disturbance], calls: Sequence[Call], most: int) -> list[Disturbance]:
    """Return the first point of each kind and then others, or some of these kinds; all evenly spread."""
    kinds = {}
    for point in reversed(points):
        call = calls[point.at]
        kinds[point.action, call.name, _DETAIL.sub("*", call.path)] = point
    found = _spread(_ordered({*kinds.values(), *points[-1:]}), most)
    others = _ordered(set(points) - set(found))
    return _ordered({*found, *_spread(others, most - len(found))})


def _ordered(points: set[Disturbance]) -> list[Disturbance]:
    return sorted(points, key=lambda point: (point.at, point.action.value))


def _spread(points: list[Disturbance], most: int) -> list[Disturbance]:
    """Return some points that are evenly spread, with the first and the last one."""
    step = max(1.0, (len(points) - 1) / max(1, most - 1))
    return [points[round(number * step)] for number in range(min(most, len(points)))]


def _log(calls: int, points: int, chosen: int) -> None:
    """Write how many points a test has, for the table of the script that tries all of them."""
    log = os.environ.get(LOG_VARIABLE)
    if log:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        with Path(log).open("a", encoding="utf-8") as stream:
            stream.write(f"{calls:6} {points:6} {chosen:6}  {test}\n")
