"""Facts of a set in words: when it came in, its commit, and its state."""

from __future__ import annotations

from collections.abc import Iterator

from spokeshave.errors import counted
from spokeshave.sizes import human_size
from spokeshave_core.page.markup import Child, Html, element, join
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseRecord

NO_FILES = "None of its files are on this index."
_SHORT_COMMIT = 12


def time_element(added: str, *, date_only: bool = False) -> Html:
    """Return a time such as `2026-11-30 01:02 UTC`, with all its digits in the title."""
    date, _, clock = added.partition("T")
    shown = date if date_only or not clock else f"{date} {clock[:5]} UTC"
    return element("time", shown, datetime=added, title=added)


def commit_element(commit: str) -> Html:
    """Return a commit's first digits, with all of them in the title."""
    return element("code", commit[:_SHORT_COMMIT], title=commit, class_="commit")


def state_chips(listed: IndexedSet) -> Iterator[Html]:
    """Yield a mark for each state that is not the usual one."""
    for name, class_, _ in _states(listed):
        yield _chip(name, class_)


def state_notes(listed: IndexedSet, record: ReleaseRecord) -> Iterator[Html]:
    """Yield the states of a set, each with its mark and its reason."""
    for name, class_, reason in _states(listed):
        yield join(_chip(name, class_), " ", reason)
    if record.promoted_from:
        yield join(f"promoted from {record.promoted_from.version}")


def _states(listed: IndexedSet) -> Iterator[tuple[str, str, Child]]:
    """Yield the name, the class and the reason of each state."""
    if listed.yanked is not None:
        yield "yanked", "failed", listed.yanked
    if not listed.is_complete:
        yield "partial", "warned", join("only ", element("code", ", ".join(listed.only)))
    if listed.kept is not None:
        yield "kept", "", listed.kept


def _chip(name: str, class_: str) -> Html:
    return element("span", name, class_=f"chip {class_}".strip())


def notices(listed: IndexedSet) -> Iterator[Html]:
    """Yield what a reader must know before installing a set."""
    if listed.yanked is not None:
        reason = f": {listed.yanked.rstrip('.')}" if listed.yanked else ""
        warning = f"This release was yanked{reason}. Installers take it only where its exact version is asked for."
        yield element("p", warning, class_="failure", role="note")
    if not listed.is_complete:
        globs = element("code", ", ".join(listed.only))
        text = join("This is a part of the release: only files of ", globs, " are on this index.")
        yield element("p", text, class_="notice", role="note")


def contents(listed: IndexedSet) -> str:
    """Return the number and the size of a set's files."""
    return f"{counted(listed.files, 'file')}, {human_size(listed.size)}"
