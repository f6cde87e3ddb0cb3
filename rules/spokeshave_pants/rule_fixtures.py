"""Fixtures for tests of rules: options that keep results in the machine's store, rules, an environment of processes."""

from __future__ import annotations

import os

from pants.backend.python.util_rules import pex
from pants.core.util_rules import system_binaries
from pants.engine.platform import Platform
from pants.engine.process import ProcessExecutionEnvironment
from pants.engine.rules import Rule
from pants.engine.unions import UnionRule
from pants.version import PANTS_SEMVER

from spokeshave_pants.cc.foreign import rules as foreign
from spokeshave_pants.cc.project import rules as project
from spokeshave_pants.cc.runtime_pack import rules as runtime_pack
from spokeshave_pants.pants_api.versions import FIRST_BY_NAME
from spokeshave_pants.sandbox import hermetic, packages
from spokeshave_pants.sandbox import python as sandbox_python
from spokeshave_pants.sources import rules as sources

# Variables for the pex tool and a Python. ./pants sets them and `[test]` in pants.toml passes them on.
INHERITED = {name for name in os.environ if name.startswith("PANTS_")} | {"HOME", "PATH", "PYENV_ROOT"}
# The launcher adds its own directory to the list in pants.toml, which is empty.
_SEARCH_PATH = os.environ.get("PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH", "+['<PATH>', '<PYENV>']").lstrip("+")
# The values of pants.toml: they enter the keys of the processes that install the tools and the toolchain.
OPTIONS = (
    "--pex-executable-search-paths=['/usr/local/bin', '/usr/bin', '/bin']",
    "--python-interpreter-constraints=['CPython==3.9.*']",
    f"--python-bootstrap-search-path={_SEARCH_PATH}",
    "--subprocess-environment-env-vars=['LANG=C.UTF-8', 'LC_ALL=C.UTF-8']",
    "--no-colors",
)
# Newer versions require more arguments.
LINUX = ProcessExecutionEnvironment(
    environment_name=None,
    platform=Platform.linux_x86_64.value,
    docker_image=None,
    remote_execution=False,
    remote_execution_extra_platform_properties=[],
    **({} if PANTS_SEMVER < FIRST_BY_NAME else {"execute_in_workspace": False, "keep_sandboxes": "never"}),
)


def sandbox_rules() -> list[Rule | UnionRule]:
    """Return the rules that provide processes with the toolchain, the tools and a Python."""
    return [
        *hermetic.rules(),
        *packages.rules(),
        *pex.rules(),
        *sandbox_python.rules(),
        *system_binaries.rules(),
    ]


def project_rules() -> list[Rule | UnionRule]:
    """Return the rules that build the projects whose headers a compile may need, besides those of the toolchain."""
    return [*foreign.rules(), *project.rules(), *runtime_pack.rules(), *sources.rules()]
