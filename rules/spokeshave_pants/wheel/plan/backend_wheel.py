"""The plan of a `python_backend_wheel`: its source tree, what the project says of itself, and its builds."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import DigestSubset, PathGlobs
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.problems import Problems
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import get_digest_contents, implicitly, resolve_target, rule
from spokeshave_pants.sources import rules as sources
from spokeshave_pants.sources.rules import SourceTree, SourceTreeRequest, find_source_tree
from spokeshave_pants.wheel.backend_target_types import (
    AnyPythonField,
    BackendExcludeField,
    BackendLimitedApiField,
    BackendVersionField,
    BackendVersionFilesField,
    VersionMode,
)
from spokeshave_pants.wheel.plan.matrix import WheelMatrix, plan_matrix
from spokeshave_pants.wheel.plan.project import DESCRIPTIONS, Project
from spokeshave_pants.wheel.plan.requires_python import check_pythons, pythons_of
from spokeshave_pants.wheel.target_types import PlatformsField, PythonsField


@dataclass(frozen=True)
class BackendWheelRequest:
    """A request for the plan of a `python_backend_wheel`."""

    address: Address


@dataclass(frozen=True)
class BackendWheel:
    """The plan of a `python_backend_wheel`.

    Attributes:
        tree: The source tree.
        project: What the source tree says of the wheel.
        version_mode: The origin of the version: chosen by the target, or by the project.
    """

    target: Target
    tree: SourceTree
    project: Project
    version_mode: VersionMode
    matrix: WheelMatrix

    @property
    def exclude_arguments(self) -> tuple[str, ...]:
        """Return the arguments of the tools for the files that the target leaves out of its wheels."""
        return tuple(part for glob in self.target[BackendExcludeField].value for part in ("--exclude", glob))


@rule(desc="Plan a wheel with its own build backend", level=LogLevel.DEBUG)
async def plan_backend_wheel(request: BackendWheelRequest) -> BackendWheel:
    """Plan a wheel that the project's own backend builds.

    Raises:
        InvalidTargetError: For all problems of its fields and its source tree.
    """
    where = f"the target {request.address}"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    tree = await find_source_tree(SourceTreeRequest(request.address))
    paths = {posixpath.join(tree.subdirectory, name): name for name in DESCRIPTIONS}
    contents = await get_digest_contents(**implicitly(DigestSubset(tree.digest, PathGlobs(sorted(paths)))))
    problems = Problems()
    project = None
    matrix = None
    with problems.collecting():
        project = Project.parse({paths[file.path]: file.content for file in contents}, where)
    with problems.collecting():
        matrix = plan_backend_matrix(target, project.requires_python if project else None)
    with problems.collecting():
        check_version_fields(target, project)
    problems.raise_if_any(InvalidTargetError)
    assert project is not None  # otherwise there is a problem
    assert matrix is not None
    return BackendWheel(
        target=target, tree=tree, project=project, version_mode=version_mode(target, project), matrix=matrix
    )


def version_mode(target: Target, project: Project) -> VersionMode:
    """Return the mode that the target chooses, or else that of the project: a version that it states is kept."""
    is_own = project.version is not None or project.has_version_in_files
    return target[BackendVersionField].mode or (VersionMode.OWN if is_own else VersionMode.STAMPED)


def plan_backend_matrix(target: Target, requires_python: str | None) -> WheelMatrix:
    """Return the builds of a wheel.

    Raises:
        InvalidTargetError: For all problems of its fields.
    """
    where = f"the target {target.address}"
    listed = target[PythonsField].value
    is_independent = target[AnyPythonField].value
    if is_independent and target[BackendLimitedApiField].value:
        raise InvalidTargetError(
            f"The target {target.address} has both `{AnyPythonField.alias}` and `{BackendLimitedApiField.alias}`. Keep "
            "the one that the project's wheels are tagged for: py3-none or abi3."
        )
    matrix = plan_matrix(
        target[PlatformsField].value,
        listed if listed is not None else pythons_of(requires_python, where=where),
        [target[BackendLimitedApiField].value],
        where=where,
        independent=is_independent,
    )
    check_pythons(matrix.versions, requires_python, where=where)
    return matrix


def check_version_fields(target: Target, project: Project | None) -> None:
    """Check that the fields about the version agree.

    Raises:
        InvalidTargetError: If they do not.
    """
    if project is None:
        return
    mode = version_mode(target, project)
    if target[BackendVersionFilesField].value and mode is not VersionMode.STAMPED:
        why = (
            f'its version is "{mode.value}"'
            if target[BackendVersionField].value
            else f"the project has a version of its own ({project.version or 'in its files'}), which is kept"
        )
        raise InvalidTargetError(
            f"The target {target.address} has `{BackendVersionFilesField.alias}`, which the stamp writes, but {why}. "
            f'Remove the field, or set version="{VersionMode.STAMPED.value}".'
        )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *sources.rules()]
