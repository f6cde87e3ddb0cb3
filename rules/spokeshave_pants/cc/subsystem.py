"""Options of the goal `check`."""

from __future__ import annotations

from pants.option.option_types import StrOption
from pants.option.subsystem import Subsystem


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
