"""Wheel tags: ``cp312-abi3-manylinux_2_17_x86_64`` (PEP 425), compressed or expanded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from spokeshave.errors import InvalidWheelError
from spokeshave_core.problems import Problem

PART = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*", re.ASCII)


@dataclass(frozen=True)
class WheelTag:
    """A tag triple; each part may hold several values joined by dots."""

    python: str
    abi: str
    platform: str

    @classmethod
    def parse(cls, text: str) -> WheelTag:
        """Read ``python-abi-platform``; raises InvalidWheelError for anything else."""
        parts = text.split("-")
        if len(parts) != 3 or not all(PART.fullmatch(part) for part in parts):
            remedy = "Write it as python-abi-platform in lower case, for example cp312-abi3-linux_x86_64."
            raise InvalidWheelError(Problem(f"tag {text}", "is not a wheel tag", remedy))
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.python}-{self.abi}-{self.platform}"

    def expand(self) -> list[str]:
        """Each single tag that the triple stands for, sorted."""
        parts = (self.python.split("."), self.abi.split("."), self.platform.split("."))
        return sorted("-".join(single) for single in product(*map(set, parts)))
