"""The rule of `tailor` for extension modules and for the wheels of projects that have one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pants.backend.python.goals.tailor import PutativePythonTargetsRequest
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import (
    PythonProvidesField,
    PythonSourceField,
    PythonSourcesGeneratingSourcesField,
    PythonSourcesGeneratorTarget,
    PythonTestSourceField,
    PythonTestUtilsGeneratingSourcesField,
)
from pants.core.goals.tailor import AllOwnedSources, PutativeTarget, PutativeTargets, PutativeTargetsRequest
from pants.core.target_types import ResourcesGeneratingSourcesField, ResourceSourceField
from pants.engine.fs import PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllUnexpandedTargets, Target
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.includes.rules import owner_of
from spokeshave_pants.cc.tailor.names import TakenNames, address_spec, written_address
from spokeshave_pants.pants_api import get_digest_contents, implicitly, path_globs_to_digest, rule
from spokeshave_pants.release.target_types import PyprojectField
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem
from spokeshave_pants.wheel.tailor import extensions, python_tree
from spokeshave_pants.wheel.tailor.extensions import (
    NativeProposalsRequest,
    PutativeExtension,
    owners_by_path,
    propose_extensions,
)
from spokeshave_pants.wheel.tailor.layout import PYTHON_ENDINGS, is_test
from spokeshave_pants.wheel.tailor.python_tree import PY_TYPED, PythonFiles
from spokeshave_pants.wheel.tailor.wheels import (
    WheelContent,
    listed,
    owners_in,
    version_comment,
    version_module,
    wheel_contents,
)
from spokeshave_pants.wheel.target_types import (
    PythonExtensionTarget,
    PythonNativeWheelTarget,
    WheelDependenciesField,
)

_PY_TYPED_NAME = "py_typed"
_INIT_ONLY = ({"__init__.py"}, {"__init__.pyi"})


def _putative_extension(extension: PutativeExtension) -> PutativeTarget:
    folder = extension.target.folder
    others = " and ".join(extension.alternatives)
    return PutativeTarget.for_target_type(
        PythonExtensionTarget,
        folder,
        extension.name,
        (),
        kwargs={
            "name": extension.name,
            "module": extension.target.module,
            "dependencies": tuple(written_address(owner, folder) for owner in extension.owners),
        },
        comments=(f"# The repository also imports {others}: check the module.",) if others else (),
    )


@dataclass(frozen=True)
class PutativeNativeTargetsRequest(PutativeTargetsRequest):
    """A request of `tailor` for `python_extension` and `python_native_wheel`."""


@dataclass(frozen=True)
class PythonProposals:
    """What Pants' own `tailor` proposes for Python files, as far as a wheel depends on it.

    Attributes:
        owners: The proposed target of each file.
        additional: The `__init__.py` files that it leaves out, because they are empty: each with its target's name.
    """

    owners: Mapping[str, str]
    additional: tuple[tuple[str, str], ...]


async def _python_proposals(
    unowned: Iterable[str], names: TakenNames, setup: PythonSetup, is_active: bool
) -> PythonProposals:
    """Return the targets for the files of a wheel's packages that no target owns yet.

    A package is not complete without its empty `__init__.py`, so that files which Pants leaves out get a target too.
    """
    folders: dict[str, list[str]] = {}
    typed = []
    for path in sorted(unowned):
        if path.endswith(PYTHON_ENDINGS) and not is_test(path):
            folders.setdefault(posixpath.dirname(path), []).append(path)
        elif posixpath.basename(path) == PY_TYPED:
            typed.append(path)
    if not is_active or not setup.tailor_source_targets:
        folders = {}
    only_init = [paths[0] for paths in folders.values() if {posixpath.basename(path) for path in paths} in _INIT_ONLY]
    contents = await get_digest_contents(await path_globs_to_digest(PathGlobs(only_init)))
    skipped = {file.path for file in contents if not file.content.strip() and setup.tailor_ignore_empty_init_files}
    owners: dict[str, str] = {}
    additional = []
    for folder, paths in folders.items():
        name = names.take(folder, posixpath.basename(folder) or "root")
        owners.update({path: address_spec(folder, name) for path in paths})
        additional += [(path, name) for path in paths if path in skipped]
    if is_active and setup.tailor_py_typed_targets:
        for path in typed:
            folder = posixpath.dirname(path)
            owners[path] = address_spec(folder, names.take(folder, _PY_TYPED_NAME))
    return PythonProposals(owners, tuple(additional))


def _putative_sources(path: str, name: str) -> PutativeTarget:
    folder, file = posixpath.split(path)
    return PutativeTarget.for_target_type(PythonSourcesGeneratorTarget, folder, name, [file])


def _putative_wheel(
    content: WheelContent, owners: Mapping[str, str], files: PythonFiles, names: TakenNames
) -> PutativeTarget:
    folder = content.project.folder
    name = names.take(folder, "wheel")
    module = version_module(content, files.tree)
    addresses = (*(extension.address for extension in content.extensions), *owners_in(content, owners))
    return PutativeTarget.for_target_type(
        PythonNativeWheelTarget,
        folder,
        name,
        (),
        kwargs={
            "name": name,
            "dependencies": listed(addresses, folder),
            **({"version_module": module} if module else {}),
        },
        comments=version_comment(content.project, files.paths),
    )


def _with_wheel(existing: Iterable[Target]) -> Iterator[str]:
    """Yield the folders of projects that a distribution of the repository packages already."""
    for target in existing:
        if target.has_field(WheelDependenciesField):
            path = posixpath.join(target.address.spec_path, target[PyprojectField].value)
            yield posixpath.dirname(posixpath.normpath(path))
        elif target.has_field(PythonProvidesField):
            yield target.address.spec_path


def _in_packages(existing: Iterable[Target]) -> Iterator[Target]:
    """Yield the targets whose files are Python sources or resources of a package, not of its tests."""
    targets = tuple(existing)
    utils = {target.address for target in targets if target.has_field(PythonTestUtilsGeneratingSourcesField)}
    # A `python_test_utils` generates the same targets as a `python_sources`.
    return (target for target in targets if _is_packaged(target) and owner_of(target.address) not in utils)


def _is_packaged(target: Target) -> bool:
    fields = (PythonSourcesGeneratingSourcesField, ResourcesGeneratingSourcesField, ResourceSourceField)
    is_source = target.has_field(PythonSourceField) and not target.has_field(PythonTestSourceField)
    return is_source or any(target.has_field(field) for field in fields)


@rule(desc="Determine the native targets to create", level=LogLevel.DEBUG)
async def find_putative_native_targets(
    request: PutativeNativeTargetsRequest,
    options: NativeWheelSubsystem,
    existing: AllUnexpandedTargets,
    owned: AllOwnedSources,
    setup: PythonSetup,
    union_membership: UnionMembership,
) -> PutativeTargets:
    proposals = await propose_extensions(NativeProposalsRequest(request.dirs), **implicitly())
    files = proposals.files
    packaged = {*_with_wheel(existing)}
    contents = [
        content
        for content in wheel_contents(proposals.extensions, files.tree)
        if options.tailor_wheels and content.project.folder in request.dirs and content.project.folder not in packaged
    ]
    folders = {folder for content in contents for folder in content.package_folders}
    unowned = files.paths.difference(owned)
    names = TakenNames(proposals.taken)
    python = await _python_proposals(
        (path for path in unowned if posixpath.dirname(path) in folders.intersection(request.dirs)),
        names,
        setup,
        PutativePythonTargetsRequest in union_membership.get(PutativeTargetsRequest),
    )
    owners = await owners_by_path(_in_packages(existing) if contents else ())
    every = {**owners, **python.owners}
    return PutativeTargets(
        (
            *map(_putative_extension, proposals.new),
            *(_putative_wheel(content, every, files, names) for content in contents),
            *(_putative_sources(path, name) for path, name in python.additional),
        )
    )


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        *extensions.rules(),
        *python_tree.rules(),
        UnionRule(PutativeTargetsRequest, PutativeNativeTargetsRequest),
    ]
