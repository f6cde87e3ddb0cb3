"""The texts by which a file names a pre-release of a version, in any spelling.

A final release must not name a pre-release of itself. Which texts do is decided here: the whole version in each
spelling of PEP 440 (`3.12.0rc1`, `3.12.0-RC.1`, `3.12rc1`), the tuple that setuptools-scm writes (`3, 12, 0, 'rc1'`),
and the tag alone (`rc20260821`) if its number has so many digits that it means nothing else. A text may be of
characters of one, two or four bytes, as Windows and Linux store wide strings.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from packaging.version import InvalidVersion, Version

WIDTHS = (1, 2, 4)
"""The sizes of a character, in bytes."""
BEFORE = 24
AFTER = 80
REACH = (BEFORE + AFTER) * max(WIDTHS)
"""The number of bytes around a position that decide whether a text is there."""

SPECIFIC_DIGITS = 6
_SEPARATOR = r"[-_.]?"
_WHOLE = (
    r"(?<![0-9])(?<![0-9]\.){release}(?:\.0)*"
    rf"(?P<tag>(?:{_SEPARATOR}(?:alpha|beta|preview|pre|rc|a|b|c){_SEPARATOR}[0-9]+)?"
    rf"(?:{_SEPARATOR}(?:post|rev|r){_SEPARATOR}[0-9]+)?(?:{_SEPARATOR}dev{_SEPARATOR}[0-9]+)?)(?![0-9])"
)
_TUPLE = (
    r"(?<![0-9])(?<![0-9],)(?<![0-9], ){release}(?P<pre>, ?['\"](?P<tag>alpha|beta|candidate|rc|dev|a|b|c)"
    r"(?:['\"], ?)?[0-9]+['\"]?)"
)
_SPELLINGS = {
    "a": "alpha|a",
    "b": "beta|b",
    "rc": "candidate|preview|pre|rc|c",
    "dev": "dev",
}


class TextKind(Enum):
    """The form of a text that names a pre-release."""

    WHOLE = "version"
    TUPLE = "tuple"
    TAG = "tag"


@dataclass(frozen=True)
class Trace:
    """A text that names a pre-release.

    Attributes:
        start: The offset of its first byte.
        end: The offset after its last byte.
        text: Its characters, in lower case.
    """

    start: int
    end: int
    text: str
    kind: TextKind


@dataclass(frozen=True)
class _Needle:
    """Digits that are a part of each text of one kind, and the function that finds the whole text around them."""

    digits: str
    around: Callable[[str, int], tuple[int, int] | None]
    kind: TextKind

    def part(self, width: int) -> bytes:
        """Return its bytes, in characters of `width` bytes of any order; the last one may have only its first byte."""
        return (b"\0" * (width - 1)).join(bytes([byte]) for byte in self.digits.encode())


@dataclass(frozen=True)
class TraceFinder:
    """The texts that may not remain in a file of the version `new`, which was `old` before."""

    old: Version
    new: Version

    def traces(self, data: bytes, start: int = 0, stop: int | None = None) -> list[Trace]:
        """Return the texts in `data`.

        Args:
            start: The position from which the search begins. Bytes before it count as context.
            stop: The position at which a text may not begin any more.
        """
        end = len(data) if stop is None else stop
        return outermost({trace for pattern in self._patterns for trace in self._found(data, pattern, start, end)})

    def rewritten(self, data: bytes) -> bytes:
        """Return text with each trace replaced by the new version, in the form that the trace has."""
        parts = []
        position = 0
        for trace in self.traces(data):
            parts.append(data[position : trace.start])
            parts.append(self._replacement(trace, data[trace.start : trace.end]))
            position = trace.end
        return b"".join([*parts, data[position:]])

    def _found(self, data: bytes, pattern: re.Pattern[bytes], start: int, stop: int) -> Iterator[Trace]:
        for match in pattern.finditer(data, start, stop + REACH):
            if match.start() >= stop:
                return
            for width in WIDTHS:
                for needle in self._needles:
                    if data.startswith(needle.part(width), match.start()):
                        trace = _trace_at(data, match.start(), width, needle)
                        yield from [trace] if trace else []

    @functools.cached_property
    def _patterns(self) -> list[re.Pattern[bytes]]:
        """Patterns for the beginnings of all needles. Each has one first character, which `re` searches fastest."""
        rests: dict[bytes, list[bytes]] = {}
        for part in (needle.part(width) for needle in self._needles for width in WIDTHS):
            rests.setdefault(part[:1], []).append(re.escape(part[1:]))
        return [re.compile(first + b"(?=" + b"|".join(found) + b")", re.DOTALL) for first, found in rests.items()]

    def _replacement(self, trace: Trace, text: bytes) -> bytes:
        if trace.kind is TextKind.WHOLE:
            return str(self.new).encode()
        if trace.kind is TextKind.TAG:
            return str(self.new)[len(self.new.base_version) :].encode()
        separator = b", " if b", " in text else b","
        tag = str(self.new)[len(self.new.base_version) :]
        ending = [repr(tag).encode()] if tag else []
        return separator.join([*(str(number).encode() for number in self.new.release), *ending])

    @functools.cached_property
    def _needles(self) -> list[_Needle]:
        release = list(self.old.release)
        while len(release) > 1 and not release[-1]:
            release.pop()
        text = ".".join(map(str, release))
        needles = [_Needle(text, self._whole_around(text), TextKind.WHOLE)]
        if len(self.old.release) > 1:
            for separator in (", ", ","):
                text = separator.join(map(str, self.old.release))
                needles.append(_Needle(text, self._tuple_around(text), TextKind.TUPLE))
        needles += [
            _Needle(str(number), _tag_around(letters, str(number)), TextKind.TAG)
            for letters, number in specific_tags(self.old)
            if (letters, number) not in specific_tags(self.new)
        ]
        return needles

    def _whole_around(self, release: str) -> Callable[[str, int], tuple[int, int] | None]:
        pattern = re.compile(_WHOLE.format(release=re.escape(release)))

        def around(text: str, position: int) -> tuple[int, int] | None:
            match = pattern.match(text, position)
            if not match or not self._is_trace(release + match["tag"], text[match.end() : match.end() + 1]):
                return None
            return match.span()

        return around

    def _tuple_around(self, release: str) -> Callable[[str, int], tuple[int, int] | None]:
        pattern = re.compile(_TUPLE.format(release=re.escape(release)))
        own = {letters for letters, _ in _tags(self.new)}

        def around(text: str, position: int) -> tuple[int, int] | None:
            match = pattern.match(text, position)
            if not match or (own and self._is_own_tuple(match["pre"])):
                return None
            return match.span()

        return around

    def _is_own_tuple(self, pre: str) -> bool:
        digits = "".join(character for character in pre if character.isdigit())
        return any(str(number) == digits for _, number in _tags(self.new))

    def _is_trace(self, text: str, following: str) -> bool:
        """Return whether a version is a pre-release other than the new version.

        A text such as `3.12-a1b2c3` is not a version but the beginning of a hash. The old version counts before any
        text.
        """
        try:
            version = Version(text)
        except InvalidVersion:
            return False
        if not version.is_prerelease or _parts(version) == _parts(self.new):
            return False
        return _parts(version) == _parts(self.old) or not following.isalnum()


def specific_tags(version: Version) -> list[tuple[str, int]]:
    """Return the parts of a version, such as `("rc", 20260821)`, that name it without the rest."""
    return [(letters, number) for letters, number in _tags(version) if len(str(number)) >= SPECIFIC_DIGITS]


def _tags(version: Version) -> list[tuple[str, int]]:
    dev = [] if version.dev is None else [("dev", version.dev)]
    return [*([version.pre] if version.pre else []), *dev]


def _parts(version: Version) -> tuple[object, ...]:
    return version.pre, version.post, version.dev


def _tag_around(letters: str, number: str) -> Callable[[str, int], tuple[int, int] | None]:
    pattern = re.compile(rf"(?<![a-z])(?:{_SPELLINGS[letters]})[-_. '\",]{{0,4}}\Z")

    def around(text: str, position: int) -> tuple[int, int] | None:
        end = position + len(number)
        match = pattern.search(text[:position])
        return (match.start(), end) if match and not text[end : end + 1].isdigit() else None

    return around


def _trace_at(data: bytes, position: int, width: int, needle: _Needle) -> Trace | None:
    """Return the text around a position, whose characters have `width` bytes."""
    before = min(BEFORE, position // width)
    start = position - before * width
    text = data[start : position + AFTER * width : width].lower().decode("latin-1")
    span = needle.around(text, before)
    if span is None:
        return None
    return Trace(
        start=start + span[0] * width,
        end=start + span[1] * width,
        text=text[slice(*span)],
        kind=needle.kind,
    )


def outermost(traces: Iterable[Trace]) -> list[Trace]:
    """Return traces in the order of their offsets, without those that are inside of another one."""
    kept: list[Trace] = []
    for trace in sorted(traces, key=lambda trace: (trace.start, -trace.end)):
        if not kept or trace.end > kept[-1].end:
            kept.append(trace)
    return kept
