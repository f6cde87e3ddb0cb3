"""The target `python_backend_wheel`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Optional

from pants.core.goals.package import OutputPathField
from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    BoolField,
    Dependencies,
    DictStringToStringField,
    DictStringToStringSequenceField,
    Field,
    InvalidFieldException,
    InvalidFieldTypeException,
    StringField,
    StringSequenceField,
    Target,
    TriBoolField,
)
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from spokeshave_pants.cc.project.target_types import NativeCompilerField
from spokeshave_pants.release.target_types import VersionFileField
from spokeshave_pants.sources.target_types import SOURCE_TREE_FIELDS
from spokeshave_pants.toolchain.platforms import check_platform_globs
from spokeshave_pants.wheel.target_types import (
    LimitedApiField,
    PlatformsField,
    PythonsField,
    RepositoriesField,
    RequireSmokeOnField,
    SdistField,
    SmokeOptionalImportsField,
    SmokeRequirementsField,
    SmokeScriptsField,
    SmokeTestsField,
    SmokeTimeoutField,
)


class VersionMode(Enum):
    """The origin of the version of a wheel that the project's own backend builds."""

    OWN = "own"
    STAMPED = "stamped"
    BAKED = "baked"


class VersionWriter(Enum):
    """How a file of a wheel contains the version."""

    PLAIN = "plain"
    SETUPTOOLS_SCM = "setuptools_scm"


class BuildRequirementsField(StringField):
    alias = "build_requirements"
    help = help_text(
        """
        The requirements file of the build, relative to the BUILD file, in pip's `--hash` form. It pins everything that
        the backend asks for: the `requires` of `[build-system]`, what they require, and what the backend asks for in
        addition. Defaults to a file with setuptools and wheel.

        For example, `uv pip compile --generate-hashes --universal --python-version 3.9 build.in -o build.txt`, with the
        oldest of `pythons`, makes it from a `build.in` with the lines `meson-python` and `cython`. An error lists what
        is missing. Requirements such as numpy are installed for this machine; the headers and libraries in the wheel
        for the target are used in their place.
        """
    )


class ConfigSettingsField(DictStringToStringSequenceField):
    alias = "config_settings"
    help = help_text(
        """
        Settings for the build backend, as `pip wheel --config-settings` has them. For example,
        `{"setup-args": ["-Dblas=none"], "cmake.define.WITH_TESTS": "OFF"}`. Defaults to none.
        """
    )

    @classmethod
    def compute_value(
        cls, raw_value: Optional[Mapping[str, Any]], address: Address
    ) -> Optional[FrozenDict[str, tuple[str, ...]]]:
        if isinstance(raw_value, Mapping):
            raw_value = {name: [value] if isinstance(value, str) else value for name, value in raw_value.items()}
        return super().compute_value(raw_value, address)


class BackendEnvField(DictStringToStringField):
    alias = "env"
    help = help_text(
        """
        Environment variables for the build, such as `{"LEVENSHTEIN_BUILD_EXTENSION": "1"}`. Nothing else of the
        environment of `./pants` reaches the build. Defaults to none.
        """
    )


class BackendPlatformEnvField(Field):
    alias = "platform_env"
    value: FrozenDict[str, FrozenDict[str, str]]
    default = FrozenDict()
    help = help_text(
        """
        Additional `env` for some platforms, such as `{"win_*": {"WITH_MMAP": "0"}}`. The keys are globs of wheel
        platform tags. Of several that match, the last one wins. Defaults to none.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[Any], address: Address) -> FrozenDict[str, FrozenDict[str, str]]:
        value = super().compute_value(raw_value, address) or {}
        if not isinstance(value, Mapping):
            raise InvalidFieldTypeException(
                address, cls.alias, raw_value, expected_type="a dictionary of dictionaries of strings"
            )
        parsed = {glob: BackendEnvField.compute_value(variables, address) for glob, variables in value.items()}
        check_platform_globs(parsed, where=f"the `{cls.alias}` field of {address}")
        return FrozenDict({glob: variables or FrozenDict() for glob, variables in parsed.items()})


class BackendDependenciesField(Dependencies):
    help = help_text(
        """
        The C and C++ projects that the build finds by `find_package`, by pkg-config, or as `-I` and `-l`, such as
        `["3rdparty/cpp:snappy"]`. Their shared libraries are copied into the wheel.
        """
    )


class BackendLimitedApiField(LimitedApiField):
    help = help_text(
        """
        The first Python that the project's own abi3 wheels are for, such as `"3.12"`. One build serves this Python and
        all later ones (PEP 384); each earlier Python in `pythons` has a build of its own. The project decides whether
        its wheels use the stable ABI. If it tags them for an earlier Python, they are tagged for this one. By default,
        each Python has its own build.
        """
    )


class AnyPythonField(BoolField):
    alias = "any_python"
    default = False
    help = help_text(
        """
        Whether the project's wheels are for any Python 3 (`py3-none`): they contain libraries that Python code opens by
        ctypes or cffi, or programs, and no extension module. One build for each platform then serves all `pythons`, and
        is smoke-tested on each.

        The project decides on the tag of its wheels: for example by `wheel.py-api = "py3"` for scikit-build-core.
        """
    )


class BackendVersionField(StringField):
    alias = "version"
    valid_choices = VersionMode
    help = help_text(
        """
        The origin of the version.

        `own` keeps the version of the project, such as that of an sdist.

        `stamped` builds the wheel with a placeholder and writes the version last, so that a new version builds nothing:
        into the metadata, and into the files that `version_files` lists. The placeholder is given to setuptools_scm,
        hatch-vcs, versioningit and meson-python, and replaces a static version in `pyproject.toml`.

        `baked` gives the version itself to the build, which is necessary if compiled code contains it. Each version is
        a build of its own.

        With `stamped` and `baked`, the version is computed (see `release-version`). Defaults to `own` if the project
        states its version, as each sdist does, or takes it from a file of its own, such as `__init__.py` or
        `meson.build`, and otherwise to `stamped`.
        """
    )

    @property
    def mode(self) -> Optional[VersionMode]:
        """Return the chosen mode. None if the project decides."""
        return None if self.value is None else VersionMode(self.value)


class BackendVersionFilesField(DictStringToStringField):
    alias = "version_files"
    help = help_text(
        """
        Files of the wheel that contain its version, by their path in the wheel, each with the way in which it does:
        `{"levenshtein/_version.py": "setuptools_scm"}`. They are written when the wheel is stamped. Defaults to none.

        `plain` files contain the version as a text. A file that setuptools_scm, hatch-vcs or versioningit writes is
        `setuptools_scm`: it contains the version as a tuple too. An error lists other files that contain the version.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[dict[str, str]], address: Address) -> Optional[FrozenDict[str, str]]:
        value = super().compute_value(raw_value, address)
        known = [writer.value for writer in VersionWriter]
        wrong = sorted({writer for writer in (value or {}).values() if writer not in known})
        if wrong:
            raise InvalidFieldException(
                f"The field `{cls.alias}` of {address} has {', '.join(map(repr, wrong))}. Write one of "
                f"{', '.join(map(repr, known))}."
            )
        return value


class BackendExcludeField(StringSequenceField):
    alias = "exclude"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Globs of files of the backend's wheel to leave out, such as `["tests/*", ".gitignore"]`: files that the project
        installs next to its packages, or that nothing needs at run time. `*` also matches `/`. Metadata is never left
        out. Defaults to none.
        """
    )


class TargetPlatformInPythonField(TriBoolField):
    alias = "target_platform_in_python"
    help = help_text(
        """
        Whether `sys.platform` of the Python that runs the build is that of the target, so that a `setup.py` that reads
        it decides for the target. All else in `sysconfig`, `platform` and `os.uname` is the target's in any case.
        Defaults to true for macOS, and to false for Windows.

        For Windows, set it to true for a `setup.py` that chooses its sources by `os.name` or `sys.platform`. Both are
        then those of Windows for the project's own code, and not for setuptools, which would start Microsoft's
        compiler. A project that chooses that compiler's flags so (`/O2`) cannot be built in this way.
        """
    )


class BackendSmokeTestsField(SmokeTestsField):
    help = help_text(
        """
        Tests that pytest runs against the installed wheel, in a fresh environment without the source tree. An entry
        such as `"tests"` or `"tests/test_*.py"` is a path in the project, or else relative to the BUILD file. Files and
        globs are copied side by side; folders are copied completely.

        The packages that the tests import are pinned in `smoke_requirements`. Without tests, each extension is still
        imported and each console script is still run with `--help`.
        """
    )


class BackendSdistField(SdistField):
    help = help_text(
        """
        Whether `package` also writes an sdist, `dist/NAME-VERSION.tar.gz`, made by the project's own build backend.
        Defaults to `False`.

        A wheel is built from it and compared with the wheel of the source tree, as backends leave files out that
        nobody listed. A `release` publishes the sdist after the wheels. The backend writes its version. See
        `docs/sdists.md`.
        """
    )


class PythonBackendWheelTarget(Target):
    alias = "python_backend_wheel"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        *SOURCE_TREE_FIELDS,
        OutputPathField,
        BackendDependenciesField,
        BuildRequirementsField,
        ConfigSettingsField,
        BackendEnvField,
        BackendPlatformEnvField,
        NativeCompilerField,
        TargetPlatformInPythonField,
        PythonsField,
        PlatformsField,
        BackendLimitedApiField,
        AnyPythonField,
        BackendVersionField,
        BackendVersionFilesField,
        BackendExcludeField,
        VersionFileField,
        BackendSmokeTestsField,
        SmokeScriptsField,
        SmokeOptionalImportsField,
        SmokeRequirementsField,
        SmokeTimeoutField,
        RequireSmokeOnField,
        BackendSdistField,
        RepositoriesField,
    )
    help = help_text(
        """
        The wheels of an existing project, built by its own build backend (PEP 517), one for each Python ABI and
        platform: setuptools, scikit-build-core, meson-python and others that compile C and C++.

        The project is not changed. Its build runs without network, with pinned requirements, and compiles for any
        platform from this machine: the Python that runs it describes the target. It needs a CPython of this machine
        with the version of the wheel. The wheels are then repaired, verified, stamped, smoke-tested and published as
        those of a `python_native_wheel`.

        For example, `python_sdist(name="sdist", requirements="markupsafe.txt")` and
        `python_backend_wheel(name="markupsafe", source=":sdist")`.
        """
    )
