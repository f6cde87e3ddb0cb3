"""The role of a wheel's dependency: part of the wheel, a requirement, a group of targets, or a mistake."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from packaging.utils import canonicalize_name
from pants.backend.cc.target_types import CCSourceField
from pants.backend.python.target_types import PythonProvidesField, PythonRequirementsField, PythonSourceField
from pants.core.target_types import (
    FileSourceField,
    GenericTarget,
    LockfileTarget,
    RelocatedFilesSourcesField,
    ResourceSourceField,
    TargetGeneratorSourcesHelperTarget,
)
from pants.engine.addresses import Address
from pants.engine.target import SourcesField, Target, TargetGenerator
from pants.engine.unions import UnionMembership

from spokeshave_core.problems import bullet_list
from spokeshave_pants.cc.project.projects import is_project
from spokeshave_pants.cc.target_types import (
    CcGeneratedDependenciesField,
    CcRequirementsFileField,
    CcSharedLibraryDependenciesField,
    CcVariantDependenciesField,
)
from spokeshave_pants.pants_api.requirement import requirement_name
from spokeshave_pants.wheel.plan.requirements import Requirement, distribution_requirement, is_stubs
from spokeshave_pants.wheel.target_types import ExtensionModuleField, WheelDependenciesField

_IN_PAYLOAD = (PythonSourceField, ResourceSourceField)
_GROUPS = (TargetGenerator, GenericTarget, TargetGeneratorSourcesHelperTarget, LockfileTarget)
_FILES = (
    "Its files are not installed: `files` targets are only for tests and other processes. Declare them as "
    "`resources`, or install them outside the packages with the `data_files` of the wheel"
)
_GENERATED = (
    "Its output files are not installed. Depend on a target that wraps them as resources or Python sources: "
    "`experimental_wrap_as_resources(inputs=[...])` or `experimental_wrap_as_python_sources(inputs=[...])`"
)
_CC = (
    "C and C++ files are not put into a wheel. Depend on the `python_extension` or `cc_shared_library` that they are "
    "linked into; to install headers, list them in a `resources` target"
)
_CC_PACKAGE = "Its headers are for compiling. List it in the `dependencies` of the `cc_sources` that include them"
_PROJECT = "Its libraries are linked. List it in the `dependencies` of the `cc_sources` or the extension that uses it"
_VARIANT = "Name it in the `variant` field of the wheel"
_OTHER = "A wheel cannot contain a `{}`, only Python sources, resources, extensions and shared libraries"


class Role(Enum):
    """The meaning of a target among a wheel's dependencies."""

    FILES = "Python sources or resources, also generated ones"
    EXTENSION = "an extension module"
    LIBRARY = "a shared library that the wheel carries as a file"
    SIBLING = "another native wheel"
    REQUIREMENT = "a third-party distribution that the wheel requires"
    DISTRIBUTION = "a distribution without native code of this repository, which the wheel requires"
    GROUP = "nothing itself; its dependencies count"
    MISTAKE = "nothing that can be in a wheel"


def role_of(target: Target, union_membership: UnionMembership) -> Role:
    """Return the role of a target, by its fields and by the registered code generators."""
    if target.has_field(WheelDependenciesField):
        return Role.SIBLING
    if target.has_field(ExtensionModuleField):
        return Role.EXTENSION
    if target.has_field(CcSharedLibraryDependenciesField):
        return Role.LIBRARY
    if target.has_field(PythonProvidesField):
        return Role.DISTRIBUTION
    if target.has_field(PythonRequirementsField):
        return Role.REQUIREMENT
    sources = target.get(SourcesField)
    if isinstance(sources, _IN_PAYLOAD) or any(sources.can_generate(kind, union_membership) for kind in _IN_PAYLOAD):
        return Role.FILES
    return Role.GROUP if isinstance(target, _GROUPS) else Role.MISTAKE


def is_looked_into(role: Role) -> bool:
    """Return whether the dependencies of a target with this role count as the wheel's own."""
    return role in (Role.FILES, Role.GROUP, Role.REQUIREMENT)


def is_part(role: Role) -> bool:
    """Return whether a target with this role is part of the wheel itself."""
    return role in (Role.FILES, Role.EXTENSION, Role.LIBRARY)


def describe_mistakes(wheel: str, mistakes: Iterable[tuple[Target, str]], union_membership: UnionMembership) -> str:
    """Return one message about all dependencies that cannot be part of a wheel. Empty if there are none.

    Args:
        mistakes: The targets, each with the target that depends on it.
    """
    lines: dict[Address, str] = {}
    for target, dependent in mistakes:
        # All files of a generator are one mistake.
        address = target.address.maybe_convert_to_target_generator()
        kind = _kind(target)
        through = "" if dependent == wheel else f" (a dependency of {dependent})"
        lines.setdefault(address, f"{address}, a `{kind}`{through}: {_remedy(target, kind, union_membership)}.")
    if not lines:
        return ""
    return (
        f"{wheel} has dependencies that cannot be in a wheel. Remove or correct these entries of `dependencies`:\n"
        f"{bullet_list(lines[address] for address in sorted(lines))}"
    )


def _kind(target: Target) -> str:
    """Return the alias that the user wrote: that of the generator for a generated target."""
    return f"{target.alias}s" if target.address.is_generated_target else target.alias


def _remedy(target: Target, kind: str, union_membership: UnionMembership) -> str:
    sources = target.get(SourcesField)
    if isinstance(sources, (FileSourceField, RelocatedFilesSourcesField)):
        return _FILES
    if isinstance(sources, CCSourceField) or target.has_field(CcGeneratedDependenciesField):
        return _CC
    if target.has_field(CcRequirementsFileField):
        return _CC_PACKAGE
    if target.has_field(CcVariantDependenciesField):
        return _VARIANT
    if is_project(target):
        return _PROJECT
    if sources.can_generate(FileSourceField, union_membership):
        return _GENERATED
    return _OTHER.format(kind)


def requirements_of(target: Target, dependent: str) -> tuple[Requirement, ...]:
    """Return the requirements of a `python_requirement` or a `python_distribution`.

    Stub packages, which Pants infers in addition to the package itself, are for type checkers and not required.
    """
    spec = target.address.spec
    if target.has_field(PythonProvidesField):
        provided = target[PythonProvidesField].value.kwargs
        return (distribution_requirement(provided["name"], provided.get("version"), spec, dependent),)
    named = ((canonicalize_name(requirement_name(r)), str(r)) for r in target[PythonRequirementsField].value)
    return tuple(
        Requirement(name=name, text=text, target=spec, dependent=dependent)
        for name, text in named
        if not is_stubs(name)
    )
