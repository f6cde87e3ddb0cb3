"""The target `release`: the wheels that share a version and go out together."""

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
    help = "The addresses of the `python_native_wheel` targets of the release."


class ReleaseTarget(Target):
    alias = "release"
    core_fields = (*COMMON_TARGET_FIELDS, ReleaseWheelsField)
    help = help_text(
        """
        A release set: wheels that are stamped with one common version.

        The common version is the PEP 440 maximum of the wheels' version files, which have to agree on X.Y.
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

        `version` is to be dynamic: it is computed (`release-version`) and stamped last. A static version is kept
        as it is. Readme and license files (PEP 639) are found beside it: without `license-files`, those named
        `LICEN[CS]E*`, `COPYING*`, `NOTICE*` and `AUTHORS*`. Its build backend is not used.
        """
    )


class VersionFileField(StringField):
    alias = "version_file"
    help = help_text(
        """
        The `version.json` of the package, in IREE's form `{"package-version": "3.12.0.dev"}`, relative to the BUILD
        file. Defaults to the one beside `pyproject.toml`.
        """
    )
