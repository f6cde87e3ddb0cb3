"""Variants: a second build of the same sources with additional macros, flags and libraries."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Dependencies, DependenciesRequest, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.cc.compile.rules import CompilePlan
from spokeshave_pants.cc.project.projects import VariantDefines
from spokeshave_pants.cc.target_types import (
    CcVariantDependenciesField,
    CmakeDefinesField,
    CompileFlagsField,
    DefinesField,
)
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import implicitly, resolve_target, resolve_targets, rule


@dataclass(frozen=True)
class CcVariantRequest:
    """A request for a variant.

    Attributes:
        address: The address of a `cc_variant`, or None for the build without additions.
    """

    address: Address | None


@dataclass(frozen=True)
class CcVariant:
    """The settings that a variant adds to each source of the repository, and the libraries that it links.

    Attributes:
        cmake_defines: The variables that it adds to projects with a CMake build.
    """

    defines: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    dependencies: tuple[Address, ...] = ()
    cmake_defines: VariantDefines = ()

    def applied_to(self, plan: CompilePlan) -> CompilePlan:
        """Return the settings of a source in this variant."""
        settings = plan.settings
        changed = replace(settings, defines=(*settings.defines, *self.defines), flags=(*settings.flags, *self.flags))
        projects = tuple(replace(project, defines=self.cmake_defines) for project in plan.projects)
        return replace(plan, settings=changed, projects=projects)


@rule(level=LogLevel.DEBUG)
async def cc_variant(request: CcVariantRequest) -> CcVariant:
    if request.address is None:
        return CcVariant()
    where = "the `variant` field of a `python_native_wheel`"
    wrapped = await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    target = wrapped.target
    if not target.has_field(CcVariantDependenciesField):
        raise InvalidTargetError(
            f"{where} names {request.address}, which is a `{target.alias}`. Name a `cc_variant` there."
        )
    dependencies = await resolve_targets(**implicitly(DependenciesRequest(target.get(Dependencies))))
    return CcVariant(
        defines=target[DefinesField].value or (),
        flags=target[CompileFlagsField].value or (),
        dependencies=tuple(dependency.address for dependency in dependencies),
        cmake_defines=tuple(sorted(target[CmakeDefinesField].value.items())),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
