"""The `abacus-compile` command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from array import array
from collections.abc import Sequence
from io import RawIOBase
from pathlib import Path
from typing import Any, Final, Literal

import abacus_runtime
from abacus_compiler import CompileError, compile, core_version, dump_ast

_TYPE_CODES: Final[dict[str, Literal["f", "d", "q"]]] = {"f32": "f", "f64": "d", "i64": "q"}


class UsageError(Exception):
    """What the user asked for cannot be done."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. The exit code is 0, or 1 for an error that was told on stderr; wrong usage exits with 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.input and not options.run:
        parser.error("--input is for --run")
    try:
        _write(_result(options), options.output)
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    except (abacus_runtime.AbacusError, UsageError, MemoryError) as error:
        print(f"abacus-compile: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="abacus-compile", description="Compile tensor expressions to bytecode for abacus-runtime."
    )
    parser.add_argument("source", nargs="?", default="-", help="the source file, or - for standard input (the default)")
    parser.add_argument("-o", "--output", default="-", help="the file to write, or - for standard output (the default)")
    parser.add_argument(
        "--emit",
        choices=["bytecode", "listing", "ast"],
        default="bytecode",
        help="bytecode for the runtime (the default), the same for people, or the syntax tree",
    )
    parser.add_argument("--no-optimize", dest="optimize", action="store_false", help="compile it as it is written")
    parser.add_argument("--run", action="store_true", help="run the program and write its outputs as JSON")
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="with --run: an input as a JSON number or nested list, as in x='[[1, 2], [3, 4]]'; one for each input",
    )
    parser.add_argument(
        "--threads", type=_thread_count, default=1, help="with --run: how many threads compute (default: 1)"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {core_version()}")
    return parser


def _thread_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= abacus_runtime.MAX_THREADS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {abacus_runtime.MAX_THREADS}")
    return int(text)


def _result(options: argparse.Namespace) -> bytes:
    source, name = _read(options.source)
    if options.run:
        outputs = _run(compile(source, name, optimize=options.optimize), options.input, options.threads)
        return (json.dumps(outputs) + "\n").encode()
    if options.emit == "ast":
        return dump_ast(source, name).encode()
    bytecode = compile(source, name, optimize=options.optimize)
    if options.emit == "listing":
        return abacus_runtime.Program(bytecode).listing().encode()
    if options.output == "-" and sys.stdout.isatty():
        raise UsageError("bytecode is not for a terminal: name a file with -o, or use --emit listing")
    return bytecode


def _read(source: str) -> tuple[str, str]:
    name = "<stdin>" if source == "-" else source
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return content.decode("utf-8"), name
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: this is not UTF-8: {error.reason} at byte {error.start}") from error


def _write(content: bytes, output: str) -> None:
    target = Path(output)
    try:
        if output == "-":
            # Not through a buffer, which the interpreter would try to empty once more when it ends.
            with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as stream:
                _write_all(stream, content)
        elif target.exists() and not target.is_file():  # a device or a pipe: nothing to put in its place
            target.write_bytes(content)
        else:
            _write_whole(content, target)
    except OSError as error:
        place = "standard output" if output == "-" else output
        raise UsageError(f"{place}: {error.strerror}") from error


def _write_all(stream: RawIOBase, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[stream.write(rest) or 0 :]


def _write_whole(content: bytes, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _run(bytecode: bytes, arguments: Sequence[str], threads: int) -> dict[str, Any]:
    program = abacus_runtime.Program(bytecode)
    dtypes = {spec.name: spec.dtype for spec in program.inputs}
    inputs: dict[str, memoryview[Any]] = {}
    for argument in arguments:
        name, separator, text = argument.partition("=")
        if not separator:
            raise UsageError(f"--input {argument}: write NAME=JSON")
        inputs[name] = _array(name, text, dtypes.get(name, "f64"))
    return {name: view.tolist() for name, view in program.run(inputs, threads=threads).items()}


def _array(name: str, text: str, dtype: str) -> memoryview[Any]:
    try:
        value = json.loads(text)
        shape = _shape(value)
        elements = array(_TYPE_CODES[dtype], _flatten(value, shape))
        return memoryview(elements).cast("B").cast(_TYPE_CODES[dtype], shape) if shape else memoryview(elements)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UsageError(f"--input {name}: this is no {dtype} array in JSON: {error}") from error


def _shape(value: Any) -> list[int]:
    if not isinstance(value, list):
        return []
    if not value:
        raise ValueError("a list is empty")
    return [len(value), *_shape(value[0])]


def _flatten(value: Any, shape: Sequence[int]) -> list[Any]:
    if not shape:
        return [value]
    if not isinstance(value, list) or len(value) != shape[0]:
        raise ValueError("the lists of one level differ in length")
    return [element for child in value for element in _flatten(child, shape[1:])]


if __name__ == "__main__":
    sys.exit(main())
