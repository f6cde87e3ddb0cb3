"""The goal `develop`: two environments that import one source tree, an edit of C, and pip's view of them."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from e2e.support.project import Environment, PantsRun, Project, find_python, running

# A Python that the stable ABI of one wheel serves, and that the other wheel is not built for.
VERSIONS = ("3.12", "3.11")
# `--gitignore` would add these lines, and the daemon would start again for the second run.
IGNORED = "/pair/pair_core/_*.py\n/plain_c/plain_c/_native.py\n/own_backend/src/own_backend/_native.py\n_native.*.so\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A git repository with a wheel for a stable ABI, two for a Python, and a module that no target owns.

    setuptools builds the wheel `own_backend`.
    """
    copy = Project.copy(tmp_path_factory.mktemp("develop") / "repo", "plain_c", "pair", "own_backend")
    copy.write("plain_c/plain_c/BUILD", 'python_sources(sources=["__init__.py"])\n')
    copy.write("plain_c/plain_c/extra.py", "")
    copy.write(".gitignore", f"/.pants.d/\n/.pids/\n/dist/\n__pycache__/\n{IGNORED}")
    copy.git("init", "--quiet")
    copy.git("add", ".")
    with running(copy) as project:
        yield project


@pytest.fixture(scope="module")
def environments(project: Project) -> tuple[Environment, Environment]:
    first, second = (project.root.parent / version for version in VERSIONS)
    for version, folder in zip(VERSIONS, (first, second)):
        subprocess.run([find_python(version), "-m", "venv", "--without-pip", str(folder)], check=True)
    return Environment(first / "bin/python"), Environment(second / "bin/python")


def pip(environment: Environment, *arguments: str) -> str:
    """Run pip for an environment, and return its output."""
    command = [sys.executable, "-m", "pip", "--python", str(environment.python), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def first_run(project: Project, environments: tuple[Environment, Environment]) -> PantsRun:
    targets = ("plain_c:wheel", "pair:core", "own_backend:wheel")
    return project.pants("develop", f"--venv={environments[0].prefix}", *targets).checked()


def test_python_pip_and_git_see_one_tree(
    project: Project, environments: tuple[Environment, Environment], first_run: PantsRun
) -> None:
    code = "import pair_core, plain_c; print(plain_c.__file__, plain_c.area(3, 4), pair_core.__version__)"
    expected = f"{project.root}/plain_c/plain_c/__init__.py 12 3.12.0.dev0+unstamped"
    # Also at the root, where the folder `plain_c` is not the package.
    assert environments[0].run(code, cwd=project.root) == expected
    listed = json.loads(pip(environments[0], "list", "--editable", "--format=json"))
    assert [(each["name"], each["editable_project_location"]) for each in listed] == [
        ("own-backend", f"{project.root}/own_backend"),
        ("pair-core", f"{project.root}/pair/pair_core"),
        ("plain-c", f"{project.root}/plain_c"),
    ]
    assert project.git("status", "--short", "--untracked-files", "pair", "plain_c", "own_backend").count("??") == 0
    assert "plain_c/plain_c/extra.py  is not in the wheel: no target owns it" in first_run.output


@pytest.mark.usefixtures("first_run")
def test_a_project_with_its_own_backend_is_imported_from_src(
    project: Project, environments: tuple[Environment, Environment]
) -> None:
    code = "import own_backend, own_backend._native as n; print(own_backend.__file__, n.answer)"
    assert environments[0].run(code, cwd=project.root) == f"{project.root}/own_backend/src/own_backend/__init__.py 42"


@pytest.mark.usefixtures("first_run")
def test_two_pythons_see_an_edit(project: Project, environments: tuple[Environment, Environment]) -> None:
    # A text that no earlier run on this machine can have compiled.
    project.replace("plain_c/area.c", "width * height", f"width * height * 100 /* {uuid.uuid4()} */")
    other = project.root / "pair/pair_core/_native.cpython-312-x86_64-linux-gnu.so"
    written = other.stat().st_mtime_ns
    run = project.pants("develop", f"--venv={environments[1].prefix}", "::").checked()
    assert run.ran("Compile ") == ["Compile plain_c/area.c for manylinux_2_17_x86_64"]
    assert "Left out pair:core: it is not built for Python 3.11" in run.output
    assert other.stat().st_mtime_ns == written
    for environment in environments:
        assert environment.run("import plain_c; print(plain_c.area(3, 4))") == "1200"
    code = (
        f"import sys; sys.path.append('{project.root}/pair')\ntry: import pair_core\nexcept ImportError as e: print(e)"
    )
    message = environments[1].run(code)
    assert message.startswith("pair_core._native is not built for this Python (cpython-311 on linux)")
    assert message.endswith(f" develop --venv={environments[1].prefix} pair:core")


@pytest.mark.usefixtures("first_run")
def test_pip_uninstalls_it(environments: tuple[Environment, Environment]) -> None:
    pip(environments[0], "uninstall", "--yes", "plain-c")
    code = "import importlib.util as u; print(u.find_spec('plain_c'), u.find_spec('pair_core') is not None)"
    assert environments[0].run(code) == "None True"
