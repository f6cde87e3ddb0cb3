"""Versions of Python and the ABIs of a wheel's builds.

Sources: PEP 384 and PEP 652 (stable ABI), PEP 425 (tags), PEP 703 (free threading), PEP 803 (`abi3t`).

How the file name of an extension ends is decided twice, because the verification must not trust the builder: by
`headers/extension_suffix.py` of the rules and by `verify/checks/modules.py` of the tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.wheel_name import WheelTag

_VERSION = re.compile(r"3\.(?P<minor>[1-9][0-9]*)(?P<free_threaded>t?)")
_OLDEST_MINOR = 8
OLDEST_FREE_THREADED_MINOR = 13
OLDEST_ABI3T_MINOR = 15
"""The first CPython that has a stable ABI for free-threaded builds, and loads files that are named for it."""
_PYTHON_TAG = re.compile(r"cp3(?P<minor>[1-9]?[0-9]+)", re.ASCII)


class InvalidPythonError(SpokeshaveError):
    """A Python version that is not written `3.X` (or `3.Xt`), an ABI that is not one, or one that is not supported."""


@dataclass(frozen=True, order=True)
class PythonVersion:
    """A feature release of CPython, `3.12`, or its free-threaded build, `3.13t`."""

    minor: int
    free_threaded: bool = False

    def __str__(self) -> str:
        return f"3.{self.minor}{'t' if self.free_threaded else ''}"

    @classmethod
    def parse(cls, text: str, *, where: str) -> PythonVersion:
        """Return the version that a text such as `3.12` or `3.13t` names.

        Args:
            where: What contains the text, for the message, such as "the target //a:b".

        Raises:
            InvalidPythonError: for anything else.
        """
        match = _VERSION.fullmatch(text)
        if match is None or int(match["minor"]) < _OLDEST_MINOR:
            raise InvalidPythonError(
                f"{where} lists the Python {text!r}. Write a feature release of CPython from 3.{_OLDEST_MINOR} on, "
                "such as '3.12', or '3.13t' for the free-threaded build."
            )
        version = cls(int(match["minor"]), bool(match["free_threaded"]))
        if version.free_threaded and version.minor < OLDEST_FREE_THREADED_MINOR:
            raise InvalidPythonError(
                f"{where} lists the Python {text!r}, but CPython has a free-threaded build only from "
                f"3.{OLDEST_FREE_THREADED_MINOR} on. Remove the 't' or raise the version."
            )
        return version


OLDEST_PYTHON = PythonVersion(_OLDEST_MINOR)


@dataclass(frozen=True, order=True)
class PythonAbi:
    """One build of a wheel: `cp310`, `cp312-abi3`, `cp315-abi3.abi3t`, `cp313t`, or `py3-none`.

    `cp312-abi3` serves the builds of 3.12 and later that have a GIL. `cp315-abi3.abi3t` serves all builds of 3.15 and
    later: its version is `3.15t`, because it is compiled as for the free-threaded build. What works there also works
    with a GIL.

    Attributes:
        version: The Python that it is built for; of a build that serves several the oldest one.
        stable: Whether it uses the stable ABI only.
        independent: Whether the wheel contains libraries that Python code opens, and nothing that uses Python itself:
            one build serves every Python.
        abi3t_only: Whether a stable build for free-threaded Pythons is tagged for these alone, `cp315-abi3t`. Other
            build tools make such wheels.
    """

    version: PythonVersion
    stable: bool = False
    independent: bool = False
    abi3t_only: bool = False

    @classmethod
    def parse(cls, text: str) -> PythonAbi:
        """The ABI of a name such as `cp310`, `cp312-abi3`, `cp313t` or `py3-none`; raises `InvalidPythonError`."""
        python, dash, abi = text.partition("-")
        found = cls.of_tags(python, abi) if dash else cls.of_tags(python.rstrip("t"), python)
        if found:
            return found
        remedy = "Use a name such as cp310, cp312-abi3, cp315-abi3.abi3t, cp313t or py3-none."
        if "abi3t" in abi.split("."):
            remedy = f"The stable ABI abi3t is that of CPython 3.{OLDEST_ABI3T_MINOR} and later (PEP 803). {remedy}"
        meant = cls.of_tags(python[:-1], abi) if python.endswith("t") else None
        if meant:
            remedy = f"The Python tag has no t: {meant}."
        raise InvalidPythonError(Problem(text, "is not a Python ABI", remedy))

    @classmethod
    def of_tags(cls, python: str, abi: str) -> PythonAbi | None:
        """The ABI of a wheel's Python tag and ABI tag; None where they are not those of one build for CPython 3."""
        match = _PYTHON_TAG.fullmatch(python)
        minor = int(match["minor"]) if match else _OLDEST_MINOR
        free_threaded = PythonVersion(minor, free_threaded=True)
        candidates = [
            cls(PythonVersion(minor)),
            cls(PythonVersion(minor), stable=True),
            cls(free_threaded),
            cls(PythonVersion(minor), independent=True),
        ]
        if minor >= OLDEST_ABI3T_MINOR:
            candidates += [cls(free_threaded, stable=True), cls(free_threaded, stable=True, abi3t_only=True)]
        tags = (python, ".".join(sorted(abi.split("."))))
        return next((known for known in candidates if (known.python_tag, known.abi_tag) == tags), None)

    @property
    def python_tag(self) -> str:
        """Return the Python tag of a wheel (PEP 425)."""
        return "py3" if self.independent else f"cp3{self.version.minor}"

    @property
    def abi_tag(self) -> str:
        """Return the ABI tag of a wheel (PEP 425)."""
        if self.independent:
            return "none"
        if self.stable:
            return "abi3t" if self.abi3t_only else "abi3.abi3t" if self.is_abi3t else "abi3"
        return f"cp3{self.version.minor}{'t' if self.version.free_threaded else ''}"

    @property
    def name(self) -> str:
        """Return the ABI's name in targets, reports and messages."""
        return f"{self.python_tag}-{self.abi_tag}" if self.serves_several else self.abi_tag

    @property
    def serves_several(self) -> bool:
        """Return whether one build serves more than one Python."""
        return self.stable or self.independent

    @property
    def python_version(self) -> tuple[int, int] | None:
        """The version of CPython, `(3, 12)`; None where nothing depends on it."""
        return None if self.independent else (3, self.version.minor)

    @property
    def is_abi3t(self) -> bool:
        """Return whether it uses the stable ABI for free-threaded builds."""
        return self.stable and self.version.free_threaded

    @property
    def limited_api(self) -> Mapping[str, str]:
        """Return the macros that limit CPython's headers to the stable ABI, with their values."""
        if not self.stable:
            return {}
        names = ("Py_LIMITED_API", "Py_TARGET_ABI3T") if self.is_abi3t else ("Py_LIMITED_API",)
        return dict.fromkeys(names, f"0x03{self.version.minor:02X}0000")

    def wheel_tag(self, platform: str) -> WheelTag:
        """The tag of a wheel of this ABI for a platform's tag, or for several joined by dots."""
        return WheelTag(self.python_tag, self.abi_tag, platform)

    def serves(self, version: PythonVersion) -> bool:
        """Return whether an interpreter of a version loads this build."""
        if self.independent:
            return True
        if self.stable:
            has_abi = self.is_abi3t if version.free_threaded else not self.abi3t_only
            return has_abi and version.minor >= self.version.minor
        return version == self.version

    def __str__(self) -> str:
        return self.name


def parse_versions(texts: Iterable[str], *, where: str) -> tuple[PythonVersion, ...]:
    """All versions, sorted and without repeats; every wrong one is reported in one error."""
    versions: set[PythonVersion] = set()
    problems = Problems()
    for text in texts:
        with problems.collecting():
            versions.add(PythonVersion.parse(text, where=where))
    problems.raise_if_any(InvalidPythonError)
    return tuple(sorted(versions))
