"""Options of the goals `check` and `tailor`."""

from __future__ import annotations

from pants.option.option_types import BoolOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap


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
