"""The command `tools/fuzz`: coverage-guided fuzzing of the parsers, by atheris (libFuzzer)."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_MINIMISING_SECONDS = 60
# What atheris instruments for the targets of each module. It takes seconds for each package. What is imported before
# cannot be instrumented.
_PACKAGING = tuple(f"packaging.{name}" for name in ("_parser", "_tokenizer", "markers", "metadata", "requirements"))
_INSTRUMENTED = {
    "hostile.targets.native": (
        *("spokeshave.native", "spokeshave.emulation.pe_exports", "spokeshave.standalone.runtime_pack"),
        *(f"elftools.elf.{name}" for name in ("elffile", "dynamic", "sections", "segments")),
    ),
    "hostile.targets.wheels": (
        *("spokeshave.wheel", "spokeshave.verify", "spokeshave.stamp", "spokeshave.intake", "spokeshave.native.elf"),
        *("spokeshave.release.check.file", "spokeshave.requirement_text", *_PACKAGING),
    ),
    "hostile.targets.texts": (
        *("spokeshave.assemble.metadata", "spokeshave.sdist.pyproject", "spokeshave.pythons.requirements"),
        *("spokeshave.release.retention", "spokeshave.release.publish.journal", "spokeshave.release.record"),
        *("spokeshave.develop.environment", "spokeshave.wheel.record", "spokeshave.release.index.writer.provenance"),
        *("spokeshave.version", "spokeshave.release.conda.reading", "spokeshave.requirement_text"),
        *("spokeshave.standalone.backend", "configparser"),
        *("spokeshave_core.json_values", "spokeshave_core.manifest", "spokeshave_core.requirement_lines", *_PACKAGING),
    ),
    "hostile.targets.indexes": (
        *("spokeshave.upload", "spokeshave.release.index.server", "spokeshave.release.verification"),
        *("spokeshave.sdist", "spokeshave.standalone.unpack", "spokeshave.release.packed_files", "html.parser"),
        *("spokeshave.release.destination.static_index", "spokeshave.release.destination.index"),
        *("spokeshave.release.version_search", "spokeshave.release.check.file", "tarfile"),
    ),
    "hostile.targets.sources": ("spokeshave_pants", "spokeshave_core.requirement_lines"),
}
_LONGEST = 1 << 16


def main(arguments: list[str]) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="tools/fuzz",
        description="Searches for inputs that break a parser: another error than ours, more than 10 s or 300 MB, or a"
        " path outside. Each kind of fault is minimised and written to --output; make it a test and fix it. The exit"
        " code is 1 if there is any.",
    )
    parser.add_argument("target", nargs="?", metavar="TARGET", help="the parser, as --list names them, or `all`")
    parser.add_argument("--list", action="store_true", help="list the targets")
    parser.add_argument("--seconds", type=int, default=60, metavar="N", help="how long each target runs; default: 60")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(tempfile.gettempdir()) / "spokeshave-fuzz",
        metavar="DIR",
        help="the folder of the inputs: TARGET/corpus grows from run to run, TARGET/faults has what was found;"
        " default: spokeshave-fuzz in the folder of temporary files",
    )
    parser.add_argument("--run", action="append", type=Path, metavar="FILE", help="read these inputs alone")
    parser.add_argument("--module", choices=_INSTRUMENTED, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.module:
        return _run(options)
    if options.list or options.target is None:
        return _list()
    return _start(options, arguments)


def _list() -> int:
    from hostile.targets.every import TARGETS

    for target in TARGETS.values():
        print(f"{target.name:<16}{target.summary}")
    return 0


def _start(options: argparse.Namespace, arguments: list[str]) -> int:
    """Run each target in a process of its own, in which atheris comes before the parsers."""
    from hostile.targets.every import MODULES

    if options.target not in (*MODULES, "all"):
        print(f"{options.target} is not a target; `tools/fuzz --list` shows them.", file=sys.stderr)
        return 2
    failed = False
    for name in MODULES if options.target == "all" else [options.target]:
        given = [name if argument == "all" else argument for argument in arguments]
        command = [sys.executable, "-m", "hostile.fuzz", *given, "--module", MODULES[name]]
        failed |= subprocess.run(command, check=False).returncode != 0
    return int(failed)


def _run(options: argparse.Namespace) -> int:
    import atheris

    with _silence(), atheris.instrument_imports(include=list(_INSTRUMENTED[options.module])):
        module = importlib.import_module(options.module)
    target = next(target for target in module.TARGETS if target.name == options.target)
    session = _Session(target, options.output / options.target, options.seconds)
    if options.run:
        for file in options.run:
            session.read(file.read_bytes())
        return session.end()
    corpus = session.write_corpus()
    flags = [f"-max_len={_LONGEST}", "-timeout=100", "-rss_limit_mb=4096", "-verbosity=0", "-use_value_profile=1"]
    flags.append(f"-artifact_prefix={session.folder}/")
    words = session.write_words()
    atheris.Setup([sys.argv[0], *flags, *([f"-dict={words}"] if words else []), str(corpus)], session.read)
    session.begin()
    # The session ends the process.
    atheris.Fuzz()
    return 0


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Leave out the line that atheris prints for each module."""
    with contextlib.redirect_stderr(io.StringIO()):
        yield


class _Session:
    """A run of one target. It ends the process when its time is over, because libFuzzer does not return.

    Args:
        folder: Where its inputs are.
    """

    def __init__(self, target: object, folder: Path, seconds: int) -> None:
        from hostile.limits import Target

        if not isinstance(target, Target):
            raise TypeError("not a target")
        self._target = target
        self.folder = folder
        self._seconds = seconds
        self._end = float("inf")
        self._count = 0
        self._accepted = 0
        self._faults: dict[str, tuple[str, bytes]] = {}
        (folder / "faults").mkdir(parents=True, exist_ok=True)

    def begin(self) -> None:
        """Let the time begin."""
        self._end = time.monotonic() + self._seconds

    def read(self, data: bytes) -> None:
        """Read one input."""
        from hostile.limits import BrokenRuleError, check
        from hostile.minimise import kind_of

        self._count += 1
        try:
            self._accepted += check(self._target, data)
        except BrokenRuleError as err:
            kind = kind_of(str(err))
            known = self._faults.get(kind)
            if known is None or len(data) < len(known[1]):
                self._faults[kind] = (str(err), data)
        if time.monotonic() > self._end:
            sys.stdout.flush()
            os._exit(self.end())

    def end(self) -> int:
        """Minimise and report what was found, and return the exit code."""
        from hostile.minimise import fault_of, minimised

        print(
            f"{self._target.name}: {self._count} inputs in {self._seconds} s, {self._accepted} accepted,"
            f" {len(self._faults)} kinds of faults",
            flush=True,
        )
        for kind, (message, data) in self._faults.items():
            smaller = minimised(data, lambda each: fault_of(self._target, each) == kind, _MINIMISING_SECONDS)  # noqa: B023
            file = self.folder / "faults" / hashlib.sha256(kind.encode()).hexdigest()[:12]
            file.write_bytes(smaller)
            print(f"  {message}\n    {file} ({len(smaller)} bytes)", flush=True)
        return int(bool(self._faults))

    def write_corpus(self) -> Path:
        """Write the seeds and the committed inputs next to those of earlier runs, and return the folder."""
        from hostile.attacks import attacks_on

        corpus = self.folder / "corpus"
        corpus.mkdir(exist_ok=True)
        for data in (*self._target.seeds(), *attacks_on(self._target.name).values()):
            if len(data) <= _LONGEST:
                (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        return corpus

    def write_words(self) -> Path | None:
        """Write the words of the target as libFuzzer's dictionary. Long ones are left out, as libFuzzer takes 64."""
        words = [word for word in self._target.words if len(word) <= 64]
        if not words:
            return None
        file = self.folder / "words"
        lines = ('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words)
        file.write_text("".join(lines))
        return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
