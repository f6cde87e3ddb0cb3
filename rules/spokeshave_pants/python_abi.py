"""Python ABIs: the builds for a list of Pythons, and the name and compile options of each.

Sources: PEP 384 and PEP 652 (stable ABI), PEP 425 (tags), PEP 703 (free threading), PEP 3149 (suffixes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_pants.errors import InvalidPythonError
from spokeshave_pants.platform import Platform, System

_VERSION = re.compile(r"3\.(?P<minor>[1-9][0-9]*)(?P<free_threaded>t?)")
_OLDEST_MINOR = 8
_OLDEST_FREE_THREADED_MINOR = 13


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

        Raises:
            InvalidPythonError: For any other text.
        """
        match = _VERSION.fullmatch(text)
        if match is None or int(match["minor"]) < _OLDEST_MINOR:
            raise InvalidPythonError(
                f"{where} lists the Python {text!r}. Write a feature release of CPython from 3.{_OLDEST_MINOR} on, "
                "such as '3.12', or '3.13t' for the free-threaded build."
            )
        version = cls(int(match["minor"]), bool(match["free_threaded"]))
        if version.free_threaded and version.minor < _OLDEST_FREE_THREADED_MINOR:
            raise InvalidPythonError(
                f"{where} lists the Python {text!r}, but CPython has a free-threaded build only from "
                f"3.{_OLDEST_FREE_THREADED_MINOR} on. Remove the 't' or raise the version."
            )
        return version


@dataclass(frozen=True, order=True)
class PythonAbi:
    """One build of a wheel: `cp310`, `cp312-abi3` (serves 3.12 and later), `cp313t`, or `py3-none`.

    Attributes:
        independent: Whether the wheel contains only libraries that Python code opens, and no code that uses Python
            itself. One build then serves every Python, and `version` is the oldest that the wheel lists.
    """

    version: PythonVersion
    stable: bool = False
    independent: bool = False

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
            return "abi3"
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
    def limited_api(self) -> str | None:
        """Return the value of `Py_LIMITED_API`, or None for a version-specific build."""
        return f"0x03{self.version.minor:02X}0000" if self.stable else None

    def extension_suffix(self, platform: Platform) -> str:
        """Return the suffix of an extension's file name, after the module's last name (`EXT_SUFFIX`)."""
        if platform.system is System.WINDOWS:
            return ".pyd" if self.stable else f".{self.abi_tag}-{platform.tag}.pyd"
        if self.stable:
            return ".abi3.so"
        where = "darwin" if platform.system is System.MACOS else self._multiarch(platform)
        return f".{self.abi_tag.replace('cp', 'cpython-')}-{where}.so"

    def _multiarch(self, platform: Platform) -> str:
        # Up to 3.10, CPython on musl had the name gnu.
        is_old_musl = platform.system is System.MUSL and self.version.minor < 11
        return platform.multiarch.replace("musl", "gnu") if is_old_musl else platform.multiarch

    def serves(self, version: PythonVersion) -> bool:
        """Return whether an interpreter of a version loads this build."""
        if self.independent:
            return True
        if self.stable:
            return not version.free_threaded and version >= self.version
        return version == self.version

    def __str__(self) -> str:
        return self.name


def parse_versions(texts: Iterable[str], *, where: str) -> tuple[PythonVersion, ...]:
    """Parse all versions, sorted and without duplicates. All invalid ones are reported together."""
    versions: set[PythonVersion] = set()
    problems: list[str] = []
    for text in texts:
        try:
            versions.add(PythonVersion.parse(text, where=where))
        except InvalidPythonError as error:
            problems.append(str(error))
    if problems:
        raise InvalidPythonError("\n".join(problems))
    return tuple(sorted(versions))


def abis_for(versions: Iterable[PythonVersion], limited_api: PythonVersion | None) -> tuple[PythonAbi, ...]:
    """Return the builds that serve these Pythons: one stable-ABI build from `limited_api` on, one each for others."""
    abis: set[PythonAbi] = set()
    for version in versions:
        if limited_api is not None and not version.free_threaded and version >= limited_api:
            abis.add(PythonAbi(limited_api, stable=True))
        else:
            abis.add(PythonAbi(version))
    return tuple(sorted(abis, key=lambda abi: (abi.version, abi.stable)))
