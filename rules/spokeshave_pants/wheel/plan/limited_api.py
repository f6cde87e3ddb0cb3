"""The `limited_api` of extensions, and the builds of a wheel that follow from it (PEP 384, PEP 803)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spokeshave_core.problems import Problems
from spokeshave_core.python_abi import OLDEST_ABI3T_MINOR, PythonAbi, PythonVersion
from spokeshave_pants.errors import InvalidTargetError


@dataclass(frozen=True)
class LimitedApi:
    """The Pythons from which on builds for the stable ABIs are used. Without any, each Python has a build of its own.

    Attributes:
        abi3: The first Python with a GIL that can load a build for a stable ABI, such as 3.12.
        abi3t: The first Python that gets a build for both stable ABIs, `abi3.abi3t`, such as 3.15t. That build also
            serves the Pythons with a GIL from this version on.
    """

    abi3: PythonVersion | None = None
    abi3t: PythonVersion | None = None

    @classmethod
    def parse(cls, texts: Iterable[str], *, where: str) -> LimitedApi:
        """Parse the field of an extension, such as `["3.12", "3.15t"]`.

        Raises:
            InvalidTargetError: For all problems.
        """
        field = f"`limited_api` of {where}"
        versions: list[PythonVersion] = []
        problems = Problems()
        for text in dict.fromkeys(texts):
            with problems.collecting():
                versions.append(PythonVersion.parse(text, where=field))
        problems.raise_if_any(InvalidTargetError)
        abi3 = [version for version in versions if not version.free_threaded]
        abi3t = [version for version in versions if version.free_threaded]
        _check(field, abi3, abi3t)
        free_threaded = abi3t[0] if abi3t else None
        # What is compiled for both stable ABIs can also be compiled for the one with a GIL alone.
        with_gil = abi3[0] if abi3 else PythonVersion(abi3t[0].minor) if abi3t else None
        return cls(with_gil, free_threaded)

    @classmethod
    def common(cls, several: Sequence[LimitedApi]) -> LimitedApi:
        """Return what all extensions of a wheel can be built for: a stable ABI that all use, the newest of each."""
        return cls(
            abi3=_newest([each.abi3 for each in several]),
            abi3t=_newest([each.abi3t for each in several]),
        )

    def abi_for(self, version: PythonVersion) -> PythonAbi:
        """Return the build that a Python gets. It is the one that installers prefer."""
        if self.abi3t is not None and version.minor >= self.abi3t.minor:
            return PythonAbi(self.abi3t, stable=True)
        if self.abi3 is not None and not version.free_threaded and version.minor >= self.abi3.minor:
            return PythonAbi(self.abi3, stable=True)
        return PythonAbi(version)

    def abis_for(self, versions: Iterable[PythonVersion]) -> tuple[PythonAbi, ...]:
        """Return the builds that serve these Pythons, oldest first."""
        abis = {self.abi_for(version) for version in versions}
        return tuple(sorted(abis, key=lambda abi: (abi.version, abi.stable)))


def _check(field: str, abi3: Sequence[PythonVersion], abi3t: Sequence[PythonVersion]) -> None:
    problems = Problems()
    for version in abi3t:
        if version.minor < OLDEST_ABI3T_MINOR:
            problems.add_text(
                f"{field} is '{version}', but free-threaded builds have a stable ABI only from 3.{OLDEST_ABI3T_MINOR} "
                f"on (`abi3t`, PEP 803). Write '3.{OLDEST_ABI3T_MINOR}t'. Earlier free-threaded Pythons get a build of "
                "their own."
            )
    for several, kind in ((abi3, "without"), (abi3t, "with")):
        if len(several) > 1:
            listed = " and ".join(f"'{version}'" for version in several)
            problems.add_text(f"{field} lists {listed}. List at most one version {kind} a 't': the first one.")
    if abi3 and abi3t and abi3[0].minor >= abi3t[0].minor:
        problems.add_text(
            f"{field} lists '{abi3[0]}' and '{abi3t[0]}', but the build for '{abi3t[0]}' also serves "
            f"3.{abi3t[0].minor} and later with a GIL. Remove '{abi3[0]}', or replace it by an earlier version."
        )
    problems.raise_if_any(InvalidTargetError)


def _newest(versions: Sequence[PythonVersion | None]) -> PythonVersion | None:
    """Return the newest of several versions, or None if one is missing."""
    known = [version for version in versions if version is not None]
    return max(known) if known and len(known) == len(versions) else None
