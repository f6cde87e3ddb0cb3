"""Options of the toolchain."""

from __future__ import annotations

from pants.option.option_types import StrOption
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
