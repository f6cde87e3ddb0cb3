"""The functions of glibc and the version that introduced each, from the list that zig generates its stubs from.

Source: the format of `abilists` as documented by ziglang/libc-abi-tools.
"""

from __future__ import annotations

from collections.abc import Iterator

Version = tuple[int, int]
_LAST = 0x80


class _Reader:
    """A cursor over the list's bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def byte(self) -> int:
        value = self._data[self._place]
        self._place += 1
        return value

    def name(self) -> str:
        end = self._data.index(b"\0", self._place)
        value = self._data[self._place : end].decode()
        self._place = end + 1
        return value

    def uleb128(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & ~_LAST) << shift
            shift += 7
            if not byte & _LAST:
                return value

    def terminated(self) -> Iterator[int]:
        """Read the bytes up to the one whose highest bit is set."""
        while True:
            byte = self.byte()
            yield byte & ~_LAST
            if byte & _LAST:
                return


def first_versions(abilists: bytes, target: str) -> dict[str, Version]:
    """Return the first glibc version of each function of a target such as `x86_64-linux-gnu`. Empty if unknown."""
    if not abilists:
        return {}
    reader = _Reader(abilists)
    for _ in range(reader.byte()):
        reader.name()
    versions = [(reader.byte(), reader.byte(), reader.byte())[:2] for _ in range(reader.byte())]
    targets = [reader.name() for _ in range(reader.byte())]
    wanted = 1 << targets.index(target) if target in targets else 0
    found: dict[str, Version] = {}
    inclusions = reader.byte() | reader.byte() << 8
    while inclusions:
        name = reader.name()
        is_last = False
        while not is_last:
            inclusions -= 1
            mask = reader.uleb128()
            library = reader.byte()
            is_last = bool(library & _LAST)
            first = min(versions[index] for index in reader.terminated())
            if mask & wanted:
                found[name] = min(first, found.get(name, first))
    return found
