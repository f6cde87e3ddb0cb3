"""Options of the goals `check` and `tailor`, and of all compiles and links."""

from __future__ import annotations

from pants.option.option_types import BoolOption, EnumOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap

from spokeshave_pants.cc.build_type import BuildType


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


class CcSetupSubsystem(Subsystem):
    options_scope = "cc-setup"
    help = "The targets for C and C++ files that `tailor` proposes."

    tailor = BoolOption(
        default=True,
        help=softwrap(
            """
            Propose a `cc_sources` for the C and C++ files of each folder that no target owns. Defaults to true.

            If a folder has the sources of several extension modules, each of them becomes a target of its own. If
            `pants.backend.experimental.cc` is enabled too, Pants proposes the targets.
            """
        ),
        advanced=True,
    )


class CcBuildSubsystem(Subsystem):
    options_scope = "cc-build"
    help = "How C and C++ sources are compiled and linked."

    type = EnumOption(
        default=BuildType.RELEASE,
        help=softwrap(
            """
            The build type, with cmake's names. `release` compiles with `-O2 -DNDEBUG` and strips the linked files.
            `debug` compiles with `-O0`, keeps assertions, and on Linux adds debug information (`-g`) that is not
            stripped. Its paths are relative to the build root, so that gdb finds the sources if it starts there:
            `--cc-build-type=debug package src/python:wheel`. Flags of targets follow those of the build type and take
            precedence. Results of one type are never used for the other, and `publish` refuses debug builds.
            """
        ),
    )
