"""Rules for CPython's headers for a version and platform: from a pinned archive or release, an interpreter, or Debian.

In all cases `pyconfig.h` is derived from the platform and the version.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pants.core.util_rules.system_binaries import BashBinary, TarBinary
from pants.engine.env_vars import EnvironmentVarsRequest
from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestSubset,
    DownloadFile,
    FileContent,
    FileDigest,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import Process, ProcessCacheScope
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.option.option_types import DictOption
from pants.option.subsystem import Subsystem
from pants.util.logging import LogLevel
from pants.util.strutil import help_text, softwrap

from spokeshave_core.cpython_releases import DEBIAN_SUITES
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.errors import MissingInterpreterError
from spokeshave_pants.headers import debian as debian_headers
from spokeshave_pants.headers import releases as header_releases
from spokeshave_pants.headers.archives import (
    INCLUDE,
    OPTION,
    PinnedArchive,
    PinnedArchiveError,
    PinnedArchives,
    download_problem,
    headers_version,
    include_folder,
)
from spokeshave_pants.headers.pyconfig import derived_pyconfig
from spokeshave_pants.headers.releases import PinnedRelease, PinnedReleases
from spokeshave_pants.pants_api import (
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    download_file,
    environment_vars_subset,
    execute_process,
    execute_process_or_raise,
    get_digest_contents,
    implicitly,
    merge_digests,
    remove_prefix,
    rule,
)
from spokeshave_pants.pythons.interpreters import Interpreter
from spokeshave_pants.pythons.rules import Interpreters
from spokeshave_pants.resources.files import standalone_tool
from spokeshave_pants.sandbox.packages import LOOKUP_MILLISECONDS
from spokeshave_pants.sandbox.python import SandboxPython

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_PATH = {"PATH": "/usr/bin:/bin"}
_TOOL = "__tool/header_releases.py"

logger = logging.getLogger(__name__)


class PythonHeadersSubsystem(Subsystem):
    """Options for CPython's headers."""

    options_scope = "python-headers"
    help = help_text(
        """
        The source of CPython's headers.

        A pinned archive or a pinned release is the same on all machines. Without either, the headers come from an
        interpreter on this machine, otherwise from Debian's package of that version. The report of a wheel then says
        so, and runners with another patch release do not share its compiles. `pyconfig.h` never comes from these
        sources: it is derived from the platform and the version.
        """
    )

    archives = DictOption[str](
        default={},
        help=softwrap(
            """
            A pinned archive for each Python version, `{"3.12": "URL|SHA256|BYTES"}`, or for a version and a platform,
            `{"3.12:win_amd64": "URL|SHA256|BYTES"}`. The archive is a tar file that contains
            `python/include/python3.12/Python.h`, or for Windows `python/include/Python.h`, such as the "install only"
            archives of the Python standalone builds. One archive serves all platforms and the free-threaded build.
            """
        ),
    )
    releases = DictOption[str](
        default={},
        help=softwrap(
            """
            A pinned release for each Python version, `{"3.12": "3.12.1|SHA256"}`. The headers come from an interpreter
            of that release on this machine, from the remote cache, or from Debian's package (`debian_suites`) while it
            is of that release. So machines with different patch releases share compiles. To compute the hash, run this
            command in the folder of `Python.h`:
            `find . -name '*.h' ! -name pyconfig.h | LC_ALL=C sort | xargs sha256sum | sha256sum`. If no source has
            these headers, a warning says so and other ones are used. `archives` takes precedence.
            """
        ),
    )
    debian_suites = DictOption[str](
        default=DEBIAN_SUITES,
        help=softwrap(
            """
            The Debian release whose package provides the headers, for each Python version that is not on this machine.
            The package is downloaded from the mirror of the machine's apt sources, checked by apt, and not installed.
            `{}` disables this.
            """
        ),
    )


@dataclass(frozen=True)
class PythonHeadersRequest:
    """A request for the headers that an extension for a version and a platform is compiled with.

    Attributes:
        where: The subject of messages, such as "the target //a:b".
    """

    version: PythonVersion
    platform: Platform
    where: str


@dataclass(frozen=True)
class PythonHeaders:
    """The directory of `Python.h`, and the origin of the headers for reports."""

    digest: Digest
    origin: str
    pinned: bool


@dataclass(frozen=True)
class FoundHeaders:
    """Headers from their source, without `pyconfig.h`.

    Attributes:
        version: The full version, such as `3.12.1`.
        source: The origin, as the text after "headers of".
    """

    digest: Digest
    version: str
    source: str
    pinned: bool


@dataclass(frozen=True)
class ReleaseHeaders:
    """The headers of a pinned release, or None where no source has these headers."""

    found: FoundHeaders | None


@dataclass(frozen=True)
class PackagedRelease:
    """The headers of a pinned release in Debian's package, or None where it has other ones."""

    digest: Digest | None


@dataclass(frozen=True)
class DebianHeadersRequest:
    """A request for the headers in Debian's package of a version."""

    version: PythonVersion
    suite: str


@dataclass(frozen=True)
class DebianHeaders:
    """The headers of Debian's package, or the reason that it cannot be downloaded."""

    found: FoundHeaders | None
    failure: str = ""


@dataclass(frozen=True)
class HeadersFolder:
    """A directory with `Python.h`, as the only content of a digest."""

    digest: Digest
    version: PythonVersion
    source: str
    pinned: bool


@rule(desc="Find the headers of Python", level=LogLevel.DEBUG)
async def python_headers(request: PythonHeadersRequest) -> PythonHeaders:
    found = await find_headers(request, **implicitly())
    pyconfig = derived_pyconfig(request.platform, request.version)
    derived = await create_digest(CreateDigest([FileContent("pyconfig.h", pyconfig.encode())]))
    return PythonHeaders(
        digest=await merge_digests(MergeDigests((found.digest, derived))),
        origin=(
            f"CPython {found.version} headers of {found.source}{'' if found.pinned else ', not pinned'}; "
            f"pyconfig.h derived for {request.version} on {request.platform}"
        ),
        pinned=found.pinned,
    )


@rule
async def pinned_archives(subsystem: PythonHeadersSubsystem) -> PinnedArchives:
    return PinnedArchives.parse(subsystem.archives)


@rule
async def pinned_releases(subsystem: PythonHeadersSubsystem) -> PinnedReleases:
    return PinnedReleases.parse(subsystem.releases)


@rule(level=LogLevel.DEBUG)
async def find_headers(
    request: PythonHeadersRequest,
    subsystem: PythonHeadersSubsystem,
    archives: PinnedArchives,
    releases: PinnedReleases,
    interpreters: Interpreters,
) -> FoundHeaders:
    archive = archives.serving(request.version, request.platform)
    if archive is not None:
        return await pinned_headers(archive, **implicitly())
    release = releases.serving(request.version)
    if release is not None:
        shared = await release_headers(release, **implicitly())
        if shared.found is not None:
            return shared.found
    interpreter = interpreters.with_headers(request.version)
    if interpreter is not None:
        return await host_headers(interpreter, **implicitly())
    minor = PythonVersion(request.version.minor)
    reason = (
        f"{request.where} needs the headers of Python {request.version}, but this machine does not have them: "
        f"{interpreters.describe()}. Install Python {minor} with its headers (`pyenv install "
        f"{minor}`, or Debian's `python{minor}-dev`), or pin an archive of it with the option {OPTION}."
    )
    suite = subsystem.debian_suites.get(str(minor))
    if suite is None:
        raise MissingInterpreterError(reason)
    package = await debian_package_headers(DebianHeadersRequest(minor, suite), **implicitly())
    if package.found is None:
        raise MissingInterpreterError(f"{reason}\n{package.failure}")
    return package.found


@rule(desc="Unpack pinned Python headers")
async def pinned_headers(archive: PinnedArchive, tar: TarBinary) -> FoundHeaders:
    expected = FileDigest(fingerprint=archive.sha256, serialized_bytes_length=archive.size)
    try:
        download = await download_file(DownloadFile(archive.url, expected), **implicitly())
    except Exception as error:
        raise PinnedArchiveError(download_problem(archive, str(error))) from error
    result = await execute_process(
        Process(
            # tar finds the decompressor on the PATH.
            argv=(tar.path, "-xf", archive.name, INCLUDE),
            env=_PATH,
            input_digest=download,
            output_directories=(INCLUDE,),
            description=f"Unpack the headers of Python {archive.version}",
        ),
        **implicitly(),
    )
    unpacked = await digest_to_snapshot(result.output_digest)
    folder = include_folder(unpacked.files, archive.version)
    if folder is None:
        reason = result.stderr.decode(errors="replace").strip()
        raise PinnedArchiveError(
            f"{OPTION} pins {archive.url} for Python {archive.key}, but it contains neither "
            f"`{INCLUDE}/python{archive.version}/Python.h` nor `{INCLUDE}/Python.h`. Pin an archive that does, such as "
            f'an "install only" one of the Python standalone builds.{" tar said: " + reason if reason else ""}'
        )
    below = await digest_subset_to_digest(DigestSubset(result.output_digest, PathGlobs([f"{folder}/**"])))
    headers = await remove_prefix(RemovePrefix(below, folder))
    source = f"{archive.name} (sha256 {archive.sha256[:12]})"
    return await headers_of_folder(HeadersFolder(headers, archive.version, source, pinned=True))


@rule
async def release_headers(release: PinnedRelease, python: SandboxPython, interpreters: Interpreters) -> ReleaseHeaders:
    caches = {**python.append_only_caches, header_releases.CACHE: header_releases.PLACE}
    tool = await create_digest(CreateDigest([FileContent(_TOOL, standalone_tool("header_releases.py"))]))
    own = next((i for i in interpreters.found if i.version == release.release and i.include is not None), None)
    if own is not None:
        await execute_process_or_raise(
            **implicitly(
                Process(
                    argv=(python.path, _TOOL, "link", header_releases.PLACE, release.release, str(own.include)),
                    input_digest=tool,
                    append_only_caches=caches,
                    description=f"Link the headers of Python {release.release}",
                    level=LogLevel.DEBUG,
                    # The process runs to create the link, which is not part of its result.
                    cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
                )
            )
        )
    result = await execute_process(
        Process(
            argv=(
                *(python.path, _TOOL, "copy", header_releases.PLACE, release.release, release.sha256),
                header_releases.INCLUDE,
            ),
            input_digest=tool,
            append_only_caches=caches,
            output_directories=(header_releases.INCLUDE,),
            description=f"Copy the headers of Python {release.release}",
            level=LogLevel.DEBUG,
            remote_cache_speculation_delay_millis=LOOKUP_MILLISECONDS,
        ),
        **implicitly(),
    )
    headers = await remove_prefix(RemovePrefix(result.output_digest, header_releases.INCLUDE))
    if result.exit_code:
        packaged = await debian_release_headers(release, **implicitly())
        if packaged.digest is None:
            logger.warning(header_releases.fallback_warning(release, result.exit_code, result.stdout.decode()))
            return ReleaseHeaders(None)
        headers = packaged.digest
    source = f"the pinned release (sha256 {release.sha256[:12]})"
    return ReleaseHeaders(await headers_of_folder(HeadersFolder(headers, release.version, source, pinned=True)))


@rule
async def debian_release_headers(release: PinnedRelease, subsystem: PythonHeadersSubsystem) -> PackagedRelease:
    suite = subsystem.debian_suites.get(str(release.version))
    if suite is None:
        return PackagedRelease(None)
    package = await debian_package_headers(DebianHeadersRequest(release.version, suite), **implicitly())
    if package.found is None or package.found.version != release.release:
        return PackagedRelease(None)
    files = await get_digest_contents(package.found.digest)
    sha256 = header_releases.headers_hash({file.path: file.content for file in files})
    return PackagedRelease(package.found.digest if sha256 == release.sha256 else None)


@rule
async def host_headers(interpreter: Interpreter, bash: BashBinary) -> FoundHeaders:
    result = await execute_process_or_raise(
        **implicitly(
            Process(
                argv=(bash.path, "-c", 'cp -RL "$0" include', str(interpreter.include)),
                env=_PATH,
                output_directories=("include",),
                description=f"Copy the headers of Python {interpreter.version}",
                level=LogLevel.DEBUG,
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    copied = await remove_prefix(RemovePrefix(result.output_digest, "include"))
    return await headers_of_folder(HeadersFolder(copied, interpreter.feature, "this machine", pinned=False))


@rule(desc="Download Python headers")
async def debian_package_headers(request: DebianHeadersRequest, bash: BashBinary) -> DebianHeaders:
    proxies = await environment_vars_subset(EnvironmentVarsRequest(_PROXIES), **implicitly())
    package = debian_headers.package_name(request.version)
    result = await execute_process(
        Process(
            argv=(bash.path, "-c", debian_headers.download_script(request.version, request.suite)),
            env={**_PATH, **proxies},
            output_directories=(debian_headers.INCLUDE,),
            description=f"Download the headers of Python {request.version} ({package} of Debian {request.suite})",
            level=LogLevel.INFO,
        ),
        **implicitly(),
    )
    if result.exit_code:
        words = result.stderr.decode(errors="replace").strip()
        return DebianHeaders(None, f"Debian's package {package} cannot be installed either: {words}")
    headers = await remove_prefix(RemovePrefix(result.output_digest, debian_headers.INCLUDE))
    source = f"Debian {request.suite} ({package} {result.stdout.decode().strip()})"
    return DebianHeaders(await headers_of_folder(HeadersFolder(headers, request.version, source, pinned=False)))


@rule
async def headers_of_folder(folder: HeadersFolder) -> FoundHeaders:
    """Check that a directory has the headers of a version, and return them."""
    headers = await digest_subset_to_digest(DigestSubset(folder.digest, PathGlobs(["**/*.h", "!pyconfig.h"])))
    patchlevel = await get_digest_contents(**implicitly(DigestSubset(headers, PathGlobs(["patchlevel.h"]))))
    version = headers_version("".join(file.content.decode() for file in patchlevel)) or "an unknown version"
    if not version.startswith(f"3.{folder.version.minor}."):
        raise PinnedArchiveError(
            f"The headers from {folder.source} are for Python {version}, not {folder.version}. Pin the right headers "
            f"with the option {OPTION}."
        )
    return FoundHeaders(digest=headers, version=version, source=folder.source, pinned=folder.pinned)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
