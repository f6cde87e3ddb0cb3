"""The report of `release conda`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class WrittenRecipe:
    """A recipe that was written.

    Attributes:
        platforms: Those of conda that it makes packages for, such as `linux-64`, or `noarch`.
        wheels: The number of wheels that it takes.
    """

    project: str
    path: str
    platforms: tuple[str, ...]
    wheels: int


@dataclass(frozen=True)
class Drift:
    """What differs between a recipe and the release.

    Attributes:
        path: The recipe.
        field: Such as `run` or `license`.
        where: The platforms and Pythons on which it differs; empty for all.
        recipe: What the recipe has; empty if nothing.
        release: What the release has; empty if nothing.
    """

    path: str
    project: str
    field: str
    where: str
    recipe: str
    release: str


@dataclass(frozen=True)
class CondaReport(Report):
    """`release conda`.

    Attributes:
        manifest_sha256: The sha256 by which the record is known.
        recipes: What was written.
        drift: What was found by `--check`.
        notes: What conda has no words for, and what was not compared.
    """

    release: str
    version: str
    manifest_sha256: str
    recipes: tuple[WrittenRecipe, ...] = ()
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
