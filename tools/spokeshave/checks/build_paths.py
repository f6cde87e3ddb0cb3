"""The check for texts that name the place where the wheel was built."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from spokeshave.findings import Finding, Rule, Subject, finding
from spokeshave.native import is_native

# Of every sandbox; nothing that a text has a reason to name.
_SANDBOXES = (rb"/tmp/pants-sandbox[-\w]*", rb"/tmp/process-execution[-\w]+", rb"/tmp/spokeshave-[-\w]+")
# Of developers' and CI's machines; prose may use them as examples, machine code has no reason to.
_HOMES = (rb"/home/(?!linuxbrew/)[\w.-]+/[\w.-]+", rb"/root/[\w.-]+", rb"/Users/[\w.-]+/[\w.-]+", rb"/tmp/pip-[-\w]+")
_BEFORE = rb"(?<![\w.$})-])"
_REST = rb"[\w./+@~-]*"
_SYSTEM_FOLDERS = ("/", "/usr", "/opt", "/etc", "/var", "/lib", "/tmp", "/srv", "/mnt", "/home", "/root")
_SHOWN = 3


def check_build_paths(subject: Subject) -> Iterator[Finding]:
    """Forbidden texts and sandboxes in every file, home folders in native code."""
    texts = [*subject.expected.forbidden_texts, *_current_sandbox()]
    everywhere = _pattern([_literal(text) for text in texts], [*_SANDBOXES])
    in_code = _pattern([_literal(text) for text in texts], [*_SANDBOXES, *_HOMES])
    for file in subject.tree.files:
        native = is_native(subject.tree.root / file)
        with subject.tree.mapped(file) as data:
            yield from _leaks(file, (in_code if native else everywhere).finditer(data), native)


def _leaks(file: str, matches: Iterable[re.Match[bytes]], native: bool) -> Iterator[Finding]:
    found = sorted({match[0].decode("utf-8", "replace") for match in matches})
    if not found:
        return
    shown = ", ".join(repr(text) for text in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    code = "Compile with -g0 or -ffile-prefix-map, and do not bake __FILE__ or a configured path into it."
    text = "Generate the file without absolute paths."
    message = f"names the place where it was built: {shown}{more}"
    yield finding(Rule.BUILD_PATH, file, message, code if native else text)


def _pattern(literals: list[bytes], patterns: list[bytes]) -> re.Pattern[bytes]:
    anchored = [_BEFORE + b"(?:" + b"|".join(patterns) + b")" + _REST]
    return re.compile(b"|".join([*literals, *anchored]))


def _literal(text: str) -> bytes:
    return re.escape(text.encode("utf-8")) + _REST


def _current_sandbox() -> list[str]:
    """The current directory, unless it is one that any text may name."""
    folder = os.getcwd()
    return [] if folder in _SYSTEM_FOLDERS or os.path.dirname(folder) in ("/", "/usr") else [folder]
