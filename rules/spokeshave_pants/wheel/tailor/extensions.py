"""Rules that find existing extensions and the sources that define other ones."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pants.backend.cc.target_types import CCGeneratorSourcesField, CCSourceField
from pants.engine.addresses import Address, Addresses
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllUnexpandedTargets, Dependencies, SourcesField, SourcesPathsRequest, Target
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.includes.rules import is_looked_through, owner_of
from spokeshave_pants.cc.tailor.names import TakenNames, address_spec
from spokeshave_pants.cc.tailor.rules import CcProposalsRequest, CcTextsRequest, propose_sources, read_cc_texts
from spokeshave_pants.cc.tailor.sources import CcText
from spokeshave_pants.pants_api import (
    ExplicitlyProvidedDependenciesRequest,
    concurrently,
    determine_explicitly_provided_dependencies,
    implicitly,
    resolve_source_paths,
    resolve_targets,
    resolve_unexpanded_targets,
    rule,
)
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem
from spokeshave_pants.wheel.tailor.modules import ModuleName, PythonTree, module_name
from spokeshave_pants.wheel.tailor.python_tree import PythonFiles, PythonTreeRequest, read_python_tree
from spokeshave_pants.wheel.tailor.wheels import VERSION_MODULE, ExtensionTarget
from spokeshave_pants.wheel.target_types import ExtensionModuleField


@dataclass(frozen=True)
class ExistingExtensionsRequest:
    """A request for the existing `python_extension` targets."""


@dataclass(frozen=True)
class ExistingExtension:
    """An existing `python_extension`, and the C/C++ targets that it lists, and those that these list."""

    target: ExtensionTarget
    owners: frozenset[str]

    def is_built_from(self, name: str, owner: str) -> bool:
        """Return whether it is the extension of an init function in a C/C++ target."""
        return self.target.module.split(".")[-1] == name and owner in self.owners


@dataclass(frozen=True)
class ExistingExtensions:
    """The existing `python_extension` targets."""

    found: tuple[ExistingExtension, ...]


@dataclass(frozen=True)
class ListedOwnersRequest:
    """A request for the C/C++ targets that an extension lists, directly or in a group, and those that these list."""

    address: Address


@dataclass(frozen=True)
class ListedOwners:
    """C/C++ targets."""

    specs: frozenset[str]


@dataclass(frozen=True)
class Binding:
    """An init function in a C/C++ source, and the target of the source.

    Attributes:
        may_be_macro: Whether the name may be an unknown macro.
    """

    name: str
    source: str
    owner: str
    may_be_macro: bool = False


@dataclass(frozen=True)
class PutativeExtension:
    """A proposed `python_extension`."""

    target: ExtensionTarget
    name: str
    owners: tuple[str, ...]
    alternatives: tuple[str, ...] = ()


@rule(desc="Find extensions", level=LogLevel.DEBUG)
async def find_existing_extensions(_: ExistingExtensionsRequest, existing: AllUnexpandedTargets) -> ExistingExtensions:
    extensions = [target for target in existing if target.has_field(ExtensionModuleField)]
    owners = await concurrently(find_listed_owners(ListedOwnersRequest(target.address)) for target in extensions)
    return ExistingExtensions(
        tuple(
            ExistingExtension(
                ExtensionTarget(target.address.spec_path, target.address.spec, target[ExtensionModuleField].value),
                found.specs,
            )
            for target, found in zip(extensions, owners)
        )
    )


@rule(level=LogLevel.DEBUG)
async def find_listed_owners(request: ListedOwnersRequest) -> ListedOwners:
    pending: tuple[Address, ...] = (request.address,)
    seen: set[Address] = set()
    owners: set[str] = set()
    while pending:
        seen.update(pending)
        targets = await resolve_unexpanded_targets(Addresses(pending))
        sources = [target.address for target in targets if _is_cc(target)]
        owners.update(owner_of(address).spec for address in sources)
        # Only the targets of single files have `dependencies`.
        members = await resolve_targets(**implicitly(Addresses(sources)))
        explicit = await concurrently(
            determine_explicitly_provided_dependencies(
                **implicitly(ExplicitlyProvidedDependenciesRequest(target.get(Dependencies)))
            )
            for target in (*members, *filter(_lists_sources, targets))
        )
        reached = {address for found in explicit for address in found.includes}
        pending = tuple(sorted(reached - seen))
    return ListedOwners(frozenset(owners))


def _lists_sources(target: Target) -> bool:
    return target.has_field(ExtensionModuleField) or is_looked_through(target)


def _is_cc(target: Target) -> bool:
    return target.has_field(CCGeneratorSourcesField) or target.has_field(CCSourceField)


async def owners_by_path(targets: Iterable[Target]) -> Mapping[str, str]:
    """Return the targets that own files, by path."""
    targets = tuple(targets)
    found = await concurrently(
        resolve_source_paths(SourcesPathsRequest(target.get(SourcesField)), **implicitly()) for target in targets
    )
    # Pants lists the targets of single files too. BUILD files name the one that generates them.
    return {path: owner_of(target.address).spec for target, paths in zip(targets, found) for path in paths.files}


def _new_extensions(
    bindings: Iterable[Binding], existing: Iterable[ExistingExtension], tree: PythonTree, names: TakenNames
) -> Iterator[PutativeExtension]:
    """Yield the extensions that no target builds yet. Sources of one target that define the same module are one.

    A name that may be a macro is one of a module only if something imports it.
    """
    built = {each.target.module for each in existing}
    imported = {found.module.split(".")[-1] for found in tree.evidence}
    done: set[tuple[str, str]] = set()
    for binding in sorted(bindings, key=lambda binding: (binding.source, binding.name)):
        is_built = any(each.is_built_from(binding.name, binding.owner) for each in existing)
        is_macro = binding.may_be_macro and binding.name not in imported
        if is_built or is_macro or (binding.owner, binding.name) in done:
            continue
        done.add((binding.owner, binding.name))
        found = module_name(binding.name, binding.source, tree, built)
        if found is None or found.module in built:
            continue
        built.add(found.module)
        yield _extension(binding, found, names)


def _extension(binding: Binding, found: ModuleName, names: TakenNames) -> PutativeExtension:
    folder = posixpath.dirname(binding.source)
    name = names.take(folder, binding.name, f"{binding.name}_ext")
    target = ExtensionTarget(folder, address_spec(folder, name), found.module)
    return PutativeExtension(target=target, name=name, owners=(binding.owner,), alternatives=found.alternatives)


@dataclass(frozen=True)
class NativeProposalsRequest:
    """A request for the extensions to propose in some folders, and for what surrounds them."""

    folders: tuple[str, ...]


@dataclass(frozen=True)
class NativeProposals:
    """The proposed extensions, all extensions with them, and the Python files of the repository.

    Attributes:
        taken: The folders and names of existing and proposed targets.
    """

    new: tuple[PutativeExtension, ...]
    extensions: tuple[ExtensionTarget, ...]
    files: PythonFiles
    taken: frozenset[tuple[str, str]]


@rule(desc="Find extension modules", level=LogLevel.DEBUG)
async def propose_extensions(
    request: NativeProposalsRequest, options: NativeWheelSubsystem, existing: AllUnexpandedTargets
) -> NativeProposals:
    texts, proposals, extensions = await concurrently(
        read_cc_texts(CcTextsRequest(request.folders)),
        propose_sources(CcProposalsRequest(request.folders), **implicitly()),
        find_existing_extensions(ExistingExtensionsRequest(), **implicitly()),
    )
    defining = [file for file in texts.files if file.modules] if options.tailor_extensions else []
    owners = await owners_by_path(target for target in existing if defining and _is_cc(target))
    proposed = {
        posixpath.join(each.folder, file): address_spec(each.folder, each.name)
        for each in proposals.found
        for file in each.files
    }
    bindings = tuple(_bindings(defining, {**owners, **proposed}))
    if not bindings and not extensions.found:
        # Nothing reads the Python files of a repository without extensions.
        return NativeProposals(new=(), extensions=(), files=PythonFiles.empty(), taken=frozenset())
    names = {VERSION_MODULE, *(binding.name for binding in bindings)}
    files = await read_python_tree(PythonTreeRequest(tuple(sorted(names))))
    taken = {(target.address.spec_path, target.address.target_name) for target in existing}
    taken.update((each.folder, each.name) for each in proposals.found)
    # The default names of the Python sources that Pants proposes in the same folders.
    reserved = {(folder, posixpath.basename(folder)) for folder in map(posixpath.dirname, files.paths)}
    new = tuple(_new_extensions(bindings, extensions.found, files.tree, TakenNames(taken | reserved)))
    return NativeProposals(
        new=new,
        extensions=(*(each.target for each in extensions.found), *(each.target for each in new)),
        files=files,
        taken=frozenset({*taken, *((each.target.folder, each.name) for each in new)}),
    )


def _bindings(files: Iterable[CcText], owners: Mapping[str, str]) -> Iterator[Binding]:
    for file in files:
        if file.path in owners:
            for name in file.modules:
                yield Binding(
                    name=name,
                    source=file.path,
                    owner=owners[file.path],
                    may_be_macro=name in file.possible_macros,
                )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
