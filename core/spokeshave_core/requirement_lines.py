"""The lines of a requirements file: entries, options, and lines that a pinned file may not contain.

Source: pip's "Requirements File Format". All readers of such files use this module.
"""

from __future__ import annotations

import codecs
import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

HASH_REMEDY = "Write name==version with --hash=sha256:..., as `uv pip compile --generate-hashes` does."

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_COMMENT = re.compile(r"(^|\s)#.*$")
_FIRST_OPTION = re.compile(r"(?:^|\s)--?[A-Za-z]")
_OPTION_NAME = re.compile(r"(?:^|\s)(--[A-Za-z][\w-]*|-[A-Za-z])")
_HASH = re.compile(r"--hash(?:=|\s+)(\S+)")
_NAMED_ADDRESS = re.compile(r"[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*@\s*\S")
_ADDRESS = re.compile(
    r"[a-z][a-z+]*:|\.{0,2}/|~|[A-Za-z]:\\|\.+$|\S+\.(whl|zip|tar\.\w+)(\s|;|$)|\S+/\S", re.IGNORECASE
)

_LOOKUP = frozenset(
    {"-i", "--index-url", "--pypi-url", "--extra-index-url", "--no-index", "-f", "--find-links", "--trusted-host"}
)
_WITHOUT_EFFECT = frozenset(
    {"--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--pre", "--use-feature"}
)
_OTHER_FILES = frozenset({"-r", "--requirement", "-c", "--constraint"})
_EDITABLES = frozenset({"-e", "--editable"})


class LineKind(enum.Enum):
    """The kind of a line. The value is a message for lines that a pinned file may not contain."""

    ENTRY = "is a requirement"
    LOOKUP = "says where to look for packages"
    WITHOUT_EFFECT = "has no effect if versions and hashes are pinned"
    OTHER_FILE = "is not a requirement: it names another file, which is not read"
    EDITABLE = "is a folder, which cannot be pinned by a hash"
    ADDRESS = "is a file or an address without a name"
    UNKNOWN_OPTION = "is not an option that a requirements file can have"


REMEDIES = {
    LineKind.OTHER_FILE: "Remove the line and add its content to this file; `uv pip compile` creates one file from "
    "all.",
    LineKind.EDITABLE: f"Remove the line, or pin a release of it. {HASH_REMEDY}",
    LineKind.ADDRESS: f"Write `name @ address` with --hash, or pin a release of an index. {HASH_REMEDY}",
    LineKind.UNKNOWN_OPTION: "Remove the line.",
}


@dataclass(frozen=True)
class RequirementLine:
    """An entry or an option, in one line without its comment.

    Attributes:
        number: The number of its first line in the file, from 1.
        requirement: The requirement with its marker. Empty for an option.
        hashes: The values of its `--hash` options.
    """

    number: int
    text: str
    kind: LineKind
    requirement: str = ""
    hashes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the name of the line for messages."""
        return f"line {self.number}: {self.text.split(' ')[0]}"

    @property
    def remedy(self) -> str | None:
        """Return what to do about a line that a pinned file may not contain. None for other lines."""
        return REMEDIES.get(self.kind)


def decode_requirements(data: bytes) -> str:
    """Return the text of a file with or without a byte order mark.

    Raises:
        UnicodeDecodeError: If it is not UTF-8.
    """
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            return data.decode(encoding)
    return data.decode("utf-8")


def requirement_lines(text: str) -> list[RequirementLine]:
    """Return the entries and options of a file, in order."""
    lines = ((number, " ".join(_COMMENT.sub("", line).split())) for number, line in _joined(text))
    return [_line(number, line) for number, line in lines if line]


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines joined with their continuations. A comment ends a continued line, as in pip."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        first = first if parts else number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            parts.append(line[:-1])
            continue
        yield first, " ".join([*parts, line])
        parts = []
    if parts:
        yield first, " ".join(parts)


def _line(number: int, text: str) -> RequirementLine:
    if text.startswith("-"):
        return RequirementLine(number, text, _option_kind(text))
    option = _FIRST_OPTION.search(text)
    requirement = text[: option.start()] if option else text
    hashes = tuple(_HASH.findall(text[len(requirement) :]))
    named = _NAMED_ADDRESS.match(requirement) is not None
    kind = LineKind.ENTRY if named or not _ADDRESS.match(requirement) else LineKind.ADDRESS
    return RequirementLine(number=number, text=text, kind=kind, requirement=requirement, hashes=hashes)


def _option_kind(text: str) -> LineKind:
    """Return the kind of a line of options, by its most important option."""
    names = set(_OPTION_NAME.findall(text))
    for kind, known in (
        (LineKind.OTHER_FILE, _OTHER_FILES),
        (LineKind.EDITABLE, _EDITABLES),
        (LineKind.UNKNOWN_OPTION, names - _LOOKUP - _WITHOUT_EFFECT),
        (LineKind.LOOKUP, _LOOKUP),
    ):
        if names & known:
            return kind
    return LineKind.WITHOUT_EFFECT if names else LineKind.UNKNOWN_OPTION
