"""The rules for a wheel's METADATA and WHEEL: valid, and of the project, version and tag that its file name says."""

from __future__ import annotations

from collections.abc import Iterator
from email.parser import Parser

from packaging.metadata import InvalidMetadata
from packaging.version import InvalidVersion, Version

from spokeshave.release.check.file.wheel_file import WheelFile
from spokeshave.requirement_text import parse_version
from spokeshave.wheel.metadata_reader import CoreMetadata, is_early_license_file
from spokeshave.wheel.name import is_version
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import InvalidWheelNameError, WheelTag, normalize_name

# The versions that PyPI accepts (Warehouse's forklift/metadata.py). 2.0 was never a standard.
_ACCEPTED = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
# Since this version, license files are in a folder of their own (PEP 639).
_WITH_LICENSE_FILES = Version("2.4")
_CORRECT = "Correct it in pyproject.toml."
_NEVER_RENAME = "Build or stamp the wheel again; never rename a wheel."


def check_metadata(wheel: WheelFile, core: CoreMetadata) -> Iterator[Problem]:
    """Check that METADATA is valid, and consistent with the file's name and with the files of the wheel."""
    place = wheel.place(f"{wheel.dist_info}/METADATA")
    yield from metadata_faults(place, core)
    name = core.raw.get("name", "")
    version = core.raw.get("version", "")
    if name and normalize_name(name) != wheel.name.project:
        yield Problem(place, f"is of {name}, but the file name says {wheel.name.name}", _NEVER_RENAME)
    if is_version(version) and parse_version(version) != parse_version(wheel.name.version):
        yield Problem(place, f"has version {version}, but the file name says {wheel.name.version}", _NEVER_RENAME)
    if has_license_folder(core):
        for file in core.raw.get("license_files", []):
            path = f"{wheel.dist_info}/licenses/{file}"
            if path not in wheel.members:
                message = f"names the license file {file}, but the wheel has no {path}"
                yield Problem(place, message, "Add the file, or correct license-files in pyproject.toml.")


def metadata_faults(place: str, core: CoreMetadata) -> Iterator[Problem]:
    """Check METADATA or PKG-INFO by the specification, and for a version that PyPI accepts."""
    written = core.raw.get("metadata_version", "")
    for fault in core.faults:
        field = f"the field {fault.field}: " if isinstance(fault, InvalidMetadata) else ""
        if not is_early_license_file(fault):
            yield Problem(place, f"is invalid: {field}{fault}", _CORRECT)
    is_known = not any(_is_of(fault, "metadata-version") for fault in core.faults)
    if is_known and written not in _ACCEPTED:
        remedy = f"Build it with a backend that writes one of {', '.join(_ACCEPTED)}."
        yield Problem(place, f"has metadata version {written}, which PyPI does not accept", remedy)


def _is_of(fault: Exception, field: str) -> bool:
    return isinstance(fault, InvalidMetadata) and fault.field == field


def has_license_folder(core: CoreMetadata) -> bool:
    """Return whether the metadata are of a version in which PyPI looks for the license files."""
    try:
        return parse_version(core.raw.get("metadata_version", "0")) >= _WITH_LICENSE_FILES
    except InvalidVersion:
        return False


def check_wheel_file(wheel: WheelFile) -> Iterator[Problem]:
    """Check that the WHEEL file can be read by installers, and is for the Pythons of the file's name.

    The platform may differ: many projects rename wheels from `linux` to `manylinux`, which neither PyPI nor installers
    look at. `spokeshave verify` does.
    """
    data = wheel.metadata_file("WHEEL")
    if data is None:
        return
    place = wheel.place(f"{wheel.dist_info}/WHEEL")
    try:
        fields = Parser().parsestr(data.decode("utf-8"))
    except UnicodeDecodeError as err:
        yield Problem(place, f"is not UTF-8 ({err})", "Build the wheel again.")
        return
    version = fields.get("Wheel-Version", "").strip()
    if version.partition(".")[0] != "1":
        remedy = "Build it with a backend that writes Wheel-Version: 1.0."
        yield Problem(place, f"has Wheel-Version {version!r}, which installers reject", remedy)
    listed = {_without_platform(single) for tag in fields.get_all("Tag", []) for single in _expand(tag)}
    named = set(map(_without_platform, wheel.name.tag.expand()))
    if listed != named:
        message = f"lists {', '.join(sorted(listed)) or 'no tag'}, but the file name says {', '.join(sorted(named))}"
        yield Problem(place, message, "Repair or build the wheel again; never rename a wheel.")


def _without_platform(tag: str) -> str:
    return "-".join(tag.split("-")[:2])


def _expand(tag: str) -> list[str]:
    """Return the single tags of a line of WHEEL. Some backends write the file name's compressed tag."""
    try:
        return WheelTag.parse(tag.strip()).expand()
    except InvalidWheelNameError:
        return [tag]


def parse_headers(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return the fields of METADATA with lower-case names, and the description, with plain ends of lines."""
    message = Parser().parsestr(data.decode("utf-8", "replace").replace("\r\n", "\n"))
    headers = [(name.lower(), "\n".join(map(str.strip, str(value).splitlines()))) for name, value in message.items()]
    body = message.get_payload()
    return (*headers, ("description", str(body).strip())) if isinstance(body, str) and body.strip() else tuple(headers)
