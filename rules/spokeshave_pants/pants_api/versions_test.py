"""Tests of the versions of Pants that the plugin supports."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType

import pytest

from spokeshave_pants.cc import register as cc
from spokeshave_pants.pants_api.versions import UnsupportedPantsError, check_supported
from spokeshave_pants.release import register as release
from spokeshave_pants.wheel import register as wheel

# Imports a backend where no rule of Pants is at a position that the plugin knows.
_LOAD_BACKEND = """
import importlib, sys
class Moved:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("pants.backend.", "pants.core.", "pants.engine.")):
            raise ImportError(name)
sys.meta_path.insert(0, Moved())
importlib.import_module(sys.argv[1])
"""


@pytest.mark.parametrize("version", ["2.17.1", "2.29.0a0", "2.29.0", "2.31.0rc1", "2.33.0", "2.34.0.dev3", "3.0.0"])
def test_supported_versions(version: str) -> None:
    check_supported(version)


@pytest.mark.parametrize("version", ["2.16.0", "2.17.0", "2.17.1rc1", "2.18.0", "2.23.1", "2.28.0", "2.29.0.dev5"])
def test_the_error_names_the_supported_versions(version: str) -> None:
    with pytest.raises(UnsupportedPantsError, match=rf"Pants {version}\. It supports 2\.17\.1, and 2\.29 and newer"):
        check_supported(version)


@pytest.mark.parametrize("backend", [cc, wheel, release], ids=lambda backend: backend.__package__)
def test_an_unsupported_pants_is_reported_before_other_errors(backend: ModuleType) -> None:
    """Pants prints a traceback of an ImportError, and any other error as one message."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "_PANTS_VERSION_OVERRIDE": "2.20.0"}
    process = subprocess.run(
        [sys.executable, "-c", _LOAD_BACKEND, backend.__name__], env=variables, capture_output=True, text=True
    )
    error = process.stderr.splitlines()[-1]
    assert "UnsupportedPantsError: Spokeshave does not support Pants 2.20.0. It supports 2.17.1, and 2.29" in error
