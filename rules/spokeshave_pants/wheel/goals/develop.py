"""The goal `develop`: native files in the source tree, and a virtual environment that imports from it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pants.backend.cc.target_types import CCSourceField
from pants.backend.python.target_types import PythonSourceField, PythonTestSourceField
from pants.base.build_root import BuildRoot
from pants.core.target_types import ResourceSourceField
from pants.core.util_rules.source_files import SourceFilesRequest
from pants.engine.addresses import Address
from pants.engine.console import Console
from pants.engine.env_vars import EnvironmentVarsRequest
from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, MergeDigests, PathGlobs
from pants.engine.process import InteractiveProcess, Process, ProcessCacheScope
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import (
    AllTargets,
    FilteredTargets,
    HydrateSourcesRequest,
    SingleSourceField,
    SourcesField,
    Target,
)
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions
from pants.source.source_root import SourceRootRequest
from pants.util.docutil import bin_name
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.reports.develop import DevelopedWheel, DevelopRequest
from spokeshave_core.reports.stamp import StampReport
from spokeshave_pants.action import ActionKind
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    determine_source_files,
    digest_to_snapshot,
    environment_vars_subset,
    execute_process,
    get_optional_source_root,
    goal_rule,
    hydrate_sources,
    implicitly,
    merge_digests,
    path_globs_to_paths,
    rule,
    run_interactive_process,
)
from spokeshave_pants.release.rules import VERSION_FILE, SourceVersionRequest, StampedVersion, source_version
from spokeshave_pants.release.target_types import VersionFileField
from spokeshave_pants.sandbox.packages import install_packages
from spokeshave_pants.sandbox.python import SandboxPython
from spokeshave_pants.sandbox.tools import (
    OUTPUT_DIR,
    RunToolRequest,
    SpokeshaveToolsRequest,
    find_tools,
    raise_for_failure,
    run_tool,
    tool_process,
)
from spokeshave_pants.sources.target_types import ArchiveSourceField, SubdirectoryField, TreeSourcesField
from spokeshave_pants.toolchain.platforms import HOST
from spokeshave_pants.wheel.backend_target_types import BackendVersionField
from spokeshave_pants.wheel.build.assembly import WheelKey
from spokeshave_pants.wheel.build.rules import WHEEL_DIR, RepairWheelRequest, repaired_wheel
from spokeshave_pants.wheel.codegen.folders import package_folder, relative_to_root
from spokeshave_pants.wheel.codegen.settings import PythonFolders
from spokeshave_pants.wheel.development.choice import choose_platform
from spokeshave_pants.wheel.development.environments import QUESTION, environment_path, not_built, parse_answer
from spokeshave_pants.wheel.development.generated_sources import generated_sources, taken_for_sources
from spokeshave_pants.wheel.development.subsystem import Develop, DevelopSubsystem
from spokeshave_pants.wheel.development.unpackaged import Owner, package_folders, unpackaged_files
from spokeshave_pants.wheel.plan.rules import WheelPlan, WheelPlanRequest, plan_described_wheel, plan_wheel
from spokeshave_pants.wheel.plan.targets import PayloadTargetsRequest, payload_targets
from spokeshave_pants.wheel.target_types import VariantField, WheelDependenciesField

_REQUEST = "__develop.json"
_STATE = "spokeshave"
_ARCHIVE = "is built from an archive, so that there is nothing to edit. Install the wheel that `package` builds."
_VARIANT = "is a variant of the same extensions, with the same files. Name it without the others."
_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX")
# What git and pip read.
_INHERITED = (
    *("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "USER", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"),
    *("PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CERT"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE"),
)


@dataclass(frozen=True)
class EnvironmentPythonRequest:
    """A request for the Python of a virtual environment, by its absolute path."""

    environment: str


@dataclass(frozen=True)
class EnvironmentPython:
    """The Python of a virtual environment."""

    version: PythonVersion


@dataclass(frozen=True)
class SiblingsRequest:
    """A request for the native wheels that wheels require, directly or not."""

    wheels: tuple[Address, ...]


@dataclass(frozen=True)
class Siblings:
    """Wheels and those that they require, sorted."""

    wheels: tuple[Address, ...]


@dataclass(frozen=True)
class DevelopWheelRequest:
    """A request for a wheel for a Python of this machine."""

    address: Address
    version: PythonVersion


@dataclass(frozen=True)
class WheelToDevelop:
    """A wheel with the version that its package has in the source tree, and its files in the source tree.

    Attributes:
        metadata: The files that the wheel is made from, besides its contents.
    """

    digest: Digest
    wheel: DevelopedWheel
    metadata: frozenset[str]


@dataclass(frozen=True)
class _Origin:
    """Where a wheel's files come from. The attributes are those of `DevelopedWheel` and `WheelToDevelop`."""

    project: str
    root: str
    sources: dict[str, str]
    tree: tuple[str, ...]
    metadata: frozenset[str]


@dataclass(frozen=True)
class FileOwners:
    """The targets that own each file."""

    by_file: FrozenDict[str, tuple[Owner, ...]]


@rule(level=LogLevel.DEBUG)
async def environment_python(request: EnvironmentPythonRequest) -> EnvironmentPython:
    python = f"{request.environment}/bin/python"
    process = Process(
        argv=(python, "-I", "-c", QUESTION),
        description=f"Find the version of {python}",
        level=LogLevel.DEBUG,
        # Environments are made again at the same path.
        cache_scope=ProcessCacheScope.PER_SESSION,
    )
    result = await execute_process(process, **implicitly())
    output = result.stdout if result.exit_code == 0 else result.stderr
    return EnvironmentPython(parse_answer(output.decode(errors="replace"), python))


@rule(level=LogLevel.DEBUG)
async def siblings_of(request: SiblingsRequest) -> Siblings:
    found = set(request.wheels)
    pending = request.wheels
    while pending:
        plans = await concurrently(plan_wheel(WheelPlanRequest(address)) for address in pending)
        required = {address for plan in plans for address in (*plan.siblings, *plan.companions)}
        pending = tuple(sorted(required - found))
        found.update(pending)
    return Siblings(tuple(sorted(found)))


@rule(desc="Find the owners of files", level=LogLevel.DEBUG)
async def file_owners(all_targets: AllTargets) -> FileOwners:
    found: dict[str, list[Owner]] = {}
    for target in all_targets:
        field = target.get(SourcesField)
        path = field.file_path if isinstance(field, SingleSourceField) else None
        if path:
            is_expected = target.has_field(PythonTestSourceField) or target.has_field(CCSourceField)
            found.setdefault(path, []).append(Owner(str(target.address), is_expected))
    return FileOwners(FrozenDict({path: tuple(owners) for path, owners in found.items()}))


def _key(plan: WheelPlan, version: PythonVersion) -> WheelKey:
    """Return the build of a wheel for a Python of this machine.

    Raises:
        InvalidTargetError: If it is not built for this Python.
    """
    abi = plan.matrix.preferred(version)
    if abi is None:
        raise InvalidTargetError(not_built(plan.address.spec, version, plan.matrix.versions))
    return WheelKey(plan.address, choose_platform(HOST, [plan.matrix], where=plan.address.spec), abi)


async def _sources(address: Address) -> dict[str, str]:
    """Return the files of the repository in a wheel: the path in the wheel, and the path from the build root."""
    parts = await payload_targets(PayloadTargetsRequest(address), **implicitly())
    files = (
        await determine_source_files(
            SourceFilesRequest(
                (target.get(SourcesField) for target in parts.owned),
                for_sources_types=(PythonSourceField, ResourceSourceField),
            )
        )
    ).files
    folders = sorted({posixpath.dirname(file) for file in files})
    roots = await concurrently(
        get_optional_source_root(SourceRootRequest.for_file(f"{folder}/_"), **implicitly()) for folder in folders
    )
    by_folder = {folder: root.source_root.path if root.source_root else "." for folder, root in zip(folders, roots)}
    return {relative_to_root(file, by_folder[posixpath.dirname(file)]): file for file in files}


async def _described_origin(address: Address, python: PythonFolders) -> _Origin:
    plan = await plan_described_wheel(WheelPlanRequest(address))
    sources = await _sources(address)
    own, metadata = await concurrently(
        get_optional_source_root(SourceRootRequest.for_address(address), **implicitly()),
        digest_to_snapshot(plan.metadata),
    )
    default = own.source_root.path if own.source_root else "."
    folder = next((package_folder(module) for module in plan.modules), "")
    version_file = plan.target[VersionFileField].value or f"{posixpath.dirname(plan.pyproject)}/{VERSION_FILE}"
    templates = (template for _, template in plan.version_files)
    return _Origin(
        project=posixpath.dirname(plan.pyproject) or ".",
        root=python.root_of(folder, default),
        sources=sources,
        tree=(),
        metadata=frozenset((*metadata.files, *templates, posixpath.normpath(version_file))),
    )


async def _backend_origin(target: Target) -> _Origin:
    files = (await hydrate_sources(HydrateSourcesRequest(target[TreeSourcesField]), **implicitly())).snapshot.files
    project = posixpath.join(target.address.spec_path, target[SubdirectoryField].value or "").rstrip("/") or "."
    return _Origin(project=project, root=project, sources={}, tree=files, metadata=frozenset())


@rule(desc="Build a wheel for a virtual environment", level=LogLevel.DEBUG)
async def wheel_to_develop(request: DevelopWheelRequest, python: PythonFolders) -> WheelToDevelop:
    plan = await plan_wheel(WheelPlanRequest(request.address))
    repaired = await repaired_wheel(RepairWheelRequest(_key(plan, request.version)))
    if plan.has_backend:
        origin = await _backend_origin(plan.target)
    else:
        origin = await _described_origin(request.address, python)
    version = await source_version(SourceVersionRequest(request.address, repaired.unrepaired.facts.static_version))
    stamped = await run_tool(
        RunToolRequest(
            argv=(
                *("stamp", "--wheel", f"{WHEEL_DIR}/{repaired.file_name}", "--output", OUTPUT_DIR),
                # Without a commit: it would change native files with each one.
                *StampedVersion(version.version).arguments,
            ),
            digest=repaired.digest,
            kind=ActionKind.STAMP,
            description=f"Write the version in the source tree into {repaired.file_name}",
        ),
        **implicitly(),
    )
    raise_for_failure(stamped, str(request.address))
    wheel = DevelopedWheel(
        target=request.address.spec,
        wheel=f"{WHEEL_DIR}/{stamped.report(StampReport).wheel}",
        project=origin.project,
        root=origin.root,
        sources=origin.sources,
        tree=origin.tree,
        unpackaged=(),
    )
    digest = await add_prefix(AddPrefix(stamped.digest, WHEEL_DIR))
    return WheelToDevelop(digest=digest, wheel=wheel, metadata=origin.metadata)


async def _with_unpackaged(wheels: Iterable[WheelToDevelop]) -> tuple[DevelopedWheel, ...]:
    """Return the wheels, each with the files of its packages that no wheel has."""
    wheels = tuple(wheels)
    owners = await file_owners(**implicitly())
    packaged = {path for each in wheels for path in each.wheel.sources.values()}
    metadata = {path for each in wheels for path in each.metadata}
    found = await concurrently(
        path_globs_to_paths(PathGlobs(f"{folder}/**" for folder in package_folders(each.wheel.sources)))
        for each in wheels
    )
    return tuple(
        replace(each.wheel, unpackaged=unpackaged_files(paths.files, packaged, metadata, owners.by_file))
        for each, paths in zip(wheels, found)
    )


def _is_backend(target: Target) -> bool:
    return target.has_field(BackendVersionField)


async def _chosen(targets: Iterable[Target], version: PythonVersion, console: Console) -> tuple[Address, ...]:
    """Return the wheels of a run. Those that are left out among others are printed.

    Raises:
        InvalidTargetError: If there is none.
    """
    targets = tuple(targets)
    archives = [target.address.spec for target in targets if _is_backend(target) and target[ArchiveSourceField].value]
    wheels = [target for target in targets if target.has_field(WheelDependenciesField) or _is_backend(target)]
    wheels = [target for target in wheels if target.address.spec not in archives]
    plain = [target for target in wheels if target.get(VariantField).value is None] or wheels
    reasons = dict.fromkeys(archives, _ARCHIVE)
    reasons.update({wheel.address.spec: _VARIANT for wheel in wheels if wheel not in plain})
    plans = await concurrently(plan_wheel(WheelPlanRequest(wheel.address)) for wheel in plain)
    fitting = [plan.address for plan in plans if plan.matrix.preferred(version) is not None]
    unfit = {plan.address.spec: plan for plan in plans if plan.address not in fitting}
    if not fitting:
        problems = [not_built(spec, version, plan.matrix.versions) for spec, plan in unfit.items()]
        problems += [f"{spec} {reason}" for spec, reason in reasons.items()]
        raise InvalidTargetError(
            "\n".join(problems) or "The specified targets contain no wheel of native code. Specify `::` for all."
        )
    reasons.update(dict.fromkeys(unfit, f"is not built for Python {version}."))
    for spec, reason in sorted(reasons.items()):
        console.print_stderr(f"Left out {spec}: it {reason}")
    return tuple(fitting)


@goal_rule
async def develop(
    console: Console,
    specified: FilteredTargets,
    subsystem: DevelopSubsystem,
    build_root: BuildRoot,
    options: GlobalOptions,
    python: SandboxPython,
) -> Develop:
    command = f"{bin_name()} develop"
    state = Path(build_root.path, options.pants_workdir, _STATE)
    generated = generated_sources(state)
    seen = await path_globs_to_paths(PathGlobs(generated))
    if seen.files:
        raise InvalidTargetError(taken_for_sources(seen.files))
    variables = await environment_vars_subset(EnvironmentVarsRequest((*_ACTIVE, *_INHERITED)), **implicitly())
    active = next((variables[name] for name in _ACTIVE if variables.get(name)), "")
    environment = environment_path(subsystem.venv, active, build_root.path, command)
    version = (await environment_python(EnvironmentPythonRequest(environment))).version
    chosen = await _chosen(specified, version, console)
    siblings = await siblings_of(SiblingsRequest(chosen))
    wheels = await concurrently(
        wheel_to_develop(DevelopWheelRequest(address, version), **implicitly()) for address in siblings.wheels
    )
    request = DevelopRequest(
        build_root=build_root.path,
        state=str(state),
        environment=environment,
        command=command,
        check=subsystem.check,
        gitignore=subsystem.gitignore,
        install=subsystem.requirements,
        wheels=await _with_unpackaged(wheels),
    )
    tools = await find_tools(SpokeshaveToolsRequest("develop"), **implicitly())
    packages, file = await concurrently(
        install_packages(tools.request),
        create_digest(CreateDigest([FileContent(_REQUEST, request.to_json().encode())])),
    )
    process = tool_process(
        python,
        packages.digest,
        tools.sources,
        ("develop", "--request", _REQUEST),
        await merge_digests(MergeDigests([file, *(wheel.digest for wheel in wheels)])),
        description=f"Install into {environment}",
    )
    inherited = {name: value for name, value in variables.items() if name in _INHERITED}
    result = await run_interactive_process(
        InteractiveProcess.from_process(replace(process, env=FrozenDict({**process.env, **inherited})))
    )
    return Develop(exit_code=result.exit_code)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
