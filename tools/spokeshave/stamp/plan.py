"""The files of a stamped wheel: which of them are copied, and the new content of the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.stamp.metadata import restamp_metadata
from spokeshave.stamp.sbom import Restamp, restamp_sbom
from spokeshave.stamp.source import OpenWheel
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.recipe import RECIPE
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave.wheel.version_module import render_version_module
from spokeshave.wheel.writer import CopiedMember, WheelEntry
from spokeshave_core.problems import Problems
from spokeshave_core.wheel_name import WheelName, split_dist_info


@dataclass(frozen=True)
class StampPlan:
    """A stamped wheel before it is written.

    Attributes:
        moved: The path of each file of the source in the stamped wheel.
        rewritten: The new content of files by their path in the source, without RECORD.
        compression: The compression of RECORD.
    """

    source: OpenWheel
    name: WheelName
    dist_info: str
    moved: Mapping[str, str]
    rewritten: Mapping[str, bytes | Path]
    compression: Compression

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the new paths of the files that are not copied, sorted."""
        return tuple(sorted([*(self.moved[path] for path in self.rewritten), f"{self.dist_info}/RECORD"]))

    def entries(self) -> list[WheelEntry]:
        """Return the files of the stamped wheel except RECORD."""
        reader = self.source.reader
        found = []
        for path, member in reader.members.items():
            if path == f"{self.source.dist_info}/RECORD":
                continue
            content = self.rewritten.get(path)
            entry = WheelEntry(
                name=self.moved[path],
                content=CopiedMember(reader, member, self.source.record[path]) if content is None else content,
                compression=member.compression,
                executable=member.executable,
            )
            found.append(entry)
        return found


def plan_stamp(source: OpenWheel, facts: VersionFacts, siblings: Collection[str], scratch: Path) -> StampPlan:
    """Return the wheel with other facts.

    Args:
        facts: In their normal form.
        siblings: The normalized names of the other distributions of a set, whose pins follow.
        scratch: A folder for native files with a version slot, which must exist until the wheel is written.

    Raises:
        InvalidWheelError: For all problems that prevent the stamp.
    """
    moved = {path: moved_name(path, source.dist_info, facts.version) for path in source.reader.members}
    problems = Problems()
    rewritten: dict[str, bytes | Path] = {}
    with problems.collecting():
        rewritten.update(_rewritten_texts(source, facts, siblings))
    for number, path in enumerate(source.recipe.version_slots):
        with problems.collecting():
            rewritten[path] = _rewritten_native(source, path, facts.version, scratch / str(number))
    problems.raise_if_any(InvalidWheelError)
    return StampPlan(
        source=source,
        name=WheelName(name=source.name.name, version=facts.version, tag=source.name.tag, build=source.name.build),
        dist_info=moved_name(f"{source.dist_info}/", source.dist_info, facts.version).rstrip("/"),
        moved=moved,
        rewritten=rewritten,
        compression=source.reader.members[f"{source.dist_info}/RECORD"].compression,
    )


def _rewritten_texts(source: OpenWheel, facts: VersionFacts, siblings: Collection[str]) -> dict[str, bytes]:
    change = Restamp(source.name.name, source.version, facts.version)
    metadata = f"{source.dist_info}/METADATA"
    pins = frozenset(source.recipe.pins)
    files = {metadata: restamp_metadata(source.metadata, pins, siblings, change, source.place(metadata))}
    files.update(source.recipe.rendered_files(facts))
    if source.recipe.version_module:
        files[source.recipe.version_module] = render_version_module(facts)
    if source.has_recipe:
        files.update(_changed_recipe(source, facts))
    for path in source.reader.members:
        if path.startswith(f"{source.dist_info}/sboms/") and path.endswith(".json"):
            restamped = restamp_sbom(source.reader.read(path), change, source.place(path))
            files.update({} if restamped is None else {path: restamped})
    return files


def _changed_recipe(source: OpenWheel, facts: VersionFacts) -> dict[str, bytes]:
    path = f"{source.dist_info}/{RECIPE}"
    data = source.recipe.with_facts(facts).render()
    return {} if data == source.reader.read(path) else {path: data}


def _rewritten_native(source: OpenWheel, path: str, version: str, copy: Path) -> Path:
    # The parsers of native files take a third of the command's start, and most wheels have no slot.
    from spokeshave.native.version_slot import write_version_slots

    with copy.open("wb") as stream:
        for chunk in source.reader.chunks(path):
            stream.write(chunk)
    write_version_slots(copy, source.place(path), source.version, version)
    return copy


def moved_name(name: str, dist_info: str, version: str) -> str:
    """Return a file's path in the stamped wheel: the two directories with a version are renamed."""
    own, old = split_dist_info(dist_info)
    folder, slash, rest = name.partition("/")
    if slash and folder in (dist_info, f"{own}-{old}.data"):
        return f"{own}-{version}{folder[len(f'{own}-{old}') :]}/{rest}"
    return name
