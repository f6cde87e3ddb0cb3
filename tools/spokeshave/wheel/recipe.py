"""The recipe of a wheel for the stamp: where its version is, and its facts that METADATA does not have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from spokeshave.errors import InvalidWheelError
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.json_values import parse_any
from spokeshave_core.problems import Problem
from spokeshave_core.release.version_text import render_template, template_problems

RECIPE = "spokeshave.json"
"""The recipe's file in dist-info. The stamp writes it again with the facts."""

_NEWER = "Use the Spokeshave that built the wheel, or a newer one."
_KEYS = ("pins", "version-module", "version-files", "version-slots", "facts")
_FACTS = ("channel", "commit", "revisions")


@dataclass(frozen=True)
class Recipe:
    """The positions of the version in a wheel, and the facts about it.

    Attributes:
        pins: The distributions that are pinned to the wheel's version.
        version_module: The path of the generated version module.
        version_files: The paths of files that contain the version, each with its template; sorted.
        version_slots: The paths of native files with a version slot; sorted.
        channel: As in `VersionFacts`, and so are the other facts. The version is in METADATA.
    """

    pins: tuple[str, ...] = ()
    version_module: str | None = None
    version_files: tuple[tuple[str, str], ...] = ()
    version_slots: tuple[str, ...] = ()
    channel: str | None = None
    commit: str | None = None
    revisions: tuple[tuple[str, str], ...] = ()

    def facts(self, version: str) -> VersionFacts:
        """Return the facts of the wheel with this recipe, whose METADATA has the version."""
        return VersionFacts(version=version, channel=self.channel, commit=self.commit, revisions=self.revisions)

    def with_facts(self, facts: VersionFacts) -> Recipe:
        """Return the recipe of the wheel with other facts."""
        return replace(self, channel=facts.channel, commit=facts.commit, revisions=facts.revisions)

    def rendered_files(self, facts: VersionFacts) -> dict[str, bytes]:
        """Return the content of each version file."""
        return {path: render_template(text, facts.version, facts.commit) for path, text in self.version_files}

    def render(self) -> bytes:
        """Render the recipe as a file of the wheel. Keys that a wheel does not need are left out."""
        stated = {"channel": self.channel, "commit": self.commit, "revisions": dict(sorted(self.revisions))}
        optional = {
            "version-files": dict(sorted(self.version_files)),
            "version-slots": sorted(self.version_slots),
            "facts": {name: value for name, value in stated.items() if value},
        }
        content = {"pins": list(self.pins), "version-module": self.version_module}
        text = json.dumps({**content, **{key: value for key, value in optional.items() if value}}, indent=2)
        return f"{text}\n".encode()

    @classmethod
    def parse(cls, data: bytes, place: str) -> Recipe:
        """Parse a recipe.

        Raises:
            InvalidWheelError: If it is not one of ours, or has keys or placeholders of a newer Spokeshave.
        """
        try:
            value = _mapping(parse_any(data))
            # A lone surrogate (`\ud800`) is valid in JSON, and no file or name can contain it.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
            facts = _mapping(value.get("facts", {}))
            recipe = cls(
                pins=_texts(value.get("pins")),
                version_module=_optional_text(value.get("version-module")),
                version_files=_text_pairs(value.get("version-files", {})),
                version_slots=_texts(value.get("version-slots", [])),
                channel=_optional_text(facts.get("channel")),
                commit=_optional_text(facts.get("commit")),
                revisions=_text_pairs(facts.get("revisions", {})),
            )
        except (ValueError, RecursionError) as err:
            remedy = "Assemble the wheel again with `spokeshave assemble`."
            raise InvalidWheelError(Problem(place, "is not a recipe of spokeshave", remedy)) from err
        unknown = sorted({*(set(value) - set(_KEYS)), *(set(facts) - set(_FACTS))})
        if unknown:
            message = f"has positions of the version that this Spokeshave does not know ({', '.join(unknown)})"
            raise InvalidWheelError(Problem(place, message, _NEWER))
        problems = [
            Problem(
                place, f"has a template that this Spokeshave cannot render: {problem.place} {problem.message}", _NEWER
            )
            for path, template in recipe.version_files
            for problem in template_problems(template, path)
        ]
        if problems:
            raise InvalidWheelError(*problems)
        return recipe


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return tuple(map(_text, value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _text_pairs(value: object) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, _text(text)) for name, text in _mapping(value).items()))
