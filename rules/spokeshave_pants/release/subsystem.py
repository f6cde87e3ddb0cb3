"""The goal `release-version` and the options that decide a version."""

from __future__ import annotations

from pants.engine.goal import Goal, GoalSubsystem
from pants.option.option_types import EnumOption, StrOption
from pants.util.strutil import help_text, softwrap

from spokeshave_core.channel import Channel, VersionFormat


class ReleaseVersionSubsystem(GoalSubsystem):
    name = "release-version"
    help = help_text(
        """
        Print the version that `package` and `publish` stamp wheels with.

        It is computed from the wheels' version files, the channel, and the commit. Wheels are stamped last, so that
        a change of any of these compiles, links and repairs nothing.
        """
    )

    channel = EnumOption(
        default=None,
        enum_type=Channel,
        help=softwrap(
            """
            Where the release goes: `stable` (3.12.0), `rc` and `nightly` (3.12.0rc20260821), `dev`
            (3.12.0.dev0+COMMIT) or `local` (as dev, and .dirty where the tree has changes). Unset, it is `dev` in a
            clean tree and `local` in one with changes; with a suffix alone, the suffix decides.
            """
        ),
    )
    suffix = StrOption(
        default=None, help="What to append to X.Y.Z in place of a date or commit, such as `rc1`, `a2` or `.dev3`."
    )
    commit = StrOption(default=None, help="The commit that dev and local versions name. Default: git's HEAD.")
    date = StrOption(default=None, help="The UTC date of an rc or nightly, as YYYYMMDD. Default: today.")
    format = EnumOption(default=VersionFormat.TEXT, help="`text`: the version alone; `json`: with how it came about.")


class ReleaseVersion(Goal):
    subsystem_cls = ReleaseVersionSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY
