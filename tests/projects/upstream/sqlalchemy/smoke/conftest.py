"""Loads the plugin of the tests as the project's conftest.py does, but from the wheel and not from the source tree."""

import importlib.util
import os
from pathlib import Path

import pytest

# The plugin reads setup.cfg of the working directory.
os.chdir(Path(__file__).parent)
pytest.register_assert_rewrite("sqlalchemy.testing.assertions")
spec = importlib.util.find_spec("sqlalchemy")
bootstrap_file = str(Path(spec.origin).parent / "testing/plugin/bootstrap.py")
to_bootstrap = "pytest"
exec(compile(Path(bootstrap_file).read_text(), bootstrap_file, "exec"))
from sqla_pytestplugin import *  # noqa
