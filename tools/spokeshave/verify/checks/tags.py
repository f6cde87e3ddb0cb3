"""Checks of tags: the file name, the WHEEL file and the requested tags must agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.parser import Parser

from spokeshave.verify.findings import Subject, finding
from spokeshave_core.outcomes import Rule
from spokeshave_core.reports.verify import Finding

_VERSION = re.compile(r"1(\.[0-9]+)*")
_REBUILD = "Build the wheel again with a tool that follows the wheel specification."


def check_tags(subject: Subject) -> Iterator[Finding]:
    """Check the wheel's tags against the requested ones, and against its WHEEL file."""
    yield from _asked_for(subject)
    place = f"{subject.tree.dist_info}/WHEEL"
    if place not in subject.tree.files:
        yield finding(Rule.TAG, place, "is missing", _REBUILD)
        return
    try:
        fields = Parser().parsestr(subject.tree.read(place).decode("utf-8"))
    except UnicodeDecodeError as err:
        yield finding(Rule.TAG, place, f"is not UTF-8 ({err})", _REBUILD)
        return
    yield from _same_tags(subject, place, set(fields.get_all("Tag", [])))
    version = fields.get("Wheel-Version", "")
    if not _VERSION.fullmatch(version.strip()):
        yield finding(
            Rule.TAG, place, f"has Wheel-Version {version!r}, which installers reject", "Use Wheel-Version: 1.0."
        )
    if fields.get("Root-Is-Purelib", "").lower() != "false":
        message = "declares a pure wheel (Root-Is-Purelib), but the wheel contains native code"
        yield finding(Rule.TAG, place, message, "Write Root-Is-Purelib: false.")


def _asked_for(subject: Subject) -> Iterator[Finding]:
    name = subject.tree.name
    expected = subject.expected
    named = set(name.tag.expand())
    if not any(named.issuperset(expected.abi.wheel_tag(tag).expand()) for tag in expected.platform.tags):
        message = f"is tagged {name.tag}, but should be {expected.abi.wheel_tag(expected.platform.tag)}"
        yield finding(Rule.TAG, str(name), message, "Repair the wheel for that platform, or build it for that ABI.")


def _same_tags(subject: Subject, place: str, tags: set[str]) -> Iterator[Finding]:
    named = set(subject.tree.name.tag.expand())
    if tags != named:
        message = f"lists {', '.join(sorted(tags)) or 'no tag'}, but the file name says {', '.join(sorted(named))}"
        yield finding(Rule.TAG, place, message, "Repair the wheel again; never rename a wheel.")
