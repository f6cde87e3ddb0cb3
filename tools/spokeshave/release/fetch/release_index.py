"""The sets of a release index, and the choice of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave.errors import some
from spokeshave.release.fetch.failures import FetchError, Patience
from spokeshave.release.fetch.source import Source
from spokeshave.release.fetch.wanted import Wanted
from spokeshave.release.index.folder import CURRENT, SETS
from spokeshave_core.json_values import InvalidJsonError, from_value, parse_any
from spokeshave_core.problems import Problem
from spokeshave_core.release.index import IndexedSet

_LISTED = f"{CURRENT}/{SETS}"
_SHORTEST_COMMIT = 7
_LIST_THEM = "`spokeshave release fetch --list --from INDEX` shows what there is."


def read_sets_of(source: Source, patience: Patience) -> tuple[IndexedSet, ...] | None:
    """Return the sets of a release index, oldest first. None if the source is not one.

    Raises:
        FetchError: If its list cannot be read.
    """
    data = patience.again(lambda: source.read(_LISTED))
    if data is None:
        return None
    try:
        return tuple(from_value(IndexedSet, parse_any(line)) for line in data.decode().splitlines())
    except (InvalidJsonError, ValueError) as err:
        remedy = "Run `spokeshave index verify` on the index, or use the version of Spokeshave that wrote it."
        raise FetchError(Problem(source.label, f"its {_LISTED} cannot be read: {err}", remedy)) from err


@dataclass(frozen=True)
class SetChoice:
    """What a user says of a set.

    Attributes:
        commit: The beginning of its commit.
    """

    wanted: Wanted | None
    channel: str | None = None
    commit: str | None = None

    def fits(self, listed: IndexedSet) -> bool:
        """Return whether a set is one of those that the user may mean."""
        is_named = self.wanted is None or (self.has_name_of(listed) and self.wanted.accepts(listed.version))
        is_of_channel = self.channel is None or listed.channel == self.channel
        is_of_commit = self.commit is None or (listed.commit or "").startswith(self.commit.lower())
        return is_named and is_of_channel and is_of_commit

    def has_name_of(self, listed: IndexedSet) -> bool:
        """Return whether a set has the name that the user gives, in any spelling."""
        return self.wanted is not None and canonicalize_name(listed.name) == self.wanted.project

    def __str__(self) -> str:
        parts = [
            self.wanted.text if self.wanted else "",
            f"channel {self.channel}" if self.channel else "",
            f"commit {self.commit}" if self.commit else "",
        ]
        return ", ".join(filter(None, parts)) or "a release"


def check_commit(commit: str) -> None:
    """Check that a text may be the beginning of a commit.

    Raises:
        FetchError: If it is not, or is too short to mean one.
    """
    if len(commit) < _SHORTEST_COMMIT or set(commit.lower()) - set("0123456789abcdef"):
        message = f"{commit!r} is not a commit, or the first {_SHORTEST_COMMIT} or more digits of one"
        raise FetchError(Problem("--commit", message, "Give the commit that `git rev-parse` prints."))


def choose_set(sets: Sequence[IndexedSet], choice: SetChoice, label: str) -> IndexedSet:
    """Return the set that a user means: the one of a version, or the newest that is complete and not yanked.

    Raises:
        FetchError: If there is none, or more than one release or channel.
    """
    place = str(choice)
    found = [listed for listed in sets if choice.fits(listed)]
    if not found:
        raise FetchError(Problem(place, f"is not on {label}{_near(sets, choice)}", _LIST_THEM))
    if choice.wanted is not None:
        found = [listed for listed in found if listed.name == choice.wanted.name] or found
    if choice.wanted is not None and choice.wanted.is_pinned:
        _check_name(found, place)
        chosen = max(found, key=lambda listed: Version(listed.version))
    else:
        usable = [listed for listed in found if listed.is_complete and listed.yanked is None]
        if not usable:
            message = f"is yanked or partial on {label} in all versions: {_versions(found)}"
            raise FetchError(Problem(place, message, f"Name one with ==, if that is meant. {_LIST_THEM}"))
        _check_name(usable, place)
        _check_channel(usable, place)
        chosen = max(usable, key=lambda listed: Version(listed.version))
    if not chosen.is_complete:
        message = f"is partial on {label}: only {' '.join(chosen.only)}. A record is fetched whole"
        raise FetchError(Problem(place, message, f"Publish the rest, or {_files_of(chosen)}."))
    return chosen


def _files_of(partial: IndexedSet) -> str:
    """Return how the files of a partial set are fetched. One of the release's name may be among its projects."""
    if canonicalize_name(partial.name) in partial.projects:
        globs = " ".join(f"--only '{glob}'" for glob in partial.only)
        return f"fetch the files that are there: add {globs}"
    return f"fetch the files of its projects, such as {partial.projects[0]}=={partial.version}"


def _check_name(sets: Iterable[IndexedSet], place: str) -> None:
    names = sorted({listed.name for listed in sets})
    if len(names) > 1:
        raise FetchError(Problem(place, f"may be of more than one release: {', '.join(names)}", "Give its NAME."))


def _check_channel(sets: Iterable[IndexedSet], place: str) -> None:
    found = {listed.channel for listed in sets}
    if len(found) > 1:
        channels = sorted(channel for channel in found if channel)
        message = f"may be of more than one channel: {', '.join(channels)}{', or of none' if None in found else ''}"
        remedy = f"Choose one with --channel{', or a version with ==' if None in found else ''}."
        raise FetchError(Problem(place, message, remedy))


def with_channel(listed: IndexedSet) -> str:
    """Return the version of a set, with its channel if it has one."""
    return f"{listed.version} ({listed.channel})" if listed.channel else listed.version


def _near(sets: Sequence[IndexedSet], choice: SetChoice) -> str:
    """Return what there is of the name, or which names there are."""
    named = [listed for listed in sets if choice.has_name_of(listed)]
    if named:
        return f", which has {_versions(named)}"
    names = sorted({listed.name for listed in sets})
    return f", which has the releases {some(names)}" if names else ", which has no releases"


def _versions(sets: Iterable[IndexedSet]) -> str:
    newest_first = sorted(sets, key=lambda listed: Version(listed.version), reverse=True)
    return some([with_channel(listed) for listed in newest_first])
