"""The check for paths of the build directory in files of a wheel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spokeshave.files import CHUNK
from spokeshave.native.file import is_native
from spokeshave.verify.findings import Subject, finding
from spokeshave_core.outcomes import Rule
from spokeshave_core.reports.verify import Finding

# Paths of sandboxes. No text has a reason to contain them.
_SANDBOXES = (rb"/tmp/pants-sandbox[-\w]*", rb"/tmp/process-execution[-\w]+", rb"/tmp/spokeshave-[-\w]+")
# Paths of developers' and CI machines. Prose may use them as examples, but machine code has no reason to.
_HOMES = (rb"/home/(?!linuxbrew/)[\w.-]+/[\w.-]+", rb"/root/[\w.-]+", rb"/Users/[\w.-]+/[\w.-]+", rb"/tmp/pip-[-\w]+")
_BEFORE = rb"(?<![\w.$})-])"
_REST = rb"[\w./+@~-]*"
_SYSTEM_FOLDERS = ("/", "/usr", "/opt", "/etc", "/var", "/lib", "/tmp", "/srv", "/mnt", "/home", "/root")
_SHOWN = 3
# The end of a longer text may not be shown.
_LONGEST = 4096


@dataclass(frozen=True)
class _Search:
    """Texts to search for: a prefix of each for a fast search, and a pattern for the match."""

    beginnings: tuple[bytes, ...]
    pattern: re.Pattern[bytes]

    @classmethod
    def of(cls, literals: list[str], patterns: tuple[bytes, ...]) -> _Search:
        """Return a search for literal texts and for patterns, which match at the beginning of a path."""
        exact = [text.encode("utf-8") for text in literals]
        alternatives = [re.escape(text) + _REST for text in exact]
        alternatives.append(_BEFORE + b"(?:" + b"|".join(patterns) + b")" + _REST)
        roots = {pattern[: pattern.index(b"/", 1) + 1] for pattern in patterns}
        return cls((*exact, *sorted(roots)), re.compile(b"|".join(alternatives)))

    def run(self, path: Path) -> Iterator[bytes]:
        """Yield the matching texts in a file, which may be larger than memory."""
        with path.open("rb") as stream:
            for window, begin, end in _windows(stream):
                for beginning in self.beginnings:
                    place = window.find(beginning, begin)
                    while 0 <= place < end:
                        match = self.pattern.match(window, place)
                        yield from [match[0]] if match else []
                        place = window.find(beginning, place + 1)


def check_build_paths(subject: Subject) -> Iterator[Finding]:
    """Check for forbidden texts and sandboxes in every file, and home directories in native code."""
    texts = [*subject.expected.forbidden_texts, *_current_sandbox()]
    everywhere = _Search.of(texts, _SANDBOXES)
    in_code = _Search.of(texts, _SANDBOXES + _HOMES)
    for file in subject.tree.files:
        path = subject.tree.root / file
        native = is_native(path)
        yield from _leaks(file, (in_code if native else everywhere).run(path), native)


def _windows(stream: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield overlapping pieces of a file, and the range of positions in each at which a text may begin."""
    window = b""
    begin = 0
    chunk = stream.read(CHUNK)
    while chunk:
        window += chunk
        chunk = stream.read(CHUNK)
        end = len(window) - _LONGEST if chunk else len(window)
        if end > begin:
            yield window, begin, end
            # The characters before a text matter too.
            window = window[end - 1 :]
            begin = 1


def _leaks(file: str, texts: Iterable[bytes], native: bool) -> Iterator[Finding]:
    found = sorted({text.decode("utf-8", "replace") for text in texts})
    if not found:
        return
    shown = ", ".join(repr(text) for text in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    code = "Compile with -g0 or -ffile-prefix-map, link with -s, and do not embed __FILE__ or a configured path."
    text = "Generate the file without absolute paths."
    message = f"contains the path of the build directory: {shown}{more}"
    yield finding(Rule.BUILD_PATH, file, message, code if native else text)


def _current_sandbox() -> list[str]:
    """Return the current directory, unless it is one that any text may contain."""
    folder = Path.cwd()
    return [] if str(folder) in _SYSTEM_FOLDERS or str(folder.parent) in ("/", "/usr") else [str(folder)]
