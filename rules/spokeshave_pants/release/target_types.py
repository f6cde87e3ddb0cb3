"""The target `release`: wheels that share a version and are released together."""

from __future__ import annotations

from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    SpecialCasedDependencies,
    StringField,
    Target,
)
from pants.util.strutil import help_text


class ReleaseWheelsField(SpecialCasedDependencies):
    alias = "wheels"
    required = True
    help = 'The addresses of the `python_native_wheel` targets of the release, such as `["src/python:runtime_wheel"]`.'


class ReleaseTarget(Target):
    alias = "release"
    core_fields = (*COMMON_TARGET_FIELDS, ReleaseWheelsField)
    help = help_text(
        """
        A release set: wheels that are stamped with one common version.

        The common version is the PEP 440 maximum of the wheels' version files, which must have the same X.Y.
        `release-version` prints it.
        """
    )


class PyprojectField(StringField):
    alias = "pyproject"
    default = "pyproject.toml"
    value: str
    help = help_text(
        """
        The `pyproject.toml` with the wheel's metadata (PEP 621), relative to the BUILD file.

        With `dynamic = ["version"]`, the version is computed (see `release-version`) and stamped last. A static version
        is kept. Readme and license files (PEP 639) are next to `pyproject.toml`. Without `license-files`, the license
        files are those that match `LICEN[CS]E*`, `COPYING*`, `NOTICE*` or `AUTHORS*`. The build backend is not used.
        """
    )


class VersionFileField(StringField):
    alias = "version_file"
    help = help_text(
        """
        The `version.json` of the package, relative to the BUILD file, in the form used by IREE:
        `{"package-version": "3.12.0.dev"}`. Defaults to the `version.json` next to `pyproject.toml`.
        """
    )
