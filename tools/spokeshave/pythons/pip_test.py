from __future__ import annotations

import importlib.util

import pytest

from spokeshave.pythons.pip import pip_folder
from spokeshave_core.problems import SpokeshaveError


def test_pip_is_a_folder_with_a_main_module() -> None:
    assert (pip_folder() / "__main__.py").is_file()


def test_a_python_without_pip_is_an_error_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SpokeshaveError, match=r"^pip: is not installed for .*\n    Run .* -m ensurepip"):
        pip_folder()
