"""The environment in which the backend runs: a Python, packages and programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from spokeshave.standalone.backend.distributions import (
    distributions,
    entry_points,
    merge,
    normalized,
    overlaid,
    own_folder,
    without_plugins,
)
from spokeshave.standalone.backend.request import SDIST, Request, UserError

HERE = Path(__file__).absolute().parent
# What pex adds to a wheel's files.
PEX_ONLY = (".layout.json", ".prefix")
# What shell scripts, `configure` and makefiles call. Neither compilers nor what finds the machine's libraries. `uname`
# would describe the machine: the request has one for the target.
POSIX_TOOLS = (
    "awk basename bash cat chmod cksum cmp comm cp cut date diff dirname echo egrep env expr false fgrep find fold "
    "grep head install join ln ls make mkdir mktemp mv od paste printf pwd rm rmdir sed sh sleep sort tail tar tee "
    "test touch tr true uniq wc xargs"
).split()
# What C and C++ projects are configured for, and where the trees of others are (`resources/project.cmake`).
_PREFIX = re.compile(r"/spokeshave(?![\w.-])")
_OTHER_TREES = re.compile(r"(?<![./])\./(?=__prefix/)")
_EXECUTABLE_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
# A script for the shell, which starts this machine's Python with the same file. meson starts itself by its own path.
_LAUNCHER = """\
#!/bin/sh
''':'
{mark}exec "{python}" "$0" "$@"
'''
{script}"""


class BuildPython:
    """The environment in which the backend runs: a Python, packages and programs."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.bin = place / "bin"
        self.tools = place / "tools"
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}{free_threading()}"
        self.executable = self.bin / version
        self.library = place / "lib" / version
        self.site_packages = self.library / "site-packages"

    def lay_out(self, request: Request) -> None:
        """Make the environment."""
        self.bin.mkdir(parents=True)
        self.site_packages.mkdir(parents=True)
        real = Path(os.path.realpath(sys.executable))
        self.executable.symlink_to(real)
        for name in ("python", "python3"):
            (self.bin / name).symlink_to(self.executable.name)
        (self.place / "pyvenv.cfg").write_text(f"home = {real.parent}\ninclude-system-site-packages = false\n")
        overlays = [distributions(folder) for folder in request.overlays]
        for name, folder in distributions(request.packages).items():
            over = [found[name] for found in overlays if name in found]
            self._add(overlaid(folder, over, self.place / "overlaid" / folder.name) if over else folder)
        for prefix in request.prefixes:
            self._add_config_programs(prefix, request.sandbox)
        self._link_tools(request)
        self._describe_target(request)

    def hide_plugins(self, asked: Iterable[str]) -> None:
        """Remove the plugins for setuptools of packages that the project did not ask for.

        A file with pins may serve several projects. In an environment of its own, as pip makes it, a project has what
        it asks for only: with setuptools_scm, for example, an sdist has each file of the checkout.
        """
        kept = set(map(normalized, asked))
        for info in sorted(self.site_packages.glob("*.dist-info")):
            file = info / "entry_points.txt"
            if normalized(info.name.split("-")[0]) not in kept and file.is_file():
                text = without_plugins(file.read_text(encoding="utf-8"))
                own_folder(info)
                file.unlink()
                file.write_text(text, encoding="utf-8")

    def _add(self, distribution: Path) -> None:
        merge(distribution, self.site_packages, skipped=PEX_ONLY)
        self._write_record(distribution)
        # pex keeps the other folders of a wheel apart.
        stash = distribution / ".prefix"
        for folder in sorted(stash.iterdir()) if stash.is_dir() else ():
            if folder.name == "lib":
                for below in sorted(folder.iterdir()):
                    merge(below, self.library if below.name == "pythonX.Y" else self.place / "lib" / below.name)
            elif folder.name != "bin":
                merge(folder, self.place / folder.name)
        scripts = [*stash.glob("bin/*"), *distribution.glob("*.data/scripts/*")]
        for script in sorted(scripts):
            self._add_program(distribution, script)
        for name, target in entry_points(distribution):
            if not os.path.lexists(self.bin / name):
                module, _, function = target.partition(":")
                imported = function.partition(".")[0]
                self._write_launcher(name, f"import sys\nfrom {module} import {imported}\nsys.exit({function}())\n")

    def _write_record(self, distribution: Path) -> None:
        """Write the list of a distribution's files, which pex leaves out and which cmake looks for its programs in."""
        files = (file.relative_to(distribution) for file in sorted(distribution.rglob("*")) if file.is_file())
        listed = "".join(f"{file.as_posix()},,\n" for file in files if file.parts[0] not in PEX_ONLY)
        for info in distribution.glob("*.dist-info"):
            if not (info / "RECORD").exists():
                own_folder(self.site_packages / info.name)
                (self.site_packages / info.name / "RECORD").write_text(listed, encoding="utf-8")

    def _add_program(self, distribution: Path, script: Path) -> None:
        """Add a program: the binary itself, and not a script that starts it, where there is one."""
        for binary in (script, *distribution.glob(f"*/data/bin/{script.name}")):
            if binary.read_bytes()[:4] in _EXECUTABLE_MAGIC:
                (self.bin / script.name).symlink_to(binary)
                return
        first, _, rest = script.read_text(encoding="utf-8", errors="replace").partition("\n")
        if first.startswith("#!python"):
            self._write_launcher(script.name, rest)
        else:
            (self.bin / script.name).symlink_to(script)

    def _write_launcher(self, name: str, script: str) -> None:
        launcher = self.bin / name
        # `pybind11-config` prints where the target's Python.h is. It builds nothing.
        mark = "" if name.endswith("-config") else "SPOKESHAVE_HOST_TOOL=1 "
        text = _LAUNCHER.format(mark=mark, python=self.executable, script=script)
        launcher.write_text(text, encoding="utf-8")
        launcher.chmod(0o755)

    def _add_config_programs(self, prefix: Path, sandbox: Path) -> None:
        """Add the scripts of a C or C++ project that print how to compile with it, such as `xml2-config`.

        They name the folder that the project was configured for, so each is copied with the folder here.
        """
        for program in sorted((prefix / "bin").glob("*[-_]config")):
            content = program.read_bytes()
            own = self.bin / program.name
            if content.startswith(b"#!") and not os.path.lexists(own):
                text = _PREFIX.sub(str(prefix), content.decode("utf-8", "surrogateescape"))
                own.write_text(_OTHER_TREES.sub(f"{sandbox}/", text), "utf-8", "surrogateescape")
                own.chmod(0o755)

    def _link_tools(self, request: Request) -> None:
        self.tools.mkdir()
        # Some backends ask git which files an sdist has.
        for name in (*POSIX_TOOLS, *(("git",) if request.artifact == SDIST else ())):
            found = shutil.which(name, path="/usr/bin:/bin")
            if found:
                (self.tools / name).symlink_to(found)

    def _describe_target(self, request: Request) -> None:
        headers = self.place / "include" / self.executable.name
        headers.parent.mkdir(exist_ok=True)
        headers.symlink_to(request.headers)
        libraries = request.libraries or self.place / "no-libraries"
        facts = json.dumps(request.facts)
        for name, path in (("{headers}", headers), ("{libraries}", libraries)):
            facts = facts.replace(name, json.dumps(str(path))[1:-1])
        (self.site_packages / "spokeshave_target.json").write_text(facts)
        (self.site_packages / "spokeshave_target.pth").write_text("import spokeshave_target\n")
        shutil.copyfile(HERE / "target_python.py", self.site_packages / "spokeshave_target.py")


def free_threading() -> str:
    """Return `t` for a Python without a GIL, as in the names of its folders."""
    return "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""


def check_python(request: Request) -> None:
    """Refuse to build for another Python than the one that runs."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}{free_threading()}"
    if here != request.facts["version"]:
        raise UserError(f"{request.where}: the build for Python {request.facts['version']} was started with {here}")
