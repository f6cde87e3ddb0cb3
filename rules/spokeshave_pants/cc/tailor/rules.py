"""Rules of `tailor` for C and C++ files that no target owns."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from pants.backend.cc.goals.tailor import PutativeCCTargetsRequest
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.core.goals.tailor import AllOwnedSources, PutativeTarget, PutativeTargets, PutativeTargetsRequest
from pants.engine.fs import PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllUnexpandedTargets
from pants.engine.unions import UnionMembership, UnionRule
from pants.source.source_root import SourceRootRequest
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.cc.compile.module_definitions import defined_modules, may_be_macro
from spokeshave_pants.cc.includes.scan import parse_includes
from spokeshave_pants.cc.languages import SOURCE_EXTENSIONS, is_assembler
from spokeshave_pants.cc.subsystem import CcSetupSubsystem
from spokeshave_pants.cc.tailor.names import TakenNames
from spokeshave_pants.cc.tailor.sources import (
    DEFAULT_ENDINGS,
    OTHER_ENDINGS,
    CcSourcesProposal,
    CcText,
    CcTree,
    propose_cc_sources,
    propose_like_pants,
)
from spokeshave_pants.pants_api import (
    concurrently,
    get_digest_contents,
    get_optional_source_root,
    implicitly,
    path_globs_to_digest,
    path_globs_to_paths,
    rule,
)


@dataclass(frozen=True)
class CcTextsRequest:
    """A request for the C/C++ files in some folders."""

    folders: tuple[str, ...]


@dataclass(frozen=True)
class CcTexts:
    """The C/C++ files in some folders, with or without a target."""

    files: tuple[CcText, ...]


@dataclass(frozen=True)
class CcProposalsRequest:
    """A request for the `cc_sources` that `tailor` proposes in some folders."""

    folders: tuple[str, ...]


@dataclass(frozen=True)
class CcProposals:
    """The proposed `cc_sources`, and whether Pants' own backend proposes them."""

    found: tuple[CcSourcesProposal, ...]
    of_pants: bool


@dataclass(frozen=True)
class SourceRootsRequest:
    """A request for the source roots of folders."""

    folders: tuple[str, ...]


@dataclass(frozen=True)
class SourceRoots:
    """The source root of each folder that has one. The build root is empty."""

    by_folder: FrozenDict[str, str]


def globs(folders: Iterable[str], endings: Iterable[str]) -> PathGlobs:
    """Return the globs of files with some endings, directly in some folders."""
    endings = tuple(endings)
    return PathGlobs(posixpath.join(folder, f"*{ending}") for folder in folders for ending in endings)


@rule(desc="Read C/C++ files", level=LogLevel.DEBUG)
async def read_cc_texts(request: CcTextsRequest) -> CcTexts:
    digest = await path_globs_to_digest(globs(request.folders, (*DEFAULT_ENDINGS, *OTHER_ENDINGS)))
    files = await get_digest_contents(digest)
    return CcTexts(tuple(_read(file.path, file.content.decode(errors="replace")) for file in files))


def _read(path: str, text: str) -> CcText:
    may_define = path.endswith(SOURCE_EXTENSIONS) and not is_assembler(path)
    modules = defined_modules(text) if may_define else ()
    return CcText(
        path=path,
        includes=parse_includes(text),
        modules=modules,
        possible_macros=tuple(name for name in modules if may_be_macro(name, text)),
    )


@rule(desc="Propose cc_sources", level=LogLevel.DEBUG)
async def propose_sources(
    request: CcProposalsRequest,
    options: CcSetupSubsystem,
    owned: AllOwnedSources,
    existing: AllUnexpandedTargets,
    union_membership: UnionMembership,
) -> CcProposals:
    of_pants = PutativeCCTargetsRequest in union_membership.get(PutativeTargetsRequest)
    if not of_pants and not options.tailor:
        return CcProposals((), of_pants)
    texts = await read_cc_texts(CcTextsRequest(request.folders))
    with_target = frozenset(owned)
    unowned = [file for file in texts.files if file.path not in with_target]
    names = TakenNames((target.address.spec_path, target.address.target_name) for target in existing)
    if of_pants or not unowned:
        return CcProposals(propose_like_pants(unowned, names), of_pants)
    folders = sorted({file.folder for file in unowned})
    paths, python = await concurrently(
        path_globs_to_paths(PathGlobs(f"**/*{ending}" for ending in (*DEFAULT_ENDINGS, *OTHER_ENDINGS))),
        path_globs_to_paths(globs(folders, (".py", ".pyi"))),
    )
    tree = CcTree(
        paths=frozenset(paths.files),
        roots=(await find_source_roots(SourceRootsRequest(tuple(folders)))).by_folder,
        python_folders=frozenset(map(posixpath.dirname, python.files)),
    )
    return CcProposals(propose_cc_sources(unowned, tree, names), of_pants)


@rule(level=LogLevel.DEBUG)
async def find_source_roots(request: SourceRootsRequest) -> SourceRoots:
    roots = await concurrently(
        get_optional_source_root(SourceRootRequest(PurePath(folder)), **implicitly()) for folder in request.folders
    )
    found = ((folder, root.source_root) for folder, root in zip(request.folders, roots))
    return SourceRoots(FrozenDict({folder: _normalized(root.path) for folder, root in found if root is not None}))


def _normalized(source_root: str) -> str:
    return "" if source_root == "." else source_root


@dataclass(frozen=True)
class PutativeCcSourcesRequest(PutativeTargetsRequest):
    """A request of `tailor` for `cc_sources`."""


@rule(desc="Determine the cc_sources to create", level=LogLevel.DEBUG)
async def find_putative_cc_sources(request: PutativeCcSourcesRequest) -> PutativeTargets:
    proposals = await propose_sources(CcProposalsRequest(request.dirs), **implicitly())
    return PutativeTargets(() if proposals.of_pants else map(_putative, proposals.found))


def _putative(proposal: CcSourcesProposal) -> PutativeTarget:
    roots = proposal.include_roots
    kwargs = {
        # Without it, `tailor` renames the target of the root folder.
        **({} if proposal.folder else {"name": proposal.name}),
        **({"sources": proposal.sources} if proposal.sources else {}),
        **({"include_root": roots[0] if len(roots) == 1 else roots} if roots else {}),
    }
    return PutativeTarget.for_target_type(
        CCSourcesGeneratorTarget, proposal.folder, proposal.name, proposal.files, kwargs=kwargs
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(PutativeTargetsRequest, PutativeCcSourcesRequest)]
