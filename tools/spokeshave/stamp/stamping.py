"""The stamp: a wheel with other facts and without any other change.

The version to replace is read from the wheel, so that a release candidate's wheel can be stamped again as the final
release. It is changed at known positions only: the names of the wheel and of its two directories, METADATA, the pins,
the version module, the version files and the version slots of the recipe, the recipe itself, SBOMs and RECORD. All
other files keep their compressed bytes, and the payload is never searched for text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from spokeshave.errors import InvalidWheelError
from spokeshave.stamp.facts import normalized
from spokeshave.stamp.plan import StampPlan, plan_stamp
from spokeshave.stamp.source import open_wheel
from spokeshave.wheel.archive import ArchiveReader, Compression, Member
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave.wheel.writer import WrittenWheel, append_wheel
from spokeshave_core.problems import Problem


@dataclass(frozen=True)
class StampedWheel:
    """A stamped wheel. `changed` are the new paths of the files with changed content."""

    wheel: WrittenWheel
    version: str
    changed: tuple[str, ...]
    copied: int


def stamp(wheel: Path, facts: VersionFacts, output: Path, siblings: Collection[str] = ()) -> StampedWheel:
    """Write the wheel with other facts into a directory and return it.

    A wheel from another backend has no recipe: it takes the version, and no other fact.

    Args:
        siblings: The normalized names of other distributions. Where the wheel pins one of them to its own version, the
            pin follows, as the pins of its recipe do in any case.

    Raises:
        InvalidVersionError: For all invalid facts.
        InvalidWheelError: For all problems that prevent the stamp.
    """
    with planned_stamp(wheel, normalized(facts), siblings) as plan:
        written = append_wheel(output / str(plan.name), plan.dist_info, plan.entries(), plan.compression)
        copied = _check_copies(plan, written.path)
        return StampedWheel(wheel=written, version=plan.name.version, changed=plan.changed, copied=copied)


@contextmanager
def planned_stamp(wheel: Path, facts: VersionFacts, siblings: Collection[str] = ()) -> Iterator[StampPlan]:
    """Open a wheel and yield its stamped form, which can be written inside of the block.

    Raises:
        InvalidWheelError: For all problems that prevent the stamp.
    """
    with ExitStack() as stack:
        source = open_wheel(stack.enter_context(ArchiveReader(wheel)))
        has_slots = bool(source.recipe.version_slots)
        folder = stack.enter_context(TemporaryDirectory(prefix="spokeshave-stamp-")) if has_slots else ""
        yield plan_stamp(source, facts, siblings, Path(folder))


def _check_copies(plan: StampPlan, wheel: Path) -> int:
    """Verify that the written wheel has copies of all but the changed files, and return their number.

    Raises:
        InvalidWheelError: If one is not a copy, which would be a bug of Spokeshave.
    """
    reader = plan.source.reader
    changed = frozenset(plan.changed)
    before = {new: _fingerprint(reader.members[old]) for old, new in plan.moved.items() if new not in changed}
    with ArchiveReader(wheel) as written:
        after = {name: _fingerprint(member) for name, member in written.members.items() if name not in changed}
    if before != after:
        different = ", ".join(sorted(dict(before.items() ^ after.items())))
        wheel.unlink()
        raise InvalidWheelError(
            Problem(str(wheel), f"is not a copy of {reader.path.name} ({different})", "Report this.")
        )
    return len(before)


def _fingerprint(member: Member) -> tuple[int, int, int, Compression, bool]:
    """Return the properties that members with the same content share."""
    return member.crc, member.size, member.compressed_size, member.compression, member.executable
