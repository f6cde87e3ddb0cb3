"""Options of sandboxes: where compilers run, which Python runs the tools, and what those need."""

from __future__ import annotations

from pants.option.option_types import StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap


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


class SpokeshaveToolsSubsystem(Subsystem):
    options_scope = "spokeshave-tools"
    help = "The tools that assemble, repair, verify, stamp and test wheels, run in sandboxes."

    requirements = StrOption(
        default="resource://spokeshave_pants.resources/tools.txt",
        help=softwrap(
            """
            The requirements file, in pip's `--hash` form, that pins what the tools need: a path from the build root,
            or the one that the plugin carries.
            """
        ),
        advanced=True,
    )
    smoke_requirements = StrOption(
        default="resource://spokeshave_pants.resources/smoke.txt",
        help="The requirements file, in pip's `--hash` form, with pytest, for wheels that give none of their own.",
        advanced=True,
    )
