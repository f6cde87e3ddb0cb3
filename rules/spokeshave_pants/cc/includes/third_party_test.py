"""Tests of the wheel whose headers a compile gets, with small distributions and pip's real resolver."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files
from pants.engine.addresses import Address, Addresses
from pants.engine.fs import Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.closure import rules as link_closure
from spokeshave_pants.cc.closure.link_closure import LinkClosure
from spokeshave_pants.cc.closure.rules import LinkClosureRequest
from spokeshave_pants.cc.includes import rules as include_graph
from spokeshave_pants.cc.includes import third_party
from spokeshave_pants.cc.includes.rules import ResolvedIncludes, ResolveIncludesRequest
from spokeshave_pants.cc.includes.third_party import (
    CcPackage,
    CcPackageFiles,
    CcPackageFilesRequest,
    CcPackageRequest,
    Distribution,
    DistributionRequest,
    PinnedDistribution,
)
from spokeshave_pants.cc.target_types import CcPythonRequirementTarget
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements

# Like numpy: a wheel for each Python and platform, and a newer version for newer Pythons.
SIZES = {
    "1.0+here": ("cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-macosx_14_0_arm64", "cp312-cp312-win_amd64"),
    "2.0+here": ("cp313-cp313-win_amd64", "cp313-cp313t-win_amd64"),
}
SIZES_PINS = ("sizes==1.0+here ; python_version < '3.13'", "sizes==2.0+here ; python_version >= '3.13'")
# A build backend without requirements, so that nothing is downloaded for it.
BACKEND = """\
import zipfile

NAME = "sources-1.0+here-cp39-cp39-linux_x86_64.whl"
INFO = "sources-1.0+here.dist-info"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{wheel_directory}/{NAME}", "w") as wheel:
        wheel.writestr("sources/include/header.h", "built here")
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\\nName: sources\\nVersion: 1.0+here\\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: cp39-cp39-linux_x86_64\\n")
        record = "".join(f"{name},,\\n" for name in (*wheel.namelist(), f"{INFO}/RECORD"))
        wheel.writestr(f"{INFO}/RECORD", record)
    return NAME
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    tag: str,
    text: str = "",
    *,
    licenses: Mapping[str, str] | None = None,
    fields: str = "",
) -> None:
    """Make a wheel whose one header contains a text, by default its version and tag.

    Args:
        licenses: License files, by their paths below dist-info.
        fields: Additional lines of METADATA.
    """
    info = f"{name}-{version}.dist-info"
    files = {
        **{f"{info}/{path}": license_text for path, license_text in (licenses or {}).items()},
        f"{name}/include/header.h": text or f"{version} {tag}",
        f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{fields}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    # The pex of newer versions of Pants refuses a wheel with an empty RECORD.
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)


def make_sdist(folder: Path) -> None:
    with tarfile.open(folder / "sources-1.0+here.tar.gz", "w:gz") as sdist:
        for name, text in {
            "PKG-INFO": "Metadata-Version: 2.1\nName: sources\nVersion: 1.0+here\n",
            "backend.py": BACKEND,
            "pyproject.toml": PYPROJECT,
        }.items():
            file = tarfile.TarInfo(f"sources-1.0+here/{name}")
            file.size = len(text)
            sdist.addfile(file, io.BytesIO(text.encode()))


def pinned(folder: Path, *requirements: str) -> str:
    """Write a requirements file with the hashes of all files."""
    lines = []
    for requirement in requirements:
        name, version = requirement.partition(" ;")[0].split("==")
        files = sorted(folder.glob(f"{name}-{version}*"))
        lines.append(" ".join((requirement, *(f"--hash=sha256:{_sha256(file)}" for file in files))))
    return "".join(f"{line}\n" for line in lines)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    for version, tags in SIZES.items():
        for tag in tags:
            make_wheel(folder, "sizes", version, tag)
    licenses = {"licenses/LICENSE": "free", "licenses/vendored/COPYING": "very free"}
    expression = "License-Expression: MIT\nLicense-File: LICENSE\n"
    make_wheel(folder, "pure", "1.0+here", "py3-none-any", licenses=licenses, fields=expression)
    make_wheel(folder, "older", "1.0+here", "py3-none-any", licenses={"LICENSE.txt": "old", "AUTHORS": "all"})
    make_wheel(folder, "knowing", "1.0+here", "py3-none-any", "#include <spokeshave/version.h>\n#include <Python.h>\n")
    make_wheel(folder, "windows", "1.0+here", "py3-none-win_amd64")
    make_sdist(folder)
    return folder


@pytest.fixture(scope="module")
def runner(index: Path) -> RuleRunner:
    new_runner = RuleRunner(
        rules=[
            *core_target_types_rules(),
            *include_graph.rules(),
            *link_closure.rules(),
            *sandbox_rules(),
            *source_files.rules(),
            *target_types.rules(),
            *third_party.rules(),
            QueryRule(LinkClosure, [LinkClosureRequest]),
            QueryRule(ResolvedIncludes, [ResolveIncludesRequest]),
            QueryRule(CcPackage, [CcPackageRequest]),
            QueryRule(CcPackageFiles, [CcPackageFilesRequest]),
            QueryRule(Distribution, [DistributionRequest]),
            QueryRule(DigestContents, [Digest]),
        ],
        target_types=[CCSourcesGeneratorTarget, CcPythonRequirementTarget],
    )
    # PyPI is queried as well, because it has the pip that runs. It has no version with a `+`.
    new_runner.set_options([*OPTIONS, f"--python-repos-find-links=['{index.as_uri()}']"], env_inherit=INHERITED)
    for name, requirements in {
        # The other requirements have no files for most platforms, and so must not be requested.
        "sizes": (*SIZES_PINS, "windows==1.0+here", "sources==1.0+here"),
        "pure": ("pure==1.0+here",),
        "older": ("older==1.0+here",),
        "knowing": ("knowing==1.0+here",),
        "windows": ("windows==1.0+here",),
        "sources": ("sources==1.0+here",),
    }.items():
        build = f"cc_python_requirement(name={name!r}, requirements='pins.txt', include_dirs=['{name}/include'])"
        new_runner.write_files({f"{name}/BUILD": build, f"{name}/pins.txt": pinned(index, *requirements)})
    return new_runner


def package(runner: RuleRunner, name: str) -> CcPackage:
    return runner.request(CcPackage, [CcPackageRequest(Address(name))])


def files(runner: RuleRunner, name: str, tag: str, python: str | None = "3.12") -> CcPackageFiles:
    """Return the files of a compile for a platform."""
    platform = Platform.parse(tag)
    version = PythonVersion.parse(python, where="this test") if python else None
    return runner.request(CcPackageFiles, [CcPackageFilesRequest(package(runner, name), platform, version)])


def header(runner: RuleRunner, name: str, tag: str, python: str | None = "3.12") -> str:
    """Return the content of the one header for a platform."""
    found = files(runner, name, tag, python)
    assert found.problem == ""
    (file,) = runner.request(DigestContents, [found.digest])
    assert file.path == f"{name}/include/header.h"
    return file.content.decode()


@pytest.mark.parametrize(
    ("tag", "python", "expected"),
    [
        ("manylinux_2_17_x86_64", "3.12", "1.0+here cp312-cp312-manylinux_2_28_x86_64"),
        ("macosx_11_0_arm64", "3.12", "1.0+here cp312-cp312-macosx_14_0_arm64"),
        ("win_amd64", "3.12", "1.0+here cp312-cp312-win_amd64"),
        ("win_amd64", "3.13", "2.0+here cp313-cp313-win_amd64"),
        ("win_amd64", "3.13t", "2.0+here cp313-cp313t-win_amd64"),
    ],
)
def test_headers_come_from_the_wheel_for_platform_and_python(
    runner: RuleRunner, tag: str, python: str, expected: str
) -> None:
    assert header(runner, "sizes", tag, python) == expected


def test_sources_that_know_no_python_get_those_of_the_newest_one(runner: RuleRunner) -> None:
    assert header(runner, "sizes", "win_amd64", None) == "2.0+here cp313-cp313-win_amd64"


def test_a_universal_wheel_is_unpacked_once(
    runner: RuleRunner,
) -> None:
    pure = package(runner, "pure")
    assert pure.by_platform is None
    assert (
        header(runner, "pure", "win_amd64") == header(runner, "pure", "manylinux_2_17_s390x") == "1.0+here py3-none-any"
    )
    pins = PinnedRequirements.parse((Path(runner.build_root) / "pure/pins.txt").read_text())
    here = PinnedDistribution(
        address="pure:pure",
        name="pure",
        requirements="pure/pins.txt",
        pins=pins,
        include_dirs=("pure/include",),
        sources=(),
    )
    assert runner.request(Distribution, [DistributionRequest(here, None, pins)]).digest == pure.digest


@pytest.mark.parametrize(
    ("name", "expected", "expression"),
    [
        ("pure", {"LICENSE": "free", "vendored/COPYING": "very free"}, "MIT"),
        ("older", {"AUTHORS": "all", "LICENSE.txt": "old"}, None),
        ("windows", {}, None),
    ],
)
def test_licenses_of_new_and_old_wheels_are_found(
    runner: RuleRunner, name: str, expected: dict[str, str], expression: str | None
) -> None:
    found = package(runner, name).distribution
    texts = runner.request(DigestContents, [found.licenses])
    assert {file.path: file.content.decode() for file in texts} == expected
    assert found.license == expression


def test_distribution_is_that_of_the_platform(runner: RuleRunner) -> None:
    versions = [files(runner, "sizes", "win_amd64", python).distribution for python in ("3.12", "3.13")]
    assert [found and found.version for found in versions] == ["1.0+here", "2.0+here"]
    assert files(runner, "sizes", "manylinux_2_17_s390x").distribution is None


def test_a_package_needs_what_its_headers_include(runner: RuleRunner) -> None:
    needs = {name: package(runner, name) for name in ("pure", "knowing")}
    assert [(needs[name].needs_python, needs[name].needs_version) for name in needs] == [(False, False), (True, True)]


def test_an_inferred_package_is_compiled_and_linked_with(runner: RuleRunner) -> None:
    runner.write_files({"native/BUILD": "cc_sources()", "native/native.c": "#include <pure/header.h>\n"})
    resolved = runner.request(ResolvedIncludes, [ResolveIncludesRequest("native/native.c")])
    assert [found.name for found in resolved.packages] == ["pure"]
    closure = runner.request(LinkClosure, [LinkClosureRequest(Addresses([Address("native")]))])
    assert closure.packages == (Address("pure"),)


def test_source_only_distributions_are_built_locally(runner: RuleRunner) -> None:
    assert header(runner, "sources", "win_amd64") == header(runner, "sources", "macosx_11_0_arm64") == "built here"


def test_a_platform_without_a_wheel_is_reported_with_the_pin(runner: RuleRunner) -> None:
    assert files(runner, "sizes", "manylinux_2_17_s390x").problem == (
        "sizes:sizes: sizes==1.0+here, which sizes/pins.txt pins, has no wheel for manylinux_*_s390x and Python 3.12"
    )


def test_a_wheel_of_another_python_is_not_used(runner: RuleRunner) -> None:
    assert files(runner, "sizes", "win_amd64", "3.11").problem.endswith("no wheel for win_amd64 and Python 3.11")


def test_a_distribution_for_one_platform_alone_serves_that_one(runner: RuleRunner) -> None:
    assert header(runner, "windows", "win_amd64") == "1.0+here py3-none-win_amd64"
    assert "no wheel for manylinux_*_x86_64" in files(runner, "windows", "manylinux_2_17_x86_64").problem


def test_markers_that_exclude_a_python_are_reported(runner: RuleRunner) -> None:
    path = "sizes/pins.txt"
    text = (Path(runner.build_root) / path).read_text()
    runner.write_files({path: text.replace("python_version >= '3.13'", "python_version == '3.13'")})
    reason = files(runner, "sizes", "win_amd64", "3.14").problem
    runner.write_files({path: text})
    assert reason.endswith("pins.txt pins sizes only for other platforms or Pythons, not for win_amd64 and Python 3.14")


def test_missing_pins_and_folders_are_reported(
    runner: RuleRunner,
) -> None:
    build = "cc_python_requirement(name='pure', requirements='pins.txt', include_dirs=['pure/headers'])"
    pins = (Path(runner.build_root) / "pure/pins.txt").read_text()
    runner.write_files({"wrong/BUILD": f"{build}\n{build.replace('pure', 'lost')}", "wrong/pins.txt": pins})
    with pytest.raises(ExecutionError, match=r"does not have: pure/headers \(pure-1\.0\+here-py3-none-any\.whl\)"):
        runner.request(CcPackage, [CcPackageRequest(Address("wrong", target_name="pure"))])
    with pytest.raises(ExecutionError, match=r"'lost', which wrong/pins.txt does not pin\. It pins: pure\."):
        runner.request(CcPackage, [CcPackageRequest(Address("wrong", target_name="lost"))])
