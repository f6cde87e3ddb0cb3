"""Entry points: validated by the rules of installers, and rendered as entry_points.txt."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pyproject_metadata import StandardMetadata

from spokeshave_core.problems import Problems

SCRIPT = re.compile(r"\w[\w.-]*")
NAME = re.compile(r"[^\s=\[#;]([^=]*[^\s=])?")
REFERENCE = re.compile(
    r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*)(\s*:\s*(?P<object>[^\W\d]\w*(\.[^\W\d]\w*)*))?(\s*\[[\w\s.,-]*\])?\s*"
)
SCRIPT_GROUPS = {"scripts": "console_scripts", "gui-scripts": "gui_scripts"}


@dataclass(frozen=True)
class AddedEntryPoint:
    """An entry point that is added to those of the pyproject.toml."""

    group: str
    name: str
    reference: str

    @classmethod
    def parse(cls, text: str) -> AddedEntryPoint:
        """Parse the value of `--entry-point`."""
        group, colon, rest = text.partition(":")
        name, equals, reference = rest.partition("=")
        if not (colon and equals and group and NAME.fullmatch(name) and REFERENCE.fullmatch(reference)):
            raise argparse.ArgumentTypeError(f"{text!r} is not of the form GROUP:NAME=MODULE")
        return cls(group, name, reference)


def add_entry_point_option(parser: argparse.ArgumentParser) -> None:
    """Add the option `--entry-point`."""
    parser.add_argument(
        "--entry-point",
        action="append",
        default=[],
        type=AddedEntryPoint.parse,
        metavar="GROUP:NAME=MODULE",
        help="add an entry point, such as cmake.root:Abacus=abacus_runtime; pyproject.toml may have it too, but not"
        " with another module",
    )


def add_entry_points(
    metadata: StandardMetadata, added: Iterable[AddedEntryPoint], file: str, problems: Problems
) -> None:
    """Add entry points, and a problem for each whose name has another meaning in the pyproject.toml.

    Args:
        file: The path of the pyproject.toml.
    """
    for point in added:
        group = metadata.entrypoints.setdefault(point.group, {})
        own = group.setdefault(point.name, point.reference)
        if own != point.reference:
            place = f"{file}: project.entry-points.{point.group}.{point.name}"
            message = f"is {own!r}, but the fields of the wheel need {point.reference!r}"
            problems.add(place, message, "Remove it there, or set another name in the `cmake` or `pkg_config` field.")


def check_entry_points(project: Mapping[str, object], file: str, problems: Problems) -> None:
    """Add a problem for each name and reference that an installer cannot use.

    Args:
        file: The path of the pyproject.toml.
    """
    scripts: dict[str, str] = {}
    for group, name, reference in named_references(project):
        place = f"{file}: project.{group}.{name}"
        is_script = group in SCRIPT_GROUPS
        if not (SCRIPT if is_script else NAME).fullmatch(name):
            remedy = "Use letters, digits, underscores, dots and dashes, and begin with a letter or digit."
            problems.add(place, "is not a valid script name", remedy)
        match = REFERENCE.fullmatch(reference)
        if not match or (is_script and not match["object"]):
            remedy = "Write it as package.module:function."
            problems.add(place, f"{reference!r} does not name an object in a module", remedy)
        if is_script and scripts.setdefault(name.casefold(), place) != place:
            problems.add(place, f"has the same script name as {scripts[name.casefold()]}", "Rename one of them.")
    groups = project.get("entry-points")
    for table, group in SCRIPT_GROUPS.items():
        if isinstance(groups, Mapping) and group in groups:
            problems.add(f"{file}: project.entry-points.{group}", "is not allowed here", f"Move it to project.{table}.")


def named_references(project: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Yield each entry point as (table, name, reference). Values of another type are left to the library."""
    tables = {table: project.get(table) for table in SCRIPT_GROUPS}
    groups = project.get("entry-points")
    if isinstance(groups, Mapping):
        tables.update((f"entry-points.{group}", entries) for group, entries in groups.items())
    for table, entries in tables.items():
        for name, reference in entries.items() if isinstance(entries, Mapping) else ():
            if isinstance(reference, str):
                yield table, str(name), reference


def render_entry_points(metadata: StandardMetadata) -> bytes:
    """Render entry_points.txt with sorted groups and names. Empty if there are no entry points."""
    groups = {"console_scripts": metadata.scripts, "gui_scripts": metadata.gui_scripts, **metadata.entrypoints}
    return "\n".join(
        "".join([f"[{group}]\n", *(f"{name} = {reference}\n" for name, reference in sorted(entries.items()))])
        for group, entries in sorted(groups.items())
        if entries
    ).encode("utf-8")
