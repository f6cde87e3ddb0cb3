"""The measurement `header`: after an edit of a header, exactly the sources that include it are compiled again."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.project import Project
from bench.apparatus.sandbox import Step, compiles
from bench.apparatus.workbench import EXTENSIONS, Workbench
from bench.baselines.ninja import NinjaBuild
from bench.result import Measurement, Table, Verdict

_PACKAGES = "__packages/"
# A declaration and not a comment, so that the compiled code changes.
_EDIT = "\nextern int bench_header_edit;\n"


def parse_rule(text: str) -> list[str]:
    """Return the prerequisites of the single rule in the output of a compiler's `-M`."""
    return text.partition(":")[2].replace("\\\n", " ").split()


def headers_of(ninja: NinjaBuild, step: Step) -> list[str]:
    """Return the headers of the repository that a compile reads, according to the compiler."""
    argv = list(step.argv[: step.argv.index("-c")])
    done = command.run([*argv, "-M", step.source], cwd=ninja.place, env=ninja.env)
    return [path for path in parse_rule(done.output) if path.startswith("src/") and path != step.source]


def includers(ninja: NinjaBuild) -> dict[str, set[str]]:
    """Return the sources that include each header, directly or not."""
    found: dict[str, set[str]] = defaultdict(set)
    for step in compiles(ninja.steps):
        for header in headers_of(ninja, step):
            found[header].add(step.source.replace(_PACKAGES, ""))
    return found


def recompiled(project: Project, header: str) -> set[str]:
    """Return the sources that Pants compiles after an edit of a header, and revert the edit."""
    path: Path = project.root / header
    text = path.read_text()
    path.write_text(text + _EDIT)
    project.build(*EXTENSIONS)
    again = {action.subject for action in project.actions() if action.kind == "compile" and action.ran}
    path.write_text(text)
    project.build(*EXTENSIONS)
    return again


def measure(bench: Workbench) -> Measurement:
    """Edit one header with few includers, a medium one and, unless in a hurry, the one with the most."""
    project = bench.abacus()
    ninja = bench.abacus_ninja()
    # Compile everything first, so that later runs compile only what an edit requires.
    project.build(*EXTENSIONS)
    known = includers(ninja)
    ordered = sorted(known, key=lambda header: (len(known[header]), header))
    chosen = [ordered[0], ordered[len(ordered) // 2], *([] if bench.quick else [ordered[-1]])]
    total = len(compiles(ninja.steps))
    rows = []
    verdicts = []
    for header in chosen:
        again = recompiled(project, header)
        rows.append((header, len(known[header]), len(again), total))
        same = again == known[header]
        wrong = ", ".join(sorted(again ^ known[header]))
        found = f"{len(again)}, the same" if same else f"{len(again)}; differ in {wrong}"
        wanted = f"compiled again after an edit of {header}: its {len(known[header])} includers"
        verdicts.append(Verdict(wanted, found, same, is_count=True))
    head = ("header", "includers (compiler's -M)", "compiled again", "of")
    return Measurement("header", (Table("After the edit of one header", head, tuple(rows)),), tuple(verdicts))
