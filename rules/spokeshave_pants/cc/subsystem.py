"""Options of the C/C++ toolchain."""

from __future__ import annotations

from pants.option.option_types import StrOption
from pants.option.subsystem import Subsystem


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
