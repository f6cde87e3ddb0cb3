"""Whether all files of a set are of one version and one commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from spokeshave.release.seal.artifact import Artifact
from spokeshave.wheel.name import same_version
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.problems import Problems

_SAME = "A release has one version and one commit: take all files from one build."
_NEVER_RENAME = "Build it again: a wheel or an sdist must not be renamed."
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class _Fact(Generic[_Value]):
    """A fact of a set, its name for messages, and how it is read and shown."""

    title: str
    read: Callable[[VersionFacts], _Value]
    show: Callable[[_Value], str] = str


_COMMIT = _Fact("commit", lambda facts: facts.commit)
_CHANNEL = _Fact("channel", lambda facts: facts.channel)
_REVISIONS = _Fact(
    "revisions",
    lambda facts: tuple(sorted(facts.revisions)),
    lambda revisions: ", ".join(f"{name}={revision}" for name, revision in revisions),
)


def agreed_facts(artifacts: Sequence[Artifact], declared: VersionFacts, problems: Problems) -> VersionFacts:
    """Return the facts of a set. Files that state other ones are problems.

    A fact that was not declared is the one of the first file that states it.
    """
    for artifact in artifacts:
        _check_version(artifact, declared.version, problems)
    return VersionFacts(
        version=declared.version,
        channel=_agree(artifacts, _CHANNEL, declared, problems),
        commit=_agree(artifacts, _COMMIT, declared, problems),
        revisions=_agree(artifacts, _REVISIONS, declared, problems),
    )


def without_commit(artifacts: Iterable[Artifact]) -> list[str]:
    """Return the names of the files that do not state the commit that they were built from."""
    return [artifact.name for artifact in artifacts if artifact.facts is None or not artifact.facts.commit]


def _check_version(artifact: Artifact, version: str, problems: Problems) -> None:
    if not same_version(artifact.version, version):
        problems.add(artifact.name, f"is of the version {artifact.version} and not {version}", _SAME)
    if not same_version(artifact.metadata.version, artifact.version):
        message = f"has the version {artifact.metadata.version} in its metadata and {artifact.version} in its name"
        problems.add(artifact.name, message, _NEVER_RENAME)
    if artifact.metadata.name != artifact.project:
        message = f"has the name {artifact.metadata.name} in its metadata and {artifact.project} in its file name"
        problems.add(artifact.name, message, _NEVER_RENAME)


def _agree(artifacts: Iterable[Artifact], fact: _Fact[_Value], declared: VersionFacts, problems: Problems) -> _Value:
    agreed = fact.read(declared)
    for artifact in artifacts:
        if artifact.facts is None:
            continue
        stated = fact.read(artifact.facts)
        if stated and agreed and stated != agreed:
            message = f"states the {fact.title} {fact.show(stated)}, and the release has {fact.show(agreed)}"
            problems.add(artifact.name, message, _SAME)
        agreed = agreed or stated
    return agreed
