"""Tests that every reader supports all metadata versions that the writer can write."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from packaging.version import Version
from pyproject_metadata import StandardMetadata
from pyproject_metadata.constants import KNOWN_METADATA_VERSIONS

from spokeshave.cli import main
from spokeshave.smoke.wheelhouse import WheelFile
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.index_fixtures import pypi_server
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.wheel_fixtures import make_wheel
from spokeshave.upload.package import WheelPackage
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave.wheel.metadata_reader import read_core_metadata
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi

IMPORTS = 'import-names = ["demo", "demo.sub", "_demo; private"]\nimport-namespaces = ["acme"]\n'
PYPROJECT = f'[project]\nname = "demo"\ndynamic = ["version"]\ndependencies = ["numpy"]\n{IMPORTS}'


def written(version: str) -> bytes:
    """Return METADATA of a version with all its features, from the writer's library."""
    newer = version in ("2.5", "2.6")
    metadata = StandardMetadata(
        name="demo",
        version=Version("1.0"),
        description="It compares versions",
        dynamic_metadata=["requires-dist"] if version not in ("2.1",) else [],
        import_names=["demo", "_demo; private"] if newer else None,
        import_namespaces=["acme"] if newer else None,
        metadata_version=version,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bytes(metadata.as_rfc822())


@pytest.mark.parametrize("version", sorted(KNOWN_METADATA_VERSIONS))
def test_every_version_of_the_writer_is_read(tmp_path: Path, version: str) -> None:
    data = written(version)
    assert f"Metadata-Version: {version}\n" in data.decode()
    assert read_core_metadata(data).faults == ()
    tag = "cp310-cp310-manylinux_2_17_x86_64"
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", "dist-info/METADATA": data}, tag, version="1.0")
    expected = Expectation(
        wheel=wheel,
        platform=Platform.parse("manylinux_2_17_x86_64"),
        abi=PythonAbi.parse("cp310-cp310"),
        extensions=(),
        forbidden_texts=(),
    )
    assert [finding for finding in verify(expected) if finding.rule is Rule.METADATA] == []
    form = WheelPackage.read(wheel).metadata_dictionary()
    assert form["metadata_version"] == version
    assert WheelFile.of(wheel).requirements == ()


def test_import_names_pass_from_pyproject_to_the_index(tmp_path: Path) -> None:
    files = {"demo/__init__.py": "", "demo/sub.py": "", "_demo.py": ""}
    unstamped = make_wheel(tmp_path, pyproject=PYPROJECT, files=files, pins=(), version_module=None).path
    expected = Expectation(
        wheel=unstamped,
        platform=Platform.parse("manylinux_2_17_x86_64"),
        abi=PythonAbi.parse("py3-none"),
        extensions=(),
        forbidden_texts=(),
    )
    assert [finding for finding in verify(expected) if finding.rule is Rule.METADATA] == []
    stamped = stamp(unstamped, VersionFacts("1.0"), tmp_path / "stamped").wheel.path
    form = dict(WheelPackage.read(stamped).metadata_dictionary())
    assert form["import_name"] == ["demo", "demo.sub", "_demo; private"]
    assert form["import_namespace"] == ["acme"]
    assert [str(requirement) for requirement in WheelFile.of(stamped).requirements] == ["numpy"]
    with pypi_server(tmp_path / "index", authenticate=[], auther=None, password_file=".") as index:
        report = tmp_path / "report.json"
        assert main(["upload", str(stamped), "--repository-url", index.url, "--report", str(report)]) == 0
        assert list(index.files()) == [stamped.name]


HEAD = "Metadata-Version: {}\nName: demo\nVersion: 1.0\n"


@pytest.mark.parametrize(
    ("version", "lines", "faults"),
    [
        ("2.5", "Import-Name:\n", []),
        ("2.5", "Import-Name: a.b\nImport-Namespace: c ; private\n", []),
        ("2.6", "Dynamic: Import-Name\nDynamic: Requires-Dist\n", []),
        ("2.4", "Import-Name: a\n", ["import-name introduced in metadata version 2.5"]),
        ("2.5", "Import-Name: 1a\n", ["'1a' is not an import name"]),
        ("2.5", "Import-Namespace: \n", ["'' is not an import name"]),
        ("2.5", "Import-Name: class\n", ["'class' is not an import name"]),
        ("2.5", "Import-Name: a; public\n", ["'a; public' has another tag than '; private'"]),
        ("2.5", "Import-Nam: a\n", ["unrecognized or malformed field 'import-nam'"]),
        ("2.7", "", ["'2.7' is not a valid metadata version"]),
        ("2.5", "Requires-Python: many\n", ["'many' is invalid for 'requires-python'"]),
    ],
)
def test_what_a_version_does_not_allow_is_a_fault(version: str, lines: str, faults: list[str]) -> None:
    assert [str(fault) for fault in read_core_metadata((HEAD.format(version) + lines).encode()).faults] == faults
