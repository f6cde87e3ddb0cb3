"""Sdists of Spokeshave for tests, without native code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from spokeshave.sdist.archive import sdist_name, write_sdist
from spokeshave.sdist.contents import SdistInputs, sdist_contents
from spokeshave.sdist.stamping import stamp_sdist
from spokeshave.testing.wheel_fixtures import write_tree
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.reports.sdist import SdistDescription
from spokeshave_core.wheel_name import UNSTAMPED


def make_sdist(
    folder: Path,
    pyproject: str,
    files: Mapping[str, str],
    *,
    version_module: str | None = None,
    pins: tuple[str, ...] = (),
) -> Path:
    """Write an sdist without a version. All of its files are below `folder`."""
    description = SdistDescription(platforms=("manylinux_2_17_x86_64",), limited_api=None, is_independent=False)
    inputs = SdistInputs(
        description=description,
        pyproject=write_tree(folder / "project", {"pyproject.toml": pyproject}) / "pyproject.toml",
        payload=write_tree(folder / "payload", files),
        pins=pins,
        version_module=version_module,
    )
    contents = sdist_contents(inputs)
    return write_sdist(folder / "dist", sdist_name(contents.distribution, UNSTAMPED), contents.files).path


def stamped_sdist(sdist: Path, facts: VersionFacts) -> Path:
    """Stamp an sdist into the folder next to its own."""
    return stamp_sdist(sdist, facts, sdist.parent.parent / f"stamped-{facts.version}").sdist.path
