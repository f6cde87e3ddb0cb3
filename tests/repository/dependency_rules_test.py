"""The dependency rules of the design: the imports that each module may have."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PLUGIN = REPOSITORY / "rules/spokeshave_pants"
TOOLS = REPOSITORY / "tools/spokeshave"
BUILD = REPOSITORY / "tools/BUILD"
CORE = REPOSITORY / "core/spokeshave_core"
# Packages of Pants itself besides the standard library, and the libraries that the launcher adds.
PLUGIN_MAY_IMPORT = {
    "packaging",
    "pants",
    "spokeshave_core",
    "spokeshave_pants",
    "tabulate",
    "tomli",
    "typing_extensions",
}
# The parts of Pants' engine. Modules that import none of them await nothing, so that other rules can use them.
ENGINE = ("pants.engine.rules", "pants.engine.goal", "pants.engine.fs", "pants.engine.target", "pants.engine.unions")
ENGINE_NAMES = ("rules.py", "register.py", "subsystem.py", "target_types.py", "summary.py", "unity_rules.py")
# Modules of rules with names of their own, if a room has more than one.
ENGINE_MODULES = frozenset(
    {
        "cc/closure/generated_rules.py",
        "cc/includes/third_party.py",
        "cc/link/variant.py",
        "cc/project/build.py",
        "cc/project/libraries.py",
        "cc/project/programs.py",
        "cc/project/projects.py",
        "headers/import_library.py",
        "pants_api/by_name.py",
        "pants_api/on_2_17.py",
        "pants_api/on_2_29.py",
        "sandbox/hermetic.py",
        "sandbox/packages.py",
        "sandbox/python.py",
        "sandbox/requirements_file.py",
        "sandbox/tools.py",
        "wheel/backend/build.py",
        "wheel/backend/environment.py",
        "wheel/backend/projects.py",
        "wheel/backend/run.py",
        "wheel/backend_target_types.py",
        "wheel/build/assembly.py",
        "wheel/build/downstream_files.py",
        "wheel/build/extension.py",
        "wheel/build/linked_software.py",
        "wheel/build/package_headers.py",
        "wheel/build/placed_library.py",
        "wheel/codegen/checks.py",
        "wheel/codegen/chosen_pythons.py",
        "wheel/codegen/settings.py",
        "wheel/development/builds.py",
        "wheel/plan/backend_wheel.py",
        "wheel/plan/owners.py",
        "wheel/plan/python_imports.py",
        "wheel/plan/roles.py",
        "wheel/plan/targets.py",
        "wheel/plan/version_modules.py",
        "wheel/plan/wheel_files.py",
        "wheel/planned_work.py",
        "wheel/sdist/backend.py",
        "wheel/sdist/check.py",
        "wheel/tailor/extensions.py",
        "wheel/tailor/python_tree.py",
        "wheel/wheel_reports.py",
        "wheel/wheel_set.py",
    }
)


def sources(root: Path) -> list[Path]:
    """Return Python files below a directory, without tests and links."""
    found = [path for path in root.rglob("*.py") if not path.name.endswith(("_test.py", "_fixtures.py"))]
    return sorted(path for path in found if path.resolve().is_relative_to(root))


def imports(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, at any position."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""


def offenders(root: Path, forbidden: set[str]) -> list[str]:
    return [f"{path}: {name}" for path in sources(root) for name in imports(path) if name.split(".")[0] in forbidden]


def test_both_trees_are_there() -> None:
    assert PLUGIN / "action.py" in sources(PLUGIN)
    assert TOOLS / "cli.py" in sources(TOOLS)
    assert CORE / "platform.py" in sources(CORE)
    assert not [path for path in sources(PLUGIN) if "tools" in path.relative_to(PLUGIN).parts[:2]]


def test_the_tools_never_import_pants_or_the_plugin() -> None:
    assert offenders(TOOLS, {"pants", "spokeshave_pants"}) == []


def test_the_plugin_never_imports_the_tools() -> None:
    assert offenders(PLUGIN, {"spokeshave"}) == []


def test_the_core_imports_the_standard_library_alone() -> None:
    """The plugin and the tools import it with the packages of each, of which some differ in their versions."""
    standard = {*standard_library(), "spokeshave_core"}
    assert [
        f"{path}: {name}" for path in sources(CORE) for name in imports(path) if name.split(".")[0] not in standard
    ] == []


@pytest.mark.parametrize("root", [PLUGIN, TOOLS], ids=["plugin", "tools"])
def test_both_trees_import_the_core(root: Path) -> None:
    """Each through a link of its own, which leads to the one directory."""
    assert (root.parent / "spokeshave_core").resolve() == CORE
    assert any(name.startswith("spokeshave_core.") for path in sources(root) for name in imports(path))


def test_the_plugin_imports_nothing_that_pants_does_not_bring() -> None:
    standard = standard_library()
    assert [
        f"{path}: {name}"
        for path in sources(PLUGIN)
        for name in imports(path)
        if name.split(".")[0] not in PLUGIN_MAY_IMPORT and name.split(".")[0] not in standard
    ] == []


def test_engine_free_modules_do_not_import_the_engine() -> None:
    pure = [path for path in sources(PLUGIN) if not ends_at_the_engine(path)]
    assert {"platforms.py", "scan.py", "matrix.py", "version_arguments.py"} <= {path.name for path in pure}
    assert [f"{path}: {name}" for path in pure for name in imports(path) if name.startswith(ENGINE)] == []


def test_compiler_rules_do_not_import_higher_backends() -> None:
    """The compiler's rules do not depend on wheels and releases."""
    assert [
        f"{path}: {name}"
        for path in sources(PLUGIN / "cc")
        for name in imports(path)
        if name.startswith(("spokeshave_pants.wheel", "spokeshave_pants.release"))
    ] == []


@pytest.mark.parametrize("root", [PLUGIN, TOOLS], ids=["plugin", "tools"])
def test_only_register_and_the_command_line_assemble(root: Path) -> None:
    """Modules that others build on import neither, so that an import registers and parses nothing."""
    assembling = (
        "spokeshave_pants.cc.register",
        "spokeshave_pants.wheel.register",
        "spokeshave_pants.release.register",
    )
    assert [
        f"{path}: {name}"
        for path in sources(root)
        for name in imports(path)
        if name in (*assembling, "spokeshave.cli") and path.name != "__main__.py"
    ] == []


def ends_at_the_engine(path: Path) -> bool:
    """Return whether a module contains rules, targets or options, by its name and directory."""
    inside = path.relative_to(PLUGIN)
    return path.name in ENGINE_NAMES or "goals" in inside.parts or inside.as_posix() in ENGINE_MODULES


def standard_library() -> set[str]:
    names: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())
    if names:
        return set(names)
    library = Path(ast.__file__).parent
    # Some are extension modules, with the interpreter's tag in their file names.
    compiled = {path.name.split(".")[0] for path in library.glob("lib-dynload/*")}
    return {path.stem for path in library.iterdir()} | compiled | set(sys.builtin_module_names)


def test_the_command_line_depends_on_each_command() -> None:
    """Pants cannot see that the command line imports a command by the name in its table."""
    tree = ast.parse((TOOLS / "cli.py").read_text())
    tables = (node.value for node in tree.body if isinstance(node, ast.Assign) and _names(node) == ["COMMANDS"])
    modules = {module.replace(".", "/") for module, _ in ast.literal_eval(next(tables)).values()}
    listed = re.search(r'"spokeshave/cli\.py": \{\s*"dependencies": \[(.*?)\]', BUILD.read_text(), re.DOTALL)
    assert listed
    assert set(re.findall(r'"\./(\S+)\.py:', listed[1])) == modules


def _names(assignment: ast.Assign) -> list[str]:
    return [target.id for target in assignment.targets if isinstance(target, ast.Name)]
