"""Wheels before and after a repair, and the comparison of two repairs of one wheel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from differential.comparison import Compared, compare_sets, compare_values
from spokeshave_core.platform import Platform


@dataclass(frozen=True)
class Unrepaired:
    """A wheel before its repair, the platform to repair it for, and the folder of the libraries that it needs."""

    wheel: Path
    platform: Platform
    libraries: Path

    @property
    def case(self) -> str:
        """The published wheel's distribution and platform."""
        return f"{self.wheel.name.partition('-')[0]}:{self.platform}"

    @property
    def number(self) -> str:
        """The name of the wheel's folder, which each wheel has for itself."""
        return self.wheel.parent.name


@dataclass(frozen=True)
class Repaired:
    """A repaired wheel's properties, in words that do not depend on hashes.

    Attributes:
        missing: What of `needed` the wheel does not contain.
    """

    tags: str
    grafted: frozenset[str]
    needed: frozenset[str]
    missing: frozenset[str]
    wheel: Path


def compare_repaired(case: Unrepaired, ours: Repaired | str, theirs: Repaired | str) -> Iterator[Compared]:
    """Compare the results of two tools, each a wheel or the reason of a refusal."""
    if isinstance(ours, str) or isinstance(theirs, str):
        words = [each if isinstance(each, str) else "repairs it" for each in (ours, theirs)]
        yield Compared("repairable", case.case, f"ours {words[0]}, theirs {words[1]}")
        return
    yield Compared("repairable", case.case)
    yield compare_values("tags", case.case, ours.tags, theirs.tags)
    yield from compare_sets("grafted libraries", case.case, ours.grafted, theirs.grafted)
    yield from compare_sets("needed libraries", case.case, ours.needed, theirs.needed)
    yield from compare_sets("missing libraries", case.case, ours.missing, theirs.missing)
