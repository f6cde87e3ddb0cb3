"""For rule tests that run processes: the options with which their results are kept in the machine's store."""

from __future__ import annotations

import os

# What finds the pex tool and a Python; ./pants sets the variables and pants.toml's `[test]` passes them on.
INHERITED = {name for name in os.environ if name.startswith("PANTS_")} | {"HOME", "PATH", "PYENV_ROOT"}
# The launcher adds its place to what pants.toml lists, which is nothing.
_SEARCH_PATH = os.environ.get("PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH", "+['<PATH>', '<PYENV>']").lstrip("+")
# As pants.toml has them: they enter the keys of the processes that install the tools and the toolchain.
OPTIONS = (
    "--pex-executable-search-paths=['/usr/local/bin', '/usr/bin', '/bin']",
    "--python-interpreter-constraints=['CPython==3.9.*']",
    f"--python-bootstrap-search-path={_SEARCH_PATH}",
    "--subprocess-environment-env-vars=['LANG=C.UTF-8', 'LC_ALL=C.UTF-8']",
    "--no-colors",
)
