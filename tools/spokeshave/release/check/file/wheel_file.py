"""A wheel whose archive is open, for the rules that read its members."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.files import iter_chunks
from spokeshave.wheel.archive import UNREADABLE, damaged, largest_metadata
from spokeshave_core.wheel_name import WheelName


@dataclass(frozen=True)
class WheelFile:
    """A wheel whose archive is open.

    Attributes:
        members: The files that can be read, by name; folders and malformed members are left out.
    """

    path: Path
    name: WheelName
    archive: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]

    @property
    def dist_info(self) -> str:
        """Return the folder in which PyPI and installers look for metadata: the one that the file's name says."""
        return self.name.dist_info

    def place(self, member: str) -> str:
        """Return the position of a member for messages."""
        return f"{self.path.name}: {member}"

    def metadata_file(self, name: str) -> bytes | None:
        """Return a file of the dist-info folder. None if there is none that can be read."""
        path = f"{self.dist_info}/{name}"
        if path not in self.members or self.members[path].file_size > (largest_metadata(path) or 0):
            return None
        with contextlib.suppress(InvalidWheelError):
            return b"".join(self.chunks(path))
        # The check of RECORD reports it, as it reads every member.
        return None

    def chunks(self, member: str) -> Iterator[bytes]:
        """Yield a member's bytes in pieces.

        Raises:
            InvalidWheelError: If they are damaged.
        """
        try:
            with self.archive.open(self.members[member]) as stream:
                yield from iter_chunks(stream)
        except UNREADABLE as err:
            raise InvalidWheelError(damaged(Path(self.path.name), member, str(err))) from err
