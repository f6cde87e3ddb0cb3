"""The command `spokeshave release try`: install a published release from one index, by version and hash."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.processes import ended_by_sigterm
from spokeshave.pythons.interpreter import Interpreter, find_on_path, inspect
from spokeshave.release.record import read_record
from spokeshave.release.trial.source import FORMS, Source
from spokeshave.release.trial.trial import ReleaseTrial
from spokeshave.report import write_text
from spokeshave.smoke.options import add_smoke_arguments, smoke_choices
from spokeshave_core.outcomes import Outcome
from spokeshave_core.release.trial import ResolvedFile, TrialReport, TrialRun


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release try`."""
    parser.add_argument("record", type=Path, metavar="RECORD", help="the folder of the release record")
    parser.add_argument("--from", dest="source", required=True, metavar="INDEX", help=f"where to install from: {FORMS}")
    parser.add_argument(
        "--check-url", metavar="URL", help="the simple index of @NAME; default: derived from its upload URL"
    )
    parser.add_argument(
        "--python",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="an interpreter to install the release on; default: each one on PATH that has wheels of it",
    )
    add_smoke_arguments(parser)
    parser.add_argument(
        "--allow-not-run",
        action="store_true",
        help="exit with 0 even if the release was installed on no Python, as long as pip chooses its files",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Try a release."""
    record = read_record(args.record)
    source = Source.of(args.source, args.check_url)
    choices = smoke_choices(args)
    with ended_by_sigterm(), tempfile.TemporaryDirectory(prefix="spokeshave-try-") as scratch:
        trial = ReleaseTrial(
            record=record, source=source, scratch=Path(scratch).resolve(), choices=choices, timeout=args.timeout
        )
        print(f"{record.name} {record.version} from {source.label}", flush=True)
        resolved = tuple(_printed(trial.resolve()))
        runs: tuple[TrialRun, ...] = ()
        # What cannot be downloaded cannot be installed either.
        if all(file.outcome is Outcome.PASSED for file in resolved):
            trial.check_choices()
            runs = tuple(_try(trial, _pythons(trial, args.python)))
    report = TrialReport(release=record.name, version=record.version, index=source.label, resolved=resolved, runs=runs)
    if args.report:
        write_text(args.report, report.to_json())
    return _exit_code(report, args.allow_not_run)


def _printed(files: Iterable[ResolvedFile]) -> Iterable[ResolvedFile]:
    for file in files:
        # pip's own lines are printed once, with the errors at the end.
        what = "the sealed bytes" if file.outcome is Outcome.PASSED else file.detail.partition("\n")[0]
        print(f"{file.name}: {what}", flush=True)
        yield file


def _pythons(trial: ReleaseTrial, paths: Sequence[Path]) -> list[Interpreter]:
    if paths:
        return [inspect(path) for path in paths]
    return [python for python in find_on_path() if not trial.missing_projects(python)]


def _try(trial: ReleaseTrial, pythons: Iterable[Interpreter]) -> Iterable[TrialRun]:
    for python in pythons:
        found = trial.try_on(python)
        passed = sum(check.outcome is Outcome.PASSED for check in found.checks)
        checks = f" ({passed}/{len(found.checks)} checks)" if found.checks else ""
        print(f"{python}: {found.outcome.value}{checks}", flush=True)
        for file in found.installed:
            print(f"  {file.project} {file.version} sha256 {file.sha256}", flush=True)
        yield found


def _exit_code(report: TrialReport, allow_not_run: bool) -> int:
    failures = [f"{file.name}: {file.detail}" for file in report.resolved if file.outcome is Outcome.FAILED]
    failures += [f"{run.python}: {run.reason}" for run in report.runs if run.outcome is Outcome.FAILED]
    ran = any(run.outcome is Outcome.PASSED for run in report.runs)
    if not failures and not ran and not allow_not_run:
        reasons = "; ".join(f"{run.python}: {run.reason}" for run in report.runs)
        reason = reasons or "no Python on PATH has wheels of it"
        failures.append(
            f"the release was installed on no Python: {reason}\n"
            "    Name one with --python, or give --allow-not-run if pip's choice of files is enough."
        )
    if not failures:
        return ExitCode.OK
    text = "\n".join(failures)
    sys.stderr.write(f"spokeshave release try: error\n{text}\n")
    return ExitCode.USER_ERROR
