"""Rules that find the targets of a wheel, and the targets that it requires, by following its dependencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pants.backend.python.dependency_inference.subsystem import PythonInferSubsystem
from pants.backend.python.target_types import PythonProvidesField, PythonSourceField
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import (
    AllTargets,
    Dependencies,
    DependenciesRequest,
    HydrateSourcesRequest,
    Target,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.problems import bullet_list
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    concurrently,
    get_digest_contents,
    hydrate_sources,
    implicitly,
    resolve_target,
    resolve_targets,
    rule,
)
from spokeshave_pants.wheel.plan.pyproject import not_utf8
from spokeshave_pants.wheel.plan.requirements import Requirement, is_closer, is_in_modules
from spokeshave_pants.wheel.plan.roles import (
    Role,
    describe_mistakes,
    is_looked_into,
    is_part,
    requirements_of,
    role_of,
)
from spokeshave_pants.wheel.target_types import SmokeOptionalImportsField, WheelDependenciesField


@dataclass(frozen=True)
class PayloadTargetsRequest:
    """A request for the targets that a wheel owns: those it reaches and that no wheel it requires owns."""

    address: Address


@dataclass(frozen=True)
class ForeignPart:
    """A target that belongs to another distribution of the repository, and the target that depends on it."""

    target: Address
    owner: Target
    dependent: str


@dataclass(frozen=True)
class DistributionContentsRequest:
    """A request for everything that a `python_native_wheel` or `python_distribution` reaches."""

    address: Address


@dataclass(frozen=True)
class DistributionContents:
    """The addresses of everything that a distribution reaches."""

    addresses: frozenset[Address]


@dataclass(frozen=True)
class PayloadTargets:
    """A wheel's own targets by their role.

    Attributes:
        owned: The targets of the Python sources and resources.
        requirements: Third-party distributions, and listed `python_distribution` targets.
        foreign: Targets that another distribution of the repository owns, so that they are not in the wheel.
        owned_by_requirements: Targets that are owned by the wheels that this one requires, directly or transitively.
        mistakes: Why some dependencies cannot be in the wheel. Empty if all can.
    """

    owned: tuple[Target, ...]
    extensions: tuple[Target, ...]
    libraries: tuple[Target, ...]
    requirements: tuple[Requirement, ...]
    siblings: tuple[Address, ...]
    foreign: tuple[ForeignPart, ...]
    owned_by_requirements: frozenset[Address]
    mistakes: str

    def all_addresses(self) -> tuple[Address, ...]:
        """Return the targets of this wheel and of those that it requires."""
        own = (target.address for target in (*self.owned, *self.extensions, *self.libraries))
        return (*self.owned_by_requirements, *own)


@dataclass(frozen=True)
class Reached:
    """A target that a wheel's dependencies reach, its role, and the targets that depend on it, at least one."""

    target: Target
    role: Role
    users: tuple[Target, ...]

    @property
    def dependent(self) -> str:
        """Return the first target that depends on it, as the user wrote it."""
        return self.users[0].address.maybe_convert_to_target_generator().spec

    def is_optional(self, modules: Iterable[str]) -> bool:
        """Return whether only some modules depend on it."""
        sources = [user[PythonSourceField].file_path for user in self.users if user.has_field(PythonSourceField)]
        return len(sources) == len(self.users) and all(is_in_modules(source, modules) for source in sources)


@dataclass(frozen=True)
class SourceEncodingRequest:
    """A request to check whether Pants can read a Python source to infer its dependencies."""

    field: PythonSourceField


@dataclass(frozen=True)
class SourceEncoding:
    """The problem with the encoding of a Python source. Empty if there is none."""

    problem: str


@rule(level=LogLevel.DEBUG)
async def source_encoding(request: SourceEncodingRequest, infer: PythonInferSubsystem) -> SourceEncoding:
    """Check the encoding of a source, because Pants' own error for such a source names no file."""
    if not infer.use_rust_parser:
        return SourceEncoding("")
    sources = await hydrate_sources(HydrateSourcesRequest(request.field), **implicitly())
    contents = await get_digest_contents(sources.snapshot.digest)
    found = ((file.path, not_utf8(file.content)) for file in contents)
    return SourceEncoding("\n".join(f"{path}: {fault}" for path, fault in found if fault))


async def _check_encodings(targets: Iterable[Target]) -> None:
    found = await concurrently(
        source_encoding(SourceEncodingRequest(target[PythonSourceField]), **implicitly())
        for target in targets
        if target.has_field(PythonSourceField)
    )
    problems = [source.problem for source in found if source.problem]
    if problems:
        raise InvalidTargetError(
            "Pants cannot infer the imports of these Python sources, as `[python-infer].use_rust_parser` reads UTF-8 "
            f"only:\n{bullet_list(problems)}\nSave them as UTF-8, or set the option to false if they declare their "
            "encoding (PEP 263)."
        )


async def _reach(
    wheel: Target, union_membership: UnionMembership, excluded: frozenset[Address] = frozenset()
) -> tuple[Reached, ...]:
    """Return all targets that a wheel depends on, sorted. Separately built and excluded targets are not followed."""
    reached: dict[Address, tuple[Target, Role]] = {}
    users: dict[Address, list[Target]] = {}
    pending = [wheel]
    while pending:
        await _check_encodings(pending)
        found = await concurrently(
            resolve_targets(**implicitly(DependenciesRequest(t.get(Dependencies)))) for t in pending
        )
        new: dict[Address, tuple[Target, Role]] = {}
        for dependent, dependencies in zip(pending, found):
            for target in dependencies:
                users.setdefault(target.address, []).append(dependent)
                if target.address not in reached and target.address not in excluded and target != wheel:
                    new.setdefault(target.address, (target, role_of(target, union_membership)))
        reached.update(new)
        pending = [target for target, role in new.values() if is_looked_into(role)]
    return tuple(Reached(*reached[address], tuple(users[address])) for address in sorted(reached))


async def _listed(wheel: Target, union_membership: UnionMembership) -> frozenset[Address]:
    """Return the targets in a wheel's own `dependencies`, with groups expanded."""
    listed: set[Address] = set()
    pending = [wheel]
    while pending:
        found = await concurrently(
            resolve_targets(**implicitly(DependenciesRequest(t.get(Dependencies)))) for t in pending
        )
        new = [target for targets in found for target in targets if target.address not in listed]
        listed.update(target.address for target in new)
        pending = [target for target in new if role_of(target, union_membership) is Role.GROUP]
    return frozenset(listed)


async def _foreign_parts(
    wheel: Target, parts: Iterable[Reached], all_targets: Iterable[Target]
) -> tuple[ForeignPart, ...]:
    """Return the targets that another distribution, closer to them than the wheel, reaches as well."""
    folder = wheel.address.spec_path
    distributions = [
        target
        for target in all_targets
        if (target.has_field(WheelDependenciesField) or target.has_field(PythonProvidesField)) and target != wheel
    ]
    candidates = {
        part: sorted(
            (d for d in distributions if is_closer(d.address.spec_path, folder, part.target.address.spec_path)),
            key=lambda d: (-len(d.address.spec_path), d.address),
        )
        for part in parts
    }
    wanted = sorted({d.address for found in candidates.values() for d in found})
    contents = dict(
        zip(
            wanted,
            await concurrently(
                distribution_contents(DistributionContentsRequest(address), **implicitly()) for address in wanted
            ),
        )
    )
    foreign = []
    for part, found in candidates.items():
        owner = next((d for d in found if part.target.address in contents[d.address].addresses), None)
        if owner is not None:
            foreign.append(ForeignPart(part.target.address, owner, part.dependent))
    return tuple(foreign)


@rule(level=LogLevel.DEBUG)
async def distribution_contents(
    request: DistributionContentsRequest, union_membership: UnionMembership
) -> DistributionContents:
    where = "a distribution of this repository"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    return DistributionContents(frozenset(each.target.address for each in await _reach(target, union_membership)))


@rule(level=LogLevel.DEBUG)
async def payload_targets(
    request: PayloadTargetsRequest, union_membership: UnionMembership, all_targets: AllTargets
) -> PayloadTargets:
    where = "a `python_native_wheel`"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    reached = await _reach(target, union_membership)
    siblings = [found.target.address for found in reached if found.role is Role.SIBLING]
    payloads = await concurrently(
        payload_targets(PayloadTargetsRequest(sibling), **implicitly()) for sibling in siblings
    )
    owned_by_requirements = frozenset(address for payload in payloads for address in payload.all_addresses())
    listed = await _listed(target, union_membership)
    contents = await concurrently(
        distribution_contents(DistributionContentsRequest(found.target.address), **implicitly())
        for found in reached
        if found.role is Role.DISTRIBUTION
    )
    owned_by_requirements = owned_by_requirements.union(*(found.addresses - listed for found in contents))
    shared = [
        each for each in reached if is_part(each.role) and each.target.address not in {*owned_by_requirements, *listed}
    ]
    foreign = await _foreign_parts(target, shared, all_targets)
    mine = await _reach(target, union_membership, owned_by_requirements.union(part.target for part in foreign))
    optional = target[SmokeOptionalImportsField].value
    by_role = {role: tuple(found.target for found in mine if found.role is role) for role in Role}
    mistakes = ((found.target, found.dependent) for found in mine if found.role is Role.MISTAKE)
    return PayloadTargets(
        owned=by_role[Role.FILES],
        extensions=by_role[Role.EXTENSION],
        libraries=by_role[Role.LIBRARY],
        requirements=tuple(
            replace(requirement, is_optional=found.is_optional(optional))
            for found in mine
            if found.role in (Role.REQUIREMENT, Role.DISTRIBUTION)
            for requirement in requirements_of(found.target, found.dependent)
        ),
        siblings=tuple(siblings),
        foreign=foreign,
        owned_by_requirements=owned_by_requirements,
        mistakes=describe_mistakes(request.address.spec, mistakes, union_membership),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
