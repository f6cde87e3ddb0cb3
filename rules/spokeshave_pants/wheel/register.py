"""Backend `spokeshave_pants.wheel`: build, repair, test and publish extensions and wheels."""

from __future__ import annotations

# First, because it reports an unsupported Pants, in which other imports may fail.
from spokeshave_pants import pants_api  # noqa: F401

# isort: split
from collections.abc import Iterable

from pants.core.util_rules import stripped_source_files
from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule

from spokeshave_pants.release import rules as version
from spokeshave_pants.sandbox import tools
from spokeshave_pants.wheel import planned_work, wheel_reports, wheel_set
from spokeshave_pants.wheel.backend import rules as backend
from spokeshave_pants.wheel.backend_target_types import PythonBackendWheelTarget
from spokeshave_pants.wheel.build import downstream_files, extension, linked_software, package_headers, placed_library
from spokeshave_pants.wheel.build import rules as build
from spokeshave_pants.wheel.codegen import rules as codegen
from spokeshave_pants.wheel.development import builds
from spokeshave_pants.wheel.development import rules as development
from spokeshave_pants.wheel.goals import (
    cc_shell,
    command_line,
    compile_commands,
    develop,
    native_wheels,
    package,
    package_release,
    progress_log,
    publish,
    publish_release,
    release_promote,
    summary,
    test,
)
from spokeshave_pants.wheel.plan import python_imports
from spokeshave_pants.wheel.plan import rules as payload
from spokeshave_pants.wheel.record import rules as record
from spokeshave_pants.wheel.sdist import backend as backend_sdist
from spokeshave_pants.wheel.sdist import check as sdist_check
from spokeshave_pants.wheel.sdist import rules as sdist
from spokeshave_pants.wheel.smoke import rules as smoke
from spokeshave_pants.wheel.tailor import rules as tailor
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget


def target_types() -> Iterable[type[Target]]:
    return (PythonBackendWheelTarget, PythonExtensionTarget, PythonNativeWheelTarget)


def rules() -> Iterable[Rule | UnionRule]:
    return (
        *backend.rules(),
        *build.rules(),
        *builds.rules(),
        *cc_shell.rules(),
        *codegen.rules(),
        *command_line.rules(),
        *compile_commands.rules(),
        *develop.rules(),
        *development.rules(),
        *downstream_files.rules(),
        *extension.rules(),
        *native_wheels.rules(),
        *package.rules(),
        *package_release.rules(),
        *linked_software.rules(),
        *package_headers.rules(),
        *payload.rules(),
        *placed_library.rules(),
        *planned_work.rules(),
        *progress_log.rules(),
        *publish.rules(),
        *publish_release.rules(),
        *record.rules(),
        *release_promote.rules(),
        *python_imports.rules(),
        *sdist.rules(),
        *sdist_check.rules(),
        *backend_sdist.rules(),
        *smoke.rules(),
        *stripped_source_files.rules(),
        *summary.rules(),
        *tailor.rules(),
        *test.rules(),
        *tools.rules(),
        *version.rules(),
        *wheel_reports.rules(),
        *wheel_set.rules(),
    )
