"""Wheels that are written byte by byte, so that each test breaks one thing that a build backend would not."""

from __future__ import annotations

import base64
import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = "{project}-{version}.dist-info"


@dataclass(frozen=True)
class WheelDraft:
    """The parts of a wheel. Each has a valid default.

    Attributes:
        folder: The dist-info folder; by default, the one of the file's name.
        headers: Lines that are added to METADATA, without the first three.
        metadata_version: Of METADATA, and so on for the other parts.
        files: The other members, by path; a path in dist-info begins with the folder.
        record: Changes the lines of RECORD.
        compression: By member; stored by default.
    """

    project: str = "abacus_runtime"
    version: str = "3.12.0"
    tag: str = "py3-none-any"
    name: str | None = None
    folder: str | None = None
    metadata_version: str = "2.4"
    stated_name: str | None = None
    stated_version: str | None = None
    headers: Sequence[str] = ()
    description: str = ""
    tags: Sequence[str] | None = None
    wheel: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=lambda: {"abacus_runtime/__init__.py": b"x = 1\n" * 40})
    omit: Sequence[str] = ()
    record: Callable[[list[str]], list[str]] = lambda lines: lines
    compression: Mapping[str, int] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The wheel's file name."""
        return self.name or f"{self.project}-{self.version}-{self.tag}.whl"

    @property
    def dist_info(self) -> str:
        """The folder of the metadata."""
        return self.folder or FOLDER.format(project=self.project, version=self.version)

    def members(self) -> dict[str, bytes]:
        """All members in their order, with RECORD at the end."""
        tags = [self.tag] if self.tags is None else self.tags
        name = self.stated_name or self.project.replace("_", "-")
        metadata = [f"Metadata-Version: {self.metadata_version}", f"Name: {name}"]
        metadata += [f"Version: {self.stated_version or self.version}", *self.headers, "", self.description]
        wheel = ["Wheel-Version: 1.0", "Root-Is-Purelib: true", *(f"Tag: {tag}" for tag in tags), ""]
        members = {
            **self.files,
            f"{self.dist_info}/METADATA": "\n".join(metadata).encode(),
            f"{self.dist_info}/WHEEL": "\n".join(wheel).encode() if self.wheel is None else self.wheel,
        }
        lines = [f"{path},{record_hash(data)},{len(data)}" for path, data in members.items()]
        lines = self.record([*lines, f"{self.dist_info}/RECORD,,"])
        members[f"{self.dist_info}/RECORD"] = "\n".join([*lines, ""]).encode()
        return {path: data for path, data in members.items() if path.rpartition("/")[2] not in self.omit}


def record_hash(data: bytes) -> str:
    """Return the hash of a line of RECORD."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def write_draft(folder: Path, draft: WheelDraft | None = None) -> Path:
    """Write a wheel and return its path."""
    draft = draft or WheelDraft()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / draft.file_name
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in draft.members().items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data, draft.compression.get(name, zipfile.ZIP_STORED))
    return path


def local_header(name: bytes, data: bytes, *, flags: int = 0, method: int = 0, extra: bytes = b"") -> bytes:
    """Return a member with its local header."""
    sizes = (zlib.crc32(data), len(data), len(data), len(name), len(extra))
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, flags, method, 0, 0x21, *sizes) + name + extra + data


def change(path: Path, surgery: Callable[[bytearray], bytearray]) -> Path:
    """Change the bytes of a file and return its path."""
    path.write_bytes(surgery(bytearray(path.read_bytes())))
    return path
