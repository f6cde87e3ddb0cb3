"""Mutations of inputs: a list of edits that hypothesis can shrink, and the same edits at random."""

from __future__ import annotations

import enum
import random
from collections.abc import Sequence
from dataclasses import dataclass

# Numbers at the ends of what fields can hold, of all sizes and both byte orders.
_NUMBERS = tuple(
    data if order == "little" else data[::-1]
    for size, order in ((1, "little"), (2, "little"), (2, "big"), (4, "little"), (4, "big"), (8, "little"), (8, "big"))
    for number in (0, 1, 2, 0x7F, (1 << 8 * size - 1) - 1, 1 << 8 * size - 1, (1 << 8 * size) - 1, (1 << 8 * size) - 16)
    for data in [number.to_bytes(size, "little")]
)
_LARGEST = 1 << 20


class Kind(enum.Enum):
    """What an edit does at its position."""

    NUMBER = "write a number over the bytes"
    BYTE = "write a byte"
    REMOVE = "remove bytes"
    REPEAT = "repeat bytes"
    WORD = "insert a word"
    OVERWRITE = "write a word over the bytes"
    CUT = "remove all that follows"
    MOVE = "write bytes of another position over the bytes"


@dataclass(frozen=True)
class Edit:
    """One change.

    Attributes:
        place: The position, modulo the length.
        value: What the kind makes of it: a number, a length, another position.
    """

    kind: Kind
    place: int
    value: int


def mutated(seed: bytes, edits: Sequence[Edit], words: Sequence[bytes]) -> bytes:
    """Return an input with all edits."""
    data = bytearray(seed)
    vocabulary = words or _NUMBERS
    for edit in edits:
        at = edit.place % (len(data) + 1)
        if edit.kind is Kind.NUMBER:
            number = _NUMBERS[edit.value % len(_NUMBERS)]
            data[at : at + len(number)] = number
        elif edit.kind is Kind.BYTE:
            data[at : at + 1] = bytes([edit.value % 256])
        elif edit.kind is Kind.REMOVE:
            del data[at : at + 1 + edit.value % 64]
        elif edit.kind is Kind.REPEAT:
            part = data[at : at + 1 + edit.value % 64]
            data[at:at] = part * (1 + edit.value // 64 % 300)
        elif edit.kind is Kind.WORD:
            data[at:at] = vocabulary[edit.value % len(vocabulary)]
        elif edit.kind is Kind.OVERWRITE:
            word = vocabulary[edit.value % len(vocabulary)]
            data[at : at + len(word)] = word
        elif edit.kind is Kind.CUT:
            del data[at:]
        else:
            other = edit.value % (len(data) + 1)
            part = data[other : other + 1 + edit.value // 7 % 64]
            data[at : at + len(part)] = part
        del data[_LARGEST:]
    return bytes(data)


def random_edits(randomness: random.Random, count: int) -> list[Edit]:
    """Return edits at random."""
    kinds = list(Kind)
    return [
        Edit(randomness.choice(kinds), randomness.randrange(1 << 20), randomness.randrange(1 << 16))
        for _ in range(count)
    ]
