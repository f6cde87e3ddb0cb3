"""The identity of a wheel apart from its version: the hash of what the stamp back to no version would write."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from spokeshave.files import HashingStream
from spokeshave.stamp.stamping import planned_stamp
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS
from spokeshave.wheel.writer import append_entries


def payload_sha256(wheel: Path, siblings: Collection[str] = ()) -> str:
    """Return the sha256 of a wheel stamped back to `0+unstamped` without other facts. Nothing is written.

    Two wheels have the same one if and only if they differ in nothing but what the stamp writes.

    Args:
        siblings: As for `stamp`. For wheels from other backends that were stamped with `stamp_set`, the normalized
            names of the set's distributions.

    Raises:
        InvalidWheelError: If the wheel cannot be stamped.
    """
    stream = HashingStream()
    with planned_stamp(wheel, UNSTAMPED_FACTS, siblings) as plan:
        append_entries(stream, plan.dist_info, plan.entries(), plan.compression)
    return stream.sha256
