"""CPython's headers for one version: from a pinned archive where one is configured, else from an interpreter here."""

from __future__ import annotations

from dataclasses import dataclass

from pants.core.util_rules.system_binaries import BashBinary, TarBinary
from pants.engine.fs import Digest, DigestSubset, DownloadFile, FileDigest, PathGlobs, RemovePrefix, Snapshot
from pants.engine.process import Process, ProcessCacheScope, ProcessResult
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.option.option_types import DictOption
from pants.option.subsystem import Subsystem
from pants.util.logging import LogLevel
from pants.util.strutil import help_text, softwrap

from spokeshave_pants.cc.interpreters import Interpreter, PinnedArchive
from spokeshave_pants.cc.util_rules.interpreters import Interpreters
from spokeshave_pants.errors import MissingInterpreterError
from spokeshave_pants.python_abi import PythonVersion


class PythonHeadersSubsystem(Subsystem):
    options_scope = "python-headers"
    help = help_text(
        """
        Where CPython's headers come from.

        A pinned archive is the same on every machine. Without one the headers of an interpreter on this machine are
        taken; a wheel's report then says so, and runners with another patch release do not share its compiles.
        """
    )

    archives = DictOption[str](
        default={},
        help=softwrap(
            """
            A pinned archive per Python version: `{"3.12": "URL|SHA256|BYTES"}`. The archive is a gzipped tar that
            holds `python/include/python3.12/Python.h`, as the "install only" archives of the Python standalone
            builds do.
            """
        ),
    )


@dataclass(frozen=True)
class PythonHeadersRequest:
    version: PythonVersion
    where: str


@dataclass(frozen=True)
class PythonHeaders:
    """The directory that holds `Python.h`, and where it came from as a report tells it."""

    digest: Digest
    origin: str
    pinned: bool


@rule(desc="Find the headers of Python", level=LogLevel.DEBUG)
async def python_headers(
    request: PythonHeadersRequest, subsystem: PythonHeadersSubsystem, interpreters: Interpreters
) -> PythonHeaders:
    archive = subsystem.archives.get(str(request.version))
    if archive is not None:
        return await Get(PythonHeaders, PinnedArchive, PinnedArchive.parse(archive, request.version))
    interpreter = interpreters.newest(request.version)
    if interpreter is None or interpreter.include is None:
        raise MissingInterpreterError(
            f"{request.where} needs the headers of Python {request.version}, and this machine has none: "
            f"{interpreters.describe()}. Install Python {request.version} with its headers (`pyenv install "
            f"{request.version}`, or Debian's `python{request.version}-dev`), or pin an archive of it with the option "
            "`[python-headers].archives`."
        )
    return await Get(PythonHeaders, Interpreter, interpreter)


@rule(desc="Unpack pinned Python headers")
async def pinned_headers(archive: PinnedArchive, tar: TarBinary, bash: BashBinary) -> PythonHeaders:
    download = await Get(
        Digest, DownloadFile(archive.url, FileDigest(fingerprint=archive.sha256, serialized_bytes_length=archive.size))
    )
    name = archive.url.rsplit("/", 1)[-1]
    result = await Get(
        ProcessResult,
        Process(
            # gzip is found by tar on the PATH.
            argv=(tar.path, "-xzf", name, f"python/include/{archive.include_name}"),
            env={"PATH": "/usr/bin:/bin"},
            input_digest=download,
            output_directories=(f"python/include/{archive.include_name}",),
            description=f"Unpack the headers of Python {archive.version}",
        ),
    )
    digest = await Get(Digest, RemovePrefix(result.output_digest, f"python/include/{archive.include_name}"))
    return PythonHeaders(digest, origin=f"{name} (sha256 {archive.sha256[:12]})", pinned=True)


@rule
async def host_headers(interpreter: Interpreter, bash: BashBinary) -> PythonHeaders:
    result = await Get(
        ProcessResult,
        Process(
            argv=(bash.path, "-c", 'cp -RL "$0" include', str(interpreter.include)),
            env={"PATH": "/usr/bin:/bin"},
            output_directories=("include",),
            description=f"Copy the headers of Python {interpreter.version}",
            level=LogLevel.DEBUG,
            cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
        ),
    )
    copied = await Get(Digest, RemovePrefix(result.output_digest, "include"))
    headers = await Get(Digest, DigestSubset(copied, PathGlobs(["**/*.h"])))
    snapshot = await Get(Snapshot, Digest, headers)
    if "Python.h" not in snapshot.files:
        raise MissingInterpreterError(
            f"{interpreter.path} says that its headers are in {interpreter.include}, but Python.h is not there. "
            "Install its development files."
        )
    return PythonHeaders(headers, origin=f"CPython {interpreter.version} of this machine, not pinned", pinned=False)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
