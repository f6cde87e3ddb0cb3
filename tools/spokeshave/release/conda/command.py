"""The command `spokeshave release conda`: write recipes for conda packages of a release, or compare a feedstock's."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from spokeshave.errors import ExitCode
from spokeshave.files import write_bytes
from spokeshave.option_values import count
from spokeshave.release.columns import in_columns
from spokeshave.release.conda.addresses import listed_urls, urls_below
from spokeshave.release.conda.drift import Comparison
from spokeshave.release.conda.evaluation import UNKNOWN
from spokeshave.release.conda.names import FORM, CondaNames
from spokeshave.release.conda.planning import NoRecipeError, Planned, Planner
from spokeshave.release.conda.reading import KeptRecipe, read_recipes
from spokeshave.release.conda.recipe import HEADER, LICENSES, RECIPE, Plan, RecipeOptions, recipe_text
from spokeshave.release.destination.choice import DestinationOptions, TextOption, open_destination
from spokeshave.release.integrity import verify_record
from spokeshave.release.record import manifest_sha256
from spokeshave.report import write_text
from spokeshave.upload.endpoint import check_url
from spokeshave.upload.options import add_index_arguments
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.conda import CondaReport, Drift, WrittenRecipe
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

_NOTHING = "-"
_FROM = TextOption(
    "--from",
    "an index or a folder",
    "`@NAME` (pypi, testpypi, or a repository of ~/.pypirc), the URL of a simple index, folder:PATH, or index:PATH",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release conda`."""
    parser.add_argument("record", type=Path, metavar="RECORD", help="the folder of the release record")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="write DIR/PACKAGE/recipe.yaml for each project, with its license files",
    )
    what.add_argument(
        "--check",
        type=Path,
        action="append",
        metavar="RECIPE",
        help="compare a recipe.yaml, or the folder of a feedstock, with the release; exit with 1 if it differs. May be "
        "repeated",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--from",
        dest="source",
        metavar="INDEX",
        help=f"take the wheels' URLs from an index that has the release: {_FROM.forms}",
    )
    where.add_argument(
        "--url-base",
        metavar="URL",
        help="the URL of the folder that has the wheels, or a pattern such as https://HOST/files/{sha256}/{name}",
    )
    add_index_arguments(parser)
    _add_recipe_options(parser)
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def _add_recipe_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--project", action="append", default=[], metavar="NAME", help="a project to take; default: all of the release"
    )
    parser.add_argument(
        "--name-map",
        type=Path,
        metavar="FILE",
        help=f"a TOML file with conda's names of projects: {FORM}; default: the normalized name",
    )
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="a run requirement that --check does not compare, such as a library that the wheel contains",
    )
    parser.add_argument("--build-number", type=count, default=0, metavar="N", help="the build number (default: 0)")
    parser.add_argument(
        "--test-command",
        action="append",
        default=[],
        metavar="COMMAND",
        help="a command that tests the installed package, such as 'abacus --version'; default: imports and `pip check`",
    )
    parser.add_argument(
        "--maintainer", action="append", default=[], metavar="NAME", help="a maintainer of the recipe, for conda-forge"
    )


def run(args: argparse.Namespace) -> int:
    """Write recipes, or compare them."""
    record = verify_record(args.record)
    problems = Problems()
    projects = _projects(record, args.project, problems)
    # A recipe is made of wheels, but one that people keep may be made of an sdist.
    files = [file for file in record.files if file.project in projects and (args.check or file.is_wheel)]
    if args.output and not (args.source or args.url_base):
        problems.add("--output", "needs the URLs of the wheels", "Give --from INDEX or --url-base URL.")
    problems.raise_if_any(NoRecipeError)
    planner = Planner(
        record=record,
        folder=args.record,
        origin=f"{record.name} {record.version}, record sha256 {manifest_sha256(args.record)}",
        names=CondaNames.read(args.name_map) if args.name_map else CondaNames(),
        options=RecipeOptions(
            build_number=args.build_number,
            test_commands=tuple(args.test_command),
            maintainers=tuple(args.maintainer),
        ),
        urls=_urls(args, files, problems),
    )
    report = _write(args, planner, projects, problems) if args.output else _check(args, planner, projects, problems)
    for note in report.notes:
        print(f"note: {note}")
    if args.report:
        write_text(args.report, report.to_json())
    return ExitCode.USER_ERROR if report.drift else ExitCode.OK


def _projects(record: ReleaseRecord, chosen: Sequence[str], problems: Problems) -> list[str]:
    for name in chosen:
        if name not in record.projects:
            remedy = f"Name one of {', '.join(record.projects)}."
            problems.add("--project", f"{name!r} is not a project of the release", remedy)
    return [name for name in record.projects if not chosen or name in chosen]


def _urls(args: argparse.Namespace, files: Sequence[ReleaseFile], problems: Problems) -> dict[str, str]:
    if args.url_base:
        return urls_below(args.url_base, files)
    if not args.source:
        return {}
    # Nothing is uploaded, so that a URL is that of the simple pages, as for `release try`.
    is_url = args.source.startswith(("http://", "https://"))
    pages = check_url(args.source, _FROM.name) if is_url else None
    options = DestinationOptions(check_url=args.check_url or pages, timeout=args.timeout)
    with open_destination(args.source, options, option=_FROM) as source:
        return listed_urls(source, files, problems)


def _plans(planner: Planner, projects: Sequence[str], problems: Problems) -> list[Planned]:
    found = [planner.plan(project, problems) for project in projects]
    problems.raise_if_any(NoRecipeError)
    return [planned for planned in found if planned]


def _write(args: argparse.Namespace, planner: Planner, projects: Sequence[str], problems: Problems) -> CondaReport:
    """Write the recipes, or none after a problem."""
    problems.raise_if_any(NoRecipeError)
    plans = _plans(planner, projects, problems)
    for planned in plans:
        _check_replaceable(args.output / planned.plan.package / RECIPE, problems)
    problems.raise_if_any(NoRecipeError)
    written = []
    for planned in plans:
        plan = planned.plan
        folder = args.output / plan.package
        for name, content in plan.facts.license_files.items():
            path = folder / LICENSES / PurePosixPath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / RECIPE, recipe_text(plan))
        platforms = ("noarch",) if plan.is_noarch else tuple(subdir.name for subdir in plan.choice.subdirs)
        wheels = len({source.file.name for source in plan.choice.sources})
        recipe = WrittenRecipe(project=plan.project, path=str(folder / RECIPE), platforms=platforms, wheels=wheels)
        written.append(recipe)
        print(f"{folder / RECIPE}: {plan.choice.shape.value}: {', '.join(platforms)}")
    return _report(planner, args.record, recipes=tuple(written), notes=[note for each in plans for note in each.notes])


def _check_replaceable(path: Path, problems: Problems) -> None:
    """Check that a recipe may be replaced: this command wrote it, and nobody removed its first line."""
    with contextlib.suppress(FileNotFoundError):
        if not path.read_text("utf-8", "replace").startswith(HEADER):
            message = "is a recipe that this command did not write; it is not replaced"
            problems.add(str(path), message, "Choose another --output, or compare it with --check.")


def _check(args: argparse.Namespace, planner: Planner, projects: Sequence[str], problems: Problems) -> CondaReport:
    """Compare recipes, and print a table of what differs."""
    plans = {planned.plan.package.lower(): planned.plan for planned in _plans(planner, projects, problems)}
    check = _Check(plans, planner, frozenset(args.ignore))
    for path in args.check:
        with problems.collecting():
            check.compare(path)
    check.add_missing(args.project, problems)
    problems.raise_if_any(NoRecipeError)
    drift = check.drift
    compared = ", ".join(check.compared)
    print("\n".join(_table(drift)) if drift else f"no drift in {compared}: the recipes have what the release has")
    return _report(planner, args.record, drift=tuple(drift), notes=list(dict.fromkeys(check.notes)))


@dataclass
class _Check:
    """Compares recipes with the plans of the release, which are known by the names of their packages.

    Attributes:
        unnamed: The recipes and the names of outputs whose names only the build knows.
        compared: The projects that were compared.
    """

    plans: Mapping[str, Plan]
    planner: Planner
    ignored: frozenset[str]
    drift: list[Drift] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unnamed: list[tuple[Path, str]] = field(default_factory=list)
    compared: dict[str, None] = field(default_factory=dict)

    def compare(self, path: Path) -> None:
        """Compare each output of a recipe.

        Raises:
            NoRecipeError: If it makes no package of the release.
        """
        is_ours = False
        for recipe in read_recipes(path):
            names = recipe.names()
            unnamed = [(recipe.path, name) for name in names if UNKNOWN in name]
            self.unnamed += unnamed
            ours = [self.plans[name] for name in names if name in self.plans]
            for plan in ours:
                self._add(recipe, plan)
            if not ours and not unnamed:
                self.notes.append(f"{recipe.path}: {' or '.join(names)} is not a package of the release; not compared")
            is_ours = is_ours or bool(ours or unnamed)
        if not is_ours:
            remedy = f"Its packages must be of {', '.join(self.plans)}. Give --name-map if conda has another name."
            raise NoRecipeError(Problem(str(path), "makes no package of the release", remedy))

    def _add(self, recipe: KeptRecipe, plan: Plan) -> None:
        files = tuple(file for file in self.planner.record.files if file.project == plan.project)
        has_urls = bool(self.planner.urls)
        result = Comparison(recipe=recipe, plan=plan, files=files, ignored=self.ignored, has_urls=has_urls).result()
        self.drift += result.drift
        self.notes += result.notes
        if result.is_compared:
            self.compared[plan.project] = None

    def add_missing(self, chosen: Sequence[str], problems: Problems) -> None:
        """Add what was not compared: as problems if it was asked for, or nothing was, and else as notes."""
        missing = [plan for plan in self.plans.values() if plan.project not in self.compared]
        has_nothing = not (self.compared or problems)
        for path, name in self.unnamed:
            message = f"makes {name}, whose name only the build knows"
            if missing:
                packages = " or ".join(plan.package for plan in missing)
                problems.add(str(path), message, f"Write the name out, since it may be {packages}; or leave it out.")
            else:
                self.notes.append(f"{path}: {message}; not compared")
        for plan in missing:
            message = f"no recipe of --check makes its package {plan.package} on a platform and Python of the release"
            if plan.project in chosen or has_nothing:
                problems.add(plan.project, message, "Name its recipe, or leave the project out with --project.")
            else:
                self.notes.append(f"{plan.project}: {message}; not compared")


def _table(drift: Sequence[Drift]) -> Iterator[str]:
    for path in dict.fromkeys(each.path for each in drift):
        rows = [
            (each.field, each.where or "all", each.recipe or _NOTHING, each.release or _NOTHING)
            for each in drift
            if each.path == path
        ]
        yield f"{path}:"
        yield from in_columns([("field", "where", "recipe", "release"), *rows])


def _report(
    planner: Planner,
    record: Path,
    *,
    recipes: tuple[WrittenRecipe, ...] = (),
    drift: tuple[Drift, ...] = (),
    notes: Sequence[str] = (),
) -> CondaReport:
    return CondaReport(
        release=planner.record.name,
        version=planner.record.version,
        manifest_sha256=manifest_sha256(record),
        recipes=recipes,
        drift=drift,
        notes=tuple(notes),
    )
