"""Tests of the files in the plugin."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from spokeshave_core.requirement_lines import requirement_lines
from spokeshave_pants.resources.files import (
    backend_tool,
    core_sources,
    plugin_license,
    plugin_version,
    requirements,
    tool_sources,
    version_header,
)


def test_the_tools_are_carried_whole_and_without_their_tests() -> None:
    sources = tool_sources()
    assert {"__init__.py", "cli.py", "assemble/command.py", "verify/checks/__init__.py"} <= set(sources)
    assert b"def main(" in sources["cli.py"]
    assert [path for path in sources if path.endswith(("_test.py", "_fixtures.py"))] == []


def test_the_plugin_imports_the_core_that_it_carries() -> None:
    """Even if another one is installed: its modules and those that the tools are run with are of one version."""
    program = "import sys, spokeshave_pants, spokeshave_core; print(spokeshave_core.__file__)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env={"PYTHONPATH": ":".join(sys.path)}, check=True, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout.strip().endswith("/spokeshave_pants/resources/core/__init__.py")


def test_the_core_is_carried_without_its_tests() -> None:
    sources = core_sources()
    assert {"__init__.py", "requirement_lines.py"} <= set(sources)
    assert [path for path in sources if path.endswith("_test.py")] == []


def test_the_version_header_is_carried() -> None:
    assert b"#define SPOKESHAVE_VERSION()" in version_header()


@pytest.mark.parametrize("name", ["tools.txt", "sdist.txt", "smoke.txt", "twine.txt", "ziglang.txt"])
def test_every_carried_requirement_is_pinned_by_hash(name: str) -> None:
    lines = requirement_lines(requirements(name).decode())
    assert lines
    assert [line for line in lines if "==" not in line.requirement] == []
    assert [line for line in lines if not line.hashes or not all(h.startswith("sha256:") for h in line.hashes)] == []


def test_license_and_version_of_the_plugin_are_carried() -> None:
    assert plugin_license().startswith(b"MIT License\n")
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", plugin_version())


def test_the_program_for_backends_is_carried_with_its_files() -> None:
    files = backend_tool()
    folder = "spokeshave/standalone/backend/"
    texts = [content.decode() for content in files.values()]
    files_read = {name for text in texts for name in re.findall(r'HERE / "(\w+\.py)"', text)}
    imported = {
        f"{name}.py" for text in texts for name in re.findall(r"^from spokeshave\.\S+\.(\w+) import", text, re.M)
    }
    assert {folder + name for name in files_read | imported} == files.keys() - {"__main__.py", f"{folder}__init__.py"}
