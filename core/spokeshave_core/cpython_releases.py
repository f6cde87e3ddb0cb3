"""The feature releases of CPython. To support a new one, add a row to `RELEASES`."""

from __future__ import annotations

from dataclasses import dataclass

from spokeshave_core.python_abi import OLDEST_FREE_THREADED_MINOR, PythonVersion


@dataclass(frozen=True)
class CPythonRelease:
    """A feature release of CPython.

    Attributes:
        minor: 12 for CPython 3.12.
        maintained: Whether it gets security fixes. A wheel that does not list Pythons is built for each of these.
        debian_suite: The Debian suite whose packages contain it, for its headers and its emulation; empty if none does.
        windows_emulation: Whether panda3d's wheels contain its builds for Windows, which run under wine.
    """

    minor: int
    maintained: bool = False
    debian_suite: str = ""
    windows_emulation: bool = False

    @property
    def version(self) -> PythonVersion:
        """Return the default build, with the GIL."""
        return PythonVersion(self.minor)

    @property
    def builds(self) -> tuple[PythonVersion, ...]:
        """Return the default build, and the free-threaded one if the release has it."""
        has_free_threaded = self.minor >= OLDEST_FREE_THREADED_MINOR
        return (self.version, *([PythonVersion(self.minor, free_threaded=True)] if has_free_threaded else []))


RELEASES = (
    CPythonRelease(8),
    CPythonRelease(9),
    CPythonRelease(10, windows_emulation=True),
    CPythonRelease(11, maintained=True, debian_suite="bookworm", windows_emulation=True),
    CPythonRelease(12, maintained=True, windows_emulation=True),
    CPythonRelease(13, maintained=True, debian_suite="trixie", windows_emulation=True),
    CPythonRelease(14, maintained=True, debian_suite="forky", windows_emulation=True),
    CPythonRelease(15, maintained=True, debian_suite="forky"),
)
"""All known releases, oldest first. End of life: https://devguide.python.org/versions/."""

MAINTAINED = tuple(str(release.version) for release in RELEASES if release.maintained)
"""The Pythons that a wheel is built for by default, such as `3.12`, oldest first."""

NEWEST = RELEASES[-1].version
"""The newest known Python."""

TOOLS_CONSTRAINT = f"CPython>=3.9,<3.{NEWEST.minor + 1}"
"""The Pythons that can run the tools, as an interpreter constraint of Pants."""

DEBIAN_SUITES = {str(release.version): release.debian_suite for release in RELEASES if release.debian_suite}
"""The Debian suite of each Python that has one."""

WINDOWS_EMULATION = tuple(str(build) for release in RELEASES if release.windows_emulation for build in release.builds)
"""The Pythons for Windows that can be emulated."""
