"""The target `release`: wheels that share a version and are published together."""

from __future__ import annotations

from pants.engine.target import COMMON_TARGET_FIELDS, SpecialCasedDependencies, Target
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
