"""The facts that a wheel states about its version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from spokeshave.errors import InvalidVersionError
from spokeshave_core.channel import Channel
from spokeshave_core.problems import Problems
from spokeshave_core.wheel_name import UNSTAMPED

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REVISION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]*")


@dataclass(frozen=True)
class VersionFacts:
    """What the stamp writes into a wheel.

    Attributes:
        version: The version in PEP 440's normal form.
        channel: The release channel, such as `rc`; None where the version was given without one.
        commit: The full hash of the commit that the wheel was built from; None outside of a repository.
        revisions: The revisions of what the release is pinned to, by name, such as `("llvm", "<sha>")`; sorted.
    """

    version: str
    channel: str | None = None
    commit: str | None = None
    revisions: tuple[tuple[str, str], ...] = ()

    def normalized(self) -> VersionFacts:
        """Return the facts in their normal form.

        Raises:
            InvalidVersionError: For all invalid ones.
        """
        problems = Problems()
        version = self._normal_version(problems)
        channels = [channel.value for channel in Channel]
        if self.channel is not None and self.channel not in channels:
            problems.add(f"channel {self.channel}", "is not a release channel", f"Use one of {', '.join(channels)}.")
        if self.commit is not None and not _COMMIT.fullmatch(self.commit):
            problems.add(
                f"commit {self.commit}", "is not the full hash of a commit", "Give what `git rev-parse HEAD` prints."
            )
        for name, revision in self.revisions:
            if not _REVISION_NAME.fullmatch(name) or not _REVISION.fullmatch(revision):
                remedy = "Write it as NAME=SHA, in letters, digits, dots, dashes and underscores."
                problems.add(f"revision {name}={revision}", "is not a name with a revision", remedy)
        names = [name for name, _ in self.revisions]
        for name in sorted({name for name in names if names.count(name) > 1}):
            problems.add(f"revision {name}", "is given twice", "Give each name one revision.")
        problems.raise_if_any(InvalidVersionError)
        return VersionFacts(
            version=version, channel=self.channel, commit=self.commit, revisions=tuple(sorted(self.revisions))
        )

    def _normal_version(self, problems: Problems) -> str:
        try:
            return str(Version(self.version))
        except InvalidVersion:
            remedy = "Give one such as 3.12.0 or 3.12.0rc20260821."
            problems.add(f"version {self.version}", "is not a PEP 440 version", remedy)
            return self.version


UNSTAMPED_FACTS = VersionFacts(UNSTAMPED)
"""The facts of a wheel that was not stamped."""
