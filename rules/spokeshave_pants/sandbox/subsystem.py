"""Options of sandboxes: where compilers run, which Python runs the tools, and what those need."""

from __future__ import annotations

from pants.option.option_types import BoolOption, StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap

from spokeshave_core.cpython_releases import NEWEST, TOOLS_CONSTRAINT


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
    projects = BoolOption(
        default=False,
        help=softwrap(
            """
            Whether the builds of `cc_cmake_project`s run in the environment too, except those with `system_tools`.
            CMake and ninja are inputs, but their workers need glibc and `/bin/sh`. By default, these builds run
            locally, which is possible if this machine is of the environment's `platform`.
            """
        ),
    )


class SandboxPythonSubsystem(Subsystem):
    options_scope = "sandbox-python"
    help = "The Python that runs Spokeshave's own tools in sandboxes."

    interpreter_constraints = StrListOption(
        default=[TOOLS_CONSTRAINT],
        help=softwrap(
            f"""
            The Pythons that may run the tools; any CPython from 3.9 to {NEWEST} can.
            If the Python that runs Pants is one of them, it is used: 3.9 on Pants 2.17. Otherwise the oldest one in
            `[python-bootstrap].search_path` is.

            Cache keys contain its feature version, but neither its path nor its patch release, and wheels have the same
            bytes with each. Machines that share a remote cache need the same version of Pants. If Pants runs on
            different Pythons on them, pin one feature version that all of them have, such as `["CPython==3.11.*"]`.
            """
        ),
        advanced=True,
    )


class SpokeshaveToolsSubsystem(Subsystem):
    options_scope = "spokeshave-tools"
    help = "The tools that assemble, repair, verify, stamp and smoke-test wheels in sandboxes."

    requirements = StrOption(
        default="resource://spokeshave_pants.resources/tools.txt",
        help=softwrap(
            """
            The requirements file, in pip's `--hash` form, that pins the dependencies of the tools, as a path from the
            build root. Defaults to the file in the plugin.
            """
        ),
        advanced=True,
    )
    smoke_requirements = StrOption(
        default="resource://spokeshave_pants.resources/smoke.txt",
        help="The requirements file, in pip's `--hash` form, that pins pytest for wheels without `smoke_requirements`.",
        advanced=True,
    )
