"""The processes of a run on one axis of time: the critical path by steps, and all by stage and platform."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_pants.wheel.page.markup import Html, element, join
from spokeshave_pants.wheel.page.run import PackageRun, Step
from spokeshave_pants.wheel.spans import Span

SOURCE_NAMES = {
    "ran": "run",
    "hit_locally": "hit locally",
    "hit_remotely": "hit remotely",
    "memoized": "kept by the daemon",
}
OTHER = "other processes"

_PLATFORM = re.compile(r"\b(?:manylinux|musllinux|macosx)_\d+_\d+_[a-z0-9_]+|\bwin_(?:amd64|arm64)")
# Heights in pixels. Of many look-ups at a time the later ones are drawn over the first: they take milliseconds.
_LANE, _GAP, _MOST_LANES = 6, 1, 12
_TICKS = 5
# So that what was too short for a pixel is seen all the same, in percent of the axis.
_THINNEST = 0.2


@dataclass(frozen=True)
class Axis:
    """The time from the run's start to its end, in percent of a track's width."""

    started: float
    seconds: float

    def percent(self, time: float) -> float:
        """Where a time of the clock is, in percent and never outside."""
        return min(100.0, max(0.0, 100 * (time - self.started) / self.seconds)) if self.seconds > 0 else 0.0

    def ticks(self) -> list[tuple[float, str]]:
        """Round numbers of seconds, and where they are."""
        step = _round_step(self.seconds / _TICKS)
        count = int(self.seconds / step) if step else 0
        return [(100 * number * step / self.seconds, f"{number * step:g} s") for number in range(count + 1)]


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not less."""
    if least <= 0:
        return 0.0
    power = 0.001
    while power * 10 < least:
        power *= 10
    return next(round(factor * power, 3) for factor in (1, 2, 5, 10) if factor * power >= least)


def lanes(intervals: Iterable[tuple[float, float]]) -> list[int]:
    """The lowest lane for each interval, sorted by start, in which nothing else is at that time."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    found = []
    for start, end in intervals:
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lane = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (end, lane))
        found.append(lane)
    return found


def platform_of(description: str) -> str:
    """The platform that a process' description names, or nothing where it is for all of them."""
    found = _PLATFORM.search(description)
    return found[0] if found else ""


def render_timeline(run: PackageRun) -> Html:
    axis = Axis(run.started, run.seconds)
    if not run.spans:
        return element("p", _why_no_times(run))
    return join(
        element("h3", "Critical path"),
        element("p", _path_in_words(run)),
        element("ol", _axis_row(axis), *(_step(step, axis) for step in run.critical), class_="rows path"),
        element("h3", "All processes"),
        element("p", "By stage and platform, those that ran at the same time one below the other."),
        _legend(),
        element("div", _axis_row(axis, "div"), *_groups(run, axis), class_="rows"),
    )


def _why_no_times(run: PackageRun) -> str:
    if any(process.source != "memoized" for process in run.processes):
        return "Pants told no times of processes: `[GLOBAL].streaming_workunits_level` has to be `debug`, its default."
    return "No process was run or looked up in this run: the daemon kept all results from an earlier one."


def _path_in_words(run: PackageRun) -> str:
    if not run.critical:
        return "No wheel was reported, so the order of its actions is not known."
    text = (
        f"The chain of actions, each of which needed the one before it, that took longest in this run: "
        f"{run.critical_seconds:.1f} s of the run's {run.seconds:.1f} s. More machines make no run shorter than it."
    )
    if any(step.process.source != "ran" for step in run.steps):
        text += f" Where nothing is cached the longest chain takes {run.cold_seconds:.1f} s."
    if any(process.source != "memoized" and process.milliseconds is None for process in run.processes):
        text += " Times that are not known are left out of that."
    return text


def _axis_row(axis: Axis, name: str = "li") -> Html:
    """The axis' labels, in the column of the tracks."""
    marks = []
    for place, label in axis.ticks():
        anchor = "start" if place < 3 else "end" if place > 94 else "middle"
        marks.append(element("text", label, x=f"{place:.2f}%", y=11, text_anchor=anchor))
    drawn = element("svg", *marks, class_="axis", height=14, aria_hidden="true")
    return element(name, element("span", class_="label"), drawn, element("span", class_="value"), class_="row ticks")


def _grid(axis: Axis, height: int) -> list[Html]:
    return [
        element("line", x1=f"{place:.2f}%", x2=f"{place:.2f}%", y1=0, y2=height, class_="grid")
        for place, _ in axis.ticks()
    ]


def _bar(span: Span, axis: Axis, y: float, height: float, *, critical: bool = False) -> Html:
    left, right = axis.percent(span.start), axis.percent(span.end)
    width = max(_THINNEST, right - left)
    kind = "failed" if span.failed else span.source
    return element(
        "rect",
        element("title", f"{span.description}: {_when(span, axis)}"),
        x=f"{min(left, 100 - _THINNEST):.3f}%",
        width=f"{width:.3f}%",
        y=y,
        height=height,
        class_=f"bar {kind}{' critical' if critical else ''}",
    )


def _when(span: Span, axis: Axis) -> str:
    failed = ", failed" if span.failed else ""
    return f"{SOURCE_NAMES[span.source]}{failed}, {span.seconds:.2f} s from {span.start - axis.started:.2f} s on"


def _step(step: Step, axis: Axis) -> Html:
    height = 2 * _LANE
    drawn = [*_grid(axis, height)]
    if step.span:
        drawn.append(_bar(step.span, axis, 0, height, critical=True))
    said = _when(step.span, axis) if step.span else "kept by the daemon"
    source = SOURCE_NAMES[step.process.source]
    value = f"{step.seconds:.2f} s, {source}" if step.span else source
    return element(
        "li",
        _label(step.process.kind, step.process.description),
        element("svg", *drawn, class_="track", height=height, role="img", aria_label=said),
        element("span", value, class_="value"),
        class_="row",
    )


@dataclass(frozen=True)
class Group:
    """The processes of one stage and platform that have a time in this run."""

    stage: str
    platform: str
    spans: tuple[Span, ...]
    memoized: int = 0


def group_steps(run: PackageRun) -> tuple[Group, ...]:
    """Groups in the order of the work, what belongs to no wheel first, as set-up is."""
    spans: dict[tuple[str, str], list[Span]] = {}
    memoized: dict[tuple[str, str], int] = {}
    for span in run.other_spans:
        spans.setdefault((OTHER, ""), []).append(span)
    for step in run.steps:
        key = (step.process.kind, platform_of(step.process.description))
        spans.setdefault(key, []).extend([step.span] if step.span else [])
        memoized[key] = memoized.get(key, 0) + (step.span is None)
    stages = {stage: place for place, stage in enumerate(dict.fromkeys(stage for stage, _ in spans))}
    return tuple(
        Group(*key, tuple(sorted(spans[key], key=lambda span: span.start)), memoized.get(key, 0))
        for key in sorted(spans, key=lambda key: (stages[key[0]], key[1]))
    )


def _groups(run: PackageRun, axis: Axis) -> list[Html]:
    critical = {id(step.span) for step in run.critical if step.span}
    return [_group(group, axis, critical) for group in group_steps(run)]


def _group(group: Group, axis: Axis, critical: set[int]) -> Html:
    placed = [min(lane, _MOST_LANES - 1) for lane in lanes((span.start, span.end) for span in group.spans)]
    height = max(2, max(placed, default=0) + 1) * _LANE
    bars = [
        _bar(span, axis, lane * _LANE, _LANE - _GAP, critical=id(span) in critical)
        for span, lane in zip(group.spans, placed)
    ]
    kept = f", {group.memoized} kept by the daemon" if group.memoized else ""
    said = f"{len(group.spans)} {'process' if len(group.spans) == 1 else 'processes'}{kept}"
    seconds = sum(span.seconds for span in group.spans)
    track = element(
        "svg", *_grid(axis, height), *bars, class_="track", height=height, role="img", aria_label=f"{said} over time"
    )
    value = element("span", f"{seconds:.1f} s ", element("span", said, class_="quiet"), class_="value")
    summary = element("summary", _label(group.stage, group.platform), track, value, class_="row")
    return element("details", summary, _listed(group, axis))


def _label(stage: str, text: str) -> Html:
    return element("span", element("span", stage, class_="stage"), " ", text, class_="label")


def _listed(group: Group, axis: Axis) -> Html:
    rows = [
        element(
            "tr",
            element("th", span.description, scope="row"),
            element("td", SOURCE_NAMES[span.source] + (", failed" if span.failed else "")),
            element("td", f"{span.start - axis.started:.2f}", class_="number"),
            element("td", f"{span.seconds:.2f}", class_="number"),
        )
        for span in sorted(group.spans, key=lambda span: -span.seconds)
    ]
    names = ("process", "result", "from second", "seconds")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    name = f"{group.stage} {group.platform}".strip()
    table = element(
        "table",
        element("caption", f"Processes of {name}, the longest first", class_="unseen"),
        element("thead", head),
        element("tbody", *rows),
    )
    return element("div", table, class_="scroll listed", tabindex=0, role="region", aria_label=f"Processes of {name}")


def _legend() -> Html:
    kinds = [(key, SOURCE_NAMES[key]) for key in ("ran", "hit_locally", "hit_remotely")]
    kinds += [("failed", "failed"), ("critical", "on the critical path")]
    bars = {key: element("rect", width="100%", height=10, class_=f"bar {key}") for key, _ in kinds}
    items = [element("li", element("svg", bars[key], height=10, aria_hidden="true"), " ", name) for key, name in kinds]
    return element("ul", *items, class_="legend", aria_label="Colours")
