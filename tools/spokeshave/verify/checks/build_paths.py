"""The check for texts that name the place where the wheel was built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spokeshave.native.file import is_native
from spokeshave.verify.findings import Finding, Rule, Subject, finding
from spokeshave.wheel.archive import CHUNK

# Of every sandbox; nothing that a text has a reason to name.
_SANDBOXES = (rb"/tmp/pants-sandbox[-\w]*", rb"/tmp/process-execution[-\w]+", rb"/tmp/spokeshave-[-\w]+")
# Of developers' and CI's machines; prose may use them as examples, machine code has no reason to.
_HOMES = (rb"/home/(?!linuxbrew/)[\w.-]+/[\w.-]+", rb"/root/[\w.-]+", rb"/Users/[\w.-]+/[\w.-]+", rb"/tmp/pip-[-\w]+")
_BEFORE = rb"(?<![\w.$})-])"
_REST = rb"[\w./+@~-]*"
_SYSTEM_FOLDERS = ("/", "/usr", "/opt", "/etc", "/var", "/lib", "/tmp", "/srv", "/mnt", "/home", "/root")
_SHOWN = 3
# Of a longer text the end may not be told.
_LONGEST = 4096


@dataclass(frozen=True)
class _Search:
    """Texts to look for: how each begins, which is found fast, and what then makes it one."""

    beginnings: tuple[bytes, ...]
    pattern: re.Pattern[bytes]

    @classmethod
    def of(cls, literals: list[str], patterns: tuple[bytes, ...]) -> _Search:
        """A search for texts as they are and for patterns, which stand at the beginning of a path."""
        exact = [text.encode("utf-8") for text in literals]
        alternatives = [re.escape(text) + _REST for text in exact]
        alternatives.append(_BEFORE + b"(?:" + b"|".join(patterns) + b")" + _REST)
        roots = {pattern[: pattern.index(b"/", 1) + 1] for pattern in patterns}
        return cls((*exact, *sorted(roots)), re.compile(b"|".join(alternatives)))

    def run(self, path: Path) -> Iterator[bytes]:
        """The texts in a file, which may be larger than memory."""
        with path.open("rb") as stream:
            for window, begin, end in _windows(stream):
                for beginning in self.beginnings:
                    place = window.find(beginning, begin)
                    while 0 <= place < end:
                        match = self.pattern.match(window, place)
                        yield from [match[0]] if match else []
                        place = window.find(beginning, place + 1)


def check_build_paths(subject: Subject) -> Iterator[Finding]:
    """Forbidden texts and sandboxes in every file, home folders in native code."""
    texts = [*subject.expected.forbidden_texts, *_current_sandbox()]
    everywhere = _Search.of(texts, _SANDBOXES)
    in_code = _Search.of(texts, _SANDBOXES + _HOMES)
    for file in subject.tree.files:
        path = subject.tree.root / file
        native = is_native(path)
        yield from _leaks(file, (in_code if native else everywhere).run(path), native)


def _windows(stream: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Pieces of a file that overlap, and from where to where in each a text may begin."""
    window = b""
    begin = 0
    chunk = stream.read(CHUNK)
    while chunk:
        window += chunk
        chunk = stream.read(CHUNK)
        end = len(window) - _LONGEST if chunk else len(window)
        if end > begin:
            yield window, begin, end
            # What stands before a text decides too.
            window = window[end - 1 :]
            begin = 1


def _leaks(file: str, texts: Iterable[bytes], native: bool) -> Iterator[Finding]:
    found = sorted({text.decode("utf-8", "replace") for text in texts})
    if not found:
        return
    shown = ", ".join(repr(text) for text in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    code = "Compile with -g0 or -ffile-prefix-map, link with -s, and bake in neither __FILE__ nor a configured path."
    text = "Generate the file without absolute paths."
    message = f"names the place where it was built: {shown}{more}"
    yield finding(Rule.BUILD_PATH, file, message, code if native else text)


def _current_sandbox() -> list[str]:
    """The current directory, unless it is one that any text may name."""
    folder = Path.cwd()
    return [] if str(folder) in _SYSTEM_FOLDERS or str(folder.parent) in ("/", "/usr") else [str(folder)]
