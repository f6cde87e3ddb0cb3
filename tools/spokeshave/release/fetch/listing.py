"""What a source has, for people: the sets of a release index, or the files of projects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.version import Version

from spokeshave.release.columns import in_columns
from spokeshave.sizes import human_size
from spokeshave_core.release.fetch import OfferedFile
from spokeshave_core.release.index import IndexedSet

_COMMIT_DIGITS = 12


def lines_of_sets(sets: Iterable[IndexedSet]) -> list[str]:
    """Return a table of sets, the newest version of each release first."""
    ordered = sorted(sets, key=lambda listed: Version(listed.version), reverse=True)
    ordered.sort(key=lambda listed: listed.name)
    rows = [("release", "version", "channel", "commit", "files", "size", "added", "state")]
    for listed in ordered:
        commit = (listed.commit or "")[:_COMMIT_DIGITS]
        size = human_size(listed.size)
        state = _state(listed)
        rows.append(
            (
                listed.name,
                listed.version,
                listed.channel or "",
                commit,
                str(listed.files),
                size,
                listed.added[:10],
                state,
            )
        )
    return in_columns(rows, right=[4, 5])


def _state(listed: IndexedSet) -> str:
    parts = []
    if not listed.is_complete:
        parts.append(f"partial: only {' '.join(listed.only)}")
    if listed.yanked is not None:
        reason = " ".join(listed.yanked.split())
        parts.append(f"yanked: {reason}" if reason else "yanked")
    if listed.kept is not None:
        parts.append("kept")
    return ", ".join(parts) or "complete"


def lines_of_files(files: Sequence[OfferedFile]) -> list[str]:
    """Return a table of files."""
    rows = [("project", "version", "file", "size", "sha256", "state")]
    for file in files:
        size = "" if file.size is None else human_size(file.size)
        state = "" if file.yanked is None else f"yanked: {' '.join(file.yanked.split())}".rstrip(": ")
        rows.append((file.project, file.version, file.name, size, (file.sha256 or "NONE")[:12], state))
    return in_columns(rows, right=[3])
