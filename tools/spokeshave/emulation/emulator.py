"""An emulator as it was set up: a program that runs others."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from spokeshave.report import write_report
from spokeshave_core.manifest import Origin

_FILE = "emulator.json"


@dataclass(frozen=True)
class Emulator:
    """A program that runs others, with its name and version in words, and what it was made of."""

    path: Path
    title: str
    origins: tuple[Origin, ...]

    def write(self, folder: Path) -> None:
        """Note in its folder that it is whole."""
        origins = [[origin.name, origin.version, origin.sha256] for origin in self.origins]
        write_report(folder / _FILE, {"path": str(self.path), "title": self.title, "origins": origins})

    @classmethod
    def read(cls, folder: Path) -> Emulator | None:
        """The emulator of a folder; None where there is none, or one that was made for another place."""
        try:
            facts = json.loads((folder / _FILE).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        emulator = cls(Path(facts["path"]), facts["title"], tuple(Origin(*origin) for origin in facts["origins"]))
        return emulator if folder in emulator.path.parents and emulator.path.is_file() else None


def upstream_version(version: str) -> str:
    """Debian's ``1:10.0.13+ds-0+deb13u1`` is upstream's ``10.0.13``."""
    match = re.match(r"(?:\d+:)?([\d.]+)", version)
    return match[1] if match else version
