"""Target types for C and C++ projects that are built by their own CMake files or makefiles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    BoolField,
    Dependencies,
    DictStringToStringField,
    DictStringToStringSequenceField,
    InvalidFieldException,
    NestedDictStringToStringField,
    SpecialCasedDependencies,
    StringField,
    StringSequenceField,
    Target,
)
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from spokeshave_pants.cc.cmake_names import cmake_names_problem
from spokeshave_pants.cc.sandbox_flags import refused_flags
from spokeshave_pants.sources.target_types import SOURCE_TREE_FIELDS
from spokeshave_pants.toolchain.platforms import check_platform_globs


class ProjectDefinesField(DictStringToStringField):
    alias = "defines"
    default = FrozenDict()
    value: FrozenDict[str, str]
    help = help_text(
        """
        The CMake cache variables of the project, as `-DNAME=VALUE` sets them, such as
        `{"BUILD_SHARED_LIBS": "ON", "SNAPPY_BUILD_TESTS": "OFF"}`. Defaults to none.

        In a value, `{host_tools}` stands for the folder of the programs of `host_tools`. A variable that the project
        does not use is reported.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, str]]:
        value = super().compute_value(raw_value, address)
        _check_names(cls.alias, value or {}, address)
        return value


class _ValuesByPlatformField(NestedDictStringToStringField):
    """Values by their name, for globs of platform tags."""

    default = FrozenDict()
    value: FrozenDict[str, FrozenDict[str, str]]

    @classmethod
    def check_values(cls, values: Mapping[str, str], address: Address) -> None:
        """Raise `InvalidFieldException` for the values of one glob."""
        raise NotImplementedError

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, FrozenDict[str, str]]]:
        value = super().compute_value(raw_value, address)
        check_platform_globs(value or {}, where=f"the `{cls.alias}` field of {address}")
        for values in (value or {}).values():
            cls.check_values(values, address)
        return value


class PlatformProjectDefinesField(_ValuesByPlatformField):
    alias = "platform_defines"
    help = help_text(
        """
        Additional `defines` for some platforms, such as `{"win_*": {"WITH_MMAP": "OFF"}}`.

        The keys are globs of wheel platform tags. Of several matching keys, the last one that has a name wins.
        """
    )

    @classmethod
    def check_values(cls, values: Mapping[str, str], address: Address) -> None:
        _check_names(cls.alias, values, address)


class ProbesField(DictStringToStringField):
    alias = "probes"
    default = FrozenDict()
    value: FrozenDict[str, str]
    help = help_text(
        """
        The answers of programs that CMake would run on the target (`try_run`, `check_c_source_runs`), which nothing can
        run here. The names are those that the build reports: the variable of the exit code, such as
        `{"HAVE_X_EXITCODE": "0"}`, and `NAME__TRYRUN_OUTPUT` for what a program prints. Defaults to none.

        A program without an answer counts as failed, and is reported with the line to add; see `strict_probes`. All
        other checks of CMake compile and link for the target, and need no answer.
        """
    )


class StrictProbesField(BoolField):
    alias = "strict_probes"
    default = False
    help = help_text(
        """
        Whether a program without an answer in `probes` is an error. By default it counts as failed, and is a warning.
        """
    )


class ProjectDependenciesField(Dependencies):
    help = help_text(
        """
        Other projects (`cc_cmake_project`, `cc_make_project`) that this one uses. CMake finds them by `find_package`
        and `find_library` (`CMAKE_PREFIX_PATH`), makefiles by pkg-config, and both by scripts such as `xml2-config`,
        which are on PATH. What links this project links them too.
        """
    )


class HostToolsField(SpecialCasedDependencies):
    alias = "host_tools"
    help = help_text(
        """
        Projects whose programs run during the build. They are built for the machine that compiles, and are on PATH.

        A project that runs a program which it builds itself, such as a code generator, needs it here for all
        platforms, also for the machine's own. For example, `host_tools=[":protoc"]`.
        """
    )


class NativeCompilerField(BoolField):
    alias = "native_compiler"
    default = False
    help = help_text(
        """
        Whether the build compiles programs that run during the build, such as code generators. It then has a second
        compiler, for the machine that builds: `build-cc` and `build-c++`, which `CC_FOR_BUILD`, `BUILD_CC` and `HOSTCC`
        name, and which meson uses for what is `native: true`. For example, `native_compiler=True`.

        Defaults to false, as the compiler for the machine is then an input of the build, and part of its cache key.
        """
    )


class SystemToolsField(StringSequenceField):
    alias = "system_tools"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Programs of the building machine that the build runs, such as `["perl", "m4"]`, in addition to the POSIX tools
        that a `cc_make_project` has. Nothing else of the machine is on PATH. Defaults to none.

        They are not pinned: their paths and versions are in the cache key. A project with such tools is built locally,
        and not by remote workers.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[tuple[str, ...]]:
        value = super().compute_value(raw_value, address)
        wrong = [name for name in value or () if "/" in name or not name.strip() or name.startswith("-")]
        if wrong:
            raise InvalidFieldException(
                f"The `{cls.alias}` field of {address} has {wrong[0]!r}: write names of programs, without folders."
            )
        return value


class BuildTargetsField(StringSequenceField):
    alias = "build_targets"
    default = ()
    value: tuple[str, ...]
    help = "The targets of the project's build to make, such as `['snappy']`. Defaults to its default target."


class InstallComponentsField(StringSequenceField):
    alias = "install_components"
    default = ()
    value: tuple[str, ...]
    help = "The components to install (`install(... COMPONENT NAME)` in CMake). Defaults to everything."


class ProjectLibrariesField(StringSequenceField):
    alias = "libraries"
    help = help_text(
        """
        The names of the installed libraries that targets with this dependency link to, without `lib` and ending, in
        order, such as `["snappy"]`. If a library is installed as shared and static, the shared one is used. A wheel
        contains shared ones: its repair grafts them. Defaults to all that the project installs. With `[]`, nothing is
        linked.
        """
    )


class ProjectHeadersField(StringSequenceField):
    alias = "headers"
    help = help_text(
        """
        What the project's headers are included as, as globs, such as `["snappy*.h"]` or `["openssl/*.h"]`. Only sources
        that reach such an include get the headers. By default, all sources of targets with this dependency do, except
        those with no other includes than headers of the repository, of C, of C++ and of Python.
        """
    )


class ProjectIncludeDirsField(StringSequenceField):
    alias = "include_dirs"
    default = ("include",)
    value: tuple[str, ...]
    help = help_text(
        """
        The folders of the installed tree that are include directories of sources with this dependency. Defaults to
        `["include"]`. Only files below them are inputs of compiles.
        """
    )


class ProjectExcludeField(StringSequenceField):
    alias = "exclude"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Globs of installed files to leave out, such as `["share/doc/**"]`. Defaults to none.

        A file that is installed outside of the project's folder is an error, as nothing can use it. A glob that begins
        with `/`, such as `["/etc/**"]`, leaves out such files.
        """
    )


class CmakeRequirementsField(StringField):
    alias = "requirements"
    help = help_text(
        """
        The requirements file that pins cmake, ninja and pkgconf, relative to the BUILD file, in pip's `--hash` form.
        Defaults to a file in the plugin. A project that no CMake 4 configures can pin cmake 3 here. Without pkgconf,
        the build has no pkg-config.
        """
    )


def _check_names(alias: str, defines: Any, address: Address) -> None:
    problem = cmake_names_problem(defines)
    if problem:
        raise InvalidFieldException(f"The `{alias}` field of {address} {problem}")


_COMMON = (
    *COMMON_TARGET_FIELDS,
    ProjectDependenciesField,
    *SOURCE_TREE_FIELDS,
    HostToolsField,
    SystemToolsField,
    BuildTargetsField,
    ProjectLibrariesField,
    ProjectHeadersField,
    ProjectIncludeDirsField,
    ProjectExcludeField,
    CmakeRequirementsField,
)


class CcCmakeProjectTarget(Target):
    alias = "cc_cmake_project"
    core_fields = (
        *_COMMON,
        ProjectDefinesField,
        PlatformProjectDefinesField,
        ProbesField,
        StrictProbesField,
        InstallComponentsField,
    )
    help = help_text(
        """
        A C or C++ project with a CMake build of its own, built as it is.

        It is configured, built and installed once for each platform that needs it, always as a cross build with the
        toolchain of the wheels, and once for all Pythons: no Python and no version is in its cache key. The process
        has no network, and sees only its inputs.

        `cc_sources`, `python_extension`s and `cc_shared_library`s that list it in `dependencies` compile with its
        headers and link its libraries: static ones into the linked file, shared ones are grafted by the repair of the
        wheel. An edit of the project that leaves its headers alone compiles nothing else again. For example:

            python_sdist(name="archive", requirements="snappy.txt")
            cc_cmake_project(
                name="snappy",
                source=":archive",
                defines={"SNAPPY_BUILD_TESTS": "OFF", "SNAPPY_BUILD_BENCHMARKS": "OFF"},
                libraries=["snappy"],
                headers=["snappy*.h"],
            )
            cc_sources(name="binding", dependencies=[":snappy"])
        """
    )


class ConfigureField(StringField):
    alias = "configure"
    default = "./configure"
    value: str
    help = help_text(
        """
        The script that configures the project, in its folder. Defaults to `./configure`. Empty for a project that has
        only a makefile.
        """
    )


class ConfigureArgsField(StringSequenceField):
    alias = "configure_args"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Arguments of the script, such as `["--disable-docs"]`, after `--prefix` and, for a script of autoconf, `--host`
        and `--build`. The compilers are in CC and CXX. Defaults to none.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[tuple[str, ...]]:
        value = super().compute_value(raw_value, address)
        _check_flags(cls.alias, value or (), address)
        return value


# An option of the script, such as `--sysconfdir=/etc`.
_OWN_FOLDER = re.compile(r"--[\w-]+=/.*", re.DOTALL)


def _check_flags(alias: str, arguments: Iterable[str], address: Address) -> None:
    """Refuse flags of the compiler. The script's own options may name folders where the program runs, such as /etc."""
    flags = (argument for argument in arguments if not _OWN_FOLDER.fullmatch(argument))
    problems = [f"{refused.flag!r}: {refused.reason}" for refused in refused_flags(flags)]
    if problems:
        raise InvalidFieldException(f"The `{alias}` field of {address} has {'; '.join(problems)}.")


class PlatformConfigureArgsField(DictStringToStringSequenceField):
    alias = "platform_configure_args"
    default = FrozenDict()
    value: FrozenDict[str, tuple[str, ...]]
    help = help_text(
        """
        Additional `configure_args` for some platforms, such as `{"win_*": ["--disable-shared"]}`.

        The keys are globs of wheel platform tags. The arguments of all matching keys are added, in the order of the
        keys. Defaults to none.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, tuple[str, ...]]]:
        value = super().compute_value(raw_value, address)
        check_platform_globs(value or {}, where=f"the `{cls.alias}` field of {address}")
        for arguments in (value or {}).values():
            _check_flags(cls.alias, arguments, address)
        return value


class MakeArgsField(StringSequenceField):
    alias = "make_args"
    default = ()
    value: tuple[str, ...]
    help = 'Arguments of each call of make, such as `["SHARED=yes"]`. Defaults to none.'


class PlatformMakeArgsField(DictStringToStringSequenceField):
    alias = "platform_make_args"
    default = FrozenDict()
    value: FrozenDict[str, tuple[str, ...]]
    help = help_text(
        """
        Additional `make_args` for some platforms, such as `{"win_*": ["EXE=.exe"]}`, as `platform_configure_args` adds
        to `configure_args`. Defaults to none.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, tuple[str, ...]]]:
        value = super().compute_value(raw_value, address)
        check_platform_globs(value or {}, where=f"the `{cls.alias}` field of {address}")
        return value


class InstallTargetsField(StringSequenceField):
    alias = "install_targets"
    default = ("install",)
    value: tuple[str, ...]
    help = help_text(
        """
        The targets of make that install the project, such as `["install_dev"]` for OpenSSL without its manuals.
        Defaults to `["install"]`.
        """
    )


class MakeEnvField(DictStringToStringField):
    alias = "env"
    default = FrozenDict()
    value: FrozenDict[str, str]
    help = help_text(
        """
        Environment variables of the script and of make, such as `{"CFLAGS": "-O3 -fPIC"}`, which replaces
        `-O2 -DNDEBUG -fPIC`. Defaults to none.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, str]]:
        value = super().compute_value(raw_value, address)
        _check_variables(cls.alias, value or {}, address)
        return value


class PlatformMakeEnvField(_ValuesByPlatformField):
    alias = "platform_env"
    help = help_text(
        """
        Additional `env` for some platforms, such as `{"win_*": {"LIBS": "-lws2_32"}}`.

        The keys are globs of wheel platform tags. Of several matching keys, the last one that has a name wins.
        """
    )

    @classmethod
    def check_values(cls, values: Mapping[str, str], address: Address) -> None:
        _check_variables(cls.alias, values, address)


def _check_variables(alias: str, variables: Mapping[str, str], address: Address) -> None:
    """Refuse names that the environment cannot have, and PATH, by which the toolchain is found."""
    wrong = sorted(name for name in variables if name == "PATH" or not name or "=" in name)
    if wrong:
        raise InvalidFieldException(
            f"The `{alias}` field of {address} has {', '.join(map(repr, wrong))}: write names of variables, and list "
            "programs of the machine in `system_tools` and those of projects in `host_tools`."
        )


class CcMakeProjectTarget(Target):
    alias = "cc_make_project"
    core_fields = (
        *_COMMON,
        NativeCompilerField,
        ConfigureField,
        ConfigureArgsField,
        PlatformConfigureArgsField,
        MakeArgsField,
        PlatformMakeArgsField,
        InstallTargetsField,
        MakeEnvField,
        PlatformMakeEnvField,
    )
    help = help_text(
        """
        A C or C++ project that is built by `./configure` and make (autotools, or a script of its own), as it is.

        It is built and used as a `cc_cmake_project` is. It needs make and the POSIX tools of the building machine (see
        `system_tools`), so remote workers do not build it. For example:

            cc_make_project(name="zlib", source=":zlib.tar.gz", configure_args=["--static"], libraries=["z"])
        """
    )


def target_types() -> tuple[type[Target], ...]:
    return (CcCmakeProjectTarget, CcMakeProjectTarget)
