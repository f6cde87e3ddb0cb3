"""The names of `pants_api` on Pants 2.17.1. Its own rules are called by the types of what they return and take."""

from __future__ import annotations

from typing import Any

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_requirements import ResolvePexConfig as ResolveConfig
from pants.backend.python.util_rules.pex_requirements import ResolvePexConfigRequest as ResolveConfigRequest
from pants.build_graph.address import AddressInput
from pants.core.util_rules.environments import (
    EnvironmentNameRequest,
    EnvironmentTarget,
    LocalEnvironmentTarget,
    RemoteEnvironmentTarget,
    determine_bootstrap_environment,
)
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.core.util_rules.stripped_source_files import StrippedSourceFiles
from pants.engine.addresses import Address, Addresses, UnparsedAddressInputs
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.environment import EnvironmentName
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestContents,
    DigestEntries,
    DigestSubset,
    DownloadFile,
    MergeDigests,
    PathGlobs,
    Paths,
    RemovePrefix,
    Snapshot,
)
from pants.engine.platform import Platform
from pants.engine.process import (
    FallibleProcessResult,
    InteractiveProcess,
    InteractiveProcessResult,
    Process,
    ProcessResult,
)
from pants.engine.target import DependenciesRequest as ExplicitlyProvidedDependenciesRequest
from pants.engine.target import (
    ExplicitlyProvidedDependencies,
    HydratedSources,
    HydrateSourcesRequest,
    SourcesPaths,
    SourcesPathsRequest,
    Targets,
    TransitiveTargets,
    TransitiveTargetsRequest,
    UnexpandedTargets,
    WrappedTarget,
    WrappedTargetRequest,
)
from pants.source.source_root import OptionalSourceRoot, SourceRoot, SourceRootRequest

from spokeshave_pants.pants_api.by_name import Call, by_type, concurrently, effect_by_type, goal_rule, implicitly, rule

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

add_prefix = by_type(Digest, AddPrefix)
create_digest = by_type(Digest, CreateDigest)
current_platform = by_type(Platform)
determine_explicitly_provided_dependencies = by_type(ExplicitlyProvidedDependencies)
determine_resolve_config = by_type(ResolveConfig, ResolveConfigRequest)
determine_source_files = by_type(SourceFiles, SourceFilesRequest)
digest_subset_to_digest = by_type(Digest, DigestSubset)
digest_to_snapshot = by_type(Snapshot, Digest)
download_file = by_type(Digest, DownloadFile)
environment_vars_subset = by_type(EnvironmentVars, EnvironmentVarsRequest)
execute_process = by_type(FallibleProcessResult, Process)
execute_process_or_raise = by_type(ProcessResult)
find_interpreter = by_type(PythonExecutable, InterpreterConstraints)
get_digest_contents = by_type(DigestContents, Digest)
get_digest_entries = by_type(DigestEntries, Digest)
get_optional_source_root = by_type(OptionalSourceRoot, SourceRootRequest)
get_source_root = by_type(SourceRoot, SourceRootRequest)
get_target_for_environment_name = by_type(EnvironmentTarget, EnvironmentName)
hydrate_sources = by_type(HydratedSources, HydrateSourcesRequest)
merge_digests = by_type(Digest, MergeDigests)
path_globs_to_digest = by_type(Digest, PathGlobs)
path_globs_to_paths = by_type(Paths, PathGlobs)
remove_prefix = by_type(Digest, RemovePrefix)
resolve_address = by_type(Address, AddressInput)
resolve_environment_name = by_type(EnvironmentName, EnvironmentNameRequest)
resolve_source_paths = by_type(SourcesPaths, SourcesPathsRequest)
resolve_target = by_type(WrappedTarget, WrappedTargetRequest)
resolve_targets = by_type(Targets)
resolve_unexpanded_targets = by_type(UnexpandedTargets, Addresses)
resolve_unparsed_address_inputs = by_type(Addresses, UnparsedAddressInputs)
run_interactive_process = effect_by_type(InteractiveProcessResult, InteractiveProcess)
strip_source_roots = by_type(StrippedSourceFiles)
transitive_targets = by_type(TransitiveTargets, TransitiveTargetsRequest)


def pip_version(setup: PythonSetup) -> str:
    """Return `[python].pip_version`, which is an enum here and a string in newer versions."""
    return str(setup.pip_version.value)


def output_arguments(stdout: str, stderr: str) -> dict[str, Any]:
    """Return the arguments of a `TestResult` for a test's output, which are bytes in newer versions."""
    return {"stdout": stdout, "stderr": stderr}
