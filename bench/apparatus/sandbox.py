"""The processes of a Pants run from its kept sandboxes: command line, environment and inputs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError

_ANSI_C_QUOTE = re.compile(r"(?<!\S)\$'")
_CONFINE_DIR = "__confine"
_OBJECTS_DIR = "__objects"
_NOT_INPUTS = {"__run.sh", _OBJECTS_DIR, "zig-cache", "src", _CONFINE_DIR}


@dataclass(frozen=True)
class Step:
    """One compile or link, to run in a directory with its inputs."""

    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]

    @property
    def output(self) -> str:
        return self.argv[self.argv.index("-o") + 1]

    @property
    def is_link(self) -> bool:
        return "ld.lld" in self.argv[:2]

    @property
    def source(self) -> str:
        """Return the source of a compile."""
        return self.argv[self.argv.index("-c") + 1]

    @property
    def objects(self) -> tuple[str, ...]:
        """Return the user's objects of a link."""
        return tuple(argument for argument in self.argv if argument.startswith("__objects/"))


def parse_run_script(script: str) -> Step:
    """Parse the step in a sandbox's `__run.sh`: `env -i NAME=VALUE... COMMAND...` on its last line.

    The command line is that of zig alone: the program that confines it hides the sources, which are behind a link here.
    """
    words = shlex.split(_ANSI_C_QUOTE.sub("'", script.strip().splitlines()[-1]))
    if words[:2] != ["env", "-i"]:
        raise BenchError(f"Pants' `__run.sh` does not have the expected form:\n{script}")
    command = next(i for i, word in enumerate(words[2:], 2) if "=" not in word)
    env = tuple((name, value) for name, _, value in (word.partition("=") for word in words[2:command]))
    if is_confined(words[command]):
        command = words.index("--", command) + 1
    return Step(tuple(words[command:]), env)


def is_confined(text: str) -> bool:
    """Return whether a command line runs behind the program that confines compilers, as each compile and link does."""
    return f"{_CONFINE_DIR}/" in text


def collect_steps(sandboxes: Path, place: Path) -> tuple[Step, ...]:
    """Return the compiles and links of all kept sandboxes, and link their inputs into `place`, except the sources."""
    place.mkdir(parents=True)
    found = []
    for sandbox in sorted(sandboxes.glob("pants-sandbox-*")):
        script = sandbox / "__run.sh"
        if script.exists() and is_confined(script.read_text()):
            step = parse_run_script(script.read_text())
            # The others make a runtime pack, with fewer of the toolchain's files.
            if step.is_link or f"{_OBJECTS_DIR}/" in step.argv[-1]:
                found.append((step, sandbox))
    # The toolchain of a link is a subset of a compile's, so compiles come first.
    for _, sandbox in sorted(found, key=lambda step: step[0].is_link):
        _link_inputs(sandbox, place)
    return tuple(step for step, _ in found)


def _link_inputs(sandbox: Path, place: Path) -> None:
    """Give `place` the same files, not copies: how a compiler of 180 MB is cached by the kernel changes its speed."""
    for entry in sandbox.iterdir():
        if entry.name in _NOT_INPUTS:
            continue
        for path in entry.iterdir() if entry.name == "__packages" else (entry,):
            target = place / path.relative_to(sandbox)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                if path.is_dir():
                    shutil.copytree(path, target, copy_function=os.link)
                else:
                    os.link(path.resolve(), target)


def compiles(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(step for step in steps if not step.is_link)
