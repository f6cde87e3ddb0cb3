"""The recipe that `repair` leaves in an unstamped wheel, for `stamp`."""

from __future__ import annotations

import json
from dataclasses import dataclass

from spokeshave.errors import InvalidWheelError
from spokeshave_core.problems import Problem

RECIPE = "spokeshave.json"
"""The file in dist-info with the positions that the stamp changes."""


@dataclass(frozen=True)
class Recipe:
    """The facts about a wheel that the stamp needs: the distributions pinned to its version, its version module."""

    pins: tuple[str, ...] = ()
    version_module: str | None = None

    def render(self) -> bytes:
        """Render the recipe as a file of the wheel."""
        text = json.dumps({"pins": list(self.pins), "version-module": self.version_module}, indent=2)
        return f"{text}\n".encode()

    @classmethod
    def parse(cls, data: bytes, place: str) -> Recipe:
        """Parse a recipe.

        Raises:
            InvalidWheelError: If it is not one of ours.
        """
        try:
            value: object = json.loads(data)
        except ValueError as err:
            raise InvalidWheelError(bad_recipe(place)) from err
        if not isinstance(value, dict):
            raise InvalidWheelError(bad_recipe(place))
        pins = value.get("pins")
        module = value.get("version-module")
        named = isinstance(pins, list) and all(isinstance(pin, str) for pin in pins)
        if not named or not isinstance(module, (str, type(None))):
            raise InvalidWheelError(bad_recipe(place))
        return cls(tuple(pins or ()), module)


def bad_recipe(place: str) -> Problem:
    """Return the problem of a recipe that cannot be read."""
    return Problem(place, "is not a recipe of spokeshave", "Assemble the wheel again with `spokeshave assemble`.")
