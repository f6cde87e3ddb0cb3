"""Findings: reasons that a wheel is not valid for its platform tag."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problem
from spokeshave_core.python_abi import PythonAbi


class Rule(enum.Enum):
    """The rules of `spokeshave verify`. The values appear in reports."""

    ARCHIVE = "archive"
    TAG = "tag"
    FILE_NAME = "file-name"
    NAME_CLASH = "name-clash"
    INSTALL_SCHEME = "install-scheme"
    OUTSIDE_PACKAGE = "outside-package"
    RECORD = "record"
    METADATA = "metadata"
    ENTRY_POINT = "entry-point"
    NO_NATIVE_CODE = "no-native-code"
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
    MODULE_INIT = "module-init"
    MODULE_MISSING = "module-missing"
    MODULE_SUFFIX = "module-suffix"
    LIMITED_API = "limited-api"
    EXECUTABLE_STACK = "executable-stack"
    WRITABLE_CODE = "writable-code"
    TEXT_RELOCATION = "text-relocation"
    SIGNATURE = "signature"
    TIME_STAMP = "time-stamp"
    BUILD_PATH = "build-path"


@dataclass(frozen=True)
class Finding:
    """A problem and the rule that found it."""

    rule: Rule
    problem: Problem

    def __str__(self) -> str:
        return f"{self.problem} [{self.rule.value}]"

    def as_json(self) -> dict[str, str]:
        """Return the finding for reports."""
        return {"rule": self.rule.value, **self.problem.as_json()}


@dataclass(frozen=True)
class Expectation:
    """The expected properties of a wheel.

    Attributes:
        extensions: The modules that it must have.
        forbidden_texts: Texts that none of its files may contain.
    """

    wheel: Path
    platform: Platform
    abi: PythonAbi
    extensions: tuple[str, ...] = ()
    forbidden_texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """The unpacked wheel, and its expected properties."""

    tree: WheelTree
    expected: Expectation


def finding(rule: Rule, place: str, message: str, remedy: str) -> Finding:
    """Return a finding from its parts."""
    return Finding(rule, Problem(place, message, remedy))


def findings(rule: Rule, problems: Iterable[Problem]) -> list[Finding]:
    """Convert problems of another module to findings of a rule."""
    return [Finding(rule, problem) for problem in problems]
