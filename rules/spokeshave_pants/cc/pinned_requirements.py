"""The entries of a requirements file in pip's `--hash` form: one distribution can be installed without the rest.

Sources: pip's "Requirements File Format", PEP 508 (names and environment markers).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

# Its parser, as that of the `packaging` beside Pants 2.17 warns of deprecations that are not the user's.
from pants.backend.python.pip_requirement import PipRequirement

_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)
_CONTINUATION = re.compile(r"\\\r?\n")
_OPTIONS = re.compile(r"\s--?[a-z].*$")


@dataclass(frozen=True)
class Pin:
    """One entry.

    :param name: normalized; empty for an option of pip's, and for a file or an address.
    :param requirement: without hashes and marker, such as `numpy==2.3.5`.
    :param line: the whole entry, in one line.
    """

    name: str
    requirement: str
    line: str

    @classmethod
    def parse(cls, line: str) -> Pin:
        text = _OPTIONS.sub("", line)
        try:
            requirement = PipRequirement.parse(text).as_pkg_resources_requirement()
        except ValueError:
            return cls("", text, line)
        name, requirement.marker = canonicalize_name(requirement.project_name), None
        return cls(name, str(requirement), line)

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Whether its environment marker, if it has one, is true there (PEP 508)."""
        if not self.name:
            return True
        marker = PipRequirement.parse(_OPTIONS.sub("", self.line)).as_pkg_resources_requirement().marker
        return marker is None or bool(marker.evaluate(dict(environment)))


@dataclass(frozen=True)
class PinnedRequirements:
    pins: tuple[Pin, ...]

    @classmethod
    def parse(cls, text: str) -> PinnedRequirements:
        lines = _CONTINUATION.sub(" ", _COMMENT.sub("", text)).splitlines()
        return cls(tuple(Pin.parse(" ".join(line.split())) for line in lines if line.strip()))

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
