"""The request of the program that runs a project's build backend (`standalone/backend/` of the tools)."""

from __future__ import annotations

import fnmatch
import json
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from spokeshave_core.platform import Platform

PROGRAM_DIR = "__backend"
REQUEST = "__request.json"
SOURCE_DIR = "__project"
OUTPUT_DIR = "__built"
PACKAGES_DIR = "__packages"
OVERLAY_DIR = "__target_packages"
HEADERS_DIR = "__headers"
LIBRARIES_DIR = "__libraries"
FACTS = "__facts.json"
# A folder of programs that describe the target's system, and the defaults of `configure` scripts: `system_files.py`.
SYSTEM_DIR = "__system"
CONFIG_SITE = f"{SYSTEM_DIR}/config.site"
REPORT = f"{OUTPUT_DIR}/report.json"
CALLS = f"{OUTPUT_DIR}/calls.log"


class Artifact(Enum):
    """What a backend builds."""

    WHEEL = "wheel"
    SDIST = "sdist"


@dataclass(frozen=True)
class BuildSettings:
    """What a target says about the build, by the fields of the same names.

    Attributes:
        requirements: The file of the build requirements. None if the target has none of its own.
    """

    where: str
    requirements: str | None
    config_settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    platform_env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    target_platform_in_python: bool | None = None

    def env_for(self, platform: Platform) -> dict[str, str]:
        """Return the variables for a platform. Of several values of one variable, the last one wins."""
        found = dict(self.env)
        for glob, variables in self.platform_env.items():
            if fnmatch.fnmatchcase(platform.tag, glob):
                found.update(variables)
        return found


@dataclass(frozen=True)
class BuildVersion:
    """The version that a wheel is built with.

    Attributes:
        mode: `own`, `stamped` or `baked`.
        text: The version. Empty for `own`.
    """

    mode: str
    text: str = ""


def request_text(
    settings: BuildSettings,
    platform: Platform,
    version: BuildVersion,
    *,
    artifact: Artifact = Artifact.WHEEL,
    subdirectory: str,
    foreign: str,
    prefixes: Iterable[str],
    has_overlay: bool,
    has_libraries: bool,
) -> str:
    """Return the request as JSON.

    Args:
        platform: A platform with a single processor.
        foreign: The folder of the compiler driver.
        prefixes: The folders of install trees.
    """
    document = {
        "artifact": artifact.value,
        "where": settings.where,
        "source": posixpath.join(SOURCE_DIR, subdirectory).rstrip("/"),
        "output": OUTPUT_DIR,
        "packages": PACKAGES_DIR,
        "requirements": settings.requirements,
        "overlays": [OVERLAY_DIR] if has_overlay else [],
        "foreign": foreign,
        "prefixes": list(prefixes),
        "facts": FACTS,
        "headers": HEADERS_DIR,
        "libraries": LIBRARIES_DIR if has_libraries else None,
        "config_settings": {
            name: values[0] if len(values) == 1 else list(values) for name, values in settings.config_settings.items()
        },
        "env": settings.env_for(platform),
        "version": {"mode": version.mode, "text": version.text},
        "target_platform_in_python": settings.target_platform_in_python,
        "path": [SYSTEM_DIR],
        "config_site": CONFIG_SITE,
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
