"""What a pinned requirements file installs, as a tree of files."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import Pex, PexLayout, PexRequest
from pants.backend.python.util_rules.pex_requirements import EntireLockfile, Lockfile
from pants.engine.fs import Digest, DigestSubset, PathGlobs, Snapshot
from pants.engine.process import ProcessExecutionFailure
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule

from spokeshave_pants.cc.pip_output import wrong_hashes
from spokeshave_pants.cc.subsystem import ZigToolchainSubsystem
from spokeshave_pants.errors import WrongHashError


@dataclass(frozen=True)
class RequirementsTreeRequest:
    """Everything that a pinned requirements file installs, as a tree of distributions.

    :param where: what names the file, for messages.
    """

    path: str
    where: str


@dataclass(frozen=True)
class RequirementsTree:
    digest: Digest
    distributions: tuple[tuple[str, str], ...]  # (normalized name, directory in the tree)


def normalize_name(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def refused_hashes(failure: ProcessExecutionFailure, path: str, where: str) -> WrongHashError | None:
    """The error to raise for an installation that failed as a file was not the one pinned; None for another reason."""
    reason = wrong_hashes(failure.stderr.decode(errors="replace"))
    return WrongHashError(f"{where} takes packages from {path}.\n{reason}") if reason is not None else None


@rule
async def install_requirements(request: RequirementsTreeRequest, zig: ZigToolchainSubsystem) -> RequirementsTree:
    lockfile = Lockfile(url=request.path, url_description_of_origin=request.where, resolve_name=request.path)
    pex_request = PexRequest(
        output_filename="packages.pex",
        internal_only=True,
        layout=PexLayout.LOOSE,
        requirements=EntireLockfile(lockfile),
        interpreter_constraints=InterpreterConstraints(zig.interpreter_constraints),
        description=f"Install the packages pinned in {request.path}",
    )
    try:
        pex = await Get(Pex, PexRequest, pex_request)
    except ProcessExecutionFailure as failure:
        raise (refused_hashes(failure, request.path, request.where) or failure) from failure
    snapshot = await Get(Snapshot, DigestSubset(pex.digest, PathGlobs(["packages.pex/.deps/*/*.dist-info/METADATA"])))
    found = sorted(
        (normalize_name(posixpath.basename(posixpath.dirname(path)).split("-")[0]), path.rsplit("/", 2)[0])
        for path in snapshot.files
    )
    return RequirementsTree(pex.digest, tuple(found))


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
