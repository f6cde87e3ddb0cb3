"""The documents name files that exist, the Pythons that the table lists, and the current version and settings."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import tomli

from spokeshave_core.cpython_releases import MAINTAINED

REPOSITORY = Path(__file__).parents[2]
# A path in a document is one of the repository, or of the tree that the document's sentence is about.
ROOTS = ("", "rules/spokeshave_pants/", "tools/spokeshave/", "core/spokeshave_core/", "bench/", "docs/")
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "bench/README.md", "rules/README.md", "docs/*.md")
_PATH = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|c|css|js|md)|(?:[\w.-]+/)+)`")
# A file that the reader of a tutorial writes: its path, before its text.
_WRITTEN = re.compile(r"^`([^`\n]+)`:\n\n```", re.MULTILINE)
# A command to copy, and the sources and folders of Abacus that it names.
_COMMAND = re.compile(r"^(?:\./pants|gdb) .*|`(?:\./pants|gdb) [^`]*`", re.MULTILINE)
_OF_ABACUS = re.compile(r"(?<![\w/.])src/[\w./-]*\w")
# Documents whose commands are for Abacus, so that readers can try them here.
_WITH_COMMANDS = ("README.md", "docs/development.md")
_PLUGIN = re.compile(r"\bspokeshave-pants-plugin==([\w.]+)")
_STEPS = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
# A range of Pythons, such as `from 3.11 to 3.15`, but not of patch releases.
_PYTHONS = re.compile(r"\bfrom (3\.\d+) to (3\.\d+)\b(?!\.\d)")
# The tools run on older Pythons than wheels are built for.
_OLDEST_OF_TOOLS = "3.9"
# Files of users, and what a run writes.
_OF_USERS = {"dist/", "conanfile.py", "setup.py"}


def tracked() -> set[str]:
    """The files of the repository and their folders."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    files = set(listed.stdout.splitlines())
    return files | {f"{parent.as_posix()}/" for file in files for parent in Path(file).parents}


@pytest.mark.parametrize(
    "document", sorted(path.relative_to(REPOSITORY).as_posix() for glob in DOCUMENTS for path in REPOSITORY.glob(glob))
)
def test_paths_in_documents_exist(document: str) -> None:
    known = tracked()
    text = (REPOSITORY / document).read_text()
    written = {name for path in _WRITTEN.findall(text) for name in (path, Path(path).name)}
    named = set(_PATH.findall(text)) - written - _OF_USERS
    assert sorted(name for name in named if not any(root + name in known for root in ROOTS)) == []


@pytest.mark.parametrize("document", _WITH_COMMANDS)
def test_paths_in_commands_exist(document: str) -> None:
    known = tracked()
    commands = _COMMAND.findall((REPOSITORY / document).read_text())
    named = {path for command in commands for path in _OF_ABACUS.findall(command)}
    assert named
    assert sorted(path for path in named if not {path, f"{path}/"} & known) == []


def test_documents_name_the_maintained_pythons() -> None:
    documents = (path for glob in DOCUMENTS for path in REPOSITORY.glob(glob))
    named = {python for path in documents for python in _PYTHONS.findall(path.read_text())}
    # Those that wheels are built for, and those that the tools run on.
    assert named == {(MAINTAINED[0], MAINTAINED[-1]), ("3.9", MAINTAINED[-1])}


def test_documents_name_the_current_version_of_the_plugin() -> None:
    """The page of the plugin on PyPI is one of them."""
    documents = [path for glob in (*DOCUMENTS, "rules/README.md", "tools/README.md") for path in REPOSITORY.glob(glob)]
    named = {path.name: set(_PLUGIN.findall(path.read_text())) for path in documents}
    (current,) = re.findall(r'^__version__ = "(.+)"$', (REPOSITORY / "tools/spokeshave/__init__.py").read_text(), re.M)
    assert {page: versions for page, versions in named.items() if versions - {current}} == {}
    assert _PLUGIN.findall((REPOSITORY / "rules/README.md").read_text()) == [current]


def test_the_remote_cache_page_quotes_the_search_path() -> None:
    settings = tomli.loads((REPOSITORY / "pants.toml").read_text())
    quoted = json.dumps(settings["python-bootstrap"]["search_path"])
    assert f"`{quoted}`" in (REPOSITORY / "docs/remote-cache.md").read_text()


def test_a_failure_ends_the_steps_of_jobs_in_documents() -> None:
    """`bash -e`, which runs them, goes on after a failure before `&&`."""
    blocks = [
        block for path in sorted((REPOSITORY / "docs").glob("*.md")) for block in _STEPS.findall(path.read_text())
    ]
    assert blocks
    assert [line for block in blocks for line in block.splitlines() if " && " in line and "${{" not in line] == []
