"""The Pants plugin of Spokeshave: native Python wheels from C and C++ sources.

The plugin carries the shared core as it carries the tools. Otherwise the distributions of the plugin and of the tools
would install the same files, and each could run with the core of the other's version.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_CORE = "spokeshave_core"


def _import_carried_core() -> None:
    """Import `spokeshave_core` from the plugin's own folder, before any module of the plugin imports it by name."""
    folder = Path(__file__).parent / "resources/core"
    spec = importlib.util.spec_from_file_location(
        _CORE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} cannot be imported; install spokeshave-pants-plugin again")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_CORE] = module
    spec.loader.exec_module(module)


if _CORE not in sys.modules:
    _import_carried_core()
