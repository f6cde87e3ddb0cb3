"""The front page: of each channel the newest set in full, and a row for each set, from the newest to the oldest.

It is a concatenation: only the texts between fragments are rendered, so that memory does not grow with the index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from packaging.version import Version

from spokeshave.errors import counted
from spokeshave.release.index.folder import FIND_LINKS, JSON_PAGES, PAGE, SIMPLE
from spokeshave.release.index.people.install import Address, copied_status, index_command
from spokeshave.release.index.people.look import PAGE_SCRIPT, PAGE_STYLE
from spokeshave.sizes import human_size
from spokeshave_core.channel import Channel
from spokeshave_core.page.document import render_document
from spokeshave_core.page.markup import Child, Html, element, join
from spokeshave_core.release.index import IndexedSet

OPEN_ROWS = 12
"""The rows of a channel that are shown without opening anything."""

_ORDER = (Channel.STABLE, Channel.RC, Channel.NIGHTLY)
_COLUMNS = ("release", "added", "commit", "platforms", "Pythons", "files", "size", "state")
_NUMBERS = frozenset({"platforms", "files", "size"})
# Stands for what is inserted later. It is not a text that an escaped name can have.
_GAP = Html("<!-- gap -->")


@dataclass
class ChannelSummary:
    """What the front page says of a channel.

    Attributes:
        newest: Of each release name the set that is shown in full.
    """

    name: str | None
    count: int = 0
    newest: dict[str, IndexedSet] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return the channel's name for people."""
        return self.name or "without a channel"

    @property
    def anchor(self) -> str:
        """Return the channel's id on the page."""
        escaped = re.sub("[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}", self.name or "")
        return f"channel-{escaped}"


@dataclass(frozen=True)
class Summary:
    """What the front page says of the whole index."""

    channels: tuple[ChannelSummary, ...]
    names: frozenset[str]
    projects: int
    files: int
    size: int

    @property
    def count(self) -> int:
        """Return the number of sets."""
        return sum(channel.count for channel in self.channels)

    @property
    def title(self) -> str:
        """Return the title of the page, with the release's name if all have the same."""
        return f"Releases of {', '.join(self.names)}" if len(self.names) == 1 else "Release index"


def summarize(sets: Iterable[IndexedSet]) -> Summary:
    """Return the summary of sets, which are read once."""
    channels: dict[str | None, ChannelSummary] = {}
    names: set[str] = set()
    projects: set[str] = set()
    files = 0
    size = 0
    for listed in sets:
        channel = channels.setdefault(listed.channel, ChannelSummary(listed.channel))
        channel.count += 1
        shown = channel.newest.get(listed.name)
        if shown is None or _rank(listed) >= _rank(shown):
            channel.newest[listed.name] = listed
        names.add(listed.name)
        projects.update(listed.projects)
        files += listed.files
        size += listed.size
    ordered = sorted(channels.values(), key=lambda channel: _place(channel.name))
    return Summary(channels=tuple(ordered), names=frozenset(names), projects=len(projects), files=files, size=size)


def front_page(
    sets: Sequence[IndexedSet],
    section: Callable[[IndexedSet], bytes],
    row: Callable[[IndexedSet], bytes],
    url: str = "",
) -> Iterator[bytes]:
    """Yield the parts of the front page.

    Args:
        sets: What the index lists, from the oldest to the newest.
        section: Reads the section of a set, which `set_section` made.
        row: Reads the row of a set, which `set_row` made.
        url: The address of the index, if it is known.
    """
    summary = summarize(sets)
    before, after = _frame(summary, url)
    yield before
    for channel in summary.channels:
        own = (listed for listed in reversed(sets) if listed.channel == channel.name)
        yield from _channel(channel, map(section, channel.newest.values()), map(row, own))
    yield after


def _channel(channel: ChannelSummary, sections: Iterable[bytes], rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a channel on the page.

    Args:
        sections: The sections of the sets that are shown in full.
        rows: The rows of all its sets, from the newest to the oldest.
    """
    titled = f"{channel.anchor}-title"
    count = element("span", counted(channel.count, "release"), class_="quiet")
    heading = element("h2", channel.title, " ", count, id=titled)
    yield f'<section id="{channel.anchor}" aria-labelledby="{titled}">{heading.text}\n'.encode()
    yield from sections
    if channel.count == len(channel.newest):
        yield b"</section>\n"
        return
    remaining = iter(rows)
    before, after = _table(f"Releases of {channel.title}", f"Releases of {channel.title}, newest first")
    yield before
    yield from islice(remaining, OPEN_ROWS)
    yield after
    older = channel.count - OPEN_ROWS
    if older > 0:
        before, after = _table(f"Older releases of {channel.title}", f"Older releases of {channel.title}")
        summary = element("summary", f"{counted(older, 'older release')}")
        yield f'<details class="older">{summary.text}'.encode()
        yield before
        yield from remaining
        yield after
        yield b"</details>"
    yield b"</section>\n"


def _rank(listed: IndexedSet) -> tuple[bool, bool, Version]:
    """Return what decides which set is shown in full. It is one that can be installed, if there is one."""
    return listed.yanked is None, listed.is_complete, Version(listed.version)


def _place(channel: str | None) -> tuple[int, str]:
    names = [known.value for known in _ORDER]
    if channel is None:
        return len(names) + 1, ""
    return (names.index(channel) if channel in names else len(names)), channel


def _frame(summary: Summary, url: str) -> tuple[bytes, bytes]:
    address = Address(url=url)
    header = element(
        "header",
        element("h1", summary.title),
        _facts(summary),
        element("nav", element("ul", *_jumps(summary)), aria_label="Channels") if summary.channels else None,
    )
    main = element("main", _usage(address), _GAP, _machine_pages(), copied_status())
    shown = render_document(summary.title, header, main, style=PAGE_STYLE, script=PAGE_SCRIPT)
    before, _, after = shown.text.partition(_GAP.text)
    return before.encode(), after.encode()


def _facts(summary: Summary) -> Html:
    facts = [
        ("releases", str(summary.count)),
        ("projects", str(summary.projects)),
        ("files", f"{summary.files:,}"),
        ("size", human_size(summary.size)),
    ]
    shown = (element("div", element("dt", name), element("dd", value)) for name, value in facts)
    return element("dl", *shown, class_="facts")


def _jumps(summary: Summary) -> Iterator[Html]:
    for channel in summary.channels:
        count = element("span", f"({channel.count})", class_="quiet")
        yield element("li", element("a", channel.title, href=f"#{channel.anchor}"), " ", count)


def _usage(address: Address) -> Html:
    legend = (
        "The newest release of each channel is shown with all its wheels, and each mark leads to a wheel. ✓ tested: "
        "the wheel passed its smoke test on that Python, on a machine of the kind in the last column."
    )
    return join(index_command(address), address.explanation, element("p", legend, class_="quiet"))


def _machine_pages() -> Html:
    pages = {
        f"{SIMPLE}/{PAGE}": "the simple API (PEP 503)",
        f"{JSON_PAGES}/index.json": "the same as JSON (PEP 691)",
        FIND_LINKS: "all files on one page, for --find-links",
    }
    items = (element("li", element("a", what, href=path)) for path, what in pages.items())
    titled = "pages-title"
    heading = element("h2", "For installers", id=titled)
    return element("section", heading, element("ul", *items), aria_labelledby=titled)


def _table(label: str, caption: str) -> tuple[bytes, bytes]:
    """Return what is before and after the rows of a table of sets."""
    heads: list[Child] = [
        element("th", name, scope="col", role="columnheader", class_="number" if name in _NUMBERS else None)
        for name in _COLUMNS
    ]
    table = element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", element("tr", *heads, role="row"), role="rowgroup"),
        element("tbody", _GAP, role="rowgroup"),
        class_="listing",
        role="table",
    )
    scrolled = element("div", table, class_="scroll", tabindex=0, role="region", aria_label=label)
    before, _, after = scrolled.text.partition(_GAP.text)
    return before.encode(), after.encode()
