"""The pages of a release index for people, written by the real commands and shown by a real browser."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shlex
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from e2e.support.browser import Browser
from e2e.support.readability import clipped_texts, faint_texts
from spokeshave.cli import main
from spokeshave.release.index.people.front_page import OPEN_ROWS
from spokeshave.testing.release_fixtures import COMPILER, RUNTIME, smoke_report, write_one
from spokeshave.testing.sdist_fixtures import write_sdist
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.uv_fixtures import uv

WIDTHS = {"wide": (1280, 900), "phone": (400, 800), "small": (320, 640)}
LINUX = "manylinux_2_17_x86_64"
MACHINES = {LINUX: "Linux x86_64, glibc 2.36", "win_amd64": "Windows 10 AMD64", "macosx_11_0_arm64": "macOS 14 arm64"}
OLDER = [f"1.0.{number}" for number in range(14)]
NIGHTLY = "1.3.0.dev20261124"
CANDIDATE = "1.2.0rc20261120"
YANKED = "1.2.0rc20261125"
FINAL = "1.2.0"
PARTIAL = "1.2.1"
REASON = "crashes on an empty <input> & more"
ENTER = "\ue007"
# What readers without a script see, in which an address is a placeholder.
ADDRESS = "INDEX/"


@dataclass(frozen=True)
class Served:
    """An index on a web server of this machine."""

    folder: Path
    url: str

    def page(self, version: str | None = None) -> str:
        """Return the URL of a release's page, or of the front page."""
        return self.url if version is None else f"{self.url}releases/abacus/{version}/"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing."""


def run(*arguments: object) -> None:
    assert main([str(argument) for argument in arguments]) == 0


def seal(root: Path, version: str, channel: str) -> Path:
    """Seal a release of two projects: wheels for one Python each, and wheels for several, an sdist, and their tests."""
    wheels = root / version / "wheels"
    reports = root / version / "reports"
    reports.mkdir(parents=True)
    runtime = [f"cp{python}-cp{python}-{platform}" for python in ("312", "313") for platform in MACHINES]
    compiler = [f"cp312-abi3-{platform}" for platform in MACHINES]
    for project, tags in ((RUNTIME, runtime), (COMPILER, compiler)):
        for tag in tags:
            wheel = write_one(wheels, project, tag, version=version)
            machine = MACHINES[tag.split("-")[2]]
            pythons = [f"3.{tag[3:5]}.1"] if project == RUNTIME else ["3.12.1", "3.14.0"]
            runs = [smoke_report(wheel, python, platform=machine) for python in pythons]
            (reports / f"{wheel.name}.json").write_text(json.dumps(runs))
    metadata = f"Metadata-Version: 2.4\nName: {RUNTIME}\nVersion: {version}\nRequires-Python: >=3.10\n"
    folder = f"abacus_runtime-{version}"
    if channel != "rc":
        write_sdist(wheels / f"{folder}.tar.gz", {f"{folder}/PKG-INFO": metadata, f"{folder}/pyproject.toml": ""})
    record = root / version / "record"
    facts = ["--name", "abacus", "--version", version, "--channel", channel, "--commit", "89ece87b" * 5]
    run(
        *("release", "seal", "--wheels", wheels, "--reports", reports, *facts),
        *("--revision", f"llvm={'0a1b2c3d' * 5}", "--output", record),
    )
    return record


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve an index with a nightly, candidates of which one is yanked, a promotion, and a part of a release."""
    root = tmp_path_factory.mktemp("index")
    folder = root / "served"
    older = [write_release(root / "older", version) for version in OLDER]
    run("index", "add", *older, folder, "--added", "2026-11-23T05:00:00Z")
    run("index", "add", seal(root, NIGHTLY, "nightly"), folder, "--added", "2026-11-24T05:00:00Z")
    candidates = [seal(root, version, "rc") for version in (CANDIDATE, YANKED)]
    final = root / FINAL / "record"
    run("release", "promote", candidates[0], "--version", FINAL, "--output", final)
    run("index", "add", *candidates, final, folder, "--added", "2026-11-26T05:00:00Z")
    run("index", "yank", "abacus", YANKED, folder, "--reason", REASON)
    run("index", "keep", "abacus", CANDIDATE, folder, "--reason", "what partners validated")
    part = ["--only", "win_*", "--partial"]
    run("release", "publish", seal(root, PARTIAL, "stable"), "--to", f"index:{folder}", *part)
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Served(folder, f"http://127.0.0.1:{server.server_address[1]}/")
        finally:
            server.shutdown()
            thread.join()


def show(session: Browser, url: str, width: str = "wide", scheme: str = "light") -> Browser:
    session.prefer(scheme)
    session.resize(*WIDTHS[width])
    session.open(url)
    session.run("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    return session


def text(session: Browser, selector: str) -> str:
    return str(session.run("return document.querySelector(arguments[0]).innerText", selector))


every_page = pytest.mark.parametrize("version", [None, FINAL, CANDIDATE, YANKED, PARTIAL])


@every_page
def test_the_browser_complains_of_nothing_and_loads_nothing(
    chromium: Browser, index: Served, version: str | None
) -> None:
    session = show(chromium, index.page(version))
    assert session.console() == []
    assert session.run("return performance.getEntriesByType('resource').map(entry => entry.name)") == []


def test_the_policy_lets_no_other_script_run(chromium: Browser, index: Served) -> None:
    session = show(chromium, index.page())
    session.run("const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)")
    assert session.run("return window.ran") is None
    assert any("Content Security Policy" in message for message in session.console())


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_text_can_be_read_in_either_scheme(
    chromium: Browser, index: Served, version: str | None, scheme: str
) -> None:
    session = show(chromium, index.page(version), scheme=scheme)
    assert faint_texts(session) == []
    paper = session.run("return getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(21, 24, 28)" if scheme == "dark" else "rgb(255, 255, 255)")


@every_page
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_its_window_with_each_text(
    chromium: Browser, index: Served, version: str | None, width: str
) -> None:
    session = show(chromium, index.page(version), width)
    assert session.run("return [innerWidth, document.documentElement.scrollWidth]") == [WIDTHS[width][0]] * 2
    assert clipped_texts(session) == []


@every_page
def test_links_lead_to_what_the_index_has(chromium: Browser, index: Served, version: str | None) -> None:
    page = index.page(version)
    session = show(chromium, page)
    links = session.run("return [...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert len(links) > 10
    for link in set(links):
        url = urljoin(page, link)
        fragment = urlsplit(url).fragment
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD")) as answer:
            assert answer.status == 200
        assert not fragment or session.run("return !!document.getElementById(arguments[0])", unquote(fragment))


def test_the_front_page_shows_the_newest_of_each_channel(chromium: Browser, index: Served) -> None:
    session = show(chromium, index.page())
    script = """
        return [...document.querySelectorAll("main > section")].map(section => [
            section.querySelector("h2").firstChild.textContent.trim(),
            [...section.querySelectorAll("article h3 a")].map(e => e.textContent),
            section.querySelectorAll(".listing tbody tr").length,
        ])
    """
    assert session.run(script)[:-1] == [
        # A part of a release is not its newest one, and a release that was yanked neither.
        ["stable", [f"abacus {FINAL}"], len(OLDER) + 2],
        ["rc", [f"abacus {CANDIDATE}"], 2],
        ["nightly", [f"abacus {NIGHTLY}"], 0],
    ]
    rows = [
        row.split("\n") for row in session.run("return [...document.querySelectorAll('tr')].map(row => row.innerText)")
    ]
    states = {row[0].split("\t")[0]: " ".join(row) for row in rows}
    assert f"yanked {REASON}" in states[f"abacus {YANKED}"]
    assert "kept what partners validated" in states[f"abacus {CANDIDATE}"]
    assert "partial only win_*" in states[f"abacus {PARTIAL}"]
    assert f"promoted from {CANDIDATE}" in states[f"abacus {FINAL}"]
    assert "2026-11-26\t89ece87b89ec\t3\t3.12 to 3.15\t9" in states[f"abacus {CANDIDATE}"]
    assert f"{len(OLDER) + 2 - OPEN_ROWS} older releases" in text(session, "#channel-stable summary")


def test_a_matrix_names_what_was_tested_where(chromium: Browser, index: Served) -> None:
    session = show(chromium, index.page(FINAL))
    script = """
        return [...document.querySelectorAll(".served")].map(table => [...table.rows].map(row =>
            [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, " "))));
    """
    compiler, runtime = session.run(script)
    assert compiler[:2] == [
        ["platform", "3.12", "3.13", "3.14", "3.15", "tested on"],
        [
            *("Linux x86_64 glibc 2.17 or newer", "✓ tested", "○ untested", "✓ tested", "○ untested"),
            "Linux x86_64, glibc, before the promotion",
        ],
    ]
    assert [row[0].split(" ")[0] for row in runtime] == ["platform", "Linux", "macOS", "Windows"]
    assert runtime[0][1:-1] == ["3.12", "3.13"]


def test_without_a_script_everything_is_there(chromium: Browser, index: Served) -> None:
    """A reader without a script has placeholders for the address, and no button that does nothing."""
    chromium.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        for version in (None, FINAL):
            with urllib.request.urlopen(index.page(version)) as answer:
                served = _text_of(answer.read().decode())
            chromium.open(index.page(version))
            body = chromium.devtools("Runtime.evaluate", expression="document.body.innerText", returnByValue=True)[
                "result"
            ]["value"]
            assert f"pip install --index-url {ADDRESS}simple/ {RUNTIME}=={FINAL}" in body
            assert f"{ADDRESS} stands for the address of this" in body
            assert "Copy" not in body
            chromium.devtools(
                "Runtime.evaluate",
                expression="document.querySelectorAll('details').forEach(details => { details.open = true; })",
            )
            shown = chromium.devtools("Runtime.evaluate", expression="document.body.innerText", returnByValue=True)[
                "result"
            ]["value"]
            missing = [part for part in served if part not in shown.replace("\n", " ").replace("\t", " ")]
            assert missing == []
    finally:
        chromium.devtools("Emulation.setScriptExecutionDisabled", value=False)


class _Texts(HTMLParser):
    """The texts in a page's body that are not for a script or a button."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("head", "script", "button", "pre") or ("class", "unseen") in attrs:
            self._skipped += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("head", "script", "button", "pre"):
            self._skipped -= 1

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._skipped:
            self.texts.append(" ".join(data.split()))


def _text_of(page: str) -> list[str]:
    parser = _Texts()
    parser.feed(page)
    return parser.texts


def test_commands_have_the_address_of_the_index(chromium: Browser, index: Served) -> None:
    simple = f"{index.url}simple/"
    front = text(show(chromium, f"{index.page()}index.html?a=b#channel-rc"), "main")
    assert f"pip install --index-url {simple} {COMPILER}=={FINAL}\n" in front
    assert f"uv pip install --index {simple} {COMPILER}=={CANDIDATE} {RUNTIME}=={CANDIDATE}\n" in front
    assert f"pip install --index-url {simple} --pre {COMPILER}\n" in front
    assert ADDRESS not in front
    page = text(show(chromium, index.page(FINAL)), "#install")
    constraints = f"{index.url}releases/abacus/{FINAL}/constraints.txt"
    assert f"pip install --index-url {simple} -c {constraints} {COMPILER} {RUNTIME}\n" in page
    assert page.count("--hash=sha256:") == 9
    assert ADDRESS not in page


def test_the_commands_install_a_candidate(chromium: Browser, index: Served, tmp_path: Path) -> None:
    session = show(chromium, index.page(CANDIDATE))
    (tmp_path / "requirements.txt").write_text(text(session, "#install pre"))
    commands = session.run("return [...document.querySelectorAll('#install dd code')].map(code => code.innerText)")
    installers = {"pip": [sys.executable, "-m", "pip"], "uv": [str(uv())]}
    # An environment of another platform and Python than that of the test.
    options = {
        "pip": ["--platform", LINUX, "--python-version", "3.12", "--only-binary=:all:", "--disable-pip-version-check"],
        "uv": ["--python-platform", "x86_64-manylinux_2_17", "--python-version", "3.12"],
    }
    assert len(commands) == 4
    for command in commands:
        name, *arguments = shlex.split(command)
        done = subprocess.run(
            [*installers[name], *arguments, *options[name], "--target", "installed", "--no-cache-dir", "--dry-run"],
            cwd=tmp_path,
            env={**os.environ, "UV_DEFAULT_INDEX": f"{index.url}simple/", "PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        for project in (COMPILER, RUNTIME):
            assert f"{project}-{CANDIDATE}" in output or f"{project}=={CANDIDATE}" in output, output


def test_a_button_copies_by_the_keyboard(chromium: Browser, index: Served) -> None:
    session = show(chromium, index.page(FINAL))
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    session.devtools("Browser.grantPermissions", permissions=permissions, origin=index.url.rstrip("/"))
    button = "#install .copy"
    session.run(f"document.querySelector('{button}').focus()")
    session.press(ENTER)
    assert _eventually(session, f"return document.querySelector('{button}').textContent") == "Copied"
    assert session.run("return document.getElementById('copied').textContent") == "Copied"
    command = f"pip install --index-url {index.url}simple/ {COMPILER}=={FINAL} {RUNTIME}=={FINAL}"
    assert session.run("return navigator.clipboard.readText()") == command


def test_a_button_copies_where_the_page_is_not_secure(chromium: Browser, index: Served) -> None:
    """Browsers have no clipboard on pages from http, other than those of this machine."""
    session = show(chromium, index.page(CANDIDATE))
    session.run("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})")
    button = ".files .copy"
    session.run(f"document.querySelector('{button}').focus()")
    session.press(ENTER)
    assert _eventually(session, f"return document.querySelector('{button}').textContent") == "Copied"
    session.run("delete navigator.clipboard")
    sha256 = text(session, ".files .hash code")
    assert len(sha256) == 64
    assert session.run("return navigator.clipboard.readText()") == sha256


def _eventually(session: Browser, script: str) -> object:
    """Return what a script returns after the button's work, which is not done when the key is up."""
    session.run("return new Promise(resolve => setTimeout(resolve, 100))")
    return session.run(script)


def test_the_keyboard_reaches_each_link_and_button(chromium: Browser, index: Served) -> None:
    session = show(chromium, index.page(PARTIAL))
    session.run("document.querySelectorAll('details').forEach(details => { details.open = false; })")
    script = (
        "return [...document.querySelectorAll('a, button, summary, .scroll')].filter(e => e.checkVisibility()).length"
    )
    expected = session.run(script)
    outlines = []
    for _ in range(expected):
        session.press("\ue004")
        outlines.append(session.run("return getComputedStyle(document.activeElement).outlineStyle"))
    assert outlines == ["solid"] * expected
    session.press("\ue004")
    assert session.run("return document.activeElement.tagName") == "BODY"


def test_tables_are_heard_on_a_phone_too(chromium: Browser, index: Served) -> None:
    session = show(chromium, index.page(), "phone")
    session.devtools("Accessibility.enable")
    nodes = session.devtools("Accessibility.getFullAXTree")["nodes"]
    named = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]}
    assert ("table", f"Wheels of {COMPILER} by platform and Python") in named
    assert ("table", "Releases of stable, newest first") in named
    assert {("columnheader", "3.12"), ("columnheader", "tested on"), ("columnheader", "state")} <= named
    assert ("button", f"Copy the pip command for {COMPILER}") in named
    assert any(role == "rowheader" and "Linux x86_64" in name for role, name in named)
    links = [name for role, name in named if role == "link"]
    assert any(".whl" in name and "tested on Linux x86_64, glibc" in name for name in links)
