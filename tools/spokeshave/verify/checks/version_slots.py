"""The check that the stamp will find each version slot."""

from __future__ import annotations

from collections.abc import Iterator

from spokeshave.errors import InvalidWheelError
from spokeshave.native.version_slot import VersionSlotError, find_version_slots
from spokeshave.verify.findings import Subject, finding, findings
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave_core.outcomes import Rule
from spokeshave_core.reports.verify import Finding

_REMEDY = "Repair the wheel again: the repair lists the native files with a version slot."


def check_version_slots(subject: Subject) -> Iterator[Finding]:
    """Check that the recipe lists the native files with a version slot, and no others."""
    place = f"{subject.tree.dist_info}/{RECIPE}"
    if place not in subject.tree.files:
        return
    try:
        listed = set(Recipe.parse(subject.tree.read(place), place).version_slots)
        present = {file for file in subject.tree.native_files if find_version_slots(subject.tree.root / file, file)}
    except (InvalidWheelError, VersionSlotError) as err:
        yield from findings(Rule.VERSION_SLOT, err.problems)
        return
    for file in sorted(present - listed):
        yield finding(Rule.VERSION_SLOT, file, "has a version slot that the stamp would not change", _REMEDY)
    for file in sorted(listed - present):
        yield finding(Rule.VERSION_SLOT, file, "is listed with a version slot, but has none", _REMEDY)
