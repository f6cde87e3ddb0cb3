"""The versions of Pants that the plugin supports."""

from __future__ import annotations

from packaging.version import Version

from spokeshave_core.problems import SpokeshaveError

OLDEST = "2.17.1"
# The first version that has every rule which the plugin calls by name, at the position that `on_2_29` names.
FIRST_BY_NAME = Version("2.29.0a0")
SUPPORTED = f"{OLDEST}, and 2.29 and newer"


class UnsupportedPantsError(SpokeshaveError):
    """A version of Pants that the plugin does not support."""


def check_supported(version: str) -> None:
    """Check that the plugin supports a version of Pants.

    Raises:
        UnsupportedPantsError: It does not.
    """
    if version != OLDEST and Version(version) < FIRST_BY_NAME:
        raise UnsupportedPantsError(
            f"Spokeshave does not support Pants {version}. It supports {SUPPORTED}. Set `pants_version` in the "
            f"`[GLOBAL]` section of pants.toml to one of them."
        )
