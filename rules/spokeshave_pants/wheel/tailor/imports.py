"""The modules that Python sources import, by a scan of their text that accepts the syntax of every Python version."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FROM = re.compile(
    r"^[ \t]*from[ \t]+(?P<dots>\.*)(?P<module>[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#;]*)", re.M
)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+(?P<modules>[\w.]+[^\n#;]*)", re.MULTILINE)
_CONTINUATION = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"[\w.]+")


def imported_modules(text: str, package: str) -> frozenset[str]:
    """Return the modules that a source may import. In `from a import b`, `b` may be a module or not.

    Args:
        package: The package that contains the source, for relative imports. Empty for a top-level module.
    """
    return frozenset(filter(None, _found(_CONTINUATION.sub(" ", text), package)))


def _found(text: str, package: str) -> Iterator[str]:
    for match in _IMPORT.finditer(text):
        yield from _names(match["modules"])
    for match in _FROM.finditer(text):
        base = _base(match["dots"], match["module"], package)
        if base is None:
            continue
        yield base
        yield from (f"{base}.{name}".lstrip(".") for name in _names(match["names"]))


def _names(text: str) -> Iterator[str]:
    for part in _COMMENT.sub("", text).strip("() \t\r\n").split(","):
        name = _NAME.match(part.strip())
        if name:
            yield name[0]


def _base(dots: str, module: str, package: str) -> str | None:
    """Return the absolute name of the module of `from ..a import b`. None if it leads out of the package."""
    if not dots:
        return module
    parents = package.split(".") if package else []
    if len(dots) > len(parents):
        return None
    return ".".join((*parents[: len(parents) - len(dots) + 1], *filter(None, [module])))
