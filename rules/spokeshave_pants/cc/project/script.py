"""The settings of `resources/project.cmake`, which builds a project. Works without the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spokeshave_core.platform import Platform, System
from spokeshave_pants.action import ForeignCalls

PROJECT_DIR = "__project"
SOURCE_DIR = "__source"
PREFIX_DIR = "__prefix"
HOST_DIR = "__host"
OUTPUT_DIR = "__out"
CMAKE_DIR = "__cmake"
# A folder with links to programs of the machine.
SYSTEM_DIR = "__system"
# Names in `resources`, with those in the sandbox.
SCRIPTS = {
    "project.cmake": "project.cmake",
    "relocate.cmake": "relocate.cmake",
    "project_cmake.cmake": "cmake.cmake",
    "project_make.cmake": "make.cmake",
    "project_toolchain.cmake": "toolchain.cmake",
    "project_top.cmake": "top.cmake",
}
# What autotools are given as long as a build compiles nothing for the machine, so that no key depends on the machine.
BUILD_PROCESSOR = "x86_64"
_HOST_TOOLS = "{host_tools}"
_HOST_TOOLS_VALUE = "$ENV{SPOKESHAVE_HOST_TOOLS}"
_CONFIGURE = """\
function(spokeshave_configure result output)
  execute_process(
    COMMAND "${{CMAKE_COMMAND}}" ${{ARGN}}
{arguments}
    RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
  set("${{result}}" "${{code}}" PARENT_SCOPE)
  set("${{output}}" "${{text}}" PARENT_SCOPE)
endfunction()
"""


@dataclass(frozen=True)
class MakeSettings:
    """The build of a project by a script that configures it, and make.

    Attributes:
        configure: The script, in the project's folder. Empty for none.
        machine: The target, as autotools know it (`--host`).
        build_processor: The processor of the machine that builds, for autotools (`--build`).
    """

    configure: str
    configure_args: tuple[str, ...] = ()
    make_args: tuple[str, ...] = ()
    install_targets: tuple[str, ...] = ("install",)
    env: Mapping[str, str] = field(default_factory=dict)
    machine: str = ""
    build_processor: str = BUILD_PROCESSOR


@dataclass(frozen=True)
class ProjectSettings:
    """What the script builds.

    Attributes:
        ninja: The path of the program in the sandbox.
        pkgconf: The same. Empty for none.
        path: The folders of PATH in the sandbox.
        prefixes: The trees of other projects in the sandbox.
        defines: CMake's cache variables, with the probes.
        make: None for a CMake project.
    """

    subdirectory: str
    ninja: str
    path: tuple[str, ...]
    pkgconf: str = ""
    prefixes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    defines: Mapping[str, str] = field(default_factory=dict)
    make: MakeSettings | None = None

    def text(self) -> str:
        """Return the text of the file that the script includes."""
        make = self.make or MakeSettings("")
        # With a type, as CMake makes a relative path absolute (below the sandbox) if a project says that it is a path.
        arguments = "\n".join(
            f"      {_quoted(f'-D{name}:STRING={value}')}" for name, value in sorted(self.defines.items())
        )
        variables = {
            "KIND": ("make" if self.make else "cmake",),
            "SUBDIRECTORY": (self.subdirectory,),
            "NINJA": (self.ninja,),
            "PKGCONF": (self.pkgconf,),
            "PATH": self.path,
            "PREFIXES": self.prefixes,
            "TARGETS": self.targets,
            "COMPONENTS": self.components,
            "CONFIGURE": (make.configure,),
            "CONFIGURE_ARGS": make.configure_args,
            "MAKE_ARGS": make.make_args,
            "INSTALL_TARGETS": make.install_targets,
            "ENV": tuple(f"{name}={value}" for name, value in sorted(make.env.items())),
            "MACHINE": (make.machine,),
            "BUILD_PROCESSOR": (make.build_processor,),
        }
        lines = [f"set(PROJECT_{name} {' '.join(map(_list_item, values))})\n" for name, values in variables.items()]
        return "".join(lines) + _CONFIGURE.format(arguments=arguments)


def _quoted(text: str) -> str:
    """Return a text as one quoted argument of CMake."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + escaped.replace(_HOST_TOOLS, _HOST_TOOLS_VALUE) + '"'


def _list_item(text: str) -> str:
    """Return a text as one quoted element of a list, also if it contains semicolons."""
    return _quoted(text.replace(";", "\\;"))


def variables_for(
    variables: Mapping[str, str], by_platform: Mapping[str, Mapping[str, str]], platform: Platform
) -> dict[str, str]:
    """Return the cache variables, or those of the environment, for a platform."""
    found = dict(variables)
    for glob, more in by_platform.items():
        if platform.fits([glob]):
            found.update(more)
    return found


def project_calls(lines: Iterable[str]) -> ForeignCalls:
    """Return the calls of the compiler that the script counted."""
    counts = _counts(lines)
    return ForeignCalls(compiles=counts["compiles"], links=counts["links"], probes=counts["probes"])


def compiles_cxx(lines: Iterable[str]) -> bool:
    """Return whether C++ is among the compiles that the script counted."""
    return _counts(lines)["cxx"] > 0


def _counts(lines: Iterable[str]) -> dict[str, int]:
    return {name: int(number) for name, number in (line.split() for line in lines)}


def project_description(target: str, platform: Platform) -> str:
    """Return the description of the process that builds a project."""
    return f"Build {target} for {platform}"


def host_platform_of(machine: str) -> Platform:
    """Return the platform of programs that run on a machine, by Pants' name for it, such as `linux_x86_64`."""
    system, _, architecture = machine.partition("_")
    if system == "macos":
        return Platform(System.MACOS, architecture, (11, 0))
    return Platform(System.GLIBC, {"arm64": "aarch64"}.get(architecture, architecture), (2, 17))


def probes_line(names: Iterable[str]) -> str:
    """Return the field to add for programs without an answer, which all count as failed."""
    listed = ", ".join(f'"{name}": "1"' for name in names)
    return f"probes={{{listed}}}"


def probes_message(target: str, platform: Platform, names: tuple[str, ...]) -> str:
    """Return the warning or error about programs of the target that CMake asks to run."""
    return (
        f"{target} for {platform}: CMake asks what programs of the target answer, which cannot run here: "
        f"{', '.join(names)}. Without an answer they count as failed (exit code 1). Add the answers to the target; 0 "
        f"is success:\n    {probes_line(names)}"
    )


def tail(output: str, lines: int = 60) -> str:
    """Return the end of a build's output, from the first error if there is one."""
    found = output.strip().splitlines()
    first = next((n for n, line in enumerate(found) if "error:" in line.lower() or "CMake Error" in line), None)
    start = max(0, len(found) - lines) if first is None else max(0, first - 2)
    shown = found[start : start + lines]
    return "\n".join(shown)


def refused_programs(output: str) -> tuple[str, ...]:
    """Return the programs of the target that the build asked to run, by the script's report of a failure."""
    lines = (line.split() for line in output.splitlines() if line.startswith("spokeshave: refused "))
    return tuple(dict.fromkeys(line[3].rpartition("/")[2] for line in lines if len(line) > 3))
