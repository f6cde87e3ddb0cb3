"""Macros that a text defines, and their expansion in parts of the text. Works without the engine.

Conditions are not evaluated. A macro that is defined several times has several meanings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_DEFINE = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(?P<name>\w+)(?:\((?P<parameters>[^)\n]*)\))?(?P<body>.*)$", re.MULTILINE
)
_WORD = re.compile(r"[A-Za-z_]\w*")
# A longer text is not expanded.
_LONGEST = 10_000
_PASTE = re.compile(r"\s*##\s*")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


@dataclass(frozen=True)
class Macro:
    """One meaning of a macro. `parameters` are None for a macro without a parameter list."""

    parameters: tuple[str, ...] | None
    body: str


@dataclass(frozen=True)
class Macros:
    """The meanings of macros, by name."""

    meanings: Mapping[str, tuple[Macro, ...]]

    @classmethod
    def of(cls, text: str) -> Macros:
        """Return the macros that a text without comments and without continued lines defines."""
        found: dict[str, tuple[Macro, ...]] = {}
        for match in _DEFINE.finditer(text):
            listed = match["parameters"]
            parameters = None if listed is None else tuple(name.strip() for name in listed.split(","))
            macro = Macro(parameters, match["body"].strip())
            found[match["name"]] = (*found.get(match["name"], ()), macro)
        return cls(found)

    def leading_to(self, start: str) -> frozenset[str]:
        """Return the macros whose expansion contains a word with this start."""
        words = {
            name: {word for macro in meanings for word in _WORD.findall(macro.body)}
            for name, meanings in self.meanings.items()
        }
        found = {name for name in words if any(word.startswith(start) for word in words[name])}
        new = found
        while new:
            new = {name for name in words.keys() - found if words[name] & found}
            found |= new
        return frozenset(found)

    def expand(self, text: str, choice: int) -> str:
        """Return a text with its macros replaced.

        Args:
            choice: Which of its meanings each macro has. A macro with fewer meanings has its last one.
        """
        chosen = {name: meanings[min(choice, len(meanings) - 1)] for name, meanings in self.meanings.items()}
        return _Expansion(chosen).of(text)


@dataclass
class _Expansion:
    """An expansion of macros, which ends after a number of steps. The rest then stays as it is."""

    macros: Mapping[str, Macro]
    steps: int = 1000

    def of(self, text: str, active: frozenset[str] = frozenset()) -> str:
        """Return a text with its macros replaced, except for those that are being replaced."""
        pieces = []
        position = 0
        while match := _WORD.search(text, position):
            pieces.append(text[position : match.start()])
            replacement, position = self._replacement(text, match, active)
            pieces.append(replacement)
        return "".join([*pieces, text[position:]])

    def _replacement(self, text: str, match: re.Match[str], active: frozenset[str]) -> tuple[str, int]:
        """Return the expansion of a word, and where the text goes on."""
        name = match[0]
        end = match.end()
        macro = self.macros.get(name)
        if macro is None or name in active or self.steps <= 0 or len(text) > _LONGEST:
            return name, end
        self.steps -= 1
        body = macro.body
        if macro.parameters is not None:
            arguments, end = _arguments(text, end)
            if end == match.end():
                return name, end
            body = self._substituted(macro, arguments, active)
        return self.of(_PASTE.sub("", body), active | {name}), end

    def _substituted(self, macro: Macro, arguments: list[str], active: frozenset[str]) -> str:
        """Return the body of a macro with its arguments, which are expanded unless they are pasted."""
        body = macro.body
        given = dict(zip(macro.parameters or (), arguments))

        def value(match: re.Match[str]) -> str:
            argument = given.get(match[0], match[0])
            is_pasted = body[: match.start()].rstrip().endswith("##") or body[match.end() :].lstrip().startswith("##")
            return argument if is_pasted or match[0] not in given else self.of(argument, active)

        return _WORD.sub(value, body)


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """Return the arguments of a macro, and the position behind them. That is `start` if there are none."""
    opening = re.compile(r"\s*\(").match(text, start)
    if opening is None:
        return [], start
    depth = 1
    arguments = [""]
    for position in range(opening.end(), len(text)):
        character = text[position]
        depth += _BRACKETS.get(character, 0)
        if depth == 0:
            return [argument.strip() for argument in arguments], position + 1
        if character == "," and depth == 1:
            arguments.append("")
        else:
            arguments[-1] += character
    return [], start
