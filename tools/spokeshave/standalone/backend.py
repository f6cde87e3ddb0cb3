"""Build a wheel with a project's own build backend (PEP 517), for a platform that may not be this machine's.

    PYTHON backend.py REQUEST.json [--jobs N]

PYTHON is the CPython that the backend runs on. It has the feature version of the wheel's ABI (`3.12`, `3.13t`) and runs
on this machine. `target_python.py` and `backend_hook.py` lie next to this program: the former makes the Pythons of the
build describe the target, the latter calls the backend in one of them. `--jobs` is an argument and not a part of the
request, so that it can be `{pants_concurrency}`, which Pants does not make part of a process' key.

The program uses the standard library only. It accesses no network, installs nothing, and runs neither pip nor a virtual
environment: packages are read where they lie. The folders above the working directory do not enter the wheel.

REQUEST.json is an object. All paths are relative to the working directory, the sandbox:

where (str): The subject of messages, such as `the target //a:wheel`.
source (str): The folder of the project, with `pyproject.toml` or `setup.py`. Its files may be replaced and added to.
output (str): The folder for results, which is created.
packages (str): The folder of the build requirements for *this machine* and PYTHON, as `sandbox/packages.py` lays them
    out: a folder for each distribution, named as its wheel file (`setuptools-84.2.1-py3-none-any.whl`), with the
    unpacked files.
requirements (str): The name of the requirements file that pins the packages, for messages.
overlays (list of str): Folders like `packages`, with packages of the *target*. Their files are laid over those of the
    distribution with the same name in `packages`, in this order: headers, static libraries, `.pc`, `.pxd` and `.cmake`
    files. Native modules among them are left out. Files of distributions that `packages` lacks are ignored.
foreign (str): The folder of the compiler driver for the target (`__foreign`): `bin/` and `toolchain.cmake`.
prefixes (list of str): Install trees of C and C++ projects for the target (`include`, `lib`, `lib/cmake`,
    `lib/pkgconfig`), in the order of search.
facts (str): A JSON file with the facts of the target's Python: the output of `cc/foreign/python_facts.py`.
headers (str): The folder of the target's `Python.h` and `pyconfig.h`.
libraries (str or null): The folder of the import libraries of the target's Python (`python312.lib`, `python3.lib`); for
    Windows only.
config_settings (object): The backend's settings: str or list of str by name, as `pip wheel --config-settings`. They win
    over those that this program sets itself, and lists (`setup-args`) are appended to its own.
env (object): Variables for the backend, which win over all others but PATH. CMAKE_ARGS is added to this program's own.
version (object): `mode` and `text`. `stamped` and `baked` build the wheel with the version `text`; they differ in the
    meaning only. `own` keeps the project's version; `text` is empty.
target_platform_in_python (bool or null): Whether `sys.platform` is the target's, for the backend and the project. null
    decides by the target: it is for macOS, and not for Windows. For Windows, `sys.platform`, `os.name` and
    `sys.getwindowsversion` are the target's for the project's own code only, as a backend would start Microsoft's
    compiler.
path (list of str): More folders for PATH, after the packages' programs and the driver's. After them there are links to
    this machine's POSIX tools (`sh`, `sed`, `make`), and nothing else of it. Of this process' own PATH only folders in
    the sandbox are kept.

It writes to `output`:

NAME.whl: The wheel as the backend wrote it. Its platform tag is not repaired (`linux_aarch64`).
calls.log: The calls of the compiler driver and its tools, in the driver's own format.
report.json: `backend` (str: `setuptools.build_meta`), `requires` (list: the build requirements in `pyproject.toml`),
    `asked_for` (list: those that the backend's hook asked for), `wheel` (str: its file name), `compiles`, `links` and
    `probes` (int: calls of the driver, each counted once; probes are those of configure checks), `refused` (list of
    str: the names of programs of the target that the build wanted to run, which cannot run here).

Exit codes: 0 if there is a wheel; 2 if the user has to change something, with a message on stderr that says what (a
build requirement that is not pinned, a backend that cannot be used, a version that was not applied); 1 if the backend
failed, with its output on stderr. `report.json` is written in each case, as far as it is known.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

HERE = Path(__file__).absolute().parent
# The environment of the build: a virtual environment by its layout.
PLACE = "__build"
REPORT = "report.json"
CALLS = "calls.log"
USER_ERROR = 2
# Zip files and Windows have no earlier times.
EPOCH = "315532800"
LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
RUST = ("maturin", "setuptools-rust", "setuptools_rust", "puccinialin")
# What pex adds to a wheel's files.
PEX_ONLY = (".layout.json", ".prefix")
# What compilers, CMake, Cython and pkg-config read of an installed package.
OVERLAID_ENDINGS = (
    ".h",
    ".hh",
    ".hpp",
    ".hxx",
    ".inc",
    ".inl",
    ".ipp",
    ".tcc",
    ".a",
    ".lib",
    ".pc",
    ".cmake",
    ".pxd",
    ".pxi",
)
# What shell scripts and makefiles call. Neither compilers nor what finds the machine's libraries.
POSIX_TOOLS = (
    "awk basename bash cat chmod cmp cp cut date diff dirname echo env expr false find grep head install ln ls make "
    "mkdir mktemp mv printf pwd rm rmdir sed sh sleep sort tail tar tee test touch tr true uniq wc xargs"
).split()
# What meson finds libraries with, and the programs of packages that are it.
MESON_FINDERS = {"cmake": ("cmake",), "pkg-config": ("pkgconf", "pkg-config")}
_EXECUTABLE_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
# A script for the shell, which starts this machine's Python with the same file. meson starts itself by its own path.
_LAUNCHER = """\
#!/bin/sh
''':'
{mark}exec "{python}" "$0" "$@"
'''
{script}"""
# Files that configure checks of CMake, meson, autoconf and setuptools compile and link.
_PROBE = re.compile(
    r"CMakeScratch|CMakeFiles/CMakeTmp|cmTC_|CompilerId|meson-private|sanitycheck|conftest|_configtest|"
    rf"(?:/{PLACE}/tmp/|\btmp[a-z0-9_]{{8}}/?)[^/\s]*(?=\s|$)"
)
_CALL_KINDS = {"compile": "compiles", "link": "links"}
# Neither a source nor what is linked: Cython and backends in the source tree put objects into temporary folders.
_OBJECT = re.compile(r"\S+\.(?:o|obj)(?=\s|$)")
Settings = dict[str, Union[str, list[str]]]


class UserError(Exception):
    """A problem that the user can fix, with the remedy."""


class BackendError(Exception):
    """A failure of the backend, which has written its reason."""


@dataclass(frozen=True)
class Request:
    """The request, with absolute paths. The attributes are described at the top of this file."""

    where: str
    source: Path
    output: Path
    packages: Path
    requirements: str
    foreign: Path
    facts: dict[str, Any]
    headers: Path
    version_mode: str
    version_text: str
    libraries: Path | None
    overlays: tuple[Path, ...]
    prefixes: tuple[Path, ...]
    path: tuple[Path, ...]
    config_settings: Settings
    env: dict[str, str]
    jobs: int

    @classmethod
    def parse(cls, content: Mapping[str, Any], sandbox: Path, jobs: int) -> Request:
        """Read REQUEST.json."""
        facts = json.loads((sandbox / content["facts"]).read_text())
        wanted = content.get("target_platform_in_python")
        facts["has_target_sys_platform"] = facts["sys_platform"] == "darwin" if wanted is None else wanted
        facts["project"] = str(sandbox / content["source"])
        libraries = content.get("libraries")
        return cls(
            where=content["where"],
            source=sandbox / content["source"],
            output=sandbox / content["output"],
            packages=sandbox / content["packages"],
            requirements=content["requirements"],
            foreign=sandbox / content["foreign"],
            facts=facts,
            headers=sandbox / content["headers"],
            version_mode=content["version"]["mode"],
            version_text=content["version"]["text"],
            libraries=sandbox / libraries if libraries else None,
            overlays=tuple(sandbox / folder for folder in content["overlays"]),
            prefixes=tuple(sandbox / folder for folder in content["prefixes"]),
            path=tuple(sandbox / folder for folder in content["path"]),
            config_settings=content["config_settings"],
            env=content["env"],
            jobs=jobs,
        )

    @property
    def sandbox(self) -> Path:
        """The working directory of this process."""
        return Path.cwd()

    @property
    def place(self) -> Path:
        """The folder of the build's environment."""
        return self.sandbox / PLACE


@dataclass
class Report:
    """What `report.json` contains."""

    backend: str = ""
    requires: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    wheel: str = ""
    compiles: int = 0
    links: int = 0
    probes: int = 0
    refused: list[str] = field(default_factory=list)


# --- The environment


def normalized(name: str) -> str:
    """Return the name of a distribution as wheels have it (PEP 503, PEP 427)."""
    return re.sub(r"[-_.]+", "_", name).lower()


def distributions(folder: Path) -> dict[str, Path]:
    """Return the folder of each distribution by its normalized name."""
    return {normalized(path.name.split("-")[0]): path for path in sorted(folder.iterdir()) if path.is_dir()}


def merge(source: Path, target: Path, skipped: Iterable[str] = ()) -> None:
    """Lay a folder over another by links. Folders of both are merged; a file that the target has remains."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        if entry.name in skipped:
            continue
        if not os.path.lexists(place):
            place.symlink_to(entry)
        elif entry.is_dir() and place.is_dir():
            _own_folder(place)
            merge(entry, place)


def _own_folder(place: Path) -> None:
    """Turn a link to a folder into a folder with links to its files."""
    if place.is_symlink():
        linked = place.resolve()
        place.unlink()
        merge(linked, place)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def overlaid(distribution: Path, overlays: Iterable[Path], copy: Path) -> Path:
    """Return a copy of a distribution with files of the target's over its own."""
    shutil.copytree(distribution, copy, symlinks=True, copy_function=_link_or_copy)
    for overlay in overlays:
        for file in sorted(overlay.rglob("*")):
            place = copy / file.relative_to(overlay)
            if file.suffix.lower() in OVERLAID_ENDINGS and file.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                # A hard link is removed and not written through.
                place.unlink(missing_ok=True)
                shutil.copyfile(file, place)
    return copy


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
        self._link_tools()
        self._describe_target(request)

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
                _own_folder(self.site_packages / info.name)
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

    def _link_tools(self) -> None:
        self.tools.mkdir()
        for name in POSIX_TOOLS:
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


def entry_points(distribution: Path) -> Iterator[tuple[str, str]]:
    """Return the name and the function of each program of a distribution."""
    for file in sorted(distribution.glob("*.dist-info/entry_points.txt")):
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(file.read_text(encoding="utf-8"))
        if parser.has_section("console_scripts"):
            for name, target in parser.items("console_scripts"):
                yield name, target.partition("[")[0].strip()


def check_python(request: Request) -> None:
    """Refuse to build for another Python than the one that runs."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}{free_threading()}"
    if here != request.facts["version"]:
        raise UserError(f"{request.where}: the build for Python {request.facts['version']} was started with {here}")


# --- The project


@dataclass(frozen=True)
class Project:
    """What `pyproject.toml` says of the build."""

    backend: str
    backend_path: list[str]
    requires: list[str]
    content: Mapping[str, Any]

    @property
    def is_meson(self) -> bool:
        """Whether meson-python builds it."""
        return self.backend.split(":")[0] == "mesonpy"

    @property
    def is_scikit_build_core(self) -> bool:
        """Whether scikit-build-core builds it, with or without setuptools."""
        return self.backend.startswith("scikit_build_core")


def read_toml(text: str, site_packages: Path) -> dict[str, Any]:
    """Parse TOML with the standard library, or up to CPython 3.10 with a package of the build environment.

    Raises:
        UserError: If there is no parser.
    """
    sys.path.append(str(site_packages))
    try:
        for name in ("tomllib", "tomli", "setuptools._vendor.tomli", "pip._vendor.tomli"):
            with contextlib.suppress(ImportError):
                parsed: dict[str, Any] = importlib.import_module(name).loads(text)
                return parsed
    finally:
        sys.path.remove(str(site_packages))
    raise UserError("up to Python 3.10 nothing reads pyproject.toml: add `tomli` to the build requirements")


def read_project(request: Request, site_packages: Path) -> Project:
    """Read `pyproject.toml` with the defaults of PEP 517 and PEP 518.

    Raises:
        UserError: If there is no Python project.
    """
    file = request.source / "pyproject.toml"
    content: dict[str, Any] = {}
    if file.is_file():
        try:
            content = read_toml(file.read_text(encoding="utf-8"), site_packages)
        except ValueError as error:
            raise UserError(f"{request.where}: pyproject.toml is not valid: {error}") from error
    elif not (request.source / "setup.py").is_file():
        raise UserError(
            f"{request.where}: there is neither pyproject.toml nor setup.py in the source. If the project is in a "
            "subdirectory, set `subdirectory`."
        )
    system = content.get("build-system", {})
    return Project(
        backend=system.get("build-backend", LEGACY_BACKEND),
        backend_path=system.get("backend-path", []),
        requires=system.get("requires", ["setuptools"]),
        content=content,
    )


def refuse_rust(request: Request, project: Project) -> None:
    """Refuse a project with Rust, before its toolchain is missed somewhere."""
    for text in (project.backend, *project.requires):
        name = re.split(r"[^A-Za-z0-9_.-]", text)[0].split(".")[0]
        if name in RUST:
            raise UserError(
                f"{request.where} is built with {name}: its code is Rust, which Spokeshave does not compile. Use the "
                "project's own wheels instead, as a `python_requirement`."
            )


# --- Versions


def apply_version(request: Request, project: Project, site_packages: Path) -> None:
    """Replace a version that `pyproject.toml` or `setup.cfg` contains."""
    if request.version_mode == "own":
        return
    poetry = project.content.get("tool", {}).get("poetry", {})
    for table, name in ((project.content.get("project", {}), "project"), (poetry, "tool.poetry")):
        if "version" in table:
            _edit(request.source / "pyproject.toml", name, request)
            edited = read_toml((request.source / "pyproject.toml").read_text(encoding="utf-8"), site_packages)
            if edited == project.content and table["version"] != request.version_text:
                raise UserError(f"{request.where}: the version in pyproject.toml cannot be replaced; use version='own'")
            return
    setup_cfg = request.source / "setup.cfg"
    if setup_cfg.is_file():
        _edit(setup_cfg, "metadata", request)


_TABLE = re.compile(r"^\s*\[(?P<name>[^\[\]]+)\]\s*(#.*)?$")
_VERSION = re.compile(
    r"""^(?P<key>\s*version\s*[=:]\s*)(?P<quote>["']?)(?P<text>[^"'\s#]*)(?P=quote)(?P<rest>\s*(#.*)?)$"""
)


def _edit(file: Path, table: str, request: Request) -> None:
    """Replace the version in a table of a file. One that is computed (`attr: x.y`) is left alone."""
    lines = file.read_text(encoding="utf-8").split("\n")
    here = ""
    for index, line in enumerate(lines):
        header = _TABLE.match(line)
        here = header["name"].strip() if header else here
        found = _VERSION.match(line) if here == table else None
        if found and not found["text"].endswith(":"):
            lines[index] = f"{found['key']}{found['quote']}{request.version_text}{found['quote']}{found['rest']}"
            # The file may be a hard link to one that is not the sandbox's own.
            edited = file.with_name(f"{file.name}.new")
            edited.write_text("\n".join(lines), encoding="utf-8")
            edited.replace(file)
            return


def version_environment(request: Request) -> dict[str, str]:
    """Return the variables by which tools that read the version from a checkout take it from outside."""
    if request.version_mode == "own":
        return {}
    names = ("SETUPTOOLS_SCM_PRETEND_VERSION", "VCS_VERSIONING_PRETEND_VERSION", "PBR_VERSION", "PDM_BUILD_SCM_VERSION")
    return dict.fromkeys((*names, "POETRY_DYNAMIC_VERSIONING_BYPASS"), request.version_text)


def check_version(request: Request, wheel: str) -> None:
    """Refuse a wheel with another version than the one that was given.

    Raises:
        UserError: If the project takes its version from elsewhere.
    """
    version = wheel.split("-")[1]
    expected = request.version_text.replace("-", "_")
    if request.version_mode != "own" and version != expected:
        raise UserError(
            f"{request.where}: the backend made the wheel with the version {version} and not {expected}: the project "
            "computes its version by code of its own. Keep it with version='own', or make the project take it from "
            "pyproject.toml or setuptools_scm."
        )


# --- Settings of build systems


def _offline_environment(request: Request) -> dict[str, str]:
    """Return variables that make downloads fail at once, also where the process has a network."""
    closed = "http://127.0.0.1:9"
    proxies = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    return {
        **dict.fromkeys(proxies, closed),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "UV_OFFLINE": "1",
        "CARGO_NET_OFFLINE": "true",
        "GOPROXY": "off",
        # A repository around the sandbox says nothing about the project.
        "GIT_CEILING_DIRECTORIES": str(request.sandbox),
        "GIT_TERMINAL_PROMPT": "0",
    }


def _cmake_environment(request: Request, python: BuildPython) -> dict[str, str]:
    # With the policy CMake asks the Python that it is given also in a cross build. Most projects choose an older CMake,
    # where the suffix of extensions stays empty without a word.
    arguments = ["-DCMAKE_POLICY_DEFAULT_CMP0190=NEW", request.env.get("CMAKE_ARGS", "")]
    generator = {"CMAKE_GENERATOR": "Ninja"} if (python.bin / "ninja").exists() else {}
    return {
        **generator,
        "CMAKE_TOOLCHAIN_FILE": str(request.foreign / "toolchain.cmake"),
        "CMAKE_ARGS": " ".join(filter(None, arguments)),
        # CMake 4 refuses projects that name a version below 3.5.
        "CMAKE_POLICY_VERSION_MINIMUM": "3.5",
        "CMAKE_PREFIX_PATH": os.pathsep.join(map(str, (*request.prefixes, python.site_packages))),
        "CMAKE_BUILD_PARALLEL_LEVEL": str(request.jobs),
    }


def build_environment(request: Request, python: BuildPython) -> dict[str, str]:
    """Return all variables of the backend. Nothing is taken from this process' own but folders of PATH."""
    inherited = (Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder)
    own = [folder for folder in inherited if folder.absolute().is_relative_to(request.sandbox)]
    folders = (python.bin, request.foreign / "bin", *request.path, *(folder.absolute() for folder in own), python.tools)
    pkgconfig = [prefix / folder / "pkgconfig" for prefix in request.prefixes for folder in ("lib", "lib64", "share")]
    temporary = request.place / "tmp"
    home = request.place / "home"
    deployment_target = {"MACOSX_DEPLOYMENT_TARGET": request.facts["macos"]} if request.facts["macos"] else {}
    return {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": EPOCH,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "_PYTHON_HOST_PLATFORM": request.facts["platform"],
        **deployment_target,
        "PKG_CONFIG_LIBDIR": os.pathsep.join(map(str, pkgconfig)),
        "MAKEFLAGS": f"-j{request.jobs}",
        "MAX_JOBS": str(request.jobs),
        "NO_COLOR": "1",
        "SPOKESHAVE_CALLS": str(request.output / CALLS),
        "SPOKESHAVE_SANDBOX": str(request.sandbox),
        **_offline_environment(request),
        **_cmake_environment(request, python),
        **version_environment(request),
        **{name: value for name, value in request.env.items() if name != "CMAKE_ARGS"},
        "PATH": os.pathsep.join(map(str, folders)),
    }


def setuptools_environment(request: Request, project: Project) -> dict[str, str]:
    """Return the variable that names more settings for setuptools: the folders of C and C++ projects.

    scikit-build-core reads the same file for another purpose.
    """
    if project.is_scikit_build_core or not request.prefixes:
        return {}
    settings = configparser.ConfigParser(interpolation=None)
    settings["build_ext"] = {
        "include_dirs": os.pathsep.join(str(prefix / "include") for prefix in request.prefixes),
        "library_dirs": os.pathsep.join(str(prefix / "lib") for prefix in request.prefixes),
    }
    file = request.place / "setuptools.cfg"
    with file.open("w", encoding="utf-8") as text:
        settings.write(text)
    return {"DIST_EXTRA_CONFIG": str(file)}


def settings_of_backend(request: Request, project: Project, python: BuildPython) -> Settings:
    """Return the backend's settings: folders that are the same in each build, and the target for meson."""
    own: Settings = {}
    if project.is_scikit_build_core:
        own = {"build-dir": "build/spokeshave"}
    elif project.is_meson:
        file = request.place / "meson-cross.ini"
        file.write_text(meson_file(request, python), encoding="utf-8")
        own = {
            "build-dir": "build/spokeshave",
            "setup-args": [f"--cross-file={file}"],
            "compile-args": [f"-j{request.jobs}"],
        }
    return combined(own, request.config_settings)


def combined(own: Settings, given: Settings) -> Settings:
    """Return settings with the user's over this program's. Lists of both are joined."""
    merged = {**own, **given}
    for name in own.keys() & given.keys():
        first = own[name]
        if isinstance(first, list):
            second = given[name]
            merged[name] = [*first, *([second] if isinstance(second, str) else second)]
    return merged


def meson_file(request: Request, python: BuildPython) -> str:
    """Return meson's cross file. Its paths are absolute, as meson wants them."""
    target = request.facts["meson"]
    libraries = [str(request.libraries / name) for name in request.facts["libraries"]] if request.libraries else []
    tools = {"c": "cc", "cpp": "c++", "ar": "ar", "strip": "strip", "windres": "windres"}
    binaries = {name: str(request.foreign / "bin" / tool) for name, tool in tools.items()}
    # In a cross build meson takes what `dependency()` asks from this file only, such as `numpy-config`.
    binaries.update((program.name, str(program)) for program in sorted(python.bin.glob("*-config")))
    for name, programs in MESON_FINDERS.items():
        binaries.update((name, str(python.bin / program)) for program in programs if (python.bin / program).exists())
    # On Linux, meson links modules for Windows with nothing of Python. An unused library leaves no trace.
    options = {"c_link_args": libraries, "cpp_link_args": libraries}
    sections: dict[str, Mapping[str, Any]] = {
        "binaries": {**binaries, "python": str(python.executable)},
        # Without a wrapper, a check that has to run a program is an error of meson's and not a silent no.
        "properties": {
            "needs_exe_wrapper": True,
            "skip_sanity_check": True,
            "longdouble_format": target["longdouble_format"],
            "cmake_toolchain_file": str(request.foreign / "toolchain.cmake"),
        },
        "built-in options": options,
        "host_machine": {name: target[name] for name in ("system", "cpu_family", "cpu", "endian")},
    }
    return "".join(
        f"[{section}]\n" + "".join(f"{name} = {_meson_value(value)}\n" for name, value in values.items())
        for section, values in sections.items()
    )


def _meson_value(value: Any) -> str:
    """Return a value in meson's language, whose strings and lists are Python's but for escapes."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


# --- Runs


def run_hook(request: Request, python: BuildPython, environment: Mapping[str, str], call: dict[str, Any]) -> Any:
    """Call the backend in a process of its own and return the result.

    Raises:
        BackendError: If the backend failed.
        UserError: If it cannot be called.
    """
    result = request.place / f"{call['hook']}.json"
    file = request.place / f"{call['hook']}.call.json"
    file.write_text(json.dumps({**call, "output": str(request.output), "result": str(result)}))
    command = [str(python.executable), str(HERE / "backend_hook.py"), str(file)]
    # The backend's output is what a user reads if it fails.
    done = subprocess.run(command, cwd=request.source, env=environment, check=False, stdout=sys.stderr)
    if done.returncode:
        raise BackendError
    answer = json.loads(result.read_text())
    if "problem" in answer:
        raise UserError(f"{request.where}: {answer['problem']}")
    return answer


def refuse_missing(request: Request, project: Project, missing: list[list[str]]) -> None:
    """Refuse a build whose requirements are not all pinned, with the lines to add.

    Raises:
        UserError: If something is missing.
    """
    if missing:
        reasons = "".join(f"\n  {requirement} {reason}" for requirement, reason in missing)
        lines = "".join(f"\n  {requirement}" for requirement, _ in missing)
        raise UserError(
            f"{request.where}: the build backend {project.backend} needs packages that {request.requirements} does "
            f"not provide:{reasons}\nAdd these lines to what the file of `build_requirements` is made from, and lock"
            " it with hashes again. Without that field, start with the lines `setuptools` and `wheel`:"
            f"{lines}"
        )


def count_calls(log: Path, report: Report) -> None:
    """Count the driver's calls in its log."""
    if not log.is_file():
        return
    counts: Counter[str] = Counter()
    refused: dict[str, None] = {}
    for line in log.read_text(errors="replace").splitlines():
        kind, _, arguments = line.partition(" ")
        if kind == "emulate":
            refused[Path(arguments.partition(" ")[0]).name] = None
        if kind in _CALL_KINDS:
            counts["probes" if _PROBE.search(_OBJECT.sub("", arguments)) else _CALL_KINDS[kind]] += 1
    report.compiles = counts["compiles"]
    report.links = counts["links"]
    report.probes = counts["probes"]
    report.refused = list(refused)


def paths_of_build(sandbox: Path) -> dict[bytes, bytes]:
    """Return the texts by which files may name the folders of a build, each with what stands for it in a wheel.

    Large inputs are links to folders elsewhere, whose names differ from run to run.
    """
    found = {}
    for root in {str(sandbox), os.path.realpath(sandbox)}:
        found[f"{root}/"] = ""
        found[root] = "."
    for entry in sandbox.iterdir():
        if entry.is_symlink():
            found[os.path.realpath(entry)] = entry.name
    return {path.encode(): text.encode() for path, text in sorted(found.items(), key=lambda item: -len(item[0]))}


def hide_paths(wheel: Path, paths: Mapping[bytes, bytes]) -> None:
    """Write a wheel again without the paths of its build in texts, such as numpy's list of compilers.

    Native files are left as they are: a path in one is a fault, which the verification reports. RECORD is written by
    the intake.
    """
    with zipfile.ZipFile(wheel) as archive:
        members = [(member, archive.read(member)) for member in archive.infolist()]
    if not any(path in content for _, content in members for path in paths):
        return
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, content in members:
            if b"\0" not in content:
                for path, text in paths.items():
                    content = content.replace(path, text)
            archive.writestr(member, content)


def build(request: Request, report: Report) -> None:
    """Build the wheel."""
    check_python(request)
    python = BuildPython(request.place)
    python.lay_out(request)
    project = read_project(request, python.site_packages)
    report.backend = project.backend
    report.requires = project.requires
    refuse_rust(request, project)
    apply_version(request, project, python.site_packages)
    for folder in ("tmp", "home"):
        (request.place / folder).mkdir()
    environment = {**build_environment(request, python), **setuptools_environment(request, project)}
    call = {
        "backend": project.backend,
        "backend_path": project.backend_path,
        "requires": project.requires,
        "config_settings": settings_of_backend(request, project, python),
    }
    checked = run_hook(request, python, environment, {**call, "hook": "check"})
    report.asked_for = checked["asked_for"]
    refuse_missing(request, project, checked["missing"])
    report.wheel = run_hook(request, python, environment, {**call, "hook": "build_wheel"})["wheel"]
    hide_paths(request.output / report.wheel, paths_of_build(Path.cwd()))
    check_version(request, report.wheel)


def main(arguments: list[str]) -> int:
    """Run the program and return the exit code."""
    parser = argparse.ArgumentParser(prog="backend")
    parser.add_argument("request", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    request = Request.parse(json.loads(options.request.read_text()), Path.cwd(), options.jobs)
    request.output.mkdir(parents=True)
    report = Report()
    try:
        build(request, report)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return USER_ERROR
    except BackendError:
        sys.stderr.write(f"{request.where}: the build backend {report.backend} failed.\n")
        return 1
    finally:
        count_calls(request.output / CALLS, report)
        (request.output / REPORT).write_text(json.dumps(vars(report), indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
