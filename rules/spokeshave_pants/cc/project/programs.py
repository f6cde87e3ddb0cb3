"""Rules for the programs that a project's build calls: cmake, ninja and pkg-config, and programs of the machine."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.core.util_rules.system_binaries import BashBinary
from pants.engine.fs import CreateDigest, Digest, DigestSubset, FileContent, PathGlobs
from pants.engine.process import Process, ProcessCacheScope
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.project.script import CMAKE_DIR, SYSTEM_DIR
from spokeshave_pants.cc.project.system_tools import FoundTool, find_script, parse_found, shims
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import create_digest, digest_to_snapshot, execute_process_or_raise, implicitly, rule
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment
from spokeshave_pants.sandbox.packages import PackagesRequest, find_packages

_CMAKE_GLOB = "*/cmake/data/bin/cmake"
_NINJA_GLOBS = ("*/.prefix/bin/ninja", "*/bin/ninja", "*/ninja/data/bin/ninja")
_PKGCONF_GLOB = "*/pkgconf/.bin/pkgconf"


@dataclass(frozen=True)
class SystemToolsRequest:
    """A request for programs of the machine.

    Attributes:
        needed: Those of `names` without which nothing is built.
    """

    names: tuple[str, ...]
    needed: tuple[str, ...]
    where: str
    platform: Platform


@dataclass(frozen=True)
class SystemTools:
    """Scripts that run programs of the machine, in `SYSTEM_DIR`.

    Attributes:
        names: Those that were asked for.
    """

    digest: Digest
    names: tuple[str, ...]


@dataclass(frozen=True)
class CmakeRequest:
    """A request for cmake and ninja, and pkgconf if it is pinned.

    Attributes:
        path: The requirements file.
    """

    path: str
    where: str


@dataclass(frozen=True)
class Cmake:
    """The packages with the programs, for `CMAKE_DIR`, and the paths of these in the sandbox.

    Attributes:
        pkgconf: Empty if the requirements file does not pin it.
    """

    digest: Digest
    request: PackagesRequest
    cmake: str
    ninja: str
    pkgconf: str


@rule(level=LogLevel.DEBUG)
async def find_cmake(request: CmakeRequest, compilers: CompilerEnvironment) -> Cmake:
    wanted = PackagesRequest(
        path=request.path,
        where=request.where,
        purpose="which build projects",
        platform=compilers.machine,
    )
    packages = await find_packages(wanted, **implicitly())
    globs = PathGlobs([_CMAKE_GLOB, *_NINJA_GLOBS, _PKGCONF_GLOB])
    found = await digest_to_snapshot(**implicitly(DigestSubset(packages.digest, globs)))
    programs = {posixpath.basename(path): f"{CMAKE_DIR}/{path}" for path in found.files}
    missing = [name for name in ("cmake", "ninja") if name not in programs]
    if missing:
        raise InvalidTargetError(f"{request.where}: {request.path} does not pin {' and '.join(missing)}.")
    return Cmake(
        digest=packages.digest,
        request=wanted,
        cmake=programs["cmake"],
        ninja=programs["ninja"],
        pkgconf=programs.get("pkgconf", ""),
    )


@rule(desc="Find programs of this machine", level=LogLevel.DEBUG)
async def find_system_tools(request: SystemToolsRequest, bash: BashBinary) -> SystemTools:
    result = await execute_process_or_raise(
        **implicitly(
            Process(
                argv=(bash.path, "-c", find_script(request.names)),
                env={"PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C"},
                description=f"Find the programs that {request.where} needs",
                level=LogLevel.DEBUG,
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    found: tuple[FoundTool, ...] = parse_found(result.stdout.decode(errors="replace"))
    missing = sorted(set(request.needed) - {tool.name for tool in found})
    if missing:
        raise InvalidTargetError(
            f"{request.where} needs programs that this machine does not have: {', '.join(missing)}. Install them, or "
            "build them as projects of their own, which `host_tools` lists."
        )
    scripts = shims(found, request.platform)
    files = [FileContent(f"{SYSTEM_DIR}/{name}", text, is_executable=True) for name, text in scripts.items()]
    return SystemTools(await create_digest(CreateDigest(files)), request.names)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
