"""Tables on a terminal, and plain columns elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from spokeshave.release.columns import in_columns
from spokeshave.release.publish.progress import say


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], styles: Mapping[str, str] | None = None
) -> None:
    """Print rows.

    Args:
        styles: The style of a cell by its text, such as `{"there": "green"}`.
    """
    if not sys.stdout.isatty():
        say("\n".join(in_columns([headings, *rows])))
        return
    table = Table(*headings)
    for row in rows:
        table.add_row(*(Text(cell, (styles or {}).get(cell, "")) for cell in row))
    Console().print(table)
