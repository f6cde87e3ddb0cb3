"""Two packages by others, built from their sdists by targets of ours, and tested with their own tests.

Their sources and their pyproject.toml are unchanged. Our files are in `tests/projects/{name}`.
"""

from __future__ import annotations

import email
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.support.project import Project, names, read
from e2e.support.upstream import Upstream, lay_over

TAGS = ("cp311-cp311", "cp312-cp312")
# The results of each sdist's tests, which are the same with the project's own wheels.
OWN_TESTS = {"kiwisolver": "50 passed", "ujson": "476 passed, 2 skipped"}

# Fields of setuptools outside of the standards, files of our stamp, and our bill of materials.
THEIRS = {"top_level.txt"}
OURS = {"spokeshave.json", "spokeshave.cdx.json"}
# The licenses of what is linked in, which only our wheels contain.
LINKED = "third-party/"
# `Dynamic: license-file` means that setuptools found the license by itself. License-File itself is compared.
NOT_COMPARED = {"dynamic"}


@dataclass(frozen=True)
class Built:
    """A package by others, packaged by us, and the project's own release."""

    name: str
    project: Project
    upstream: Upstream


@pytest.fixture(scope="module", params=sorted(OWN_TESTS))
def name(request: Any) -> str:
    """Return the name of each package."""
    return str(request.param)


@pytest.fixture(scope="module")
def built(name: str, tmp_path_factory: pytest.TempPathFactory) -> Built:
    project, upstream = lay_over(name, tmp_path_factory.mktemp(name))
    project.pants("package", ":wheel", daemon=False).checked()
    return Built(name, project, upstream)


def test_each_python_has_a_wheel_repaired_to_its_platform(built: Built) -> None:
    wheels = built.project.report(":wheel")
    for tag, wheel in zip(TAGS, sorted(wheels, key=lambda wheel: str(wheel["wheel"]))):
        assert wheel["tags"] == [f"{tag}-manylinux2014_x86_64", f"{tag}-manylinux_2_17_x86_64"]
        assert wheel["grafted"] == []
    assert len(wheels) == len(TAGS)


def test_their_own_tests_passed_on_each_python(built: Built) -> None:
    smoke = [outcome for wheel in built.project.report(":wheel") for outcome in wheel["smoke"]]
    assert [(outcome["python"], outcome["outcome"]) for outcome in smoke] == [("3.11", "passed"), ("3.12", "passed")]
    for outcome in smoke:
        (tests,) = [check["detail"] for check in outcome["checks"] if check["name"] == "tests"]
        assert tests == OWN_TESTS[built.name]


@pytest.mark.parametrize("tag", TAGS)
def test_a_wheel_holds_the_files_of_the_projects_own_wheel(built: Built, tag: str) -> None:
    ours = built.project.wheel(built.name, tag)
    theirs = built.upstream.wheel(tag)
    assert files(ours, but=OURS) == files(theirs, but=THEIRS)
    for file in files(ours, but=OURS):
        if not file.endswith((".so", "METADATA", "RECORD", "WHEEL")):
            assert read(ours, file) == read(theirs, file), file


@pytest.mark.parametrize("tag", TAGS)
def test_its_metadata_equals_the_projects_own(built: Built, tag: str) -> None:
    assert metadata(built.project.wheel(built.name, tag)) == metadata(built.upstream.wheel(tag))


def files(wheel: Path, *, but: set[str]) -> list[str]:
    """Return a wheel's files without entries for directories, which no standard requires, and linked licenses."""
    found = [name for name in names(wheel) if not name.endswith("/") and f"/licenses/{LINKED}" not in name]
    return [name for name in found if name.rpartition("/")[2] not in but]


def metadata(wheel: Path) -> list[tuple[str, str]]:
    """Return the fields of a wheel's METADATA, without differences in order, spaces and case."""
    (path,) = [name for name in names(wheel) if name.endswith(".dist-info/METADATA")]
    message = email.message_from_bytes(read(wheel, path))
    fields = [(name.lower(), " ".join(value.split())) for name, value in message.items()]
    own = [field for field in fields if field[0] != "license-file" or not field[1].startswith(LINKED)]
    return sorted(field for field in own if field[0] not in NOT_COMPARED)
