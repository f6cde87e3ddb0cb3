"""An installed emulator: a program that runs others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from spokeshave.report import write_report
from spokeshave_core.json_values import parse_any
from spokeshave_core.manifest import Origin

_FILE = "emulator.json"


@dataclass(frozen=True)
class Emulator:
    """A program that runs others, with its name and version, and its origins."""

    path: Path
    title: str
    origins: tuple[Origin, ...]

    def write(self, folder: Path) -> None:
        """Record in its directory that it is complete."""
        origins = [[origin.name, origin.version, origin.sha256] for origin in self.origins]
        write_report(folder / _FILE, {"path": str(self.path), "title": self.title, "origins": origins})

    @classmethod
    def read(cls, folder: Path) -> Emulator | None:
        """Return the emulator of a directory, or None if there is none or it was made for another path."""
        try:
            facts = parse_any((folder / _FILE).read_bytes())
        except (OSError, ValueError):
            return None
        emulator = cls(Path(facts["path"]), facts["title"], tuple(Origin(*origin) for origin in facts["origins"]))
        return emulator if folder in emulator.path.parents and emulator.path.is_file() else None


def upstream_version(version: str) -> str:
    """Return upstream's version `10.0.13` of Debian's `1:10.0.13+ds-0+deb13u1`."""
    match = re.match(r"(?:\d+:)?([\d.]+)", version)
    return match[1] if match else version
