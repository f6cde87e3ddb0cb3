"""The command `spokeshave release show`: print what a record says."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.release.columns import in_columns
from spokeshave.release.file_selection import known_globs, selected
from spokeshave.release.integrity import verify_record
from spokeshave.release.publish.journal import known_parts
from spokeshave.release.record import STATE, manifest_sha256
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.outcomes import EvidenceSubject
from spokeshave_core.release.record import PromotedFrom, ReleaseFile, ReleaseRecord, TestEvidence

_NOT_TESTED = "not tested"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release show`."""
    parser.add_argument(
        "record",
        type=Path,
        metavar="RECORD",
        help="the folder of a record, such as dist/releases/abacus/3.12.0rc1. Its files are compared with their sha256",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write: the record's manifest")


def run(args: argparse.Namespace) -> int:
    """Verify a record and print it."""
    record = verify_record(args.record)
    print("\n".join([*describe_record(record, manifest_sha256(args.record)), *_parts(args.record, record)]))
    if args.report:
        write_text(args.report, record.to_json())
    return ExitCode.OK


def describe_record(record: ReleaseRecord, sha256: str) -> Iterator[str]:
    """Yield the lines that describe a record: its facts, its projects, and its files with their tests."""
    facts = {"channel": record.channel, "commit": record.commit, **record.revisions, "manifest": f"sha256 {sha256}"}
    if record.promoted_from:
        facts["promoted from"] = _origin(record.promoted_from)
    yield f"{record.name} {record.version}"
    yield from (f"  {name}: {value}" for name, value in facts.items() if value)
    yield ""
    for name, project in record.projects.items():
        files = [file for file in record.files if file.project == name]
        size = sum(file.size for file in files)
        requires = f", requires {', '.join(project.requires)}" if project.requires else ""
        yield f"{name}: {counted(len(files), 'file')}, {human_size(size)}{requires}"
    yield ""
    rows = [("file", "size", "tests"), *((file.name, human_size(file.size), _tests(file)) for file in record.files)]
    yield from in_columns(rows, right=[1])


def _parts(folder: Path, record: ReleaseRecord) -> Iterator[str]:
    """Yield a line for each destination that a part of the release was published to, by the journals."""
    names = [file.name for file in record.files]
    for destination, only in known_parts(folder / STATE).items():
        globs = known_globs(names, only)
        count = len(selected(names, globs))
        if globs and count < len(names):
            yield f"on {destination}: partial: only {' '.join(globs)} ({count} of {counted(len(names), 'file')})"


def _origin(origin: PromotedFrom) -> str:
    """Return what a release was promoted from, and what the user allowed."""
    untested = ", untested" if origin.untested else ""
    rewritten = f", with rewritten texts ({', '.join(origin.rewritten)})" if origin.rewritten else ""
    kept = f", with texts that name candidates ({', '.join(origin.kept)})" if origin.kept else ""
    return f"{origin.version}{untested}{rewritten}{kept}"


def _tests(file: ReleaseFile) -> str:
    """Return the tests of a file, by the kind of machine."""
    if not file.is_wheel:
        return "sdist"
    machines: dict[str, list[str]] = {}
    for test in file.tested:
        machines.setdefault(_machine(test), []).append(test.python)
    return "; ".join(f"{', '.join(pythons)} on {machine}" for machine, pythons in machines.items()) or _NOT_TESTED


def _machine(test: TestEvidence) -> str:
    return test.where if test.of is EvidenceSubject.FILE else f"{test.where}, before the promotion"
