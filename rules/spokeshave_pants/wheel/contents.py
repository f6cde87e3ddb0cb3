"""What a dependency of a wheel is to the wheel: part of it, a requirement, a group of others, or a mistake."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from enum import Enum

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

from spokeshave_pants.cc.target_types import (
    CcRequirementsFileField,
    CcSharedLibraryDependenciesField,
    CcVariantDependenciesField,
)
from spokeshave_pants.errors import InvalidTargetError, bullet_list
from spokeshave_pants.wheel.target_types import ExtensionModuleField, WheelDependenciesField

# What Python imports as an extension; `libx.so` is a library that is opened by its name.
_EXTENSION = re.compile(r"(?!lib)[^.]+(\.(abi3t?|(cpython-|cp\d|pypy|graalpy)[^/]*))?\.(so|pyd)")
_SOURCE_ENDINGS = (".py", ".pyi")
_IN_PAYLOAD = (PythonSourceField, ResourceSourceField)
_GROUPS = (TargetGenerator, GenericTarget, TargetGeneratorSourcesHelperTarget, LockfileTarget)
_FILES = (
    "Its files are not installed: `files` are for tests and other processes. Declare them as `resources`, or install "
    "them outside of the packages by the `data_files` of the wheel"
)
_GENERATED = (
    "Its output files are not installed. Depend on a target that makes resources or Python sources of them: "
    "`experimental_wrap_as_resources(inputs=[...])` or `experimental_wrap_as_python_sources(inputs=[...])`"
)
_CC = (
    "C and C++ files are not put into a wheel. Depend on the `python_extension` or `cc_shared_library` that they are "
    "linked into; to install headers, list them in a `resources` target"
)
_CC_PACKAGE = "Its headers are for compiling. List it in the `dependencies` of the `cc_sources` that include them"
_VARIANT = "Name it in the `variant` field of the wheel"
_OTHER = "A wheel can hold Python sources, resources, extensions and shared libraries, and no"


class Role(Enum):
    """What a target among a wheel's dependencies means."""

    FILES = "Python sources or resources, also generated ones"
    EXTENSION = "an extension module"
    LIBRARY = "a shared library that the wheel carries as a file"
    SIBLING = "another native wheel"
    REQUIREMENT = "a third-party distribution that the wheel requires"
    DISTRIBUTION = "a distribution without native code of this repository, which the wheel requires"
    GROUP = "nothing itself; its dependencies count"
    MISTAKE = "nothing that can be in a wheel"


def role_of(target: Target, union_membership: UnionMembership) -> Role:
    """The role of a target, by its fields and by the code generators that are registered."""
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
    """Whether the dependencies of a target with this role are the wheel's as well."""
    return role in (Role.FILES, Role.GROUP, Role.REQUIREMENT)


def is_part(role: Role) -> bool:
    """Whether a target with this role is in the wheel itself."""
    return role in (Role.FILES, Role.EXTENSION, Role.LIBRARY)


def describe_mistakes(wheel: str, mistakes: Iterable[tuple[Target, str]], union_membership: UnionMembership) -> str:
    """One message for all dependencies of a wheel that cannot be in it; empty if there are none.

    Args:
        mistakes: the targets, each with the target that depends on it.
    """
    lines: dict[Address, str] = {}
    for target, dependent in mistakes:
        # The files of a generator are one mistake.
        address = target.address.maybe_convert_to_target_generator()
        kind = _kind(target)
        through = "" if dependent == wheel else f" (a dependency of {dependent})"
        lines.setdefault(address, f"{address}, a `{kind}`{through}: {_remedy(target, kind, union_membership)}.")
    if not lines:
        return ""
    return (
        f"{wheel} has dependencies that cannot be in a wheel. Remove them from `dependencies`, or correct them:\n"
        f"{bullet_list(lines[address] for address in sorted(lines))}"
    )


def _kind(target: Target) -> str:
    """The alias that a user wrote: that of the generator for what a generator made."""
    return f"{target.alias}s" if target.address.is_generated_target else target.alias


def _remedy(target: Target, kind: str, union_membership: UnionMembership) -> str:
    sources = target.get(SourcesField)
    if isinstance(sources, (FileSourceField, RelocatedFilesSourcesField)):
        return _FILES
    if isinstance(sources, CCSourceField):
        return _CC
    if target.has_field(CcRequirementsFileField):
        return _CC_PACKAGE
    if target.has_field(CcVariantDependenciesField):
        return _VARIANT
    if sources.can_generate(FileSourceField, union_membership):
        return _GENERATED
    return f"{_OTHER} `{kind}`"


def library_folder(build_folder: str, python_files: Iterable[str]) -> str | None:
    """The folder of a wheel for a shared library whose target does not name one; None if several would do.

    Args:
        build_folder: the folder of the library's BUILD file, relative to its source root.
        python_files: the paths of the wheel's Python modules.
    """
    folders = {posixpath.dirname(path) for path in python_files} - {""}
    if build_folder in folders:
        return build_folder
    regular = {posixpath.dirname(path) for path in python_files if posixpath.basename(path) == "__init__.py"} - {""}
    # Of a namespace package, which has no __init__.py, the packages in it count.
    candidates = regular or folders
    outermost = [folder for folder in candidates if not any(folder.startswith(f"{other}/") for other in candidates)]
    return outermost[0] if len(outermost) == 1 else None


def is_possible_extension(path: str) -> bool:
    """Whether Python could import a file of a wheel as an extension module."""
    return _EXTENSION.fullmatch(posixpath.basename(path)) is not None


def check_native(wheel: str, native: Iterable[Target], files: Iterable[str], *, has_data: bool) -> None:
    """Refuse a wheel without native code.

    Resources and data files may be prebuilt libraries or programs, which only the repair can judge.

    Args:
        native: the wheel's extensions and shared libraries.
        files: its payload.

    Raises:
        InvalidTargetError: if nothing in the wheel can be native code.
    """
    files = tuple(files)
    if any(True for _ in native) or has_data or not all(file.endswith(_SOURCE_ENDINGS) for file in files):
        return
    fault = "would hold Python sources alone and no native code" if files else "would install nothing"
    raise InvalidTargetError(
        f"{wheel} {fault}. List in `dependencies` the `python_extension`s, "
        "`cc_shared_library`s, `python_sources` and `resources` that it consists of. "
        "A wheel without native code is a `python_distribution`."
    )


def _library_paths(folder: str, name: str) -> tuple[str, ...]:
    """The paths of a library on all platforms."""
    return (f"{folder}/lib{name}.so", f"{folder}/lib{name}.dylib", f"{folder}/{name}.dll")


def check_places(wheel: str, libraries: Iterable[tuple[str, str, str | None]], files: Iterable[str]) -> None:
    """Refuse shared libraries without a folder in the wheel, and two of one path.

    Args:
        libraries: target, library name and folder of each; None for a folder that is not known.

    Raises:
        InvalidTargetError: with every such library.
    """
    files = tuple(files)
    packages = sorted({path.split("/")[0] for path in files if "/" in path})
    problems = []
    owners: dict[tuple[str, str], list[str]] = {}
    for target, name, folder in libraries:
        if folder is None:
            found = ", ".join(packages) or "none"
            problems.append(
                f"{target}: {wheel} carries this library, and no folder of the wheel is the obvious one (its packages "
                f'are: {found}). Say it, such as `wheel_folder="{packages[0] if packages else "package"}"`.'
            )
        else:
            owners.setdefault((folder, name), []).append(target)
            taken = sorted(set(files).intersection(_library_paths(folder, name)))
            problems.extend(f"{target}: {wheel} has another {path}. Remove one of the two." for path in taken)
    for (folder, name), targets in owners.items():
        if len(targets) > 1:
            problems.append(
                f"{' and '.join(sorted(targets))} are both {name} in {folder} of {wheel}. Give one of them another "
                "`library_name` or `wheel_folder`."
            )
    if problems:
        raise InvalidTargetError(bullet_list(problems))
