"""No property of the machine enters a wheel: not its compilers, paths, user, folders or store."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.project import REPOSITORY, Project, names, read, running, sha256

TOOLS = ("cc", "c++", "gcc", "g++", "clang", "clang++", "cpp", "ld", "ld.lld", "ld.gold", "ar", "as", "ranlib", "strip")
STABLE = "--release-version-channel=stable"


@pytest.fixture(scope="module")
def markers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the trap compilers record their calls."""
    return tmp_path_factory.mktemp("markers")


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory, markers: Path) -> Iterator[Project]:
    """Package projects while each compiler and linker of the machine is a trap, from sources never compiled before."""
    poison = tmp_path_factory.mktemp("poison")
    for tool in TOOLS:
        (poison / tool).write_text(f'#!/bin/sh\necho "$0 $*" >> "{markers}/{tool}"\nexit 1\n')
        (poison / tool).chmod(0o755)
    copy = Project.copy(tmp_path_factory.mktemp("hermetic") / "repo", "plain_c", "shared")
    project = Project(copy.root, {"PATH": f"{poison}:{os.environ['PATH']}", "CC": str(poison / "cc")})
    for source in ("plain_c/area.c", "plain_c/native.c", "shared/engine/engine.cc", "shared/bindings/types.cc"):
        project.write(source, (project.root / source).read_text() + f"// {uuid.uuid4()}\n")
    with running(project):
        project.package("plain_c:wheel", "shared:wheel", options=(STABLE,))
        yield project


def test_no_compiler_or_linker_of_the_machine_is_called(poisoned: Project, markers: Path) -> None:
    assert len(poisoned.ran("plain_c:wheel", "compile")) == 2
    assert "Compile shared/engine/engine.cc for manylinux_2_17_x86_64" in poisoned.ran("shared:wheel", "compile")
    assert {path.name: path.read_text() for path in markers.iterdir()} == {}
    assert subprocess.run([poisoned.variables["CC"], "-v"], check=False).returncode == 1
    assert [path.name for path in markers.iterdir()] == ["cc"], "the traps do not work"


def test_no_path_of_the_machine_is_in_an_extension_or_library(poisoned: Project) -> None:
    forbidden = ["/usr", "/tmp", "/home", "/opt", str(Path.home()), str(REPOSITORY), str(poisoned.root)]
    libraries = [(wheel, name) for wheel in poisoned.wheels() for name in names(wheel) if name.endswith(".so")]
    assert len(libraries) == 4
    found = [(name, path) for wheel, name in libraries for path in forbidden if path.encode() in read(wheel, name)]
    assert found == []


def test_another_machine_with_a_cold_store_makes_equal_wheels(poisoned: Project, tmp_path: Path) -> None:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    here = {
        # Shared by all runs of a machine: Pants itself, the interpreters, and pip's downloads.
        "SPOKESHAVE_HOME": os.environ.get("SPOKESHAVE_HOME") or str(home / "spokeshave"),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv"),
        "PANTS_NAMED_CACHES_DIR": str(home / "pants/named_caches"),
    }
    other_machine = {
        "HOME": str(tmp_path / "a home"),
        "USER": "somebody",
        "LOGNAME": "somebody",
        "TZ": "Pacific/Auckland",
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "1",
        "PYTHONHASHSEED": "7",
        "PANTS_LOCAL_STORE_DIR": str(tmp_path / "store"),
    }
    (tmp_path / "a home").mkdir()
    project = Project(Project.copy(tmp_path / "some where/else", "plain_c").root, {**here, **other_machine})
    for source in ("plain_c/area.c", "plain_c/native.c"):
        project.write(source, (poisoned.root / source).read_text())
    project.pants(STABLE, "package", "plain_c:wheel", daemon=False, umask=0o077).checked()
    assert [process.split()[0] for process in project.ran("plain_c:wheel", "runtime pack", "compile", "link")] == [
        "Compile",
        "Compile",
        "Link",
        "Make",
    ]
    first = poisoned.wheel("plain-c")
    second = project.wheel("plain-c")
    assert first.name == second.name
    assert sha256(first) == sha256(second), [name for name in names(first) if read(first, name) != read(second, name)]
