"""The outcome of a comparison, and the list of its known differences: a table, and what fails.

A difference is a failure unless `listed/NAME.toml` has it with a reason. An entry that matches another number of
differences than it says is a failure too, so that the list has no more than what is true.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.toml_text import parse_toml

LISTED = Path(__file__).parent / "listed"


@dataclass(frozen=True)
class Compared:
    """One case of an aspect, and how Spokeshave and the other tool differ there; None if they agree."""

    aspect: str
    case: str
    difference: str | None = None


@dataclass(frozen=True)
class Listed:
    """A known difference: globs of the aspect, the case and the text, how many there are, and why."""

    aspect: str
    case: str
    difference: str
    count: int
    reason: str

    def matches(self, compared: Compared) -> bool:
        """Return whether this is about a difference."""
        values = (compared.aspect, compared.case, compared.difference or "")
        return all(map(fnmatch.fnmatchcase, values, (self.aspect, self.case, self.difference)))


class InvalidListError(Exception):
    """An entry of a list that is not complete."""


def read_listed(file: Path) -> list[Listed]:
    """Read a list of known differences. A file that does not exist is an empty one.

    Raises:
        InvalidListError: If an entry lacks something, or has no reason.
    """
    document = parse_toml(file.read_bytes()) if file.exists() else {}
    entries = document.get("difference", [])
    if set(document) - {"difference"} or not isinstance(entries, list):
        raise InvalidListError(f"{file}: write [[difference]] tables only")
    return [_listed(entry, file) for entry in entries]


def _listed(entry: Mapping[str, object], file: Path) -> Listed:
    texts = {key: entry.get(key) for key in ("aspect", "case", "difference", "reason")}
    count = entry.get("count", 1)
    if set(entry) - {*texts, "count"} or not isinstance(count, int) or count < 1:
        raise InvalidListError(f"{file}: {dict(entry)} has other keys, or a count that is not a number")
    given = {key: value.strip() for key, value in texts.items() if isinstance(value, str) and value.strip()}
    if len(given) != len(texts):
        raise InvalidListError(f"{file}: {dict(entry)} lacks one of {', '.join(texts)}")
    return Listed(**given, count=count)


@dataclass(frozen=True)
class Outcome:
    """What a comparison found, next to the known differences."""

    compared: Sequence[Compared]
    listed: Sequence[Listed]

    @property
    def failures(self) -> list[str]:
        """The differences without an entry, and the entries that do not match as many differences as they say."""
        matched: Counter[Listed] = Counter()
        found = []
        for compared in self.compared:
            if compared.difference is not None:
                entry = self._entry(compared)
                if entry is None:
                    found.append(f"not listed: {compared.aspect}: {compared.case}: {compared.difference}")
                else:
                    matched[entry] += 1
        for entry in self.listed:
            if matched[entry] != entry.count:
                text = f"{entry.aspect}: {entry.case}: {entry.difference}"
                found.append(f"listed {entry.count} times, but found {matched[entry]} times: {text}")
        return found

    def _entry(self, compared: Compared) -> Listed | None:
        return next((entry for entry in self.listed if entry.matches(compared)), None)

    def table(self) -> str:
        """Return a line for each aspect: compared cases, equal and different ones, and differences."""
        titles = ("compared", "equal", "different", "differences", "listed")
        lines = [f"{'aspect':<38}" + "".join(f"{title:>13}" for title in titles)]
        for aspect in dict.fromkeys(compared.aspect for compared in self.compared):
            found = [compared for compared in self.compared if compared.aspect == aspect]
            differences = [compared for compared in found if compared.difference is not None]
            cases = len({compared.case for compared in found})
            different = len({compared.case for compared in differences})
            listed = sum(self._entry(compared) is not None for compared in differences)
            counts = (cases, cases - different, different, len(differences), listed)
            lines.append(f"{aspect:<38}" + "".join(f"{count:>13}" for count in counts))
        return "\n".join(lines)


def compare_sets(aspect: str, case: str, ours: Iterable[str], theirs: Iterable[str]) -> list[Compared]:
    """Compare two sets: one difference for each member that only one of them has."""
    ours = set(ours)
    theirs = set(theirs)
    found = [f"only ours: {item}" for item in sorted(ours - theirs)]
    found += [f"only theirs: {item}" for item in sorted(theirs - ours)]
    return [Compared(aspect, case, text) for text in found] or [Compared(aspect, case)]


def compare_values(aspect: str, case: str, ours: object, theirs: object) -> Compared:
    """Compare two values."""
    return Compared(aspect, case, None if ours == theirs else f"ours {ours}, theirs {theirs}")
