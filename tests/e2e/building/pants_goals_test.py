"""Pants' own goals for Python code that uses native code: `test`, `run`, `repl`, and `package` of a `pex_binary`."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.project import REPOSITORY, PantsRun, Project, find_python, running

# A Python that the pex of Pants 2.17.1 knows.
PYTHON = "3.11"
TESTS = ("shared/smoke:tests", "payload/both/smoke:tests")
# The results of extensions that share a library, and of one that shares it with ctypes.
MAIN = """\
import both
from engines import _exceptions, _types

print(_exceptions.from_library("custom"), _types.to_library(), _types.count() - _exceptions.count())
print([both.count(), both.tally(), both.count()], both.answer(), both.release)
"""
PRINTED = """\
EngineError 7: thrown by the library named door, part, wheel -1
[10, 2, 30] 42 (1, 0)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("goals") / "repo", "shared", "payload")) as project:
        shutil.copy2(REPOSITORY / "3rdparty/python/pytest.txt", project.root)
        project.replace("pants.toml", "search_path = []", f'search_path = ["{Path(find_python(PYTHON)).parent}"]')
        project.replace(
            "pants.toml",
            'interpreter_constraints = ["CPython>=3.9,<3.14"]',
            f'interpreter_constraints = ["CPython=={PYTHON}.*"]\n'
            "enable_resolves = true\n"
            "resolves_generate_lockfiles = false\n"
            "[python.resolves]\n"
            'python-default = "pytest.txt"\n'
            "[pytest]\n"
            'install_from_resolve = "python-default"',
        )
        for build in ("shared/BUILD", "payload/opened/BUILD"):
            project.replace(build, '"3.12"]', f'"{PYTHON}"]')
        project.replace("payload/both/pyproject.toml", ">=3.12.0,<3.13", f"=={PYTHON}.*")
        for folder in ("shared/smoke", "payload/both/smoke"):
            project.write(f"{folder}/BUILD", 'python_tests(name="tests")\n')
        project.write("shared/main.py", MAIN)
        _append(project, 'python_sources(name="main", sources=["main.py"])\n')
        _append(project, 'pex_binary(name="app", entry_point="main.py", execution_mode="venv")\n')
        for source in ("shared/engine/engine.cc", "shared/bindings/types.cc", "payload/both/tally.c"):
            _mark(project, source)
        project.git("init", "--quiet")
        project.git("add", ".")
        project.git("commit", "--quiet", "--message", "Begin")
        yield project


@pytest.fixture(scope="module")
def packaged(project: Project) -> PantsRun:
    return project.package("shared:wheel", "payload/both:wheel", "shared:app")


def _append(project: Project, target: str) -> None:
    project.write("shared/BUILD", (project.root / "shared/BUILD").read_text() + target)


def _mark(project: Project, source: str) -> None:
    """Give a source an object that no cache contains."""
    mark = f'__attribute__((used)) static const char mark_{uuid.uuid4().hex}[] = "{uuid.uuid4()}";\n'
    project.write(source, (project.root / source).read_text() + mark)


def compiled(run: PantsRun) -> list[str]:
    return run.ran("Compile", "Link ")


@pytest.mark.usefixtures("packaged")
def test_tests_use_the_objects_of_the_wheels(project: Project) -> None:
    run = project.pants("test", *TESTS).checked()
    assert run.stderr.count("succeeded in") == 2
    assert compiled(run) == []


@pytest.mark.usefixtures("packaged")
@pytest.mark.parametrize("target", ["shared/main.py", "shared:app"])
def test_run_gets_native_code(project: Project, target: str) -> None:
    run = project.pants("run", target).checked()
    assert run.stdout == PRINTED
    assert compiled(run) == []


@pytest.mark.usefixtures("packaged")
def test_a_pex_contains_native_code(project: Project, tmp_path: Path) -> None:
    app = shutil.copy(project.dist / "shared/app.pex", tmp_path)
    environment = {"PEX_ROOT": str(tmp_path / "root"), "PATH": "/usr/bin:/bin"}
    result = subprocess.run([find_python(PYTHON), app], capture_output=True, text=True, env=environment, check=False)
    assert (result.stdout, result.stderr) == (PRINTED, "")


@pytest.mark.usefixtures("packaged")
def test_repl_gets_native_code(project: Project) -> None:
    run = project.pants("repl", "shared/main.py", text="import main\n").checked()
    assert PRINTED in run.stdout


def test_a_changed_c_source_changes_the_tests(project: Project) -> None:
    _mark(project, "payload/both/tally.c")
    since = ("--changed-since=HEAD", "--changed-dependents=transitive")
    run = project.pants(*since, "test").checked()
    assert "payload/both/smoke/test_both.py:tests succeeded" in run.stderr
    assert "shared/smoke" not in run.stderr
    assert [line.split(" for ")[0] for line in compiled(run) if "tally" in line] == [
        *("Compile payload/both/tally.c", "Link libtally.so")
    ]


def test_native_code_for_another_platform_is_an_error(project: Project) -> None:
    binary = 'pex_binary(name="mac", entry_point="main.py", platforms=["macosx_11_0_arm64-cp-311-cp311"])\n'
    _append(project, binary)
    run = project.pants("package", "shared:mac")
    assert run.exit_code == 1
    assert "shared:mac is for the platforms macosx_11_0_arm64-cp-311-cp311, but it would contain" in run.stderr
    assert "shared:types" in run.stderr


def test_a_python_that_is_not_there_is_an_error(project: Project) -> None:
    constraints = '"CPython==3.14.*"'
    project.replace("shared/BUILD", 'name="types",', f'name="types", interpreter_constraints=[{constraints}],')
    run = project.pants("export-codegen", "shared:types")
    assert run.exit_code == 1
    assert "no Python of this machine satisfies its `interpreter_constraints` (CPython==3.14.*)" in run.stderr
