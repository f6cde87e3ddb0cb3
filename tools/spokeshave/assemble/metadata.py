"""A wheel's metadata, read from pyproject.toml (PEP 621, 639, 685 and 794) and validated as a whole."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version
from pyproject_metadata import StandardMetadata
from pyproject_metadata.constants import PRE_SPDX_METADATA_VERSIONS
from pyproject_metadata.errors import ConfigurationError, ExceptionGroup
from pyproject_metadata.pyproject import License

from spokeshave.assemble.entry_points import (
    AddedEntryPoint,
    add_entry_points,
    check_entry_points,
    render_entry_points,
)
from spokeshave.errors import InvalidMetadataError
from spokeshave.toml_text import InvalidTomlError, parse_toml
from spokeshave_core.license_files import LICENSE_GLOBS
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.wheel_name import UNSTAMPED

Table = Mapping[str, object]

README_TYPES = {".md": "text/markdown", ".rst": "text/x-rst", ".txt": "text/plain"}
# Marks people without a name until the text is rendered. `check_text` refuses it in the file.
_NO_NAME = "\x7f"
DYNAMIC_FIELDS = ("version", "dependencies")
REMEDIES = {
    "project.version": 'Set a PEP 440 version or write dynamic = ["version"], but not both.',
    "project.license-files": "Give globs below the folder of pyproject.toml that match files there.",
    "project.license.file": "Add the file beside pyproject.toml, or correct its path.",
    "project.readme.file": "Add the file beside pyproject.toml, or correct its path.",
    "project.readme": 'Name a .md, .rst or .txt file, or write {file = "...", content-type = "..."}.',
    "project.name": "Use ASCII letters, digits, dots, dashes and underscores, with a letter or digit at each end.",
}
REMEDY = "Correct it as the pyproject.toml specification (PEP 621) says."


@dataclass(frozen=True)
class WheelMetadata:
    """The metadata from pyproject.toml, ready to be written. The version is always the placeholder.

    Attributes:
        license_files: The license files, by their paths below dist-info's `licenses` directory.
        pins: The normalized names of the distributions that are pinned to this wheel's version.
    """

    name: str
    static_version: str | None
    requires_python: str | None
    pins: tuple[str, ...]
    core_metadata: bytes
    entry_points: bytes
    license_files: Mapping[str, Path]


def read_metadata(
    pyproject: Path,
    pins: Iterable[str] = (),
    requirements: Iterable[str] = (),
    licenses: Mapping[str, Path] = MappingProxyType({}),
    entry_points: Iterable[AddedEntryPoint] = (),
) -> WheelMetadata:
    """Read a pyproject.toml. Its paths are relative to its own directory.

    Args:
        pins: Distributions that must have this wheel's version.
        requirements: The value of dynamic `dependencies`.
        licenses: The license files of software that is linked in, by their paths below dist-info's `licenses`.
        entry_points: Entry points to add.

    Raises:
        InvalidMetadataError: For all problems, each with the file and the key.
    """
    document = read_toml(pyproject)
    problems = Problems()
    project = project_table(document, pyproject, problems)
    check_dynamic(project, pyproject, problems)
    check_text(project, "project", pyproject, problems)
    check_license(project, pyproject, problems)
    check_extras(project, pyproject, problems)
    check_entry_points(project, str(pyproject), problems)
    metadata = standard_metadata({**document, "project": readable(project)}, pyproject, problems)
    if metadata:
        add_requirements(metadata, project, requirements, pyproject, problems)
        add_entry_points(metadata, entry_points, str(pyproject), problems)
    pinned = pin_requirements(metadata, pins, pyproject, problems) if metadata else ()
    if problems or metadata is None:
        raise problems.as_error(InvalidMetadataError)
    return finish(metadata=metadata, project=project, pyproject=pyproject, pins=pinned, licenses=licenses)


def read_toml(path: Path) -> Table:
    """Parse a TOML file.

    Raises:
        InvalidMetadataError: If it cannot be read or parsed.
    """
    try:
        return parse_toml(path.read_bytes())
    except OSError as err:
        problem = Problem(str(path), f"cannot be read ({err.strerror})", "Give the path of a pyproject.toml.")
        raise InvalidMetadataError(problem) from err
    except InvalidTomlError as err:
        raise InvalidMetadataError(Problem(str(path), f"is not TOML ({err})", "Correct the file's syntax.")) from err


def project_table(document: Table, pyproject: Path, problems: Problems) -> Table:
    """Return the [project] table.

    Raises:
        InvalidMetadataError: If there is none.
    """
    project = document.get("project")
    if isinstance(project, dict):
        return project
    what = "is not a table" if "project" in document else "is missing"
    problems.add(f"{pyproject}: project", what, "Add a [project] table with at least a name (PEP 621).")
    raise problems.as_error(InvalidMetadataError)


def check_dynamic(project: Table, pyproject: Path, problems: Problems) -> None:
    """Add a problem for each dynamic field except version and dependencies, because no code of the project runs."""
    dynamic = project.get("dynamic", [])
    if not isinstance(dynamic, list):
        problems.add(f"{pyproject}: project.dynamic", "is not a list", 'Write dynamic = ["version"], or remove it.')
        return
    if "dependencies" in dynamic and "dependencies" in project:
        message = "are both set and dynamic"
        remedy = "Remove them from dynamic, or remove the list."
        problems.add(f"{pyproject}: project.dependencies", message, remedy)
    for field in dynamic:
        if isinstance(field, str) and field not in DYNAMIC_FIELDS:
            known = " and ".join(DYNAMIC_FIELDS)
            remedy = f"Set {field} under [project] and remove it from dynamic, which may only list {known}."
            problems.add(f"{pyproject}: project.dynamic", f"lists {field}, but nothing computes it", remedy)


def check_text(value: object, key: str, pyproject: Path, problems: Problems) -> None:
    """Add a problem for line ends and control characters in values that become one line of a file."""
    if key in ("project.readme.text", "project.license.text"):
        return
    if isinstance(value, str):
        if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
            problems.add(f"{pyproject}: {key}", "holds a line end or control character", "Write it on one line.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_text(item, f"{key}[{index}]", pyproject, problems)
    elif isinstance(value, dict):
        for name, item in value.items():
            check_text(name, key, pyproject, problems)
            check_text(item, f"{key}.{name}", pyproject, problems)


def check_license(project: Table, pyproject: Path, problems: Problems) -> None:
    """Add a problem for a license text that is not an SPDX expression (PEP 639)."""
    expression = project.get("license")
    if not isinstance(expression, str):
        return
    try:
        canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        remedy = "Write one such as MIT, Apache-2.0 WITH LLVM-exception or LicenseRef-Proprietary."
        problems.add(f"{pyproject}: project.license", f"{expression!r} is not an SPDX license expression", remedy)


def check_extras(project: Table, pyproject: Path, problems: Problems) -> None:
    """Add a problem for extras with an invalid name or with the same name as another (PEP 685)."""
    extras = project.get("optional-dependencies")
    names: dict[str, str] = {}
    for extra in extras if isinstance(extras, dict) else ():
        place = f"{pyproject}: project.optional-dependencies.{extra}"
        try:
            name = canonicalize_name(extra, validate=True)
        except InvalidName:
            problems.add(place, "is not a valid name of an extra", REMEDIES["project.name"])
            continue
        if name in names:
            problems.add(place, f"is the same extra as {names[name]}", "Merge the two; both normalise to " + name + ".")
        names.setdefault(name, extra)


def readable(project: Table) -> Table:
    """Return the table in a form that the library can read.

    The suffix that decides the readme's content type is in lower case, because PEP 621 ignores case. A `dynamic` that
    is not a list is removed; it was reported before.
    """
    table = {key: value for key, value in project.items() if key != "dynamic" or isinstance(value, list)}
    readme = project.get("readme")
    if isinstance(readme, str) and Path(readme).suffix.lower() in README_TYPES:
        table["readme"] = {"file": readme, "content-type": README_TYPES[Path(readme).suffix.lower()]}
    return table


def standard_metadata(document: Table, pyproject: Path, problems: Problems) -> StandardMetadata | None:
    """Return the metadata parsed by the library, or None after adding all of its errors as problems."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return StandardMetadata.from_pyproject(document, pyproject.parent, allow_extra_keys=False, all_errors=True)
    except ExceptionGroup as group:
        configuration_errors = [error for error in group.exceptions if isinstance(error, ConfigurationError)]
        for error in configuration_errors or group.exceptions:
            note(error, pyproject, problems)
    except (ConfigurationError, UnicodeDecodeError, OSError, ValueError, NotImplementedError) as err:
        note(err, pyproject, problems)
    except RecursionError:
        problems.add(f"{pyproject}: project", "has a marker that is nested too deeply", REMEDY)
    return None


def note(error: Exception, pyproject: Path, problems: Problems) -> None:
    """Add an error of the library as a problem of the key that it names."""
    key = (error.key if isinstance(error, ConfigurationError) else None) or "project"
    if isinstance(error, UnicodeDecodeError):
        message = f"names a readme or license file that is not UTF-8 ({error})"
        remedy = "Convert the file to UTF-8."
    else:
        message = str(error)
        remedy = REMEDIES.get(key, REMEDY)
    problems.add(f"{pyproject}: {key}", message.replace("\n", " "), remedy)


def add_requirements(
    metadata: StandardMetadata, project: Table, requirements: Iterable[str], pyproject: Path, problems: Problems
) -> None:
    """Add requirements to the dependencies, which must be dynamic."""
    dynamic = project.get("dynamic")
    is_dynamic = isinstance(dynamic, list) and "dependencies" in dynamic
    for text in sorted(set(requirements)):
        if not is_dynamic:
            remedy = f'Add {text!r} there, or write dynamic = ["dependencies"].'
            problems.add(f"{pyproject}: project.dependencies", f"is not dynamic, so {text!r} is not added", remedy)
            continue
        try:
            metadata.dependencies.append(Requirement(text))
        except InvalidRequirement as err:
            message = f"{text!r} is not a requirement ({err})"
            problems.add("--requirement", message.replace("\n", " "), "Write it as PEP 508 says: name>=1.0.")


def pin_requirements(
    metadata: StandardMetadata, pins: Iterable[str], pyproject: Path, problems: Problems
) -> tuple[str, ...]:
    """Pin every requirement of the named distributions. Names without a requirement become a dependency."""
    pinned = sorted({canonicalize_name(pin) for pin in pins})
    keyed = [(f"project.dependencies[{i}]", item) for i, item in enumerate(metadata.dependencies)]
    for extra, items in metadata.optional_dependencies.items():
        keyed += [(f"project.optional-dependencies.{extra}[{i}]", item) for i, item in enumerate(items)]
    found: set[str] = set()
    for key, requirement in keyed:
        name = canonicalize_name(requirement.name)
        if name in pinned:
            found.add(name)
            pin(requirement, f"{pyproject}: {key}", problems)
    metadata.dependencies.extend(Requirement(f"{name}=={UNSTAMPED}") for name in pinned if name not in found)
    return tuple(pinned)


def pin(requirement: Requirement, place: str, problems: Problems) -> None:
    """Pin one requirement to the placeholder, or add a problem if it already has a version."""
    if requirement.specifier or requirement.url:
        remedy = f"Write {requirement.name} without a version: the release pins it to its own."
        problems.add(place, f"{requirement} states a version, and the wheel pins this distribution", remedy)
    requirement.specifier = SpecifierSet(f"=={UNSTAMPED}")


def finish(
    metadata: StandardMetadata, project: Table, pyproject: Path, pins: tuple[str, ...], licenses: Mapping[str, Path]
) -> WheelMetadata:
    """Insert the placeholder and render all files.

    Raises:
        InvalidMetadataError: If a license file of the project has the path of another one.
    """
    static = str(metadata.version) if "version" in project else None
    usual = [] if "license-files" in project else usual_license_files(pyproject.parent)
    own = {**dict(find_license_files(metadata, pyproject.parent)), **{path.name: path for path in usual}}
    check_license_paths(own, licenses, pyproject)
    license_files = {**own, **{path: licenses[path] for path in sorted(licenses)}}
    normalise_license(metadata, license_files)
    mark_missing_names(metadata, project)
    metadata.version = Version(UNSTAMPED)
    return WheelMetadata(
        name=metadata.name,
        static_version=static,
        requires_python=str(metadata.requires_python) if metadata.requires_python else None,
        pins=pins,
        core_metadata=render_core_metadata(metadata, license_files),
        entry_points=render_entry_points(metadata),
        license_files=license_files,
    )


def check_license_paths(own: Iterable[str], licenses: Iterable[str], pyproject: Path) -> None:
    """Check that no license file of the project has the path of one of linked software."""
    problems = Problems()
    for path in sorted(set(own).intersection(licenses)):
        message = f"names {path}, which is the path of a license file of software that is linked in"
        problems.add(f"{pyproject}: project.license-files", message, "Move the project's file to another folder.")
    problems.raise_if_any(InvalidMetadataError)


def usual_license_files(folder: Path) -> list[Path]:
    """Return the license files of a project that names none, sorted, without backup copies (`LICENSE~`)."""
    found = (path for pattern in LICENSE_GLOBS for path in folder.glob(pattern))
    return sorted({path for path in found if path.is_file() and not path.name.endswith("~")})


def find_license_files(metadata: StandardMetadata, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the license files by their path below `licenses`. A file outside of the project keeps only its name."""
    for path in sorted(set(metadata.license_files or ())):
        yield path.as_posix(), folder / path
    if isinstance(metadata.license, License) and metadata.license.file:
        file = metadata.license.file
        inside = ".." not in file.parts and folder in file.parents
        yield (file.relative_to(folder).as_posix() if inside else file.name), file


def normalise_license(metadata: StandardMetadata, files: Iterable[str]) -> None:
    """Make the license independent of the project's path and of line ends.

    The library would write the absolute path of a legacy license file.
    """
    files = list(files)
    if isinstance(metadata.license, str):
        metadata.license = canonicalize_license_expression(metadata.license)
    if not isinstance(metadata.license, License):
        metadata.license_files = [Path(name) for name in files] if files else metadata.license_files
    else:
        text = "\n".join(re.split("\r\n|\r|\n", metadata.license.text)).rstrip("\n")
        file = next((Path(name) for name in files), None)
        metadata.license = License(text, file)
        if file and metadata.auto_metadata_version in PRE_SPDX_METADATA_VERSIONS:
            metadata.metadata_version = "2.4"


def mark_missing_names(metadata: StandardMetadata, project: Table) -> None:
    """Replace the name that the library gives people who have only an address."""
    metadata.authors = _marked(metadata.authors, project.get("authors"))
    metadata.maintainers = _marked(metadata.maintainers, project.get("maintainers"))


def _marked(people: Sequence[tuple[str, str | None]], entries: object) -> list[tuple[str, str | None]]:
    given = entries if isinstance(entries, list) else []
    return [(name if "name" in entry else _NO_NAME, email) for (name, email), entry in zip(people, given)]


def render_core_metadata(metadata: StandardMetadata, license_files: Iterable[str]) -> bytes:
    """Render METADATA."""
    message = metadata.as_rfc822()
    for header in ("Author-Email", "Maintainer-Email"):
        addresses = message.get(header)
        if addresses and _NO_NAME in addresses:
            message.replace_header(header, re.sub(rf"{_NO_NAME} <([^>]*)>", r"\1", addresses))
    # The library writes one file besides the license of PEP 621.
    for name in sorted(set(license_files).difference(message.get_all("License-File", []))):
        message["License-File"] = name
    return message.as_bytes()
