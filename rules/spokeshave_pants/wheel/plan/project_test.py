"""Tests of what a source tree says of its wheel."""

from __future__ import annotations

import pytest
import tomli

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.plan.project import Project, is_version_in_files

WHERE = "the target //a:wheel"
PKG_INFO = b"""\
Metadata-Version: 2.4
Name: MarkupSafe
Version: 3.0.4
Requires-Python: >=3.9

Version: of the description
"""


def parse(**files: str) -> Project:
    """Parse files by their names, with an underscore for the dot."""
    return Project.parse({name.replace("_", ".", 1): text.encode() for name, text in files.items()}, WHERE)


def test_the_metadata_of_an_sdist_is_complete() -> None:
    files = {"setup.py": b"", "PKG-INFO": PKG_INFO, "pyproject.toml": b'[project]\nname = "x"\ndynamic = ["version"]\n'}
    assert Project.parse(files, WHERE) == Project(name="MarkupSafe", version="3.0.4", requires_python=">=3.9")


def test_a_project_table_states_name_and_version() -> None:
    text = '[project]\nname = "demo"\nversion = "1.0-1"\nrequires-python = ">=3.10"\n'
    assert parse(pyproject_toml=text) == Project(name="demo", version="1.0.post1", requires_python=">=3.10")


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject_toml": '[project]\nname = "demo"\ndynamic = ["version"]\n'},
        {"pyproject_toml": '[build-system]\nrequires = ["setuptools"]\n', "setup_py": "setup(version='1.0')"},
        {"setup_py": "setup(version='1.0')"},
        {"pyproject_toml": '[project]\nversion = "main"\n'},
        {"setup_cfg": "[metadata]\nversion = 1.0\n"},
    ],
)
def test_only_a_build_states_other_versions(files: dict[str, str]) -> None:
    assert parse(**files).version is None


def test_a_folder_without_a_project_is_refused() -> None:
    with pytest.raises(InvalidTargetError, match=r"neither `pyproject.toml` nor `setup.py`.*set `subdirectory`"):
        Project.parse({"PKG-INFO": PKG_INFO}, WHERE)


@pytest.mark.parametrize("requirement", ["maturin>=1.5,<2", "setuptools_rust"])
def test_rust_is_refused_by_name(requirement: str) -> None:
    with pytest.raises(InvalidTargetError, match=r"//a:wheel: the project is built by \S+, which compiles Rust"):
        parse(pyproject_toml=f'[build-system]\nrequires = ["setuptools", "{requirement}"]\n')


def test_an_unreadable_description_is_named() -> None:
    with pytest.raises(InvalidTargetError, match=r"//a:wheel: pyproject.toml: is not TOML"):
        parse(pyproject_toml="[project\n")


@pytest.mark.parametrize("text", ["9" * 5000, "of no form"])
def test_a_version_that_is_not_one_is_left_to_the_backend(text: str) -> None:
    project = parse(pyproject_toml=f'[project]\nname = "a"\nversion = "{text}"\n')
    assert (project.name, project.version) == ("a", None)


@pytest.mark.parametrize("text", ["a; " + "(" * 3000 + "os_name == ''" + ")" * 3000, "a==" + "9" * 5000])
def test_malformed_build_requirements_are_left_to_the_backend(text: str) -> None:
    assert parse(pyproject_toml=f'[build-system]\nrequires = ["{text}"]\n[project]\nname = "a"\n').name == "a"


def is_in_files(pyproject: str = "", setup_cfg: str = "") -> bool:
    return is_version_in_files(tomli.loads(pyproject), setup_cfg.encode())


@pytest.mark.parametrize(
    "pyproject",
    [
        '[tool.setuptools.dynamic]\nversion = {attr = "demo.__version__"}',
        '[tool.setuptools.dynamic]\nversion = {file = "VERSION"}',
        '[tool.scikit-build.metadata.version]\nprovider = "scikit_build_core.metadata.regex"\ninput = "a.py"',
        '[tool.hatch.version]\npath = "demo/__init__.py"',
        '[tool.hatch.version]\nsource = "code"\npath = "demo/__init__.py"',
        '[tool.pdm.version]\nsource = "file"\npath = "demo/__init__.py"',
        '[tool.poetry]\nversion = "1.0"',
        '[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"',
    ],
)
def test_a_version_in_a_file_of_the_project(pyproject: str) -> None:
    assert is_in_files(pyproject)


@pytest.mark.parametrize("text", ["attr: demo.__version__", "file: VERSION", "1.0"])
def test_a_version_in_setup_cfg(text: str) -> None:
    assert is_in_files(setup_cfg=f"[metadata]\nname = demo\nversion = {text}\n")


@pytest.mark.parametrize(
    "pyproject",
    [
        "",
        '[build-system]\nrequires = ["setuptools>=61", "setuptools-scm[toml]>=6"]\n'
        '[tool.setuptools.dynamic]\nversion = {attr = "demo._version.__version__"}',
        '[build-system]\nrequires = ["meson-python", "setuptools_scm"]\nbuild-backend = "mesonpy"',
        '[tool.hatch.version]\nsource = "vcs"',
        '[tool.scikit-build.metadata.version]\nprovider = "scikit_build_core.metadata.setuptools_scm"',
        '[tool.pdm.version]\nsource = "scm"',
        '[build-system]\nrequires = ["poetry-core", "poetry-dynamic-versioning"]\n[tool.poetry]\nversion = "0.0.0"',
        "[tool]\nsetuptools = 1\nhatch = []\n[build-system]\nrequires = 3",
    ],
)
def test_other_versions_are_those_of_a_checkout(pyproject: str) -> None:
    assert not is_in_files(pyproject)


@pytest.mark.parametrize("text", ["[metadata]\nname = demo\n", "[other]\nversion = 1\n", "no section\n", ""])
def test_a_setup_cfg_without_a_version(text: str) -> None:
    assert not is_in_files(setup_cfg=text)
