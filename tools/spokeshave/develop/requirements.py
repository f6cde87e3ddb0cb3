"""The requirements of developed wheels that an environment lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from spokeshave.requirement_text import parse_version


def missing_requirements(
    required: Iterable[Requirement], markers: Mapping[str, str], installed: Mapping[str, str]
) -> list[str]:
    """Return the requirements that no installed distribution fulfills, sorted.

    Args:
        markers: The values of the environment's markers.
        installed: The version of each distribution, by its normalized name.
    """
    found: set[str] = set()
    for requirement in required:
        if requirement.marker is not None and not requirement.marker.evaluate({**markers, "extra": ""}):
            continue
        version = installed.get(canonicalize_name(requirement.name))
        if version is None or not _allows(requirement.specifier, version):
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            source = f" @ {requirement.url}" if requirement.url else ""
            found.add(f"{requirement.name}{extras}{requirement.specifier}{source}")
    return sorted(found)


def _allows(specifiers: SpecifierSet, version: str) -> bool:
    """Return whether a version is allowed. Old tools wrote some that are not versions, which no specifier allows."""
    try:
        return specifiers.contains(parse_version(version), prereleases=True)
    except InvalidVersion:
        return not specifiers
