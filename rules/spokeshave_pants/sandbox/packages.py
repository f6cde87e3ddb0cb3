"""Rules that install a pinned requirements file as a tree of files, or find that tree's digest without the files."""

from __future__ import annotations

import dataclasses
import posixpath
from dataclasses import dataclass

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.pex_cli import PexPEX
from pants.core.util_rules.subprocess_environment import SubprocessEnvironmentVars
from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestSubset,
    Directory,
    FileContent,
    FileDigest,
    FileEntry,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions, ca_certs_path_to_file_content
from pants.util.logging import LogLevel

from spokeshave_core.json_values import parse_any
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.wheel_name import project_of_dist_info
from spokeshave_pants.errors import WrongHashError
from spokeshave_pants.pants_api import (
    ResolveConfigRequest,
    concurrently,
    create_digest,
    determine_resolve_config,
    digest_subset_to_digest,
    digest_to_snapshot,
    execute_process,
    get_digest_contents,
    implicitly,
    merge_digests,
    pip_version,
    remove_prefix,
    rule,
)
from spokeshave_pants.resources.files import standalone_tool
from spokeshave_pants.sandbox import requirements_file
from spokeshave_pants.sandbox.complete_platform import CompletePlatform
from spokeshave_pants.sandbox.pip_output import missing_wheels, without_wheel, wrong_hashes
from spokeshave_pants.sandbox.python import PantsPython
from spokeshave_pants.sandbox.requirements_file import (
    RequirementsFile,
    RequirementsFileRequest,
    find_requirements_file,
)

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
        purpose: What they are needed for, for the description of the process, as installing takes minutes: `which
            upload wheels`.
        keep: Globs of files whose content is needed in any case. They end with a file's name or `**`.
        platform: The platform to install wheels for. None for this machine and the Python that runs pex.
        pins: The entries to install. None for the whole file.
    """

    path: str
    where: str
    purpose: str
    keep: tuple[str, ...] = ()
    platform: CompletePlatform | None = None
    pins: str | None = None


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
        tree = await list_packages(_listing(request))
    else:
        installed = await install_packages(request)
        kept = await digest_subset_to_digest(DigestSubset(installed.digest, PathGlobs(request.keep)))
        tree = _PackagesTree(installed.digest, kept, listed=False)
    snapshot = await digest_to_snapshot(**implicitly(DigestSubset(tree.digest, PathGlobs(["*/*.dist-info/METADATA"]))))
    found = sorted(
        (project_of_dist_info(posixpath.basename(posixpath.dirname(path))), path.split("/")[0])
        for path in snapshot.files
    )
    return Packages(digest=tree.digest, kept=tree.kept, distributions=tuple(found), listed=tree.listed)


def _listing(request: PackagesRequest) -> _InstallerRequest:
    keep = (argument for glob in request.keep for argument in ("--keep", glob))
    return _InstallerRequest(request, ("list", _OUTPUT, *keep), f"List {packages_title(request)}")


def packages_title(request: PackagesRequest) -> str:
    """Return what is installed and what for, for the descriptions of processes."""
    platform = f" for {request.platform.name}" if request.platform else ""
    return f"the packages pinned in {request.path}{platform}, {request.purpose}"


@rule
async def list_packages(request: _InstallerRequest) -> _PackagesTree:
    result = await run_installer(request, **implicitly())
    _raise_for_failure(result, request.packages)
    output = await remove_prefix(RemovePrefix(result.output_digest, _OUTPUT))
    listed, kept = await concurrently(
        get_digest_contents(**implicitly(DigestSubset(output, PathGlobs(["files.json"])))),
        digest_subset_to_digest(DigestSubset(output, PathGlobs(["kept/**"]))),
    )
    entries = [
        FileEntry(path, FileDigest(sha256, size), is_executable)
        for path, sha256, size, is_executable in parse_any(listed[0].content)
    ]
    return _PackagesTree(
        digest=await create_digest(CreateDigest(entries)),
        kept=await remove_prefix(RemovePrefix(kept, "kept")),
        listed=True,
    )


@rule
async def install_packages(request: PackagesRequest) -> InstalledPackages:
    # Kept files of a list are not part of the key of an installation.
    plain = dataclasses.replace(request, keep=())
    installer = _InstallerRequest(plain, ("install", _OUTPUT), f"Install {packages_title(request)}")
    result = await run_installer(installer, **implicitly())
    _raise_for_failure(result, request)
    return InstalledPackages(await remove_prefix(RemovePrefix(result.output_digest, _OUTPUT)))


@rule
async def find_pins(request: PackagesRequest) -> RequirementsFile:
    if request.pins is not None:
        digest = await create_digest(CreateDigest([FileContent(request.path, request.pins.encode())]))
        return RequirementsFile(request.path, digest)
    return await find_requirements_file(RequirementsFileRequest(request.path, request.where))


@rule(level=LogLevel.DEBUG)
async def run_installer(
    request: _InstallerRequest,
    pants: PantsPython,
    pex: PexPEX,
    setup: PythonSetup,
    variables: SubprocessEnvironmentVars,
    options: GlobalOptions,
) -> FallibleProcessResult:
    wanted = request.packages
    python = pants.linked
    certificates = [ca_certs_path_to_file_content(options.ca_certs_path)] if options.ca_certs_path else []
    tool = FileContent(_TOOL, standalone_tool("packages.py"))
    platform = [FileContent(_PLATFORM, wanted.platform.text.encode())] if wanted.platform else []
    pins, resolve, created = await concurrently(
        find_pins(wanted),
        determine_resolve_config(ResolveConfigRequest(None), **implicitly()),
        create_digest(CreateDigest([tool, Directory(_TEMPORARY), *certificates, *platform])),
    )
    cert = tuple(argument for file in certificates for argument in ("--cert", file.path))
    # Nothing is built for another machine. Without the last option pip asks source distributions for their metadata,
    # for which numpy compiles for a while, and the resulting message does not help.
    complete = ("--complete-platform", _PLATFORM, "--no-build") if platform else ()
    digest = await merge_digests(MergeDigests([pins.digest, pex.digest, created]))
    return await execute_process(
        Process(
            argv=(
                *(python.path, _TOOL, *request.action, "--"),
                *(pex.exe, "--tmpdir", _TEMPORARY, "--pip-version", pip_version(setup), *cert),
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
        **implicitly(),
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
    text = f"{request.where} takes packages from {request.path}, which cannot be installed"
    if request.platform and without_wheel(stderr):
        raise NoWheelError(f"{text}. {missing_wheels(stderr, request.platform.environment['python_version'])}")
    raise InstallError(f"{text}:\n{stderr}")


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *requirements_file.rules()]
