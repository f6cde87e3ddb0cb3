"""Release channels, and the facts about the repository that the version of each contains."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from spokeshave_pants.errors import SpokeshaveError


class Channel(Enum):
    """The destination of a release."""

    DEV = "dev"
    LOCAL = "local"
    NIGHTLY = "nightly"
    RC = "rc"
    STABLE = "stable"


class VersionFormat(Enum):
    """Output formats of `release-version`."""

    TEXT = "text"
    JSON = "json"


# A tree outside of a git repository has no commit.
_NO_COMMIT_SUFFIX = ".dev0"
_DATED = (Channel.NIGHTLY, Channel.RC)


@dataclass(frozen=True)
class ReleaseContext:
    """The inputs of a computed version besides the version files: facts of this run.

    Attributes:
        date: Today in UTC, YYYYMMDD.
        problem: Why commit and changes are not known although there is a repository. Empty otherwise.
    """

    commit: str | None
    dirty: bool
    date: str
    problem: str = ""


@dataclass(frozen=True)
class VersionOptions:
    """The options of the user."""

    channel: Channel | None
    suffix: str | None
    commit: str | None
    date: str | None


class UnknownCommitError(SpokeshaveError):
    """A version needs the commit of a repository that git cannot or will not read."""


def _needs_repository(options: VersionOptions) -> bool:
    """Return whether a version depends on git's commit or on changes of the tree."""
    if options.channel is None:
        return options.suffix is None
    return options.channel is Channel.LOCAL or (options.channel is Channel.DEV and options.commit is None)


def version_argv(options: VersionOptions, context: ReleaseContext) -> tuple[str, ...]:
    """Return the arguments of `spokeshave version`: only the facts in the channel's version, as each enters the key.

    Raises:
        UnknownCommitError: If the version needs a fact that the repository does not provide.
    """
    commit = options.commit or context.commit
    channel, suffix = options.channel, options.suffix
    if context.problem and _needs_repository(options):
        raise UnknownCommitError(context.problem)
    if channel is None and suffix is None:
        channel = Channel.LOCAL if context.dirty else Channel.DEV
        if commit is None:
            channel, suffix = None, _NO_COMMIT_SUFFIX
    arguments: list[str] = []
    if channel is not None:
        arguments += ["--channel", channel.value]
    if suffix is not None:
        arguments.append(f"--suffix={suffix}")
    if channel in (Channel.DEV, Channel.LOCAL) and commit is not None:
        arguments += ["--commit", commit]
    if channel is Channel.LOCAL and context.dirty:
        arguments.append("--dirty")
    if options.date is not None or (channel in _DATED and suffix is None):
        arguments += ["--date", options.date or context.date]
    return tuple(arguments)
