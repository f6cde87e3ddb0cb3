"""`first` and `first-all`: what the first command on a new machine spends its time on, by stages."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus.pants_log import ProcessSpan
from bench.apparatus.project import PantsRun, Project
from bench.apparatus.workbench import Workbench
from bench.errors import BenchError
from bench.result import Measurement, Table, Verdict

WHEELS = ("src/python:runtime_wheel", "src/python:compiler_wheel")
_BUILD_FILE = "src/python/BUILD"
_PLATFORMS = re.compile(r"(?<=^PLATFORMS = )\[.*?\]", re.DOTALL | re.MULTILINE)
# What Abacus was built for before its BUILD file was cut down to what most projects publish.
_ALL = (
    "manylinux_2_17_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_17_aarch64",
    "manylinux_2_17_ppc64le",
    "manylinux_2_17_s390x",
    "manylinux_2_31_riscv64",
    "manylinux_2_31_armv7l",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "macosx_11_0_x86_64",
    "macosx_11_0_arm64",
    "macosx_11_0_universal2",
    "win_amd64",
    "win_arm64",
)
# The beginning of a process' description, and the stage that it belongs to.
_STAGES = {
    "Install": "toolchain, tools and headers",
    "Building": "toolchain, tools and headers",
    "Make the runtime pack": "runtime packs",
    "Compile": "compiles",
    "Link": "links",
    "Fuse": "links",
    "Check the metadata": "wheels: assemble, repair, verify, stamp",
    "Assemble": "wheels: assemble, repair, verify, stamp",
    "Repair": "wheels: assemble, repair, verify, stamp",
    "Verify": "wheels: assemble, repair, verify, stamp",
    "Stamp": "wheels: assemble, repair, verify, stamp",
    "Fetch what smoke tests need": "smoke tests",
    "Smoke-test": "smoke tests",
}
_OTHER = "other"


@dataclass(frozen=True)
class FirstCommand:
    """`package` of both wheels of Abacus where nothing of an earlier run exists.

    Attributes:
        install: The first start of `./pants`, which installs Pants and starts its daemon.
        run: The command itself, after that.
    """

    install: PantsRun
    run: PantsRun

    @property
    def seconds(self) -> float:
        return self.install.wall + self.run.wall

    @property
    def cpu(self) -> float:
        """Seconds of CPU time, which a busy machine disturbs less."""
        return self.install.cpu + self.run.cpu

    @property
    def repeated_packs(self) -> int:
        """Runtime packs that were made more than once."""
        made = Counter(span.description for span in self.run.log.spans if stage(span) == "runtime packs")
        return sum(count - 1 for count in made.values())


def measure(bench: Workbench) -> Measurement:
    """For this machine's own platform, and (not with `--quick`) for the platforms of Abacus' BUILD file."""
    host = run_first(bench, "host")
    tables = [_table("this machine's platform (`--native-wheel-platforms=host`)", host)]
    verdicts = [
        Verdict.seconds("the first command for this machine's platform", host.seconds, 120),
        Verdict.count("runtime packs that were built twice", host.repeated_packs, 0),
    ]
    if not bench.quick:
        chosen = run_first(bench, "['*']")
        tables.append(_table("the six platforms of Abacus", chosen))
        verdicts.append(Verdict.seconds("the first command for six platforms", chosen.seconds, 360))
        verdicts.append(Verdict.count("runtime packs that were built twice for six", chosen.repeated_packs, 0))
    return Measurement("first", tuple(tables), tuple(verdicts))


def measure_all(bench: Workbench) -> Measurement:
    """For the 14 platforms that Abacus was built for before: the same command with the longer list."""
    found = run_first(bench, "['*']", platforms=_ALL)
    return Measurement(
        "first-all",
        (_table(f"{len(_ALL)} platforms", found),),
        (Verdict.count("runtime packs that were built twice", found.repeated_packs, 0),),
    )


def run_first(bench: Workbench, chosen: str, *, platforms: Sequence[str] = ()) -> FirstCommand:
    """Run the first command with an empty home, store and caches.

    Args:
        chosen: The value of `--native-wheel-platforms`.
        platforms: What the BUILD file lists, where that is not what it has.
    """
    home = bench.home / "first"
    shutil.rmtree(home, ignore_errors=True)
    (home / "home").mkdir(parents=True)
    project = Project(
        home=home, name="abacus-first", jobs=bench.jobs, environment=new_machine(home / "home", os.environ)
    )
    project.create(sources=("BUILD", "src"))
    if platforms:
        build = project.root / _BUILD_FILE
        build.write_text(with_platforms(build.read_text(), platforms))
    try:
        install = project.pants("--version")
        run = project.pants(f"--native-wheel-platforms={chosen}", "package", *WHEELS)
    finally:
        project.end()
        shutil.rmtree(home, ignore_errors=True)
    return FirstCommand(install, run)


def new_machine(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment with an empty home; the machine's Pythons remain."""
    ours = ("PANTS_", "SPOKESHAVE_", "XDG_")
    kept = {name: value for name, value in variables.items() if not name.startswith(ours)}
    pyenv = variables.get("PYENV_ROOT") or str(Path(variables.get("HOME", "")) / ".pyenv")
    return {**kept, "HOME": str(home), "PYENV_ROOT": pyenv}


def with_platforms(build_file: str, platforms: Sequence[str]) -> str:
    """A BUILD file that lists other platforms.

    Raises:
        BenchError: Where it has no list named `PLATFORMS`.
    """
    changed, count = _PLATFORMS.subn(repr(list(platforms)), build_file)
    if count != 1:
        raise BenchError(f"{_BUILD_FILE} has no list named PLATFORMS to replace.")
    return changed


def stage(span: ProcessSpan) -> str:
    return next((name for words, name in _STAGES.items() if span.description.startswith(words)), _OTHER)


def stages(found: FirstCommand) -> Iterable[tuple[str, int | str, str, str]]:
    """A row for each stage: processes, their seconds added up, and from when to when there were some."""
    log = found.run.log
    install = f"{found.install.wall:.0f}"
    # The log has the time of day; the command ended when the engine printed its counters.
    began = log.ended - found.seconds
    yield "install and start Pants", "", install, f"0 to {install}"
    by_stage: dict[str, list[ProcessSpan]] = {name: [] for name in [*_STAGES.values(), _OTHER]}
    for span in log.spans:
        by_stage[stage(span)].append(span)
    for name, spans in by_stage.items():
        if spans:
            seconds = f"{sum(span.seconds for span in spans):.0f}"
            first = min(span.began for span in spans) - began
            last = max(span.ended for span in spans) - began
            yield name, len(spans), seconds, f"{first:.0f} to {last:.0f}"
    yield "all", len(log.spans), "", f"0 to {found.seconds:.0f}"


def _table(what: str, found: FirstCommand) -> Table:
    return Table(
        f"The first command for {what}: {found.seconds:.0f} s, {found.cpu:.0f} s of CPU time",
        ("stage", "processes", "seconds, added up", "from to, in seconds"),
        tuple(stages(found)),
    )
