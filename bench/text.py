"""Rendering of measurements as plain text."""

from __future__ import annotations

from bench.result import Cell, Measurement, Table, Verdict


def render(measurement: Measurement) -> str:
    """Return a measurement as text for the terminal."""
    parts = [f"== {measurement.name}", *(table(t) for t in measurement.tables), *measurement.notes]
    return "\n\n".join([*parts, "\n".join(verdict(v) for v in measurement.verdicts)]) + "\n"


def verdict(value: Verdict) -> str:
    return f"{'met   ' if value.met else 'MISSED'}  {value.wanted}; found {value.found}"


def table(value: Table) -> str:
    """Return a table whose columns are padded to their widest cell, with numbers to the right."""
    rows = [value.head, *(tuple(_cell(cell) for cell in row) for row in value.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(value.head))]
    right = [all(isinstance(row[column], (int, float)) for row in value.rows) for column in range(len(value.head))]
    lines = ["  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right)).rstrip() for row in rows]
    return "\n".join([value.title, lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _cell(cell: Cell) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)
