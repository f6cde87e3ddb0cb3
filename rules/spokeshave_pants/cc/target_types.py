"""Fields that the plugin adds to `cc_source(s)`, and targets for shared libraries and third-party C/C++."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any, Optional

from pants.backend.cc.target_types import (
    CC_FILE_EXTENSIONS,
    CCGeneratorSourcesField,
    CCSourceField,
    CCSourcesGeneratorTarget,
    CCSourceTarget,
)
from pants.engine.addresses import Address
from pants.engine.rules import Rule
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    Dependencies,
    DictStringToStringField,
    DictStringToStringSequenceField,
    InvalidFieldException,
    MultipleSourcesField,
    OverridesField,
    StringField,
    StringSequenceField,
    Target,
)
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from spokeshave_pants.cc.cmake_names import cmake_names_problem
from spokeshave_pants.cc.languages import ASSEMBLER_EXTENSIONS
from spokeshave_pants.cc.sandbox_flags import leaves_sandbox, refused_flags
from spokeshave_pants.cc.unsupported import UNSUPPORTED_EXTENSIONS, unsupported_flag
from spokeshave_pants.toolchain.platforms import check_platform_globs

# Included files have many suffixes, of which Pants knows only three.
_TEXT_EXTENSIONS = (".def", ".h++", ".hxx", ".inc", ".inl", ".ipp", ".tcc", ".tpp", ".txx")
# Pants types its own list as a tuple of exactly that length.
_extensions: Any = (*CC_FILE_EXTENSIONS, *_TEXT_EXTENSIONS, *ASSEMBLER_EXTENSIONS, *UNSUPPORTED_EXTENSIONS)
for _field in (CCSourceField, CCGeneratorSourcesField):
    _field.expected_file_extensions = _extensions


class CxxStandardField(StringField):
    alias = "cxx_standard"
    default = "gnu++20"
    valid_choices = ("c++17", "c++20", "c++23", "gnu++17", "gnu++20", "gnu++23")
    help = help_text(
        """
        The C++ standard for `.cc`, `.cpp` and `.cxx` sources, as in clang's `-std=` option. Defaults to `gnu++20`.

        The `gnu` standards also declare the additions of POSIX and the system headers, as compilers do under
        setuptools. The toolchain's libc++ supports C++17, C++20 and most of C++23.
        """
    )


class CStandardField(StringField):
    alias = "c_standard"
    default = "gnu17"
    valid_choices = ("c99", "c11", "c17", "c23", "gnu99", "gnu11", "gnu17", "gnu23")
    help = help_text(
        """
        The C standard for `.c` sources, as in clang's `-std=` option. Defaults to `gnu17`.

        The `gnu` standards also declare the POSIX additions (`strdup`, `M_PI`, `kill`), as compilers do under
        setuptools.
        """
    )


class DefinesField(StringSequenceField):
    alias = "defines"
    help = help_text(
        """
        Preprocessor macros for this target's sources: `NAME` or `NAME=VALUE`, without `-D`. For example,
        `["VM_TRACE=0"]`. Defaults to none.

        They are not defined for targets that include this target's headers.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[Iterable[str]], address: Address) -> Optional[tuple[str, ...]]:
        value = super().compute_value(raw_value, address)
        wrong = [define for define in value or () if define.startswith("-")]
        if wrong:
            raise InvalidFieldException(
                f"The `{cls.alias}` field of {address} takes macros without `-D`; write {wrong[0][2:]!r} "
                f"instead of {wrong[0]!r}, or move other flags to `compile_flags`."
            )
        return value


class CompileFlagsField(StringSequenceField):
    alias = "compile_flags"
    help = help_text(
        """
        Compiler flags, such as `["-Wall"]`. They follow the toolchain's own flags, so they win. Defaults to none.

        Use `include_root` for include directories and `defines` for macros. Flags that would make the wheel depend on
        the build machine are rejected: paths that are absolute or lead outside the repository, response files
        (`@FILE`), and flags that query the machine, such as `-march=native`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[Iterable[str]], address: Address) -> Optional[tuple[str, ...]]:
        value = super().compute_value(raw_value, address)
        _refuse_flags(cls.alias, value or (), address)
        _refuse_unsupported(cls.alias, value or (), address)
        return value


def _refuse_unsupported(alias: str, flags: Iterable[str], address: Address) -> None:
    reasons = [f"{flag!r}: {reason}" for flag in flags for reason in [unsupported_flag(flag)] if reason]
    if reasons:
        raise InvalidFieldException(f"The `{alias}` field of {address} has {'; '.join(reasons)}")


def _refuse_flags(alias: str, flags: Iterable[str], address: Address, *, is_link: bool = False) -> None:
    """Raise an error that reports all flags that access files outside of the sandbox or depend on the host."""
    problems = [
        f"The `{alias}` field of {address} has {refused.flag!r}: {refused.reason}."
        for refused in refused_flags(flags, is_link=is_link)
    ]
    if problems:
        raise InvalidFieldException("\n".join(problems))


class PlatformDefinesField(DictStringToStringSequenceField):
    alias = "platform_defines"
    help = help_text(
        """
        Additional `defines` for some platforms, such as `{"win_*": ["NOMINMAX"], "*linux_*": ["_GNU_SOURCE"]}`.

        The keys are globs of wheel platform tags. The macros of all matching keys are added, in the order of the keys.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, tuple[str, ...]]]:
        value = super().compute_value(raw_value, address)
        check_platform_globs(value or {}, where=f"the `{cls.alias}` field of {address}")
        for defines in (value or {}).values():
            DefinesField.compute_value(defines, address)
        return value


class PlatformCompileFlagsField(DictStringToStringSequenceField):
    alias = "platform_compile_flags"
    help = help_text(
        """
        Additional `compile_flags` for some platforms, such as
        `{"*_x86_64": ["-msse4.2"], "win_*": ["-Wno-unknown-pragmas"]}`.

        The keys are globs of wheel platform tags. A `universal2` build compiles once for each of its two processors,
        so `macosx_*_arm64` matches one of them.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, tuple[str, ...]]]:
        value = super().compute_value(raw_value, address)
        check_platform_globs(value or {}, where=f"the `{cls.alias}` field of {address}")
        for flags in (value or {}).values():
            CompileFlagsField.compute_value(flags, address)
        return value


class CcPlatformsField(StringSequenceField):
    alias = "platforms"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        The platforms that these sources are compiled for, as globs of wheel platform tags, such as `["win_*"]`.
        Defaults to all platforms.

        To set it for some sources of a target, use `overrides={"mmap_win32.cc": {"platforms": ["win_*"]}}`. Headers
        are available on all platforms.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[Iterable[str]], address: Address) -> tuple[str, ...]:
        value = super().compute_value(raw_value, address) or ()
        check_platform_globs(value, where=f"the `{cls.alias}` field of {address}")
        return value


class IncludeRootField(StringSequenceField):
    alias = "include_root"
    help = help_text(
        """
        The include directories of this target's headers, relative to the BUILD file: one directory or a list. The
        source root is always an include directory too.

        For example, with `include_root="include"` this target's sources, and the sources that use it, include the
        header `include/vm/stack.h` as `#include "vm/stack.h"` or `#include <vm/stack.h>`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[tuple[str, ...]]:
        value = super().compute_value([raw_value] if isinstance(raw_value, str) else raw_value, address)
        problems = [
            f"The `{cls.alias}` field of {address} has {root!r}: write a directory in the repository, relative to the "
            "BUILD file."
            for root in value or ()
            if root.startswith(("/", "~")) or leaves_sandbox(posixpath.join(address.spec_path, root))
        ]
        if problems:
            raise InvalidFieldException("\n".join(problems))
        return value


# Pants copies a plugin field from the generator to the generated targets, so that `cc_source` needs it as well.
class CcSourcesOverridesField(OverridesField):
    help = help_text(
        """
        Field values for some sources of a `cc_sources` target, such as
        `{"crc32_sse42.c": {"compile_flags": ["-mcrc32"]}}`.

        The keys are files, globs or tuples of them, relative to the BUILD file. A value given here replaces the
        target's own value of the field.
        """
    )


CC_FIELDS = (
    CxxStandardField,
    CStandardField,
    DefinesField,
    CompileFlagsField,
    PlatformDefinesField,
    PlatformCompileFlagsField,
    CcPlatformsField,
    IncludeRootField,
)


class CcGeneratedDependenciesField(Dependencies):
    help = help_text(
        """
        The targets that generate the sources, such as a `shell_command` or an `adhoc_tool`, and the `cc_sources`,
        packages and files whose headers the generated sources include.
        """
    )


class CcGeneratedSourcesTarget(Target):
    alias = "cc_generated_sources"
    core_fields = (*COMMON_TARGET_FIELDS, CcGeneratedDependenciesField, *CC_FIELDS)
    help = help_text(
        """
        C and C++ sources that other targets generate, such as the output of Cython or of a script, with the settings
        that they are compiled with. List it like a `cc_sources`, in the `dependencies` of the targets that it is linked
        into.

        A generator in the `dependencies` of a `cc_sources` does the same for sources that are compiled like the files
        of that target, and one in the `dependencies` of a `python_extension` or `cc_shared_library` for sources
        without settings. A generated source that another source includes is a part of that source and is not compiled
        on its own.
        """
    )


class CcSharedLibraryDependenciesField(Dependencies):
    help = help_text(
        """
        The `cc_sources` targets that make up the library. Targets whose headers they include are linked in too.
        """
    )


class CcSharedLibraryNameField(StringField):
    alias = "library_name"
    help = help_text(
        """
        The library's name without prefix and suffix. Defaults to the target's name.

        The file name is `lib{library_name}.so` on Linux, `lib{library_name}.dylib` on macOS and `{library_name}.dll`
        on Windows. The library is linked by the same name. If extensions link to it, the repair of a wheel adds a hash
        to both names. If the wheel itself depends on it, it keeps its name, because Python code opens it by name.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> Optional[str]:
        value = super().compute_value(raw_value, address)
        if value and ("/" in value or "\\" in value):
            raise InvalidFieldException(
                f"The `{cls.alias}` field of {address} has {value!r}: write a name, not a path."
            )
        return value


class CcWheelFolderField(StringField):
    alias = "wheel_folder"
    help = help_text(
        """
        The folder in the wheel for the library's file, such as `mypackage/lib`. It is used if a
        `python_native_wheel` depends on the library itself, so that Python code can open it with `ctypes` or `cffi`.
        The goals `test`, `run`, `repl` and `package` of Python code find the file in the same folder.

        Defaults to the folder of the BUILD file, relative to its source root, if that is a package of the wheel.
        Otherwise it defaults to the wheel's top-level package, if there is exactly one. A library that only extensions
        link to needs no folder.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> Optional[str]:
        value = super().compute_value(raw_value, address)
        if value is None:
            return None
        folder = posixpath.normpath(value)
        if posixpath.isabs(value) or "\\" in value or folder.split("/")[0] in ("", ".", ".."):
            raise InvalidFieldException(
                f"The `{cls.alias}` field of {address} has {value!r}: write a folder inside the wheel, such as "
                "'mypackage/lib'."
            )
        return folder


class LinkFlagsField(StringSequenceField):
    alias = "link_flags"
    help = help_text(
        """
        Link flags for all platforms, after the toolchain's own: flags of a compiler driver
        (`-lm -pthread -Wl,-z,now -static-libgcc`), or of the platform's linker. Defaults to none.

        The C library, the C++ runtime and the compiler's runtime are always linked, so their `-l` flags have no
        effect. Other libraries are not found by `-l` or `-L`: list their `cc_sources` or `cc_shared_library` in
        `dependencies`. Use `platform_link_flags` for flags for some platforms only.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[Iterable[str]], address: Address) -> Optional[tuple[str, ...]]:
        value = super().compute_value(raw_value, address)
        _refuse_flags(cls.alias, value or (), address, is_link=True)
        return value


class PlatformLinkFlagsField(DictStringToStringSequenceField):
    alias = "platform_link_flags"
    help = help_text(
        """
        Additional `link_flags` for some platforms, such as
        `{"*linux_*": ["--wrap=malloc"], "win_*": ["-delayload:user32.dll"]}`.

        The keys are globs of wheel platform tags. The linker is `ld.lld` for Linux, `lld-link` for Windows, and clang
        as a driver for macOS, where a linker flag is written `-Wl,FLAG`. `-Wl,FLAG` works on all platforms.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, tuple[str, ...]]]:
        value = super().compute_value(raw_value, address)
        check_platform_globs(value or {}, where=f"the `{cls.alias}` field of {address}")
        for flags in (value or {}).values():
            LinkFlagsField.compute_value(flags, address)
        return value


class CcSharedLibrarySourcesField(MultipleSourcesField):
    """Marker: the library's file can be generated next to Python sources."""

    alias = "_sources"
    expected_num_files = 0


class CcSharedLibraryTarget(Target):
    alias = "cc_shared_library"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        CcSharedLibrarySourcesField,
        CcSharedLibraryDependenciesField,
        CcSharedLibraryNameField,
        CcWheelFolderField,
        LinkFlagsField,
        PlatformLinkFlagsField,
    )
    help = help_text(
        """
        A shared library that several `python_extension` targets link to and that a wheel contains once.

        An extension that lists it in `dependencies` links to the library instead of linking its objects in. A
        `python_native_wheel` that depends on it, directly or through its Python sources, contains it as a file for
        `ctypes` or `dlopen`, in `wheel_folder`.

        Symbols are hidden by default. Mark the API with `__attribute__((visibility("default")))`, and for Windows with
        `__declspec(dllexport)`; a DLL without any such mark exports all symbols that its own objects define.
        Exceptions and `dynamic_cast` work across the library's boundary. It is built once for all Pythons, so its
        sources cannot include `Python.h`.
        """
    )


class CcVariantDependenciesField(Dependencies):
    help = "The `cc_sources` or `cc_shared_library` targets that a variant links in addition to the extensions' own."


class CmakeDefinesField(DictStringToStringField):
    alias = "cmake_defines"
    default = FrozenDict()
    value: FrozenDict[str, str]
    help = help_text(
        """
        The `defines` that a variant adds to the `cc_cmake_project`s that it uses, and to those that these depend on,
        such as `{"WITH_TRACING": "ON"}`. Defaults to none, and then the variant uses the same builds.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[FrozenDict[str, str]]:
        value = super().compute_value(raw_value, address)
        problem = cmake_names_problem(value or {})
        if problem:
            raise InvalidFieldException(f"The `{cls.alias}` field of {address} {problem}")
        return value


class CcVariantTarget(Target):
    alias = "cc_variant"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        CcVariantDependenciesField,
        DefinesField,
        CompileFlagsField,
        CmakeDefinesField,
    )
    help = help_text(
        """
        Another build of the same C/C++ sources, with additional macros, flags and libraries, for example for tracing.

        Name it in the `variant` field of a second `python_native_wheel`, which has the same `dependencies` as the first
        and a `pyproject.toml` with another name. All of the repository's sources in its extensions are then compiled
        with the variant's `defines` and `compile_flags`. Sources of third-party packages are compiled without them.
        """
    )


class CcRequirementsFileField(StringField):
    alias = "requirements"
    required = True
    value: str
    help = help_text(
        """
        The requirements file that pins the distribution, relative to the BUILD file, in pip's `--hash` form.
        """
    )


class CcDistributionField(StringField):
    alias = "distribution"
    help = "The name of the distribution in the requirements file. Defaults to the target's name."


def _refuse_outside_package(alias: str, paths: Iterable[str], address: Address) -> None:
    outside = [path for path in paths if leaves_sandbox(path)]
    if outside:
        raise InvalidFieldException(
            f"The `{alias}` field of {address} has {', '.join(map(repr, outside))}: write paths of the distribution, "
            "relative to `site-packages`."
        )


class CcIncludeDirsField(StringSequenceField):
    alias = "include_dirs"
    required = True
    value: tuple[str, ...]
    help = help_text(
        """
        The include directories of the installed distribution, relative to `site-packages`, such as
        `["nanobind/include"]`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[Iterable[str]], address: Address) -> tuple[str, ...]:
        value = super().compute_value(raw_value, address) or ()
        _refuse_outside_package(cls.alias, value, address)
        return value


class CcPackageSourcesField(StringSequenceField):
    alias = "package_sources"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        C/C++ sources of the distribution that are compiled and linked into each extension that includes its headers,
        relative to `site-packages`, such as `["nanobind/src/nb_combined.cpp"]`. Defaults to none.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[Iterable[str]], address: Address) -> tuple[str, ...]:
        value = super().compute_value(raw_value, address) or ()
        _refuse_outside_package(cls.alias, value, address)
        return value


class CcPublicDefinesField(DefinesField):
    alias = "defines"
    help = "Macros for the distribution's own sources and for all sources that include its headers. Defaults to none."


class CcFreeThreadedDefinesField(DefinesField):
    alias = "free_threaded_defines"
    help = help_text(
        """
        Additional `defines` for builds of free-threaded Pythons, such as `3.14t`. Defaults to none.

        For example, `["NB_FREE_THREADED"]` makes nanobind's modules work without the GIL. Without it, an import of such
        a module enables the GIL.
        """
    )


class CcPythonRequirementTarget(Target):
    alias = "cc_python_requirement"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        Dependencies,
        CcRequirementsFileField,
        CcDistributionField,
        CcIncludeDirsField,
        CcPackageSourcesField,
        CcPublicDefinesField,
        CcFreeThreadedDefinesField,
        CompileFlagsField,
        CxxStandardField,
        CStandardField,
    )
    help = help_text(
        """
        C/C++ headers and sources that a Python package contains, such as nanobind, pybind11 or numpy.

        Sources that include its headers as `NAME/header.h`, where NAME is the distribution, depend on it. If several
        targets have that distribution, or includes begin with another name, list it in the `dependencies` of the
        `cc_sources`. Sources that reach headers which include `Python.h` are compiled once per Python ABI, all others
        once per platform.

        If the distribution has a wheel for each platform, as numpy does, each compile uses the headers of the wheel for
        its own platform and Python. If there is no such wheel, the build fails with an error.
        """
    )


def target_types() -> tuple[type[Target], ...]:
    return (CcGeneratedSourcesTarget, CcSharedLibraryTarget, CcPythonRequirementTarget, CcVariantTarget)


def rules() -> Iterable[Rule | UnionRule]:
    return [
        target_type.register_plugin_field(field)
        for target_type in (CCSourcesGeneratorTarget, CCSourceTarget)
        for field in (*CC_FIELDS, CcSourcesOverridesField)
    ]
