"""The check of the facts that a wheel is stamped with."""

from __future__ import annotations

import re

from packaging.version import InvalidVersion

from spokeshave.errors import InvalidVersionError
from spokeshave.requirement_text import parse_version
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.channel import Channel
from spokeshave_core.problems import Problems

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REVISION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]*")


def normalized(facts: VersionFacts) -> VersionFacts:
    """Return facts in their normal form.

    Raises:
        InvalidVersionError: For all invalid ones.
    """
    problems = Problems()
    version = _normal_version(facts.version, problems)
    channels = [channel.value for channel in Channel]
    if facts.channel is not None and facts.channel not in channels:
        problems.add(f"channel {facts.channel}", "is not a release channel", f"Use one of {', '.join(channels)}.")
    if facts.commit is not None and not _COMMIT.fullmatch(facts.commit):
        remedy = "Give what `git rev-parse HEAD` prints."
        problems.add(f"commit {facts.commit}", "is not the full hash of a commit", remedy)
    for name, revision in facts.revisions:
        if not _REVISION_NAME.fullmatch(name) or not _REVISION.fullmatch(revision):
            remedy = "Write it as NAME=SHA, in letters, digits, dots, dashes and underscores."
            problems.add(f"revision {name}={revision}", "is not a name with a revision", remedy)
    names = [name for name, _ in facts.revisions]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(f"revision {name}", "is given twice", "Give each name one revision.")
    problems.raise_if_any(InvalidVersionError)
    return VersionFacts(
        version=version, channel=facts.channel, commit=facts.commit, revisions=tuple(sorted(facts.revisions))
    )


def _normal_version(text: str, problems: Problems) -> str:
    try:
        return str(parse_version(text))
    except InvalidVersion:
        problems.add(f"version {text}", "is not a PEP 440 version", "Give one such as 3.12.0 or 3.12.0rc20260821.")
        return text
