"""Reading reports that commands wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from spokeshave_core.reports.report import Report

R = TypeVar("R", bound=Report)


def read_report(kind: type[R], file: Path) -> R:
    """The report in a file, which has to be written again byte for byte: no key is lost or renamed on either side."""
    text = file.read_text("utf-8")
    report = kind.from_json(text)
    assert report.to_json() == text
    return report
