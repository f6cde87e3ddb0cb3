"""The word check: phrases that a reader would have to decode, and the plain words for them (CONTRIBUTING.md, "Style").

Run as a program, this file counts the hits by kind and folder.
"""

from __future__ import annotations

import ast
import enum
import io
import re
import subprocess
import tokenize
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


class Kind(enum.Enum):
    """A kind of text in the repository."""

    DOCUMENTATION = "documentation"  # *.md
    CONFIGURATION = "configuration"  # shell scripts, YAML, TOML, BUILD files and requirements files, comments included
    MESSAGES = "messages"  # string literals of Python code, help texts among them
    TEST_STRINGS = "test strings"  # string literals of Python tests
    DOCSTRINGS = "docstrings"
    COMMENTS = "comments"  # of Python code
    NAMES = "names"  # of Python functions, classes and modules, with spaces for underscores
    OTHER_SOURCES = "other sources"  # C, C++, JavaScript and CSS


# The kinds that are checked.
SCOPE = frozenset(Kind)

# Paths that are not checked, as regular expressions for their beginnings.
EXCLUDED = (
    r"src/",  # the texts of Abacus are in its wheels, whose bytes must not change
    r"tests/projects/(ujson|kiwisolver)/",  # sources of others
    r".*\bwording_test\.py$",  # the table of phrases
    r"3rdparty/python/.*\.txt$",
)

# A phrase as a regular expression, and what to write instead. A space stands for any white space, case does not matter.
REPLACEMENTS = {
    r"\btold\b": "reported, printed, shown",
    r"\btells\b": "reports, describes, contains",
    r"\btell\b(?! [^.]{0,60}\bapart\b)": "report, print, contain (`tell ... apart` is fine)",
    r"\banew\b": "again, rebuilt",
    r"\bonce more\b": "again",
    r"\bmend(s|ed|ing|able)?\b": "fix, fixable by the user",
    r"\bwhatever\b": "any",
    r"\bwhoever\b": "the process that, the user who",
    r"(?<!there\s)\b(is|are|was|were) no (?!longer\b|more\b|fewer\b|less\b|other than\b)(?=\w)": "is not a",
    r"(?<!there\s)\b(is|are|was|were) (?-i:none)\b(?! of\b)": "is not one",
    r"\bin one go\b": "together",
    r"\btold at once\b": "all problems are reported together",
    r"\bslips? of the pen\b": "probably a typo",
    r"\blongest ago\b": "least recently used",
    r"\b(is|are) gone\b": "was deleted",
    r"\bli(es?|ying) beside\b": "is next to",
    r"\bcan(not)? be had\b": "is available, is not available",
    r"\bgo(es)? on where\b": "continues",
    r"\bnowhere near\b": "may not exist",
    r"\bcame (to be )?about\b": "was computed, was built",
    r"\bc(a|o)mes? to be there\b": "exists",
    r"\b(at|to) hand\b": "available",
    r"\b(try|tries|tried|trying) (it|them|the wheels?|each wheel|every wheel|wheels?) (on|out)\b": "smoke-test",
    r"\bwheels? (is|are|was|were) tried\b": "smoke-tested",
    r"\bhow\(\)": "describe_exit()",
    r"\bcuts? both ways\b": "has two effects",
}
_PATTERNS = {
    re.compile(phrase.replace(" ", r"[\s#]+"), re.IGNORECASE): instead for phrase, instead in REPLACEMENTS.items()
}
_CONFIGURATION = re.compile(r"(^|/)(BUILD|pants|\.ci/\w[^/]*|tools/emulation|tools/fuzz)$|\.(yml|toml|sh|in)$")
_OTHER_SOURCES = re.compile(r"\.(c|cc|h|js|css)$")
# Methods that Python's own protocols name.
_OF_PYTHON = {"tell"}
_TESTS = re.compile(r"^tests/|_test\.py$|_fixtures\.py$|(^|/)conftest\.py$")


@dataclass(frozen=True)
class Text:
    """A piece of text and the line in which it begins."""

    kind: Kind
    line: int
    content: str


@dataclass(frozen=True)
class Hit:
    """A phrase that was found in a file."""

    kind: Kind
    path: str
    line: int
    phrase: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.phrase!r}; write: {self.instead}"


def hits_in(path: str, text: Text) -> Iterator[Hit]:
    """All phrases in a text."""
    for pattern, instead in _PATTERNS.items():
        for found in pattern.finditer(text.content):
            line = text.line + text.content.count("\n", 0, found.start())
            yield Hit(kind=text.kind, path=path, line=line, phrase=found[0], instead=instead)


def texts_of(path: str, content: str) -> Iterator[Text]:
    """The pieces of text of a file, by kind."""
    if path.endswith(".md"):
        yield Text(Kind.DOCUMENTATION, 1, content)
    elif path.endswith(".py"):
        yield from _python_texts(path, content)
    elif _CONFIGURATION.search(path):
        yield Text(Kind.CONFIGURATION, 1, content)
    elif _OTHER_SOURCES.search(path):
        yield Text(Kind.OTHER_SOURCES, 1, content)


def _python_texts(path: str, content: str) -> Iterator[Text]:
    yield Text(Kind.NAMES, 1, Path(path).stem.replace("_", " "))
    yield from _comments(content)
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name not in _OF_PYTHON:
            yield Text(Kind.NAMES, node.lineno, node.name.replace("_", " ").strip())
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(id(first.value))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            literal = Kind.TEST_STRINGS if _TESTS.search(path) else Kind.MESSAGES
            yield Text(Kind.DOCSTRINGS if id(node) in docstrings else literal, node.lineno, node.value)


def _comments(content: str) -> Iterator[Text]:
    """Comments; those on consecutive lines are one text."""
    block: list[str] = []
    end = 0
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type != tokenize.COMMENT:
            continue
        if block and token.start[0] != end + 1:
            yield Text(Kind.COMMENTS, end + 1 - len(block), "\n".join(block))
            block = []
        block.append(token.string)
        end = token.start[0]
    if block:
        yield Text(Kind.COMMENTS, end + 1 - len(block), "\n".join(block))


def tracked_files() -> list[str]:
    """The paths of all files that git tracks and that are checked."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, stdout=subprocess.PIPE, check=True)
    paths = listed.stdout.decode().split("\0")
    return [path for path in paths if path and not any(re.match(beginning, path) for beginning in EXCLUDED)]


def all_hits(kinds: Collection[Kind]) -> Iterator[Hit]:
    """All phrases in the repository, in the given kinds of text."""
    for path in tracked_files():
        file = REPOSITORY / path
        if file.is_symlink() or not file.is_file():
            continue
        try:
            content = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for text in texts_of(path, content):
            if text.kind in kinds:
                yield from hits_in(path, text)


def test_plain_words_are_used() -> None:
    found = [str(hit) for hit in all_hits(SCOPE)]
    assert found == [], "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "sentence",
    [
        "The user is told what to do.",
        "The report tells which wheel failed.",
        "It is built anew.",
        "Mend the file.",
        "20X is no size.",
        "A platform that is none.",
        "Reported in\none go.",
        "whatever it is",
        "Whoever writes to a cache.",
        "Download it once more.",
    ],
)
def test_a_phrase_is_found(sentence: str) -> None:
    assert len(list(hits_in("a.md", Text(Kind.DOCUMENTATION, 1, sentence)))) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "It is no longer needed.",
        "There is no such file.",
        "There is none.",
        "We recommend to amend the commit.",
        "To tell the two builds apart, compare their digests.",
        "Run it more than once.",
        "None of the wheels is none of these.",
    ],
)
def test_plain_english_is_accepted(sentence: str) -> None:
    assert list(hits_in("a.md", Text(Kind.DOCUMENTATION, 1, sentence))) == []


SOURCE = '''"""It tells."""


def is_told() -> None:
    # It is
    # told.
    print("x",
        "is told " "anew", f"{told} is gone")
'''


@pytest.mark.parametrize(("path", "literals"), [("a/b.py", "messages"), ("a/b_test.py", "test strings")])
def test_python_is_read_by_kind_and_line(path: str, literals: str) -> None:
    found = [(hit.kind.value, hit.line) for text in texts_of(path, SOURCE) for hit in hits_in(path, text)]
    assert sorted(found) == sorted(
        [("docstrings", 1), ("names", 4), ("comments", 6), (literals, 8), (literals, 8), (literals, 8)]
    )


if __name__ == "__main__":
    counts = Counter((hit.kind.value, "/".join(hit.path.split("/")[:2])) for hit in all_hits(Kind))
    for (kind, folder), count in sorted(counts.items()):
        print(f"{count:5} {kind:15} {folder}")
