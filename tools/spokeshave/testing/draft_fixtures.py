"""A fixture for invalid wheels: a draft, any part of which can be changed before it is written."""

from __future__ import annotations

import functools
import hashlib
import io
import re
import stat
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from spokeshave.testing.native_fixtures import MANYLINUX, build_wheel, link_bare, module_source
from spokeshave.wheel.record import RecordEntry, hashed_entry, render_record

TAG = f"cp38-abi3-{MANYLINUX}"


@dataclass
class Member:
    """A member of an archive that is written with the given values, valid or invalid."""

    name: str
    data: bytes
    compression: int = zipfile.ZIP_DEFLATED
    mode: int = stat.S_IFREG | 0o644
    extra: bytes = b""


@dataclass
class Draft:
    """A wheel before it is written: its file name, its members, and its central directory."""

    file_name: str
    members: list[Member]
    record: bool = True
    before: bytes = b""
    after: bytes = b""
    comment: bytes = b""
    edit: Callable[[bytes], bytes] = field(default=lambda data: data)

    @property
    def distribution(self) -> str:
        return self.file_name.partition("-")[0]

    @property
    def dist_info(self) -> str:
        return "-".join(self.file_name.split("-")[:2]) + ".dist-info"

    def member(self, ending: str) -> Member:
        return next(member for member in self.members if member.name.endswith(ending))

    def add(self, name: str, data: bytes = b"", **options: int) -> None:
        self.members.append(Member(name, data, **options))  # type: ignore[arg-type]

    def change(self, ending: str, before: str, after: str) -> None:
        member = self.member(ending)
        text = member.data.decode()
        assert re.search(before, text), before
        member.data = re.sub(before, after, text).encode()

    def drop(self, ending: str) -> None:
        self.members.remove(self.member(ending))

    def write(self, folder: Path) -> Path:
        """Write the wheel. RECORD lists the current members unless it was changed explicitly."""
        path = folder / self.file_name
        if self.record and any(member.name.endswith("/RECORD") for member in self.members):
            self.member("/RECORD").data = self.right_record()
        stream = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
            warnings.simplefilter("ignore")
            archive.comment = self.comment
            for member in self.members:
                info = zipfile.ZipInfo(member.name)
                info.external_attr = member.mode << 16
                info.compress_type = member.compression
                info.create_system = 3
                info.extra = member.extra
                archive.writestr(info, member.data)
        path.write_bytes(self.before + self.edit(stream.getvalue()) + self.after)
        return path

    def right_record(self) -> bytes:
        """Return RECORD of the current members."""
        lines = []
        for member in self.members:
            if member.name.endswith("/RECORD"):
                lines.append(RecordEntry(member.name))
            elif not member.name.endswith("/"):
                lines.append(hashed_entry(member.name, hashlib.sha256(member.data).digest(), len(member.data)))
        return render_record({line.path: line for line in lines}.values())


@functools.cache
def native() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return link_bare(Path(folder, "native.abi3.so"), module_source("native"), MANYLINUX).read_bytes()


def draft(name: str) -> Draft:
    """Return a valid wheel of a distribution, whose package has an extension module."""
    with tempfile.TemporaryDirectory() as folder:
        files: dict[str, bytes | str | Path] = {
            f"{name}/__init__.py": f"NAME = {name!r}\n",
            f"{name}/native.abi3.so": native(),
            f"{name}/data.txt": "x",
        }
        wheel = build_wheel(Path(folder), files, TAG, name=name, version="1.0")
        with zipfile.ZipFile(wheel) as archive:
            return Draft(wheel.name, [Member(info.filename, archive.read(info)) for info in archive.infolist()])
