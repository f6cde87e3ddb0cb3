"""The names of `pants_api` on Pants 2.29 and newer: Pants' own rules, from their positions in these versions.

CI tests on Pants 2.17.1, because PyPI has no newer one. docs/pants-versions.md lists the versions that this module was
seen to work on.
"""

from __future__ import annotations

from collections.abc import Awaitable as Call
from typing import Any

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.pex import find_interpreter
from pants.core.environments.rules import (
    EnvironmentNameRequest,
    determine_bootstrap_environment,
    get_target_for_environment_name,
    resolve_environment_name,
)
from pants.core.environments.target_types import LocalEnvironmentTarget, RemoteEnvironmentTarget
from pants.core.util_rules.env_vars import environment_vars_subset
from pants.core.util_rules.source_files import determine_source_files
from pants.core.util_rules.stripped_source_files import strip_source_roots
from pants.engine.download_file import download_file
from pants.engine.internals.build_files import resolve_address
from pants.engine.internals.graph import (
    determine_explicitly_provided_dependencies,
    hydrate_sources,
    resolve_source_paths,
    resolve_target,
    resolve_targets,
    resolve_unexpanded_targets,
    resolve_unparsed_address_inputs,
    transitive_targets,
)
from pants.engine.internals.platform_rules import current_platform
from pants.engine.intrinsics import (
    add_prefix,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    execute_process,
    get_digest_contents,
    get_digest_entries,
    merge_digests,
    path_globs_to_digest,
    path_globs_to_paths,
    remove_prefix,
    run_interactive_process,
)
from pants.engine.process import execute_process_or_raise
from pants.engine.rules import concurrently, goal_rule, implicitly, rule
from pants.engine.target import ExplicitlyProvidedDependenciesRequest
from pants.source.source_root import get_optional_source_root, get_source_root

try:
    from pants.backend.python.util_rules.pex_requirements import ResolveConfigRequest, determine_resolve_config
except ImportError:  # before 2.32
    from pants.backend.python.util_rules.pex_requirements import ResolvePexConfigRequest as ResolveConfigRequest
    from pants.backend.python.util_rules.pex_requirements import (
        determine_resolve_pex_config as determine_resolve_config,
    )

__all__ = [
    "Call",
    "EnvironmentNameRequest",
    "ExplicitlyProvidedDependenciesRequest",
    "LocalEnvironmentTarget",
    "RemoteEnvironmentTarget",
    "ResolveConfigRequest",
    "add_prefix",
    "concurrently",
    "create_digest",
    "current_platform",
    "determine_bootstrap_environment",
    "determine_explicitly_provided_dependencies",
    "determine_resolve_config",
    "determine_source_files",
    "digest_subset_to_digest",
    "digest_to_snapshot",
    "download_file",
    "environment_vars_subset",
    "execute_process",
    "execute_process_or_raise",
    "find_interpreter",
    "get_digest_contents",
    "get_digest_entries",
    "get_optional_source_root",
    "get_source_root",
    "get_target_for_environment_name",
    "goal_rule",
    "hydrate_sources",
    "implicitly",
    "merge_digests",
    "output_arguments",
    "path_globs_to_digest",
    "path_globs_to_paths",
    "pip_version",
    "remove_prefix",
    "resolve_address",
    "resolve_environment_name",
    "resolve_source_paths",
    "resolve_target",
    "resolve_targets",
    "resolve_unexpanded_targets",
    "resolve_unparsed_address_inputs",
    "rule",
    "run_interactive_process",
    "strip_source_roots",
    "transitive_targets",
]


def pip_version(setup: PythonSetup) -> str:
    """Return `[python].pip_version`."""
    return str(setup.pip_version)


def output_arguments(stdout: str, stderr: str) -> dict[str, Any]:
    """Return the arguments of a `TestResult` for a test's output."""
    return {"stdout_bytes": stdout.encode(), "stderr_bytes": stderr.encode()}
