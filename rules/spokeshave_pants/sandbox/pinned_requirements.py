"""The entries of a requirements file in pip's `--hash` form, so that one distribution can be installed by itself.

Sources: pip's "Requirements File Format", PEP 508 (names and environment markers).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from spokeshave_core.requirement_lines import HASH_REMEDY, LineKind, RequirementLine, requirement_lines
from spokeshave_pants.pants_api.requirement import parse_requirement


@dataclass(frozen=True)
class Pin:
    """One entry.

    Attributes:
        name: The normalized name. Empty for an option of pip, a file or an address.
        requirement: The requirement without hashes and marker, such as `numpy==2.3.5`.
        line: The whole entry, in one line.
        problem: Why a pinned file may not contain it. Empty if it may.
    """

    name: str
    requirement: str
    line: str
    problem: str = ""

    @classmethod
    def parse(cls, line: RequirementLine) -> Pin:
        """Parse a line of a requirements file."""
        if line.kind is not LineKind.ENTRY:
            problem = f"{line.label}: {line.kind.value}. {line.remedy}" if line.remedy else ""
            return cls(name="", requirement=line.text, line=line.text, problem=problem)
        try:
            found = parse_requirement(line.requirement)
        except ValueError as error:
            problem = f"{line.label}: is not a requirement ({str(error).splitlines()[0]}). {HASH_REMEDY}"
            return cls(name="", requirement=line.requirement, line=line.text, problem=problem)
        is_exact = [each.operator for each in found.specifier if not each.version.endswith(".*")] in (["=="], ["==="])
        is_pinned = bool(line.hashes) and (is_exact or bool(found.url))
        problem = "" if is_pinned else f"{line.label}: is not pinned to one version with hashes. {HASH_REMEDY}"
        name = canonicalize_name(found.name)
        found.marker = None
        return cls(name=name, requirement=str(found), line=line.text, problem=problem)

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Return whether its environment marker, if any, is true in an environment (PEP 508)."""
        if not self.name:
            return True
        (line,) = requirement_lines(self.line)
        marker = parse_requirement(line.requirement).marker
        return marker is None or bool(marker.evaluate(dict(environment)))


@dataclass(frozen=True)
class PinnedRequirements:
    """The entries of a requirements file."""

    pins: tuple[Pin, ...]

    @classmethod
    def parse(cls, text: str) -> PinnedRequirements:
        """Parse the entries and options of a file, except options without effect on pinned requirements."""
        lines = requirement_lines(text)
        return cls(tuple(Pin.parse(line) for line in lines if line.kind is not LineKind.WITHOUT_EFFECT))

    @property
    def problems(self) -> tuple[str, ...]:
        """Return all lines that a pinned file may not contain, and what to do about each."""
        return tuple(pin.problem for pin in self.pins if pin.problem)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the pinned names, sorted."""
        return tuple(sorted({pin.name for pin in self.pins if pin.name}))

    def of(self, name: str) -> PinnedRequirements:
        """Return the entries of one distribution, and those without a known one: options of pip, files, addresses."""
        return self._having(pin for pin in self.pins if pin.name in (name, ""))

    def applying(self, environment: Mapping[str, str]) -> PinnedRequirements:
        """Return the entries that apply to a machine.

        Args:
            environment: All variables of PEP 508, so that this machine has no influence.
        """
        return self._having(pin for pin in self.pins if pin.applies(environment))

    @property
    def text(self) -> str:
        """Return the entries in the form of a requirements file."""
        return "".join(f"{pin.line}\n" for pin in self.pins)

    def _having(self, pins: Iterable[Pin]) -> PinnedRequirements:
        return PinnedRequirements(tuple(pins))
