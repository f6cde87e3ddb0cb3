"""Fields that the plugin adds to `cc_source(s)`, and the targets for shared libraries and third-party C/C++."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any

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
    DictStringToStringSequenceField,
    InvalidFieldException,
    OverridesField,
    StringField,
    StringSequenceField,
    Target,
)
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from spokeshave_pants.cc.compile.command import ASSEMBLER_EXTENSIONS
from spokeshave_pants.cc.sandbox_flags import leaves_sandbox, refused_flags
from spokeshave_pants.cc.unsupported import UNSUPPORTED_EXTENSIONS, unsupported_flag
from spokeshave_pants.toolchain.platforms import check_platform_globs

# What is only ever included goes by many names, and Pants knows but three of them.
_TEXT_EXTENSIONS = (".def", ".h++", ".hxx", ".inc", ".inl", ".ipp", ".tcc", ".tpp", ".txx")
# Pants types its own list as a tuple of just that length.
_extensions: Any = (*CC_FILE_EXTENSIONS, *_TEXT_EXTENSIONS, *ASSEMBLER_EXTENSIONS, *UNSUPPORTED_EXTENSIONS)
for _field in (CCSourceField, CCGeneratorSourcesField):
    _field.expected_file_extensions = _extensions


class CxxStandardField(StringField):
    alias = "cxx_standard"
    default = "gnu++20"
    valid_choices = ("c++17", "c++20", "c++23", "gnu++17", "gnu++20", "gnu++23")
    help = help_text(
        """
        The C++ standard of the `.cc`, `.cpp` and `.cxx` sources, as clang's `-std=` takes it. Defaults to `gnu++20`.

        The forms with `gnu` declare what POSIX and the system's headers add to the standard, as compilers do when
        setuptools runs them. The libc++ that the toolchain carries supports C++17, C++20 and most of C++23.
        """
    )


class CStandardField(StringField):
    alias = "c_standard"
    default = "gnu17"
    valid_choices = ("c99", "c11", "c17", "c23", "gnu99", "gnu11", "gnu17", "gnu23")
    help = help_text(
        """
        The C standard of the `.c` sources, as clang's `-std=` takes it. Defaults to `gnu17`.

        The forms with `gnu` declare what POSIX adds to the standard (`strdup`, `M_PI`, `kill`), as compilers do when
        setuptools runs them.
        """
    )


class DefinesField(StringSequenceField):
    alias = "defines"
    help = help_text(
        """
        Preprocessor macros for this target's sources: `NAME` or `NAME=VALUE`, without `-D`.

        They do not reach the targets that include this one's headers.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Iterable[str] | None, address: Address) -> tuple[str, ...] | None:
        value = super().compute_value(raw_value, address)
        wrong = [define for define in value or () if define.startswith("-")]
        if wrong:
            raise InvalidFieldException(
                f"The `{cls.alias}` field of {address} takes macros without `-D`; write {wrong[0][2:]!r} "
                f"for {wrong[0]!r}, or move another kind of flag to `compile_flags`."
            )
        return value


class CompileFlagsField(StringSequenceField):
    alias = "compile_flags"
    help = help_text(
        """
        Flags for the compiler, after those of the toolchain, so that they win.

        Give include directories by `include_root` and macros by `defines`. Flags that would make the wheel depend on
        the machine are refused: paths that are absolute or lead out of the repository, response files (`@FILE`),
        and flags that ask for the machine, such as `-march=native`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Iterable[str] | None, address: Address) -> tuple[str, ...] | None:
        value = super().compute_value(raw_value, address)
        _refuse_flags(cls.alias, value or (), address)
        _refuse_unsupported(cls.alias, value or (), address)
        return value


def _refuse_unsupported(alias: str, flags: Iterable[str], address: Address) -> None:
    reasons = [f"{flag!r}: {reason}" for flag in flags for reason in [unsupported_flag(flag)] if reason]
    if reasons:
        raise InvalidFieldException(f"The `{alias}` field of {address} has {'; '.join(reasons)}")


def _refuse_flags(alias: str, flags: Iterable[str], address: Address, *, is_link: bool = False) -> None:
    """Raise for every flag that reaches out of the sandbox or asks for the machine, all at once."""
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
        More `defines` on some platforms: `{"win_*": ["NOMINMAX"], "*linux_*": ["_GNU_SOURCE"]}`. The keys are globs of
        wheel platform tags; those of every key that fits are added, in the order in which they are written.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> FrozenDict[str, tuple[str, ...]] | None:
        value = super().compute_value(raw_value, address)
        check_platform_globs(value or {}, where=f"the `{cls.alias}` field of {address}")
        for defines in (value or {}).values():
            DefinesField.compute_value(defines, address)
        return value


class PlatformCompileFlagsField(DictStringToStringSequenceField):
    alias = "platform_compile_flags"
    help = help_text(
        """
        More `compile_flags` on some platforms: `{"*_x86_64": ["-msse4.2"], "macosx_*": ["-fno-objc-arc"]}`. The keys
        are globs of wheel platform tags. A `universal2` build compiles for each of its processors, so that
        `macosx_*_arm64` names one of them.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> FrozenDict[str, tuple[str, ...]] | None:
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
        The platforms that these sources are compiled for, as globs of wheel platform tags: `["win_*"]`. Unset, all.

        For a few sources of a target use `overrides={"mmap_win32.cc": {"platforms": ["win_*"]}}`. Headers are there
        for every platform.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Iterable[str] | None, address: Address) -> tuple[str, ...]:
        value = super().compute_value(raw_value, address) or ()
        check_platform_globs(value, where=f"the `{cls.alias}` field of {address}")
        return value


class IncludeRootField(StringSequenceField):
    alias = "include_root"
    help = help_text(
        """
        The directories that this target's headers are included from, relative to the BUILD file: one, or a list.

        The source root always is one as well. With `include_root="include"` a header at
        `include/vm/stack.h` beside the BUILD file is written `#include "vm/stack.h"` or `#include <vm/stack.h>`,
        by this target's own sources and by everything that uses them.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> tuple[str, ...] | None:
        value = super().compute_value([raw_value] if isinstance(raw_value, str) else raw_value, address)
        problems = [
            f"The `{cls.alias}` field of {address} has {root!r}: write a directory of the repository, relative to the "
            "BUILD file."
            for root in value or ()
            if root.startswith(("/", "~")) or leaves_sandbox(posixpath.join(address.spec_path, root))
        ]
        if problems:
            raise InvalidFieldException("\n".join(problems))
        return value


# Pants copies a plugin's field from the generator to what it generates, so that `cc_source` has to have it as well.
class CcSourcesOverridesField(OverridesField):
    help = help_text(
        """
        Other values of fields for some sources of a `cc_sources`: `{"crc32_sse42.c": {"compile_flags": ["-mcrc32"]}}`.

        The keys are files, globs or tuples of them, relative to the BUILD file. A field that is given here replaces
        the target's own value.
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


class CcSharedLibraryDependenciesField(Dependencies):
    help = help_text(
        """
        The `cc_sources` that make up the library. What their headers pull in from other targets is part of it too.
        """
    )


class CcSharedLibraryNameField(StringField):
    alias = "library_name"
    help = help_text(
        """
        The library's name without prefix and ending. Defaults to the target's name.

        The file is `lib{library_name}.so` on Linux, `lib{library_name}.dylib` on macOS and `{library_name}.dll` on
        Windows, and so is the name that it is linked by. Where extensions link to it, the repair of a wheel adds a hash
        to both; where the wheel itself depends on it, it keeps its name, as Python code opens it by that.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: str | None, address: Address) -> str | None:
        value = super().compute_value(raw_value, address)
        if value and ("/" in value or "\\" in value):
            raise InvalidFieldException(
                f"The `{cls.alias}` field of {address} has {value!r}: write a name and not a path."
            )
        return value


class CcWheelFolderField(StringField):
    alias = "wheel_folder"
    help = help_text(
        """
        The folder of a wheel that the library's file is put into, such as `mypackage/lib`, where a
        `python_native_wheel` depends on the library itself: Python code opens it from there, by `ctypes` or `cffi`.

        Defaults to the folder of the BUILD file, relative to its source root, if that is a package of the wheel, and
        otherwise to the one outermost package of the wheel. A library that only extensions link to needs no folder.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: str | None, address: Address) -> str | None:
        value = super().compute_value(raw_value, address)
        if value is None:
            return None
        folder = posixpath.normpath(value)
        if posixpath.isabs(value) or "\\" in value or folder.split("/")[0] in ("", ".", ".."):
            raise InvalidFieldException(
                f"The `{cls.alias}` field of {address} has {value!r}: write a folder inside of the wheel, such as "
                "'mypackage/lib'."
            )
        return folder


class LinkFlagsField(StringSequenceField):
    alias = "link_flags"
    help = help_text(
        """
        Flags for the link, after those of the toolchain, on every platform: as a compiler driver takes them
        (`-lm -pthread -Wl,-z,now -static-libgcc`), or as the platform's linker does.

        The C library, the C++ runtime and the compiler's runtime are linked anyway, so their `-l` flags change
        nothing. No other library is found by `-l` or `-L`: list the `cc_sources` or the `cc_shared_library` in
        `dependencies`. Flags for single platforms go into `platform_link_flags`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Iterable[str] | None, address: Address) -> tuple[str, ...] | None:
        value = super().compute_value(raw_value, address)
        _refuse_flags(cls.alias, value or (), address, is_link=True)
        return value


class PlatformLinkFlagsField(DictStringToStringSequenceField):
    alias = "platform_link_flags"
    help = help_text(
        """
        More `link_flags` on some platforms: `{"*linux_*": ["--wrap=malloc"], "win_*": ["-delayload:user32.dll"]}`. The
        keys are globs of wheel platform tags. The linker is `ld.lld` on Linux, `lld-link` on Windows, and clang as
        a driver on macOS, where a flag for the linker itself is written `-Wl,FLAG`; that form works everywhere.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> FrozenDict[str, tuple[str, ...]] | None:
        value = super().compute_value(raw_value, address)
        check_platform_globs(value or {}, where=f"the `{cls.alias}` field of {address}")
        for flags in (value or {}).values():
            LinkFlagsField.compute_value(flags, address)
        return value


class CcSharedLibraryTarget(Target):
    alias = "cc_shared_library"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        CcSharedLibraryDependenciesField,
        CcSharedLibraryNameField,
        CcWheelFolderField,
        LinkFlagsField,
        PlatformLinkFlagsField,
    )
    help = help_text(
        """
        A shared library that several `python_extension` targets link to and that a wheel carries once.

        An extension that lists it in `dependencies` links to it in place of the objects it is made of. A
        `python_native_wheel` that depends on it, directly or through its Python sources, carries it as a file for
        `ctypes` or `dlopen`, in `wheel_folder`. Symbols are
        hidden unless the code says otherwise: mark the API with `__attribute__((visibility("default")))`, and for
        Windows with `__declspec(dllexport)`; a DLL of which nothing is marked so exports all that is its own.
        Exceptions and `dynamic_cast` work across it. It knows no Python: its sources cannot include `Python.h`.
        """
    )


class CcVariantDependenciesField(Dependencies):
    help = "What a variant links in beside what the extensions link anyway: `cc_sources` or a `cc_shared_library`."


class CcVariantTarget(Target):
    alias = "cc_variant"
    core_fields = (*COMMON_TARGET_FIELDS, CcVariantDependenciesField, DefinesField, CompileFlagsField)
    help = help_text(
        """
        Another build of the same C/C++ sources: with macros, flags and libraries added, such as tracing.

        Name it in the `variant` of a second `python_native_wheel`, which has the `dependencies` of the first and a
        `pyproject.toml` with a name of its own. All of the repository's sources in its extensions are then compiled
        with the variant's `defines` and `compile_flags`; third-party packages' sources are as they were.
        """
    )


class CcRequirementsFileField(StringField):
    alias = "requirements"
    required = True
    value: str
    help = help_text(
        """
        A requirements file in pip's `--hash` form, relative to the BUILD file, that pins the distribution.
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
        The directories of the installed distribution that its headers are included from, relative to
        `site-packages`, such as `nanobind/include`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Iterable[str] | None, address: Address) -> tuple[str, ...]:
        value = super().compute_value(raw_value, address) or ()
        _refuse_outside_package(cls.alias, value, address)
        return value


class CcPackageSourcesField(StringSequenceField):
    alias = "package_sources"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        C/C++ sources of the distribution to compile and link into every extension that includes its headers, relative
        to `site-packages`, such as `nanobind/src/nb_combined.cpp`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Iterable[str] | None, address: Address) -> tuple[str, ...]:
        value = super().compute_value(raw_value, address) or ()
        _refuse_outside_package(cls.alias, value, address)
        return value


class CcPublicDefinesField(DefinesField):
    alias = "defines"
    help = "Macros for the distribution's own sources and for every source that includes its headers."


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
        CompileFlagsField,
        CxxStandardField,
        CStandardField,
    )
    help = help_text(
        """
        C/C++ headers and sources that ship in a Python package: nanobind, pybind11, numpy and the like.

        List it in the `dependencies` of the `cc_sources` that include its headers. Sources that reach headers which
        include `Python.h` are compiled once per Python ABI, all others once per platform.

        Where the distribution has a wheel for each platform, as numpy has, each compile gets the headers of the wheel
        for its own platform and Python; where it has none for that, the build fails and says so.
        """
    )


def target_types() -> tuple[type[Target], ...]:
    return (CcSharedLibraryTarget, CcPythonRequirementTarget, CcVariantTarget)


def rules() -> Iterable[Rule | UnionRule]:
    return [
        target_type.register_plugin_field(field)
        for target_type in (CCSourcesGeneratorTarget, CCSourceTarget)
        for field in (*CC_FIELDS, CcSourcesOverridesField)
    ]
