"""The environment variables of the backend."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

from spokeshave.standalone.backend.build_python import BuildPython
from spokeshave.standalone.backend.cmake_options import toolchain_file
from spokeshave.standalone.backend.project import Project
from spokeshave.standalone.backend.request import CALLS, Request
from spokeshave.standalone.backend.version import version_environment

# Zip files and Windows have no earlier times.
EPOCH = "315532800"


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
        "CONFIG_SITE": str(request.config_site),
        "PKG_CONFIG_LIBDIR": os.pathsep.join(map(str, pkgconfig)),
        "MAKEFLAGS": f"-j{request.jobs}",
        "MAX_JOBS": str(request.jobs),
        "NO_COLOR": "1",
        **dict.fromkeys(("CC_FOR_BUILD", "BUILD_CC", "HOSTCC"), "build-cc"),
        **dict.fromkeys(("CXX_FOR_BUILD", "BUILD_CXX", "HOSTCXX"), "build-c++"),
        "SPOKESHAVE_CALLS": str(request.output / CALLS),
        "SPOKESHAVE_SANDBOX": str(request.sandbox),
        **_offline_environment(request),
        **_cmake_environment(request, python),
        **version_environment(request),
        **{name: value for name, value in request.env.items() if name != "CMAKE_ARGS"},
        "PATH": os.pathsep.join(map(str, folders)),
    }


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
        "CMAKE_TOOLCHAIN_FILE": str(toolchain_file(request)),
        "CMAKE_ARGS": " ".join(filter(None, arguments)),
        # CMake 4 refuses projects that name a version below 3.5.
        "CMAKE_POLICY_VERSION_MINIMUM": "3.5",
        "CMAKE_PREFIX_PATH": os.pathsep.join(map(str, (*request.prefixes, python.site_packages))),
        "CMAKE_BUILD_PARALLEL_LEVEL": str(request.jobs),
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
