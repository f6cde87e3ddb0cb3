"""Sdists of tiny projects: packaged by ./pants, and built by pip, CMake and this machine's compilers without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from e2e.support.project import PROJECTS, REPOSITORY, PantsRun, Project, find_python, install, running
from spokeshave.sdist.comparison import compare_wheels

PINS = (REPOSITORY / "3rdparty/python/downstream.txt", PROJECTS / "pybind/pybind11.txt")
PYTHON = "3.12"
DISTRIBUTIONS = ("plain_c", "shapes", "counter")
IMPORTS = {
    "plain_c": "import plain_c; assert plain_c.area(3, 4) == 12",
    "shapes": "import shapes; assert shapes.square(2) == '8 m'; assert shapes.__version__ == '3.12.0'",
    "counter": "import counter; assert counter.checked(3) == 3",
}
# Other compilers of users are tried where this machine has them.
COMPILERS = {"gcc": ("gcc", "g++"), "clang": ("clang", "clang++")}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("sdist") / "repo", "plain_c", "core", "pybind")) as project:
        project.replace("plain_c/BUILD", 'pythons=["3.10", "3.12"]', 'pythons=["3.12"], sdist=True')
        project.replace("core/BUILD", 'pythons=["3.10", "3.11", "3.12", "3.13"]', 'pythons=["3.12"], sdist=True')
        project.replace("pybind/BUILD", 'pythons=["3.12"]', 'pythons=["3.12"], sdist=True')
        yield project


@pytest.fixture(scope="module")
def packaged(project: Project) -> PantsRun:
    targets = ("plain_c:wheel", "core:wheel", "pybind:wheel")
    return project.package(*targets, options=("--release-version-channel=stable",))


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Return pip in a bare environment, which has no index but a folder of pinned build requirements."""
    root = tmp_path_factory.mktemp("pip")
    subprocess.run([find_python(PYTHON), "-m", "venv", str(root)], check=True)
    program = (str(root / "bin/python"), "-m", "pip")
    pins = [argument for path in PINS for argument in ("-r", str(path))]
    download = ("download", "--quiet", "--require-hashes", "--only-binary", ":all:", "--dest", str(root / "house"))
    subprocess.run([*program, *download, *pins], check=True)
    return (*program, "wheel", "--quiet", "--no-deps", "--no-index", "--find-links", str(root / "house"))


def sdist(project: Project, distribution: str) -> Path:
    (found,) = project.dist.glob(f"{distribution}-*.tar.gz")
    return found


@pytest.fixture(scope="module")
def built(
    project: Project,
    packaged: PantsRun,  # noqa: ARG001 (has to be first)
    pip: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Path]:
    """Return a folder for each compiler with the wheels that it built from the sdists."""
    folders = {}
    for name, (c, cxx) in COMPILERS.items():
        if shutil.which(c) is None:
            continue
        folders[name] = tmp_path_factory.mktemp(name)
        sdists = [str(sdist(project, distribution)) for distribution in DISTRIBUTIONS]
        environment = {**os.environ, "CC": c, "CXX": cxx}
        subprocess.run([*pip, "--wheel-dir", str(folders[name]), *sdists], check=True, env=environment)
    return folders


def test_users_build_the_same_wheel(project: Project, built: Mapping[str, Path]) -> None:
    assert "gcc" in built
    for compiler, folder in built.items():
        for distribution in DISTRIBUTIONS:
            (wheel,) = folder.glob(f"{distribution}-*.whl")
            comparison = compare_wheels(project.wheel(distribution), wheel, other_compiler=True)
            assert comparison.differences == (), f"{compiler}: {wheel.name}"
            assert comparison.files >= 5


def test_the_wheels_of_users_work(built: Mapping[str, Path], tmp_path: Path) -> None:
    for compiler, folder in built.items():
        environment = install(tmp_path / compiler, PYTHON, *DISTRIBUTIONS, find_links=folder)
        for distribution in DISTRIBUTIONS:
            subprocess.run([str(environment.python), "-c", IMPORTS[distribution]], check=True)


def test_a_stable_abi_remains_one(built: Mapping[str, Path]) -> None:
    tags = {wheel.name.split("-")[0]: "-".join(wheel.name.split("-")[2:4]) for wheel in built["gcc"].glob("*.whl")}
    assert tags == {"plain_c": "cp310-abi3", "shapes": "cp312-abi3", "counter": "cp312-cp312"}


def test_the_report_lists_the_sdists(packaged: PantsRun, project: Project) -> None:
    assert "sdist of" in packaged.output
    assert f"Wrote dist/{sdist(project, 'shapes').name}" in packaged.output


def test_an_sdist_names_neither_pants_nor_this_machine(project: Project, packaged: PantsRun) -> None:  # noqa: ARG001
    with tarfile.open(sdist(project, "shapes")) as archive:
        streams = [archive.extractfile(member) for member in archive.getmembers()]
        content = b"".join(stream.read() for stream in streams if stream)
        names = archive.getnames()
    assert str(project.root).encode() not in content
    assert not [name for name in names if name.endswith(("BUILD", "pants.toml"))]
