"""The target `release`: wheels that share a version and are released together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Optional

from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    DictStringToStringField,
    DictStringToStringSequenceField,
    InvalidFieldException,
    SpecialCasedDependencies,
    StringField,
    StringSequenceField,
    Target,
)
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from spokeshave_core.channel import AT_COMMIT, Channel

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REVISION = re.compile(r"[!-~]+")
# The others name a commit and are not released.
_RELEASED_CHANNELS = tuple(channel.value for channel in Channel if channel not in AT_COMMIT)


class ReleaseWheelsField(SpecialCasedDependencies):
    alias = "wheels"
    required = True
    help = 'The addresses of the `python_native_wheel` targets of the release, such as `["src/python:runtime_wheel"]`.'


class ReleaseNameField(StringField):
    alias = "release_name"
    help = help_text(
        """
        The name of the release, in its record and in the folder `dist/releases/NAME/VERSION` that `package` writes it
        to. Letters, digits, `_` and `-`. Defaults to the target's name.
        """
    )


class ReleasePlatformsField(StringSequenceField):
    alias = "platforms"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        The platforms that the release consists of, as globs of wheel platform tags, such as
        `["manylinux_*", "macosx_*"]`: wheels for others are built, but do not belong to it. Defaults to all platforms
        of its wheels. Each wheel for these platforms must be there, or no record is written.
        """
    )


class ReleaseRepositoriesField(StringSequenceField):
    alias = "repositories"
    default = ()
    value: tuple[str, ...]
    help = help_text(
        """
        Where `publish` sends the whole release, and what `release-check` asks: `@name`, such as `@testpypi`, or the URL
        of an upload endpoint, as in the field of `python_native_wheel`; `index:PATH`, a static index for any web server
        that `spokeshave index` writes; or `folder:PATH`, a folder of files for `pip install --find-links`. A path is
        relative to the build root. `--wheel-publish-to` chooses one of several.
        """
    )


class ReleaseChannelsField(DictStringToStringSequenceField):
    alias = "channels"
    help = help_text(
        f"""
        Where releases of a channel go instead of to `repositories`, such as
        `{{"nightly": ["index:dist/index"], "stable": ["@testpypi", "@pypi"]}}`. Entries are those of `repositories`. A
        channel that is not listed goes to `repositories`; one with an empty list is not published. The channels are
        {", ".join(f"`{channel}`" for channel in _RELEASED_CHANNELS)} (see `--release-version-channel`).
        """
    )

    @classmethod
    def compute_value(
        cls, raw_value: Optional[dict[str, Iterable[str]]], address: Address
    ) -> Optional[FrozenDict[str, tuple[str, ...]]]:
        """Return the repositories of each channel.

        Raises:
            InvalidFieldException: If a key is not a channel that is released.
        """
        value = super().compute_value(raw_value, address)
        wrong = [repr(channel) for channel in value or {} if channel not in _RELEASED_CHANNELS]
        if wrong:
            raise InvalidFieldException(
                f"The field `{cls.alias}` of {address} has {', '.join(wrong)}, which is not a released channel. "
                f"Write {', '.join(_RELEASED_CHANNELS)}."
            )
        return value


class RevisionsField(DictStringToStringField):
    alias = "revisions"
    help = help_text(
        """
        The revisions of what the release is pinned to, by name, such as `{"llvm": "<sha>"}`. They are written into the
        version module of each wheel and into the release record, and do not enter the version.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[dict[str, str]], address: Address) -> Optional[FrozenDict[str, str]]:
        """Return the revisions.

        Raises:
            InvalidFieldException: If a name or a revision has characters that a command line could misread.
        """
        value = super().compute_value(raw_value, address)
        wrong = [f"{name}={revision}" for name, revision in (value or {}).items() if not _is_revision(name, revision)]
        if wrong:
            raise InvalidFieldException(
                f"The field `{cls.alias}` of {address} has {', '.join(map(repr, wrong))}. Write a name of letters, "
                "digits, `.`, `_` and `-`, and a revision without spaces, such as a commit's SHA."
            )
        return value


def _is_revision(name: str, revision: str) -> bool:
    return _NAME.fullmatch(name) is not None and _REVISION.fullmatch(revision) is not None


class ReleaseTarget(Target):
    alias = "release"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        ReleaseChannelsField,
        ReleaseNameField,
        ReleasePlatformsField,
        ReleaseRepositoriesField,
        ReleaseWheelsField,
        RevisionsField,
    )
    help = help_text(
        """
        A release set: wheels that are stamped with one common version, and published together or not at all.

        The common version is the PEP 440 maximum of the wheels' version files, which must have the same X.Y.
        `release-version` prints it. `package` writes the release record, `publish` sends it as a whole.
        """
    )


class PyprojectField(StringField):
    alias = "pyproject"
    default = "pyproject.toml"
    value: str
    help = help_text(
        """
        The `pyproject.toml` with the wheel's metadata (PEP 621), relative to the BUILD file.

        With `dynamic = ["version"]`, the version is computed (see `release-version`) and stamped last. A static version
        is kept. Readme and license files (PEP 639) are next to `pyproject.toml`. Without `license-files`, the license
        files are those that match `LICEN[CS]E*`, `COPYING*`, `NOTICE*` or `AUTHORS*`. The build backend is not used.
        """
    )


class VersionFileField(StringField):
    alias = "version_file"
    help = help_text(
        """
        The `version.json` of the package, relative to the BUILD file, in the form used by IREE:
        `{"package-version": "3.12.0.dev"}`. Defaults to the `version.json` next to `pyproject.toml`.
        """
    )
