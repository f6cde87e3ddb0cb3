"""C/C++ headers and sources that ship in Python packages, unpacked from pinned requirements."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import (
    Digest,
    DigestContents,
    DigestSubset,
    PathGlobs,
    RemovePrefix,
    Snapshot,
)
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import WrappedTarget, WrappedTargetRequest
from pants.engine.unions import UnionRule

from spokeshave_pants.cc.compile_command import PACKAGES_DIR, CompileSettings
from spokeshave_pants.cc.include_scan import parse_includes
from spokeshave_pants.cc.target_types import (
    CcDistributionField,
    CcIncludeDirsField,
    CcPackageSourcesField,
    CcPublicDefinesField,
    CcRequirementsFileField,
    CompileFlagsField,
    CStandardField,
    CxxStandardField,
)
from spokeshave_pants.cc.util_rules.packages import Packages, PackagesRequest, normalize_name
from spokeshave_pants.errors import InvalidTargetError

PYTHON_HEADER = "Python.h"


@dataclass(frozen=True)
class CcPackageRequest:
    address: Address


@dataclass(frozen=True)
class CcPackage:
    """Headers and sources of one distribution, at `PACKAGES_DIR/{name}` in a sandbox."""

    address: str
    name: str
    digest: Digest
    include_dirs: tuple[str, ...]
    headers: frozenset[str]
    sources: tuple[str, ...]
    settings: CompileSettings
    needs_python: bool

    @property
    def directory(self) -> str:
        return f"{PACKAGES_DIR}/{self.name}"

    def provides_any(self, spellings: frozenset[str]) -> bool:
        """Whether one of these includes is of this package."""
        return not self.headers.isdisjoint(spellings)


@rule
async def cc_package(request: CcPackageRequest) -> CcPackage:
    where = f"the target {request.address}"
    target = (await Get(WrappedTarget, WrappedTargetRequest(request.address, description_of_origin=where))).target
    requirements = posixpath.normpath(posixpath.join(request.address.spec_path, target[CcRequirementsFileField].value))
    include_dirs, sources = target[CcIncludeDirsField].value, target[CcPackageSourcesField].value or ()
    # A source may include others of its own directory (nanobind's combined one does).
    directories = sorted({*include_dirs, *(posixpath.dirname(source) for source in sources)})
    packages = await Get(
        Packages, PackagesRequest(requirements, where, keep=tuple(f"*/{directory}/**" for directory in directories))
    )
    name = normalize_name(target[CcDistributionField].value or target.address.target_name)
    root = dict(packages.distributions).get(name)
    if root is None:
        raise InvalidTargetError(
            f"{request.address} wants the distribution {name!r}, which {requirements} does not pin. It pins: "
            f"{', '.join(known for known, _ in packages.distributions)}. Add it there, or set `distribution`."
        )
    files = await Get(Digest, DigestSubset(packages.kept, PathGlobs(f"{root}/{folder}/**" for folder in directories)))
    package = await Get(Digest, RemovePrefix(files, root))
    snapshot, contents = await MultiGet(Get(Snapshot, Digest, package), Get(DigestContents, Digest, package))
    _check_paths(request.address, include_dirs, sources, snapshot)
    needs_python = any(
        include.spelling == PYTHON_HEADER
        for file in contents
        for include in parse_includes(file.content.decode(errors="replace"))
    )
    directory = f"{PACKAGES_DIR}/{name}"
    return CcPackage(
        address=request.address.spec,
        name=name,
        digest=package,
        include_dirs=tuple(f"{directory}/{include_dir}" for include_dir in include_dirs),
        headers=frozenset(
            path[len(include_dir) + 1 :]
            for include_dir in include_dirs
            for path in snapshot.files
            if path.startswith(include_dir + "/")
        ),
        sources=tuple(f"{directory}/{source}" for source in sources),
        settings=CompileSettings(
            cxx_standard=target[CxxStandardField].value or CxxStandardField.default,
            c_standard=target[CStandardField].value or CStandardField.default,
            defines=target[CcPublicDefinesField].value or (),
            flags=target[CompileFlagsField].value or (),
        ),
        needs_python=needs_python,
    )


def _check_paths(address: Address, include_dirs: tuple[str, ...], sources: tuple[str, ...], tree: Snapshot) -> None:
    missing = [d for d in include_dirs if d not in tree.dirs] + [s for s in sources if s not in tree.files]
    if missing:
        raise InvalidTargetError(
            f"{address} names paths that its distribution does not have: {', '.join(missing)}. "
            "Paths are relative to `site-packages`."
        )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
