"""Other distributions of the repository that own what a wheel's sources import."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pants.backend.python.target_types import PythonProvidesField
from pants.engine.addresses import Address
from pants.engine.target import Target

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import concurrently, implicitly
from spokeshave_pants.release.target_types import PyprojectField
from spokeshave_pants.wheel.plan.requirements import Requirement, distribution_requirement
from spokeshave_pants.wheel.plan.roles import requirements_of
from spokeshave_pants.wheel.plan.targets import ForeignPart, PayloadTargetsRequest, payload_targets
from spokeshave_pants.wheel.plan.wheel_files import WheelMetadataRequest, wheel_metadata


@dataclass(frozen=True)
class Owner:
    """Another distribution of the repository that owns something that a wheel's sources import.

    Attributes:
        is_pinned: Whether its version is computed like the wheel's own, so that the two are pinned to each other.
    """

    target: Target
    requirement: Requirement
    source: str
    is_pinned: bool


async def find_owners(foreign: Iterable[ForeignPart]) -> tuple[Owner, ...]:
    """Return the owners, each with one of its targets that the wheel's own sources depend on."""
    parts: dict[Address, ForeignPart] = {}
    foreign = tuple(foreign)
    specs = {part.target.maybe_convert_to_target_generator().spec for part in foreign}
    for part in sorted(foreign, key=lambda part: part.dependent in specs):
        parts.setdefault(part.owner.address, part)
    owners = []
    for part in (parts[address] for address in sorted(parts)):
        source = part.target.maybe_convert_to_target_generator().spec
        if part.owner.has_field(PythonProvidesField):
            (requirement,) = requirements_of(part.owner, part.dependent)
            owners.append(Owner(part.owner, requirement, source, is_pinned=False))
            continue
        spec = part.owner.address.spec
        path = posixpath.join(part.owner.address.spec_path, part.owner[PyprojectField].value)
        pyproject = (await wheel_metadata(WheelMetadataRequest(path, f"the target {spec}"))).pyproject
        requirement = distribution_requirement(pyproject.name or spec, pyproject.version, spec, part.dependent)
        owners.append(Owner(part.owner, requirement, source, is_pinned=pyproject.version is None))
    return tuple(owners)


async def refuse_mutual_pins(wheel: Address, owners: Iterable[Owner]) -> None:
    """Raise an error if two wheels would be pinned to each other."""
    pinned = [owner.target.address for owner in owners if owner.is_pinned]
    theirs = await concurrently(payload_targets(PayloadTargetsRequest(address), **implicitly()) for address in pinned)
    mutual = [
        address for address, parts in zip(pinned, theirs) if any(part.owner.address == wheel for part in parts.foreign)
    ]
    if mutual:
        raise InvalidTargetError(
            f"{wheel} and {' and '.join(map(str, mutual))} depend on parts of each other, so neither can be built "
            f"first. Move what both import to a distribution that both require."
        )
