"""Metadata of published pyproject.toml files: Spokeshave's, and that of flit-core, hatchling and setuptools.

Each project is a folder with the static part of its [project] table and the files that it names. All backends build
this folder; their own tables, and fields that are dynamic, are left out.
"""

from __future__ import annotations

import configparser
import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from packaging.metadata import parse_email
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from differential.comparison import Compared, compare_sets
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.parallel import in_parallel
from differential.toml_writer import write_toml
from spokeshave.assemble.metadata import read_metadata, read_toml
from spokeshave_core.license_files import LICENSE_GLOBS
from spokeshave_core.problems import SpokeshaveError

Files = Mapping[str, str]

_BACKENDS: Mapping[str, tuple[str, Callable[[str], Mapping[str, object]]]] = {
    "flit": ("flit_core.buildapi", lambda module: {"flit": {"module": {"name": module}}}),
    "hatchling": (
        "hatchling.build",
        lambda _: {"hatch": {"build": {"targets": {"wheel": {"bypass-selection": True}}}}},
    ),
    "setuptools": ("setuptools.build_meta", lambda module: {"setuptools": {"py-modules": [module]}}),
}
# The only module of a project. flit-core writes its name as Import-Name, and refuses one that `import-names` lacks.
_MODULE = "stub_of_a_module"
_VERSION = "1.0"
_LONG = 12
# Backends write `extra` at the start or at the end of a marker.
_EXTRA = re.compile(r"(.*) and (extra == \"[^\"]+\")")
# Fields that are a backend's own choice.
_OWN_FIELDS = {"metadata_version", "version"}


def compare(field: Field) -> Iterator[Compared]:
    """Compare the fields of METADATA, the entry points and the license files."""
    with tempfile.TemporaryDirectory() as scratch:
        projects = [
            folder for sdist in fetch_pinned("metadata-sdists", field.cache) for folder in _project(sdist, scratch)
        ]
        ours = [_ours(folder) for folder in projects]
        theirs = dict(zip(_BACKENDS, in_parallel(lambda name: _theirs(field, name, projects), _BACKENDS)))
        for number, project in enumerate(projects):
            for backend, answers in theirs.items():
                yield from _compare(f"{backend}:{project.name}", ours[number], answers[number])


def _project(sdist: Path, scratch: str) -> Iterator[Path]:
    """Write the static part of a project to a folder, if it has a [project] table."""
    name = sdist.name[: -len(".tar.gz")]
    folder = Path(scratch).resolve() / name
    with tarfile.open(sdist) as archive:
        members = {"/".join(PurePosixPath(m.name).parts[1:]): m for m in archive.getmembers() if m.isfile()}
        member = members.get("pyproject.toml")
        if member is None:
            return
        folder.mkdir()
        for path in filter(_is_text, members):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            stream = archive.extractfile(members[path])
            assert stream
            (folder / path).write_bytes(stream.read())
    project = read_toml(folder / "pyproject.toml").get("project")
    if isinstance(project, dict) and "name" in project:
        (folder / f"{_module(project)}.py").write_text('"""A module."""\n', "utf-8")
        (folder / "pyproject.toml").write_text(write_toml({"project": _static(project)}), "utf-8")
        yield folder


def _module(project: Mapping[str, object]) -> str:
    names = project.get("import-names")
    return str(names[0]) if isinstance(names, list) and names else _MODULE


def _is_text(path: str) -> bool:
    """Return whether [project] may name a file: a text outside of the code, or a license."""
    parts = PurePosixPath(path)
    return path == "pyproject.toml" or (
        len(parts.parts) <= 6
        and (
            parts.suffix.lower() in (".md", ".rst", ".txt", ".markdown")
            or any(parts.match(glob) for glob in LICENSE_GLOBS)
            or "license" in path.lower()
        )
        and parts.suffix not in (".py", ".pyc", ".toml", ".cfg")
    )


def _static(project: Mapping[str, object]) -> dict[str, object]:
    static = {key: value for key, value in project.items() if key != "dynamic"}
    return {
        **static,
        "version": static.get("version", _VERSION),
        "description": static.get("description", "A project."),
    }


def _ours(folder: Path) -> Files:
    try:
        found = read_metadata(folder / "pyproject.toml")
    except SpokeshaveError as err:
        return {"error": str(err.problems[0].message if err.problems else err)}
    texts = {"METADATA": found.core_metadata.decode("utf-8")}
    if found.entry_points:
        texts["entry_points.txt"] = found.entry_points.decode("utf-8")
    licenses = {f"licenses/{name}": path.read_text("utf-8", "replace") for name, path in found.license_files.items()}
    return {**texts, **licenses}


def _theirs(field: Field, name: str, projects: list[Path]) -> list[Files]:
    """Build all projects by a backend, each in a copy of its folder."""
    backend, table = _BACKENDS[name]
    copies = []
    for project in projects:
        copy = project.parent / name / project.name
        shutil.copytree(project, copy)
        with (copy / "pyproject.toml").open("a", encoding="utf-8") as stream:
            project_table = read_toml(project / "pyproject.toml")["project"]
            assert isinstance(project_table, dict)
            stream.write(write_toml({"tool": table(_module(project_table))}))
        copies.append(copy)
    answers: list[Files] = json.loads(field.program("backend", [backend, *copies]))
    return answers


def _compare(case: str, ours: Files, theirs: Files) -> Iterator[Compared]:
    if "error" in ours or "error" in theirs:
        text = _first_line(ours.get("error", "none")) if "error" in ours else None
        other = _first_line(theirs.get("error", "none")) if "error" in theirs else None
        difference = None if text and other else f"only ours: {text}" if text else f"only theirs: {other}"
        yield Compared("accepted", case, difference)
        return
    yield Compared("accepted", case)
    yield from compare_sets("METADATA", case, _fields(ours["METADATA"]), _fields(theirs["METADATA"]))
    yield from compare_sets("entry points", case, _entry_points(ours), _entry_points(theirs))
    yield from compare_sets("license files", case, _licenses(ours), _licenses(theirs))
    for name in sorted(_licenses(ours) & _licenses(theirs)):
        is_same = ours[name].split() == theirs[name].split()
        yield Compared("texts of license files", f"{case}:{name}", None if is_same else "the texts differ")


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""


def _licenses(files: Files) -> set[str]:
    return {name for name in files if name.startswith("licenses/")}


def _fields(text: str) -> set[str]:
    """Return the fields of a METADATA, each value by itself and in one form."""
    raw, unparsed = parse_email(text)
    found = {f"unparsed {name}" for name in unparsed}
    for name, value in raw.items():
        if name not in _OWN_FIELDS:
            found |= {f"{name}: {item}" for item in _values(name, value)}
    return found - {f"import_names: {_MODULE}"}


def _values(name: str, value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{label}, {address}" for label, address in value.items())
    elif isinstance(value, list):
        yield from (_one_form(name, str(item)) for item in value)
    elif name in ("description", "license"):
        words = str(value).split()
        yield " ".join(words) if len(words) < _LONG else f"{len(words)} words, sum {sum(map(ord, ''.join(words)))}"
    else:
        yield _one_form(name, str(value))


def _one_form(name: str, text: str) -> str:
    if name == "requires_dist":
        requirement = Requirement(text)
        requirement.name = canonicalize_name(requirement.name)
        head, semicolon, marker = str(requirement).partition("; ")
        return f"{head}; {_marker(marker)}" if semicolon else head
    if name == "requires_python":
        return str(SpecifierSet(text))
    if name in ("name", "provides_extra"):
        return canonicalize_name(text)
    return text


def _marker(text: str) -> str:
    """Return a marker whose parts that are joined by `and` are sorted."""
    if " or " not in text:
        return " and ".join(sorted(text.replace("(", "").replace(")", "").split(" and ")))
    extra = _EXTRA.search(text)
    return f"{extra[2]} and {extra[1]}" if extra else text


def _entry_points(files: Files) -> set[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=True)
    parser.optionxform = lambda optionstr: optionstr  # type: ignore[method-assign]
    parser.read_string(files.get("entry_points.txt", ""))
    return {f"{group}: {name} = {value}" for group in parser.sections() for name, value in parser[group].items()}
