"""The page of `package --report=html`, written by one real run and shown by a real browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.support.browser import Browser
from e2e.support.project import PantsRun, Project, running
from e2e.support.readability import READABLE, contrast

WIDTHS = {"wide": (1280, 900), "phone": (400, 800)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("page") / "repo", "core", "shared")) as project:
        yield project


@pytest.fixture(scope="module")
def packaged(project: Project) -> PantsRun:
    project.clear_dist()
    return project.pants("package", "--report=html", "core:wheel", "shared:wheel").checked()


@pytest.fixture(scope="module")
def page(project: Project, packaged: PantsRun, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 (has to be first)
    """Return a copy of the page and the files next to it, so that no later run changes it."""
    folder = tmp_path_factory.mktemp("dist") / "dist"
    shutil.copytree(project.dist, folder)
    return folder / "report.html"


@pytest.fixture
def shown(chromium: Browser, page: Path) -> Browser:
    """Load the page in a wide window."""
    return show(chromium, page, "wide")


def show(session: Browser, page: Path, width: str, scheme: str = "light") -> Browser:
    session.prefer(scheme)
    session.resize(*WIDTHS[width])
    session.open(page)
    return session


def texts(session: Browser, selector: str) -> list[str]:
    """Return the text of each element that a selector matches."""
    script = "return [...document.querySelectorAll(arguments[0])].map(element => element.textContent)"
    found: list[str] = session.run(script, selector)
    return found


def reports(project_dist: Path) -> list[dict[str, Any]]:
    """Return the run's JSON reports."""
    return [json.loads(path.read_text()) for path in sorted(project_dist.rglob("*.report.json"))]


def wheels(dist: Path) -> list[dict[str, Any]]:
    return [wheel for report in reports(dist) for wheel in report["wheels"]]


def processes(dist: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return every process behind the wheels, without duplicates of several targets."""
    rows = (row for report in reports(dist) for row in report["processes"])
    return {(row["kind"], row["description"], row["output"]): row for row in rows}


def test_the_page_is_next_to_the_wheels_and_its_path_printed(project: Project, packaged: PantsRun) -> None:
    assert f"Wrote {project.dist / 'report.html'}" in packaged.output
    assert len(project.wheels()) == 4


@pytest.mark.usefixtures("page")
def test_without_the_option_no_page_is_written(project: Project) -> None:
    project.package("shared:wheel")
    assert len(project.wheels()) == 1
    assert not (project.dist / "report.html").exists()


def test_an_unknown_format_is_refused_with_valid_ones(project: Project) -> None:
    run = project.pants("package", "--report=pdf", "shared:wheel")
    assert run.exit_code != 0
    assert "'pdf' is not a report format" in run.output


def test_the_browser_complains_of_nothing_and_loads_nothing_else(shown: Browser) -> None:
    assert shown.console() == []
    assert shown.run("return performance.getEntriesByType('resource').map(entry => entry.name)") == []


def test_the_policy_lets_nothing_in_that_is_not_the_pages_own(shown: Browser) -> None:
    """If the policy were not in force, the checks above could not fail."""
    shown.run(
        "const added = document.createElement('script'); added.text = 'window.broken = 1'; document.body.append(added)"
    )
    assert shown.run("return window.broken") is None
    assert any("Content Security Policy" in message for message in shown.console())


def test_the_matrix_links_to_every_wheel(shown: Browser, page: Path) -> None:
    links = shown.run(
        "return [...document.querySelectorAll('.matrix a')].map(a => [a.href, a.getAttribute('aria-label')])"
    )
    assert sorted(href for href, _ in links) == sorted(path.as_uri() for path in page.parent.glob("*.whl"))
    assert all(name.startswith(href.rpartition("/")[2]) for href, name in links)


def test_a_wheels_cell_matches_the_report(shown: Browser, page: Path) -> None:
    script = """
        const cell = document.querySelector(`.matrix a[href="${arguments[0]}"]`).closest('td');
        const headers = [...cell.closest('table').querySelectorAll('thead th')];
        return {
            abi: headers[cell.cellIndex].innerText,
            platform: cell.parentNode.cells[0].innerText,
            text: cell.textContent,
            smoke: [...cell.querySelectorAll('.chip')].map(chip => chip.textContent),
        };
    """
    for wheel in wheels(page.parent):
        cell = shown.run(script, wheel["wheel"])
        assert (cell["platform"], cell["abi"]) == (wheel["platform"], wheel["abi"])
        assert wheel["sha256"] in cell["text"]
        assert all(tag in cell["text"] for tag in wheel["tags"])
        marks = {"passed": "✓", "failed": "✗", "not run": "○"}
        assert cell["smoke"] == [f"{s['python']} {marks[s['outcome']]} {s['outcome']}" for s in wheel["smoke"]]


def test_the_totals_count_each_action_once(shown: Browser, page: Path) -> None:
    script = (
        "return [...document.querySelectorAll('.totals tr')].map(row => [...row.cells].map(cell => cell.innerText))"
    )
    _, *rows, everything = shown.run(script)
    counted = processes(page.parent)
    sources = [row["source"] for row in counted.values()]
    assert everything[1:5] == [str(sources.count(s)) for s in ("ran", "hit_locally", "hit_remotely", "memoized")]
    assert sum(int(count) for row in rows for count in row[1:5]) == len(counted)
    saved = sum(row["milliseconds"] for row in counted.values() if row["source"] != "ran")
    assert float(everything[6]) == pytest.approx(saved / 1000, abs=0.051)


def test_the_terminal_shows_the_same_totals(packaged: PantsRun, page: Path) -> None:
    sources = [row["source"] for row in processes(page.parent).values()]
    (line,) = [line.split() for line in packaged.stderr.splitlines() if line.startswith("all ")]
    assert line[1:5] == [str(sources.count(s)) for s in ("ran", "hit_locally", "hit_remotely", "memoized")]


def test_every_action_has_a_bar_with_its_source(shown: Browser, page: Path) -> None:
    """The engine's events about processes are not a documented interface: here a real engine sends them."""
    stages = ".rows:not(.path) > details"
    titles = texts(shown, f"{stages} > summary .bar title")
    said = {"ran": "run", "hit_locally": "hit locally", "hit_remotely": "hit remotely"}
    rows = [row for row in processes(page.parent).values() if row["source"] != "memoized"]
    expected = [f"{row['description']}: {said[row['source']]}, " for row in rows]
    assert [text for text in expected if not any(title.startswith(text) for title in titles)] == []
    assert not {text.partition(": ")[0] for text in expected} & set(texts(shown, f"{stages}:first-of-type th"))


def test_each_action_names_its_platform(page: Path) -> None:
    rows = [row for report in reports(page.parent) for row in report["processes"]]
    assert {row["platform"] for row in rows if row["kind"] == "metadata"} == {""}
    work = [row for row in rows if row["kind"] not in ("metadata", "runtime pack")]
    assert work
    assert all(row["platform"] and row["platform"] in row["description"] for row in work)


def test_each_action_names_those_that_it_needed(page: Path) -> None:
    before = {
        "link": {"runtime pack", "compile"},
        "assemble": {"metadata", "link"},
        "repair": {"assemble"},
        "verify": {"repair"},
        "stamp": {"verify"},
        "smoke test": {"stamp"},
    }
    for report in reports(page.parent):
        rows = report["processes"]
        for row in rows:
            needed = {rows[place]["kind"] for place in row["needs"]}
            assert needed - ({"link"} if row["kind"] == "link" else set()) == before.get(row["kind"], set())
    rows = json.loads((page.parent / "shared/wheel.report.json").read_text())["processes"]
    links = {row["description"].split()[1]: row for row in rows if row["kind"] == "link"}
    library = rows.index(links.pop("libengine.so"))
    assert len(links) == 2
    assert all(library in extension["needs"] for extension in links.values())


@pytest.mark.parametrize("width", WIDTHS)
def test_the_critical_path_is_a_chain_of_labelled_bars(chromium: Browser, page: Path, width: str) -> None:
    script = """
        const box = element => (({left, top, right, bottom}) => [left, top, right, bottom])(
            element.getBoundingClientRect());
        return [...document.querySelectorAll('.path .row:not(.ticks)')].map(row => ({
            label: box(row.querySelector('.label')), track: box(row.querySelector('svg')),
            value: box(row.querySelector('.value')), bar: box(row.querySelector('.bar')),
            text: row.querySelector('.label').innerText,
        }));
    """
    rows = show(chromium, page, width).run(script)
    assert [row["text"].split()[0] for row in rows][-3:] == ["Verify", "Stamp", "Smoke-test"]
    for row in rows:
        left, top, right, bottom = row["bar"]
        assert right - left > 0.5, f"{row['text']} has no bar to see"
        assert bottom - top > 5, f"{row['text']} has no bar to see"
        assert row["track"][0] - 1 <= left
        assert right <= row["track"][2] + 1
        assert not overlap(row["bar"], row["label"])
        assert not overlap(row["bar"], row["value"])
        assert not overlap(row["label"], row["value"])
    starts = [row["bar"][0] for row in rows]
    assert starts == sorted(starts), "a step began before the one that it needs"


def overlap(first: list[float], second: list[float]) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_as_wide_as_the_window(chromium: Browser, page: Path, width: str) -> None:
    session = show(chromium, page, width)
    session.run("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    assert session.run("return [innerWidth, document.documentElement.scrollWidth]") == [WIDTHS[width][0]] * 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_in_either_scheme(chromium: Browser, page: Path, scheme: str) -> None:
    script = """
        const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
        const behind = element => {
            for (let e = element; e; e = e.parentElement) {
                const colour = numbers(getComputedStyle(e).backgroundColor);
                if (colour.length === 3 || colour[3] > 0) return colour;
            }
        };
        return arguments[0].map(selector => {
            const element = document.querySelector(selector);
            return [selector, numbers(getComputedStyle(element).color), behind(element)];
        });
    """
    selectors = ["body", ".quiet", ".matrix a", ".chip.passed", ".wheel code", "thead th", ".row .value"]
    colours = show(chromium, page, "wide", scheme).run(script, selectors)
    paper = sum(colours[0][2])
    assert paper < 200 if scheme == "dark" else paper > 600
    assert {name: contrast(ink, paper) for name, ink, paper in colours if contrast(ink, paper) < READABLE} == {}


def test_the_filter_leaves_the_wheels_with_all_the_words(shown: Browser) -> None:
    shown.run("document.getElementById('filter').focus()")
    shown.press(*"cp310 manylinux")
    assert shown.run("return document.getElementById('filter-count').textContent") == "1 of 4 wheels"
    sections = "return [...document.querySelectorAll('.distribution')].filter(s => s.checkVisibility()).length"
    assert shown.run(sections) == 1
    shown.run("const f = document.getElementById('filter'); f.value = ''; f.dispatchEvent(new Event('input'))")
    assert shown.run(sections) == 2


def test_the_page_is_usable_by_the_keyboard_alone(shown: Browser) -> None:
    tab = "\ue004"
    enter = "\ue007"
    reached = []
    for _ in range(200):
        shown.press(tab)
        name = shown.run("const e = document.activeElement; return e.id || e.getAttribute('aria-label') || e.tagName")
        if name == "BODY":
            break
        reached.append(name)
    links = shown.run("return [...document.querySelectorAll('a')].map(a => a.getAttribute('aria-label'))")
    assert {"filter", *links} <= set(reached)
    assert reached.count("SUMMARY") >= 4
    summary = "document.querySelector('.rows > details > summary')"
    shown.run(f"{summary}.focus()")
    shown.press(enter)
    assert shown.run(f"return {summary}.parentNode.open") is True


def test_tables_have_the_names_and_headers_that_a_reader_hears(chromium: Browser, page: Path) -> None:
    """Even on a phone, where the cells are below each other."""
    session = show(chromium, page, "phone")
    session.devtools("Accessibility.enable")
    nodes = session.devtools("Accessibility.getFullAXTree")["nodes"]
    named = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    assert ("table", "Wheels of shapes by platform and Python ABI") in named
    assert {"columnheader", "rowheader", "cell", "row"} <= {role for role, _ in named}
    assert {("columnheader", "cp310"), ("columnheader", "cp312-abi3"), ("heading", "Timeline")} <= set(named)


@pytest.mark.usefixtures("page")
def test_a_failed_smoke_test_is_shown_and_writes_no_wheel(chromium: Browser, project: Project) -> None:
    project.clear_dist()
    (project.dist).mkdir()
    project.write("core/smoke/test_shapes.py", "def test_it():\n    assert 1 < 0, '<b>never</b>'\n")
    summary = project.root.parent / "summary.md"
    run = project.pants(
        *("package", "--report=html", "--report=github", "core:wheel"),
        variables={"GITHUB_STEP_SUMMARY": str(summary)},
    )
    assert run.exit_code != 0
    assert project.wheels() == []
    annotations = [line for line in run.stdout.splitlines() if line.startswith("::error title=shapes-")]
    assert len(annotations) == 4
    assert all("core:wheel%0Atests: " in line for line in annotations)
    assert "3.10 FAILED" in summary.read_text()
    assert "3.10 FAILED" in run.stderr
    assert "failed its smoke test" in run.stderr
    session = show(chromium, project.dist / "report.html", "wide")
    assert "This run failed" in session.run("return document.querySelector('.failure').innerText")
    assert session.run("return document.querySelectorAll('.chip.failed').length") == 4
    assert session.run("return document.querySelectorAll('.matrix a').length") == 0
    assert "<b>never</b>" in session.run("return document.querySelector('.reasons').innerText")
    assert session.run("return document.querySelectorAll('.bar.failed').length") >= 4
    assert session.console() == []


def test_a_failed_run_replaces_the_previous_page(chromium: Browser, project: Project, page: Path) -> None:
    project.dist.mkdir(exist_ok=True)
    shutil.copy(page, project.dist)
    project.replace("core/geometry/path.cc", "#include", "#error this is not to compile\n#include")
    run = project.pants("package", "--report=html", "core:wheel")
    assert run.exit_code != 0
    assert "this is not to compile" in run.stderr
    session = show(chromium, project.dist / "report.html", "wide")
    assert "No wheel was built." in session.run("return document.body.innerText")
    assert any("path.cc" in title for title in texts(session, ".bar.failed title"))
