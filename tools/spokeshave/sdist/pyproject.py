"""The pyproject.toml of an sdist: the project's own, with another build backend.

The text is edited and not written again, so that the comments and the order of the project's tables stay. That only
the intended parts changed is proven afterwards: both texts are parsed and compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from spokeshave.errors import InvalidMetadataError
from spokeshave.requirement_text import parse_requirement
from spokeshave.toml_text import InvalidTomlError, parse_toml
from spokeshave_core.problems import Problem

BACKEND_REQUIREMENT = "scikit-build-core>=0.11"
"""0.11 is the first with dynamic metadata by a template."""

_HEADER = re.compile(r"\[\[?\s*(?P<name>[^\]]+?)\s*\]\]?\s*(#.*)?$")
_QUOTES = re.compile(r'"""|\'\'\'')
_STRING = re.compile(r"\"(?P<double>[^\"\\\n]*)\"|'(?P<single>[^'\n]*)'")
_VERSION = re.compile(r"^(?P<key>version\s*=\s*)(?P<quote>[\"'])(?P<text>[^\"'\n]*)(?P=quote)", re.MULTILINE)
_REQUIREMENT_TABLES = ("project", "project.optional-dependencies")
_REMEDY = (
    "Write `[build-system]` and `[tool.scikit-build]` as tables of their own, or leave them out: the sdist has others. "
    "Write requirements that the release pins as texts of one line."
)


@dataclass(frozen=True)
class Backend:
    """The tables by which scikit-build-core builds an sdist.

    Attributes:
        requirements: What `requires` has besides scikit-build-core.
        py_api: The value of `wheel.py-api`. Empty if each Python has a wheel of its own.
        has_dynamic_version: Whether the version is that of PKG-INFO.
        dependencies: The run-time requirements, if the project's table has none because they are dynamic.
    """

    requirements: tuple[str, ...] = ()
    py_api: str = ""
    has_dynamic_version: bool = True
    dependencies: tuple[str, ...] | None = None

    def tables(self) -> str:
        """Return the tables as TOML."""
        requires = [BACKEND_REQUIREMENT, *self.requirements]
        lines = [
            "[build-system]",
            f"requires = {_array(requires)}",
            'build-backend = "scikit_build_core.build"',
            "",
            "[tool.scikit-build]",
            'minimum-version = "0.11"',
            # CMake installs the Python files, so that no other tool's rules leave any out.
            "wheel.packages = []",
            *([f"wheel.py-api = {json.dumps(self.py_api)}"] if self.py_api else ()),
        ]
        if self.has_dynamic_version:
            lines += [
                "",
                "[tool.scikit-build.metadata.version]",
                'provider = "scikit_build_core.metadata.regex"',
                'input = "PKG-INFO"',
                "regex = '^Version: (?P<value>.+)$'",
            ]
        if self.dependencies is not None:
            escaped = [text.replace("{", "{{").replace("}", "}}") for text in self.dependencies]
            lines += [
                "",
                "[tool.scikit-build.metadata.dependencies]",
                'provider = "scikit_build_core.metadata.template"',
                f"result = {_array(escaped)}",
            ]
        return "\n".join(lines) + "\n"


def sdist_pyproject(text: str, backend: Backend, pins: Collection[str], version: str, place: str) -> str:
    """Return the pyproject.toml of an sdist.

    Args:
        text: The project's own pyproject.toml.
        pins: The normalized names of the distributions that are pinned to the version.

    Raises:
        InvalidMetadataError: If the text has a form that cannot be edited.
    """
    kept = repin_text(_without_tables(text), pins, None, version)
    expected = _expected(parse_toml(text), pins, version)
    try:
        is_equal = parse_toml(kept) == expected
    except InvalidTomlError:
        is_equal = False
    if not is_equal:
        message = "cannot be changed to the pyproject.toml of an sdist"
        raise InvalidMetadataError(Problem(place, message, _REMEDY))
    return f"{kept.rstrip()}\n\n{backend.tables()}"


def repin_text(text: str, pins: Collection[str], old: str | None, version: str) -> str:
    """Return a pyproject.toml in which the requirements of pinned distributions have a version.

    Args:
        old: The version that they are pinned to. None if they have none yet.
    """
    if not pins:
        return text

    def replacement(match: re.Match[str]) -> str:
        found = match["double"] if match["double"] is not None else match["single"]
        pinned = _pinned(found, pins, old, version)
        return match[0] if pinned is None else _toml(pinned)

    for start, end in reversed(_spans(text, with_backend=old is not None)):
        text = text[:start] + _STRING.sub(replacement, text[start:end]) + text[end:]
    return text


def with_static_version(text: str, old: str, version: str) -> str:
    """Return a pyproject.toml with another version, if the project's table has the old one."""
    for start, end in _spans(text, with_backend=False)[:1]:
        changed = _VERSION.sub(
            lambda match: f"{match['key']}{json.dumps(version)}" if match["text"] == old else match[0], text[start:end]
        )
        return text[:start] + changed + text[end:]
    return text


def _array(texts: Iterable[str]) -> str:
    lines = "".join(f"  {_toml(text)},\n" for text in texts)
    return f"[\n{lines}]" if lines else "[]"


def _toml(text: str) -> str:
    """Return a text in TOML. A requirement with a marker contains quotes, and remains readable."""
    return f"'{text}'" if '"' in text and "'" not in text else json.dumps(text)


def _headers(text: str) -> list[tuple[int, str]]:
    """Return the position and the name of each table, outside of texts of several lines."""
    found = []
    position = 0
    inside = ""
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line.strip()) if not inside else None
        if header and not line.startswith((" ", "\t")):
            found.append((position, header["name"]))
        for quotes in _QUOTES.findall(line):
            inside = quotes if not inside else "" if inside == quotes else inside
        position += len(line)
    return found


def _without_tables(text: str) -> str:
    """Return a text without the tables that an sdist replaces."""
    headers = [*_headers(text), (len(text), "")]
    first = headers[0][0]
    kept = [text[:first]]
    for (start, name), (end, _) in zip(headers, headers[1:]):
        if not _is_replaced(name):
            kept.append(text[start:end])
    return "".join(kept)


def _is_replaced(name: str) -> bool:
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    return parts[:1] == ["build-system"] or parts[:2] == ["tool", "scikit-build"]


def _spans(text: str, *, with_backend: bool) -> list[tuple[int, int]]:
    """Return the parts of a text in which requirements are pinned.

    Args:
        with_backend: Whether the tables of the sdist's backend are among them, which may have dependencies.
    """
    headers = [*_headers(text), (len(text), "")]
    return [
        (start, end)
        for (start, name), (end, _) in zip(headers, headers[1:])
        if name in _REQUIREMENT_TABLES or (with_backend and _is_replaced(name))
    ]


def _pinned(text: str, pins: Collection[str], old: str | None, version: str) -> str | None:
    """Return a requirement with a pin. None if the text is not a requirement of a pinned distribution."""
    try:
        requirement = parse_requirement(text)
    except InvalidRequirement:
        return None
    expected = SpecifierSet("" if old is None else f"=={old}")
    if canonicalize_name(requirement.name) not in pins or requirement.specifier != expected or requirement.url:
        return None
    requirement.specifier = SpecifierSet(f"=={version}")
    return str(requirement)


def _expected(document: Mapping[str, object], pins: Collection[str], version: str) -> dict[str, object]:
    """Return a document with the changes of `sdist_pyproject`, made in its values instead of its text."""
    changed = {key: value for key, value in document.items() if key != "build-system"}
    tool = changed.get("tool")
    if isinstance(tool, dict):
        changed["tool"] = {key: value for key, value in tool.items() if key != "scikit-build"}
        if not changed["tool"]:
            del changed["tool"]
    project = changed.get("project")
    if isinstance(project, dict):
        groups = project.get("optional-dependencies")
        repinned = {"dependencies": _repinned(project.get("dependencies"), pins, version)}
        if isinstance(groups, dict):
            repinned["optional-dependencies"] = {
                name: _repinned(texts, pins, version) for name, texts in groups.items()
            }
        changed["project"] = {**project, **{key: value for key, value in repinned.items() if key in project}}
    return changed


def _repinned(texts: object, pins: Collection[str], version: str) -> object:
    if not isinstance(texts, list):
        return texts
    return [_pinned(text, pins, None, version) or text if isinstance(text, str) else text for text in texts]
