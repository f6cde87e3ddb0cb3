import json
from importlib.resources import files

from shapes._native import square
from shapes._version import __version__

UNITS = json.loads((files("shapes") / "data/units.json").read_text())

__all__ = ["UNITS", "__version__", "square"]
