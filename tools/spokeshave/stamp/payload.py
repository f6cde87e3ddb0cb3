"""The identity of a wheel apart from its version: the hash of what the stamp back to no version would write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
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


@dataclass(frozen=True)
class PayloadDifference:
    """A file in which two wheels differ when they are stamped back to no version.

    Attributes:
        member: Its path in the first wheel.
        line: The number of the first line that differs. None if it is not in the text of both.
        text: That line of the first wheel.
    """

    member: str
    line: int | None = None
    text: str = ""


def payload_difference(wheel: Path, other: Path, siblings: Collection[str] = ()) -> PayloadDifference | None:
    """Return the first file that the stamp writes and in which the payloads of two wheels differ.

    Raises:
        InvalidWheelError: If one of the wheels cannot be stamped.
    """
    with (
        planned_stamp(wheel, UNSTAMPED_FACTS, siblings) as plan,
        planned_stamp(other, UNSTAMPED_FACTS, siblings) as after,
    ):
        others = {after.moved[path]: data for path, data in after.rewritten.items()}
        for path, data in plan.rewritten.items():
            found = others.get(plan.moved[path])
            if isinstance(data, bytes) and isinstance(found, bytes) and data != found:
                return _line_difference(path, data.splitlines(), found.splitlines())
            if isinstance(data, bytes) != isinstance(found, bytes):
                return PayloadDifference(path)
    return None


def _line_difference(path: str, lines: list[bytes], others: list[bytes]) -> PayloadDifference:
    for number, (line, other) in enumerate(zip(lines, others), 1):
        if line != other:
            return PayloadDifference(path, number, line.decode("utf-8", "replace").strip())
    return PayloadDifference(path)
