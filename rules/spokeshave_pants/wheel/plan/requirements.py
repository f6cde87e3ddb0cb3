"""The distributions that a wheel requires as its sources import them, and its metadata says or must say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from spokeshave_pants.errors import InvalidTargetError, bullet_list
from spokeshave_pants.wheel.plan.pyproject import Pyproject


@dataclass(frozen=True)
class Requirement:
    """A requirement that a target stands for.

    Args:
        text: as in `Requires-Dist`, such as `numpy>=1.22`.
        target: the target that it is of.
        dependent: the target that depends on that.
    """

    name: str
    text: str
    target: str
    dependent: str


def distribution_requirement(name: str, version: str | None, target: str, dependent: str) -> Requirement:
    """The requirement of a distribution of this repository: its very version, where the target states one."""
    return Requirement(
        name=canonicalize_name(name), text=f"{name}=={version}" if version else name, target=target, dependent=dependent
    )


def is_stubs(name: str) -> bool:
    """Whether a distribution is of stubs for type checkers alone (PEP 561, typeshed)."""
    return name.startswith("types-") or name.endswith("-stubs")


def is_closer(candidate: str, wheel: str, target: str) -> bool:
    """Whether a distribution is nearer above a target than a wheel is, as Pants finds the owner of a target.

    Args:
        candidate: the folder of the distribution's BUILD file.
        wheel: the folder of the wheel's BUILD file.
        target: the folder of the target's BUILD file.
    """
    return _is_above(candidate, target) and (not _is_above(wheel, target) or len(candidate) > len(wheel))


def _is_above(folder: str, other: str) -> bool:
    return folder == "" or other == folder or other.startswith(f"{folder}/")


def check_requirements(wheel: str, requirements: Iterable[Requirement], pyproject: Pyproject, path: str) -> None:
    """Check that the metadata requires what the sources of a wheel import; dynamic `dependencies` always do.

    Args:
        path: the path of the pyproject.toml.

    Raises:
        InvalidTargetError: with every requirement that is missing.
    """
    if pyproject.dynamic_dependencies:
        return
    own = canonicalize_name(pyproject.name or "")
    missing: dict[str, Requirement] = {}
    for requirement in requirements:
        if requirement.name not in pyproject.dependencies and requirement.name != own:
            missing.setdefault(requirement.name, requirement)
    if missing:
        lines = [f"{r.dependent} depends on {r.target}: add {r.text!r}." for _, r in sorted(missing.items())]
        raise InvalidTargetError(
            f"{wheel} needs distributions that the `dependencies` of {path} do not have. Add them, or write "
            f'`dynamic = ["dependencies"]` to have them added:\n{bullet_list(lines)}\n'
            "Exclude what is not needed at run time by a `!` dependency of its dependent, such as '!3rdparty:name'."
        )


def check_owners(
    wheel: str, owners: Iterable[Requirement], sources: dict[str, str], pyproject: Pyproject, path: str
) -> None:
    """Check that the metadata requires the distributions of this repository that own what a wheel's sources import.

    Args:
        owners: the requirement of each owner; its target is the owner.
        sources: for each owner the target of it that is imported.

    Raises:
        InvalidTargetError: with every owner that is not required.
    """
    missing = [r for r in owners if not pyproject.dynamic_dependencies and r.name not in pyproject.dependencies]
    if missing:
        lines = [
            f"{r.dependent} depends on {sources[r.target]}, which {r.target} ({r.name}) owns. Add {r.target} to the "
            f"`dependencies` of {wheel}, or {r.name!r} to those of {path}, to require it; or add "
            f"{sources[r.target]} to the `dependencies` of {wheel} to put a copy into it."
            for r in missing
        ]
        raise InvalidTargetError(
            f"{wheel} depends on parts of other distributions of this repository:\n{bullet_list(lines)}"
        )
