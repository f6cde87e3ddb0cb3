"""The command `spokeshave emulation`: set up emulators and Pythons of other platforms, for smoke tests."""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
from pathlib import Path

from spokeshave.emulation.catalogue import Guest, Wanted, choose, listing
from spokeshave.errors import ExitCode
from spokeshave.pythons.foreign import missing_program, read_foreign_python, write_manifest
from spokeshave_core.home import emulation_folder
from spokeshave_core.manifest import ForeignPython, InvalidManifestError
from spokeshave_core.problems import Problem, SpokeshaveError

_PYTHONS = "pythons"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave emulation`."""
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="TAG",
        help="a wheel platform to set up, such as win_amd64 (default: manylinux_2_17_aarch64)",
    )
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="X.Y",
        help="a Python to set up, such as 3.13 (default: the usual ones of the platform)",
    )
    parser.add_argument(
        "--list", action="store_true", help="list the available platforms with their cost, and what is set up"
    )
    parser.add_argument("--again", action="store_true", help="rebuild an existing setup from newer packages")
    parser.add_argument(
        "--mirror", metavar="ADDRESS", help="a Debian mirror (default: the one that apt is configured for)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="the folder to write to (default: `emulation` in Spokeshave's own folder)",
    )


def run(args: argparse.Namespace) -> int:
    """Set up what is requested. Existing parts are kept."""
    folder = (args.folder or emulation_folder()).absolute()
    if args.list:
        _show(folder)
        return ExitCode.OK
    wanted = choose(args.platform, args.python)
    _check_machine()
    from spokeshave.setup_steps import exclusive, say

    say(f"setting up {', '.join(f'{each.guest.tag} ({chr(32).join(each.pythons)})' for each in wanted)} in {folder}")
    with exclusive(folder):
        if args.again:
            _forget(folder, wanted)
        for each in wanted:
            for version in each.pythons:
                _set_up(folder, each.guest, version, args.mirror)
                # Written immediately, so that it counts even if the others fail.
                write_manifest(folder, _installed_pythons(folder))
        shutil.rmtree(folder / "work", ignore_errors=True)
    for python in _installed_pythons(folder):
        say(f"ready: Python {python.complete_version} for {python.platform} ({python.emulator})")
    return ExitCode.OK


def _set_up(folder: Path, guest: Guest, version: str, mirror: str | None) -> None:
    from spokeshave.emulation import linux, musl, windows
    from spokeshave.emulation.apt import find_mirror
    from spokeshave.setup_steps import say

    place = folder / _PYTHONS / guest.python_name(version)
    if _read(place):
        say(f"  {guest.tag} Python {version}: set up")
        return
    source = linux.Source(find_mirror(mirror, folder), folder / "work", linux.debian_architecture(platform.machine()))
    if guest.system == "Windows":
        windows.windows_python(place, guest, version, folder, source)
    elif guest.system == "musl":
        musl.musl_python(place, guest, version, folder, source)
    else:
        linux.linux_python(place, guest, version, folder, source)


def _installed_pythons(folder: Path) -> list[ForeignPython]:
    """Return everything that was ever set up in a directory."""
    return [python for place in sorted((folder / _PYTHONS).glob("*")) for python in [_read(place)] if python]


def _read(place: Path) -> ForeignPython | None:
    """Return the Python of a directory. None if it has none, a part is missing, or it was made for another path."""
    try:
        python = read_foreign_python(place / "python.json")
    except InvalidManifestError:
        return None
    return python if missing_program(python) is None and place in Path(python.executable).parents else None


def _forget(folder: Path, wanted: list[Wanted]) -> None:
    for each in wanted:
        shutil.rmtree(folder / each.guest.emulator_folder, ignore_errors=True)
        for version in each.pythons:
            shutil.rmtree(folder / _PYTHONS / each.guest.python_name(version), ignore_errors=True)


def _show(folder: Path) -> None:
    installed = _installed_pythons(folder)
    print(listing())
    print(f"\nSet up in {folder}:" if installed else f"\nNothing is set up in {folder}.")
    for python in installed:
        print(f"  {python.platform}: Python {python.complete_version}, {python.emulator}")


def _check_machine() -> None:
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        machine = f"{platform.system()} on {platform.machine()}"
        remedy = "Test wheels on a machine of their platform and use its reports (docs/emulation.md)."
        raise SpokeshaveError(Problem(machine, "is not a machine that emulators can be set up on", remedy))
