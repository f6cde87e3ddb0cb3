"""Checks of entry points: installers must be able to read them, and the wheel must contain the called objects."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from importlib.metadata import EntryPoint

from spokeshave.errors import InvalidWheelError
from spokeshave.verify.checks.layout import is_for_windows
from spokeshave.verify.findings import Subject, finding, findings
from spokeshave.wheel.scripts import read_scripts
from spokeshave.wheel.tree import WheelTree
from spokeshave.wheel.windows_names import windows_path_fault
from spokeshave_core.outcomes import Rule
from spokeshave_core.problems import Problems
from spokeshave_core.reports.verify import Finding

_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(\s*:\s*[^\W\d]\w*(\.[^\W\d]\w*)*)?(\s*\[[^\]]*\])?\s*")
# pip's parser, pkg_resources, on Python up to 3.10.
_LINE = re.compile(r"\s*(?P<name>[^=\s][^=]*?)\s*=\s*[\w.]+\s*(:\s*[\w.]+)?\s*(\[[\w.,\s-]*\])?\s*")
_GROUP = re.compile(r"\[\s*\w+(\.\w+)*\s*\]")
_REMEDY = "Correct the entry points in pyproject.toml."


def check_scripts(subject: Subject) -> Iterator[Finding]:
    """Check every entry point's form, and every console and GUI script of entry_points.txt."""
    place = f"{subject.tree.dist_info}/entry_points.txt"
    if place not in subject.tree.files:
        return
    yield from _form(subject, place)
    try:
        scripts = read_scripts(subject.tree)
    except configparser.Error as err:
        message = f"cannot be read ({err.message})"
        yield finding(Rule.ENTRY_POINT, place, message, _REMEDY)
        return
    for script in scripts:
        fault = _name_fault(subject, script.name) or _fault(subject.tree, script)
        if fault:
            remedy = "Correct the script in pyproject.toml, or add the module that has it to the target's dependencies."
            yield finding(Rule.ENTRY_POINT, f"{place}: {script.name}", fault, remedy)


def _form(subject: Subject, place: str) -> Iterator[Finding]:
    """Yield findings for lines that pip cannot read, or that it refuses as duplicates."""
    try:
        lines = subject.tree.read(place).decode("utf-8").splitlines()
    except UnicodeDecodeError as err:
        yield finding(Rule.ENTRY_POINT, place, f"is not UTF-8 ({err})", _REMEDY)
        return
    problems = Problems()
    group = ""
    seen = set()
    for number, text in enumerate(map(str.strip, lines), 1):
        if not text or text.startswith("#"):
            continue
        is_group = text.startswith("[")
        match = None if is_group else _LINE.fullmatch(text)
        key = (text, "") if is_group else (group, match["name"] if match else "")
        group = text if is_group else group
        if (is_group and not _GROUP.fullmatch(text)) or (not is_group and (match is None or not group)):
            problems.add(f"{place}, line {number}", f"is {text!r}, which pip cannot read", _REMEDY)
        elif key in seen:
            problems.add(f"{place}, line {number}", f"has {text!r} twice, which pip rejects", _REMEDY)
        seen.add(key)
    yield from findings(Rule.ENTRY_POINT, problems.as_error(InvalidWheelError).problems)


def _name_fault(subject: Subject, name: str) -> str | None:
    """Return why an installer cannot write a script of a name."""
    if "/" in name or "\\" in name or name in (".", ".."):
        return "has a path as its name"
    fault = windows_path_fault(f"{name}.exe") if is_for_windows(subject) else None
    return f"cannot be a program on Windows, as that {fault}" if fault else None


def _fault(tree: WheelTree, script: EntryPoint) -> str | None:
    if not _REFERENCE.fullmatch(script.value) or not script.attr:
        return f"calls {script.value!r}, which is not of the form package.module:function"
    file = _module_file(tree, script.module)
    if file is None:
        fault = f"calls {script.value}, but the wheel has no module {script.module}"
        return None if _may_be_required(tree, script.module) else fault
    if not file.endswith(".py"):
        return None
    if not defines(tree.text(file), script.attr.split(".")):
        return f"calls {script.value}, but {file} defines no {script.attr}"
    return None


def _may_be_required(tree: WheelTree, module: str) -> bool:
    """Return whether a module may belong to a required distribution: nothing of its package is in the wheel."""
    package = module.partition(".")[0]
    is_own = any(re.split(r"[/.]", path)[0] == package for path in tree.installed)
    return not is_own and re.search(r"^Requires-Dist:", tree.metadata("METADATA") or "", re.MULTILINE) is not None


def _module_file(tree: WheelTree, module: str) -> str | None:
    stem = module.replace(".", "/")
    candidates = [f"{stem}/__init__.py", f"{stem}.py"]
    compiled = [path for path in tree.installed if path.startswith(f"{stem}.") and path.endswith((".so", ".pyd"))]
    return next((tree.installed[path] for path in [*candidates, *compiled] if path in tree.installed), None)


def defines(source: str, names: list[str]) -> bool:
    """Return whether Python source binds a name at its top level, or for a class, names inside it."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        # It may need a newer Python than this one: search for the words.
        pattern = rf"^\s*((async\s+)?def|class)\s+{names[0]}\b|\b{names[0]}\s*[=:]|\bimport\b.*\b{names[0]}\b"
        return re.search(pattern, source, re.MULTILINE) is not None
    return _binds(body, names)


def _binds(body: list[ast.stmt], names: list[str]) -> bool:
    bound = [statement for statement in _statements(body) if names[0] in _bound_names(statement)]
    if not bound:
        return any("*" in _bound_names(statement) for statement in _statements(body))
    if len(names) == 1 or not isinstance(bound[-1], ast.ClassDef) or bound[-1].bases or bound[-1].decorator_list:
        return True
    return _binds(bound[-1].body, names[1:])


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of one scope, including those inside `if`, `try`, `with` and loops."""
    for statement in body:
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _statements([child for child in _children(statement) if isinstance(child, ast.stmt)])


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield from _children(child) if isinstance(child, ast.ExceptHandler) else [child]


def _bound_names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds. `*` if it may bind any."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {"*" if statement.name == "__getattr__" else statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.With)):
        return {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    return set()
