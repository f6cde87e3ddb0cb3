"""The two files of a Windows Python that are not published separately: python.exe and python3.dll."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.emulation.pe_exports import exported_names
from spokeshave.setup_steps import Tool

# It needs no C runtime of its own, because the interpreter's DLL loads the one that parses the arguments.
_SOURCE = """
typedef unsigned short wide;
__declspec(dllimport) int _configure_wide_argv(int);
__declspec(dllimport) int *__p___argc(void);
__declspec(dllimport) wide ***__p___wargv(void);
__declspec(dllimport) void ExitProcess(unsigned);
__declspec(dllimport) int Py_Main(int, wide **);
void start(void) {
    _configure_wide_argv(1);
    ExitProcess(Py_Main(*__p___argc(), *__p___wargv()));
}
"""
_TARGET = ("-target", "x86_64-w64-windows-gnu", "-ffreestanding", "-O2", "-g0", "-c")
_LINK = ("lld-link", "-nologo", "-nodefaultlib", "-Brepro", "-machine:x64")
_RUNTIME = "api-ms-win-crt-runtime-l1-1-0.dll"


@dataclass(frozen=True)
class Zig:
    """zig's executable, whose compiler and linker need no other files. It runs in a directory of its own."""

    program: Path
    work: Path

    def _run(self, *arguments: str) -> None:
        Tool("This should not happen: please report it.", {}).run([self.program, *arguments], self.work)

    def _compile(self, name: str, source: str) -> str:
        (self.work / f"{name}.c").write_text(source)
        self._run("clang", *_TARGET, f"{name}.c", "-o", f"{name}.obj")
        return f"{name}.obj"

    def _import_library(self, dll: str, names: Sequence[str]) -> str:
        definition = f"LIBRARY {dll}\nEXPORTS\n" + "".join(f"{name}\n" for name in names)
        (self.work / f"{dll}.def").write_text(definition)
        self._run("dlltool", "-m", "i386:x86-64", "-d", f"{dll}.def", "-l", f"{dll}.lib")
        return f"{dll}.lib"

    def python_exe(self, python_dll: Path) -> Path:
        """Link a console program that runs the interpreter in a DLL."""
        libraries = [
            self._import_library("kernel32.dll", ["ExitProcess"]),
            self._import_library(_RUNTIME, ["_configure_wide_argv", "__p___argc", "__p___wargv"]),
            self._import_library(python_dll.name, ["Py_Main"]),
        ]
        compiled = self._compile("python", textwrap.dedent(_SOURCE))
        self._run(*_LINK, "-entry:start", "-subsystem:console", "-out:python.exe", compiled, *libraries)
        return self.work / "python.exe"

    def python3_dll(self, python_dll: Path) -> Path:
        """Link the DLL that extensions of the stable ABI import from. It forwards to the interpreter's functions."""
        names = [name for name in exported_names(python_dll) if name.startswith(("Py", "_Py"))]
        forwards = "".join(f"{name}={python_dll.stem}.{name}\n" for name in names)
        (self.work / "python3.def").write_text(f"LIBRARY python3.dll\nEXPORTS\n{forwards}")
        # Without any object the linker writes no file.
        empty = self._compile("empty", "int unused;\n")
        self._run(*_LINK, "-dll", "-noentry", "-def:python3.def", "-out:python3.dll", empty)
        return self.work / "python3.dll"
