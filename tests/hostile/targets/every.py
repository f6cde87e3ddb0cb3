"""All targets, by name."""

from __future__ import annotations

from hostile.targets.indexes import TARGETS_OF_INDEXES
from hostile.targets.native import TARGETS_OF_NATIVE
from hostile.targets.sources import TARGETS_OF_SOURCES
from hostile.targets.texts import TARGETS_OF_TEXTS
from hostile.targets.wheels import TARGETS_OF_WHEELS

TARGETS = {
    target.name: target
    for target in (
        *TARGETS_OF_NATIVE,
        *TARGETS_OF_WHEELS,
        *TARGETS_OF_TEXTS,
        *TARGETS_OF_INDEXES,
        *TARGETS_OF_SOURCES,
    )
}
