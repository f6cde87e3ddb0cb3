"""The command `tests/differential/run`: compare, and print tables and failures."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from differential import includes, limited_api, linux_wheels, macos_wheels, metadata, tags, windows_wheels
from differential.comparison import LISTED, Compared, Outcome, read_listed
from differential.downloads import write_pins
from differential.field import Field
from differential.repairs import linux, macos, windows
from spokeshave_core.home import spokeshave_home

COMPARISONS: Mapping[str, Callable[[Field], Iterable[Compared]]] = {
    "tags": tags.compare,
    "linux-wheels": linux_wheels.compare,
    "repair": linux.compare,
    "repair-musl": linux.compare_musl,
    "repair-macos": macos.compare,
    "repair-windows": windows.compare,
    "macos-wheels": macos_wheels.compare,
    "windows-wheels": windows_wheels.compare,
    "limited-api": limited_api.compare,
    "includes": includes.compare,
    "metadata": metadata.compare,
}


def main(arguments: list[str]) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="tests/differential/run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to compare; default: {', '.join(COMPARISONS)}")
    parser.add_argument(
        "--cache",
        type=Path,
        help="the folder of downloads; default: differential in $SPOKESHAVE_HOME or ~/.cache/spokeshave",
    )
    parser.add_argument(
        "--pin", action="append", default=[], metavar="NAME", help="only write pins/NAME.txt from pins/NAME.in"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(COMPARISONS)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))} is not one of {', '.join(COMPARISONS)}")
    for name in options.pin:
        write_pins(name)
    if options.pin:
        return 0
    field = Field.prepare((options.cache or spokeshave_home() / "differential").resolve())
    failed = [name for name in options.names or COMPARISONS if not _passes(name, field)]
    return int(bool(failed))


def _passes(name: str, field: Field) -> bool:
    start = time.monotonic()
    outcome = Outcome(list(COMPARISONS[name](field)), read_listed(LISTED / f"{name}.toml"))
    print(f"\n== {name}, {time.monotonic() - start:.0f} s\n{outcome.table()}")
    failures = outcome.failures
    for failure in failures:
        print(failure)
    print(f"{len(failures)} failures", flush=True)
    return not failures
