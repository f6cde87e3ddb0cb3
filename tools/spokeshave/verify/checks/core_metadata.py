"""Checks of METADATA: valid by the core metadata specification, and consistent with the wheel's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.metadata import InvalidMetadata, Metadata
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave.verify.findings import Subject, finding
from spokeshave.wheel.metadata_reader import is_early_license_file, read_core_metadata
from spokeshave.wheel.name import belongs_to
from spokeshave_core.outcomes import Rule
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.verify import Finding
from spokeshave_core.wheel_name import split_dist_info

_MINORS = 100


def check_metadata(subject: Subject) -> Iterator[Finding]:
    """Check METADATA, and the name of its directory."""
    yield from _folder(subject)
    place = f"{subject.tree.dist_info}/METADATA"
    if place not in subject.tree.files:
        yield finding(Rule.METADATA, place, "is missing", "Build the wheel again.")
        return
    core = read_core_metadata(subject.tree.read(place))
    faults = [error for error in core.faults if not is_early_license_file(error)]
    for error in faults:
        yield finding(Rule.METADATA, place, _message(error), "Correct it in pyproject.toml; the index would reject it.")
    if not faults:
        metadata = core.values
        yield from _names(subject, place, metadata)
        yield from _requires_python(place, metadata.requires_python, subject.expected.abi)
        yield from _license_files(subject, place, core.raw.get("license_files", []))


def _message(error: Exception) -> str:
    field = f"the field {error.field}: " if isinstance(error, InvalidMetadata) else ""
    return f"is invalid: {field}{error}"


def _folder(subject: Subject) -> Iterator[Finding]:
    name, version = split_dist_info(subject.tree.dist_info)
    wheel = subject.tree.name
    if not belongs_to(wheel, name, version):
        message = f"belongs to {name} {version}, but the file name says {wheel.name} {wheel.version}"
        yield finding(
            Rule.METADATA, subject.tree.dist_info, message, "Build or stamp the wheel again; never rename a wheel."
        )


def _names(subject: Subject, place: str, metadata: Metadata) -> Iterator[Finding]:
    wheel = subject.tree.name
    if canonicalize_name(metadata.name) != canonicalize_name(wheel.name):
        message = f"is of {metadata.name}, but the file name says {wheel.name}"
        yield finding(Rule.METADATA, place, message, "Build the wheel again; never rename a wheel.")
    if metadata.version != Version(wheel.version):
        message = f"has version {metadata.version}, but the file name says {wheel.version}"
        yield finding(Rule.METADATA, place, message, "Stamp the wheel again; never rename a wheel.")


def _requires_python(place: str, requires: SpecifierSet | None, abi: PythonAbi) -> Iterator[Finding]:
    if requires is None or abi.python_version is None:
        return
    major, minor = abi.python_version
    minors = range(minor, _MINORS) if abi.stable else [minor]
    if not any(_allows(requires, major, candidate) for candidate in minors):
        message = f"has Requires-Python {requires}, which excludes every Python of the tag {abi}"
        yield finding(
            Rule.METADATA,
            place,
            message,
            "Correct requires-python in pyproject.toml, or remove that Python from `pythons`.",
        )


def _allows(requires: SpecifierSet, major: int, minor: int) -> bool:
    # A lower bound may name a patch release: >=3.10.4.
    return any(requires.contains(f"{major}.{minor}.{patch}", prereleases=True) for patch in range(_MINORS))


def _license_files(subject: Subject, place: str, files: Iterable[str]) -> Iterator[Finding]:
    for file in files:
        # PEP 639 moved them into a directory of their own. Older tools did not.
        paths = {f"{subject.tree.dist_info}/licenses/{file}", f"{subject.tree.dist_info}/{file}"}
        if not paths.intersection(subject.tree.files):
            message = f"names the license file {file}, which the wheel does not have"
            yield finding(Rule.METADATA, place, message, "Add the file, or correct license-files in pyproject.toml.")
