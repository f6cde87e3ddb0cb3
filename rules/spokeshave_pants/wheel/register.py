"""Backend `spokeshave_pants.wheel`: extensions and wheels, built, repaired, tested and published."""

from __future__ import annotations

from collections.abc import Iterable

from pants.core.util_rules import stripped_source_files
from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule

from spokeshave_pants.release.util_rules import version
from spokeshave_pants.wheel import summary
from spokeshave_pants.wheel.goals import package, publish, test
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget
from spokeshave_pants.wheel.util_rules import (
    build,
    extension,
    package_headers,
    payload,
    placed_library,
    planned_work,
    progress_log,
    python_imports,
    smoke,
    tools,
    wheel_set,
)


def target_types() -> Iterable[type[Target]]:
    return (PythonExtensionTarget, PythonNativeWheelTarget)


def rules() -> Iterable[Rule | UnionRule]:
    return (
        *build.rules(),
        *extension.rules(),
        *package.rules(),
        *package_headers.rules(),
        *payload.rules(),
        *placed_library.rules(),
        *planned_work.rules(),
        *progress_log.rules(),
        *publish.rules(),
        *python_imports.rules(),
        *smoke.rules(),
        *stripped_source_files.rules(),
        *summary.rules(),
        *test.rules(),
        *tools.rules(),
        *version.rules(),
        *wheel_set.rules(),
    )
