"""Checks that a wheel's metadata requires the distributions that its sources import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from spokeshave_core.problems import bullet_list
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.plan.pyproject import Pyproject


@dataclass(frozen=True)
class Requirement:
    """A requirement that a target stands for.

    Attributes:
        text: The form in `Requires-Dist`, such as `numpy>=1.22`.
        target: The target of the requirement.
        dependent: The target that depends on `target`.
        is_optional: Whether only modules in `smoke_optional_imports` import it.
    """

    name: str
    text: str
    target: str
    dependent: str
    is_optional: bool = False


def distribution_requirement(name: str, version: str | None, target: str, dependent: str) -> Requirement:
    """Return the requirement of a distribution of this repository, with its exact version if the target states one."""
    return Requirement(
        name=canonicalize_name(name), text=f"{name}=={version}" if version else name, target=target, dependent=dependent
    )


def is_stubs(name: str) -> bool:
    """Return whether a distribution contains only stubs for type checkers (PEP 561, typeshed)."""
    return name.startswith("types-") or name.endswith("-stubs")


def is_in_modules(path: str, modules: Iterable[str]) -> bool:
    """Return whether a Python file, at its path in the repository, belongs to one of some modules."""
    parts = [f"/{module.replace('.', '/')}" for module in modules]
    return any(f"{part}/" in f"/{path}" or f"/{path}".endswith((f"{part}.py", f"{part}.pyi")) for part in parts)


def required_texts(requirements: Iterable[Requirement], pyproject: Pyproject) -> tuple[str, ...]:
    """Return the requirements to add to dynamic `dependencies`.

    What only optional modules import is not added if the metadata has it, which is then in an extra.
    """
    needed = (r for r in requirements if not (r.is_optional and r.name in pyproject.dependencies))
    return tuple(sorted({requirement.text for requirement in needed}))


def is_closer(candidate: str, wheel: str, target: str) -> bool:
    """Return whether a distribution is closer to a target than a wheel is, by Pants' rules of ownership.

    Args:
        candidate: The directory of the distribution's BUILD file.
        wheel: The directory of the wheel's BUILD file.
        target: The directory of the target's BUILD file.
    """
    return _is_above(candidate, target) and (not _is_above(wheel, target) or len(candidate) > len(wheel))


def _is_above(folder: str, other: str) -> bool:
    return folder == "" or other == folder or other.startswith(f"{folder}/")


def check_requirements(wheel: str, requirements: Iterable[Requirement], pyproject: Pyproject, path: str) -> None:
    """Check that the metadata requires what the sources of a wheel import. Dynamic `dependencies` always do.

    Args:
        path: The path of the pyproject.toml.

    Raises:
        InvalidTargetError: For all missing requirements.
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
            "If only some users need one, add it to an extra (`[project.optional-dependencies]`). "
            "To exclude one, add it with `!`, such as '!3rdparty:name', to the `dependencies` of the target that "
            "imports it."
        )


def check_owners(
    wheel: str, owners: Iterable[Requirement], sources: dict[str, str], pyproject: Pyproject, path: str
) -> None:
    """Check that the metadata requires the distributions of this repository that own what a wheel's sources import.

    Args:
        owners: The requirement of each owner. Its target is the owner.
        sources: The imported target of each owner.

    Raises:
        InvalidTargetError: For all owners that are not required.
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
            f"{wheel} depends on parts of other distributions of this repository:\n{bullet_list(lines)}\n"
            "To exclude one that is needed for type checking only, add it with `!` to the `dependencies` of the target "
            "that imports it."
        )
