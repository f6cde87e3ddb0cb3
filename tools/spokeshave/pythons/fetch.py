"""The command `spokeshave fetch`: download the wheels that a requirements file pins, for another Python."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.pythons.foreign import read_foreign_python
from spokeshave.pythons.interpreter import Interpreter, inspect, inspect_foreign
from spokeshave.pythons.pip import pip_folder, platform_options
from spokeshave.pythons.requirements import read_pinned_file
from spokeshave.report import write_text
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.reports.fetch import FetchReport


class FetchError(SpokeshaveError):
    """Wheels that could not be downloaded."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave fetch`."""
    python = parser.add_mutually_exclusive_group(required=True)
    python.add_argument("--python", type=Path, metavar="EXE", help="the interpreter that the wheels are for")
    python.add_argument(
        "--foreign-python",
        type=Path,
        metavar="FILE",
        help="the Python of another platform that the wheels are for: its entry in the emulation manifest",
    )
    parser.add_argument(
        "--requirements", type=Path, required=True, metavar="FILE", help="a requirements file with versions and hashes"
    )
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="the folder to write the wheels to")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="the JSON report to write; it contains the names of the wheels"
    )


def run(args: argparse.Namespace) -> int:
    """Download the requirements of the Python, from the index in the file or in pip's configuration."""
    interpreter = inspect(args.python) if args.python else inspect_foreign(read_foreign_python(args.foreign_python))
    fetch(interpreter, args.requirements, args.into)
    if args.report:
        report = FetchReport(tuple(sorted(path.name for path in args.into.glob("*.whl"))))
        write_text(args.report, report.to_json())
    return ExitCode.OK


def fetch(interpreter: Interpreter, requirements: Path, folder: Path) -> None:
    """Download the wheels of all pins whose markers are true there.

    pip would evaluate the markers for its own Python, so it gets pins without markers.

    Raises:
        FetchError: If pip fails. The message contains its output.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pins = folder / "pins.txt"
    pinned = read_pinned_file(requirements, interpreter.markers)
    pins.write_text("".join(f"{line}\n" for line in (*pinned.lookups, *(pin.source for pin in pinned.pins))), "utf-8")
    command = [sys.executable, "-I", pip_folder(), "--isolated", "--disable-pip-version-check", "--no-input"]
    command += ["download", "--quiet", "--no-cache-dir", "--progress-bar=off", "--no-deps", "--require-hashes"]
    command += [*platform_options(interpreter), "--only-binary=:all:", "--dest", folder, "--requirement", pins]
    argv = [str(argument) for argument in command]
    done = subprocess.run(argv, env=dict(os.environ), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    pins.unlink()
    if done.returncode:
        output_text = done.stderr.decode("utf-8", "replace").strip()
        remedy = "Check the network and that the requirements have wheels for this platform."
        raise FetchError(Problem(str(requirements), f"could not be fetched for {interpreter}:\n{output_text}", remedy))
