"""The Pythons of other platforms that an emulator runs here, from the manifest of `spokeshave emulation`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from spokeshave_pants.errors import SpokeshaveError
from spokeshave_pants.platform import Platform, System
from spokeshave_pants.python_abi import PythonVersion

_FORMAT = 1


class InvalidManifestError(SpokeshaveError):
    """A manifest that was not written by this version's `spokeshave emulation`."""


@dataclass(frozen=True, order=True)
class ForeignPython:
    """A Python of another platform.

    Attributes:
        newest: The version of its C library, which is the newest floor whose wheels it runs. None on Windows.
        emulator: The emulator's name and version.
        facts: The manifest's entry as JSON, with the hash of every package that it was made from.
    """

    feature: PythonVersion
    patch: tuple[int, ...]
    version: str
    system: str
    architecture: str
    newest: tuple[int, int] | None
    emulator: str
    facts: str

    def is_of(self, platform: Platform) -> bool:
        """Return whether it is of the platform's system and architecture, with any floor."""
        return (self.system, self.architecture) == (platform.system.value, platform.architecture)

    def runs(self, platform: Platform) -> bool:
        """Return whether it runs wheels of the platform."""
        return self.is_of(platform) and (platform.floor is None or self.newest is None or platform.floor <= self.newest)


def manifest_path(folder: str, environment: Mapping[str, str], build_root: str) -> str | None:
    """Return the manifest in a directory from `[wheel-pythons].emulated`, or None if there cannot be one."""
    if not folder:
        return None
    home = environment.get("SPOKESHAVE_HOME")
    if not home:
        user_cache = environment.get("HOME") and f"{environment['HOME']}/.cache"
        cache = environment.get("XDG_CACHE_HOME") or user_cache
        home = cache and f"{cache}/spokeshave"
    if not home and "<SPOKESHAVE>" in folder:
        return None
    return os.path.join(build_root, folder.replace("<SPOKESHAVE>", home or ""), "manifest.json")


def parse_manifest(text: str, place: str) -> tuple[ForeignPython, ...]:
    """Parse the Pythons of a manifest. An empty text has none.

    Raises:
        InvalidManifestError: For any other text that is not a manifest.
    """
    if not text:
        return ()
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise ValueError(f"its format is {document['format']}, not {_FORMAT}")
        return tuple(sorted(_python(entry) for entry in document["pythons"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidManifestError(
            f"{place} is not a valid list of emulated Pythons ({error}). "
            "Run `spokeshave emulation` again, or set `[wheel-pythons].emulated` to ''."
        ) from error


def _python(entry: Mapping[str, str]) -> ForeignPython:
    match = re.match(r"3\.(\d+)\.(\d+)", entry["version"])
    if match is None:
        raise ValueError(f"{entry['version']} is not a version of Python 3")
    libc = re.match(r"(\d+)\.(\d+)", entry["system_version"])
    return ForeignPython(
        feature=PythonVersion(int(match[1])),
        patch=(int(match[1]), int(match[2])),
        version=entry["version"],
        system=System(entry["system"]).value,
        architecture=entry["architecture"],
        newest=(int(libc[1]), int(libc[2])) if libc else None,
        emulator=entry["emulator"],
        facts=json.dumps(entry, sort_keys=True),
    )
