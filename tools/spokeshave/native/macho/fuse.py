"""The command `spokeshave fuse`: join the x86_64 and arm64 builds of Mach-O files, for universal2 wheels."""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spokeshave.errors import ExitCode, Problem, Problems, SpokeshaveError
from spokeshave.native.macho.file import MachOSlice, is_macho, read_macho
from spokeshave.report import atomic_file, write_report
from spokeshave.wheel.archive import CHUNK

_ARCHITECTURES = ("x86_64", "arm64")
# A page of arm64, on whose machines the x86_64 code runs too.
_ALIGNMENT = 14
_HEADER, _ENTRY = struct.Struct(">II"), struct.Struct(">IIIII")
_MAGIC = 0xCAFEBABE
_CPU = struct.Struct("<4xII")
_LARGEST = 0xFFFFFFFF


class UnfusableFilesError(SpokeshaveError):
    """Files that cannot be joined into one universal file."""


@dataclass(frozen=True)
class _Part:
    """A slice of an input file."""

    path: Path
    content: MachOSlice


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave fuse`."""
    parser.add_argument(
        "--input",
        type=Path,
        action="append",
        required=True,
        metavar="PATH",
        help="a Mach-O file, or a folder whose Mach-O files are joined with those of the same paths; given twice",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="PATH", help="the file or folder to write")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Join files, or two directories.

    Raises:
        UnfusableFilesError: For all problems.
    """
    if any(path.is_dir() for path in args.input):
        fuse_folders(args.input, args.output)
    else:
        fuse(args.input, args.output)
    write_report(args.report, {"output": str(args.output)})
    return ExitCode.OK


def fuse(inputs: Sequence[Path], output: Path) -> None:
    """Write a universal file. Slices are copied unchanged, so that their signatures stay valid."""
    parts = _parts(inputs, output.name)
    offsets, end = [], _HEADER.size + len(parts) * _ENTRY.size
    for part in parts:
        offsets.append(-(-end >> _ALIGNMENT) << _ALIGNMENT)
        end = offsets[-1] + part.content.region.size
    if end > _LARGEST:
        remedy = "Split the library; macOS reads no larger universal file from every tool."
        raise UnfusableFilesError(Problem(str(output), "would be larger than 4 GiB", remedy))
    with atomic_file(output) as stream:
        stream.write(_HEADER.pack(_MAGIC, len(parts)))
        for part, offset in zip(parts, offsets):
            stream.write(_ENTRY.pack(*_cpu(part), offset, part.content.region.size, _ALIGNMENT))
        for part, offset in zip(parts, offsets):
            stream.write(b"\0" * (offset - stream.tell()))
            _copy(part, stream)
    os.chmod(output, 0o755 if any(os.access(path, os.X_OK) for path in inputs) else 0o644)


def fuse_folders(inputs: Sequence[Path], output: Path) -> None:
    """Write a directory with the universal file of each pair of Mach-O files. Other files must be equal."""
    problems = Problems()
    for folder in inputs:
        if not folder.is_dir():
            problems.add(str(folder), "is no folder, but another input is one", "Give two files, or two folders.")
    problems.raise_if_any(UnfusableFilesError)
    names = sorted({path.relative_to(folder) for folder in inputs for path in folder.rglob("*") if path.is_file()})
    for name in names:
        with problems.collecting():
            _fuse_or_copy([folder / name for folder in inputs], output / name, str(name))
    problems.raise_if_any(UnfusableFilesError)


def _fuse_or_copy(paths: list[Path], output: Path, name: str) -> None:
    absent = [path for path in paths if not path.is_file()]
    if absent:
        message = f"is missing in {absent[0].parent}"
        raise UnfusableFilesError(Problem(name, message, "Build it for both architectures."))
    if any(is_macho(path) for path in paths):
        fuse(paths, output)
    elif all(filecmp.cmp(paths[0], path, shallow=False) for path in paths[1:]):
        output.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths[0], output)
    else:
        message = "differs between the architectures and is no Mach-O file"
        raise UnfusableFilesError(Problem(name, message, "Generate it alike for both."))


def _parts(inputs: Sequence[Path], name: str) -> list[_Part]:
    """Return the slices of all inputs in a fixed order.

    Raises:
        UnfusableFilesError: If they cannot be joined.
    """
    problems, parts = Problems(), []
    for path in inputs:
        if not is_macho(path):
            problems.add(str(path), "is no Mach-O file", "Give the linked files of two macOS targets.")
            continue
        with problems.collecting():
            parts += [_Part(path, content) for content in read_macho(path, str(path)).slices]
    problems.raise_if_any(UnfusableFilesError)
    _check_architectures(parts, name, problems)
    _check_alike(parts, name, problems)
    problems.raise_if_any(UnfusableFilesError)
    return sorted(parts, key=lambda part: _ARCHITECTURES.index(part.content.architecture))


def _check_architectures(parts: list[_Part], name: str, problems: Problems) -> None:
    for architecture in _ARCHITECTURES:
        having = [str(part.path) for part in parts if part.content.architecture == architecture]
        if not having:
            problems.add(name, f"would have no {architecture}", f"Give the file built for {architecture} too.")
        elif len(having) > 1:
            message = f"would have {architecture} twice, from {' and '.join(having)}"
            problems.add(name, message, "Give one file for each architecture.")
    for part in parts:
        if part.content.architecture not in _ARCHITECTURES:
            message = f"is built for {part.content.architecture}, which is no part of universal2"
            problems.add(str(part.path), message, f"Give files built for {' and '.join(_ARCHITECTURES)}.")


def _check_alike(parts: list[_Part], name: str, problems: Problems) -> None:
    kinds = sorted({part.content.kind.name.lower() for part in parts})
    if len(kinds) > 1:
        problems.add(name, f"would be of two kinds, {' and '.join(kinds)}", "Link both with the same flags.")
    names = sorted({part.content.install_name or "no name" for part in parts})
    if len(names) > 1:
        message = f"would have two install names, {' and '.join(names)}"
        problems.add(name, message, "Link both with the same -Wl,-install_name,@rpath/NAME.")


def _cpu(part: _Part) -> tuple[int, int]:
    """Return the type and the subtype of the processor from the slice's own header."""
    with part.path.open("rb") as stream:
        stream.seek(part.content.region.offset)
        kind, subtype = _CPU.unpack(stream.read(_CPU.size))
    return kind, subtype


def _copy(part: _Part, output: IO[bytes]) -> None:
    remaining = part.content.region.size
    with part.path.open("rb") as stream:
        stream.seek(part.content.region.offset)
        while remaining:
            remaining -= output.write(stream.read(min(remaining, CHUNK)))
