"""Install commands that can be copied.

A static page does not know its own address. So a command has a placeholder, which the page's script replaces, unless
the index was made with `--url`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from packaging.version import Version

from spokeshave.release.index.folder import RELEASES, SIMPLE
from spokeshave.release.record import CONSTRAINTS
from spokeshave_core.page.markup import Child, Html, element, join
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

_PLACEHOLDER = "INDEX/"


@dataclass(frozen=True)
class Address:
    """The address of an index.

    Attributes:
        up: The relative URL of the index's folder, seen from the page: empty on the front page.
        url: The address that the index is served at, which ends with a slash. Empty if it is not known.
    """

    up: str = ""
    url: str = ""

    def of(self, path: str) -> Child:
        """Return the address of a file of the index, for a command."""
        if self.url:
            return f"{self.url}{path}"
        return element("span", f"{_PLACEHOLDER}{path}", data_address=f"{self.up}{path}")

    @property
    def explanation(self) -> Html | None:
        """Return what the placeholder stands for. A script that fills it in removes the sentence."""
        if self.url:
            return None
        here = element("a", "the address of this index", href=self.up) if self.up else "the address of this page"
        stands = join(element("code", _PLACEHOLDER), " stands for ", here, ", without ", element("code", "index.html"))
        return element("p", stands, ".", class_="quiet placeholder")


def copied_text(shown: Html, name: str) -> Html:
    """Return a text with a button that copies it.

    Args:
        name: What is copied, for readers who hear the page.
    """
    button = element("button", "Copy", type="button", class_="copy", aria_label=f"Copy {name}", hidden=True)
    return join(shown, button)


def copied_status() -> Html:
    """Return where the script says that something was copied. A page has one."""
    return element("p", id="copied", class_="unseen", role="status")


def index_command(address: Address) -> Html:
    """Return the address that installers need."""
    return _commands([("index URL", "the index URL", [address.of(f"{SIMPLE}/")])])


def project_commands(address: Address, record: ReleaseRecord, project: str, *, newest: bool = False) -> Html:
    """Return the commands that install one project of a set.

    Args:
        newest: Whether there is one for the newest pre-release, without a version.
    """
    version = record.projects[project].version
    rows = [
        ("pip", f"the pip command for {project}", _pip(address, [_pin(project, version)])),
        ("uv", f"the uv command for {project}", _uv(address, _explicit_pins(record, project))),
    ]
    if newest and Version(version).is_prerelease:
        command = ["pip install --index-url ", address.of(f"{SIMPLE}/"), f" --pre {project}"]
        rows.append(("newest", f"the pip command for the newest {project}", command))
    return _commands(rows)


def set_commands(address: Address, record: ReleaseRecord, projects: Iterable[str]) -> Html:
    """Return the commands that install several projects of a set."""
    names = sorted(projects)
    pins = [_pin(name, record.projects[name].version) for name in names]
    constraints = f"{RELEASES}/{quote(record.name)}/{quote(record.version)}/{CONSTRAINTS}"
    constrained: list[Child] = [
        *("pip install --index-url ", address.of(f"{SIMPLE}/")),
        *(" -c ", address.of(constraints), f" {' '.join(names)}"),
    ]
    hashed = ["pip install --index-url ", address.of(f"{SIMPLE}/"), " --require-hashes -r requirements.txt"]
    return _commands(
        [
            ("pip", "the pip command", _pip(address, pins)),
            ("uv", "the uv command", _uv(address, pins)),
            ("with constraints", "the pip command with constraints", constrained),
            ("by hash", "the pip command by hash", hashed),
        ]
    )


def hashed_requirements(record: ReleaseRecord, files: Iterable[ReleaseFile]) -> str:
    """Return the requirements file of a set, with the sha256 of each file, for `pip install --require-hashes -r`."""
    hashes: dict[str, list[str]] = {name: [] for name in sorted(record.projects)}
    for file in files:
        hashes[file.project].append(file.sha256)
    return "".join(
        " \\\n".join(
            [
                f"{name}=={record.projects[name].version}",
                *(f"    --hash=sha256:{sha256}" for sha256 in sorted(found)),
            ]
        )
        + "\n"
        for name, found in hashes.items()
        if found
    )


def _pip(address: Address, pins: Iterable[str]) -> list[Child]:
    return ["pip install --index-url ", address.of(f"{SIMPLE}/"), " ", " ".join(pins)]


def _uv(address: Address, pins: Iterable[str]) -> list[Child]:
    return ["uv pip install --index ", address.of(f"{SIMPLE}/"), " ", " ".join(pins)]


def _explicit_pins(record: ReleaseRecord, project: str) -> list[str]:
    """Return the pins of a project and, of a pre-release, those of the projects that it requires.

    uv takes a pre-release only of what is named on its command line.
    """
    pins = {project: _pin(project, record.projects[project].version)}
    pending = [project] if Version(record.version).is_prerelease else []
    while pending:
        for requirement in record.projects[pending.pop()].requires:
            name = requirement.partition("==")[0].strip()
            if name in record.projects and name not in pins:
                pins[name] = _pin(name, record.projects[name].version)
                pending.append(name)
    return list(pins.values())


def _pin(project: str, version: str) -> str:
    return shlex.quote(f"{project}=={version}")


def _commands(rows: Iterable[tuple[str, str, list[Child]]]) -> Html:
    """Return a list of commands: the label of each, what its button copies, and its text in parts."""
    items = (
        join(
            element("dt", label),
            element("dd", element("div", copied_text(element("code", *parts), name), class_="command")),
        )
        for label, name, parts in rows
    )
    return element("dl", *items, class_="commands")
