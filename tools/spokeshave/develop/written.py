"""The record of the files that developer installs wrote into a source tree, so that later ones can remove them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave_core.json_values import InvalidJsonError, from_value, parse_text, to_value

_FILE = "develop.json"


@dataclass(frozen=True)
class WrittenFiles:
    """The files of each distribution and Python, by path from the build root, with the sha256 of each version.

    Several environments of one Python share the files, and those of several Pythons are side by side. A file is
    removed when no distribution and Python has it any more.
    """

    owners: Mapping[str, Mapping[str, tuple[str, ...]]]

    @classmethod
    def read(cls, folder: Path) -> WrittenFiles:
        """Return the record in a folder. A damaged one is empty: files that git ignores are written again."""
        try:
            text = (folder / _FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls({})
        try:
            return cls(from_value(dict[str, dict[str, tuple[str, ...]]], parse_text(text)))
        except InvalidJsonError:
            return cls({})

    def write(self, folder: Path) -> None:
        """Replace the record in a folder."""
        text = json.dumps(to_value(self.owners), indent=1, sort_keys=True)
        partial = folder / f"{_FILE}.partial"
        partial.write_text(f"{text}\n", encoding="utf-8")
        partial.replace(folder / _FILE)

    def hashes(self, path: str) -> frozenset[str]:
        """Return the sha256 of each version of a file that was written."""
        return frozenset(sha256 for files in self.owners.values() for sha256 in files.get(path, ()))

    def of(self, owner: str) -> Mapping[str, tuple[str, ...]]:
        """Return the files of a distribution and Python."""
        return self.owners.get(owner, {})

    def with_files(self, owner: str, files: Mapping[str, str], *, keep_earlier: bool) -> WrittenFiles:
        """Return the record with the files of a distribution and Python.

        Args:
            files: The sha256 of each file.
            keep_earlier: Whether earlier files and versions stay listed, as they do until the new ones are written.
        """
        new: dict[str, tuple[str, ...]] = {path: (sha256,) for path, sha256 in files.items()}
        if keep_earlier:
            earlier = self.of(owner)
            new = {path: _joined(earlier.get(path, ()), new.get(path, ())) for path in {*earlier, *new}}
        return WrittenFiles({**self.owners, owner: new})

    def only_of(self, owner: str, kept: Iterable[str]) -> tuple[str, ...]:
        """Return the files that only one distribution and Python has, without those that it keeps."""
        others = {path for other, files in self.owners.items() if other != owner for path in files}
        return tuple(sorted(set(self.of(owner)) - others - set(kept)))


def _joined(earlier: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*earlier, *new)))
