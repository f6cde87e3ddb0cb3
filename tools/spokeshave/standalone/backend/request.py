"""The request and the report of the program, and its errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

# The environment of the build: a virtual environment by its layout.
PLACE = "__build"
REPORT = "report.json"
CALLS = "calls.log"
WHEEL = "wheel"
SDIST = "sdist"
Settings = dict[str, Union[str, list[str]]]


class UserError(Exception):
    """A problem that the user can fix, with the remedy."""


class BackendError(Exception):
    """A failure of the backend, which has written its reason."""


@dataclass(frozen=True)
class Request:
    """The request, with absolute paths. The attributes are described at the top of this file."""

    where: str
    source: Path
    output: Path
    packages: Path
    requirements: str | None
    foreign: Path
    facts: dict[str, Any]
    headers: Path
    version_mode: str
    version_text: str
    libraries: Path | None
    overlays: tuple[Path, ...]
    prefixes: tuple[Path, ...]
    path: tuple[Path, ...]
    config_site: Path
    config_settings: Settings
    env: dict[str, str]
    jobs: int
    artifact: str

    @classmethod
    def parse(cls, content: Mapping[str, Any], sandbox: Path, jobs: int) -> Request:
        """Read REQUEST.json."""
        facts = json.loads((sandbox / content["facts"]).read_text())
        wanted = content.get("target_platform_in_python")
        facts["has_target_sys_platform"] = facts["sys_platform"] == "darwin" if wanted is None else wanted
        facts["project"] = str(sandbox / content["source"])
        libraries = content.get("libraries")
        return cls(
            where=content["where"],
            source=sandbox / content["source"],
            output=sandbox / content["output"],
            packages=sandbox / content["packages"],
            requirements=content["requirements"],
            foreign=sandbox / content["foreign"],
            facts=facts,
            headers=sandbox / content["headers"],
            version_mode=content["version"]["mode"],
            version_text=content["version"]["text"],
            libraries=sandbox / libraries if libraries else None,
            overlays=tuple(sandbox / folder for folder in content["overlays"]),
            prefixes=tuple(sandbox / folder for folder in content["prefixes"]),
            path=tuple(sandbox / folder for folder in content["path"]),
            config_site=sandbox / content["config_site"],
            config_settings=content["config_settings"],
            env=content["env"],
            jobs=jobs,
            artifact=content.get("artifact", WHEEL),
        )

    @property
    def sandbox(self) -> Path:
        """The working directory of this process."""
        return Path.cwd()

    @property
    def place(self) -> Path:
        """The folder of the build's environment."""
        return self.sandbox / PLACE


@dataclass
class Report:
    """What `report.json` contains."""

    backend: str = ""
    requires: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    wheel: str = ""
    sdist: str = ""
    compiles: int = 0
    cxx: int = 0
    links: int = 0
    probes: int = 0
    refused: list[str] = field(default_factory=list)
    problem: str = ""
