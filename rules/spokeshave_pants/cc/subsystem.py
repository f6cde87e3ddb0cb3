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

        It is an input of each compile and link; no compiler, header or library of the machine is used.
        """
    )

    requirements = StrOption(
        default="resource://spokeshave_pants.resources/ziglang.txt",
        help=softwrap(
            """
            The requirements file, in pip's `--hash` form, that pins `ziglang`: a path from the build root, or the
            one that the plugin carries. Its content is part of the key of every compile and link.
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
            The name, in `[environments-preview].names`, of the environment in which compilers and linkers run:
            that of a `remote_environment`, whose workers need have nothing installed. The compiler is the one for its
            `platform`. All else runs here, where the tools and the Pythons are. Unset, compilers run here as well.
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
            Which Python runs the tools: by default the one that runs Pants 2.17, so that every machine has it. Of the
            keys of processes its feature version is a part, and neither its place nor its patch release.
            """
        ),
        advanced=True,
    )


class CcCheckSubsystem(Subsystem):
    options_scope = "cc-check"
    help = "What `check` compiles C and C++ sources for, where no wheel says so."

    platform = StrOption(
        default="manylinux_2_17_x86_64",
        help="The wheel platform tag that `check` compiles for, or `host`.",
    )
    python = StrOption(
        default="3.12",
        help="The Python whose headers sources that reach `Python.h` are compiled with by `check`.",
    )
