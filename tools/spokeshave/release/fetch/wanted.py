"""What a user wants to fetch: a release or a project, with a version or without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave.release.fetch.failures import FetchError
from spokeshave.requirement_text import parse_requirement
from spokeshave_core.problems import Problems

_PINS = ("==", "===")


@dataclass(frozen=True)
class Wanted:
    """A release or a project.

    Attributes:
        text: As the user wrote it.
    """

    text: str
    name: str
    specifier: SpecifierSet

    @property
    def project(self) -> str:
        """Return the normalized name."""
        return canonicalize_name(self.name)

    @property
    def is_pinned(self) -> bool:
        """Return whether it names one version, also if that is yanked."""
        pins = [each for each in self.specifier if each.operator in _PINS and not each.version.endswith(".*")]
        return bool(pins)

    def accepts(self, version: str) -> bool:
        """Return whether it may be a version, in any spelling, also a pre-release."""
        return self.specifier.contains(version, prereleases=True)

    def newest(self, versions: Iterable[Version]) -> Version | None:
        """Return the newest version; a pre-release only if the user names one, or if there is nothing else, as pip."""
        return max(self.specifier.filter(versions), default=None)


def parse_wanted(texts: Iterable[str]) -> tuple[Wanted, ...]:
    """Return what is wanted.

    Raises:
        FetchError: For each text that is not a name with a version, or without.
    """
    problems = Problems()
    found = []
    for text in texts:
        try:
            requirement = parse_requirement(text)
        except InvalidRequirement:
            requirement = None
        if requirement is None or requirement.url or requirement.marker or requirement.extras:
            remedy = "Write NAME or NAME==VERSION, such as abacus==3.12.0."
            problems.add(text or "''", "is not a name with a version, or without", remedy)
        else:
            found.append(Wanted(text, requirement.name, requirement.specifier))
    problems.raise_if_any(FetchError)
    return tuple(found)
