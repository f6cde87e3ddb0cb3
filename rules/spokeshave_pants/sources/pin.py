"""The one entry of the requirements file of a `python_sdist`."""

from __future__ import annotations

from dataclasses import dataclass

from spokeshave_core.requirement_lines import HASH_REMEDY, decode_requirements, requirement_lines
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements

_SHA256 = "sha256:"


@dataclass(frozen=True)
class SdistPin:
    """A distribution of one version, such as `markupsafe==3.0.4`, and the pinned sha256 of its files in hex."""

    requirement: str
    sha256: tuple[str, ...]

    @classmethod
    def parse(cls, content: bytes, where: str) -> SdistPin:
        """Parse a requirements file.

        Args:
            where: The target and the file, for messages.

        Raises:
            InvalidTargetError: If it does not pin one distribution.
        """
        text = decode_requirements(content)
        pins = PinnedRequirements.parse(text)
        if pins.problems:
            raise InvalidTargetError("\n".join(f"{where}: {problem}" for problem in pins.problems))
        entries = [pin for pin in pins.pins if pin.name]
        if len(entries) != 1:
            names = ", ".join(pin.name for pin in entries) or "nothing"
            raise InvalidTargetError(f"{where}: it pins {names}. A source tree is one distribution: keep one entry.")
        (entry,) = entries
        hashes = [value for line in requirement_lines(entry.line) for value in line.hashes]
        found = tuple(value[len(_SHA256) :] for value in hashes if value.startswith(_SHA256))
        if not found:
            raise InvalidTargetError(f"{where}: {entry.requirement} has no sha256. {HASH_REMEDY}")
        return cls(entry.requirement.split(";")[0].strip(), found)
