"""A reader of a wheel's METADATA for all commands: `packaging`, and the fields that it may not read.

The writer (`pyproject-metadata`) supports metadata 2.5 (PEP 794) and 2.6 (PEP 808). `packaging` does too, except for an
empty Import-Name, and where twine is imported: twine before 7.0, which needs CPython 3.10, limits `packaging` to 2.4.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.metadata import ExceptionGroup, InvalidMetadata, Metadata, RawMetadata, parse_email

from spokeshave.requirement_text import has_long_number

_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_NEWEST_OF_TWINE = "2.4"
_NEWER_VERSIONS = ("2.5", "2.6")
_IMPORT_FIELDS = ("import-name", "import-namespace")


@dataclass(frozen=True)
class CoreMetadata:
    """The fields of METADATA.

    Attributes:
        raw: The other fields, with the metadata version as written.
        import_names: The values of Import-Name (PEP 794). An empty text if the field states that there are none.
        import_namespaces: The values of Import-Namespace.
        faults: Everything that the specification does not allow.
    """

    raw: RawMetadata
    import_names: tuple[str, ...]
    import_namespaces: tuple[str, ...]
    faults: tuple[Exception, ...]

    @property
    def values(self) -> Metadata:
        """Return the values as types, which are reliable only for metadata without faults."""
        return Metadata.from_raw(_known_to_packaging(self.raw), validate=False)


def read_core_metadata(data: bytes) -> CoreMetadata:
    """Parse METADATA. Problems are in `faults`."""
    raw, unknown = parse_email(data)
    names = tuple(raw.pop("import_names", ()))
    namespaces = tuple(raw.pop("import_namespaces", ()))
    faults: list[Exception] = [
        InvalidMetadata(field, f"unrecognized or malformed field {field!r}") for field in unknown
    ]
    faults += _faults_of(data, raw)
    is_newer = raw.get("metadata_version") in _NEWER_VERSIONS
    for field, values in zip(_IMPORT_FIELDS, (names, namespaces)):
        faults += _import_faults(field, values, is_newer)
    return CoreMetadata(raw=raw, import_names=names, import_namespaces=namespaces, faults=tuple(faults))


def _faults_of(data: bytes, raw: RawMetadata) -> Sequence[Exception]:
    """Return what `packaging` refuses, and what it fails for."""
    if has_long_number(_HEADERS_END.split(data, 1)[0]):
        return [InvalidMetadata("metadata", "a field has a number that is too long for a version")]
    try:
        Metadata.from_raw(_known_to_packaging(raw))
    except ExceptionGroup as group:
        return group.exceptions
    except RecursionError:
        return [InvalidMetadata("requires-dist", "requires-dist has a marker that is nested too deeply")]
    return []


def is_early_license_file(fault: Exception) -> bool:
    """Return whether a fault is a License-File before metadata 2.4, from old setuptools. Every index accepts it."""
    return isinstance(fault, InvalidMetadata) and fault.field == "license-file" and "introduced in" in str(fault)


def _known_to_packaging(raw: RawMetadata) -> RawMetadata:
    """Return the metadata in the newest version that is supported with twine. Newer ones do not change its fields."""
    if raw.get("metadata_version") not in _NEWER_VERSIONS:
        return raw
    known: RawMetadata = {**raw, "metadata_version": _NEWEST_OF_TWINE}
    if "dynamic" in raw:
        known["dynamic"] = [field for field in raw["dynamic"] if field.lower() not in _IMPORT_FIELDS]
    return known


def _import_faults(field: str, values: tuple[str, ...], is_newer: bool) -> Iterator[InvalidMetadata]:
    if values and not is_newer:
        yield InvalidMetadata(field, f"{field} introduced in metadata version {_NEWER_VERSIONS[0]}")
    if field == "import-name" and values == ("",):
        return
    for value in values:
        name, _, tag = (part.strip() for part in value.partition(";"))
        if not all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")):
            yield InvalidMetadata(field, f"{value!r} is not an import name")
        elif ";" in value and tag != "private":
            yield InvalidMetadata(field, f"{value!r} has another tag than '; private'")
