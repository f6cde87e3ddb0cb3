"""Pants' rules API, on each Pants that the plugin supports.

Rules are written as today's Pants wants them: they call other rules by name, with `concurrently` and `**implicitly()`.
What Pants moved or renamed is one line in each of two modules, `on_2_17` and `on_2_29`, which export the same names. On
2.17.1, whose own rules know `Get` alone, `by_name` turns the calls into `Get`s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pants.version import PANTS_SEMVER, VERSION

from spokeshave_pants.pants_api.versions import FIRST_BY_NAME, check_supported

check_supported(VERSION)

# A type checker sees the version that it checks with. The same names exist in both.
if TYPE_CHECKING or PANTS_SEMVER < FIRST_BY_NAME:
    from spokeshave_pants.pants_api.on_2_17 import *  # noqa: F403
else:
    from spokeshave_pants.pants_api.on_2_29 import *  # noqa: F403
