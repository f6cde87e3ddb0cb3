"""Requirements as Pants parses them (PEP 508)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pants.version import PANTS_SEMVER

from spokeshave_pants.pants_api.versions import FIRST_BY_NAME

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from pants.backend.python.pip_requirement import PipRequirement


def parse_requirement(text: str) -> Requirement:
    """Parse a requirement, in any form that Pants accepts.

    On Pants 2.17.1, the result is of the parser that Pants bundles, which has the same attributes. The library
    `packaging` that it pins prints deprecation warnings.

    Raises:
        ValueError: It is not a requirement.
    """
    try:
        return _parse(text)
    except RecursionError as error:
        raise ValueError("its marker is nested too deeply") from error


def _parse(text: str) -> Requirement:
    if PANTS_SEMVER < FIRST_BY_NAME:
        from pants.backend.python.pip_requirement import PipRequirement as BundledRequirement

        return cast("Requirement", BundledRequirement.parse(text).as_pkg_resources_requirement())
    from pants.util.pip_requirement import PipRequirement  # type: ignore[import-not-found]

    return cast("Requirement", PipRequirement.parse(text).as_packaging_requirement())


def requirement_name(requirement: PipRequirement) -> str:
    """Return the name of a requirement of a `python_requirement`, as it is written there."""
    if PANTS_SEMVER < FIRST_BY_NAME:
        return requirement.project_name
    return cast(str, requirement.name)  # type: ignore[attr-defined]
