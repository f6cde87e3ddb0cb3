"""What differs between a recipe that people keep and a release: compared on each platform and Python, by meaning."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from spokeshave.release.conda.addresses import file_name_of
from spokeshave.release.conda.evaluation import UNKNOWN, Evaluator, Variant, matches_or_none
from spokeshave.release.conda.match_spec import MatchSpec
from spokeshave.release.conda.pythons import full_versions
from spokeshave.release.conda.reading import KeptRecipe
from spokeshave.release.conda.recipe import Plan
from spokeshave.wheel.name import same_version
from spokeshave_core.cpython_releases import RELEASES
from spokeshave_core.release.conda import Drift
from spokeshave_core.release.record import ReleaseFile
from spokeshave_core.wheel_name import SDIST_SUFFIX, WHEEL_SUFFIX

_OF_PYTHON = frozenset(("python", "cpython", "python_abi", "python-gil", "_python_abi3_support", "pypy"))
_LEADS_TO_FILE = re.compile(r"/packages/source/[^/]+/[^/]+/[^/]+$")
"""The address of an sdist on the package index that leads to the file's own URL. Most feedstocks have it."""
_OF_BUILD = "is known only to the build; not compared"
_OF_VERSIONS = "have alternatives, or are known only to the build; not compared"
_UNDER_CONDITION = "has a condition that only the build knows; not compared"


@dataclass
class _Rows:
    """Differences, each with the variants on which it was found."""

    found: dict[tuple[str, str, str], list[Variant]] = field(default_factory=dict)

    def add(self, name: str, recipe: str, release: str, variant: Variant) -> None:
        """Add a difference. One that was found before is found on one variant more."""
        self.found.setdefault((name, recipe, release), []).append(variant)


@dataclass(frozen=True)
class Compared:
    """What a comparison found.

    Attributes:
        notes: What was not compared.
        is_compared: Whether anything was: not if the recipe skips all platforms and Pythons of the release.
    """

    drift: tuple[Drift, ...]
    notes: tuple[str, ...]
    is_compared: bool


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

    def result(self) -> Compared:
        """Compare them."""
        rows = _Rows()
        notes: dict[str, None] = {}
        variants = list(self._variants())
        skipped: list[Variant] = []
        unserved: list[Variant] = []
        for variant in variants:
            evaluator = self.recipe.evaluator(variant)
            has_wheel = any(self._wheels(variant))
            if self._is_skipped(evaluator):
                (skipped if has_wheel else unserved).append(variant)
                if has_wheel and self._has_wheels(evaluator):
                    rows.add("skip", "skipped", "has a wheel", variant)
                continue
            for compare in (self._compare_facts, self._compare_run, self._compare_sources):
                notes.update(dict.fromkeys(compare(evaluator, variant, rows)))
        is_compared = len(skipped) + len(unserved) < len(variants)
        if skipped and is_compared:
            notes[f"is skipped on {describe_variants(skipped, variants)}; not compared there"] = None
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
        return Compared(found, tuple(f"{self.recipe.path}: {note}" for note in notes), is_compared=is_compared)

    def _variants(self) -> Iterator[Variant]:
        """Yield the platforms and Pythons of the release on which the recipe makes this package."""
        known = [release.minor for release in RELEASES if release.minor in self.plan.scope.minors]
        for variant in (Variant(subdir, minor) for subdir in self.plan.scope.subdirs for minor in known):
            if self.recipe.name(self.recipe.evaluator(variant)) == self.plan.package.lower():
                yield variant

    def _is_skipped(self, evaluator: Evaluator) -> bool:
        conditions = self.recipe.section("build", "skip")
        listed = conditions if isinstance(conditions, list) else [conditions]
        return any(evaluator.holds(condition) is True for condition in listed if condition is not None)

    def _is_for_all_pythons(self, evaluator: Evaluator) -> bool:
        independent = self.recipe.section("build", "python", "version_independent")
        return self._is_noarch() or evaluator.text(independent) == "true"

    def _is_noarch(self) -> bool:
        return self.recipe.section("build", "noarch") is not None

    def _compare_facts(self, evaluator: Evaluator, variant: Variant, rows: _Rows) -> Iterator[str]:
        facts = self.plan.facts
        version = evaluator.text(self.recipe.section("package", "version") or "")
        if UNKNOWN in version:
            yield f"its version {version} {_OF_BUILD}"
        elif not same_version(version, self.plan.version):
            rows.add("version", version, self.plan.version, variant)
        stated = self.recipe.section("about", "license")
        license_text = _license(evaluator.text(stated)) if stated else ""
        if UNKNOWN in license_text:
            yield f"its license {license_text} {_OF_BUILD}"
        elif facts.license and license_text != facts.license:
            rows.add("license", license_text, facts.license, variant)
        listed = self.recipe.section("build", "python", "entry_points")
        points = {_entry_point(evaluator.text(item)) for item in evaluator.items(listed)}
        unsure = {_entry_point(evaluator.text(item)) for item in evaluator.uncertain(listed)}
        for point in sorted(unsure):
            yield f"the entry point {point} {_UNDER_CONDITION}"
        # pip makes the scripts of a package for one platform, so that a recipe need not list them.
        if points or self._is_noarch():
            for point in sorted(points - set(facts.entry_points)):
                rows.add("entry point", point, "", variant)
            for point in sorted(set(facts.entry_points) - points - unsure):
                rows.add("entry point", "", point, variant)

    def _compare_run(self, evaluator: Evaluator, variant: Variant, rows: _Rows) -> Iterator[str]:
        listed = self.recipe.section("requirements", "run")
        stated = yield from self._stated(evaluator, evaluator.items(listed), "cannot be read; not compared")
        unsure = yield from self._stated(evaluator, evaluator.uncertain(listed), _UNDER_CONDITION)
        for name in sorted(unsure.keys() - self.ignored):
            yield f"the requirement {unsure[name]} {_UNDER_CONDITION}"
        needed = dict(self._needed(variant))
        for name in sorted((stated.keys() | needed.keys()) - self.ignored):
            if name in _OF_PYTHON or name.startswith("__"):
                continue
            mine = stated.get(name)
            theirs = needed.get(name)
            if mine is None and name in unsure:
                continue
            if theirs is None and self._is_needed_elsewhere(name, evaluator):
                continue
            if mine is None or theirs is None or (mine.is_known and mine.clauses != theirs.clauses):
                rows.add("run", str(mine or ""), str(theirs or ""), variant)
            elif not mine.is_known:
                yield f"the versions of {mine} {_OF_VERSIONS}"
        if "python" not in unsure:
            yield from self._compare_python(stated.get("python"), variant, rows)

    def _stated(
        self, evaluator: Evaluator, items: Iterable[object], reason: str
    ) -> Generator[str, None, dict[str, MatchSpec]]:
        """Return requirements of the recipe by name; yield notes. Of several for one name, all clauses hold.

        Args:
            reason: Why one that cannot be read is not compared.
        """
        specs: dict[str, MatchSpec] = {}
        for item in items:
            text = evaluator.text(item)
            if not text:
                continue
            pin = evaluator.pin(item)
            if pin is None:
                spec = MatchSpec.parse(text)
            elif pin[1]:
                spec = MatchSpec.parse(f"{pin[0]} =={self.plan.version}")
            else:
                spec = MatchSpec.parse(pin[0])
                spec = spec and replace(spec, is_known=False, text=text)
            if spec:
                specs[spec.name] = _both(specs.get(spec.name), spec)
            else:
                yield f"the requirement {text} {reason}"
        return specs

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

    def _compare_python(self, spec: MatchSpec | None, variant: Variant, rows: _Rows) -> Iterator[str]:
        """Compare the Pythons that a recipe states with Requires-Python. A channel chooses them for other builds."""
        if spec is None:
            return
        text = ",".join(f"{operator}{version}" for operator, version in spec.clauses)
        older = [release.minor for release in RELEASES if release.minor < self.plan.scope.minors[0]]
        found = {minor: _allows(text, minor) for minor in (variant.minor, *older)} if text else {}
        if not spec.is_known or None in found.values():
            yield f"the versions of {spec} {_OF_VERSIONS}"
        elif text and (not found[variant.minor] or any(found[minor] for minor in older)):
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

    def _sources(self, evaluator: Evaluator) -> Iterator[tuple[list[str], str]]:
        """Yield the URLs and the sha256 of each source that is downloaded, of which any URL gives the file."""
        for item in evaluator.items(self.recipe.section("source")):
            urls = list(_urls_of(item, evaluator))
            if urls and isinstance(item, Mapping):
                yield urls, evaluator.text(item.get("sha256") or "").lower()

    def _has_wheels(self, evaluator: Evaluator) -> bool:
        return any(file_name_of(urls[0]).endswith(WHEEL_SUFFIX) for urls, _ in self._sources(evaluator))

    def _compare_sources(self, evaluator: Evaluator, variant: Variant, rows: _Rows) -> Iterator[str]:
        wheels = list(self._wheels(variant))
        sdists = [file for file in self.files if not file.is_wheel]
        for item in evaluator.uncertain(self.recipe.section("source")):
            yield f"the source {next(_urls_of(item, evaluator), item)} {_UNDER_CONDITION}"
        sources = list(self._sources(evaluator))
        if not sources:
            yield "no source has a URL; not compared"
        for urls, sha256 in sources:
            name = file_name_of(urls[0])
            ours = wheels if name.endswith(WHEEL_SUFFIX) else sdists if name.endswith(SDIST_SUFFIX) else []
            file = next((file for file in ours if file.sha256 == sha256), ours[0] if ours else None)
            if file is None:
                yield f"is built from {urls[0]}, which is not a file of the release; not compared"
            elif UNKNOWN in sha256:
                yield f"the sha256 of {urls[0]} {_OF_BUILD}"
            elif file.sha256 != sha256:
                rows.add("sha256", f"{sha256 or 'none'} ({name})", f"{file.sha256} ({file.name})", variant)
            elif self.has_urls:
                yield from self._compare_url(urls, file, variant, rows)

    def _compare_url(self, urls: Sequence[str], file: ReleaseFile, variant: Variant, rows: _Rows) -> Iterator[str]:
        known = self.plan.urls.get(file.name)
        if known is None:
            yield f"the URL {urls[0]} is not compared, since that of {file.name} is not known"
        elif any(UNKNOWN in url for url in urls):
            yield f"the URL {urls[0]} {_OF_BUILD}"
        elif known not in urls and not any(_LEADS_TO_FILE.search(url) for url in urls):
            rows.add("url", urls[0], known, variant)


def _urls_of(source: object, evaluator: Evaluator) -> Iterator[str]:
    if isinstance(source, Mapping):
        for url in evaluator.items(source.get("url")):
            yield evaluator.text(url)


def _allows(spec: str, minor: int) -> bool | None:
    """Return whether a version spec of conda allows any release of a minor version. None if that is not known."""
    found = [matches_or_none(full, spec) for full in (f"3.{minor}", *full_versions(minor, spec))]
    return any(found) if None not in found else None


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
