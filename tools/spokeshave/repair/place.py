"""The command `spokeshave place`: make native files next to Python sources find the libraries that they need.

The files get what the repair of a wheel gives them, so that both find their libraries in the same way.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.policies.linux import parse_platform
from spokeshave.repair.command import fit
from spokeshave.repair.own_libraries import check_own_libraries
from spokeshave.report import write_text
from spokeshave.wheel.tree import read_tree
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.place import PlaceReport
from spokeshave_core.wheel_name import DIST_INFO, UNSTAMPED, WheelName


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave place`."""
    parser.add_argument("--files", type=Path, required=True, metavar="DIR", help="a folder with the files")
    parser.add_argument(
        "--package",
        required=True,
        metavar="NAME",
        help="the top-level package of the files; the libraries that they need are copied into the folder NAME.libs",
    )
    parser.add_argument("--abi", required=True, metavar="ABI", help="the files' Python ABI, such as cp312-abi3")
    parser.add_argument("--platform", required=True, metavar="TAG", help="the platform tag that the files are for")
    parser.add_argument(
        "--library-dir", type=Path, required=True, metavar="DIR", help="a folder with the shared libraries to copy"
    )
    parser.add_argument(
        "--own-library",
        action="append",
        default=[],
        metavar="PATH",
        help="one of the files that keeps its name, because Python code opens it; the others find it where it is",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="the folder to write the files to")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Place the files of one folder.

    Raises:
        SpokeshaveError: For all reasons that the files cannot find their libraries.
    """
    name = WheelName(
        name=args.package,
        version=UNSTAMPED,
        tag=PythonAbi.parse(args.abi).wheel_tag(parse_platform(args.platform).unrepaired_tag),
    )
    files = place(args.files, name, parse_platform(args.platform), args.library_dir, args.own_library, args.output)
    write_text(args.report, PlaceReport(tuple(files)).to_json())
    return ExitCode.OK


def place(
    files: Path, name: WheelName, platform: Platform, library_dir: Path, own_libraries: Sequence[str], output: Path
) -> list[str]:
    """Write copies of native files and of the libraries that they need to `output`.

    Args:
        name: The wheel that the files could be part of.
        own_libraries: Those of the files that the other ones use instead of copies.

    Returns:
        The paths below `output`, sorted.

    Raises:
        SpokeshaveError: For all reasons that the files cannot find their libraries.
    """
    with tempfile.TemporaryDirectory(prefix="spokeshave-place-") as folder:
        root = Path(folder).resolve() / "tree"
        shutil.copytree(files, root)
        metadata = root / f"{name.name}-{name.version}{DIST_INFO}"
        metadata.mkdir()
        # The repair changes the tree of a wheel, which has such a folder.
        (metadata / "METADATA").touch()
        tree = read_tree(name, root)
        check_own_libraries(tree, platform, own_libraries, [library_dir])
        fit(tree, platform, [library_dir], own_libraries)
        shutil.rmtree(metadata)
        return sorted(_copied(root, output))


def _copied(root: Path, output: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        if path.is_file():
            relative = path.relative_to(root)
            (output / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, output / relative)
            yield relative.as_posix()
