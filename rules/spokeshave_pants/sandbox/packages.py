"""Rules that install a pinned requirements file as a tree of files, or find that tree's digest without the files."""

from __future__ import annotations

import dataclasses
import json
import posixpath
from dataclasses import dataclass

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.pex_cli import PexPEX
from pants.backend.python.util_rules.pex_requirements import (
    LoadedLockfile,
    LoadedLockfileRequest,
    Lockfile,
    ResolvePexConfig,
    ResolvePexConfigRequest,
)
from pants.core.util_rules.subprocess_environment import SubprocessEnvironmentVars
from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    DigestSubset,
    Directory,
    FileContent,
    FileDigest,
    FileEntry,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
    Snapshot,
)
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions, ca_certs_path_to_file_content
from pants.util.logging import LogLevel

from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.wheel_name import project_of_dist_info
from spokeshave_pants.errors import WrongHashError
from spokeshave_pants.resources.files import standalone_tool
from spokeshave_pants.sandbox.complete_platform import CompletePlatform
from spokeshave_pants.sandbox.pip_output import without_wheel, wrong_hashes
from spokeshave_pants.sandbox.python import SandboxPython

_TOOL = "__tool/packages.py"
_OUTPUT = "__packages"
_PLATFORM = "__platform.json"
_PEX_ROOT = {"pex_root": ".cache/pex_root"}
_TEMPORARY = ".tmp"
# The time limit of a look-up in the remote cache before the process is also started here. A server that hangs delays
# each step of a build by at most this time.
LOOKUP_MILLISECONDS = 2000


class InstallError(SpokeshaveError):
    """Packages that cannot be installed."""


class NoWheelError(InstallError):
    """Packages without a wheel for the required platform."""


@dataclass(frozen=True)
class PackagesRequest:
    """A request for everything that a pinned requirements file installs.

    Attributes:
        where: The name of the file, for messages.
        keep: Globs of files whose content is needed in any case. They end with a file's name or `**`.
        platform: The platform to install wheels for. None for this machine and its Python.
        pins: The entries to install. None for the whole file.
        purpose: The reason, for the description of the process: `to upload wheels`.
    """

    path: str
    where: str
    keep: tuple[str, ...] = ()
    platform: CompletePlatform | None = None
    pins: str | None = None
    purpose: str = ""


@dataclass(frozen=True)
class Packages:
    """Installed packages: a directory for each distribution, by wheel file name.

    Attributes:
        kept: The files that `keep` matches, with their content.
        distributions: The normalized name and the directory of each.
        listed: Whether only the digest is known, and the other files may not be materialized locally.
    """

    digest: Digest
    kept: Digest
    distributions: tuple[tuple[str, str], ...]
    listed: bool


@dataclass(frozen=True)
class InstalledPackages:
    """The directories of `Packages`, with all files."""

    digest: Digest


@dataclass(frozen=True)
class _PackagesTree:
    """A request for the files of a tree.

    Attributes:
        digest: The value of `Packages.digest`.
    """

    digest: Digest
    kept: Digest
    listed: bool


@dataclass(frozen=True)
class _PinsFile:
    path: str
    digest: Digest


@dataclass(frozen=True)
class _InstallerRequest:
    """A request for a run of the installer.

    Attributes:
        action: `install` or `list`, with its options.
    """

    packages: PackagesRequest
    action: tuple[str, ...]
    description: str


@rule
async def find_packages(request: PackagesRequest, options: GlobalOptions) -> Packages:
    if options.remote_cache_read or options.remote_cache_write:
        tree = await Get(_PackagesTree, _InstallerRequest, _listing(request))
    else:
        installed = await Get(InstalledPackages, PackagesRequest, request)
        kept = await Get(Digest, DigestSubset(installed.digest, PathGlobs(request.keep)))
        tree = _PackagesTree(installed.digest, kept, listed=False)
    snapshot = await Get(Snapshot, DigestSubset(tree.digest, PathGlobs(["*/*.dist-info/METADATA"])))
    found = sorted(
        (project_of_dist_info(posixpath.basename(posixpath.dirname(path))), path.split("/")[0])
        for path in snapshot.files
    )
    return Packages(digest=tree.digest, kept=tree.kept, distributions=tuple(found), listed=tree.listed)


def _listing(request: PackagesRequest) -> _InstallerRequest:
    keep = (argument for glob in request.keep for argument in ("--keep", glob))
    return _InstallerRequest(request, ("list", _OUTPUT, *keep), f"List {_pinned(request)}")


def _pinned(request: PackagesRequest) -> str:
    platform = f" for {request.platform.name}" if request.platform else ""
    return f"the packages pinned in {request.path}{platform}" + (f", {request.purpose}" if request.purpose else "")


@rule
async def list_packages(request: _InstallerRequest) -> _PackagesTree:
    result = await Get(FallibleProcessResult, _InstallerRequest, request)
    _raise_for_failure(result, request.packages)
    output = await Get(Digest, RemovePrefix(result.output_digest, _OUTPUT))
    listed, kept = await MultiGet(
        Get(DigestContents, DigestSubset(output, PathGlobs(["files.json"]))),
        Get(Digest, DigestSubset(output, PathGlobs(["kept/**"]))),
    )
    entries = [
        FileEntry(path, FileDigest(sha256, size), is_executable)
        for path, sha256, size, is_executable in json.loads(listed[0].content)
    ]
    return _PackagesTree(
        digest=await Get(Digest, CreateDigest(entries)),
        kept=await Get(Digest, RemovePrefix(kept, "kept")),
        listed=True,
    )


@rule
async def install_packages(request: PackagesRequest) -> InstalledPackages:
    # Kept files of a list are not part of the key of an installation.
    plain = dataclasses.replace(request, keep=())
    installer = _InstallerRequest(plain, ("install", _OUTPUT), f"Install {_pinned(request)}")
    result = await Get(FallibleProcessResult, _InstallerRequest, installer)
    _raise_for_failure(result, request)
    return InstalledPackages(await Get(Digest, RemovePrefix(result.output_digest, _OUTPUT)))


@rule
async def find_pins(request: PackagesRequest) -> _PinsFile:
    if request.pins is not None:
        digest = await Get(Digest, CreateDigest([FileContent(request.path, request.pins.encode())]))
        return _PinsFile(request.path, digest)
    lockfile = Lockfile(url=request.path, url_description_of_origin=request.where, resolve_name=request.path)
    loaded = await Get(LoadedLockfile, LoadedLockfileRequest(lockfile))
    return _PinsFile(loaded.lockfile_path, loaded.lockfile_digest)


@rule(level=LogLevel.DEBUG)
async def run_installer(
    request: _InstallerRequest,
    python: SandboxPython,
    pex: PexPEX,
    setup: PythonSetup,
    variables: SubprocessEnvironmentVars,
    options: GlobalOptions,
) -> FallibleProcessResult:
    wanted = request.packages
    certificates = [ca_certs_path_to_file_content(options.ca_certs_path)] if options.ca_certs_path else []
    tool = FileContent(_TOOL, standalone_tool("packages.py"))
    platform = [FileContent(_PLATFORM, wanted.platform.text.encode())] if wanted.platform else []
    pins, resolve, created = await MultiGet(
        Get(_PinsFile, PackagesRequest, wanted),
        Get(ResolvePexConfig, ResolvePexConfigRequest(None)),
        Get(Digest, CreateDigest([tool, Directory(_TEMPORARY), *certificates, *platform])),
    )
    cert = tuple(argument for file in certificates for argument in ("--cert", file.path))
    # Nothing is built for another machine. Without the last option pip asks source distributions for their metadata,
    # for which numpy compiles for a while, and the resulting message does not help.
    complete = ("--complete-platform", _PLATFORM, "--no-build") if platform else ()
    digest = await Get(Digest, MergeDigests([pins.digest, pex.digest, created]))
    return await Get(
        FallibleProcessResult,
        Process(
            argv=(
                *(python.path, _TOOL, *request.action, "--"),
                *(pex.exe, "--tmpdir", _TEMPORARY, "--pip-version", setup.pip_version.value, *cert),
                *("--requirement", pins.path, "--no-transitive", *resolve.pex_args(), *complete),
                *("--resolver-version", "pip-2020-resolver", "--layout", "loose", "--no-compile"),
                *("--output-file", "packages.pex"),
            ),
            env=_environment(variables),
            input_digest=digest,
            append_only_caches={**python.append_only_caches, **_PEX_ROOT},
            output_directories=(_OUTPUT,),
            description=request.description,
            level=LogLevel.INFO,
            remote_cache_speculation_delay_millis=LOOKUP_MILLISECONDS,
        ),
    )


def _environment(variables: SubprocessEnvironmentVars) -> dict[str, str]:
    """Return an environment with network settings (certificates, a proxy) and otherwise fixed values."""
    passed = {name: value for name, value in variables.vars.items() if name != "LANG" and not name.startswith("LC_")}
    same = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PEX_IGNORE_RCFILES": "true"}
    return {**passed, **same, "PEX_ROOT": _PEX_ROOT["pex_root"]}


def _raise_for_failure(result: FallibleProcessResult, request: PackagesRequest) -> None:
    """Raise an error if the installer failed.

    Raises:
        WrongHashError: If a file has another hash than the pinned one.
        NoWheelError: If there is no wheel.
        InstallError: For any other reason.
    """
    if not result.exit_code:
        return
    stderr = result.stderr.decode(errors="replace")
    wrong = wrong_hashes(stderr)
    if wrong is not None:
        raise WrongHashError(f"{request.where} takes packages from {request.path}.\n{wrong}")
    text = f"{request.where} takes packages from {request.path}, which cannot be installed:\n{stderr}"
    raise NoWheelError(text) if request.platform and without_wheel(stderr) else InstallError(text)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
