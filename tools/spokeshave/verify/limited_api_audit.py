"""abi3audit's comparison of symbols with the limited API (PEP 384). The adapter of abi3audit's private APIs."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any, cast

from abi3info.models import PyVersion, Symbol

from spokeshave.pinned_library import private_api


@dataclass(frozen=True)
class LimitedApiAudit:
    """The symbols of a native file that the limited API of a Python does not have.

    Attributes:
        outside: Symbols that no limited API has.
        later: Symbols of a later limited API, each after the version that added it.
        needed: The oldest Python whose limited API has all but the symbols outside.
    """

    outside: tuple[str, ...]
    later: tuple[tuple[str, str], ...]
    needed: str


@dataclass(frozen=True)
class _Symbols:
    """The symbols that a native file of any format imports, in the form of abi3audit's libraries.

    abi3audit's own readers keep whole libraries in memory, and derive a library's kind from its name.
    """

    undefined: Set[str]

    def abi3_version(self, assume_lowest: PyVersion) -> PyVersion:
        return assume_lowest

    def __iter__(self) -> Iterator[Symbol]:
        return (Symbol(name, visibility="global") for name in sorted(self.undefined))


def audit_limited_api(undefined: Set[str], version: tuple[int, int]) -> LimitedApiAudit:
    """Compare a file's undefined symbols with the limited API of a Python."""
    with private_api("abi3audit", __name__):
        from abi3audit._audit import audit

        result = audit(cast("Any", _Symbols(undefined)), assume_minimum_abi3=PyVersion(*version))
        return LimitedApiAudit(
            outside=tuple(sorted(symbol.name for symbol in result.non_abi3_symbols)),
            later=tuple(sorted((str(each.added), each.symbol.name) for each in result.future_abi3_objects)),
            needed=str(result.computed),
        )
