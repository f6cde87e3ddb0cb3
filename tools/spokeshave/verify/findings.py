"""Findings: reasons that a wheel is not valid for its platform tag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spokeshave.wheel.tree import WheelTree
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problem
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.verify import Finding


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
    return Finding(rule=rule, place=place, message=message, remedy=remedy)


def findings(rule: Rule, problems: Iterable[Problem]) -> list[Finding]:
    """Convert problems of another module to findings of a rule."""
    return [
        Finding(rule=rule, place=problem.place, message=problem.message, remedy=problem.remedy) for problem in problems
    ]
