"""Build a wheel, or make an sdist, with a project's own build backend (PEP 517).

The platform of a wheel may be another one than this machine's.

    PYTHON -I -S FOLDER REQUEST.json [--jobs N]

PYTHON is the CPython that the backend runs on. It has the feature version of the wheel's ABI (`3.12`, `3.13t`) and runs
on this machine. FOLDER has `__main__.py` and the modules of this room below `spokeshave/`. Two of them are files that
the Pythons of the build read: `target_python.py` makes these describe the target, and `hook.py` calls the backend in
one of them. `--jobs` is an argument and not a part of the request, so that it can be `{pants_concurrency}`, which Pants
does not make part of a process' key.

The program uses the standard library only. It accesses no network, installs nothing, and runs neither pip nor a virtual
environment: packages are read where they lie. The folders above the working directory do not enter the wheel.

REQUEST.json is an object. All paths are relative to the working directory, the sandbox:

artifact (str): What to build: `wheel`, which is the default, or `sdist`.
where (str): The subject of messages, such as `the target //a:wheel`.
source (str): The folder of the project, with `pyproject.toml` or `setup.py`. Its files may be replaced and added to.
output (str): The folder for results, which is created.
packages (str): The folder of the build requirements for *this machine* and PYTHON, as `sandbox/packages.py` lays them
    out: a folder for each distribution, named as its wheel file (`setuptools-84.2.1-py3-none-any.whl`), with the
    unpacked files.
requirements (str or null): The name of the requirements file that pins the packages, for messages. null if the target
    has none: the packages are then those that the plugin pins.
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
env (object): Variables for the backend, which win over all others but PATH. CMAKE_ARGS is added to this program's own,
    and its `-D` options are set for each CMake that the build runs, by the toolchain file.
version (object): `mode` and `text`. `stamped` and `baked` build the wheel with the version `text`; they differ in the
    meaning only. `own` keeps the project's version; `text` is empty.
target_platform_in_python (bool or null): Whether `sys.platform` is the target's, for the backend and the project. null
    decides by the target: it is for macOS, and not for Windows. For Windows, `sys.platform`, `os.name` and
    `sys.getwindowsversion` are the target's for the project's own code only, as a backend would start Microsoft's
    compiler.
config_site (str): A file with defaults for `configure` scripts that the project runs itself: a cross build for the
    target.
path (list of str): More folders for PATH, after the packages' programs and the driver's. After them there are links to
    this machine's POSIX tools (`sh`, `sed`, `make`), and nothing else of it. Of this process' own PATH only folders in
    the sandbox are kept.

It writes to `output`:

NAME.whl: The wheel as the backend wrote it. Its platform tag is not repaired (`linux_aarch64`).
NAME.tar.gz: Or the sdist as the backend wrote it. Some backends ask git which files to take, so a source tree without
    `PKG-INFO`, and each tree for meson-python, is first made a git repository of one commit.
calls.log: The calls of the compiler driver and its tools, in the driver's own format.
report.json: `backend` (str: `setuptools.build_meta`), `requires` (list: the build requirements in `pyproject.toml`),
    `asked_for` (list: those that the backend's hook asked for), `wheel` and `sdist` (str: the file name of
    the one that was asked for), `compiles`, `links` and `probes` (int: calls of the driver, each counted once; probes
    are those of configure checks), `cxx` (int: the compiles of C++), `refused` (list of str: the names of programs of
    the target that the build wanted to run, which cannot run here), `problem` (str: the message of exit code 2).

Exit codes: 0 if there is a wheel or an sdist; 2 if the user has to change something, with a message on stderr that says
what (a build requirement that is not pinned, a backend that cannot be used, a version that was not applied); 1 if the
backend failed, with its output on stderr. `report.json` is written in each case, as far as it is known.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spokeshave.standalone.backend.build_python import HERE, BuildPython, check_python
from spokeshave.standalone.backend.calls import count_calls
from spokeshave.standalone.backend.environment import build_environment, setuptools_environment
from spokeshave.standalone.backend.project import Project, read_project, refuse_rust
from spokeshave.standalone.backend.repository import commit
from spokeshave.standalone.backend.request import CALLS, REPORT, SDIST, WHEEL, BackendError, Report, Request, UserError
from spokeshave.standalone.backend.settings import settings_of_backend
from spokeshave.standalone.backend.version import (
    apply_version,
    check_version,
    version_of_sdist,
    version_of_wheel,
)
from spokeshave.standalone.backend.wheel_texts import hide_paths, paths_of_build

USER_ERROR = 2
_NAMES = {
    WHEEL: re.compile(r"[^/-]+(?:-[^/-]+){4,5}\.whl"),
    SDIST: re.compile(r"[^/]+-[^/-]+\.tar\.gz"),
}


def run_hook(request: Request, python: BuildPython, environment: Mapping[str, str], call: dict[str, Any]) -> Any:
    """Call the backend in a process of its own and return the result.

    Raises:
        BackendError: If the backend failed.
        UserError: If it cannot be called.
    """
    result = request.place / f"{call['hook']}.json"
    file = request.place / f"{call['hook']}.call.json"
    file.write_text(json.dumps({**call, "output": str(request.output), "result": str(result)}))
    command = [str(python.executable), str(HERE / "hook.py"), str(file)]
    # The backend's output is what a user reads if it fails.
    done = subprocess.run(command, cwd=request.source, env=environment, check=False, stdout=sys.stderr)
    if done.returncode:
        raise BackendError
    answer = json.loads(result.read_text())
    if "problem" in answer:
        raise UserError(f"{request.where}: {answer['problem']}")
    return answer


def refuse_missing(request: Request, project: Project, missing: list[list[str]], needed: list[str]) -> None:
    """Refuse a build whose requirements are not all pinned, with the lines to add.

    Args:
        missing: Each requirement that is not pinned, with the reason, also those of other requirements.
        needed: All requirements of the project and of its backend.

    Raises:
        UserError: If something is missing.
    """
    if not missing:
        return
    version = request.facts["version"].rstrip("t")
    command = f"uv pip compile --generate-hashes --universal --python-version {version} build.in -o build.txt"
    lines = [requirement for requirement, _ in missing if requirement in needed]
    provided = request.requirements
    if provided is None:
        provided = "the default of the field `build_requirements`"
        lines = needed
        remedy = (
            f"Write these lines into a file `build.in`, pin them by `{command}` next to the BUILD file, and set "
            'build_requirements="build.txt":'
        )
    elif lines:
        remedy = f"Add these lines to what {provided} is made from, and lock it with hashes again (`{command}`):"
    else:
        remedy = f"Lock {provided} with hashes again, for Python {version} and later (`{command}`)."
    reasons, added = ("".join(f"\n  {line}" for line in each) for each in (map(" ".join, missing), lines))
    raise UserError(
        f"{request.where}: the build backend {project.backend} needs packages on Python {version} that {provided} "
        f"does not provide:{reasons}\n{remedy}{added}"
    )


def written_file(request: Request, answer: Mapping[str, Any]) -> str:
    """Return the name of the file that the backend says it has written.

    Raises:
        UserError: If the file does not exist, or is not named as a wheel or an sdist.
    """
    name = answer["file"]
    is_name = isinstance(name, str) and _NAMES[request.artifact].fullmatch(name)
    if not is_name or not (request.output / name).is_file():
        raise UserError(
            f"{request.where}: the build backend says that it wrote {name!r}, which is not the name of a "
            f"{request.artifact} in the folder for it. Use a backend that follows PEP 517."
        )
    return str(name)


def build(request: Request, report: Report) -> None:
    """Build the wheel or the sdist."""
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
        "expected": project.expected,
        "config_settings": settings_of_backend(request, project, python),
        "artifact": request.artifact,
    }
    checked = run_hook(request, python, environment, {**call, "hook": "check"})
    report.asked_for = checked["asked_for"]
    refuse_missing(request, project, checked["missing"], checked["needed"])
    if project.states_requires:
        python.hide_plugins(checked["packages"])
    if request.artifact == SDIST:
        commit(request, project, python, environment)
        report.sdist = written_file(request, run_hook(request, python, environment, {**call, "hook": "build_sdist"}))
        check_version(request, version_of_sdist(report.sdist))
        return
    report.wheel = written_file(request, run_hook(request, python, environment, {**call, "hook": "build_wheel"}))
    hide_paths(request.output / report.wheel, paths_of_build(Path.cwd()))
    check_version(request, version_of_wheel(report.wheel))


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
        report.problem = str(error)
        sys.stderr.write(f"{error}\n")
        return USER_ERROR
    except BackendError:
        sys.stderr.write(f"{request.where}: the build backend {report.backend} failed.\n")
        return 1
    finally:
        count_calls(request.output / CALLS, report)
        (request.output / REPORT).write_text(json.dumps(vars(report), indent=1, sort_keys=True) + "\n")
    return 0
