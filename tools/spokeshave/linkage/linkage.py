"""Linkage: what the native files of a wheel need of the platform, of Python and of each other, in any format."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problem


class Fault(enum.Enum):
    """The kinds of problems that linkage has; the verification has a rule of the same value for each."""

    ARCHITECTURE = "architecture"
    MINIMUM_SYSTEM = "minimum-system"
    SYMBOL_VERSION = "symbol-version"
    FORBIDDEN_SYMBOL = "forbidden-symbol"
    MISSING_LIBRARY = "missing-library"
    LIBRARY_CLASH = "library-clash"
    UNDEFINED_SYMBOL = "undefined-symbol"
    PYTHON_LIBRARY = "python-library"
    INSTALL_NAME = "install-name"
    SEARCH_PATH = "search-path"
    SIGNATURE = "signature"
    TIME_STAMP = "time-stamp"


class LinkedFiles(Protocol):
    """The files of one format in a wheel, and where they find each other."""

    @property
    def tree(self) -> WheelTree:
        """The wheel."""

    def platform_libraries(self) -> list[str]:
        """The names of the libraries that the files take from the platform, sorted."""

    def newest(self) -> dict[str, str]:
        """The newest version of each kind that they ask for: of a C library's symbols, or of a system."""


_Files = TypeVar("_Files", bound=LinkedFiles)
Finders = Mapping[Fault, Sequence[Callable[[_Files], Iterable[Problem]]]]


@dataclass(frozen=True)
class Linkage:
    """The linkage of a wheel's files, and what finds each kind of problem that their format can have."""

    files: LinkedFiles
    finders: Mapping[Fault, Sequence[Callable[[], Iterable[Problem]]]]

    @classmethod
    def of(cls, files: _Files, finders: Finders[_Files]) -> Linkage:
        """The linkage of files of one format, with the format's own finders."""
        return cls(files, {fault: [partial(find, files) for find in found] for fault, found in finders.items()})

    def problems(self, *faults: Fault) -> list[Problem]:
        """The problems of some kinds, in the order of the arguments."""
        return [problem for fault in faults for find in self.finders.get(fault, ()) for problem in find()]
