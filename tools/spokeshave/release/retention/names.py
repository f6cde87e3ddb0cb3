"""The channels and releases that a policy names, compared with those of an index.

A name that is written wrong would let a job prune nothing for years, and report success.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from spokeshave.release.index.release_names import meant_name
from spokeshave.release.retention.retention import NO_CHANNEL, RetentionPolicy, channel_of
from spokeshave_core.channel import Channel
from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.release.index import IndexedSet

_CHANNELS = (*(channel.value for channel in Channel), NO_CHANNEL)


class UnknownNameError(SpokeshaveError):
    """A channel or a release that does not exist."""


def policy_for(sets: Sequence[IndexedSet], policy: RetentionPolicy) -> RetentionPolicy:
    """Return a policy with the names of releases as the index has them.

    A channel that exists may have no sets yet. Any release may be absent while the index is empty.

    Raises:
        UnknownNameError: For each channel and release that is unknown.
    """
    problems = Problems()
    channels = dict.fromkeys(map(channel_of, sets))
    for name in sorted(policy.channels - {*_CHANNELS, *channels}):
        has = f"the index has {_listed(channels)}" if sets else "the index is empty"
        problems.add(f"--channel {name}", f"is not a channel: {has}", _remedy(name, (*_CHANNELS, *channels)))
    names = sorted({listed.name for listed in sets})
    releases = frozenset(meant_name(name, names) for name in policy.releases)
    for name in sorted(releases - {*names}) if sets else ():
        problems.add(f"--release {name}", f"is not in the index, which has {_listed(names)}", _remedy(name, names))
    problems.raise_if_any(UnknownNameError)
    return replace(policy, releases=releases)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _remedy(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]}? Nothing was removed." if near else "Correct it. Nothing was removed."
