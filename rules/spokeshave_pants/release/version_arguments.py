"""The arguments of `spokeshave version`: which facts of the repository a release's version names."""

from __future__ import annotations

from dataclasses import dataclass

from spokeshave_core.channel import AT_COMMIT, DATED, Channel
from spokeshave_core.problems import SpokeshaveError

# A tree outside of a git repository has no commit.
_NO_COMMIT_SUFFIX = ".dev0"


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
    post: int | None = None


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
    if channel in AT_COMMIT and commit is not None:
        arguments += ["--commit", commit]
    if channel is Channel.LOCAL and context.dirty:
        arguments.append("--dirty")
    if options.date is not None or (channel in DATED and suffix is None):
        arguments += ["--date", options.date or context.date]
    if options.post is not None:
        arguments += ["--post", str(options.post)]
    return tuple(arguments)


def stated_commit(options: VersionOptions, context: ReleaseContext) -> str | None:
    """Return the commit that wheels say they were built from: none if the tree has changes, as it is not that commit's.

    A commit that the user names is taken as it is.
    """
    return options.commit or (None if context.dirty else context.commit)
