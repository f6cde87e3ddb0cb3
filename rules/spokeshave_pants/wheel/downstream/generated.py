"""The generated files for C and C++ projects: all of them, as templates of version files. Works without the engine."""

from __future__ import annotations

from collections.abc import Iterable

from spokeshave_core.platform import Platform
from spokeshave_pants.wheel.downstream.cmake import cmake_files
from spokeshave_pants.wheel.downstream.config_module import config_module_files
from spokeshave_pants.wheel.downstream.package import DownstreamPackage, OfferedLibrary
from spokeshave_pants.wheel.downstream.pkg_config import pkg_config_files


def generated_files(
    offered: DownstreamPackage, libraries: Iterable[OfferedLibrary], platform: Platform
) -> dict[str, str]:
    """Return the template of each generated file by its path in the wheel. A file that exists replaces its own."""
    libraries = tuple(libraries)
    found = (
        *cmake_files(offered, libraries, platform),
        *pkg_config_files(offered, libraries),
        *config_module_files(offered, libraries),
    )
    return {path: text for path, text in found if path not in offered.existing}
