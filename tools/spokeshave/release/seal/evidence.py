"""Smoke tests as evidence: those of a set's own bytes, in a form that does not differ from run to run.

A report has times, paths and the patch versions of systems and Pythons. A record has none of them: it says what was
tested, on which kind of machine, and with which outcome. So two people who run the same tests on machines of one kind
seal the same record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from spokeshave.errors import some
from spokeshave.release.seal.artifact import Artifact
from spokeshave.release.seal.matrix import RequiredTests
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import Problems
from spokeshave_core.release.record import TestEvidence
from spokeshave_core.reports.smoke import CheckResult, PythonFacts, ReportedRun, SmokeRun, SmokeTestReport

_VERSION_WORD = re.compile(r"\s+v?[0-9]\S*")
_UNKNOWN_MACHINE = "another machine"


@dataclass(frozen=True)
class TestedFile:
    """The smoke tests of one file. `report` is the canonical one; None if there is none."""

    # Not for pytest to collect.
    __test__ = False

    report: SmokeTestReport | None = None

    def evidence(self, report_sha256: str) -> tuple[TestEvidence, ...]:
        """Return the tests as a record lists them."""
        runs = self.report.runs if self.report else ()
        found = (
            TestEvidence(
                python=str(run.python.abi_version),
                where=machine_of(run),
                report_sha256=report_sha256,
                outcome=run.outcome,
            )
            for run in runs
        )
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Evidence:
    """The smoke tests of a set, by file name, and notes about reports that do not count."""

    tested: Mapping[str, TestedFile]
    notes: tuple[str, ...] = ()


@dataclass
class _Runs:
    """All reported runs, by the sha256 of the tested bytes and by the name of the tested file."""

    by_sha256: dict[str, list[ReportedRun]] = field(default_factory=dict)
    by_name: dict[str, list[ReportedRun]] = field(default_factory=dict)


def collect_evidence(
    artifacts: Sequence[Artifact],
    runs: Iterable[ReportedRun],
    required: Mapping[str, RequiredTests],
    problems: Problems,
) -> Evidence:
    """Return the tests that count. Failed, missing and outdated ones are problems.

    Args:
        required: The required tests by project.
    """
    known = _Runs()
    for run in runs:
        known.by_sha256.setdefault(run.sha256, []).append(run)
        known.by_name.setdefault(run.wheel, []).append(run)
    tested = {}
    for artifact in artifacts:
        own = known.by_sha256.get(artifact.sha256, [])
        _check_failures(artifact, own, problems)
        outdated = [run for run in known.by_name.get(artifact.name, []) if run.sha256 != artifact.sha256]
        _check_required(artifact, own, outdated, required[artifact.project], problems)
        tested[artifact.name] = TestedFile(canonical_report(artifact.name, artifact.sha256, own) if own else None)
    return Evidence(tested, tuple(_unused(artifacts, known)))


def canonical_report(wheel: str, sha256: str, runs: Iterable[ReportedRun]) -> SmokeTestReport:
    """Return the report of a wheel without what differs between runs of the same tests on machines of one kind.

    It is a report of `spokeshave smoke-test` by its form, and its own canonical report.
    """
    reduced = dict.fromkeys(_canonical_run(run.run) for run in runs)
    return SmokeTestReport(wheel, sha256, tuple(sorted(reduced, key=_sort_key)))


def machine_of(run: SmokeRun) -> str:
    """Return the kind of machine of a canonical run, and what emulated it."""
    return f"{run.python.platform} ({run.python.emulator})" if run.python.emulator else run.python.platform


def _canonical_run(run: SmokeRun) -> SmokeRun:
    python = run.python
    facts = PythonFacts(
        path="",
        version=(python.abi_version or "").rstrip("t"),
        implementation=python.implementation,
        platform=_without_versions(python.platform) or _UNKNOWN_MACHINE,
        emulator=_without_versions(python.emulator),
        free_threaded=python.free_threaded,
    )
    checks = (CheckResult(name=check.name, outcome=check.outcome, seconds=0.0) for check in run.checks)
    return replace(run, python=facts, reason="", checks=tuple(sorted(checks, key=lambda check: check.name)))


def _without_versions(text: str) -> str:
    """Return the name of a system or an emulator without versions: `macOS arm64` for `macOS 14.5 arm64`."""
    return _VERSION_WORD.sub("", text).strip()


def _sort_key(run: SmokeRun) -> tuple[object, ...]:
    python = run.python
    minor = int(python.version.partition(".")[2] or 0)
    checks = tuple((check.name, check.outcome.value) for check in run.checks)
    return (minor, python.free_threaded, python.implementation, machine_of(run), run.outcome.value, checks)


def _check_failures(artifact: Artifact, runs: Iterable[ReportedRun], problems: Problems) -> None:
    for run in runs:
        if run.run.outcome is Outcome.FAILED:
            reason = (run.run.reason.splitlines() or ["no reason was given"])[0]
            message = f"failed its smoke test on Python {run.run.python.abi_version} ({run.where}): {reason}"
            problems.add(artifact.name, message, f"Fix the wheel and test it again. {run.file} has the whole report.")


def _check_required(
    artifact: Artifact,
    own: Sequence[ReportedRun],
    outdated: Sequence[ReportedRun],
    required: RequiredTests,
    problems: Problems,
) -> None:
    """Add problems of tests that are required and are missing, and of files that changed after all of their tests."""
    tested = {run.run.python.abi_version for run in own}
    for version in required.pythons_for(artifact):
        is_tested = bool(tested) if version is None else str(version) in tested
        if not is_tested:
            where = "any Python" if version is None else f"Python {version}"
            problems.add(
                artifact.name,
                f"has no smoke test on {where}, which is required",
                "Run `spokeshave smoke-test` on a machine that has it, and give its report with --reports.",
            )
    lost = sorted({str(run.run.python.abi_version) for run in outdated} - {str(version) for version in tested})
    if lost:
        files = some(sorted({run.file for run in outdated}))
        message = f"changed after its smoke test on Python {', '.join(lost)}: {files} describes other bytes"
        problems.add(artifact.name, message, "Test these bytes, or take the wheel that was tested.")


def _unused(artifacts: Iterable[Artifact], known: _Runs) -> Iterable[str]:
    """Yield a note for each report of bytes that are not in the set."""
    own = {artifact.sha256 for artifact in artifacts}
    files: dict[str, set[str]] = {}
    for sha256, runs in known.by_sha256.items():
        for run in runs if sha256 not in own else ():
            files.setdefault(run.file, set()).add(run.wheel)
    for file, wheels in sorted(files.items()):
        yield f"{file} describes bytes that are not in the set, and does not count: {some(sorted(wheels))}"
