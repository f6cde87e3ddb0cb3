"""The targets `python_extension` and `python_native_wheel`."""

from __future__ import annotations

from pants.core.goals.package import OutputPathField
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    Dependencies,
    DictStringToStringField,
    DictStringToStringSequenceField,
    IntField,
    StringField,
    StringSequenceField,
    Target,
)
from pants.util.strutil import help_text

from spokeshave_pants.cc.target_types import LinkFlagsField, PlatformLinkFlagsField
from spokeshave_pants.release.target_types import PyprojectField, VersionFileField


class ExtensionModuleField(StringField):
    alias = "module"
    required = True
    value: str
    help = help_text(
        """
        The module's full import name, such as `abacus_runtime._native`.

        Its last part must fit the function that the C++ defines: `PyInit__native`, which nanobind's
        `NB_MODULE(_native, m)` and pybind11's `PYBIND11_MODULE(_native, m)` define.
        """
    )


class ExtensionDependenciesField(Dependencies):
    help = help_text(
        """
        The `cc_sources` of the binding. The core follows by itself: whatever headers they include pull in the
        targets that own them. A `cc_shared_library` listed here, or by one of those, is linked to and not into.
        """
    )


class LimitedApiField(StringField):
    alias = "limited_api"
    help = help_text(
        """
        The first Python whose stable ABI is used, such as `"3.12"`: one `abi3` build serves that Python and all
        later ones (PEP 384); each earlier one in `pythons` has a build of its own. Unset, each Python has its own.

        The binding is then compiled with `Py_LIMITED_API`; nanobind supports it from 3.12 on, pybind11 does not.
        """
    )


class PythonExtensionTarget(Target):
    alias = "python_extension"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        ExtensionModuleField,
        ExtensionDependenciesField,
        LimitedApiField,
        LinkFlagsField,
        PlatformLinkFlagsField,
    )
    help = help_text(
        """
        An extension module in C or C++, built once per Python ABI and platform from one compile of its core.

        A source is compiled for each Python ABI only if it can reach `Python.h`; all others once per platform.
        List it in the `dependencies` of a `python_native_wheel`, or let a Python source of the wheel import it.
        """
    )


class WheelDependenciesField(Dependencies):
    help = help_text(
        """
        What goes into the wheel: `python_extension`, `python_sources`, `resources`, `cc_shared_library` (for `ctypes`
        and the like), and what those depend on. What cannot be in a wheel, such as `files`, is an error.

        Another `python_native_wheel` listed here is not put in but required, pinned to the very version that this
        wheel is stamped with. A `python_requirement` that the sources import is required as well: it is added to the
        metadata if `pyproject.toml` has `dynamic = ["dependencies"]`, and otherwise must be in its `dependencies`.
        So is another distribution of the repository that owns what the sources import.
        """
    )


class PythonsField(StringSequenceField):
    alias = "pythons"
    help = help_text(
        """
        The Pythons that the wheel is built and smoke-tested for, such as `["3.10", "3.12", "3.13t"]`, where a `t` means
        the free-threaded build (PEP 703). A wheel with shared libraries and no extension has one build for all of them,
        tagged `py3-none`.

        Unset, every release from 3.10 to 3.14 that the `requires-python` of `pyproject.toml` allows.
        """
    )


class PlatformsField(StringSequenceField):
    alias = "platforms"
    default = ("manylinux_2_17_x86_64",)
    value: tuple[str, ...]
    help = help_text(
        """
        The wheel platform tags to build for, such as `manylinux_2_17_x86_64`, `musllinux_1_2_aarch64`,
        `macosx_11_0_universal2` and `win_amd64`, or `host`, the newest that this machine runs. A tag says OS, libc, its
        lowest version and the architecture; nothing else needs configuring.

        `--native-wheel-platforms` narrows a run to some of them.
        """
    )


class VariantField(StringField):
    alias = "variant"
    help = help_text(
        """
        The `cc_variant` that the wheel's C/C++ sources are compiled with: the same wheel once more, with a macro and a
        library added, as a package of another name.
        """
    )


class VersionModuleField(StringField):
    alias = "version_module"
    help = help_text(
        """
        A module to generate in the wheel that holds `__version__`, such as `abacus_runtime/_version.py`.
        It is written when the wheel is stamped, so no source and no object ever knows the version.
        """
    )


class DataFilesField(DictStringToStringField):
    alias = "data_files"
    help = help_text(
        """
        Files to install outside of the packages, under the environment's prefix: `{"share/man/man1/tool.1": "tool.1"}`
        maps the installed path to a file relative to the BUILD file. Data of a package are `resources` instead.
        """
    )


class SmokeTestsField(StringSequenceField):
    alias = "smoke_tests"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Tests, relative to the BUILD file, that pytest runs against the installed wheel, in a fresh environment with
        the source tree out of sight: files or globs, also of data that they read beside them, which are copied side
        by side, or folders, which are copied whole. Without any, the import of each extension and the `--help` of
        each console script are tried all the same.
        """
    )


class SmokeScriptsField(DictStringToStringSequenceField):
    alias = "smoke_scripts"
    help = help_text(
        """
        The arguments that a smoke test runs a console script with, where the script takes no `--help`:
        `{"abacus": ["--version"], "abacus-server": []}`. A script without arguments here is not run, and is reported
        as *not run*. Scripts that are not named are run with `--help`.

        Each has to exit with 0 within `smoke_timeout` seconds.
        """
    )


class SmokeOptionalImportsField(StringSequenceField):
    alias = "smoke_optional_imports"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Modules that a smoke test does not import, nor any below them, such as `["abacus.contrib"]`: they need a
        distribution that the wheel does not require. They are reported as *not run*. Every extension and outermost
        package that is not named is imported.
        """
    )


class SmokeRequirementsField(StringField):
    alias = "smoke_requirements"
    help = help_text(
        """
        A requirements file in pip's `--hash` form, relative to the BUILD file, with what the smoke tests and the
        wheel itself need at run time. Add `pytest` to it. Defaults to pytest alone.
        """
    )


class SmokeTimeoutField(IntField):
    alias = "smoke_timeout"
    default = 120
    value: int
    help = "How many seconds each smoke check (an import, a script's `--help`, the tests) may take."


class RequireSmokeOnField(StringSequenceField):
    alias = "require_smoke_on"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Platform tags (globs, such as `manylinux_*`) and Pythons (such as `3.12`) on which a smoke test that could not
        be run is an error. Elsewhere it is reported as *not run*, with the reason.
        """
    )


class RepositoriesField(StringSequenceField):
    alias = "repositories"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Where `publish` uploads the wheels to: `@name` for a repository of `~/.pypirc` or of
        `[wheel-publish].repositories`, or the URL of an upload endpoint.

        Credentials come from the environment (`TWINE_USERNAME`, `TWINE_PASSWORD`, and for a repository `@name` also
        `TWINE_USERNAME_NAME`, `TWINE_PASSWORD_NAME`) or from `~/.pypirc`, and from nowhere else.
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
        DataFilesField,
        SmokeTestsField,
        SmokeScriptsField,
        SmokeOptionalImportsField,
        SmokeRequirementsField,
        SmokeTimeoutField,
        RequireSmokeOnField,
        RepositoriesField,
    )
    help = help_text(
        """
        Wheels of one distribution with native code, one for each Python ABI and platform.

        `package` compiles the extensions, assembles the wheels from `pyproject.toml`, repairs them to their platform
        tag, verifies and stamps them, and installs and tests each in a fresh environment. Only a wheel that
        passed is written to `dist/` and can be published.
        """
    )
