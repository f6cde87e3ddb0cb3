"""The rules for projects that are built by their own CMake files or makefiles."""

from __future__ import annotations

from pants.engine.rules import Rule
from pants.engine.unions import UnionRule

from spokeshave_pants.cc.project import build, libraries, programs, projects


def rules() -> list[Rule | UnionRule]:
    return [*build.rules(), *libraries.rules(), *programs.rules(), *projects.rules()]
