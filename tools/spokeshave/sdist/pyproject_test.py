from __future__ import annotations

import sys

import pytest

from spokeshave.errors import InvalidMetadataError
from spokeshave.sdist.pyproject import Backend, repin_text, sdist_pyproject, with_static_version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = '''\
# About the project.
[build-system]
requires = ["hatchling"]  # of the repository's own tools
build-backend = "hatchling.build"

[project]
name = "tally"  # the name
dynamic = ["version"]
description = """
[build-system]
is only a text here.
"""
dependencies = ["numpy>=2", "Tally.Core", 'other']

[project.optional-dependencies]
all = ["tally-core[cli]; sys_platform == 'linux'"]

[tool.scikit-build.cmake]
version = ">=3"

[[tool.scikit-build.overrides]]
if.env.CI = true

[tool.ruff]
line-length = 100
'''
BACKEND = Backend(requirements=("pybind11>=3.0",), py_api="cp312")


def edited(text: str = TEXT, backend: Backend = BACKEND, pins: frozenset[str] = frozenset()) -> str:
    return sdist_pyproject(text, backend, pins, "0+unstamped", "pyproject.toml")


def test_the_project_stays_and_the_backend_is_replaced() -> None:
    text = edited()
    before = tomllib.loads(TEXT)
    after = tomllib.loads(text)
    assert after["project"] == before["project"]
    assert after["tool"]["ruff"] == before["tool"]["ruff"]
    assert after["build-system"] == {
        "requires": ["scikit-build-core>=0.11", "pybind11>=3.0"],
        "build-backend": "scikit_build_core.build",
    }
    assert after["tool"]["scikit-build"] == {
        "minimum-version": "0.11",
        "wheel": {"packages": [], "py-api": "cp312"},
        "metadata": {
            "version": {
                "provider": "scikit_build_core.metadata.regex",
                "input": "PKG-INFO",
                "regex": "^Version: (?P<value>.+)$",
            }
        },
    }
    assert "# About the project.\n" in text
    assert 'name = "tally"  # the name' in text


def test_pinned_requirements_have_the_version_and_others_stay() -> None:
    pins = frozenset(["tally-core"])
    project = tomllib.loads(edited(pins=pins))["project"]
    assert project["dependencies"] == ["numpy>=2", "Tally.Core==0+unstamped", "other"]
    assert project["optional-dependencies"]["all"] == ['tally-core[cli]==0+unstamped; sys_platform == "linux"']
    again = tomllib.loads(repin_text(edited(pins=pins), pins, "0+unstamped", "3.12.0rc1"))["project"]
    assert again["dependencies"] == ["numpy>=2", "Tally.Core==3.12.0rc1", "other"]
    assert again["optional-dependencies"]["all"] == ['tally-core[cli]==3.12.0rc1; sys_platform == "linux"']


def test_dynamic_dependencies_are_those_of_the_wheel() -> None:
    dependencies = ('tally-core==0+unstamped; python_version < "4"', "odd @ file:///{a}")
    text = edited(backend=Backend(dependencies=dependencies))
    result = tomllib.loads(text)["tool"]["scikit-build"]["metadata"]["dependencies"]["result"]
    assert [item.format(project={}) for item in result[:1]] == [dependencies[0]]
    assert result[1] == "odd @ file:///{{a}}"
    changed = repin_text(text, frozenset(["tally-core"]), "0+unstamped", "2.0")
    result = tomllib.loads(changed)["tool"]["scikit-build"]["metadata"]["dependencies"]["result"]
    assert result[0] == 'tally-core==2.0; python_version < "4"'


def test_a_static_version_is_replaced_where_it_is() -> None:
    text = '[project]\nname = "a"\nversion = "1.0rc1"\n\n[tool.other]\nversion = "1.0rc1"\n'
    changed = tomllib.loads(with_static_version(text, "1.0rc1", "1.0"))
    assert (changed["project"]["version"], changed["tool"]["other"]["version"]) == ("1.0", "1.0rc1")
    assert with_static_version(text, "2.0", "3.0") == text


@pytest.mark.parametrize(
    "text",
    [
        'build-system.requires = ["a"]\n\n[project]\nname = "a"\n',
        '[project]\nname = "a"\n\n[tool]\nscikit-build.wheel.cmake = false\n',
    ],
)
def test_a_form_that_cannot_be_edited_is_an_error(text: str) -> None:
    with pytest.raises(InvalidMetadataError, match="cannot be changed"):
        edited(text)
