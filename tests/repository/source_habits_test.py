"""Habits of CONTRIBUTING.md that ruff has no rule for, checked in the syntax trees of all Python files."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TESTS = ("tests/", "src/python/smoke/")


def python_files() -> list[Path]:
    """The repository's own Python files, without the links that lead from one tree into another."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [Path(line) for line in listed.stdout.splitlines() if (REPOSITORY / line).is_file()]


def is_test(file: Path) -> bool:
    return file.name.endswith(("_test.py", "_fixtures.py")) or file.as_posix().startswith(TESTS)


@functools.cache
def parse(file: Path) -> ast.Module:
    return ast.parse((REPOSITORY / file).read_text("utf-8"))


def programs(tree: ast.Module) -> Iterator[tuple[int, ast.Module]]:
    """The module, and the programs that it holds as texts: each with the line before its first."""
    yield 0, tree
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\nassert " in node.value:
            try:
                yield node.lineno - 1, ast.parse(node.value)
            except SyntaxError:
                continue


def checking_asserts(tree: ast.Module) -> Iterator[int]:
    """The lines of assert statements that do more than narrow a type."""
    for before, program in programs(tree):
        for node in ast.walk(program):
            if isinstance(node, ast.Assert) and not narrows_a_type(node.test):
                yield before + node.lineno


def narrows_a_type(test: ast.expr) -> bool:
    """Whether a test is `NAME is not None` or `isinstance(NAME, TYPE)`."""
    if isinstance(test, ast.Call):
        return isinstance(test.func, ast.Name) and test.func.id == "isinstance" and is_name(test.args[0])
    return (
        isinstance(test, ast.Compare)
        and is_name(test.left)
        and isinstance(test.ops[0], ast.IsNot)
        and isinstance(test.comparators[0], ast.Constant)
    )


def is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_name(node.value))


def test_asserts_outside_tests_only_narrow_types() -> None:
    """`python -O` removes asserts, and with them a check or an effect."""
    files = [file for file in python_files() if not is_test(file)]
    assert Path("tools/spokeshave/emulation/apt.py") in files
    assert [f"{file}:{line}" for file in files for line in checking_asserts(parse(file))] == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("assert self._updated", [1]),
        ("assert run()", [1]),
        ("assert spec is not None and spec.origin is not None", [1]),
        ("assert find(x) is not None", [1]),
        ("SCRIPT = '''\nassert sys.prefix\n'''", [2]),
        ("assert self.file is not None", []),
        ("assert isinstance(platform, WindowsPlatform)", []),
    ],
)
def test_an_assert_that_is_a_check_is_found(statement: str, found: list[int]) -> None:
    assert list(checking_asserts(ast.parse(statement))) == found


# What parses texts of others with one error for all that are not valid. Python's own functions have more, such as for
# texts that are nested deeply. Programs of one file have the standard library alone, and read what the rules wrote.
PARSERS = {
    "json.loads": ("core/spokeshave_core/json_values.py",),
    "json.load": (),
    "tomllib.loads": ("tools/spokeshave/toml_text.py",),
    "tomli.loads": ("rules/spokeshave_pants/wheel/plan/pyproject.py", "rules/spokeshave_pants/wheel/tailor/layout.py"),
    "tarfile.open": ("tools/spokeshave/sdist/tar_file.py",),
}
OWN_INPUTS = (
    "bench/",
    "src/",
    "tools/spokeshave/standalone/",
    "tools/spokeshave/emulation/",
    "tools/spokeshave/cache_server/serve.py",
)


def raw_parses(file: str, tree: ast.Module) -> Iterator[str]:
    """The calls of a module that parse texts of others without an adapter."""
    for node in ast.walk(tree):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        is_writing = any(
            keyword.arg == "mode" and ast.unparse(keyword.value) == "'w'" for keyword in getattr(node, "keywords", ())
        )
        if name in PARSERS and file not in PARSERS[name] and not is_writing:
            yield f"{file}: {name}"


def test_texts_of_others_are_parsed_by_adapters() -> None:
    files = [file for file in python_files() if not is_test(file) and not file.as_posix().startswith(OWN_INPUTS)]
    assert [found for file in files for found in raw_parses(file.as_posix(), parse(file))] == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("json.loads(text)", 1),
        ("tarfile.open(path)", 1),
        ("tarfile.open(fileobj=stream, mode='w')", 0),
        ("json.dumps(x)", 0),
    ],
)
def test_a_parse_without_an_adapter_is_found(statement: str, found: int) -> None:
    assert len(list(raw_parses("tools/x.py", ast.parse(statement)))) == found


# The adapters: each tests that the pinned library still has what it uses.
ADAPTERS = {
    "rules/spokeshave_pants/pants_api/by_name.py",
    "rules/spokeshave_pants/wheel/goals/command_line.py",
    "rules/spokeshave_pants/wheel/goals/run_context.py",
    "tools/spokeshave/cache_server/buildgrid_internals.py",
    "tools/spokeshave/policies/auditwheel_policies.py",
}
OWN = ("spokeshave", "e2e", "apparatus", "measurements", "abacus_")
# Documented, although they begin with an underscore.
PUBLIC = {"os._exit", "sys._getframe", "_replace", "_fields", "_asdict"}


def private_apis(tree: ast.Module) -> Iterator[str]:
    """What a module uses of others that begins with an underscore: modules, imported names and attributes.

    An attribute is another library's if no class of the module defines it.
    """
    own = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    own |= {target.id for node in ast.walk(tree) for target in assigned(node) if isinstance(target, ast.Name)}
    own |= {target.attr for node in ast.walk(tree) for target in assigned(node) if isinstance(target, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if is_private(name.name))
        elif isinstance(node, ast.ImportFrom) and not str(node.module).startswith(OWN):
            names = [f"{node.module}.{name.name}" for name in node.names]
            yield from (name for name in names if is_private(name))
        elif isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own | PUBLIC:
            yield f"{ast.unparse(node.value)}.{node.attr}"


def assigned(node: ast.AST) -> list[ast.expr]:
    targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
        targets = [node.target]
    return [part for target in targets for part in getattr(target, "elts", [target])]


def is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.startswith("__") for part in name.split("."))


def test_private_apis_are_used_by_adapters_only() -> None:
    assert {file.as_posix() for file in python_files()} >= ADAPTERS
    files = [file for file in python_files() if not is_test(file) and file.as_posix() not in ADAPTERS]
    found = [f"{file}: {name}" for file in files for name in private_apis(parse(file)) if name not in PUBLIC]
    assert found == []


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_each_adapter_uses_a_private_api_and_has_a_test(adapter: str) -> None:
    assert list(private_apis(parse(Path(adapter))))
    assert (REPOSITORY / adapter.replace(".py", "_test.py")).is_file()


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("from auditwheel._x import y", ["auditwheel._x.y"]),
        ("from auditwheel import _x", ["auditwheel._x"]),
        ("import auditwheel._x", ["auditwheel._x"]),
        ("class A(B):\n def f(self): self._theirs()", ["self._theirs"]),
        ("class A(B):\n def f(self): self._ours = 1; self._ours", []),
        ("from spokeshave.a import _b", []),
    ],
)
def test_a_private_api_is_found(program: str, found: list[str]) -> None:
    assert list(private_apis(ast.parse(program))) == found


def multiple_assignments(tree: ast.Module) -> Iterator[int]:
    """The lines of `a, b = x, y` that could be one assignment to a line.

    It stays where a later value reads an earlier target, as in a swap, and where it unpacks a starred value.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            targets = getattr(node.targets[0], "elts", [])
            values = node.value.elts
            starred = any(isinstance(part, ast.Starred) for part in (*targets, *values))
            if targets and len(targets) == len(values) and not starred and not is_simultaneous(targets, values):
                yield node.lineno


def is_simultaneous(targets: list[ast.expr], values: list[ast.expr]) -> bool:
    for index, target in enumerate(targets):
        read = {ast.unparse(node) for value in values[index + 1 :] for node in ast.walk(value)}
        if ast.unparse(target) in read:
            return True
    return False


def test_each_assignment_has_a_line_of_its_own() -> None:
    found = [f"{file}:{line}" for file in python_files() for line in multiple_assignments(parse(file))]
    assert found == []


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("a, b = x, y", [1]),
        ("self.a, self.b = x, self.c", [1]),
        ("a, b = b, a", []),
        ("self.a, self.b = self.b, self.a", []),
        ("a, b = b, a + b", []),
        ("a, b = f()", []),
        ("a, *b = x, *y", []),
    ],
)
def test_an_assignment_of_several_values_is_found(program: str, found: list[int]) -> None:
    assert list(multiple_assignments(ast.parse(program))) == found


# A call with as many positional arguments has to be read by counting.
MOST_POSITIONAL = 3


def constructor_calls(tree: ast.Module) -> Iterator[int]:
    """The lines of calls of a class with more than three positional arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_class(node.func) and len(node.args) > MOST_POSITIONAL:
            yield node.lineno


def is_class(function: ast.expr) -> bool:
    """Whether a call's function is a class by its name, or `cls`."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    letters = name.lstrip("_")
    return name == "cls" or (letters[:1].isupper() and not letters.isupper())


def test_constructors_get_more_than_three_arguments_by_name() -> None:
    found = [f"{file}:{line}" for file in python_files() for line in constructor_calls(parse(file))]
    assert found == []


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("Span(a, b, c, d)", [1]),
        ("_Walk(a, b, *c, d)", [1]),
        ("module.Span(a, b, c, d)", [1]),
        ("cls(a, b, c, d)", [1]),
        ("Span(a, b, c, d=d)", []),
        ("SIZES(a, b, c, d)", []),
        ("call(a, b, c, d)", []),
    ],
)
def test_a_constructor_with_four_positional_arguments_is_found(program: str, found: list[int]) -> None:
    assert list(constructor_calls(ast.parse(program))) == found
