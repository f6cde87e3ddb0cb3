"""Rules for what a link takes from projects."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestEntries, FileEntry, SymlinkEntry
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_pants.action import Action
from spokeshave_pants.cc.project.build import CcProjectRequest, build_project
from spokeshave_pants.cc.project.projects import ProjectClosureRequest, VariantDefines, project_closure
from spokeshave_pants.cc.project.target_types import ProjectLibrariesField
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import concurrently, create_digest, get_digest_entries, implicitly, resolve_target, rule


@dataclass(frozen=True)
class ProjectLibrariesRequest:
    """A request for what a link takes from projects.

    Attributes:
        addresses: The projects to link, and those whose shared libraries other libraries need.
        platform: A platform with a single processor.
        defines: As in `CcProjectRequest`.
    """

    linked: tuple[Address, ...]
    needed: tuple[Address, ...]
    platform: Platform
    defines: VariantDefines = ()


@dataclass(frozen=True)
class ProjectLibraries:
    """Libraries of projects, each at its file name.

    Attributes:
        links: The files that a link names, at `link_paths`.
        shared: The shared libraries, also under the names of links to them, for the repair. `shared_paths` lists them.
    """

    links: Digest
    link_paths: tuple[str, ...]
    shared: Digest
    shared_paths: tuple[str, ...]
    actions: tuple[Action, ...]


@rule(level=LogLevel.DEBUG)
async def project_libraries(request: ProjectLibrariesRequest) -> ProjectLibraries:
    linked, needed = await concurrently(
        project_closure(ProjectClosureRequest(request.linked)), project_closure(ProjectClosureRequest(request.needed))
    )
    addresses = tuple(sorted({*linked.addresses, *needed.addresses}))
    targets = await concurrently(
        resolve_target(WrappedTargetRequest(address, description_of_origin="`dependencies`"), **implicitly())
        for address in addresses
    )
    built = await concurrently(
        build_project(CcProjectRequest(address, request.platform, request.defines), **implicitly())
        for address in addresses
    )
    entries = await concurrently(get_digest_entries(project.digest) for project in built)
    links: dict[str, FileEntry] = {}
    shared: dict[str, FileEntry] = {}
    for wrapped, project, found in zip(targets, built, entries):
        files = resolved_files(found)
        where = f"{project.address} for {request.platform}"
        chosen = project.tree.chosen(wrapped.target[ProjectLibrariesField].value, where)
        if wrapped.target.address in linked.addresses:
            _add(links, (library.path for library in chosen), files, where)
        _add(shared, project.tree.shared, files, where)
    return ProjectLibraries(
        links=await create_digest(CreateDigest(links.values())),
        link_paths=tuple(links),
        shared=await create_digest(CreateDigest(shared.values())),
        shared_paths=tuple(shared),
        actions=tuple(project.action for project in built),
    )


def _add(into: dict[str, FileEntry], paths: Iterable[str], files: Mapping[str, FileEntry], where: str) -> None:
    """Add files under their own names, without folders.

    Raises:
        InvalidTargetError: If another file has the same name.
    """
    for path in paths:
        name = posixpath.basename(path)
        entry = FileEntry(name, files[path].file_digest, files[path].is_executable)
        if into.setdefault(name, entry) != entry:
            raise InvalidTargetError(f"{where} installs another {name} than the other projects of the same link.")


def resolved_files(entries: DigestEntries) -> dict[str, FileEntry]:
    """Return the files of a tree by path. A link is the file that it leads to."""
    files = {entry.path: entry for entry in entries if isinstance(entry, FileEntry)}
    links = {entry.path: entry.target for entry in entries if isinstance(entry, SymlinkEntry)}
    for path in links:
        found = path
        for _ in range(len(links) + 1):
            if found not in links:
                break
            found = posixpath.normpath(posixpath.join(posixpath.dirname(found), links[found]))
        if found in files:
            files[path] = files[found]
    return files


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
