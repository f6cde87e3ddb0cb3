"""Release channels, and which facts of the repository each one's version names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from spokeshave_pants.errors import SpokeshaveError


class Channel(Enum):
    """Where a release goes."""

    DEV = "dev"
    LOCAL = "local"
    NIGHTLY = "nightly"
    RC = "rc"
    STABLE = "stable"


class VersionFormat(Enum):
    TEXT = "text"
    JSON = "json"


# A tree that is in no git repository has no commit to name.
_NO_COMMIT_SUFFIX = ".dev0"
_DATED = (Channel.NIGHTLY, Channel.RC)


@dataclass(frozen=True)
class ReleaseContext:
    """What a version is computed from beside the version files: facts of this run.

    Args:
        date: today in UTC, YYYYMMDD.
        problem: why commit and changes are not known, although there is a repository; else empty.
    """

    commit: str | None
    dirty: bool
    date: str
    problem: str = ""


@dataclass(frozen=True)
class VersionOptions:
    """What the user asked for."""

    channel: Channel | None
    suffix: str | None
    commit: str | None
    date: str | None


class UnknownCommitError(SpokeshaveError):
    """A repository that git cannot or will not read, where the version names its commit."""


def _needs_repository(options: VersionOptions) -> bool:
    """Whether a version depends on git's commit or on changes of the tree."""
    if options.channel is None:
        return options.suffix is None
    return options.channel is Channel.LOCAL or (options.channel is Channel.DEV and options.commit is None)


def version_argv(options: VersionOptions, context: ReleaseContext) -> tuple[str, ...]:
    """The arguments of `spokeshave version`: only what the channel's version names, so that no more enters a key.

    Raises:
        UnknownCommitError: if the version names what the repository does not tell.
    """
    commit = options.commit or context.commit
    channel = options.channel
    suffix = options.suffix
    if context.problem and _needs_repository(options):
        raise UnknownCommitError(context.problem)
    if channel is None and suffix is None:
        channel = Channel.LOCAL if context.dirty else Channel.DEV
        if commit is None:
            channel = None
            suffix = _NO_COMMIT_SUFFIX
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
