"""The comparison of two releases: they differ in nothing but the places of the version, file by file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from spokeshave.release.promote.sdists import sdist_differences
from spokeshave.release.promote.source import PromotionError, ReleaseSource, SourceWheel, read_source
from spokeshave.release.promote.stamping import stamp_promoted, unstamp
from spokeshave.release.promote.text_rewriting import Rewriting, rewrite_texts
from spokeshave.release.version_traces import TraceFinder
from spokeshave.stamp.payload import payload_sha256
from spokeshave.stamp.plan import moved_name
from spokeshave.stamp.source import read_recipe
from spokeshave.wheel.archive import ArchiveReader, Member
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.writer import find_dist_info
from spokeshave_core.problems import Problems
from spokeshave_core.release.promotion import ChangedMember, ComparedWheel, CompareReport

_OTHER_FILES = "Promote the release again from the one that was tested; do not publish this one."
_REWRITTEN = "rewritten text"


@dataclass(frozen=True)
class WheelPair:
    """A wheel and the one that was made from it. `siblings` are the names of the projects, whose pins may differ."""

    old: SourceWheel
    new: SourceWheel
    siblings: frozenset[str]


def compare(old_folder: Path, new_folder: Path, globs: tuple[str, ...] = ()) -> CompareReport:
    """Compare two releases: records, or folders of wheels.

    Args:
        globs: Text files in which the old version was replaced, besides those that the new record names.

    Raises:
        PromotionError: For all differences that are not places of the version.
    """
    problems = Problems()
    old = read_source(old_folder)
    new = read_source(new_folder)
    stated = new.record.promoted_from.rewritten if new.record and new.record.promoted_from else ()
    rewriting = Rewriting((*stated, *globs), TraceFinder(Version(old.version), Version(new.version)))
    compared = []
    for pair in pair_wheels(old, new, problems):
        with problems.collecting():
            compared.append(compare_wheels(pair, new.version, rewriting, problems))
    problems.extend(PromotionError(*sdist_differences(old, new)))
    problems.raise_if_any(PromotionError)
    return CompareReport(old_version=old.version, new_version=new.version, wheels=tuple(compared))


def pair_wheels(old: ReleaseSource, new: ReleaseSource, problems: Problems) -> Iterator[WheelPair]:
    """Yield the wheels of one project and tag, and add a problem for each file that only one release has."""
    before = {wheel.identity: wheel for wheel in old.wheels}
    after = {wheel.identity: wheel for wheel in new.wheels}
    for identity in sorted({*before, *after}):
        if identity not in after:
            problems.add(str(before[identity].path), f"has no counterpart in {new.folder}", _OTHER_FILES)
        elif identity not in before:
            problems.add(str(after[identity].path), f"has no counterpart in {old.folder}", _OTHER_FILES)
        else:
            yield WheelPair(before[identity], after[identity], frozenset(new.projects))


def compare_wheels(pair: WheelPair, version: str, rewriting: Rewriting, problems: Problems) -> ComparedWheel:
    """Compare two wheels. Files that differ by more than the version are problems."""
    with tempfile.TemporaryDirectory() as folder:
        base = rewritten_base(pair, version, rewriting, Path(folder))
        payload = payload_sha256(pair.new.path, pair.siblings)
        is_equal = payload_sha256(base, pair.siblings) == payload
        if not is_equal:
            add_differences(base, pair, problems)
    members = _changed_members(pair, rewriting) if is_equal else []
    for member in members:
        if not member.place:
            place = f"{pair.new.path.name}: {member.name}"
            problems.add(place, f"differs from {pair.old.path.name}, but is not a place of the version", _OTHER_FILES)
    with ArchiveReader(pair.new.path) as reader:
        equal = len(reader.members) - len(members)
    return ComparedWheel(
        old=pair.old.path.name, new=pair.new.path.name, payload_sha256=payload, changed=tuple(members), equal=equal
    )


def rewritten_base(pair: WheelPair, version: str, rewriting: Rewriting, folder: Path) -> Path:
    """Return the old wheel, or the wheel that a promotion with the same rewriting makes of it."""
    if not rewriting.globs:
        return pair.old.path
    problems = Problems()
    stamped = stamp_promoted(pair.old.path, version, None, folder / "stamped", pair.siblings).wheel.path
    changed = rewrite_texts(stamped, rewriting, folder / "rewritten", problems)
    problems.raise_if_any(PromotionError)
    return folder / "rewritten" / stamped.name if changed else stamped


def add_differences(base: Path, pair: WheelPair, problems: Problems) -> None:
    """Add a problem for each file that differs between two wheels without a version."""
    old = pair.old.path.name
    new = pair.new.path.name
    with tempfile.TemporaryDirectory() as folder:
        before = _fingerprints(unstamp(base, Path(folder) / "old", pair.siblings), pair.new.name.version)
        after = _fingerprints(unstamp(pair.new.path, Path(folder) / "new", pair.siblings), pair.new.name.version)
    different = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    for name in different:
        if name not in before or name not in after:
            message = f"exists in {new if name in after else old} only"
        elif before[name].content == after[name].content:
            message = f"is {'' if after[name].executable else 'not '}executable, unlike in {old}"
        else:
            message = f"has other bytes than in {old}, apart from the version"
        problems.add(f"{new}: {name}", message, _OTHER_FILES)
    if not different:
        problems.add(new, f"has its files in another order or form than {old}", _OTHER_FILES)


@dataclass(frozen=True)
class _Fingerprint:
    """What identifies a file of a wheel: the CRC and the size of its content, and its mode."""

    content: tuple[int, int]
    executable: bool

    @classmethod
    def of(cls, member: Member) -> _Fingerprint:
        return cls((member.crc, member.size), member.executable)


def _fingerprints(wheel: Path, version: str) -> dict[str, _Fingerprint]:
    """Return what identifies the files of a wheel, by the paths that they have with a version.

    RECORD is left out, because it follows from the others.
    """
    with ArchiveReader(wheel) as reader:
        dist_info = find_dist_info(reader.members, wheel.name)
        members = {name: member for name, member in reader.members.items() if name != f"{dist_info}/RECORD"}
    return {moved_name(name, dist_info, version): _Fingerprint.of(member) for name, member in members.items()}


def _changed_members(pair: WheelPair, rewriting: Rewriting) -> list[ChangedMember]:
    """Return the files with other bytes, with the kind of place; it is empty for a file that is none of the version."""
    with ArchiveReader(pair.old.path) as old, ArchiveReader(pair.new.path) as new:
        old_info = find_dist_info(old.members, pair.old.path.name)
        new_info = find_dist_info(new.members, pair.new.path.name)
        recipe = read_recipe(new, new_info)
        version = pair.new.name.version
        before = {moved_name(name, old_info, version): _Fingerprint.of(member) for name, member in old.members.items()}
        names = sorted(name for name, member in new.members.items() if before.get(name) != _Fingerprint.of(member))
    rewritten = {name for found in rewriting.matching(names).values() for name in found}
    return [
        ChangedMember(name, place_of(name, new_info, recipe) or (_REWRITTEN if name in rewritten else ""))
        for name in names
    ]


def place_of(name: str, dist_info: str, recipe: Recipe) -> str:
    """Return the kind of place of the version that a file is; empty if it is not one."""
    places = {
        f"{dist_info}/METADATA": "metadata",
        f"{dist_info}/RECORD": "RECORD",
        f"{dist_info}/{RECIPE}": "recipe",
    }
    if name in places:
        return places[name]
    if name.startswith(f"{dist_info}/sboms/"):
        return "SBOM"
    if name in recipe.version_slots:
        return "version slot"
    if name in dict(recipe.version_files):
        return "version file"
    return "version module" if name == recipe.version_module else ""
