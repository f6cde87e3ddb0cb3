"""What the wheels of a project say of themselves, as far as a recipe needs it."""

from __future__ import annotations

import configparser
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.metadata import RawMetadata
from packaging.requirements import InvalidRequirement

from spokeshave.errors import InvalidWheelError
from spokeshave.release.conda.requirements import is_for_extras
from spokeshave.release.record import file_path
from spokeshave.requirement_text import parse_requirement
from spokeshave.wheel.import_names import top_level_names
from spokeshave.wheel.metadata_reader import CoreMetadata, read_core_metadata
from spokeshave.wheel.scripts import read_scripts
from spokeshave.wheel.tree import WheelTree, unpack
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.record import ReleaseFile

_LABELS = {
    "homepage": ("homepage", "home"),
    "repository": ("repository", "source", "sourcecode", "github", "code"),
    "documentation": ("documentation", "docs"),
}
"""The keys of a recipe's links, with the labels of Project-URL that mean them (PEP 753)."""


@dataclass(frozen=True)
class WheelFacts:
    """What all wheels of a project say.

    Attributes:
        wheel: The file that was read, for messages.
        requirements: The values of Requires-Dist.
        entry_points: Such as `abacus = abacus.cli:main`, sorted.
        imports: The packages and modules that each of the wheels has.
        license: An SPDX expression; empty if the wheel states none.
        license_files: By their path below the folder of licenses.
        links: By their key in a recipe.
    """

    wheel: str
    requirements: tuple[str, ...]
    requires_python: str
    entry_points: tuple[str, ...]
    imports: tuple[str, ...]
    summary: str
    license: str
    license_files: Mapping[str, bytes]
    links: Mapping[str, str]


def read_facts(record: Path, files: Iterable[ReleaseFile], problems: Problems) -> WheelFacts | None:
    """Return what the wheels of a project say. Wheels that differ in it are problems. None if none can be read.

    Args:
        record: The folder of the record.
    """
    agreed: WheelFacts | None = None
    for file in files:
        with problems.collecting():
            facts = _facts_of(file_path(record, file.name))
            agreed = facts if agreed is None else _agree(agreed, facts, problems)
    return agreed


def _agree(agreed: WheelFacts, facts: WheelFacts, problems: Problems) -> WheelFacts:
    others = {_normal(line): line for line in facts.requirements}
    own = {_normal(line): line for line in agreed.requirements}
    # Projects have a list of extras for a platform, such as those for their tests. A recipe has no extras.
    is_other = not all(is_for_extras(line) for line in own.keys() ^ others.keys())
    for differs, title in (
        (is_other, "Requires-Dist"),
        (agreed.requires_python != facts.requires_python, "Requires-Python"),
        (agreed.entry_points != facts.entry_points, "entry points"),
        (agreed.license != facts.license, "License-Expression"),
    ):
        if differs:
            message = f"has other {title} than {agreed.wheel}, so that no recipe is right for both"
            problems.add(facts.wheel, message, "Build all wheels of a project from one pyproject.toml.")
    imports = tuple(name for name in agreed.imports if name in facts.imports)
    return replace(agreed, imports=imports, requirements=tuple({**own, **others}.values()))


def _normal(requirement: str) -> str:
    try:
        return str(parse_requirement(requirement))
    except InvalidRequirement:
        return requirement


def _facts_of(wheel: Path) -> WheelFacts:
    """Read one wheel's folder of metadata, and the names of its files.

    Raises:
        InvalidWheelError: If it is not a wheel, or its metadata cannot be read.
    """
    with tempfile.TemporaryDirectory() as scratch:
        tree = unpack(wheel, Path(scratch) / "wheel", only_dist_info=True)
        text = tree.metadata("METADATA")
        if text is None:
            raise InvalidWheelError(Problem(wheel.name, "has no METADATA", "Build it again."))
        core = read_core_metadata(text.encode("utf-8"))
        raw = core.raw
        return WheelFacts(
            wheel=wheel.name,
            requirements=tuple(raw.get("requires_dist", ())),
            requires_python=raw.get("requires_python", ""),
            entry_points=_entry_points(tree),
            imports=_imports(tree, core),
            summary=raw.get("summary", ""),
            license=_license(raw),
            license_files=_license_files(tree, raw),
            links=_links(raw),
        )


def _entry_points(tree: WheelTree) -> tuple[str, ...]:
    try:
        scripts = read_scripts(tree)
    except configparser.Error as err:
        name = str(tree.name)
        raise InvalidWheelError(
            Problem(name, f"has entry points that cannot be read: {err}", "Build it again.")
        ) from err
    return tuple(sorted(f"{script.name} = {script.value.partition('[')[0].strip()}" for script in scripts))


def _imports(tree: WheelTree, core: CoreMetadata) -> tuple[str, ...]:
    """Return the public names of Import-Name (PEP 794), or the packages that the wheel contains."""
    stated = [name.partition(";") for name in core.import_names if name]
    public = [name.strip() for name, _, tag in stated if tag.strip() != "private"]
    return tuple(sorted(public or top_level_names(tree)))


def _license(raw: RawMetadata) -> str:
    """Return the license, if it is an SPDX expression. An old `License` field may be anything."""
    for text in (raw.get("license_expression"), raw.get("license")):
        if text:
            try:
                return canonicalize_license_expression(text)
            except InvalidLicenseExpression:
                continue
    return ""


def _license_files(tree: WheelTree, raw: RawMetadata) -> dict[str, bytes]:
    found = {}
    for name in raw.get("license_files", ()):
        for path in (f"{tree.dist_info}/licenses/{name}", f"{tree.dist_info}/{name}"):
            if path in tree.files:
                found[name] = tree.read(path)
                break
    return dict(sorted(found.items()))


def _links(raw: RawMetadata) -> dict[str, str]:
    labels = {_label(label): url for label, url in raw.get("project_urls", {}).items()}
    if raw.get("home_page"):
        labels.setdefault("homepage", raw["home_page"])
    found = {}
    for key, names in _LABELS.items():
        url = next((labels[name] for name in names if name in labels), None)
        if url:
            found[key] = url
    return found


def _label(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
