"""The base of all reports, and the report of a command that failed.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import TypeVar

from spokeshave_core.json_values import InvalidJsonError, Json, from_value, parse_text, to_text, to_value
from spokeshave_core.problems import Problem

R = TypeVar("R", bound="Report")


class InvalidReportError(ValueError):
    """Text that is not a report of the expected type; the message says what is wrong with it."""


@dataclass(frozen=True)
class Report:
    """Base of all reports."""

    def to_json(self) -> str:
        """The report as JSON text; equal reports are equal texts."""
        return to_text(self._document())

    @classmethod
    def from_json(cls: type[R], text: str) -> R:
        """The report that `to_json` wrote.

        Raises:
            InvalidReportError: The text is not JSON, a key is missing, or a value has another type.
        """
        try:
            return from_value(cls, cls._fields(parse_text(text)))
        except InvalidJsonError as err:
            raise InvalidReportError(str(err)) from err

    def _document(self) -> Json:
        return to_value(self)

    @classmethod
    def _fields(cls, document: Json) -> Json:
        """The object with the fields, from what the file contains."""
        return document


@dataclass(frozen=True)
class FailureReport(Report):
    """The report of any command that failed."""

    problems: tuple[Problem, ...]
