"""The targets `python_extension` and `python_native_wheel`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional

from pants.backend.python.target_types import InterpreterConstraintsField
from pants.core.goals.package import OutputPathField
from pants.engine.addresses import Address, UnparsedAddressInputs
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    BoolField,
    Dependencies,
    DictStringToStringField,
    DictStringToStringSequenceField,
    IntField,
    MultipleSourcesField,
    SpecialCasedDependencies,
    StringField,
    StringSequenceField,
    Target,
)
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from spokeshave_core.cpython_releases import MAINTAINED
from spokeshave_core.release.version_text import PLACEHOLDERS
from spokeshave_pants.cc.target_types import LinkFlagsField, PlatformLinkFlagsField
from spokeshave_pants.release.target_types import PyprojectField, VersionFileField
from spokeshave_pants.toolchain.platforms import check_platform_globs


class ExtensionModuleField(StringField):
    alias = "module"
    required = True
    value: str
    help = help_text(
        """
        The module's full import name, such as `abacus_runtime._native`.

        Its last part must match the function that the C++ code defines. For example, nanobind's `NB_MODULE(_native, m)`
        and pybind11's `PYBIND11_MODULE(_native, m)` define `PyInit__native`.
        """
    )


class ExtensionDependenciesField(Dependencies):
    help = help_text(
        """
        The `cc_sources` of the binding. The core is inferred: the targets that own the included headers are linked in.
        A `cc_shared_library` that is listed here, or by one of those targets, is linked to instead.
        """
    )


class LimitedApiField(StringSequenceField):
    alias = "limited_api"
    help = help_text(
        """
        The first Python whose stable ABI is used, such as `"3.12"`. One `abi3` build serves this Python and all later
        ones (PEP 384). Each earlier Python in `pythons` has a build of its own, and so has each free-threaded one. By
        default, each Python has its own.

        `"3.15t"` stands for the stable ABI that free-threaded Pythons have too (PEP 803). One build, tagged
        `cp315-abi3.abi3t`, serves 3.15, 3.15t and all later Pythons. `["3.12", "3.15t"]` makes a `cp312-abi3` build for
        3.12 to 3.14 and this one.

        The binding is compiled with `Py_LIMITED_API`, and for `"3.15t"` with `Py_TARGET_ABI3T` as well, which hides the
        fields of `PyObject` and `PyModuleDef`: define the module by `PyModExport_` (PEP 793). nanobind supports `abi3`
        from 3.12 on, and `abi3t` only in its split mode. pybind11 supports neither.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> Optional[tuple[str, ...]]:
        return super().compute_value([raw_value] if isinstance(raw_value, str) else raw_value, address)


class ExtensionPlatformsField(StringSequenceField):
    alias = "platforms"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        The platforms whose wheels contain the extension, as globs of wheel platform tags, such as `["win_*"]`. It is
        neither compiled nor linked for others. Defaults to all platforms of the wheel.

        Python code must then import the module only on these platforms. `check` compiles sources for the platforms of
        their own target: if they compile on no other one, set the `platforms` of the `cc_sources` as well. To choose
        sources by platform instead, so that one module has a different implementation on each, use only the `platforms`
        of `cc_sources`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[Iterable[str]], address: Address) -> tuple[str, ...]:
        value = super().compute_value(raw_value, address) or ()
        check_platform_globs(value, where=f"the `{cls.alias}` field of {address}")
        return value


class ExtensionConstraintsField(InterpreterConstraintsField):
    help = help_text(
        """
        The Pythons of this machine for which Pants' own goals (`test`, `run`, `repl`, `package` of a `pex_binary`) may
        build the extension, such as `["CPython>=3.11,<3.14"]`. Like the field of `python_sources`, it must allow all
        Pythons that the importing sources allow, and defaults to `[python].interpreter_constraints`.

        Wheels are built for the `pythons` of the `python_native_wheel` and do not depend on this field.
        """
    )


class ExtensionSourcesField(MultipleSourcesField):
    """Marker: the extension's files can be generated next to Python sources."""

    alias = "_sources"
    expected_num_files = 0


class PythonExtensionTarget(Target):
    alias = "python_extension"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        ExtensionSourcesField,
        ExtensionConstraintsField,
        ExtensionModuleField,
        ExtensionDependenciesField,
        ExtensionPlatformsField,
        LimitedApiField,
        LinkFlagsField,
        PlatformLinkFlagsField,
    )
    help = help_text(
        """
        An extension module in C or C++, built once per Python ABI and platform from one compile of its core.

        A source is compiled for each Python ABI only if it can reach `Python.h`. All other sources are compiled once
        per platform. List the extension in the `dependencies` of a `python_native_wheel`, or import it from a Python
        source of the wheel.

        Python code that imports the module gets it in `test`, `run`, `repl` and `package` of a `pex_binary` too, built
        for this machine and its Pythons.
        """
    )


class WheelDependenciesField(Dependencies):
    help = help_text(
        """
        The content of the wheel: `python_extension`, `python_sources`, `resources`, `cc_shared_library` (for `ctypes`,
        `cffi` or `dlopen`), and their dependencies. A target that cannot be in a wheel, such as `files`, is an error.

        Another `python_native_wheel` listed here is not copied. It becomes a requirement, pinned to the version that
        this wheel is stamped with. A `python_requirement` that the sources import is a requirement too: it is added to
        the metadata if `pyproject.toml` has `dynamic = ["dependencies"]`, and otherwise must be in its `dependencies`.
        The same applies to another distribution of the repository that owns sources which are imported.
        """
    )


class PythonsField(StringSequenceField):
    alias = "pythons"
    help = help_text(
        f"""
        The Pythons that the wheel is built and smoke-tested for, such as `["3.11", "3.12", "3.14t"]`. A `t` means the
        free-threaded build (PEP 703). A wheel with shared libraries and no extension has one build for all of them,
        tagged `py3-none`.

        Defaults to all maintained versions, {MAINTAINED[0]} to {MAINTAINED[-1]}, that the `requires-python` of
        `pyproject.toml` allows.
        """
    )


class PlatformsField(StringSequenceField):
    alias = "platforms"
    default = ("manylinux_2_17_x86_64",)
    value: tuple[str, ...]
    help = help_text(
        """
        The wheel platform tags to build for, such as `manylinux_2_17_x86_64`, `musllinux_1_2_aarch64`,
        `macosx_11_0_universal2` and `win_amd64`, or `host`, the newest tag that this machine runs. A tag determines the
        operating system, the C library, its minimum version and the architecture. Nothing else needs to be configured.
        Defaults to `manylinux_2_17_x86_64`.

        The option `--native-wheel-platforms` selects some of them for one run.
        """
    )


class VariantField(StringField):
    alias = "variant"
    help = help_text(
        """
        The `cc_variant` that the wheel's C/C++ sources are compiled with, such as `":tracing"`. It builds the same
        extensions with additional macros and libraries, as a package with another name. Defaults to none.
        """
    )


class VersionModuleField(StringField):
    alias = "version_module"
    help = help_text(
        """
        A module with `__version__` that is generated in the wheel, such as `abacus_runtime/_version.py`. It is written
        when the wheel is stamped, so no source and no object depends on the version. By default, none is generated.
        """
    )


class VersionFilesField(DictStringToStringField):
    alias = "version_files"
    help = help_text(
        f"""
        Files of the wheel that contain its version, such as a `.pc` file or a header with a version macro. For example,
        `{{"abacus/include/abacus/version.h": "version.h.in"}}` maps a path in the wheel to a template relative to the
        BUILD file. Defaults to none.

        A template contains {", ".join(f"`@{name}@`" for name in PLACEHOLDERS)}: the version, its first three numbers,
        the version as a part of a name in C (`3_12_0rc1`), and the commit, which is empty if it is not known. The files
        are written when the wheel is stamped. Pants' own goals (`test`, `run`) do not see them.

        C and C++ sources read the version with `SPOKESHAVE_VERSION()` of `<spokeshave/version.h>`.
        """
    )


class _HeaderFoldersField(DictStringToStringSequenceField):
    alias = "headers"


class HeadersField(SpecialCasedDependencies):
    alias = "headers"
    # The targets are dependencies, for `--changed-since`, but no part of the Python code.
    value: FrozenDict[str, tuple[str, ...]] | None  # type: ignore[assignment]
    help = help_text(
        """
        The C and C++ headers to install, for projects that build against the installed package. For example,
        `{"abacus_runtime/include": ["src/cpp/capi"]}` maps an include directory in the wheel to the `cc_sources` whose
        headers it contains. Defaults to none.

        A header has the path by which sources include it: relative to the `include_root` of its target, or else to its
        source root. Sources among the files of a target are left out. `resources` and `files` can be listed too. A
        header with the version in it is one of the `version_files`.

        See also `cmake` and `pkg_config`, by which projects find the headers. `python -m PACKAGE --includedir` prints
        the include directory.
        """
    )

    @classmethod
    def compute_value(  # type: ignore[override]
        cls, raw_value: Optional[Mapping[str, Iterable[str]]], address: Address
    ) -> Optional[FrozenDict[str, tuple[str, ...]]]:
        value: FrozenDict[str, tuple[str, ...]] | None = _HeaderFoldersField.compute_value(
            None if raw_value is None else dict(raw_value), address
        )
        return value

    def to_unparsed_address_inputs(self) -> UnparsedAddressInputs:
        return UnparsedAddressInputs(
            dict.fromkeys(target for targets in (self.value or {}).values() for target in targets),
            owning_address=self.address,
            description_of_origin=f"the `{self.alias}` field of {self.address}",
        )


class CmakeField(StringField):
    alias = "cmake"
    help = help_text(
        """
        The name of a CMake package that is generated in the wheel, such as `"Abacus"`: `find_package(Abacus)` defines
        the target `Abacus::NAME` for each `cc_shared_library` of the wheel, and `Abacus::headers` for its headers
        alone. By default, none is generated.

        The files `AbacusConfig.cmake` and `AbacusConfigVersion.cmake` are in `lib/cmake/Abacus` of the wheel's
        outermost package. If it has several, name one: `"acme/core/Abacus"`. Their paths are relative, and they contain
        the version, as `version_files` do. A file of your own at one of these paths, such as one of the
        `version_files`, replaces the generated one. On Windows, the wheel then has the import library of each DLL.

        scikit-build-core finds the package by the entry point `cmake.root`. `python -m PACKAGE --cmakedir` prints its
        folder. Projects are compiled with `ABACUS_EXPECTED_VERSION=ABACUS_VERSION_IS_3_12_0`, by which a header can
        refuse to be of another version: see `docs/downstream.md`.
        """
    )


class PkgConfigField(StringField):
    alias = "pkg_config"
    help = help_text(
        """
        The name of a pkg-config file that is generated in the wheel, such as `"abacus"` for `abacus.pc`. It has the
        version, the include directories and the libraries of the wheel. By default, none is generated.

        The file is in `lib/pkgconfig` of the wheel's outermost package. If it has several, name one:
        `"acme/core/abacus"`. Its paths are relative to itself. A file of your own at this path, such as one of the
        `version_files`, replaces it.

        The Python package `pkgconf` finds the file by the entry point `pkg_config`.
        `python -m PACKAGE --pkgconfigdir` prints its folder.
        """
    )


class DataFilesField(DictStringToStringField):
    alias = "data_files"
    help = help_text(
        """
        Files to install outside the packages, under the environment's prefix. For example,
        `{"share/man/man1/tool.1": "tool.1"}` maps an installed path to a file relative to the BUILD file. Use
        `resources` for data files of a package.
        """
    )


class SmokeTestsField(StringSequenceField):
    alias = "smoke_tests"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Tests that pytest runs against the installed wheel, in a fresh environment without the source tree. Each entry,
        such as `"smoke/test_*.py"`, is relative to the BUILD file. Files and globs are copied side by side, together
        with listed data files that the tests read; folders are copied completely.

        Without tests, each extension is still imported and each console script is still run with `--help`.
        """
    )


class SmokeScriptsField(DictStringToStringSequenceField):
    alias = "smoke_scripts"
    help = help_text(
        """
        The arguments with which a smoke test runs a console script that does not support `--help`, such as
        `{"abacus": ["--version"], "abacus-server": []}`. A script with an empty list is reported as *not run*.
        All other scripts are run with `--help`.

        Each script must exit with code 0 within `smoke_timeout` seconds.
        """
    )


class SmokeOptionalImportsField(StringSequenceField):
    alias = "smoke_optional_imports"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Modules that a smoke test does not import, such as `["abacus.contrib"]`, because they need a distribution that
        the wheel does not require, such as those of an extra. Their submodules are not imported either, and console
        scripts of these modules are not run, unless `smoke_scripts` lists them. They are reported as *not run*. All
        other extensions and top-level packages are imported. Defaults to none.
        """
    )


class SmokeRequirementsField(StringField):
    alias = "smoke_requirements"
    help = help_text(
        """
        The requirements file of the smoke tests, relative to the BUILD file, in pip's `--hash` form. It must contain
        `pytest` and the run-time requirements of the tests and of the wheel. Defaults to a file that contains pytest
        only.
        """
    )


class SmokeTimeoutField(IntField):
    alias = "smoke_timeout"
    default = 120
    value: int
    help = "The timeout of each smoke check (an import, a script's `--help`, the tests), in seconds. Defaults to 120."


class RequireSmokeOnField(StringSequenceField):
    alias = "require_smoke_on"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        The platforms and Pythons on which a smoke test must run, as globs of platform tags (`manylinux_*`) and versions
        (`3.12`). A test that cannot run there is an error. On others it is reported as *not run*, with the reason.
        Defaults to none.
        """
    )


class RepositoriesField(StringSequenceField):
    alias = "repositories"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        The repositories that `publish` uploads the wheels to, such as `["@pypi"]`. An entry is `@name` for a repository
        of `~/.pypirc` or of `[wheel-publish].repositories`, or the URL of an upload endpoint. Without any, `publish`
        skips the target.

        Credentials come only from the environment (`TWINE_USERNAME`, `TWINE_PASSWORD`, and for a repository `@name`
        also `TWINE_USERNAME_NAME`, `TWINE_PASSWORD_NAME`) or from `~/.pypirc`.
        """
    )


class SdistField(BoolField):
    alias = "sdist"
    default = False
    value: bool
    help = help_text(
        """
        Whether `package` also writes an sdist, which pip builds with CMake and gcc, clang or MSVC, without Pants and
        without the toolchain of the wheels. Defaults to `False`.

        `dist/NAME-VERSION.tar.gz` contains the sources that the wheel is built from, with a generated `CMakeLists.txt`,
        and the build requirement scikit-build-core in `pyproject.toml`. A `release` publishes it after the wheels. See
        `docs/sdists.md`.
        """
    )


class PythonNativeWheelTarget(Target):
    alias = "python_native_wheel"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        OutputPathField,
        PyprojectField,
        WheelDependenciesField,
        PythonsField,
        PlatformsField,
        VariantField,
        VersionFileField,
        VersionModuleField,
        VersionFilesField,
        HeadersField,
        CmakeField,
        PkgConfigField,
        DataFilesField,
        SmokeTestsField,
        SmokeScriptsField,
        SmokeOptionalImportsField,
        SmokeRequirementsField,
        SmokeTimeoutField,
        RequireSmokeOnField,
        SdistField,
        RepositoriesField,
    )
    help = help_text(
        """
        The wheels of one distribution with native code, one for each Python ABI and platform.

        `package` compiles the extensions, assembles the wheels from `pyproject.toml`, repairs them for their platform
        tag, verifies and stamps them, and smoke-tests each wheel in a fresh environment. If a wheel fails its smoke
        test, none is written to `dist/`.
        """
    )
