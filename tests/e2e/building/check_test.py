"""`./pants check`: every C and C++ source is compiled, and the compiler's output has the user's paths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.support.project import Project, running

SOURCES = [
    "core/bindings/native.cc",
    "core/geometry/path.cc",
    "core/geometry/polygon.cc",
    "core/geometry/text.cc",
    "generated/native.c",
    "generated/step.c",
    "plain_c/area.c",
    "plain_c/native.c",
]

EDITED = ("core/geometry/text.cc", "plain_c/area.c", "plain_c/BUILD")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("check") / "repo", "plain_c", "core", "generated")) as project:
        yield project


def test_every_source_is_compiled(project: Project) -> None:
    for source in SOURCES:
        # A generated source has no file here, but includes one.
        project.edit("generated/config.inc" if source == "generated/step.c" else source)
    run = project.pants("check", "::").checked()
    assert "Compiled 8 sources for manylinux_2_17_x86_64" in run.output
    compiled = [process.split()[1] for process in run.ran("Compile ") if " for manylinux_2_17_x86_64" in process]
    assert compiled == SOURCES


def test_errors_of_all_sources_have_repository_paths(project: Project) -> None:
    originals = {path: (project.root / path).read_text() for path in EDITED}
    project.replace("core/geometry/text.cc", "text << length", "text << lenght")
    project.replace("plain_c/area.c", "width * height;", "width * height")
    project.replace("plain_c/BUILD", '"*.h"]', '"*.h", "*.cu"]')
    project.write("plain_c/kernel.cu", "")
    run = project.pants("check", "::")
    for path, text in originals.items():
        project.write(path, text)
    assert run.exit_code == 1
    assert "core/geometry/text.cc:9:11: error: use of undeclared identifier 'lenght'" in run.output
    assert "plain_c/area.c:3:59: error: expected ';'" in run.output
    assert "plain_c/kernel.cu: the toolchain has no CUDA compiler" in run.output
    assert "Traceback" not in run.output
    assert "pants-sandbox" not in run.output


def test_a_warning_is_shown_without_failing(project: Project) -> None:
    project.replace("plain_c/area.c", "return width", "int unused_value = 7; return width")
    project.replace("plain_c/BUILD", 'sources=["*.c", "*.h"]', 'sources=["*.c", "*.h"], compile_flags=["-Wall"]')
    run = project.pants("check", "plain_c::").checked()
    assert "plain_c/area.c:3:42: warning: unused variable 'unused_value'" in run.output
