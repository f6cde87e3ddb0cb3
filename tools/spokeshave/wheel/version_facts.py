"""The facts that a wheel states about its version."""

from __future__ import annotations

from dataclasses import dataclass

from spokeshave_core.wheel_name import UNSTAMPED


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


UNSTAMPED_FACTS = VersionFacts(UNSTAMPED)
"""The facts of a wheel that was not stamped."""
