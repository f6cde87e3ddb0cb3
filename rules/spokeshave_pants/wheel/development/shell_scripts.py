"""The files that a shell in a build's environment has besides the inputs of the build. Works without the engine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from spokeshave_pants.toolchain.zig import ZIG, ZIG_ENVIRONMENT

RUN = "run"
TOOLS_DIR = "__tools"
ROOT_VARIABLE = "CC_SHELL_ROOT"
COMMAND_VARIABLE = "CC_SHELL_COMMAND"


def run_paths(inputs: Iterable[str]) -> tuple[str, ...]:
    """Return where the script `run` is: on PATH, and in the root of the sandbox unless the build has that name there.

    Args:
        inputs: The files and directories of the build in the sandbox.
    """
    # Some file systems do not distinguish cases.
    taken = any(path.split("/")[0].lower() == RUN for path in inputs)
    on_path = f"{TOOLS_DIR}/{RUN}"
    return (on_path,) if taken else (on_path, RUN)


def run_script(description: str, argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the script that runs the command of the build, with its environment and nothing of the shell's."""
    variables = (f"{name}={shlex.quote(value)}" for name, value in sorted(environment.items()))
    command = " \\\n  ".join(("exec env -i", *variables, *map(shlex.quote, argv)))
    return f'#!/bin/sh\n# {description}\ncd "${ROOT_VARIABLE}" || exit\n{command}\n'


def tool_scripts(target: str) -> dict[str, str]:
    """Return the commands of the shell by name: `zig`, and the compilers for the platform of the build.

    Args:
        target: The platform as zig's `-target`.
    """
    root = f'"${ROOT_VARIABLE}"'
    variables = " ".join(f"{name}={root}/{path}" for name, path in sorted(ZIG_ENVIRONMENT.items()))
    head = f"#!/bin/sh\nexec env {variables} {root}/{ZIG}"
    return {
        "zig": f'{head} "$@"\n',
        "cc": f'{head} cc -target {target} "$@"\n',
        "c++": f'{head} c++ -target {target} "$@"\n',
    }


def shell_argv(bash: str, command: Sequence[str]) -> tuple[str, ...]:
    """Return the program that runs in the sandbox.

    Args:
        command: A program and its arguments, or one text that the shell interprets. Nothing for an interactive shell,
            which reads no start-up file, because such a file may change PATH.
    """
    if not command:
        return (bash, "--noprofile", "--norc", "-i")
    return (bash, "-c", command[0]) if len(command) == 1 else tuple(command)


def welcome(description: str, argv: Sequence[str]) -> str:
    """Return what an interactive shell prints first."""
    return (
        f"{description}: a shell in its sandbox, which is deleted when the shell ends.\n"
        f"`{RUN}` repeats the command exactly, confined to its inputs; ${COMMAND_VARIABLE} contains it:\n\n"
        f"{shlex.join(argv)}\n\n"
        "`zig`, `cc` and `c++` are the toolchain's, for the same platform."
    )
