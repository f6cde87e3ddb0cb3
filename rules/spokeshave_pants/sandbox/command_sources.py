"""The sources that one command of the tools uses, so that its cache key names no other command's.

They are derived from the sources themselves: the command's module, what it imports, what that imports, and so on.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

CLI = "spokeshave/cli.py"
"""The source with the table of commands."""
_CLI = "spokeshave.cli"
_PACKAGES = frozenset({"spokeshave", "spokeshave_core"})


def command_sources(command: str, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The sources that `spokeshave COMMAND` reads, by path.

    Args:
        command: The name of a command, as `COMMANDS` of `spokeshave.cli` has it.
        sources: All sources of the tools and the core, by path from the folder that is put on `sys.path`.
    """
    modules = {_module(path): path for path in sources}
    command_module = command_modules(sources[modules[_CLI]])[command]
    reached: set[str] = set()
    pending = [_CLI, command_module]
    while pending:
        module = pending.pop()
        if module not in reached:
            reached.add(module)
            pending.extend(_required(module, sources[modules[module]], modules))
    paths = sorted(modules[module] for module in reached)
    return {path: sources[path] for path in paths}


@functools.cache
def command_modules(cli: bytes) -> Mapping[str, str]:
    """The module of each command, from the table in the source of `spokeshave.cli`, which imports them by name."""
    for node in ast.parse(cli).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["COMMANDS"]:
            table: dict[str, tuple[str, str]] = ast.literal_eval(node.value)
            return {command: module for command, (module, _) in table.items()}
    raise ValueError(f"{_CLI} has no table `COMMANDS`")


def command_name(argv: Sequence[str], commands: Container[str]) -> str:
    """The command that arguments begin with: two words, such as `release seal`, if there is one of that name."""
    two_words = " ".join(argv[:2])
    return two_words if two_words in commands else argv[0]


def _required(module: str, source: bytes, known: Iterable[str]) -> set[str]:
    """The modules that must exist for a module to be imported and run: the packages around it and its own imports."""
    found = set(_packages(module))
    for imported, names in _imports(source):
        if imported not in known:
            raise ModuleNotFoundError(f"{module} imports {imported}, which is not a source that the plugin carries")
        submodules = (f"{imported}.{name}" for name in names)
        found.update([imported, *(name for name in submodules if name in known)])
    return found


@functools.cache
def _imports(source: bytes) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The modules of the tools and the core that a source imports, anywhere in it, with the names taken from each."""
    return tuple(
        (module, names)
        for node in ast.walk(ast.parse(source))
        for module, names in _imported_by(node)
        if module.split(".")[0] in _PACKAGES
    )


def _imported_by(node: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, ()) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        if node.level:
            raise ValueError(f"line {node.lineno}: a relative import, which is not followed")
        yield str(node.module), tuple(alias.name for alias in node.names)


def _packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))


def _module(path: str) -> str:
    """The name of the module at a path; a package's is that of its folder."""
    return path[: -len(".py")].replace("/", ".").removesuffix(".__init__")
