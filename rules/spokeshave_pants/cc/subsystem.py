"""Options of the C/C++ toolchain."""

from __future__ import annotations

from pants.option.option_types import StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import help_text, softwrap


class ZigToolchainSubsystem(Subsystem):
    options_scope = "zig-toolchain"
    help = help_text(
        """
        The default toolchain: clang with libc headers for every platform, from the `ziglang` package on PyPI.

        It is an input of each compile and link. No compiler, header or library of the machine is used.
        """
    )

    requirements = StrOption(
        default="resource://spokeshave_pants.resources/ziglang.txt",
        help=softwrap(
            """
            The requirements file, in pip's `--hash` form, that pins `ziglang`, as a path from the build root. Defaults
            to the file in the plugin. Its content is part of the cache key of each compile and link.
            """
        ),
        advanced=True,
    )


class CcExecutionSubsystem(Subsystem):
    options_scope = "cc-execution"
    help = "Where C and C++ sources are compiled and linked."

    environment = StrOption(
        default=None,
        help=softwrap(
            """
            The environment in which compilers and linkers run: a name of `[environments-preview].names` that stands for
            a `remote_environment`. Its workers need nothing installed. The compiler is the one for its `platform`. All
            other processes run locally. By default, compilers and linkers run locally too.
            """
        ),
    )


class SandboxPythonSubsystem(Subsystem):
    options_scope = "sandbox-python"
    help = "The Python that runs Spokeshave's own tools in sandboxes."

    interpreter_constraints = StrListOption(
        default=["CPython==3.9.*"],
        help=softwrap(
            """
            The Python that runs the tools, such as `["CPython==3.9.*"]`. Defaults to the Python that runs Pants 2.17,
            which each machine has. Cache keys contain its feature version, but neither its path nor its patch release.
            """
        ),
        advanced=True,
    )


class CcCheckSubsystem(Subsystem):
    options_scope = "cc-check"
    help = "The platform and Python for which `check` compiles C and C++ sources."

    platform = StrOption(
        default="manylinux_2_17_x86_64",
        help="The wheel platform tag that `check` compiles for, such as `win_amd64`, or `host` for this machine.",
    )
    python = StrOption(
        default="3.12",
        help="The Python, such as `3.12`, whose headers `check` uses for sources that reach `Python.h`.",
    )
