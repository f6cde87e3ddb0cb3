"""Match specs, conda's requirements: made from PEP 508's, and compared by what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from spokeshave.requirement_text import parse_version

_SPEC = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<rest>.*)", re.DOTALL)
_CLAUSE = re.compile(r"(?P<operator>~=|==|!=|>=|<=|>|<|=)?\s*(?P<version>\S+)")
_SMALLEST = re.compile(r"(\.?(dev|a)0)+$")
"""What conda's bounds end with, so that `<2.0a0` leaves the pre-releases of 2.0 out as PEP 440's `<2.0` does."""
_WILDCARD = ".*"


@dataclass(frozen=True)
class MatchSpec:
    """A requirement of a package.

    Attributes:
        name: In lower case.
        clauses: Each an operator and a version in normal form, such as `(">=", "1.2")`. All must hold.
        is_known: Whether the clauses are all of it: not if it has alternatives, or a value of the build's own.
        text: As it was written, for messages.
    """

    name: str
    clauses: frozenset[tuple[str, str]] = frozenset()
    is_known: bool = True
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> MatchSpec | None:
        """Return the match spec of a text such as `numpy >=1.2,<3`. None if it has no name.

        A text of a build, such as `python 3.11.* *_cpython`, and options in brackets are ignored.
        """
        match = _SPEC.fullmatch(text.partition("::")[2] or text)
        if match is None:
            return None
        rest = match["rest"].partition("[")[0].strip()
        rest = re.sub(r"\s*,\s*", ",", re.sub(r"(?<=[=<>])\s+", "", rest)).partition(" ")[0]
        name = match["name"].lower()
        if "|" in rest or "$" in rest or "{" in rest:
            return cls(name, is_known=False, text=text)
        clauses = frozenset(clause for part in rest.split(",") if part for clause in _clauses(part))
        return cls(name, clauses - {("=", "*")}, text=text)

    def __str__(self) -> str:
        return (
            self.text
            or f"{self.name} {','.join(sorted(f'{operator}{version}' for operator, version in self.clauses))}".strip()
        )


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    """Yield the clauses of one part of a version spec, in normal form. `~=1.4.2` is two of them."""
    match = _CLAUSE.fullmatch(text)
    if match is None:
        yield "", text
        return
    operator = match["operator"] or "=="
    version = match["version"]
    is_prefix = version.endswith(_WILDCARD) or version == "*"
    version = version[: -len(_WILDCARD)] if version.endswith(_WILDCARD) else version
    if operator == "~=":
        yield ">=", _normal(version)
        yield "=", _normal_prefix(version.rpartition(".")[0])
    elif operator == "!=":
        yield ("!=.*", _normal_prefix(version)) if is_prefix else ("!=", _normal(version))
    elif operator == "=" or (operator == "==" and is_prefix):
        yield "=", _normal_prefix(version)
    elif operator == "<":
        yield "<", _normal(_SMALLEST.sub("", version))
    else:
        yield operator, _normal(version)


def _normal(version: str) -> str:
    """Return a version without zeros at its end, which do not count in a comparison."""
    try:
        parsed = parse_version(version)
    except InvalidVersion:
        return version
    return str(parsed) if parsed.release == (0,) else _without_zeros(parsed)


def _without_zeros(version: Version) -> str:
    release = ".".join(map(str, version.release))
    shorter = re.sub(r"(\.0)+$", "", release)
    return str(version).replace(release, shorter, 1)


def _normal_prefix(version: str) -> str:
    """Return the prefix of a version. Its zeros count: `1.0.*` is not `1.*`."""
    try:
        return str(parse_version(version))
    except InvalidVersion:
        return version


def version_spec(specifiers: SpecifierSet) -> str:
    """Return conda's version spec of PEP 440's specifiers. Empty if there are none."""
    return ",".join(_conda_clause(specifier) for specifier in sorted(specifiers, key=_order))


def _conda_clause(specifier: Specifier) -> str:
    version = specifier.version
    if specifier.operator == "~=":
        public = parse_version(version)
        prefix = ".".join(map(str, public.release[:-1]))
        epoch = f"{public.epoch}!" if public.epoch else ""
        return f">={version},{epoch}{prefix}{_WILDCARD}"
    if specifier.operator == "==" and version.endswith(_WILDCARD):
        return version
    return f"{'==' if specifier.operator == '===' else specifier.operator}{version}"


def _order(specifier: Specifier) -> tuple[int, str]:
    """Return the place of a specifier: the lower bound, the upper one, exclusions."""
    operators = ("===", "==", "~=", ">=", ">", "<=", "<", "!=")
    return operators.index(specifier.operator), specifier.version
