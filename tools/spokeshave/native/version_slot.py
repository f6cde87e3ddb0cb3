"""Version slots: constants in native files that contain the version, in a section of their own.

`spokeshave/version.h` defines one for each C or C++ source that uses it. A slot is 128 bytes long, the version with
zeros after it. The stamp replaces the text and what depends on the file's bytes: the hashes of an ad-hoc signature of a
Mach-O file, and the checksum of a PE file. All other bytes stay, so that stamping back gives the former file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spokeshave.native.elf.file import is_elf
from spokeshave.native.elf.sections import section_ranges as elf_section_ranges
from spokeshave.native.macho.file import is_macho
from spokeshave.native.macho.page_hashes import check_ad_hoc, update_page_hashes
from spokeshave.native.macho.sections import section_ranges as macho_section_ranges
from spokeshave.native.pe.checksum import check_unsigned, update_checksum
from spokeshave.native.pe.file import is_pe
from spokeshave.native.pe.image import section_ranges as pe_section_ranges
from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.wheel_name import UNSTAMPED

SLOT_SIZE = 128
LONGEST_VERSION = SLOT_SIZE - 1
"""In bytes. A zero follows."""
SECTION = ".spkver"
MACHO_SECTION = "__spkver"

_REBUILD = "Build the wheel again: only the stamp may change a version slot."


class VersionSlotError(SpokeshaveError):
    """A native file with version slots that the stamp cannot change."""


@dataclass(frozen=True)
class VersionSlot:
    """A slot, by its offset in the file."""

    offset: int
    content: bytes

    @property
    def version(self) -> str | None:
        """Return the version that it contains. None if it does not contain a text with zeros after it."""
        text, _, rest = self.content.partition(b"\0")
        is_slot = len(self.content) == SLOT_SIZE and text and text.isascii() and len(text) < SLOT_SIZE and not any(rest)
        return text.decode("ascii") if is_slot else None


def find_version_slots(path: Path, place: str) -> tuple[VersionSlot, ...]:
    """Return the slots of a native file. Empty for any other file.

    Args:
        place: The file's name for messages.

    Raises:
        VersionSlotError: If a section for slots is not a whole number of them.
    """
    problems = Problems()
    slots: list[VersionSlot] = []
    with path.open("rb") as stream:
        for start, size in _ranges(path):
            stream.seek(start)
            data = stream.read(size)
            if size % SLOT_SIZE or len(data) != size:
                message = f"has {size} bytes for version slots at offset {start:#x}, which is not a multiple of 128"
                remedy = "Put nothing into that section but SPOKESHAVE_VERSION() of spokeshave/version.h."
                problems.add(place, message, remedy)
                continue
            offsets = range(0, size, SLOT_SIZE)
            slots += [VersionSlot(start + offset, data[offset : offset + SLOT_SIZE]) for offset in offsets]
    problems.raise_if_any(VersionSlotError)
    return tuple(slots)


def has_slots_of(path: Path, place: str, version: str) -> bool:
    """Return whether a file has slots that all contain the version of its wheel.

    A library that another wheel's project built and stamped has slots of that project's version, which stay.

    Raises:
        VersionSlotError: If only some of the slots contain the version, or if a slot contains none or was never stamped
            in a wheel with a version, so that no stamp can change it.
    """
    slots = find_version_slots(path, place)
    versions = {slot.version for slot in slots}
    if versions <= {version}:
        return bool(slots)
    problems = Problems()
    if versions & {version, UNSTAMPED, None}:
        remedy = "Build the wheel again, and link no code into this file that was stamped for another release."
        _add_other_versions(problems, slots, place, version, remedy)
    problems.raise_if_any(VersionSlotError)
    return False


def write_version_slots(path: Path, place: str, old: str, new: str) -> None:
    """Replace the version in the slots of a native file. Nothing is written if there is a problem.

    Raises:
        VersionSlotError: For each slot without the old version, for a version that is too long, and for a signature
            with a certificate.
    """
    problems = Problems()
    slots: tuple[VersionSlot, ...] = ()
    with problems.collecting():
        slots = _checked_slots(path, place, old)
    if len(new) > LONGEST_VERSION:
        message = f"cannot contain {new}, which is longer than {LONGEST_VERSION} bytes"
        problems.add(place, message, "Use a shorter version.")
    with problems.collecting():
        _check_signature(path, place)
    problems.raise_if_any(VersionSlotError)
    with path.open("r+b") as stream:
        for slot in slots:
            stream.seek(slot.offset)
            stream.write(new.encode("ascii").ljust(SLOT_SIZE, b"\0"))
    if is_macho(path):
        update_page_hashes(path, [(slot.offset, SLOT_SIZE) for slot in slots])
    elif is_pe(path):
        update_checksum(path)


def _check_signature(path: Path, place: str) -> None:
    if is_macho(path):
        check_ad_hoc(path, place)
    elif is_pe(path):
        check_unsigned(path, place)


def _checked_slots(path: Path, place: str, version: str) -> tuple[VersionSlot, ...]:
    """Return the slots of a file, which has some, and each of which contains the version.

    Raises:
        VersionSlotError: For all problems.
    """
    slots = find_version_slots(path, place)
    problems = Problems()
    if not slots:
        problems.add(place, "is listed with a version slot, but has none", _REBUILD)
    _add_other_versions(problems, slots, place, version, _REBUILD)
    problems.raise_if_any(VersionSlotError)
    return slots


def _add_other_versions(
    problems: Problems, slots: tuple[VersionSlot, ...], place: str, version: str, remedy: str
) -> None:
    for slot in slots:
        if slot.version != version:
            found = "is not a version" if slot.version is None else f"is {slot.version}"
            problems.add(place, f"has a version slot at offset {slot.offset:#x} that {found}, not {version}", remedy)


def _ranges(path: Path) -> list[tuple[int, int]]:
    if is_elf(path):
        return elf_section_ranges(path, SECTION)
    if is_macho(path):
        return macho_section_ranges(path, MACHO_SECTION)
    return pe_section_ranges(path, SECTION) if is_pe(path) else []
