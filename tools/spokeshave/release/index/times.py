"""Times in texts, as an index lists them and as users write them."""

from __future__ import annotations

from datetime import datetime


def parse_time(text: str) -> datetime:
    """Return the time of `2026-11-30T01:02:03.000000Z`, or of any other ISO 8601 text with a time zone.

    Raises:
        ValueError: If it is not one.
    """
    # Python 3.9 reads no Z.
    time = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return time
