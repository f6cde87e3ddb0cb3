"""The texts by which a file names a pre-release of a version, in any spelling.

A final release must not name a pre-release of itself. Which texts do is decided here: the whole version in each
spelling of PEP 440 (`3.12.0rc1`, `3.12.0-RC.1`, `3.12rc1`) or of packagers (`3.12.0~rc1`, `3_12_0rc1`), the tuple that
setuptools-scm writes (`3, 12, 0, 'rc1'`), and the tag alone (`rc20260821`) if its number has so many digits that it
means nothing else. A text may be of characters of one, two or four bytes, as Windows and Linux store wide strings.

Of a version such as 3.0 the digit alone says nothing: a text needs `3.0`, or exactly the old tag after the digit
(`3rc1`).
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
_BLANK = r"[ \t\r\n]{0,24}"
_LETTERS = r"(?:alpha|beta|candidate|preview|pre|rc|a|b|c)"
_POST = rf"(?:{_SEPARATOR}(?:post|rev|r){_SEPARATOR}[0-9]+)"
_TAGS = (
    rf"(?P<tag>(?:[-_.~ ]?{_LETTERS}{_SEPARATOR}[0-9]+)?"
    rf"(?:{_POST}|{{implicit_post}})?(?:[-_.~ ]?dev{_SEPARATOR}[0-9]+)?)(?![0-9])(?:{{local}}(?![0-9a-z]))?"
)
_TUPLE_TAG = rf"(?:,{_BLANK}[bu]?['\"](?:{_LETTERS}|post|dev)(?:['\"],{_BLANK})?[0-9]+['\"]?)"
_LOOSE = r"[-_. '\",]{0,4}"
_TAG_ALONE = re.compile(
    rf"[-_.~]?(?<![a-z])(?:{_LETTERS}{_LOOSE}[0-9]+{_POST}?(?:{_SEPARATOR}dev{_LOOSE}[0-9]+)?|dev{_LOOSE}[0-9]+)(?![0-9])"
)
_TAG_PART = re.compile(rf"({_LETTERS}|post|rev|r|dev)[^0-9a-z]*([0-9]+)")
_NORMAL_LETTERS = {
    "alpha": "a",
    "beta": "b",
    "candidate": "rc",
    "preview": "rc",
    "pre": "rc",
    "c": "rc",
    "rev": "post",
    "r": "post",
}
_NEVER = r"(?!)"


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
    """Characters that are a part of each text of one kind, and the function that finds the whole text around them.

    Attributes:
        atoms: A pattern for each character: a set, or a single one, with how often it is there. There are at least two.
    """

    atoms: tuple[str, ...]
    around: Callable[[str, int], tuple[int, int] | None]
    kind: TextKind

    def pattern(self, width: int) -> bytes:
        """Return a pattern for its bytes, in characters of `width` bytes of any order.

        Of the last character there may be only the first byte.
        """
        gap = r"\x00" * (width - 1)
        first, *others = self.atoms
        return (first + "".join(_repeated(gap, atom) for atom in others)).encode()


def _repeated(gap: str, atom: str) -> str:
    """Return the pattern of an atom with a gap before each of its characters."""
    match = re.fullmatch(r"(.+?)(\?|\{.*\})?", atom, re.DOTALL)
    return f"(?:{gap}{match[1]}){match[2] or ''}" if match else gap


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
        return outermost({trace for pattern in self._patterns for trace in self._found(data, *pattern, start, end)})

    def rewritten(self, data: bytes) -> bytes:
        """Return text with each trace replaced by the new version, in the form that the trace has."""
        parts = []
        position = 0
        for trace in self.traces(data):
            parts.append(data[position : trace.start])
            parts.append(self._replacement(trace).encode())
            position = trace.end
        return b"".join([*parts, data[position:]])

    def _found(
        self, data: bytes, pattern: re.Pattern[bytes], needles: list[_WideNeedle], start: int, stop: int
    ) -> Iterator[Trace]:
        for match in pattern.finditer(data, start, stop + REACH):
            if match.start() >= stop:
                return
            for wide, width, needle in needles:
                if wide.match(data, match.start()):
                    trace = _trace_at(data, match.start(), width, needle)
                    yield from [trace] if trace else []

    @functools.cached_property
    def _patterns(self) -> list[tuple[re.Pattern[bytes], list[_WideNeedle]]]:
        """Patterns for the beginnings of all needles. Each has one first character, which `re` searches fastest."""
        groups: dict[str, list[_WideNeedle]] = {}
        for needle in self._needles:
            for width in WIDTHS:
                wide = (re.compile(needle.pattern(width)), width, needle)
                groups.setdefault(needle.atoms[0], []).append(wide)
        found = []
        for first, needles in groups.items():
            rests = b"|".join(wide.pattern[len(first) :] for wide, _, _ in needles)
            found.append((re.compile(first.encode() + b"(?=" + rests + b")"), needles))
        return found

    def _replacement(self, trace: Trace) -> str:
        if trace.kind is TextKind.WHOLE:
            return self._new_whole(trace.text)
        if trace.kind is TextKind.TUPLE:
            return self._new_tuple(trace.text)
        if not self._new_tag:
            return ""
        leading = re.match(r"[-_.~]?", trace.text)
        return (leading[0] if leading else "") + self._new_tag.lstrip(".")

    @property
    def _new_tag(self) -> str:
        return self.new.public[len(self.new.base_version) :]

    def _new_whole(self, text: str) -> str:
        """Return the new version. An epoch or a local part that the old version has and the text not is left out."""
        release = self.new.base_version.split("!")[-1]
        tag = self._new_tag
        if re.match(r"(?:[0-9]+!)?[0-9]+_[0-9]", text):
            release = release.replace(".", "_")
        if "~" in text and tag:
            tag = "~" + tag.lstrip(".")
        epoch = f"{self.new.epoch}!" if self.new.epoch and ("!" in text or not self.old.epoch) else ""
        local = f"+{self.new.local}" if self.new.local and ("+" in text or not self.old.local) else ""
        return f"{epoch}{release}{tag}{local}"

    def _new_tuple(self, text: str) -> str:
        """Return the new tuple, with the separator, the quotes and the prefix of the old one."""
        numbers = [*self.new.release]
        if self.old.epoch and len(re.findall(r"[0-9]+", text.split("'")[0].split('"')[0])) > len(self.old.release):
            numbers.insert(0, self.new.epoch)
        separator = re.search(rf",{_BLANK}", text)
        quote = re.search(r"([bu]?)(['\"])[a-z]+(['\"]?)", text)
        comma = separator[0] if separator else ", "
        prefix, mark, is_split = quote.groups() if quote else ("", "'", "")
        between = f"{mark}{comma}" if is_split else ""
        end = "" if is_split else mark
        tags = [f"{prefix}{mark}{letters}{between}{number}{end}" for letters, number in _all_tags(self.new)]
        return comma.join([*map(str, numbers), *tags])

    @functools.cached_property
    def _is_same_release(self) -> bool:
        return _stripped(self.old) == _stripped(self.new) and self.old.epoch == self.new.epoch

    @functools.cached_property
    def _needles(self) -> list[_Needle]:
        release = [str(number) for number in _stripped(self.old)]
        padded = release if len(release) > 1 else [*release, "0"]
        # What follows after the release is searched too, since 3.0 and 1, 2 are frequent in tables of numbers.
        tag = ("[-_.~ 0]{0,12}" if self.old.post is None else "[-_.~ 0-9]{0,12}", "[abcdprABCDPR]")
        needles = [
            _Needle((*_literal(dot.join(padded)), *tag), self._whole_around(padded, dot), TextKind.WHOLE)
            for dot in (".", "_")
        ]
        if len(release) == 1 and _tags(self.old):
            letters = [f"[{letter}{letter.upper()}]" for letter in _tags(self.old)[0][0]]
            atoms = (*_literal(release[0]), "[-_.~]?", *letters)
            needles.append(_Needle(atoms, self._single_around(release[0]), TextKind.WHOLE))
        numbers = tuple(atom for number in padded for atom in (*_literal(number), ",", _BLANK))[:-2]
        atoms = (*numbers, r"[, \t\r\n0bu]{0,60}", "['\"]")
        needles.append(_Needle(atoms, self._tuple_around(padded), TextKind.TUPLE))
        needles += [
            _Needle(_literal(str(number)), self._tag_around((letters, number)), TextKind.TAG)
            for letters, number in specific_tags(self.old)
        ]
        return needles

    @functools.cached_property
    def _tags_pattern(self) -> str:
        posts = {version.post for version in (self.old, self.new) if version.post is not None}
        numbers = "|".join(map(str, sorted(posts)))
        local = (self.old.local or "").split(".")
        return _TAGS.format(
            implicit_post=f"-(?:{numbers})(?![0-9a-z])" if posts else _NEVER,
            local=r"\+" + "[-_.]".join(map(re.escape, local)) if self.old.local else _NEVER,
        )

    def _whole_around(self, release: list[str], separator: str) -> Callable[[str, int], tuple[int, int] | None]:
        """Return the finder of a version whose release has a separator. One with underscores has the old version."""
        dot = re.escape(separator)
        pattern = re.compile(
            rf"(?<![0-9])(?<![0-9]{dot}){dot.join(release)}(?:{dot}0)*{self._tags_pattern}",
        )

        def around(text: str, position: int) -> tuple[int, int] | None:
            match = pattern.match(text, position)
            if not match:
                return None
            following = text[match.end() : match.end() + 1]
            if not self._is_trace(match["tag"], following, only_old=separator != "." or " " in match["tag"]):
                return None
            return self._with_epoch(text, match.start()), match.end()

        return around

    def _single_around(self, number: str) -> Callable[[str, int], tuple[int, int] | None]:
        """Return the finder of the old version whose release is written as one number."""
        pattern = re.compile(rf"(?<![0-9a-uw-z#])(?<![0-9a-z]v)(?<![0-9][._]){number}{self._tags_pattern}")

        def around(text: str, position: int) -> tuple[int, int] | None:
            match = pattern.match(text, position)
            if not match or text[match.end() : match.end() + 1].isalnum():
                return None
            if not self._is_trace(match["tag"], "", only_old=True):
                return None
            return self._with_epoch(text, match.start()), match.end()

        return around

    def _with_epoch(self, text: str, start: int) -> int:
        match = re.search(rf"(?<![0-9]){self.old.epoch}!\Z", text[:start]) if self.old.epoch else None
        return match.start() if match else start

    def _tuple_around(self, release: list[str]) -> Callable[[str, int], tuple[int, int] | None]:
        comma = rf",{_BLANK}"
        pattern = re.compile(rf"(?<![0-9]){comma.join(release)}(?:{comma}0)*(?P<tags>{_TUPLE_TAG}+)")
        number_before = re.compile(rf"(?<![0-9.])([0-9]+){comma}\Z")

        def around(text: str, position: int) -> tuple[int, int] | None:
            match = pattern.match(text, position)
            if not match:
                return None
            start = match.start()
            before = number_before.search(text[:start])
            if before and (not self.old.epoch or int(before[1]) != self.old.epoch):
                return None
            tags = _found_tags(match["tags"])
            if self._is_same_release and tags == _all_tags(self.new):
                return None
            is_prerelease = any(letters != "post" for letters, _ in tags)
            return (before.start() if before else start, match.end()) if is_prerelease else None

        return around

    def _tag_around(self, tag: tuple[str, int]) -> Callable[[str, int], tuple[int, int] | None]:
        own = _all_tags(self.new)

        def around(text: str, position: int) -> tuple[int, int] | None:
            for match in _TAG_ALONE.finditer(text):
                if match.start() <= position < match.end():
                    tags = _found_tags(match[0])
                    is_own = tags == own or (len(tags) == 1 and tags[0] in own)
                    return None if is_own or tag not in tags else match.span()
            return None

        return around

    def _is_trace(self, tag: str, following: str, *, only_old: bool) -> bool:
        """Return whether the old release with a tag is a pre-release other than the new version.

        A text such as `3.12-a1b2c3` is not a version but the beginning of a hash. The old version counts before any
        text.
        """
        try:
            version = Version("0" + tag.replace("~", "").replace(" ", ""))
        except InvalidVersion:
            return False
        if not version.is_prerelease or (self._is_same_release and _parts(version) == _parts(self.new)):
            return False
        return _parts(version) == _parts(self.old) or not (only_old or following.isalnum())


_WideNeedle = tuple[re.Pattern[bytes], int, _Needle]


def specific_tags(version: Version) -> list[tuple[str, int]]:
    """Return the parts of a version, such as `("rc", 20260821)`, that name it without the rest."""
    return [(letters, number) for letters, number in _tags(version) if len(str(number)) >= SPECIFIC_DIGITS]


def _literal(text: str) -> tuple[str, ...]:
    return tuple(map(re.escape, text))


def _stripped(version: Version) -> tuple[int, ...]:
    """Return the release of a version without the zeros at its end."""
    release = list(version.release)
    while len(release) > 1 and not release[-1]:
        release.pop()
    return tuple(release)


def _tags(version: Version) -> list[tuple[str, int]]:
    """Return what makes a version a pre-release."""
    return [(letters, number) for letters, number in _all_tags(version) if letters != "post"]


def _all_tags(version: Version) -> list[tuple[str, int]]:
    """Return what follows after the release of a version."""
    post = [] if version.post is None else [("post", version.post)]
    dev = [] if version.dev is None else [("dev", version.dev)]
    return [*([version.pre] if version.pre else []), *post, *dev]


def _found_tags(text: str) -> list[tuple[str, int]]:
    """Return the tags in a text, with PEP 440's letters."""
    return [(_NORMAL_LETTERS.get(letters, letters), int(number)) for letters, number in _TAG_PART.findall(text)]


def _parts(version: Version) -> tuple[object, ...]:
    return version.pre, version.post, version.dev


def _trace_at(data: bytes, position: int, width: int, needle: _Needle) -> Trace | None:
    """Return the text around a position, whose characters have `width` bytes."""
    text, before = _text_around(data, position, width)
    span = needle.around(text, before)
    if span is None:
        return None
    start = position - before * width
    return Trace(
        start=start + span[0] * width,
        end=start + span[1] * width,
        text=text[slice(*span)],
        kind=needle.kind,
    )


def _text_around(data: bytes, position: int, width: int) -> tuple[str, int]:
    """Return the text around a position, in lower case, and the position in it. It ends where bytes are not zero."""
    gap = bytes(width - 1)
    before = 0
    while before < BEFORE and position >= width * (before + 1):
        at = position - width * (before + 1)
        if data[at + 1 : at + width] != gap:
            break
        before += 1
    after = 1
    while after < AFTER and position + width * after < len(data):
        at = position + width * after
        if data[at - width + 1 : at] != gap:
            break
        after += 1
    start = position - before * width
    text = data[start : position + (after - 1) * width + 1 : width]
    return text.decode("latin-1").lower(), before


def outermost(traces: Iterable[Trace]) -> list[Trace]:
    """Return traces in the order of their offsets, without those that overlap with an earlier or a longer one."""
    kept: list[Trace] = []
    for trace in sorted(traces, key=lambda trace: (trace.start, -trace.end)):
        if not kept or trace.start >= kept[-1].end:
            kept.append(trace)
    return kept
