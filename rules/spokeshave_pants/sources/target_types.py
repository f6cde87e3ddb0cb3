"""Fields for the source tree of an existing project, and the target of a source distribution."""

from __future__ import annotations

from typing import Optional

from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    Dependencies,
    IntField,
    InvalidFieldException,
    MultipleSourcesField,
    StringField,
    Target,
)
from pants.util.strutil import help_text

from spokeshave_pants.sources.paths import is_inside


class SdistRequirementsField(StringField):
    alias = "requirements"
    required = True
    value: str
    help = help_text(
        """
        The requirements file that pins the distribution, relative to the BUILD file: one entry, in pip's `--hash`
        form, such as `markupsafe==3.0.4 --hash=sha256:...`. One of the hashes is that of the source distribution;
        `uv pip compile --generate-hashes --no-deps` writes those of all files.
        """
    )


class PythonSdistTarget(Target):
    alias = "python_sdist"
    core_fields = (*COMMON_TARGET_FIELDS, Dependencies, SdistRequirementsField)
    help = help_text(
        """
        The source distribution (sdist) of a project, by name, version and hash.

        It is downloaded from the indexes and links of `[python-repos]`, as other requirements are, and its hash is
        checked. No code of it runs: pip itself builds some projects to download them. Use it as the `source` of a
        project that is built as it is, for example:

            python_sdist(name="markupsafe-sdist", requirements="markupsafe.txt")
            python_backend_wheel(name="wheel", source=":markupsafe-sdist", ...)
        """
    )


class ArchiveSourceField(StringField):
    alias = "source"
    help = help_text(
        """
        The address of the project's source archive: a `file` target, whose source may be an `http_source` with a
        sha256, or a `python_sdist` target. The archive is a tar file (`.tar`, `.tar.gz`, `.tar.bz2`, `.tar.xz`) or a
        zip file. A project in the repository has `sources` instead.

        For example: `source=":zlib-1.3.1.tar.gz"`.
        """
    )


class TreeSourcesField(MultipleSourcesField):
    alias = "sources"
    uses_source_roots = False
    help = help_text(
        """
        The project's files, as globs relative to the BUILD file, if the project is in the repository. For example:
        `sources=["**/*", "!**/BUILD"]`. A project in an archive has `source` instead.
        """
    )


class StripComponentsField(IntField):
    alias = "strip_components"
    value: Optional[int]
    help = help_text(
        """
        How many leading folders are removed from each path of the archive. Defaults to the one folder that contains
        everything, as in most archives, or to none. For example, `strip_components=0` keeps that folder.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> Optional[int]:
        value = super().compute_value(raw_value, address)
        if value is not None and value < 0:
            raise InvalidFieldException(f"The `{cls.alias}` field of {address} has {value}: write 0 or more.")
        return value


class SubdirectoryField(StringField):
    alias = "subdirectory"
    default = ""
    value: str
    help = help_text(
        """
        The folder of the project in its source tree, if that is not the top, such as `build/cmake`. The build still
        sees the whole tree. Defaults to the top.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = (super().compute_value(raw_value, address) or "").strip("/")
        if not is_inside(raw_value or "."):
            raise InvalidFieldException(
                f"The `{cls.alias}` field of {address} has {raw_value!r}: write a folder inside the source tree."
            )
        return "" if value == "." else value


SOURCE_TREE_FIELDS = (ArchiveSourceField, TreeSourcesField, StripComponentsField, SubdirectoryField)


def target_types() -> tuple[type[Target], ...]:
    return (PythonSdistTarget,)
