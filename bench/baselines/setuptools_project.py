"""Abacus' sources as a setuptools project, built by `pip wheel` with the same compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.sandbox import Step
from bench.baselines.ccache import Ccache
from bench.baselines.ninja import NinjaBuild

_PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "abacus"
version = "1.0"
"""
_SETUP = """\
import sys
import sysconfig
from setuptools import Extension, setup

limited = sys.version_info >= (3, 12)
macros = {macros!r} + ([("Py_LIMITED_API", "0x030C0000")] if limited else [])
include_dirs = {include_dirs!r}
setup(
    packages={packages!r},
    package_data={{"": ["*.pyi", "py.typed"]}},
    # What the extensions share is compiled once for both.
    libraries=[
        (
            "shared",
            {{
                "sources": {shared!r},
                "macros": macros,
                "include_dirs": [*include_dirs, sysconfig.get_paths()["include"]],
                "cflags": {shared_flags!r},
            }},
        )
    ],
    ext_modules=[
        Extension(
            name,
            sources=[source],
            include_dirs=include_dirs,
            define_macros=macros,
            extra_compile_args={flags!r},
            extra_link_args=["-s"],
            py_limited_api=limited,
            language="c++",
        )
        for name, source in {extensions!r}
    ],
    options={{"bdist_wheel": {{"py_limited_api": "cp312"}}}} if limited else {{}},
)
"""
PACKAGES = ("abacus_runtime", "abacus_compiler")
# The version header, which a source of the core includes.
_VERSION_HEADERS = "__spokeshave"
# The platform of the bench's projects, as zig names it.
ZIG_TARGET = "x86_64-linux-gnu.2.17"
# Arguments of `zig clang` that `zig cc` adds by itself.
_OWN_FLAGS = ("-MD", "--no-default-config", "-nostdinc")
_OWN_BEGINNINGS = ("--target=", "-D_LIBC", "-D__GLIBC_MINOR__")
_IMPORT = "import importlib, sys; sys.path.insert(0, sys.argv[1]); [importlib.import_module(m) for m in sys.argv[2:]]"


@dataclass(frozen=True)
class BuildSettings:
    """The settings of a setup.py, from the compiler's command line of the binding."""

    include_dirs: tuple[str, ...]
    macros: tuple[tuple[str, str | None], ...]
    flags: tuple[str, ...]


def settings_of(step: Step) -> BuildSettings:
    """Return the binding's settings, without Python's headers and the file of its dependencies.

    What `zig cc` adds by itself is left out, too: the target (part of the compiler's name) and its own headers.
    """
    include_dirs = []
    macros = []
    flags = []
    words = iter(step.argv[2 : step.argv.index("-c")])
    for word in words:
        if word == "-MF":
            next(words)
        elif word in _OWN_FLAGS or word.startswith(_OWN_BEGINNINGS):
            continue
        elif word == "-isystem":
            include_dirs.append(next(words))
        elif word == "-include":
            flags.append(f"--include={next(words)}")
        elif word.startswith("-I"):
            include_dirs.append(word[2:])
        elif word.startswith("-D"):
            name, _, value = word[2:].partition("=")
            macros.append((name, value or None))
        else:
            flags.append(word)
    others = tuple(d for d in include_dirs if d != "__python" and not d.startswith("__toolchain/"))
    return BuildSettings(others, tuple(macros), tuple(flags))


def library_flags(binding: BuildSettings, sources: Iterable[BuildSettings]) -> tuple[str, ...]:
    """Return the flags of a library: setuptools compiles all of its sources with the same, and with one standard."""
    more = (flag for source in sources for flag in source.flags if not flag.startswith("-std="))
    return tuple(dict.fromkeys((*binding.flags, *more)))


class SetuptoolsProject:
    """A source tree of some of the packages, and a compiler that looks like one file.

    Args:
        ccache: The program through which the compiler is called, if any.
    """

    def __init__(
        self,
        place: Path,
        zig: Path,
        ninja: NinjaBuild,
        packages: Sequence[str] = PACKAGES,
        ccache: Ccache | None = None,
    ) -> None:
        self._place = place
        self._zig = zig
        self._packages = packages
        self._ccache = ccache
        # Separate from the other files, so that it is available to the next run.
        self._runtime = place.parent / "zig-runtime"
        shutil.rmtree(place, ignore_errors=True)
        self._source = place / "source"
        bindings = {f"{package}._native": ninja.own_source(f"{package}/") for package in packages}
        self._write_source(ninja, bindings)
        self._compilers = {name: self._tool(f"{name} -target {ZIG_TARGET}", name) for name in ("cc", "c++")}
        self._archiver = self._tool("ar", "ar")

    def _write_source(self, ninja: NinjaBuild, bindings: Mapping[str, Step]) -> None:
        settings = settings_of(bindings[f"{self._packages[0]}._native"])
        self._source.mkdir(parents=True)
        for name in ("__packages", _VERSION_HEADERS, "src"):
            shutil.copytree(ninja.place / name, self._source / name)
        for package in self._packages:
            shutil.copytree(ninja.place / "src" / "python" / package, self._source / package)
            (self._source / package / "pyproject.toml").unlink()
            (self._source / package / "_version.py").write_text('__version__ = "1.0"\n')
        (self._source / "pyproject.toml").write_text(_PYPROJECT)
        own = {step.source for step in bindings.values()}
        shared = [step for step in ninja.compiles_of(self._packages) if step.source not in own]
        (self._source / "setup.py").write_text(
            _SETUP.format(
                packages=list(self._packages),
                shared=sorted(step.source for step in shared),
                extensions=[(name, step.source) for name, step in bindings.items()],
                include_dirs=[*settings.include_dirs, _VERSION_HEADERS],
                macros=list(settings.macros),
                flags=list(settings.flags),
                shared_flags=list(library_flags(settings, map(settings_of, shared))),
            )
        )

    def _tool(self, command_line: str, name: str) -> Path:
        """Create zig under a name of its own, which build backends require of compilers."""
        path = self._place / f"zig-{name.replace('+', 'x')}"
        path.write_text(f'#!/bin/sh\nexec "{self._zig}" {command_line} "$@"\n')
        path.chmod(0o755)
        return path

    def _env(self, objects: Path) -> Mapping[str, str]:
        cc = str(self._compilers["cc"])
        cxx = str(self._compilers["c++"])
        before, variables = ("", {}) if self._ccache is None else self._ccache.around(self._source)
        return {
            **os.environ,
            **variables,
            "CC": before + cc,
            "CXX": before + cxx,
            "LDSHARED": f"{cc} -shared",
            "LDCXXSHARED": f"{cxx} -shared",
            # libc++ is built once, beforehand. The project's own compiles are not cached.
            "ZIG_GLOBAL_CACHE_DIR": str(self._runtime),
            "ZIG_LOCAL_CACHE_DIR": str(objects),
        }

    def prime(self) -> command.Finished:
        """Let zig build its libc++ and start files for later links."""
        source = self._place / "prime.cc"
        source.write_text("int prime(int value) { if (value) throw value; return 0; }\n")
        argv = [str(self._compilers["c++"]), "-O2", "-fPIC", "-shared", "-s", source.name, "-o", "prime.so"]
        return command.run(argv, cwd=self._place, env=self._env(self._runtime))

    def wheel(self, python: Path) -> command.Finished:
        """Run `pip wheel` in a clean tree."""
        shutil.rmtree(self._source / "build", ignore_errors=True)
        for leftover in self._source.glob("*.egg-info"):
            shutil.rmtree(leftover)
        for path in (self._place / "wheels", self._place / "objects"):
            shutil.rmtree(path, ignore_errors=True)
        argv = (
            *(str(python), "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-cache-dir"),
            *("--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", "../wheels", "."),
        )
        done = command.run(argv, cwd=self._source, env=self._env(self._place / "objects"), name="pip wheel")
        self._try_import(python)
        return done

    def _try_import(self, python: Path) -> None:
        """Import the wheel, because a broken one is not a valid comparison. This time is not measured."""
        (wheel,) = (self._place / "wheels").glob("*.whl")
        unpacked = self._place / "wheels" / "unpacked"
        subprocess.run([str(python), "-m", "zipfile", "-e", str(wheel), str(unpacked)], check=True)
        modules = [f"{package}._native" for package in self._packages]
        command.run([str(python), "-I", "-c", _IMPORT, str(unpacked), *modules], cwd=self._place, env=os.environ)
