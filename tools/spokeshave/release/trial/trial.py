"""The trial of a published release: what pip chooses for each wheel's platform, and installations that are tested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from spokeshave.files import sha256_of_file
from spokeshave.processes import ProcessResult
from spokeshave.pythons.interpreter import Interpreter
from spokeshave.release.trial import pip
from spokeshave.release.trial.source import Source, SourceError
from spokeshave.requirement_text import parse_requirement
from spokeshave.smoke.choices import SmokeChoices
from spokeshave.smoke.environment import VirtualEnvironment
from spokeshave.smoke.machine import python_facts
from spokeshave.smoke.trial import SmokePlan, Trial
from spokeshave.smoke.wheelhouse import WheelFile
from spokeshave.wheel.metadata_reader import read_core_metadata
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.tree import WheelTree, unpack
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import Problem
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord
from spokeshave_core.release.trial import InstalledFile, ResolvedFile, TrialRun
from spokeshave_core.reports.smoke import CheckResult

_FAULTS = 8
_PYTHON = "python-"


@dataclass(frozen=True)
class ReleaseTrial:
    """A release and where it is installed from. `timeout` is in seconds, for each process."""

    record: ReleaseRecord
    source: Source
    scratch: Path
    choices: SmokeChoices
    timeout: float

    @property
    def wheels(self) -> tuple[ReleaseFile, ...]:
        """Return the wheels of the release. pip builds sdists, so they are left out."""
        return tuple(file for file in self.record.files if file.is_wheel)

    @property
    def downloads(self) -> Path:
        """Return the folder with the files that pip chose."""
        return self.scratch / "downloads"

    def resolve(self) -> Iterator[ResolvedFile]:
        """Download each wheel as pip on its platform would.

        Raises:
            SourceError: If the index does not answer, which would be so for every other wheel.
        """
        self.downloads.mkdir()
        by_project: dict[str, list[ReleaseFile]] = {}
        for file in self.wheels:
            by_project.setdefault(file.project, []).append(file)
        for file in self.wheels:
            requirements = self.scratch / f"{file.project}.txt"
            requirements.write_text(pip.pinned(self.record.version, by_project[file.project]), "utf-8")
            yield self._resolve(file, requirements)

    def _resolve(self, file: ReleaseFile, requirements: Path) -> ResolvedFile:
        destination = self.scratch / "download"
        destination.mkdir(exist_ok=True)
        done = pip.download(self.source, requirements, parse_wheel_name(file.name).tag, destination, self.timeout)
        fault = pip.connection_fault(done)
        if fault is not None:
            raise SourceError(
                Problem(self.source.label, f"does not answer ({fault})", "Check the URL and the network.")
            )
        if not done.ok:
            return ResolvedFile(file.name, Outcome.FAILED, _failure("pip download", done))
        (found,) = destination.iterdir()
        sha256, _ = sha256_of_file(found)
        found.replace(self.downloads / found.name)
        if found.name != file.name:
            return ResolvedFile(file.name, Outcome.FAILED, f"pip chooses {found.name} for its platform and Python")
        if sha256 != file.sha256:
            return ResolvedFile(file.name, Outcome.FAILED, f"the index has other bytes of it, with the sha256 {sha256}")
        return ResolvedFile(file.name, Outcome.PASSED)

    def check_choices(self) -> None:
        """Check that each script and module that the user names belongs to a wheel of the release.

        Raises:
            SmokeTestError: For all that no wheel has.
        """
        unpacked = self.scratch / "metadata"
        self.choices.check(
            [unpack(self.downloads / file.name, unpacked / file.name, only_dist_info=True) for file in self.wheels]
        )

    def missing_projects(self, python: Interpreter) -> list[str]:
        """Return the projects that have no wheel that a Python accepts."""
        accepted = {file.project for file in self.wheels if python.fits(parse_wheel_name(file.name).tag)}
        return sorted(set(self.record.projects) - accepted)

    def try_on(self, python: Interpreter) -> TrialRun:
        """Install the release on a Python, and test it."""
        facts = python_facts(python)
        missing = self.missing_projects(python)
        if missing:
            return TrialRun(facts, Outcome.NOT_RUN, f"the release has no wheel of {', '.join(missing)} for it")
        # There may be several Pythons of one minor version.
        number = sum(1 for _ in self.scratch.glob(f"{_PYTHON}*"))
        folder = self.scratch / f"{_PYTHON}{number}"
        folder.mkdir()
        installed: list[InstalledFile] = []
        checks = tuple(self._checks(VirtualEnvironment(folder, python, self.timeout), installed))
        failed = [check for check in checks if check.outcome is Outcome.FAILED]
        return TrialRun(
            python=facts,
            outcome=Outcome.FAILED if failed else Outcome.PASSED,
            reason=f"{failed[0].name}: {failed[0].detail}" if failed else "",
            installed=tuple(installed),
            checks=checks,
        )

    def _checks(self, environment: VirtualEnvironment, installed: list[InstalledFile]) -> Iterator[CheckResult]:
        """Yield every check in order. The first installation that fails ends them."""
        created = environment.create()
        yield _check("create an environment", created)
        if not created.ok:
            return
        requirements = environment.folder / "release.txt"
        requirements.write_text(pip.pinned(self.record.version, self.wheels), "utf-8")
        report = environment.folder / "pip.json"
        done = pip.install(self.source, requirements, environment.python, report, self.timeout)
        yield _check(f"install from {self.source.label}", done)
        if not done.ok:
            return
        installed += pip.installed_files(report)
        sealed = self._same_bytes(installed)
        yield sealed
        if sealed.outcome is not Outcome.PASSED:
            return
        unpacked = environment.folder / "unpacked"
        trees = {file.name: unpack(self.downloads / file.name, unpacked / file.name) for file in installed}
        others = self._requirements_of_others(trees.values(), environment.interpreter.markers)
        if others:
            done = self._install_others(others, installed, environment)
            yield _check(f"install {', '.join(others)}", done)
            if not done.ok:
                return
        yield _check("pip check", pip.check(environment.python, environment.folder, self.timeout))
        for name, tree in trees.items():
            wheel = WheelFile.of(self.downloads / name)
            plan = SmokePlan(timeout=self.timeout, choices=self.choices)
            trial = Trial(wheel=wheel, tree=tree, environment=environment, plan=plan, wheels=())
            yield from trial.checks_of_installed()

    def _install_others(
        self, others: Iterable[str], installed: Iterable[InstalledFile], environment: VirtualEnvironment
    ) -> ProcessResult:
        """Install what the release requires of others, which must leave the release as it is."""
        constraints = environment.folder / "constraints.txt"
        constraints.write_text("".join(f"{file.project}=={file.version}\n" for file in installed), "utf-8")
        requirements = environment.folder / "others.txt"
        requirements.write_text("".join(f"{text}\n" for text in others), "utf-8")
        return pip.install_others(requirements, constraints, environment.python, self.timeout)

    def _requirements_of_others(self, trees: Iterable[WheelTree], markers: Mapping[str, str]) -> list[str]:
        """Return what installed wheels require that is not of the release."""
        found = set()
        for tree in trees:
            for text in read_core_metadata(tree.read(f"{tree.dist_info}/METADATA")).raw.get("requires_dist", []):
                requirement = parse_requirement(text)
                is_ours = canonicalize_name(requirement.name) in self.record.projects
                if not is_ours and _applies(requirement, markers):
                    requirement.marker = None
                    found.add(str(requirement))
        return sorted(found)

    def _same_bytes(self, installed: Sequence[InstalledFile]) -> CheckResult:
        """Check that pip installed sealed files, one of each project, in the release's version."""
        sealed = {file.name: file.sha256 for file in self.wheels}
        wrong = [f"{file.name} (sha256 {file.sha256})" for file in installed if sealed.get(file.name) != file.sha256]
        projects = {canonicalize_name(file.project) for file in installed}
        missing = sorted(set(self.record.projects) - projects)
        faults = [
            *(f"{text} is not a file of the release" for text in wrong),
            *(f"{name} is missing" for name in missing),
        ]
        return CheckResult(
            name="sealed bytes",
            outcome=Outcome.FAILED if faults else Outcome.PASSED,
            seconds=0.0,
            detail="; ".join(faults[:_FAULTS]),
        )


def _applies(requirement: Requirement, markers: Mapping[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""})


def _check(name: str, done: ProcessResult) -> CheckResult:
    detail = "" if done.ok else _failure("it", done)
    outcome = Outcome.PASSED if done.ok else Outcome.FAILED
    return CheckResult(name=name, outcome=outcome, seconds=done.seconds, detail=detail)


def _failure(what: str, done: ProcessResult) -> str:
    return f"{what} {done.describe_exit()}\n{done.last_lines(6)}"
