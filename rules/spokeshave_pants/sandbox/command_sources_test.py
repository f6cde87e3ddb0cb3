"""Which sources each command of the tools is run with, and so which edits give it another key."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Mapping

import pytest

from spokeshave_pants.resources.files import importable_sources
from spokeshave_pants.sandbox.command_sources import CLI, command_modules, command_name, command_sources

SOURCES = importable_sources()
COMMANDS = command_modules(SOURCES[CLI])
# What the rules run in sandboxes; users run the others, and results of what talks to an index are never cached.
BUILD_COMMANDS = frozenset(
    command
    for command in COMMANDS
    if command not in ("cache-server", "emulation", "upload")
    and (not command.startswith(("index ", "release ")) or command == "release seal")
)
# Every way to import a module that is followed.
TREE = {
    "spokeshave/__init__.py": b"",
    "spokeshave/cli.py": b'COMMANDS = {"a": ("spokeshave.a.command", "one"), "b": ("spokeshave.b", "two")}\n',
    "spokeshave/a/__init__.py": b"import spokeshave.of_package\n",
    "spokeshave/a/command.py": b"import os\nfrom spokeshave.a import helper as h\nfrom spokeshave_core import names\n",
    "spokeshave/a/helper.py": b"def run():\n    from spokeshave.lazy import thing\n",
    "spokeshave/b.py": b"import json as j, spokeshave.lazy as lazy\n",
    "spokeshave/lazy.py": b"from packaging.version import Version\n",
    "spokeshave/of_package.py": b"",
    "spokeshave/unused.py": b"",
    "spokeshave_core/__init__.py": b"",
    "spokeshave_core/names.py": b"",
    "spokeshave_core/unused.py": b"",
}


def digests(sources: Mapping[str, bytes]) -> dict[str, str]:
    """What names the sources of each command in its key."""
    return {
        command: hashlib.sha256(repr(command_sources(command, sources)).encode()).hexdigest()
        for command in (*BUILD_COMMANDS, "upload")
    }


DIGESTS = digests(SOURCES)


def keys_changed_by(*paths: str) -> set[str]:
    """The commands that have another key after an edit of some modules."""
    assert set(paths) <= set(SOURCES)
    edited = {path: content + b"# edited\n" if path in paths else content for path, content in SOURCES.items()}
    return {command for command, digest in digests(edited).items() if digest != DIGESTS[command]}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_arguments_begin_with_a_command_of_one_or_two_words(command: str) -> None:
    assert command_name([*command.split(), "--help"], COMMANDS) == command
    assert command_name(command.split(), COMMANDS) == command


def test_a_command_has_its_module_and_all_that_it_imports() -> None:
    assert {path.replace("spokeshave", "s") for path in command_sources("a", TREE)} == {
        *("s/__init__.py", "s/cli.py", "s/a/__init__.py", "s/a/command.py", "s/a/helper.py"),
        *("s/of_package.py", "s/lazy.py", "s_core/__init__.py", "s_core/names.py"),
    }
    assert set(command_sources("b", TREE)) == {f"spokeshave/{name}.py" for name in ("__init__", "cli", "b", "lazy")}


def test_the_sources_of_a_command_are_in_a_stable_order() -> None:
    backwards = dict(reversed(list(TREE.items())))
    assert list(command_sources("a", TREE).items()) == list(command_sources("a", backwards).items())


def test_an_import_of_a_module_that_is_not_carried_is_an_error() -> None:
    tree = {**TREE, "spokeshave/lazy.py": b"from spokeshave.testing.fixtures import wheel\n"}
    with pytest.raises(ModuleNotFoundError, match=r"spokeshave\.lazy imports spokeshave\.testing\.fixtures"):
        command_sources("b", tree)


def test_a_relative_import_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 1: a relative import"):
        command_sources("b", {**TREE, "spokeshave/lazy.py": b"from . import unused\n"})


def test_a_command_line_without_a_table_of_commands_is_an_error() -> None:
    with pytest.raises(ValueError, match="no table `COMMANDS`"):
        command_modules(b"COMMAND = {}\n")


def test_an_edit_of_the_upload_changes_no_key_of_a_build() -> None:
    paths = [path for path in SOURCES if path.startswith("spokeshave/upload/")]
    assert keys_changed_by(*paths) == {"upload"}


USERS = {
    # An sdist has the metadata of a wheel.
    "assemble": {"assemble", "sdist stamp", "sdist write"},
    # The wheels of a backend for two processors are fused.
    "fuse": {"fuse", "intake"},
    # Placing files is the repair's grafting without a wheel.
    "repair": {"place", "repair"},
    # Both take the facts of a version as the stamp does.
    "stamp": {"release seal", "sdist stamp", "stamp"},
}


@pytest.mark.parametrize("command", sorted(BUILD_COMMANDS - {"metadata"}))
def test_an_edit_of_a_command_changes_its_own_key_alone(command: str) -> None:
    assert keys_changed_by(COMMANDS[command].replace(".", "/") + ".py") == USERS.get(command, {command})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("spokeshave/smoke/user_tests.py", {"smoke-test"}),
        ("spokeshave/stamp/sbom.py", {"release seal", "sdist stamp", "stamp"}),
        ("spokeshave/verify/checks/hardening.py", {"verify"}),
        ("spokeshave/repair/graft.py", {"place", "repair"}),
        ("spokeshave/native/macho/codesign.py", {"place", "repair"}),
        (
            "spokeshave/native/macho/page_hashes.py",
            {"place", "release seal", "repair", "sdist stamp", "stamp", "verify"},
        ),
        ("spokeshave/pythons/pip.py", {"fetch", "smoke-test"}),
        ("spokeshave/linkage/musl_symbols.py", {"place", "repair", "verify"}),
        ("spokeshave_core/channel.py", {"release seal", "sdist stamp", "stamp", "version"}),
        ("spokeshave_core/reports/upload.py", {"upload"}),
        ("spokeshave/errors.py", {*BUILD_COMMANDS, "upload"}),
    ],
)
def test_an_edit_of_a_room_changes_the_keys_of_what_uses_it(path: str, expected: set[str]) -> None:
    assert keys_changed_by(path) == expected


def test_sources_find_each_other_by_imports_only() -> None:
    """Not by a name in a string, and not by the place of its own file; the table of commands is followed."""
    # One has the table of commands, and the other shows where in the sources an error was raised.
    others = {"spokeshave/cli.py", "spokeshave/failures.py"}
    paths = {path for command in BUILD_COMMANDS for path in command_sources(command, SOURCES)} - others
    assert [f"{path}: {text}" for path in sorted(paths) for text in _hidden_references(SOURCES[path])] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b'PROGRAM = "from spokeshave.errors import Problem"\n', ["from spokeshave.errors import Problem"]),
        (b'import_module("spokeshave.verify.checks")\n', ["spokeshave.verify.checks"]),
        (b'run(python, "-m", "spokeshave")\n', ["-m spokeshave"]),
        (b'PINS = Path(__file__).with_name("pins.txt")\n', ["__file__"]),
        (b'"""Told by `spokeshave.errors`."""\nNAME = "spokeshave.json"\n', []),
    ],
)
def test_hidden_references_are_found(source: bytes, found: list[str]) -> None:
    assert _hidden_references(source) == found


def _hidden_references(source: bytes) -> list[str]:
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]
    module = re.compile(r"\b(spokeshave|spokeshave_core)\.(?!(?:json|cdx)\b)[a-z_]+|\bimport spokeshave")
    started = [f"-m {name}" for name in texts if name == "spokeshave" and "-m" in texts]
    places = ["__file__" for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "__file__"]
    return [*(text for text in texts if module.search(text)), *started, *places]
