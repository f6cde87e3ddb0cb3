"""The entries of a requirements file in pip's `--hash` form: one distribution can be installed without the rest.

Sources: pip's "Requirements File Format", PEP 508 (names and environment markers).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

# Its parser, as that of the `packaging` beside Pants 2.17 warns of deprecations that are not the user's.
from pants.backend.python.pip_requirement import PipRequirement

from spokeshave_core.requirement_lines import HASH_REMEDY, LineKind, RequirementLine, requirement_lines


@dataclass(frozen=True)
class Pin:
    """One entry.

    :param name: normalized; empty for an option of pip's, and for a file or an address.
    :param requirement: without hashes and marker, such as `numpy==2.3.5`.
    :param line: the whole entry, in one line.
    :param problem: why no pinned file may have it; empty for one that it may.
    """

    name: str
    requirement: str
    line: str
    problem: str = ""

    @classmethod
    def parse(cls, line: RequirementLine) -> Pin:
        if line.kind is not LineKind.ENTRY:
            problem = f"{line.label}: {line.kind.value}. {line.remedy}" if line.remedy else ""
            return cls(name="", requirement=line.text, line=line.text, problem=problem)
        try:
            found = PipRequirement.parse(line.requirement)
        except ValueError as error:
            problem = f"{line.label}: is not a requirement ({str(error).splitlines()[0]}). {HASH_REMEDY}"
            return cls(name="", requirement=line.requirement, line=line.text, problem=problem)
        parsed = found.as_pkg_resources_requirement()
        is_exact = [operator for operator, version in parsed.specs if not version.endswith(".*")] in (["=="], ["==="])
        is_pinned = bool(line.hashes) and (is_exact or bool(found.url))
        problem = "" if is_pinned else f"{line.label}: is not pinned to one version with hashes. {HASH_REMEDY}"
        name = canonicalize_name(parsed.project_name)
        parsed.marker = None
        return cls(name=name, requirement=str(parsed), line=line.text, problem=problem)

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Whether its environment marker, if it has one, is true there (PEP 508)."""
        if not self.name:
            return True
        (line,) = requirement_lines(self.line)
        marker = PipRequirement.parse(line.requirement).as_pkg_resources_requirement().marker
        return marker is None or bool(marker.evaluate(dict(environment)))


@dataclass(frozen=True)
class PinnedRequirements:
    pins: tuple[Pin, ...]

    @classmethod
    def parse(cls, text: str) -> PinnedRequirements:
        """The entries of a file and its options, but for those that change nothing where all is pinned."""
        lines = requirement_lines(text)
        return cls(tuple(Pin.parse(line) for line in lines if line.kind is not LineKind.WITHOUT_EFFECT))

    @property
    def problems(self) -> tuple[str, ...]:
        """Every line that no pinned file may have, and what to do about it."""
        return tuple(pin.problem for pin in self.pins if pin.problem)

    @property
    def names(self) -> tuple[str, ...]:
        """What is pinned, sorted."""
        return tuple(sorted({pin.name for pin in self.pins if pin.name}))

    def of(self, name: str) -> PinnedRequirements:
        """The entries of one distribution, and those of no known one: options of pip's, files, addresses."""
        return self._having(pin for pin in self.pins if pin.name in (name, ""))

    def applying(self, environment: Mapping[str, str]) -> PinnedRequirements:
        """The entries that a machine takes.

        :param environment: all of PEP 508's variables, so that nothing of this machine decides.
        """
        return self._having(pin for pin in self.pins if pin.applies(environment))

    @property
    def text(self) -> str:
        return "".join(f"{pin.line}\n" for pin in self.pins)

    def _having(self, pins: Iterable[Pin]) -> PinnedRequirements:
        return PinnedRequirements(tuple(pins))
