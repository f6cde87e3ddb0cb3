"""Findings: what keeps a wheel from working where its tag says it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import Problem
from spokeshave.tags.platform import Platform, PythonAbi
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.outcomes import Rule as Rule
from spokeshave_core.reports import Finding as Finding


@dataclass(frozen=True)
class Expectation:
    """What a wheel is verified against.

    ``extensions`` are the modules that it must have, ``forbidden_texts`` what none of its files may contain.
    """

    wheel: Path
    platform: Platform
    abi: PythonAbi
    extensions: tuple[str, ...] = ()
    forbidden_texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """The unpacked wheel, and what is expected of it."""

    tree: WheelTree
    expected: Expectation


def finding(rule: Rule, place: str, message: str, remedy: str) -> Finding:
    """A finding from its parts."""
    return Finding(rule, place, message, remedy)


def findings(rule: Rule, problems: Iterable[Problem]) -> list[Finding]:
    """Problems that another module told, under a rule."""
    return [Finding(rule, problem.place, problem.message, problem.remedy) for problem in problems]
