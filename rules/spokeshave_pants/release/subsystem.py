"""The goal `release-version`, and the options that decide a version."""

from __future__ import annotations

from pants.engine.goal import Goal, GoalSubsystem
from pants.option.option_types import BoolOption, EnumOption, IntOption, StrOption
from pants.util.strutil import help_text, softwrap

from spokeshave_core.channel import Channel, VersionFormat


class ReleaseVersionSubsystem(GoalSubsystem):
    name = "release-version"
    help = help_text(
        """
        Print the version that `package` and `publish` stamp wheels with.

        It is computed from the wheels' version files, the channel, and the commit. Wheels are stamped last, so a
        change of any of these causes no compile, link or repair.
        """
    )

    channel = EnumOption(
        default=None,
        enum_type=Channel,
        help=softwrap(
            """
            The release channel: `stable` (3.12.0), `rc` and `nightly` (3.12.0rc20260821), `dev` (3.12.0.dev0+COMMIT) or
            `local` (like `dev`, with .dirty if the tree has changes). Defaults to `dev` in a clean tree and to `local`
            in a tree with changes. If only a suffix is given, the version is X.Y.Z and the suffix.
            """
        ),
    )
    suffix = StrOption(
        default=None, help="The suffix to append to X.Y.Z instead of a date or commit, such as `rc1`, `a2` or `.dev3`."
    )
    commit = StrOption(
        default=None,
        help=softwrap(
            """
            The commit in `dev` and `local` versions, which wheels of all channels state in their version module.
            Defaults to git's HEAD; wheels of a tree with changes state none.
            """
        ),
    )
    date = StrOption(default=None, help="The UTC date in `rc` and `nightly` versions, as YYYYMMDD. Defaults to today.")
    post = IntOption(
        default=None,
        help=softwrap(
            """
            The number of a further `rc` or `nightly` of one day: 1 for the second, whose version is
            3.12.0rc20260821.post1. By default, the version has no number.
            """
        ),
    )
    write = BoolOption(
        default=False,
        help=softwrap(
            """
            Also write a `version_local.json` next to each `version.json`, in the form used by IREE:
            `{"package-version": "3.12.0rc20260821"}`, for build systems that read it. List it in `.gitignore`, or the
            tree has changes from then on.
            """
        ),
    )
    format = EnumOption(
        default=VersionFormat.TEXT,
        help="`text` prints the version only, `json` also how it was computed. Defaults to `text`.",
    )


class ReleaseVersion(Goal):
    subsystem_cls = ReleaseVersionSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY
