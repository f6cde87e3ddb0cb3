"""The identity of a wheel apart from its version: the hash of what the stamp back to no version would write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import HashingStream
from spokeshave.stamp.plan import StampPlan
from spokeshave.stamp.stamping import planned_stamp
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS
from spokeshave.wheel.writer import append_entries


def payload_sha256(wheel: Path, siblings: Collection[str] = ()) -> str:
    """Return the sha256 of a wheel stamped back to `0+unstamped` without other facts. Nothing is written.

    Two wheels have the same one if and only if they differ in nothing but what the stamp writes.

    Args:
        siblings: As for `stamp`: a wheel from another backend that was stamped with siblings needs the same ones.

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
        line: The number of the first line that differs. None if it is in one of them only.
        text: That line of the first wheel.
    """

    member: str
    line: int | None = None
    text: str = ""


def payload_difference(wheel: Path, other: Path, siblings: Collection[str] = ()) -> PayloadDifference | None:
    """Return the first file that the stamp writes to either wheel, and in which their payloads differ.

    Raises:
        InvalidWheelError: If one of the wheels cannot be stamped.
    """
    with (
        planned_stamp(wheel, UNSTAMPED_FACTS, siblings) as plan,
        planned_stamp(other, UNSTAMPED_FACTS, siblings) as after,
    ):
        others = {after.moved[path]: path for path in after.source.reader.members}
        for path in plan.source.reader.members:
            match = others.get(plan.moved[path])
            if match is None or (path not in plan.rewritten and match not in after.rewritten):
                continue
            data = _content(plan, path)
            found = _content(after, match)
            if data != found:
                return _line_difference(path, data.splitlines(), found.splitlines())
    return None


def _content(plan: StampPlan, path: str) -> bytes:
    data = plan.rewritten.get(path)
    if isinstance(data, bytes):
        return data
    return data.read_bytes() if data else plan.source.reader.read(path)


def _line_difference(path: str, lines: list[bytes], others: list[bytes]) -> PayloadDifference:
    for number, (line, other) in enumerate(zip(lines, others), 1):
        if line != other:
            return PayloadDifference(path, number, line.decode("utf-8", "replace").strip())
    return PayloadDifference(path)
