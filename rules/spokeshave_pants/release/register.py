"""Backend `spokeshave_pants.release`: versions computed across a release."""

from __future__ import annotations

# First, because it reports an unsupported Pants, in which other imports may fail.
from spokeshave_pants import pants_api  # noqa: F401

# isort: split
from collections.abc import Iterable

from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule

from spokeshave_pants.release import rules as version
from spokeshave_pants.release.goals import release_version
from spokeshave_pants.release.target_types import ReleaseTarget
from spokeshave_pants.sandbox import tools


def target_types() -> Iterable[type[Target]]:
    return (ReleaseTarget,)


def rules() -> Iterable[Rule | UnionRule]:
    return (*release_version.rules(), *tools.rules(), *version.rules())
