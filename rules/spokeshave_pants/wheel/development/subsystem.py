"""The goals for developers, and their options."""

from __future__ import annotations

from enum import Enum

from pants.engine.goal import Goal, GoalSubsystem
from pants.option.option_types import ArgsListOption, BoolOption, EnumOption, StrOption
from pants.util.docutil import bin_name
from pants.util.strutil import help_text, softwrap

from spokeshave_pants.toolchain.platforms import HOST


class CompileCommandsSubsystem(GoalSubsystem):
    name = "compile-commands"
    help = help_text(
        """
        Write `compile_commands.json`, from which clangd, clang-tidy and other tools know how each C/C++ source is
        compiled. Nothing is compiled. For all sources: `compile-commands ::`.

        The commands are for plain clang, for one platform and one Python. Headers that are not in the checkout are laid
        out in `dist/compile-commands`: those of the C library, of libc++, of CPython, of Python packages, and generated
        ones. Run the goal again after a change of targets or of generated headers.

        clangd finds the file in a folder above the source. Git should ignore it: list `/compile_commands.json` and
        `/dist/` in `.gitignore`.
        """
    )

    platform = StrOption(
        default=HOST,
        help=softwrap(
            """
            The wheel platform tag to write the commands for, such as `win_amd64`. Defaults to `host`: the first
            platform of the repository's wheels that this machine runs (on a Mac: the first one for macOS), or else this
            machine's own. Sources that are not for the platform are left out.
            """
        ),
    )
    python = StrOption(
        default=None,
        help=softwrap(
            """
            The Python, such as `3.12`, whose headers sources that reach `Python.h` are compiled with. Defaults to the
            newest one of the wheels that contain the source, or else to `[cc-check].python`.
            """
        ),
    )
    path = StrOption(
        default="compile_commands.json",
        help=softwrap(
            """
            The file to write, relative to the build root. clangd looks for it in the folders above a source, and in a
            folder `build` of each. For another one, such as `dist/compile_commands.json`, start clangd with
            `--compile-commands-dir=dist`.
            """
        ),
    )


class CompileCommands(Goal):
    subsystem_cls = CompileCommandsSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


class Step(Enum):
    """The step of a build whose sandbox a shell runs in."""

    COMPILE = "compile"
    LINK = "link"


class CcShellSubsystem(GoalSubsystem):
    name = "cc-shell"
    help = help_text(
        f"""
        Start a shell in the environment of a compile or a link: its sandbox with all inputs, the toolchain, and the
        exact command.

        For example, `{bin_name()} cc-shell src/python:ext` is a shell in the link of an extension, and
        `{bin_name()} cc-shell --cc-shell-source=src/cpp/graph.cc src/python:ext` one in a compile. `run` repeats
        the command, confined to its inputs as in a build. Edit the inputs to try something; the sandbox is deleted when
        the shell ends.

        A command after `--` runs instead of the shell, and the goal exits with its status:
        `{bin_name()} cc-shell src/python:ext -- run`.
        """
    )

    step = EnumOption(
        enum_type=Step,
        default=None,
        help=softwrap(
            """
            `compile` or `link`. Defaults to `compile` if `--cc-shell-source` is given or the target is a `cc_sources`,
            and to `link` for a `python_extension` or a `cc_shared_library`.
            """
        ),
    )
    source = StrOption(
        default=None,
        help=softwrap(
            """
            The source to compile, as messages name it: a path from the build root, such as `src/cpp/graph.cc`, or a
            source of a package, such as `nanobind/src/nb_combined.cpp`. Defaults to the only source of the target.
            """
        ),
    )
    platform = StrOption(
        default=HOST,
        help=softwrap(
            """
            The wheel platform tag to build for, such as `win_amd64`. Defaults to `host`: the first platform of the
            wheels with the target that this machine runs (on a Mac: the first one for macOS), or else this machine's
            own.
            """
        ),
    )
    python = StrOption(
        default=None,
        help=softwrap(
            """
            The Python to build for, such as `3.12`. Defaults to the newest one of the wheels with the target, or else
            to `[cc-check].python`.
            """
        ),
    )
    args = ArgsListOption(
        example="run",
        tool_name="the shell",
        passthrough=True,
        extra_help=softwrap(
            """
            A program and its arguments, or one text that a shell interprets, such as `-- 'run && ls __objects'`.
            """
        ),
    )


class CcShell(Goal):
    subsystem_cls = CcShellSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


class DevelopSubsystem(GoalSubsystem):
    name = "develop"
    help = help_text(
        f"""
        Install native wheels into a virtual environment, with their Python code in the source tree.

        Native and generated files are written into the source tree next to their package, for the Python of the
        environment; those of several Pythons are side by side. The environment gets the metadata, the scripts and one
        `.pth` file with the source roots. Native wheels that a wheel requires are installed with it. For example:
        `{bin_name()} develop --venv=.venv src/python:wheel`, or `{bin_name()} --loop develop ::` to build and write
        again after each edit.

        Debug builds: `--cc-build-type=debug`. Files that git tracks are never overwritten, and git should ignore those
        that are written: `--gitignore` adds the lines.
        """
    )

    venv = StrOption(
        default=None,
        help=softwrap(
            """
            The virtual environment (or conda environment), absolute or relative to the build root, such as `.venv`.
            Defaults to the active one: `$VIRTUAL_ENV`, or else `$CONDA_PREFIX`.
            """
        ),
    )
    check = BoolOption(
        default=False,
        help=softwrap(
            """
            Write nothing. Print what would change, and exit with 1 if anything would. By default, files are written.
            """
        ),
    )
    gitignore = BoolOption(
        default=False,
        help=softwrap(
            """
            Add the lines that are missing to `.gitignore` in the build root, such as `/src/python/vm/_native.*.so`. By
            default they are printed.
            """
        ),
    )
    requirements = BoolOption(
        default=False,
        help=softwrap(
            """
            Install the missing requirements of the wheels into the environment, with its pip. By default they are
            printed, with the command that installs them.
            """
        ),
    )


class Develop(Goal):
    subsystem_cls = DevelopSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY
