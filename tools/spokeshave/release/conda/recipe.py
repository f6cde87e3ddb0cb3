"""The recipe of a project for conda, in the format of rattler-build (CEP 13 and CEP 14), from the project's wheels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.version import Version

from spokeshave.release.conda.addresses import file_name_of
from spokeshave.release.conda.choice import Shape, Source, WheelChoice
from spokeshave.release.conda.facts import WheelFacts
from spokeshave.release.conda.match_spec import version_spec
from spokeshave.release.conda.pythons import allowed_condition
from spokeshave.release.conda.requirements import RunRequirements, Scope, joined
from spokeshave.release.conda.subdirs import virtual_package
from spokeshave.release.conda.yaml_text import Node, to_yaml
from spokeshave.requirement_text import parse_specifiers
from spokeshave_core.platform import Platform

RECIPE = "recipe.yaml"
LICENSES = "licenses"
HEADER = "# Written by `spokeshave release conda`"
"""What the first line of a recipe begins with, by which a recipe that was written by hand is not replaced."""
_TEMPLATE = "${{"
_JINJA = re.compile(r"\$\{\{|\{[%#]")
_PYTHON_MIN = "${{ python_min }}"
_PYTHON_OF_ALL = f"python {_PYTHON_MIN}.*"


@dataclass(frozen=True)
class RecipeOptions:
    """What the user adds to a recipe.

    Attributes:
        test_commands: Commands that test the installed package.
        maintainers: Names on GitHub, for conda-forge.
    """

    build_number: int = 0
    test_commands: tuple[str, ...] = ()
    maintainers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything that a recipe is made of.

    Attributes:
        package: The name of the conda package.
        project: The name of the project, by which pip installs it.
        urls: By the name of a wheel.
        origin: The record that it is made from, for the first line.
    """

    package: str
    project: str
    version: str
    choice: WheelChoice
    scope: Scope
    facts: WheelFacts
    run: RunRequirements
    urls: Mapping[str, str]
    origin: str
    options: RecipeOptions

    @property
    def is_noarch(self) -> bool:
        """Return whether one package serves all platforms."""
        return self.choice.shape is Shape.NOARCH

    @property
    def python_min(self) -> str | None:
        """Return the oldest Python of a package that serves all. None for one that serves one Python, or any."""
        if self.choice.shape is Shape.PER_PYTHON:
            return None
        is_known = bool(self.facts.requires_python) or self.choice.is_stable_abi
        return f"3.{self.scope.minors[0]}" if is_known else None


def recipe_text(plan: Plan) -> str:
    """Return the text of a recipe. The same release and URLs give the same bytes."""
    return f"{HEADER} from {plan.origin}.\n{to_yaml(recipe_document(plan))}"


def recipe_document(plan: Plan) -> dict[str, Node]:
    """Return a recipe as a document."""
    context: dict[str, Node] = {"version": plan.version}
    if plan.python_min:
        context["python_min"] = plan.python_min
    document: dict[str, Node] = {
        "schema_version": 1,
        "context": context,
        "package": {"name": plan.package, "version": "${{ version }}"},
        "source": [
            _conditional(source.condition(plan.choice.shape), _source(source, plan)) for source in plan.choice.sources
        ],
        "build": _build(plan),
        "requirements": _requirements(plan),
        "tests": _tests(plan),
        "about": _about(plan.facts),
    }
    if plan.options.maintainers:
        document["extra"] = {"recipe-maintainers": list(plan.options.maintainers)}
    return document


def _conditional(condition: str, value: Node) -> Node:
    return {"if": condition, "then": value} if condition else value


def _source(source: Source, plan: Plan) -> Node:
    url = plan.urls[source.file.name]
    entry: dict[str, Node] = {"url": literal(url), "sha256": source.file.sha256}
    if file_name_of(url) != source.file.name:
        entry["file_name"] = source.file.name
    return entry


def _build(plan: Plan) -> dict[str, Node]:
    # The wheel lies in the working directory. Unlike `*.whl`, this has the same meaning in the shell of Windows.
    install = f"{plan.project}==${{{{ version }}}} --no-index --find-links . --no-deps --no-build-isolation -vv"
    build: dict[str, Node] = {"number": plan.options.build_number}
    if plan.choice.shape is Shape.NOARCH:
        build["noarch"] = "python"
    else:
        build["skip"] = _skip(plan)
    build["script"] = f"${{{{ PYTHON }}}} -m pip install {install}"
    python: dict[str, Node] = {}
    if plan.choice.shape is Shape.INDEPENDENT:
        python["version_independent"] = True
    if plan.facts.entry_points:
        python["entry_points"] = [literal(point) for point in plan.facts.entry_points]
    if python:
        build["python"] = python
    return build


def _skip(plan: Plan) -> list[Node]:
    """Return the conditions under which no wheel fits: the other platforms, and on each platform the other Pythons."""
    choice = plan.choice
    skip: list[Node] = [f"not ({' or '.join(subdir.condition for subdir in choice.subdirs)})"]
    pythons: dict[tuple[str, ...], list[str]] = {}
    for subdir in choice.subdirs if choice.shape is Shape.PER_PYTHON else ():
        conditions = tuple(source.python for source in choice.sources if source.subdir == subdir)
        pythons.setdefault(conditions, []).append(subdir.condition)
    for conditions, where in pythons.items():
        # A wheel for any Python, alone or after the others.
        is_for_any = any(text == "" or text.startswith("not (") for text in conditions)
        allowed = allowed_condition(plan.scope.minors) if plan.facts.requires_python else ""
        served = allowed if is_for_any else " or ".join(conditions)
        unserved = f"not ({served})" if served else ""
        is_everywhere = len(where) == len(choice.subdirs)
        if unserved:
            skip.append(unserved if is_everywhere else joined(" and ", [" or ".join(where), unserved]))
    return skip


def _requirements(plan: Plan) -> dict[str, Node]:
    choice = plan.choice
    requirements: dict[str, Node] = {}
    python = _PYTHON_OF_ALL if plan.python_min else "python"
    if choice.shape is not Shape.NOARCH:
        cross: Node = [python, "cross-python_${{ target_platform }}"]
        requirements["build"] = [{"if": "build_platform != target_platform", "then": cross}]
    abi = [f"python-abi3 {_PYTHON_MIN}.*"] if choice.is_stable_abi else []
    requirements["host"] = [python, *abi, "pip"]
    requirements["run"] = [
        _python_requirement(plan),
        *(
            _conditional(condition, _pinned(entry.spec, plan))
            for entry in plan.run.entries
            for condition in entry.conditions(plan.scope, by_python=choice.shape is Shape.PER_PYTHON)
        ),
        *_floors(choice),
    ]
    return requirements


def _pinned(spec: str, plan: Plan) -> str:
    """Return a match spec. A pin to a sibling follows the recipe's own version."""
    name, _, version = spec.partition(" ")
    return f"{name} ==${{{{ version }}}}" if version == f"=={plan.version}" else spec


def _python_requirement(plan: Plan) -> str:
    """Return the requirement of Python. That of a package for one Python comes from the host environment."""
    if plan.choice.shape is Shape.PER_PYTHON:
        return "python"
    clauses = [clause for clause in version_spec(parse_specifiers(plan.facts.requires_python)).split(",") if clause]
    lower = [clause for clause in clauses if clause.startswith(">")]
    others = [clause for clause in clauses if not clause.startswith(">")]
    if plan.python_min:
        exact = [clause for clause in lower if _is_beyond(clause, plan.python_min)]
        lower = exact or [f">={_PYTHON_MIN}"]
    return f"python {','.join(lower + others)}".strip()


def _is_beyond(clause: str, python_min: str) -> bool:
    """Return whether a lower bound excludes the first releases of the oldest Python."""
    operator, version = (clause[:2], clause[2:]) if clause.startswith(">=") else (clause[:1], clause[1:])
    bound = Version(version)
    oldest = Version(python_min)
    return bound.release[:2] == oldest.release and (operator == ">" or bound > oldest)


def _floors(choice: WheelChoice) -> list[Node]:
    """Return the requirements of the systems: the highest floor of each platform's wheels."""
    floors: dict[str, list[str]] = {}
    for subdir in choice.subdirs if choice.shape is not Shape.NOARCH else ():
        platforms = [source.platform for source in choice.sources if source.subdir == subdir and source.platform]
        highest = max(platforms, key=_floor, default=None)
        spec = virtual_package(highest) if highest else None
        if spec:
            floors.setdefault(spec, []).append(subdir.condition)
    result: list[Node] = []
    for spec, conditions in floors.items():
        system = "linux" if spec.startswith("__glibc") else "osx"
        of_system = [subdir for subdir in choice.subdirs if subdir.system == system]
        condition = system if len(conditions) == len(of_system) else " or ".join(conditions)
        result.append({"if": condition, "then": spec})
    return result


def _floor(platform: Platform) -> tuple[int, int]:
    return platform.floor or (0, 0)


def _tests(plan: Plan) -> list[Node]:
    python: dict[str, Node] = {"imports": [*map(literal, plan.facts.imports)]} if plan.facts.imports else {}
    python["pip_check"] = True
    if plan.python_min:
        python["python_version"] = [f"{_PYTHON_MIN}.*", "*"]
    tests: list[Node] = [{"python": python}] if plan.facts.imports else []
    if plan.options.test_commands:
        tests.append({"script": list(plan.options.test_commands)})
    return tests


def _about(facts: WheelFacts) -> dict[str, Node]:
    about: dict[str, Node] = {key: literal(url) for key, url in facts.links.items()}
    if facts.summary:
        about["summary"] = literal(facts.summary)
    if facts.license:
        about["license"] = literal(facts.license)
    if facts.license_files:
        about["license_file"] = [literal(f"{LICENSES}/{name}") for name in facts.license_files]
    return about


def literal(text: str) -> str:
    """Return the template of a text. Without `${{`, rattler-build takes a text as it is."""
    return _JINJA.sub(r"${{ '\g<0>' }}", text) if _TEMPLATE in text else text
