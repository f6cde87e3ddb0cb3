"""A project of somebody else that builds against the installed runtime of Abacus: a candidate, then its promotion."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.support.project import PROJECTS, REPOSITORY, Environment, Project, install_pinned, running
from spokeshave.testing.static_site_fixtures import static_site

RC = "0.1.0rc20260821"
FINAL = "0.1.0"
PYTHON = "3.12"
PLATFORM = "manylinux_2_17_x86_64"
OPTIONS = ("--release-version-channel=rc", "--release-version-date=20260821")
PINS = REPOSITORY / "3rdparty/python/downstream.txt"
DOWNSTREAM = PROJECTS / "downstream"
RELEASE = """
release(name="release", release_name="abacus", wheels=["src/python:runtime_wheel"])
"""
UV = str(Path(sys.executable).with_name("uv"))


@dataclass(frozen=True)
class Installed:
    """The runtime of one version in an environment with the build tools.

    Attributes:
        compiler: The C compiler.
    """

    environment: Environment
    version: str
    compiler: Path

    @property
    def package(self) -> Path:
        """Return the folder of the installed package."""
        (found,) = self.environment.prefix.glob("lib/python*/site-packages/abacus_runtime")
        return found

    def run(self, *arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command with the environment's tools. Nothing of this machine says where Abacus is."""
        commands = self.environment.python.parent
        path = os.pathsep.join((str(commands), os.environ["PATH"]))
        environment = {
            "PATH": path,
            "HOME": os.environ["HOME"],
            "CC": str(self.compiler),
            "PKGCONF_PYPI_EMBEDDED_ONLY": "1",
        }
        return subprocess.run(
            list(map(str, arguments)),
            cwd=cwd or self.environment.prefix,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def printed(self, *options: str) -> str:
        """Return what `python -m abacus_runtime` prints."""
        ran = self.run(self.environment.python, "-m", "abacus_runtime", *options)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def cmake(self, folder: Path, *settings: str, prefix: str = "") -> subprocess.CompletedProcess[str]:
        """Configure and build the program with CMake alone, up to the first step that fails."""
        given = f"-DCMAKE_PREFIX_PATH={prefix or self.printed('--cmakedir')}"
        tool = self.environment.python.with_name("cmake")
        configure = (tool, "-G", "Ninja", "-S", DOWNSTREAM, "-B", folder, given, "-DPYTHON_MODULE=OFF", *settings)
        ran = self.run(*configure)
        return self.run(tool, "--build", folder) if ran.returncode == 0 else ran


@dataclass(frozen=True)
class Records:
    """The release of a candidate, and its promotion."""

    rc: Path
    final: Path


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    root = tmp_path_factory.mktemp("abacus")
    with running(Project.copy(root / "repo")) as project:
        for name in ("src", "3rdparty/cpp"):
            shutil.copytree(REPOSITORY / name, project.root / name)
        project.replace("pants.toml", '["/*", "/bad/*"]', '["/src/python", "/src/cpp"]')
        project.replace("src/python/BUILD", ', resolve="pytest"', "")
        project.replace("src/python/BUILD", "platforms=PLATFORMS", f'platforms=["{PLATFORM}"]')
        project.replace("src/python/BUILD", '"3.11", "3.12", "3.13", "3.14", "3.14t", "3.15"', f'"{PYTHON}"')
        project.write("BUILD", RELEASE)
        project.write(".gitignore", "/.pants.d/\n/.pids/\n/dist/\n")
        project.git("init", "--quiet")
        project.git("add", ".")
        project.git("commit", "--quiet", "--message", "Begin")
        project.package("//:release", options=OPTIONS)
        rc = project.dist / "releases/abacus" / RC
        yield Records(rc, _promoted(rc, root / "final"))


def _promoted(record: Path, output: Path) -> Path:
    _spokeshave("release", "promote", str(record), "--version", FINAL, "--output", str(output))
    return output


def _spokeshave(*arguments: str) -> None:
    """Run a command of the tools, as a user does who has no Pants, and no compiler."""
    command = [sys.executable, "-m", "spokeshave", *arguments]
    environment = {"PYTHONPATH": str(REPOSITORY / "tools"), "PATH": ""}
    subprocess.run(command, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the C compiler of this machine, or else zig's for this machine."""
    found = shutil.which("cc")
    if found:
        return Path(found)
    script = tmp_path_factory.mktemp("compiler") / "cc"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang cc "$@"\n')
    script.chmod(0o755)
    return script


@pytest.fixture(scope="module")
def both(records: Records, compiler: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Installed, Installed]:
    """Return the candidate and the final release from an index, each in an environment of its own."""
    root = tmp_path_factory.mktemp("environments")
    rc = install_pinned(root / "of rc", PYTHON, PINS)
    final = install_pinned(root / "of final", PYTHON, PINS)
    _spokeshave("index", "add", str(records.rc), str(records.final), str(root / "index"))
    with static_site(root / "index") as site:
        for environment, version in ((rc, RC), (final, FINAL)):
            _install(environment, f"abacus-runtime=={version}", index=("--index-url", f"{site.url}/simple/"))
    return Installed(rc, RC, compiler), Installed(final, FINAL, compiler)


def _install(environment: Environment, *arguments: str, index: tuple[str, ...] = ("--no-index",)) -> None:
    uv = (UV, "pip", "install", "--quiet", "--no-config", "--no-cache", "--no-deps")
    target = ("--python", str(environment.python))
    subprocess.run([*uv, *index, *target, *arguments], check=True, stdin=subprocess.DEVNULL)


def test_a_project_is_built_against_candidate_and_promotion(both: tuple[Installed, Installed], tmp_path: Path) -> None:
    wheels = []
    for installed in both:
        source = shutil.copytree(DOWNSTREAM, tmp_path / installed.version)
        uv = (UV, "build", "--wheel", "--no-config", "--offline", "--no-build-isolation")
        target = ("--python", installed.environment.python, "--out-dir", source / "dist")
        built = installed.run(*uv, *target, source)
        assert built.returncode == 0, built.stderr
        assert f"Abacus_VERSION is {installed.version}" in built.stdout + built.stderr
        (wheel,) = (source / "dist").glob("downstream-1.0-cp312-abi3-*.whl")
        wheels.append(wheel)
        _install(installed.environment, str(wheel))
        printed = installed.environment.run("import downstream; print(*downstream.versions())")
        assert printed == f"{installed.version} {installed.version}"
    final = both[1]
    _install(final.environment, "--reinstall", str(wheels[0]))
    imported = final.run(final.environment.python, "-I", "-c", "import downstream")
    assert f"ImportError: built for Abacus {RC}, but {FINAL} is installed" in imported.stderr


def test_cmake_finds_the_folder_that_python_prints(both: tuple[Installed, Installed], tmp_path: Path) -> None:
    rc, _ = both
    built = rc.cmake(tmp_path / "by folder", "-DABACUS_REQUEST=0.1.0 EXACT")
    assert built.returncode == 0, built.stdout + built.stderr
    assert rc.run(tmp_path / "by folder/built").stdout == f"{RC} {RC}\n"
    # The root of the package is a prefix too, and a component is a target.
    assert rc.cmake(tmp_path / "by root", "-DABACUS_REQUEST=COMPONENTS abacus", prefix=str(rc.package)).returncode == 0


@pytest.mark.parametrize(
    ("request_text", "reason"),
    [
        ("0.2 EXACT", f"version: {RC}"),
        ("0.2", f"version: {RC}"),
        ("0.1.1", f"version: {RC}"),
        ("1.0", f"version: {RC}"),
        ("0.0.1...<0.1.0", f"version: {RC}"),
        ("COMPONENTS gui", "It has no component gui"),
    ],
)
def test_cmake_refuses_another_version(
    both: tuple[Installed, Installed], tmp_path: Path, request_text: str, reason: str
) -> None:
    ran = both[0].cmake(tmp_path / "build", f"-DABACUS_REQUEST={request_text}")
    assert ran.returncode != 0
    assert reason in ran.stderr


def test_a_header_of_another_version_does_not_compile(both: tuple[Installed, Installed], tmp_path: Path) -> None:
    for number, (installed, other) in enumerate((both, both[::-1])):
        headers = other.printed("--includedir")
        ran = installed.cmake(tmp_path / str(number), f"-DOTHER_HEADERS={headers}")
        assert ran.returncode != 0
        assert f"This header is of Abacus {other.version}, but the CMake package" in ran.stdout


def test_a_library_of_another_version_is_not_found(both: tuple[Installed, Installed], tmp_path: Path) -> None:
    rc, final = both
    mixed = shutil.copytree(rc.package, tmp_path / "mixed")
    shutil.copy2(final.package / "lib/libabacus.so", mixed / "lib")
    ran = rc.cmake(tmp_path / "build", prefix=str(mixed))
    assert ran.returncode != 0
    assert f"libabacus.so is not of version {RC}" in " ".join(ran.stderr.split())
    (mixed / "lib/libabacus.so").unlink()
    assert "libabacus.so does not exist" in " ".join(rc.cmake(tmp_path / "none", prefix=str(mixed)).stderr.split())


def test_pkg_config_finds_the_package(both: tuple[Installed, Installed], tmp_path: Path) -> None:
    for installed, other in (both, both[::-1]):
        pkgconf = (installed.environment.python, "-m", "pkgconf")
        assert installed.run(*pkgconf, "--modversion", "abacus").stdout.strip() == installed.version
        flags = installed.run(*pkgconf, "--cflags", "--libs", "abacus").stdout
        rpath = f"-Wl,-rpath,{installed.printed('--libdir')}"
        program = tmp_path / installed.version
        command = (installed.compiler, DOWNSTREAM / "src/main.c", *shlex.split(flags), rpath, "-o", program)
        compiled = installed.run(*command)
        assert compiled.returncode == 0, compiled.stderr
        assert installed.run(program).stdout == f"{installed.version} {installed.version}\n"
        mixed = installed.run(*command[:2], f"-I{other.printed('--includedir')}", *command[2:])
        assert mixed.returncode != 0
        assert f"This header is of Abacus {other.version}, but" in mixed.stderr
