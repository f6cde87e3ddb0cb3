"""The Pythons of other platforms that an emulator runs here, as the manifest of `spokeshave emulation` lists them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave_pants.errors import SpokeshaveError
from spokeshave_pants.platform import Platform, System
from spokeshave_pants.python_abi import PythonVersion

_FORMAT = 1


class InvalidManifestError(SpokeshaveError):
    """A manifest that was not written by this version's `spokeshave emulation`."""


@dataclass(frozen=True, order=True)
class ForeignPython:
    """A Python of another platform.

    :param newest: the version of its C library, the newest floor whose wheels it runs; None on Windows.
    :param emulator: the emulator's name and version.
    :param facts: the manifest's entry as JSON, which names every package that it was made of by its hash.
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
        """Whether it is of the platform's system and architecture, whatever the floor."""
        return (self.system, self.architecture) == (platform.system.value, platform.architecture)

    def runs(self, platform: Platform) -> bool:
        """Whether it runs wheels of the platform."""
        return self.is_of(platform) and (platform.floor is None or self.newest is None or platform.floor <= self.newest)


def manifest_path(folder: str, environment: Mapping[str, str], build_root: str) -> str | None:
    """The manifest in a folder as `[wheel-pythons].emulated` has it; None where there can be none."""
    if not folder:
        return None
    home = environment.get("SPOKESHAVE_HOME")
    if not home:
        user_cache = environment.get("HOME") and f"{environment['HOME']}/.cache"
        cache = environment.get("XDG_CACHE_HOME") or user_cache
        home = cache and f"{cache}/spokeshave"
    if not home and "<SPOKESHAVE>" in folder:
        return None
    return str(Path(build_root, folder.replace("<SPOKESHAVE>", home or ""), "manifest.json"))


def parse_manifest(text: str, place: str) -> tuple[ForeignPython, ...]:
    """The Pythons of a manifest; none where its text is empty.

    :raises InvalidManifestError: for anything else that is no manifest.
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
            f"{place} does not list emulated Pythons as this version writes it ({error}). "
            "Run `spokeshave emulation` again, or set `[wheel-pythons].emulated` to ''."
        ) from error


def _python(entry: Mapping[str, str]) -> ForeignPython:
    match = re.match(r"3\.(\d+)\.(\d+)", entry["version"])
    if match is None:
        raise ValueError(f"{entry['version']} is no version of Python 3")
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
