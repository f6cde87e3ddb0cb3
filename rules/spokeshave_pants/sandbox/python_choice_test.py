"""Which Python of a machine runs the tools."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave_core.cpython_releases import NEWEST, TOOLS_CONSTRAINT
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.pythons.interpreters import Interpreter, discovery_script, parse_discovery
from spokeshave_pants.sandbox.python_choice import AcceptedPythons, SandboxPythonError, search_folders

DEFAULT = AcceptedPythons.parse([TOOLS_CONSTRAINT])
NEXT = f"3.{NEWEST.minor + 1}"


def interpreter(version: str) -> Interpreter:
    release = tuple(int("".join(filter(str.isdigit, part))[:2]) for part in version.split("."))
    return Interpreter(
        feature=PythonVersion(release[1]),
        patch=release[1:],
        version=version,
        path=f"/pythons/{version}/bin/python",
        include=None,
    )


@pytest.mark.parametrize("version", ["3.9.0", "3.11.7", "3.13.0+", f"{NEWEST}.0", f"{NEWEST}.0rc2"])
def test_the_default_accepts_every_supported_python(version: str) -> None:
    assert DEFAULT.accepts(version)


@pytest.mark.parametrize("version", ["2.7.18", "3.8.18", f"{NEXT}.1"])
def test_the_default_accepts_no_other_python(version: str) -> None:
    assert not DEFAULT.accepts(version)


def test_a_newer_python_does_not_change_the_choice() -> None:
    machine = [interpreter(version) for version in ("3.8.18", "3.12.1", "3.11.7")]
    assert DEFAULT.oldest(machine) == interpreter("3.11.7")
    assert DEFAULT.oldest([interpreter("3.15.0"), *machine]) == interpreter("3.11.7")


def test_several_constraints_are_alternatives() -> None:
    accepted = AcceptedPythons.parse(["CPython==3.10.*", "cpython>=3.13"])
    assert [accepted.accepts(version) for version in ("3.10.1", "3.12.1", "3.13.0")] == [True, False, True]


def test_a_machine_without_an_accepted_python_is_one_clear_error() -> None:
    with pytest.raises(SandboxPythonError) as raised:
        AcceptedPythons.parse(["CPython==3.13.*"]).oldest([interpreter("3.9.18"), interpreter("3.11.7")])
    assert str(raised.value) == (
        "the option `[sandbox-python].interpreter_constraints` asks for CPython==3.13.*, but the Pythons in "
        "`[python-bootstrap].search_path` are 3.9.18, 3.11.7. Install one that the option accepts, or change one of "
        "the two options."
    )


@pytest.mark.parametrize("text", ["PyPy>=3.9", "3.11", ">=3.9", "CPython 3.11", ""])
def test_a_constraint_of_something_else_is_an_error(text: str) -> None:
    with pytest.raises(SandboxPythonError, match=r"is not a constraint of CPython\. Write one such as 'CPython==3"):
        AcceptedPythons.parse([text])


def test_an_empty_list_of_constraints_is_an_error() -> None:
    with pytest.raises(SandboxPythonError) as raised:
        AcceptedPythons.parse([])
    assert str(raised.value).startswith(
        "the option `[sandbox-python].interpreter_constraints` is an empty list, which accepts no Python. Write a "
    )


@pytest.mark.parametrize("name", ["python", "python3", "python3.9", "python3.11", "python3.14t"])
def test_an_interpreter_in_the_search_path_stands_for_its_folder(name: str) -> None:
    entry = f"/opt/bin/{name}"
    assert search_folders(["/usr/bin", entry, "/opt/bin"]) == ("/usr/bin", entry, "/opt/bin")


@pytest.mark.parametrize("name", ["python", "python3", "python3.11", "pythons", "python-3.11.7", "python311-x86"])
def test_a_folder_with_a_name_like_python_is_searched(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "python3.9").symlink_to(sys.executable)
    script = discovery_script(search_folders([f"{tmp_path}/{name}"]))
    found = subprocess.run(["sh", "-c", script], check=True, stdout=subprocess.PIPE, text=True)
    assert [python.version for python in parse_discovery(found.stdout)] == [platform.python_version()]
