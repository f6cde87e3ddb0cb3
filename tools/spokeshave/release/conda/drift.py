"""What differs between a recipe that people keep and a release: compared on each platform and Python, by meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from spokeshave.release.conda.addresses import file_name_of
from spokeshave.release.conda.evaluation import UNKNOWN, Evaluator, Variant, matches_or_none
from spokeshave.release.conda.match_spec import MatchSpec
from spokeshave.release.conda.reading import KeptRecipe
from spokeshave.release.conda.recipe import Plan
from spokeshave.wheel.name import same_version
from spokeshave_core.cpython_releases import RELEASES
from spokeshave_core.release.conda import Drift
from spokeshave_core.release.record import ReleaseFile
from spokeshave_core.wheel_name import SDIST_SUFFIX, WHEEL_SUFFIX

_OF_PYTHON = frozenset(("python", "cpython", "python_abi", "python-gil", "_python_abi3_support", "pypy"))
_PIN = re.compile(r"\bpin_\w+\(\s*[\"']([^\"']+)")


@dataclass
class _Rows:
    """Differences, each with the variants on which it was found."""

    found: dict[tuple[str, str, str], list[Variant]] = field(default_factory=dict)

    def add(self, name: str, recipe: str, release: str, variant: Variant) -> None:
        """Add a difference. One that was found before is found on one variant more."""
        self.found.setdefault((name, recipe, release), []).append(variant)


@dataclass(frozen=True)
class Comparison:
    """Compares a recipe with the plan of its project.

    Attributes:
        files: The files of the project in the record.
        ignored: The packages whose requirements are not compared.
        has_urls: Whether URLs are known, and are compared too.
    """

    recipe: KeptRecipe
    plan: Plan
    files: tuple[ReleaseFile, ...]
    ignored: frozenset[str] = frozenset()
    has_urls: bool = False

    def drift(self) -> tuple[tuple[Drift, ...], tuple[str, ...]]:
        """Return what differs, and notes on what was not compared."""
        rows = _Rows()
        notes: dict[str, None] = {}
        variants = list(self._variants())
        for variant in variants:
            evaluator = self._evaluator(variant)
            if self._is_skipped(evaluator):
                if any(self._wheels(variant)) and self._has_wheels(evaluator):
                    rows.add("skip", "skipped", "has a wheel", variant)
                continue
            self._compare_facts(evaluator, variant, rows)
            self._compare_run(evaluator, variant, rows)
            notes.update(dict.fromkeys(self._compare_sources(evaluator, variant, rows)))
        found = tuple(
            Drift(
                path=str(self.recipe.path),
                project=self.plan.project,
                field=name,
                where=describe_variants(where, variants),
                recipe=recipe,
                release=release,
            )
            for (name, recipe, release), where in rows.found.items()
        )
        return found, tuple(notes)

    def _variants(self) -> Iterator[Variant]:
        known = [release.minor for release in RELEASES if release.minor in self.plan.scope.minors]
        return (Variant(subdir, minor) for subdir in self.plan.scope.subdirs for minor in known)

    def _evaluator(self, variant: Variant) -> Evaluator:
        context = self.recipe.section("context")
        return Evaluator(variant, context if isinstance(context, Mapping) else {})

    def _is_skipped(self, evaluator: Evaluator) -> bool:
        conditions = self.recipe.section("build", "skip")
        listed = conditions if isinstance(conditions, list) else [conditions]
        return any(evaluator.holds(condition) is True for condition in listed if condition is not None)

    def _is_for_all_pythons(self, evaluator: Evaluator) -> bool:
        independent = self.recipe.section("build", "python", "version_independent")
        return self._is_noarch() or evaluator.text(independent) in ("True", "true")

    def _is_noarch(self) -> bool:
        return self.recipe.section("build", "noarch") is not None

    def _compare_facts(self, evaluator: Evaluator, variant: Variant, rows: _Rows) -> None:
        facts = self.plan.facts
        version = evaluator.text(self.recipe.section("package", "version") or "")
        if UNKNOWN not in version and not same_version(version, self.plan.version):
            rows.add("version", version, self.plan.version, variant)
        stated = self.recipe.section("about", "license")
        license_text = _license(evaluator.text(stated)) if stated else ""
        if facts.license and license_text != facts.license:
            rows.add("license", license_text, facts.license, variant)
        listed = evaluator.items(self.recipe.section("build", "python", "entry_points"))
        points = {_entry_point(evaluator.text(item)) for item in listed}
        # pip makes the scripts of a package for one platform, so that a recipe need not list them.
        if points or self._is_noarch():
            for point in sorted(points - set(facts.entry_points)):
                rows.add("entry point", point, "", variant)
            for point in sorted(set(facts.entry_points) - points):
                rows.add("entry point", "", point, variant)

    def _compare_run(self, evaluator: Evaluator, variant: Variant, rows: _Rows) -> None:
        stated = dict(self._stated(evaluator))
        needed = dict(self._needed(variant))
        for name in sorted((stated.keys() | needed.keys()) - self.ignored):
            if name in _OF_PYTHON or name.startswith("__"):
                continue
            mine = stated.get(name)
            theirs = needed.get(name)
            if theirs is None and self._is_needed_elsewhere(name, evaluator):
                continue
            if mine is None or theirs is None or (mine.is_known and mine.clauses != theirs.clauses):
                rows.add("run", str(mine or ""), str(theirs or ""), variant)
        self._compare_python(stated.get("python"), variant, rows)

    def _stated(self, evaluator: Evaluator) -> Iterator[tuple[str, MatchSpec]]:
        """Yield the run requirements of the recipe by name. Of several for one name, all clauses hold."""
        specs: dict[str, MatchSpec] = {}
        for item in evaluator.items(self.recipe.section("requirements", "run")):
            text = evaluator.text(item)
            pin = _PIN.search(text)
            spec = MatchSpec(pin[1].lower(), is_known=False) if pin else MatchSpec.parse(text)
            if spec:
                specs[spec.name] = _both(specs.get(spec.name), spec)
        return iter(specs.items())

    def _needed(self, variant: Variant) -> Iterator[tuple[str, MatchSpec]]:
        specs: dict[str, MatchSpec] = {}
        for entry in self.plan.run.entries:
            spec = MatchSpec.parse(entry.spec)
            if spec and variant.minor in entry.needed.get(variant.subdir.name, ()):
                specs[spec.name] = _both(specs.get(spec.name), spec)
        return iter(specs.items())

    def _is_needed_elsewhere(self, name: str, evaluator: Evaluator) -> bool:
        """Return whether a package for all Pythons, or all platforms, has a requirement of some of them."""
        subdir = evaluator.variant.subdir.name
        where = self.plan.scope.subdirs if self._is_noarch() else [evaluator.variant.subdir]
        if not self._is_for_all_pythons(evaluator):
            return False
        names = {each.name for each in where} | {subdir}
        return any(
            entry.spec.partition(" ")[0] == name and any(entry.needed.get(each) for each in names)
            for entry in self.plan.run.entries
        )

    def _compare_python(self, spec: MatchSpec | None, variant: Variant, rows: _Rows) -> None:
        """Compare the Pythons that a recipe states with Requires-Python. A channel chooses them for other builds."""
        if spec is None or not spec.is_known or not spec.clauses:
            return
        text = ",".join(f"{operator}{version}" for operator, version in spec.clauses)
        allowed = matches_or_none(f"3.{variant.minor}", text)
        if allowed is False:
            rows.add("python", str(spec), f"python {self._python()}", variant)
        older = [release.minor for release in RELEASES if release.minor < self.plan.scope.minors[0]]
        too_old = [minor for minor in older if matches_or_none(f"3.{minor}", text)]
        if too_old:
            rows.add("python", str(spec), f"python {self._python()}", variant)

    def _python(self) -> str:
        first = self.plan.python_min or f"3.{self.plan.scope.minors[0]}"
        return self.plan.facts.requires_python or f">={first}"

    def _wheels(self, variant: Variant) -> Iterator[ReleaseFile]:
        evaluator = Evaluator(variant)
        for source in self.plan.choice.sources:
            condition = source.condition(self.plan.choice.shape)
            if not condition or evaluator.holds(condition):
                yield source.file

    def _sources(self, evaluator: Evaluator) -> Iterator[tuple[str, str]]:
        """Yield the URL and the sha256 of each source that is downloaded."""
        for item in evaluator.items(self.recipe.section("source")):
            if isinstance(item, Mapping) and "url" in item:
                urls = item["url"] if isinstance(item["url"], list) else [item["url"]]
                yield evaluator.text(urls[0]), evaluator.text(item.get("sha256", ""))

    def _has_wheels(self, evaluator: Evaluator) -> bool:
        return any(file_name_of(url).endswith(WHEEL_SUFFIX) for url, _ in self._sources(evaluator))

    def _compare_sources(self, evaluator: Evaluator, variant: Variant, rows: _Rows) -> Iterator[str]:
        wheels = list(self._wheels(variant))
        sdists = [file for file in self.files if not file.is_wheel]
        for url, sha256 in self._sources(evaluator):
            name = file_name_of(url)
            ours = wheels if name.endswith(WHEEL_SUFFIX) else sdists if name.endswith(SDIST_SUFFIX) else []
            if not ours:
                yield f"{self.recipe.path}: is built from {url}, which is not a file of the release; not compared"
                continue
            file = next((file for file in ours if file.sha256 == sha256), ours[0])
            if file.sha256 != sha256:
                rows.add("sha256", f"{sha256 or 'none'} ({name})", f"{file.sha256} ({file.name})", variant)
            elif self.has_urls and url != self.plan.urls.get(file.name):
                rows.add("url", url, self.plan.urls.get(file.name, ""), variant)


def _both(first: MatchSpec | None, second: MatchSpec) -> MatchSpec:
    if first is None:
        return second
    return MatchSpec(second.name, first.clauses | second.clauses, first.is_known and second.is_known)


def _entry_point(text: str) -> str:
    name, _, value = text.partition("=")
    return f"{name.strip()} = {value.strip()}"


def _license(text: str) -> str:
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return text


def describe_variants(found: Iterable[Variant], among: Iterable[Variant]) -> str:
    """Return the platforms and Pythons of some variants. Empty for all."""
    chosen = list(dict.fromkeys(found))
    every = list(among)
    if len(chosen) == len(every):
        return ""
    parts: dict[str, list[str]] = {}
    for subdir in dict.fromkeys(variant.subdir for variant in every):
        minors = [variant.minor for variant in chosen if variant.subdir == subdir]
        if not minors:
            continue
        is_whole = len(minors) == sum(variant.subdir == subdir for variant in every)
        pythons = "" if is_whole else ", ".join(f"3.{minor}" for minor in minors)
        parts.setdefault(pythons, []).append(subdir.name)
    texts = []
    for pythons, subdirs in parts.items():
        where = ", ".join(subdirs) if len(subdirs) < len({variant.subdir.name for variant in every}) else ""
        texts.append(" ".join(filter(None, (where, f"Python {pythons}" if pythons else ""))))
    return "; ".join(texts)
