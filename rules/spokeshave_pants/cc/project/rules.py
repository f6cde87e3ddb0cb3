"""Rules that build a project by its own CMake files or makefiles, once for each platform."""

from __future__ import annotations

import fnmatch
import logging
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pants.core.util_rules.system_binaries import BashBinary
from pants.engine.addresses import Address, Addresses
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestEntries,
    DigestSubset,
    FileContent,
    FileEntry,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
    SymlinkEntry,
)
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Dependencies, DependenciesRequest, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform, System
from spokeshave_core.problems import SpokeshaveError, bullet_list
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.foreign.rules import ForeignToolchainRequest, make_foreign_toolchain
from spokeshave_pants.cc.foreign.tools import FOREIGN_DIR, machine_name
from spokeshave_pants.cc.project.hints import failure_hint
from spokeshave_pants.cc.project.script import (
    CMAKE_DIR,
    HOST_DIR,
    OUTPUT_DIR,
    PREFIX_DIR,
    PROJECT_DIR,
    SCRIPTS,
    SOURCE_DIR,
    SYSTEM_DIR,
    MakeSettings,
    ProjectSettings,
    probes_message,
    project_calls,
    project_defines,
    project_description,
    refused_programs,
    tail,
)
from spokeshave_pants.cc.project.software import Software
from spokeshave_pants.cc.project.system_tools import (
    NEEDED_TOOLS,
    POSIX_TOOLS,
    FoundTool,
    find_script,
    parse_found,
    shims,
)
from spokeshave_pants.cc.project.target_types import (
    BuildTargetsField,
    CmakeRequirementsField,
    ConfigureArgsField,
    ConfigureField,
    HostToolsField,
    InstallComponentsField,
    MakeArgsField,
    PlatformProjectDefinesField,
    ProbesField,
    ProjectDefinesField,
    ProjectExcludeField,
    ProjectHeadersField,
    ProjectIncludeDirsField,
    ProjectLibrariesField,
    StrictProbesField,
    SystemToolsField,
)
from spokeshave_pants.cc.project.tree import InstalledTree
from spokeshave_pants.confinement.rules import OfflineProcess, run_offline
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    execute_process_or_raise,
    get_digest_contents,
    get_digest_entries,
    implicitly,
    merge_digests,
    remove_prefix,
    resolve_target,
    resolve_targets,
    resolve_unparsed_address_inputs,
    rule,
)
from spokeshave_pants.resources.files import carried_source
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment
from spokeshave_pants.sandbox.packages import PackagesRequest, find_packages
from spokeshave_pants.sources.rules import SourceTreeRequest, find_source_tree
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR

logger = logging.getLogger(__name__)

_CARRIED_PINS = "resource://spokeshave_pants.resources/cmake.txt"
_CMAKE_GLOB = "*/cmake/data/bin/cmake"
_NINJA_GLOBS = ("*/.prefix/bin/ninja", "*/bin/ninja", "*/ninja/data/bin/ninja")
_SCRIPT = f"{PROJECT_DIR}/project.cmake"
# Files that the script writes beside the tree.
_LISTS = ("calls", "leaks", "outside", "probes", "unused", "version")
# As setuptools' `license_files` has them, in any case, and folders of them as REUSE has them.
_LICENSE_GLOBS = (
    *("[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*", "[Cc][Oo][Pp][Yy][Ii][Nn][Gg]*", "[Nn][Oo][Tt][Ii][Cc][Ee]*"),
    "[Ll][Ii][Cc][Ee][Nn][CcSs][Ee][Ss]/*",
)
# The engine replaces it by the number of cores that it grants, which is not part of the key.
_CORES = "{pants_concurrency}"
_MOST_CORES = 64
_ENVIRONMENT = {
    "PATH": "",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "SOURCE_DATE_EPOCH": "315532800",
    # CMake 4 refuses what older projects ask for.
    "CMAKE_POLICY_VERSION_MINIMUM": "3.5",
}


# The `cmake_defines` of a variant, sorted.
VariantDefines = tuple[tuple[str, str], ...]


class ProjectError(SpokeshaveError):
    """A project whose own build fails, or whose files depend on where it was built."""


@dataclass(frozen=True)
class CcProjectRequest:
    """A request for a project.

    Attributes:
        platform: A platform with a single processor.
        defines: CMake variables that a variant adds to the project and to those that it depends on.
    """

    address: Address
    platform: Platform
    defines: VariantDefines = ()


@dataclass(frozen=True)
class BuiltCcProject:
    """What a project installs for a platform.

    Attributes:
        name: The name of its folder in sandboxes.
        digest: The whole tree.
        headers: The files below its include directories, in the layout of the tree.
        software: What it is, for the list of a wheel's components.
        probes: The variables of programs that count as failed, as no answer was given.
        action: The process that built it.
    """

    address: str
    name: str
    digest: Digest
    headers: Digest
    include_dirs: tuple[str, ...]
    tree: InstalledTree
    software: Software
    probes: tuple[str, ...]
    action: Action


@dataclass(frozen=True)
class ProjectHeaders:
    """The headers of a project as its dependents see them before anything is built.

    Attributes:
        spellings: Globs of the includes that its headers answer. None for any.
        defines: As in `CcProjectRequest`.
    """

    address: Address
    name: str
    include_dirs: tuple[str, ...]
    spellings: tuple[str, ...] | None
    defines: VariantDefines = ()

    @property
    def directory(self) -> str:
        """Return its folder in the sandbox of a compile."""
        return f"__projects/{self.name}"

    @property
    def search(self) -> tuple[str, ...]:
        """Return its include directories in the sandbox of a compile."""
        return tuple(posixpath.normpath(f"{self.directory}/{folder}") for folder in self.include_dirs)

    def answers(self, spelling: str) -> bool:
        """Return whether an include is known to be one of its headers."""
        return any(fnmatch.fnmatchcase(spelling, glob) for glob in self.spellings or ())

    def answers_any(self, spellings: frozenset[str]) -> bool:
        """Return whether a source with these includes may need its headers."""
        return self.spellings is None or any(map(self.answers, spellings))


@dataclass(frozen=True)
class ProjectHeadersRequest:
    """A request for the headers of a project, without its build."""

    address: Address


@dataclass(frozen=True)
class ProjectLibrariesRequest:
    """A request for what a link takes from projects.

    Attributes:
        addresses: The projects to link, and those whose shared libraries other libraries need.
        platform: A platform with a single processor.
        defines: As in `CcProjectRequest`.
    """

    linked: tuple[Address, ...]
    needed: tuple[Address, ...]
    platform: Platform
    defines: VariantDefines = ()


@dataclass(frozen=True)
class ProjectLibraries:
    """Libraries of projects, each at its file name.

    Attributes:
        links: The files that a link names, at `link_paths`.
        shared: The shared libraries, also under the names of links to them, for the repair. `shared_paths` lists them.
    """

    links: Digest
    link_paths: tuple[str, ...]
    shared: Digest
    shared_paths: tuple[str, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class ProjectLicensesRequest:
    """A request for the license files of a project."""

    address: Address


@dataclass(frozen=True)
class ProjectLicenses:
    """License files at their paths in the source tree. A project with a subdirectory has those of both folders."""

    digest: Digest


@dataclass(frozen=True)
class ProjectClosureRequest:
    """A request for the projects that projects depend on."""

    addresses: tuple[Address, ...]


@dataclass(frozen=True)
class ProjectClosure:
    """Projects with all that they depend on, sorted."""

    addresses: tuple[Address, ...]


@dataclass(frozen=True)
class _SystemToolsRequest:
    names: tuple[str, ...]
    needed: tuple[str, ...]
    where: str
    platform: Platform


@dataclass(frozen=True)
class _SystemTools:
    digest: Digest


@dataclass(frozen=True)
class _CmakeRequest:
    """A request for cmake and ninja.

    Attributes:
        path: The requirements file.
    """

    path: str
    where: str


@dataclass(frozen=True)
class _Cmake:
    digest: Digest
    request: PackagesRequest
    cmake: str
    ninja: str


def is_project(target: Target) -> bool:
    """Return whether a target is a project with a build of its own."""
    return target.has_field(ProjectLibrariesField)


async def _target(address: Address) -> Target:
    where = f"the target {address}"
    wrapped = await resolve_target(WrappedTargetRequest(address, description_of_origin=where), **implicitly())
    return wrapped.target


@rule(level=LogLevel.DEBUG)
async def project_headers(request: ProjectHeadersRequest) -> ProjectHeaders:
    target = await _target(request.address)
    return ProjectHeaders(
        address=request.address,
        name=request.address.path_safe_spec,
        include_dirs=target[ProjectIncludeDirsField].value,
        spellings=target[ProjectHeadersField].value,
    )


@rule(level=LogLevel.DEBUG)
async def project_licenses(request: ProjectLicensesRequest) -> ProjectLicenses:
    source = await find_source_tree(SourceTreeRequest(request.address))
    folders = dict.fromkeys(["", f"{source.subdirectory}/" if source.subdirectory else ""])
    globs = PathGlobs(f"{folder}{glob}" for folder in folders for glob in _LICENSE_GLOBS)
    return ProjectLicenses(await digest_subset_to_digest(DigestSubset(source.digest, globs)))


@rule(level=LogLevel.DEBUG)
async def project_closure(request: ProjectClosureRequest) -> ProjectClosure:
    seen: dict[Address, None] = {}
    pending = request.addresses
    while pending:
        targets = await resolve_targets(**implicitly(Addresses(pending)))
        projects = [target for target in targets if is_project(target)]
        seen.update(dict.fromkeys(target.address for target in projects))
        below = await concurrently(
            resolve_targets(**implicitly(DependenciesRequest(target.get(Dependencies)))) for target in projects
        )
        pending = tuple({each.address for found in below for each in found if each.address not in seen})
    return ProjectClosure(tuple(sorted(seen)))


@rule(level=LogLevel.DEBUG)
async def find_cmake(request: _CmakeRequest, compilers: CompilerEnvironment) -> _Cmake:
    wanted = PackagesRequest(
        path=request.path,
        where=request.where,
        purpose="which build projects",
        platform=compilers.machine,
    )
    packages = await find_packages(wanted, **implicitly())
    globs = PathGlobs([_CMAKE_GLOB, *_NINJA_GLOBS])
    found = await digest_to_snapshot(**implicitly(DigestSubset(packages.digest, globs)))
    programs = {posixpath.basename(path): f"{CMAKE_DIR}/{path}" for path in found.files}
    missing = [name for name in ("cmake", "ninja") if name not in programs]
    if missing:
        raise InvalidTargetError(f"{request.where}: {request.path} does not pin {' and '.join(missing)}.")
    return _Cmake(digest=packages.digest, request=wanted, cmake=programs["cmake"], ninja=programs["ninja"])


@rule(desc="Find programs of this machine", level=LogLevel.DEBUG)
async def find_system_tools(request: _SystemToolsRequest, bash: BashBinary) -> _SystemTools:
    result = await execute_process_or_raise(
        **implicitly(
            Process(
                argv=(bash.path, "-c", find_script(request.names)),
                env={"PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C"},
                description=f"Find the programs that {request.where} needs",
                level=LogLevel.DEBUG,
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    found: tuple[FoundTool, ...] = parse_found(result.stdout.decode(errors="replace"))
    missing = sorted(set(request.needed) - {tool.name for tool in found})
    if missing:
        raise InvalidTargetError(
            f"{request.where} needs programs that this machine does not have: {', '.join(missing)}. Install them, or "
            "list the needed ones in `system_tools`."
        )
    scripts = shims(found, request.platform)
    files = [FileContent(f"{SYSTEM_DIR}/{name}", text, is_executable=True) for name, text in scripts.items()]
    return _SystemTools(await create_digest(CreateDigest(files)))


def host_platform_of(machine: str) -> Platform:
    """Return the platform of programs that run on a machine, by Pants' name for it, such as `linux_x86_64`."""
    system, _, architecture = machine.partition("_")
    if system == "macos":
        return Platform(System.MACOS, architecture, (11, 0))
    return Platform(System.GLIBC, {"arm64": "aarch64"}.get(architecture, architecture), (2, 17))


@rule(desc="Build a project", level=LogLevel.DEBUG)
async def build_project(request: CcProjectRequest, compilers: CompilerEnvironment) -> BuiltCcProject:
    address = request.address
    platform = request.platform
    where = f"{address} for {platform}"
    target = await _target(address)
    is_make = target.has_field(ConfigureField)
    requirements = target[CmakeRequirementsField].value
    path = posixpath.join(address.spec_path, requirements) if requirements else _CARRIED_PINS
    closure = await project_closure(ProjectClosureRequest((address,)))
    below = [each for each in closure.addresses if each != address]
    listed = target[SystemToolsField].value
    names = listed or (POSIX_TOOLS if is_make else ())
    host_addresses = await resolve_unparsed_address_inputs(
        target[HostToolsField].to_unparsed_address_inputs(), **implicitly()
    )
    host_closure = await project_closure(ProjectClosureRequest(tuple(host_addresses)))
    check_host_tools(address, set(host_addresses) - {*host_closure.addresses})
    host = host_platform_of(compilers.machine.name)
    source, toolchain, cmake, system = await concurrently(
        find_source_tree(SourceTreeRequest(address)),
        make_foreign_toolchain(ForeignToolchainRequest(platform)),
        find_cmake(_CmakeRequest(path, f"the target {address}"), **implicitly()),
        find_system_tools(
            _SystemToolsRequest(
                names=names,
                needed=listed or (NEEDED_TOOLS if is_make else ()),
                where=str(address),
                platform=platform,
            ),
            **implicitly(),
        ),
    )
    prefixes = await concurrently(
        build_project(CcProjectRequest(each, platform, request.defines), **implicitly()) for each in below
    )
    tools = await concurrently(
        build_project(CcProjectRequest(each, host), **implicitly()) for each in host_closure.addresses
    )
    placed = await concurrently(
        *(add_prefix(AddPrefix(built.digest, f"{PREFIX_DIR}/{built.name}")) for built in prefixes),
        add_prefix(AddPrefix(source.digest, SOURCE_DIR)),
    )
    programs = await concurrently(
        digest_subset_to_digest(DigestSubset(built.digest, PathGlobs(["bin/**", "lib/**/*.so*", "lib/**/*.dylib"])))
        for built in tools
    )
    hosted = await add_prefix(AddPrefix(await merge_digests(MergeDigests(programs)), HOST_DIR))
    settings = ProjectSettings(
        subdirectory=source.subdirectory,
        ninja=cmake.ninja,
        path=(
            f"{FOREIGN_DIR}/bin",
            *((f"{HOST_DIR}/bin",) if tools else ()),
            *((SYSTEM_DIR,) if names else ()),
            posixpath.dirname(cmake.cmake),
            posixpath.dirname(cmake.ninja),
        ),
        prefixes=tuple(f"{PREFIX_DIR}/{built.name}" for built in prefixes),
        targets=target[BuildTargetsField].value,
        components=() if is_make else target[InstallComponentsField].value,
        defines={} if is_make else {**_defines(target, platform), **dict(request.defines)},
        make=_make_settings(target, platform) if is_make else None,
    )
    scripts = await create_digest(
        CreateDigest(
            [
                *(FileContent(f"{PROJECT_DIR}/{name}", carried_source(own)) for own, name in SCRIPTS.items()),
                FileContent(f"{PROJECT_DIR}/settings.cmake", settings.text().encode()),
            ]
        )
    )
    description = project_description(str(address), platform)
    process = Process(
        argv=(cmake.cmake, "-P", _SCRIPT, _CORES),
        env=_ENVIRONMENT,
        input_digest=await merge_digests(MergeDigests([scripts, *placed, hosted, system.digest])),
        immutable_input_digests={
            FOREIGN_DIR: toolchain.digest,
            TOOLCHAIN_DIR: toolchain.zig,
            CMAKE_DIR: cmake.digest,
        },
        output_directories=(OUTPUT_DIR,),
        description=description,
        concurrency_available=_MOST_CORES,
        level=LogLevel.INFO,
    )
    offline = OfflineProcess(process, (*toolchain.packages, cmake.request), is_compiler=not names)
    result = await run_offline(offline, **implicitly())
    _raise_for_failure(result, where)
    output = await remove_prefix(RemovePrefix(result.output_digest, OUTPUT_DIR))
    exclude = target[ProjectExcludeField].value
    inside = (f"!tree/{glob}" for glob in exclude if not glob.startswith("/"))
    whole, facts = await concurrently(
        digest_subset_to_digest(DigestSubset(output, PathGlobs(["tree/**", *inside]))),
        get_digest_contents(**implicitly(DigestSubset(output, PathGlobs(_LISTS)))),
    )
    tree = await remove_prefix(RemovePrefix(whole, "tree"))
    include_dirs = target[ProjectIncludeDirsField].value
    snapshot, headers = await concurrently(
        digest_to_snapshot(tree),
        digest_subset_to_digest(DigestSubset(tree, PathGlobs(f"{folder}/**" for folder in include_dirs))),
    )
    lists = {file.path: tuple(line.strip() for line in file.content.decode().splitlines() if line) for file in facts}
    check_installed(where, snapshot.files, lists["outside"], exclude)
    _check_leaks(where, lists["leaks"], frozenset(snapshot.files))
    probes = lists["probes"]
    _report(target, platform, probes, lists["unused"])
    if any(line.startswith("resources ") for line in lists["calls"]):
        logger.warning(f"{where}: the version resources of Windows (.rc) are left out of its files.")
    packages = await get_digest_contents(**implicitly(DigestSubset(tree, PathGlobs(["**/pkgconfig/*.pc"]))))
    action = Action.of(
        kind=ActionKind.PROJECT,
        description=description,
        result=result,
        platform=platform,
        calls=project_calls(lists["calls"]),
    )
    return BuiltCcProject(
        address=str(address),
        name=address.path_safe_spec,
        digest=tree,
        headers=headers,
        include_dirs=include_dirs,
        tree=InstalledTree.of(snapshot.files, platform),
        software=Software.found(
            cached=lists["version"],
            packages={file.path: file.content.decode(errors="replace") for file in packages},
            archive=source.archive_name,
            target=address.target_name,
        ),
        probes=probes,
        action=action.after(toolchain.action, *(built.action for built in (*prefixes, *tools))),
    )


def _defines(target: Target, platform: Platform) -> dict[str, str]:
    found = project_defines(target[ProjectDefinesField].value, target[PlatformProjectDefinesField].value, platform)
    return {**found, **target[ProbesField].value}


def _make_settings(target: Target, platform: Platform) -> MakeSettings:
    return MakeSettings(
        configure=target[ConfigureField].value,
        configure_args=target[ConfigureArgsField].value,
        make_args=target[MakeArgsField].value,
        machine=machine_name(platform),
    )


def _raise_for_failure(result: FallibleProcessResult, where: str) -> None:
    """Raise an error with the output of a build that failed.

    Raises:
        ProjectError: If it failed.
    """
    if not result.exit_code:
        return
    output = (result.stdout + b"\n" + result.stderr).decode(errors="replace")
    refused = refused_programs(output)
    hint = (
        f"The build runs programs of the target, which cannot run here: {', '.join(refused)}. Build them for this "
        "machine, by a project of its own in `host_tools`, and set the variable by which the project takes them."
        if refused
        else failure_hint(output)
    )
    raise ProjectError("\n".join(filter(None, [f"{where} does not build:", tail(output), hint])))


def check_host_tools(address: Address, others: Iterable[Address]) -> None:
    """Check that `host_tools` names projects only.

    Raises:
        InvalidTargetError: If it names `others`.
    """
    names = [other.spec for other in sorted(others)]
    if names:
        raise InvalidTargetError(
            f"The `host_tools` of {address} have targets that are not projects (`cc_cmake_project`, "
            f"`cc_make_project`): {', '.join(names)}."
        )


def check_installed(where: str, files: Iterable[str], outside: Iterable[str], exclude: Iterable[str]) -> None:
    """Check that a project installs files, and none outside of its folder.

    Args:
        outside: Absolute paths.
        exclude: The value of the field, of which absolute globs leave out such files.

    Raises:
        ProjectError: If the check fails.
    """
    globs = tuple(exclude)
    lost = [path for path in outside if not any(fnmatch.fnmatchcase(path, glob) for glob in globs)]
    if lost:
        raise ProjectError(
            f"{where} installs files outside of its own folder (CMAKE_INSTALL_PREFIX, --prefix), where nothing uses "
            f"them:\n{bullet_list(lost[:20])}\nSet the folder to a relative path by a variable in `defines` or an "
            'argument of `configure`. Leave out files that nothing needs by `exclude`, for example ["/etc/**"].'
        )
    if not any(True for _ in files):
        raise ProjectError(
            f"{where} installs no files, so nothing can use it. Check its install rules, `install_components`, "
            "`exclude` and the variables in `defines` that switch its install off."
        )


def _check_leaks(where: str, leaks: tuple[str, ...], files: frozenset[str]) -> None:
    """Raise an error for binary files that contain the path of the sandbox.

    Raises:
        ProjectError: If any file does.
    """
    found = [line for line in leaks if line.partition(": ")[0] in files]
    if found:
        listed = "\n".join(f"    {line}" for line in found[:20])
        raise ProjectError(
            f"{where} installs binary files with the path of the folder that they were built in (SANDBOX below), which "
            f"differs from build to build:\n{listed}\nSet the variable of the project that writes it, or leave the "
            "files out with `exclude`."
        )


def _report(target: Target, platform: Platform, probes: tuple[str, ...], unused: tuple[str, ...]) -> None:
    """Warn of programs without an answer, and of variables that the project does not use.

    Raises:
        InvalidTargetError: For programs without an answer, if the target asks for all answers.
    """
    address = str(target.address)
    if probes:
        message = probes_message(address, platform, probes)
        if target[StrictProbesField].value:
            raise InvalidTargetError(message)
        logger.warning(message)
    if not target.has_field(ProjectDefinesField):
        return
    own = {*target[ProjectDefinesField].value, *target[ProbesField].value}
    typos = sorted(own.intersection(unused))
    if typos:
        logger.warning(f"{address} for {platform}: the project does not use these variables: {', '.join(typos)}.")


@rule(level=LogLevel.DEBUG)
async def project_libraries(request: ProjectLibrariesRequest) -> ProjectLibraries:
    linked, needed = await concurrently(
        project_closure(ProjectClosureRequest(request.linked)), project_closure(ProjectClosureRequest(request.needed))
    )
    addresses = tuple(sorted({*linked.addresses, *needed.addresses}))
    targets = await concurrently(
        resolve_target(WrappedTargetRequest(address, description_of_origin="`dependencies`"), **implicitly())
        for address in addresses
    )
    built = await concurrently(
        build_project(CcProjectRequest(address, request.platform, request.defines), **implicitly())
        for address in addresses
    )
    entries = await concurrently(get_digest_entries(project.digest) for project in built)
    links: dict[str, FileEntry] = {}
    shared: dict[str, FileEntry] = {}
    for wrapped, project, found in zip(targets, built, entries):
        files = resolved_files(found)
        where = f"{project.address} for {request.platform}"
        chosen = project.tree.chosen(wrapped.target[ProjectLibrariesField].value, where)
        if wrapped.target.address in linked.addresses:
            _add(links, (library.path for library in chosen), files, where)
        _add(shared, project.tree.shared, files, where)
    return ProjectLibraries(
        links=await create_digest(CreateDigest(links.values())),
        link_paths=tuple(links),
        shared=await create_digest(CreateDigest(shared.values())),
        shared_paths=tuple(shared),
        actions=tuple(project.action for project in built),
    )


def _add(into: dict[str, FileEntry], paths: Iterable[str], files: Mapping[str, FileEntry], where: str) -> None:
    """Add files under their own names, without folders.

    Raises:
        InvalidTargetError: If another file has the same name.
    """
    for path in paths:
        name = posixpath.basename(path)
        entry = FileEntry(name, files[path].file_digest, files[path].is_executable)
        if into.setdefault(name, entry) != entry:
            raise InvalidTargetError(f"{where} installs another {name} than the other projects of the same link.")


def resolved_files(entries: DigestEntries) -> dict[str, FileEntry]:
    """Return the files of a tree by path. A link is the file that it leads to."""
    files = {entry.path: entry for entry in entries if isinstance(entry, FileEntry)}
    links = {entry.path: entry.target for entry in entries if isinstance(entry, SymlinkEntry)}
    for path in links:
        found = path
        for _ in range(len(links) + 1):
            if found not in links:
                break
            found = posixpath.normpath(posixpath.join(posixpath.dirname(found), links[found]))
        if found in files:
            files[path] = files[found]
    return files


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
