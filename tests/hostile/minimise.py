"""Smaller inputs that break the rule in the same way."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable

from hostile.limits import BrokenRuleError, Target, check

_NUMBERS = re.compile(r"\d+|'.*?'|\".*?\"")


def fault_of(target: Target, data: bytes) -> str | None:
    """Return how an input breaks the rule, without its own numbers and texts. None if it does not."""
    with contextlib.suppress(RecursionError):
        try:
            check(target, data)
        except BrokenRuleError as err:
            return kind_of(str(err))
    return None


def kind_of(message: str) -> str:
    """Return a message by which faults of one kind are equal: that of the error and the lines that raised it."""
    place, colon, _ = message.partition(": ")
    return place if colon and " at " in place else _NUMBERS.sub("…", message)


def minimised(data: bytes, is_same: Callable[[bytes], bool], seconds: float) -> bytes:
    """Return an input without the bytes that its fault does not need.

    Parts are removed, from the half of the input down to a byte, as long as the fault stays and time is left.
    """
    end = time.monotonic() + seconds
    size = max(len(data) // 2, 1)
    while True:
        at = 0
        while at < len(data) and time.monotonic() < end:
            shorter = data[:at] + data[at + size :]
            if is_same(shorter):
                data = shorter
            else:
                at += size
        if size == 1 or time.monotonic() >= end:
            return data
        size //= 2
