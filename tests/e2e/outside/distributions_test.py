"""The wheels of the plugin and of the tools, as this repository's own `publish` uploads them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from e2e.support.checkout import Checkout
from e2e.support.index import IndexServer
from e2e.support.project import REPOSITORY, Environment, install, install_with_dependencies, names, read, sha256

PLUGIN = "spokeshave_pants_plugin"
TOOLS = "spokeshave"
NOT_DISTRIBUTED = ("_test.py", "_fixtures.py", "BUILD", ".pyc")


@pytest.fixture(scope="module")
def tools(published: IndexServer, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The tools, with the newest releases that their wheel allows on a Python of today."""
    return install_with_dependencies(tmp_path_factory.mktemp("tools") / "venv", "3.13", wheel(published, TOOLS))


def test_the_distributions_have_the_same_bytes_anywhere(published: IndexServer, tmp_path: Path) -> None:
    """Another folder, another umask, and no cache."""
    built = Checkout.copy(tmp_path / "another folder").package("--no-local-cache", umask=0o077)
    assert {path.name: sha256(path) for path in built} == {
        path.name: sha256(path) for path in published.folder.glob("*.whl")
    }


def test_every_file_of_the_sources_is_in_the_wheels(published: IndexServer) -> None:
    plugin = {path for path in files(REPOSITORY / "rules", "spokeshave_pants") if not is_data_of_carried(path)}
    tools = {path for path in files(REPOSITORY / "tools", TOOLS) if not path.startswith("spokeshave/testing/")}
    assert installed(published, PLUGIN) == plugin
    assert installed(published, TOOLS) == tools | set(files(REPOSITORY / "core", "spokeshave_core"))


def is_data_of_carried(path: str) -> bool:
    """Return whether a file only serves the tools or the core where they are installed, and not in the plugin."""
    carried = ("spokeshave_pants/resources/core/", "spokeshave_pants/resources/tools/")
    return path.startswith(carried) and not path.endswith((".py", ".h"))


def test_the_distributions_install_no_file_in_common(published: IndexServer, tmp_path: Path) -> None:
    assert not installed(published, PLUGIN) & installed(published, TOOLS)
    environment = install(tmp_path, "3.12", PLUGIN, TOOLS, find_links=published.folder)
    core = "import spokeshave_core; print(spokeshave_core.__file__)"
    assert "/site-packages/spokeshave_core/" in environment.run(core)
    assert "/site-packages/spokeshave_pants/resources/core/" in environment.run(f"import spokeshave_pants; {core}")
    versions = (
        "from importlib.metadata import version; print(version('spokeshave'), version('spokeshave-pants-plugin'))"
    )
    assert len(set(environment.run(versions).split())) == 1


def test_the_metadata_is_that_of_a_plugin_of_pants(published: IndexServer) -> None:
    metadata = message(published, PLUGIN)
    assert metadata.get_all("Requires-Dist") == ["tabulate>=0.9", "tomli>=2"]
    assert (metadata["Requires-Python"], metadata["License-Expression"]) == (">=3.9", "MIT")
    assert "plugins = [" in str(metadata.get_payload())
    assert [name for name in names(wheel(published, PLUGIN)) if name.endswith("/entry_points.txt")] == []
    (scripts,) = [name for name in names(wheel(published, TOOLS)) if name.endswith("/entry_points.txt")]
    assert b"spokeshave = spokeshave.cli:main" in read(wheel(published, TOOLS), scripts)


def test_every_command_starts_after_pip_install(tools: Environment) -> None:
    commands = tools.run("from spokeshave.cli import COMMANDS; print(*COMMANDS, sep=chr(10))").splitlines()
    assert "verify" in commands
    done = {command: spokeshave(tools, *command.split(), "--help") for command in commands}
    assert {command: run.stderr for command, run in done.items() if run.returncode != 0 or run.stderr} == {}


def test_a_wheel_of_somebody_else_verifies(tools: Environment, tmp_path: Path) -> None:
    """The tools require zlib-ng, so its wheel for this machine is in the cache of pip already."""
    pip = (str(tools.python), "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")
    subprocess.run([*pip, "--only-binary", ":all:", "--dest", str(tmp_path), "zlib-ng==1.1.0"], check=True)
    (native,) = tmp_path.glob("*.whl")
    (platform,) = re.findall(r"manylinux_2_17_\w+", native.name)
    expected = ("--platform", platform, "--abi", "cp313", "--report", f"{tmp_path}/report.json")
    done = spokeshave(tools, "verify", "--wheel", str(native), *expected)
    assert (done.returncode, done.stderr) == (0, "")


def spokeshave(tools: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command, outside of all sources."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(tools.prefix / "bin/spokeshave"), *arguments],
        cwd=tools.prefix,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def wheel(index: IndexServer, distribution: str) -> Path:
    (found,) = index.folder.glob(f"{distribution}-*.whl")
    return found


def message(index: IndexServer, distribution: str) -> Message:
    (name,) = [name for name in names(wheel(index, distribution)) if name.endswith("/METADATA")]
    return Parser().parsestr(read(wheel(index, distribution), name).decode())


def installed(index: IndexServer, distribution: str) -> set[str]:
    return {name for name in names(wheel(index, distribution)) if ".dist-info/" not in name}


def files(root: Path, package: str) -> Iterator[str]:
    """Yield the distributed files of a package, through the links in it."""
    for folder, _, found in os.walk(root / package, followlinks=True):
        for name in found:
            if not name.endswith(NOT_DISTRIBUTED):
                yield Path(folder, name).relative_to(root).as_posix()
