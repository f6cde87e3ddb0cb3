"""The wheels of a run as tables: one per distribution, with a row per platform and a column per Python ABI."""

from __future__ import annotations

from urllib.parse import quote

from spokeshave_core.page.markup import Html, element, join
from spokeshave_core.page.parts import chip, scrolled
from spokeshave_core.wheel_name import distribution_of
from spokeshave_pants.wheel.report.wheels import PythonOutcome, WheelReport, compiles_of, human_size

_SHORT_HASH = 8


def render_matrix(reports: tuple[WheelReport, ...], *, linked: bool) -> Html:
    """Return the tables, with each wheel in its cell.

    Args:
        linked: Whether the wheels are files next to the page.
    """
    if not reports:
        return element("p", "No wheel was built.")
    by_distribution: dict[str, list[WheelReport]] = {}
    for report in sorted(reports, key=lambda report: report.wheel):
        by_distribution.setdefault(distribution_of(report.wheel), []).append(report)
    field = element("input", type="search", id="filter", autocomplete="off", placeholder="such as: win 3.13 not run")
    return join(
        element(
            "p",
            element("label", "Filter ", field),
            " ",
            element("output", id="filter-count", for_="filter"),
            class_="filter",
            hidden=True,
        ),
        *(_distribution(name, wheels, linked) for name, wheels in by_distribution.items()),
    )


def _distribution(name: str, wheels: list[WheelReport], linked: bool) -> Html:
    abis = sorted({wheel.abi for wheel in wheels}, key=_abi_order)
    cells: dict[tuple[str, str], list[WheelReport]] = {}
    for wheel in wheels:
        cells.setdefault((wheel.platform, wheel.abi), []).append(wheel)
    rows = [
        element(
            "tr",
            element("th", platform, scope="row", role="rowheader"),
            *(_cell(abi, cells.get((platform, abi), []), linked) for abi in abis),
            role="row",
        )
        for platform in sorted({wheel.platform for wheel in wheels})
    ]
    versions = ", ".join(sorted({wheel.version for wheel in wheels}))
    head = element(
        "tr",
        element("th", "platform", scope="col", role="columnheader"),
        *(element("th", abi, scope="col", role="columnheader") for abi in abis),
        role="row",
    )
    # These are the default roles of tables. A narrow page lays tables out as blocks, which removes the roles.
    table = element(
        "table",
        element("caption", f"Wheels of {name} by platform and Python ABI", class_="unseen"),
        element("thead", head, role="rowgroup"),
        element("tbody", *rows, role="rowgroup"),
        class_="matrix",
        role="table",
    )
    heading = element("h3", name, " ", element("span", versions, class_="quiet"))
    return element("section", heading, scrolled(f"Wheels of {name}", table), class_="distribution")


def _abi_order(abi: str) -> tuple[int, str]:
    digits = "".join(filter(str.isdigit, abi.split("-")[0]))
    return int(digits or 0), abi


def _cell(abi: str, wheels: list[WheelReport], linked: bool) -> Html:
    if not wheels:
        return element("td", element("span", "no wheel", class_="unseen"), class_="none", role="cell")
    words = " ".join(word for wheel in wheels for word in _words(wheel)).lower()
    content = [_wheel(wheel, linked) for wheel in wheels]
    return element("td", *content, role="cell", data_abi=abi, data_words=words)


def _words(wheel: WheelReport) -> list[str]:
    """Return the words that a reader can filter by."""
    outcomes = [f"{outcome.python} {outcome.outcome.value}" for outcome in wheel.smoke]
    return [wheel.wheel, wheel.platform, wheel.abi, wheel.target, *outcomes, *(() if wheel.smoke else ("untested",))]


def _wheel(wheel: WheelReport, linked: bool) -> Html:
    size = human_size(wheel.size)
    named = element("a", size, href=quote(wheel.wheel), aria_label=f"{wheel.wheel}, {size}") if linked else size
    ran = compiles_of(wheel, ran=True)
    cached = compiles_of(wheel, ran=False)
    return element(
        "div",
        element(
            "div",
            element("span", named, class_="size"),
            element("code", wheel.sha256[:_SHORT_HASH], title=f"sha256 {wheel.sha256}"),
            class_="line",
        ),
        element("ul", *map(_chip, wheel.smoke), class_="chips", aria_label="smoke tests"),
        element("div", f"{ran} compiled, {cached} cached", class_="quiet"),
        element("details", element("summary", "more"), _facts(wheel)),
        class_="wheel",
    )


def _chip(outcome: PythonOutcome) -> Html:
    title = ". ".join(filter(None, (outcome.outcome.value, outcome.where, outcome.reason.split("\n")[0])))
    return chip(outcome.python, outcome.outcome, title)


def _facts(wheel: WheelReport) -> Html:
    all_ran = sum(row.ran for row in wheel.actions)
    all_cached = sum(row.cached for row in wheel.actions)
    facts: list[tuple[str, list[object]]] = [
        ("file", [element("code", wheel.wheel)]),
        ("sha256", [element("code", wheel.sha256)]),
        ("tags", [element("code", tag) for tag in wheel.tags]),
        ("target", [wheel.target]),
        ("actions", [f"{all_ran} run, {all_cached} cached"]),
        ("grafted", list(wheel.grafted)),
        ("headers", list(wheel.headers)),
        ("smoke tests", [_outcome(outcome) for outcome in wheel.smoke]),
    ]
    shown = (join(element("dt", name), *(element("dd", value) for value in values)) for name, values in facts if values)
    return element("dl", *shown)


def _outcome(outcome: PythonOutcome) -> Html:
    where = f" on {outcome.where}" if outcome.where else ""
    checks = [
        element("li", f"{check.name}: {check.outcome.value}{f' ({check.detail})' if check.detail else ''}")
        for check in outcome.checks
    ]
    return join(
        f"{outcome.python} {outcome.outcome.value}{where}",
        element("pre", outcome.reason) if outcome.reason else None,
        element("ul", *checks) if checks else None,
    )
