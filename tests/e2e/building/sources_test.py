"""Sources and flags in the form of other builds: they compile, run, and export only the module."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.project import Project, names, read, running

EXTENSION = "dispatch/_native.cpython-312-x86_64-linux-gnu.so"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("sources") / "repo", "sources")) as project:
        project.edit("sources/native.c")
        project.package("sources:wheel")
        yield project


def test_what_compiles_elsewhere_works_in_a_wheel(project: Project) -> None:
    (wheel,) = project.report("sources:wheel")
    assert [(run["python"], run["outcome"]) for run in wheel["smoke"]] == [("3.12", "passed")]


def test_a_source_that_another_includes_is_compiled_once(project: Project) -> None:
    compiled = [process.split()[1] for process in project.ran("sources:wheel", "compile")]
    assert "sources/native.c" in compiled
    assert "sources/part.c" not in compiled


def test_nothing_but_the_init_function_is_exported(project: Project, tmp_path: Path) -> None:
    wheel = project.wheel("dispatch")
    assert EXTENSION in names(wheel)
    file = tmp_path / "native.so"
    file.write_bytes(read(wheel, EXTENSION))
    library = ctypes.CDLL(str(file), mode=ctypes.RTLD_LOCAL)
    exported = ("PyInit__native", "answer", "nine", "part", "sum", "chosen", "__cpu_model", "__cpu_indicator_init")
    assert [name for name in exported if hasattr(library, name)] == ["PyInit__native"]
