"""Recipes that people keep: a file of the format of rattler-build, read as YAML 1.2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from spokeshave.release.conda.recipe import RECIPE
from spokeshave_core.problems import Problem, SpokeshaveError

OLD_FORMAT = "meta.yaml"
_IN_FEEDSTOCK = "recipe"
_JINJA_STATEMENT = re.compile(r"\{%|(?<!\$)\{\{")
_NAME_OF_CONTEXT = re.compile(r"\$\{\{\s*(\w+)\s*(?:\|\s*lower\s*)?\}\}")
_INHERITED = ("about", "build", "extra", "source", "context")


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

    def name(self) -> str:
        """Return the name of the package. A name from the context, as many recipes have it, is looked up."""
        text = str(self.section("package", "name") or "")
        match = _NAME_OF_CONTEXT.fullmatch(text)
        return str(self.section("context", match[1]) or text) if match else text


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
    if file.name == OLD_FORMAT or _JINJA_STATEMENT.search(text):
        message = "is of conda-build's format (v0), whose text is a program in Jinja and not YAML"
        remedy = f"Convert it with `conda-recipe-manager convert {file.name}`, and compare the {RECIPE} that it writes."
        raise UnreadableRecipeError(Problem(str(file), message, remedy))
    try:
        document = YAML(typ="safe", pure=True).load(text)
    except YAMLError as err:
        raise UnreadableRecipeError(Problem(str(file), f"is not YAML: {err}", "Correct it.")) from err
    if not isinstance(document, Mapping) or not ("package" in document or "outputs" in document):
        message = "has neither `package` nor `outputs`, so it is not a recipe"
        raise UnreadableRecipeError(Problem(str(file), message, f"Name a {RECIPE}."))
    return list(_outputs(file, document))


def _find(path: Path) -> Path:
    if not path.is_dir():
        return path
    candidates = [folder / name for name in (RECIPE, OLD_FORMAT) for folder in (path, path / _IN_FEEDSTOCK)]
    return next((candidate for candidate in candidates if candidate.is_file()), path / RECIPE)


def _outputs(file: Path, document: Mapping[str, object]) -> Iterator[KeptRecipe]:
    outputs = document.get("outputs")
    if not isinstance(outputs, list):
        yield KeptRecipe(file, document)
        return
    shared = {key: document[key] for key in _INHERITED if key in document}
    top = document.get("recipe")
    for output in outputs:
        if isinstance(output, Mapping) and isinstance(output.get("package"), Mapping):
            package = {**(top if isinstance(top, Mapping) else {}), **output["package"]}
            yield KeptRecipe(file, {**shared, **output, "package": package})
