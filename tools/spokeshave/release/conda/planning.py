"""The plan of each project's recipe, from a release record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version

from spokeshave.release.conda.choice import Shape, WheelChoice, choose_wheels
from spokeshave.release.conda.facts import WheelFacts, read_facts
from spokeshave.release.conda.names import CondaNames
from spokeshave.release.conda.pythons import allowed_minors
from spokeshave.release.conda.recipe import Plan, RecipeOptions
from spokeshave.release.conda.requirements import RunRequirements, Scope, has_alternatives, run_requirements
from spokeshave.release.conda.subdirs import USUAL
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord


class NoRecipeError(SpokeshaveError):
    """A release, or a project of it, that no recipe can be made of."""


@dataclass(frozen=True)
class Planned:
    """The plan of a recipe, and what the user should know of it."""

    plan: Plan
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Planner:
    """Makes the plans of a release's recipes.

    Attributes:
        folder: That of the record.
        origin: The record, for the first line of a recipe.
        urls: By the name of a file.
    """

    record: ReleaseRecord
    folder: Path
    origin: str
    names: CondaNames
    options: RecipeOptions
    urls: Mapping[str, str]

    def plan(self, project: str, problems: Problems) -> Planned | None:
        """Return the plan of a project's recipe. None after a problem."""
        wheels = wheels_of(self.record, project)
        if not wheels:
            remedy = "A recipe is made of wheels. Leave the project out with --project."
            problems.add(project, "has no wheels in the record", remedy)
            return None
        facts = read_facts(self.folder, wheels, problems)
        if facts is None:
            return None
        with problems.collecting():
            return self._planned(project, wheels, facts, problems)
        return None

    def _planned(
        self, project: str, wheels: Sequence[ReleaseFile], facts: WheelFacts, problems: Problems
    ) -> Planned | None:
        minors = allowed_minors(facts.requires_python, facts.wheel)
        choice = choose_wheels(wheels, minors)
        if not choice.sources:
            message = "has no wheel for a platform of conda: " + "; ".join(choice.notes)
            raise NoRecipeError(Problem(project, message, "Leave the project out with --project."))
        scope = Scope(choice.subdirs, choice.minors)
        run = self._run(facts, scope, problems)
        choice = _refined(choice, run, scope)
        packages = self.names.of(project)
        notes = [*choice.notes, *run.notes, *_constant_notes(choice, run, scope)]
        if not facts.license:
            notes.append("no wheel states License-Expression, which conda-forge requires: add `license` to the recipe")
        plan = Plan(
            package=packages[0] if packages else project,
            project=project,
            version=str(Version(self.record.version)),
            choice=choice,
            scope=scope,
            facts=facts,
            run=run,
            urls=self.urls,
            origin=self.origin,
            options=self.options,
        )
        return Planned(plan, tuple(f"{project}: {note}" for note in notes))

    def _run(self, facts: WheelFacts, scope: Scope, problems: Problems) -> RunRequirements:
        return run_requirements(
            facts.requirements,
            facts.wheel,
            scope=scope,
            names=self.names,
            siblings={name: f"=={Version(project.version)}" for name, project in self.record.projects.items()},
            problems=problems,
        )


def wheels_of(record: ReleaseRecord, project: str) -> list[ReleaseFile]:
    """Return the wheels of a project."""
    return [file for file in record.files if file.project == project and file.is_wheel]


def _refined(choice: WheelChoice, run: RunRequirements, scope: Scope) -> WheelChoice:
    """Return the shape that the requirements allow: a package for all cannot have those of one platform or Python.

    A requirement of one Python alone does not split a package without native code. Conda-forge gives it to all. But
    one package cannot have several versions of a requirement.
    """
    is_split = has_alternatives(run.entries) or any(entry.varies_by_platform() for entry in run.entries)
    if choice.shape is Shape.NOARCH and is_split:
        sources = tuple(replace(source, subdir=subdir) for source in choice.sources for subdir in USUAL)
        choice = replace(choice, shape=Shape.INDEPENDENT, sources=sources)
    if choice.shape is Shape.INDEPENDENT and any(entry.varies_by_python(scope) for entry in run.entries):
        choice = replace(choice, shape=Shape.PER_PYTHON)
    return choice


def _constant_notes(choice: WheelChoice, run: RunRequirements, scope: Scope) -> Iterator[str]:
    """Yield the requirements of some Pythons that a package for all of them always has."""
    if choice.shape is Shape.NOARCH:
        for entry in run.entries:
            if entry.varies_by_python(scope):
                yield f"{entry.spec} is for some Pythons only, but one package serves all of them: it always has it"
