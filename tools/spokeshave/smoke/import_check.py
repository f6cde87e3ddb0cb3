"""The check that a module can be imported, and the message if it cannot."""

from __future__ import annotations

import re

from spokeshave.processes import ProcessResult
from spokeshave.wheel.import_names import own_names
from spokeshave.wheel.tree import WheelTree

IMPORT = "import importlib, sys; importlib.import_module(sys.argv[1])"

_FRAME = re.compile(r'^  File "([^"]+)", line \d+', re.MULTILINE)
# pytest shows errors of a `conftest.py` after an E.
_NO_MODULE = re.compile(r"^(?:E +)?ModuleNotFoundError: No module named '([\w.]+)'", re.MULTILINE)
_NO_NAME = re.compile(
    r"^ImportError: cannot import name '(\w+)' from (?:partially initialized module )?'([\w.]+)'", re.MULTILINE
)
_NO_INIT = re.compile(r"^ImportError: dynamic module does not define module export function \((\w+)\)", re.MULTILINE)
_UNDEFINED = re.compile(r"^ImportError: .*undefined symbol: (\w+)", re.MULTILINE)
_NO_LIBRARY = re.compile(r"^ImportError: (\S+): cannot open shared object file", re.MULTILINE)


def explain_import(result: ProcessResult, name: str, tree: WheelTree) -> str:
    """Return why importing a module failed, and what to do."""
    if result.timed_out or (result.exit_code or 0) < 0:
        return f"importing {name} {result.describe_exit()}\n{result.last_lines()}\n{_CRASH}"
    last = result.last_lines(1)
    remedy = import_remedy(result.output, tree) or _UNKNOWN
    return f"{last}\n{remedy}\n{result.last_lines()}"


_UNKNOWN = "To reproduce the failure, import the module in a fresh environment that contains only the wheel."
_CRASH = (
    "Look at what the module does while it is imported: initializers of global objects, and its PyInit_ or "
    "PyModExport_ function."
)


def import_remedy(output: str, tree: WheelTree) -> str | None:
    """Return the remedy for the import error in a traceback. None if there is no known one."""
    modules = dict.fromkeys(_NO_MODULE.findall(output))
    if modules:
        importer = _last_importer(output, tree)
        return "\n".join(_missing_module(module, importer, tree) for module in modules)
    match = _NO_NAME.search(output)
    if match:
        return _missing_name(match[1], match[2], tree)
    match = _NO_INIT.search(output)
    if match:
        return f"The extension does not define {match[1]}: its name in C++ must be the last part of its Python name."
    match = _UNDEFINED.search(output)
    if match:
        return f"Nothing in the wheel defines {match[1]}: add the target that does to the extension's dependencies."
    match = _NO_LIBRARY.search(output)
    if match:
        return f"The library {match[1]} is not found: repair the wheel, or link it statically."
    return None


def _last_importer(output: str, tree: WheelTree) -> str:
    """Return the innermost module of the wheel in a traceback. Empty if there is none."""
    frames = [path.replace("\\", "/").partition("site-packages/")[2] for path in _FRAME.findall(output)]
    own = [path for path in frames if path in tree.installed]
    return own[-1].removesuffix(".py").removesuffix("/__init__").replace("/", ".") if own else ""


def _missing_module(module: str, importer: str, tree: WheelTree) -> str:
    if module.split(".")[0] in own_names(tree):
        file = module.replace(".", "/")
        if {f"{file}.py", f"{file}/__init__.py"} & tree.installed.keys():
            return f"The wheel has {module}, but another Python imported it: tests must start `sys.executable`."
        message = f"The wheel has no {file}.py and no {file}/__init__.py"
        add = f"Add the target that owns {module} to the wheel's dependencies; a build backend has to install it."
        if _is_in_namespace(module, tree):
            return (
                f"{message}. {add} If it is part of another distribution, list that under dependencies in "
                "pyproject.toml, or in the file of `smoke_requirements` if only the tests import it."
            )
        return f"{message}: the import works only in the source tree. {add}"
    if not importer:
        return (
            f"{module} is not installed: list its distribution under dependencies in pyproject.toml if the wheel "
            "imports it, or in the file of `smoke_requirements` if only the tests do. A module that the wheel works "
            "without is named in the field `smoke_optional_imports` of its target."
        )
    return (
        f"{module} is not installed: list its distribution under dependencies in pyproject.toml. If {importer} is "
        f"optional, name it in the field `smoke_optional_imports` of the wheel's target, such as "
        f'smoke_optional_imports=["{importer}"].'
    )


def _is_in_namespace(module: str, tree: WheelTree) -> bool:
    """Return whether the package of a module is a namespace, to which several distributions may add."""
    package = module.rpartition(".")[0].replace(".", "/")
    return bool(package) and f"{package}/__init__.py" not in tree.installed


def _missing_name(name: str, module: str, tree: WheelTree) -> str:
    file = f"{module.replace('.', '/')}/{name}"
    package = f"{module.replace('.', '/')}/__init__.py"
    if package in tree.installed and not any(path.startswith((f"{file}.", f"{file}/")) for path in tree.installed):
        message = f"If {name} is a module, the wheel has no {file}.py:"
        return f"{message} add the target that owns it to the wheel's dependencies."
    return f"{module} is in the wheel but does not define {name}."
