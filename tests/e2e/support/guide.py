"""The files and commands of a page of documentation, in their order, so that a test can follow the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# A fenced block, with the path in the paragraph before it if it is a file: "`pants.toml`:".
_BLOCK = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`:\n\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_PROMPT = "$ "


@dataclass(frozen=True)
class GuideFile:
    """A file that the reader writes."""

    path: str
    text: str


@dataclass(frozen=True)
class GuideCommand:
    """A command that the reader runs.

    Attributes:
        expected: Lines of the output, of which other words may be left out. `...` in a word stands for any characters.
    """

    command: str
    expected: tuple[str, ...]

    @property
    def in_background(self) -> bool:
        return self.command.endswith(" &")

    def missing(self, output: str) -> list[str]:
        """Return the expected lines that an output does not contain."""
        return [line for line in self.expected if not re.search(_pattern(line), output)]


def guide_steps(page: str) -> list[GuideFile | GuideCommand]:
    """Return the files and commands of a page.

    Raises:
        ValueError: If a block is neither a file nor made of commands, so that no test would notice what it says.
    """
    return [step for block in _BLOCK.finditer(page) for step in _steps(block)]


def write_file(root: Path, file: GuideFile) -> None:
    path = root / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file.text)


def _steps(block: re.Match[str]) -> Iterator[GuideFile | GuideCommand]:
    if block["path"]:
        yield GuideFile(block["path"], block["text"])
    elif block["language"] == "console":
        yield from _commands(block["text"].splitlines())
    else:
        raise ValueError(f"a block is neither a file nor a console:\n{block['text']}")


def _commands(lines: list[str]) -> Iterator[GuideCommand]:
    starts = [number for number, line in enumerate(lines) if line.startswith(_PROMPT)]
    if starts[:1] != [0]:
        raise ValueError(f"a console does not begin with a command: {lines[:1]}")
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        yield GuideCommand(lines[start][len(_PROMPT) :], tuple(lines[start + 1 : end]))


def _pattern(line: str) -> str:
    words = (r"\S*".join(map(re.escape, word.split("..."))) for word in line.split())
    return r"[^\S\n](?:.*[^\S\n])?".join(words)
