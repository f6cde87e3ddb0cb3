"""The processes of a run on one time axis: the critical path by steps, and all processes by stage and platform."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from spokeshave_core.outcomes import Source
from spokeshave_core.page.markup import Html, element, join
from spokeshave_pants.wheel.report.page.run import PackageRun, Step
from spokeshave_pants.wheel.report.spans import Span

SOURCE_NAMES = {
    Source.RAN: "run",
    Source.HIT_LOCALLY: "hit locally",
    Source.HIT_REMOTELY: "hit remotely",
    Source.MEMOIZED: "kept by the daemon",
}
OTHER = "other processes"

# Heights in pixels. Of many simultaneous look-ups the later ones cover the earlier ones, as they take milliseconds.
_LANE = 6
_GAP = 1
_MOST_LANES = 12
_TICKS = 5
# In percent of the axis, so that a process shorter than a pixel is still visible.
_THINNEST = 0.4


@dataclass(frozen=True)
class Axis:
    """The width of a track: the time in which processes ran. All times are in seconds since the run's start."""

    started: float
    first: float
    last: float

    @classmethod
    def of(cls, run: PackageRun) -> Axis:
        """Return the axis from a run's first process to its last. Pants' own start-up before that is not shown."""
        first = min(span.start for span in run.spans)
        last = max(span.end for span in run.spans)
        return cls(run.started, first - run.started, last - run.started)

    def seconds(self, clock: float) -> float:
        """Return a clock time on the axis, in seconds."""
        return clock - self.started

    def percent(self, seconds: float) -> float:
        """Return the position of a time, in percent from the left."""
        return 100 * (seconds - self.first) / (self.last - self.first) if self.last > self.first else 0.0

    def ticks(self) -> list[tuple[float, str]]:
        """Return the positions of round numbers of seconds from the left, with their labels."""
        step = _round_step((self.last - self.first) / _TICKS)
        if not step:
            return []
        numbers = range(math.ceil(self.first / step), math.floor(self.last / step) + 1)
        return [(self.percent(number * step), f"{number * step:g} s") for number in numbers]


def _round_step(least: float) -> float:
    """Return the smallest number of at least `least` that is 1, 2 or 5 times a power of ten."""
    if least <= 0:
        return 0.0
    power = 0.001
    while power * 10 < least:
        power *= 10
    return next(round(factor * power, 3) for factor in (1, 2, 5, 10) if factor * power >= least)


def lanes(intervals: Iterable[tuple[float, float]]) -> list[int]:
    """Return the lowest free lane for each interval; intervals are sorted by start."""
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


def human_time(seconds: float) -> str:
    """Return a duration in a readable unit."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 599.95 else f"{seconds / 60:.1f} min"


def render_timeline(run: PackageRun) -> Html:
    """Return the time axis of a run."""
    if not run.spans:
        return element("p", _why_no_times(run))
    axis = Axis.of(run)
    critical = {id(step.span) for step in run.critical if step.span}
    steps = [_step(step, axis) for step in run.critical]
    return join(
        element("h3", "Critical path"),
        element("p", _path_in_words(run)),
        element("ol", _axis_row(axis), *steps, class_="rows path") if steps else None,
        element("h3", "All processes"),
        element(
            "p",
            "By stage, and within a stage by platform. Processes that ran at the same time are shown one below the "
            "other.",
        ),
        _legend(),
        element(
            "div", _axis_row(axis, "div"), *(_group(g, axis, critical) for g in group_by_stage(run)), class_="rows"
        ),
    )


def _why_no_times(run: PackageRun) -> str:
    if any(process.source is not Source.MEMOIZED for process in run.processes):
        return "Pants reported no process times: `[GLOBAL].streaming_workunits_level` must be `debug`, its default."
    return "No process was run or looked up in this run: the daemon kept all results of an earlier run."


def _path_in_words(run: PackageRun) -> str:
    if not run.critical:
        return "No wheel was reported, so the order of its actions is not known."
    text = (
        f"The chain of actions, each of which needed the one before it, with the longest time in this run: "
        f"{human_time(run.critical_seconds)} of the run's {human_time(run.seconds)}. "
        "A run with more processors would take at least that long."
    )
    if any(step.process.source.is_cached for step in run.steps):
        unknown = any(process.milliseconds is None for process in run.processes)
        least = "at least " if unknown else ""
        text += f" Where nothing is cached the longest chain takes {least}{human_time(run.cold_seconds)}."
    return text


def _axis_row(axis: Axis, name: str = "li") -> Html:
    """Return the labels of the axis, in the column of the tracks."""
    marks = []
    for place, label in axis.ticks():
        anchor = "start" if place < 3 else "end" if place > 94 else "middle"
        marks.append(element("text", label, x=f"{place:.2f}%", y=11, text_anchor=anchor))
    drawn = element("svg", *marks, class_="axis", height=14)
    ends = element("span", class_="label"), element("span", class_="value")
    return element(name, ends[0], drawn, ends[1], class_="row ticks", aria_hidden="true")


def _grid(axis: Axis, height: int) -> list[Html]:
    return [
        element("line", x1=f"{place:.2f}%", x2=f"{place:.2f}%", y1=0, y2=height, class_="grid")
        for place, _ in axis.ticks()
    ]


def _bar(span: Span, axis: Axis, y: float, height: float, *, critical: bool = False) -> Html:
    left = axis.percent(axis.seconds(span.start))
    right = axis.percent(axis.seconds(span.end))
    width = max(_THINNEST, right - left)
    kind = "failed" if span.failed else span.source.value
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
    return f"{SOURCE_NAMES[span.source]}{failed}, {human_time(span.seconds)}, from {axis.seconds(span.start):.1f} s on"


def _step(step: Step, axis: Axis) -> Html:
    height = 2 * _LANE
    drawn = [*_grid(axis, height)]
    if step.span:
        drawn.append(_bar(step.span, axis, 0, height, critical=True))
    origin_text = _when(step.span, axis) if step.span else "kept by the daemon"
    source = SOURCE_NAMES[step.process.source]
    value = f"{human_time(step.seconds)}, {source}" if step.span else source
    return element(
        "li",
        element("span", step.process.description, class_="label"),
        element("svg", *drawn, class_="track", height=height, role="img", aria_label=origin_text),
        element("span", value, class_="value"),
        class_="row",
    )


@dataclass(frozen=True)
class Group:
    """Processes of one stage or of one of its platforms, sorted by their start in this run.

    Attributes:
        parts: The same processes by platform, if there are several.
    """

    name: str
    spans: tuple[Span, ...]
    memoized: int
    parts: tuple[Group, ...] = ()

    @classmethod
    def of(cls, name: str, steps: Iterable[Step]) -> Group:
        """Return the group of some steps."""
        listed = tuple(steps)
        spans = sorted((step.span for step in listed if step.span), key=lambda span: (span.start, span.end))
        return cls(name, tuple(spans), sum(step.process.source is Source.MEMOIZED for step in listed))

    def size(self) -> str:
        """Return the number of processes, in words."""
        count = f"{len(self.spans)} {'process' if len(self.spans) == 1 else 'processes'}"
        return f"{count}, {self.memoized} kept" if self.memoized else count


def group_by_stage(run: PackageRun) -> tuple[Group, ...]:
    """Return the stages in the order of the work, beginning with processes of no wheel, such as set-up."""
    others = tuple(sorted(run.other_spans, key=lambda span: (span.start, span.end)))
    stages: dict[str, list[Step]] = {}
    for step in run.steps:
        stages.setdefault(step.process.kind, []).append(step)
    groups = (_stage(stage, steps) for stage, steps in stages.items())
    return (*((Group(OTHER, others, 0),) if others else ()), *groups)


def _stage(stage: str, steps: list[Step]) -> Group:
    platforms: dict[str, list[Step]] = {}
    for step in steps:
        platforms.setdefault(step.process.platform, []).append(step)
    if len(platforms) == 1:
        return Group.of(f"{stage} {next(iter(platforms))}".strip(), steps)
    parts = tuple(Group.of(platform or "all platforms", platforms[platform]) for platform in sorted(platforms))
    return replace(Group.of(stage, steps), parts=parts)


def _group(group: Group, axis: Axis, critical: set[int]) -> Html:
    placed = [min(lane, _MOST_LANES - 1) for lane in lanes((span.start, span.end) for span in group.spans)]
    height = max(2, max(placed, default=0) + 1) * _LANE
    bars = [
        _bar(span, axis, lane * _LANE, _LANE - _GAP, critical=id(span) in critical)
        for span, lane in zip(group.spans, placed)
    ]
    track = element(
        "svg",
        *_grid(axis, height),
        *bars,
        class_="track",
        height=height,
        role="img",
        aria_label=f"{group.size()} in time",
    )
    seconds = human_time(sum(span.seconds for span in group.spans))
    value = element("span", f"{seconds} ", element("span", group.size(), class_="quiet"), class_="value")
    summary = element("summary", element("span", group.name, class_="label"), track, value, class_="row")
    parts = [_group(part, axis, critical) for part in group.parts]
    return element("details", summary, element("div", *parts, class_="parts") if parts else _listed(group, axis))


def _listed(group: Group, axis: Axis) -> Html:
    rows = [
        element(
            "tr",
            element("th", span.description, scope="row"),
            element("td", SOURCE_NAMES[span.source] + (", failed" if span.failed else "")),
            element("td", f"{axis.seconds(span.start):.2f}", class_="number"),
            element("td", f"{span.seconds:.2f}", class_="number"),
        )
        for span in sorted(group.spans, key=lambda span: -span.seconds)
    ]
    names = ("process", "result", "from second", "seconds")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    table = element(
        "table",
        element("caption", f"Processes of {group.name}, the longest first", class_="unseen"),
        element("thead", head),
        element("tbody", *rows),
    )
    return element(
        "div", table, class_="scroll listed", tabindex=0, role="region", aria_label=f"Processes of {group.name}"
    )


def _legend() -> Html:
    kinds = [(source.value, name) for source, name in SOURCE_NAMES.items() if source is not Source.MEMOIZED]
    kinds += [("failed", "failed"), ("critical", "on the critical path")]
    bars = {key: element("rect", width="100%", height=10, class_=f"bar {key}") for key, _ in kinds}
    items = [element("li", element("svg", bars[key], height=10, aria_hidden="true"), " ", name) for key, name in kinds]
    return element("ul", *items, class_="legend", aria_label="Colours")
