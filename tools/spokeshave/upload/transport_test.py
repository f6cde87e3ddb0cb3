"""Tests of what answers of an index ask for."""

from __future__ import annotations

import pytest

from spokeshave.upload.transport import retry_after

YEAR = 365 * 24 * 3600.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("9" * 5000, YEAR),
        ("Thu, 31 Dec 9999 00:00:00 GMT", YEAR),
        ("Thu, 01 Jan 1970 00:00:01 +99999999999999999999", None),
    ],
)
def test_a_pause_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=lambda: 10.0) == seconds
