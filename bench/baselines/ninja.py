"""The same compiles and links under ninja."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.sandbox import Step

_HEAD = """\
rule run
  command = $argv
  description = $out
"""


def escape(text: str, *, path: bool = False) -> str:
    """Escape text for a value in a build.ninja. In a path, spaces and colons are escaped too."""
    text = text.replace("$", "$$")
    return text.replace(" ", "$ ").replace(":", "$:") if path else text


def build_file(steps: Iterable[Step]) -> str:
    """Return a build.ninja of compiles and links."""
    return _HEAD + "".join(_edge(step) for step in steps)


def _edge(step: Step) -> str:
    inputs = step.objects if step.is_link else (step.source,)
    paths = " ".join(escape(path, path=True) for path in inputs)
    argv = escape(" ".join(shlex.quote(argument) for argument in step.argv))
    return f"\nbuild {escape(step.output, path=True)}: run {paths}\n  argv = {argv}\n"


class NinjaBuild:
    """A directory with the inputs of some steps and a build.ninja for them."""

    def __init__(self, ninja: Path, place: Path, steps: Sequence[Step], jobs: int) -> None:
        self._ninja = ninja
        self.place = place
        self.steps = tuple(steps)
        self._jobs = jobs
        (place / "build.ninja").write_text(build_file(steps))

    @property
    def env(self) -> Mapping[str, str]:
        return {"PATH": "/usr/bin:/bin", **{name: value for step in self.steps for name, value in step.env}}

    def cold(self) -> command.Finished:
        """Run every step, without results of the previous run."""
        for step in self.steps:
            (self.place / step.output).unlink(missing_ok=True)
        for name in ("zig-cache", ".ninja_log", ".ninja_deps"):
            path = self.place / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return command.run([str(self._ninja), f"-j{self._jobs}"], cwd=self.place, env=self.env, name="ninja")

    def own_source(self, output: str) -> Step:
        """Return the compile of the binding: the one whose object only one linked file with this prefix has."""
        links = [step for step in self.steps if step.is_link]
        (link,) = (step for step in links if step.output.startswith(output))
        others = {name for step in links if step is not link for name in step.objects}
        (own,) = (
            step
            for step in self.steps
            if not step.is_link and step.output in link.objects and step.output not in others and _is_binding(step)
        )
        return own

    def compiles_of(self, outputs: Iterable[str]) -> tuple[Step, ...]:
        """Return the compiles whose objects are in linked files with these prefixes."""
        begins = tuple(f"{output}/" for output in outputs)
        links = [step for step in self.steps if step.is_link and step.output.startswith(begins)]
        objects = {name for step in links for name in step.objects}
        return tuple(step for step in self.steps if not step.is_link and step.output in objects)

    def linked(self) -> dict[str, bytes]:
        """Return the linked files, by path."""
        return {step.output: (self.place / step.output).read_bytes() for step in self.steps if step.is_link}


def _is_binding(step: Step) -> bool:
    return "__python" in step.argv and step.source.startswith("src/")
