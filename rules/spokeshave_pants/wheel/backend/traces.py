"""The output of a build without what describes the machinery only: progress, stack frames of others, the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_HEADING = "Traceback (most recent call last):"
_FRAME = re.compile(r'\s+File "(?P<file>[^"]*)", line \d+, in ')
# Packages of the build environment, Python's own library, and the program that runs the backend.
_MACHINERY = re.compile(r"/site-packages/|/lib/python3\.\d+t?/|(?:^|/)__backend/|^<frozen ")
_SANDBOX = re.compile(
    r"(?:/[^\s/:;,'\"=]+)*/(?:pants-sandbox-\w+/(?:__project/)?|immutable_inputs\w*/(?:\.tmp\w+/)?[0-9a-f]{64}/)"
)
# What setuptools says of each file that it looks at.
_PROGRESS = re.compile(
    r"(?:running \w+|creating (?:\S+|'.*' and adding .*)|(?:copying|hard linking|Copying) .+ (?:->|to) .+"
    r"|(?:writing|reading|removing|installing) .*(?:egg-info|manifest|MANIFEST|build).*"
    r"|adding (?:license file )?'.*'|byte-compiling .*"
    r"|warning: (?:build_py|install_lib): byte-compiling is disabled, skipping\.)"
)
_SPACE = re.compile(r"\s*")


def readable(output: str) -> str:
    """Return an output without setuptools' progress and stack frames of others, and with relative paths.

    A backend that fails prints its stack, which hides what the compiler said before. What remains of a stack are the
    frames of the project's own code, such as its `setup.py`, and the exception.
    """
    lines = (line for line in _without_machinery(output.splitlines()) if not _PROGRESS.fullmatch(line))
    return "\n".join(_SANDBOX.sub("", line) for line in lines)


def _without_machinery(lines: Iterable[str]) -> Iterator[str]:
    heading: str | None = None
    indent: int | None = None
    is_kept = True
    for line in lines:
        if line.strip() == _HEADING:
            heading = line
            indent = None
            is_kept = True
            continue
        frame = _FRAME.match(line)
        depth = _depth(line)
        if frame and (indent is None or depth == indent):
            indent = depth
            is_kept = not _MACHINERY.search(frame["file"])
        elif indent is not None and depth <= indent and not line.lstrip().startswith("[Previous line repeated"):
            # The exception, which ends the stack.
            heading = None
            indent = None
            is_kept = True
        if is_kept:
            if heading is not None:
                yield heading
                heading = None
            yield line


def _depth(line: str) -> int:
    spaces = _SPACE.match(line)
    return spaces.end() if spaces else 0
