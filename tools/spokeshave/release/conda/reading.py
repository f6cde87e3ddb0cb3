"""Recipes that people keep: a file of the format of rattler-build, read as YAML 1.2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node, ScalarNode

from spokeshave.release.conda.evaluation import Evaluator, Variant
from spokeshave.release.conda.recipe import RECIPE
from spokeshave.release.conda.subdirs import SUBDIRS
from spokeshave_core.cpython_releases import RELEASES
from spokeshave_core.problems import Problem, SpokeshaveError

OLD_FORMAT = "meta.yaml"
_IN_FEEDSTOCK = "recipe"
_JINJA_STATEMENT = re.compile(r"\{%|(?<!\$)\{\{")
_MERGED = ("about", "build")
"""The mappings of a recipe whose keys an output has too, unless it has its own."""


class UnreadableRecipeError(SpokeshaveError):
    """A file that is not a recipe that can be compared."""


@dataclass(frozen=True)
class KeptRecipe:
    """A recipe of a package. A recipe with several outputs is several of these.

    Attributes:
        document: As YAML has it, with what an output inherits.
    """

    path: Path
    document: Mapping[str, object]

    def section(self, *keys: str) -> object:
        """Return a value of the document. None if there is none."""
        value: object = self.document
        for key in keys:
            if not isinstance(value, Mapping):
                return None
            value = value.get(key)
        return value

    def evaluator(self, variant: Variant) -> Evaluator:
        """Return what evaluates the recipe on a variant."""
        return Evaluator(variant, _mapping(self.section("context")))

    def name(self, evaluator: Evaluator) -> str:
        """Return the name of the package on a variant, which may have expressions that only the build knows."""
        return evaluator.text(self.section("package", "name") or "").lower()

    def names(self) -> tuple[str, ...]:
        """Return the names that the package has, on one platform or another."""
        newest = max(release.minor for release in RELEASES)
        return tuple(dict.fromkeys(self.name(self.evaluator(Variant(subdir, newest))) for subdir in SUBDIRS))


def read_recipes(path: Path) -> list[KeptRecipe]:
    """Read a recipe, which may have several outputs.

    Args:
        path: The file, its folder, or the folder of a feedstock.

    Raises:
        UnreadableRecipeError: If it is not one, or is of conda-build's format.
    """
    file = _find(path)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise UnreadableRecipeError(Problem(str(file), f"cannot be read: {err}", f"Name a {RECIPE}.")) from err
    try:
        document = _reader().load(text)
    except (YAMLError, ValueError, RecursionError) as err:
        if _is_old(file, text):
            raise _old_format(file) from err
        reason = "it is nested too deeply" if isinstance(err, RecursionError) else str(err)
        raise UnreadableRecipeError(Problem(str(file), f"is not YAML: {reason}", "Correct it.")) from err
    if not isinstance(document, Mapping) or not ("package" in document or "outputs" in document):
        message = "has neither `package` nor `outputs`, so it is not a recipe"
        raise UnreadableRecipeError(Problem(str(file), message, f"Name a {RECIPE}."))
    is_marked = "schema_version" in document or "context" in document
    if _is_old(file, "" if is_marked else str(document.get("package"))):
        raise _old_format(file)
    return list(_outputs(file, document))


def _is_old(file: Path, text: str) -> bool:
    """Return whether a file is of conda-build's format, whose statements of Jinja are outside of `${{ }}`."""
    return file.name == OLD_FORMAT or _JINJA_STATEMENT.search(text) is not None


def _old_format(file: Path) -> UnreadableRecipeError:
    message = "is of conda-build's format (v0), whose text is a program in Jinja and not YAML"
    remedy = f"Convert it with `conda-recipe-manager convert {file.name}`, and compare the {RECIPE} that it writes."
    return UnreadableRecipeError(Problem(str(file), message, remedy))


class _Constructor(SafeConstructor):
    """Makes the values that rattler-build has: a version such as `3.10` or `2024.10` is a text.

    It has no anchors, so that no value is inside of itself.
    """

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        """Return the value of a node."""
        if node.anchor:
            message = "it has an anchor, which recipes do not have"
            raise ConstructorError(problem=message, problem_mark=node.start_mark)
        return super().construct_object(node, deep)

    def construct_number(self, node: ScalarNode) -> int | str:
        """Return an integer that is written as Python writes it. All else is a text."""
        text: str = node.value
        return int(text) if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", text, re.ASCII) else text


_Constructor.add_constructor("tag:yaml.org,2002:int", _Constructor.construct_number)
for _kind in ("float", "timestamp"):
    _Constructor.add_constructor(f"tag:yaml.org,2002:{_kind}", _Constructor.construct_scalar)


def _reader() -> YAML:
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _Constructor
    return reader


def _find(path: Path) -> Path:
    if not path.is_dir():
        return path
    candidates = [folder / name for name in (RECIPE, OLD_FORMAT) for folder in (path, path / _IN_FEEDSTOCK)]
    return next((candidate for candidate in candidates if candidate.is_file()), path / RECIPE)


def _outputs(file: Path, document: Mapping[str, object]) -> Iterator[KeptRecipe]:
    """Yield the outputs, each with what rattler-build adds to it from the recipe.

    Raises:
        UnreadableRecipeError: If an output is not one.
    """
    outputs = document.get("outputs")
    if outputs is None:
        yield KeptRecipe(file, document)
        return
    listed = [_mapping(output) for output in _list(outputs)]
    staged = {str(_mapping(each["staging"]).get("name")): each.get("source") for each in listed if "staging" in each}
    for number, output in enumerate(listed, 1):
        if "staging" in output:
            continue
        if not isinstance(output.get("package"), Mapping):
            message = f"output {number} has no `package`, so it is not a recipe of rattler-build"
            raise UnreadableRecipeError(Problem(str(file), message, "Correct it."))
        inherited = output.get("inherit")
        cache = staged.get(str(inherited.get("from") if isinstance(inherited, Mapping) else inherited))
        sources = (*_list(document.get("source")), *_list(cache), *_list(output.get("source")))
        own: dict[str, object] = {**output, "context": document.get("context"), "source": list(sources)}
        own["package"] = {**_mapping(document.get("recipe")), **_mapping(output["package"])}
        for key in _MERGED:
            own[key] = {**_mapping(document.get(key)), **_mapping(output.get(key))}
        skip = [
            each
            for build in (document.get("build"), output.get("build"))
            for each in _list(_mapping(build).get("skip"))
        ]
        own["build"] = {**_mapping(own["build"]), "skip": skip}
        yield KeptRecipe(file, own)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
