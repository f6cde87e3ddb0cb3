"""The check that the stamp will find each version slot."""

from __future__ import annotations

from collections.abc import Iterator

from spokeshave.errors import InvalidWheelError
from spokeshave.native.version_slot import VersionSlotError, has_slots_of
from spokeshave.verify.findings import Subject, finding, findings
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave_core.outcomes import Rule
from spokeshave_core.reports.verify import Finding
from spokeshave_core.wheel_name import UNSTAMPED

_REMEDY = "Repair the wheel again: the repair lists the native files with a version slot."


def check_version_slots(subject: Subject) -> Iterator[Finding]:
    """Check that the recipe lists the native files with slots of the wheel's version, and no others.

    In a stamped wheel, another project's library may have that version by chance, and is not listed.
    """
    version = subject.tree.name.version
    place = f"{subject.tree.dist_info}/{RECIPE}"
    if place not in subject.tree.files:
        return
    try:
        listed = set(Recipe.parse(subject.tree.read(place), place).version_slots)
        root = subject.tree.root
        present = {file for file in subject.tree.native_files if has_slots_of(root / file, file, version)}
    except (InvalidWheelError, VersionSlotError) as err:
        yield from findings(Rule.VERSION_SLOT, err.problems)
        return
    for file in sorted(present - listed if version == UNSTAMPED else ()):
        yield finding(Rule.VERSION_SLOT, file, "has a version slot that the stamp would not change", _REMEDY)
    for file in sorted(listed - present):
        yield finding(Rule.VERSION_SLOT, file, f"is listed with a version slot, but has none of {version}", _REMEDY)
