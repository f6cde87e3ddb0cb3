from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from spokeshave.cli import main
from spokeshave.errors import InvalidWheelError
from spokeshave.repair.command import repair
from spokeshave.repair.origin import origin_of, origins_of
from spokeshave.repair.sbom import SBOM, render_sbom
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.native_fixtures import MANYLINUX, build_wheel, compile_library, module_source
from spokeshave.testing.wheel_fixtures import write_tree
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS, VersionFacts
from spokeshave_core.components import Component, Components
from spokeshave_core.platform import Platform
from spokeshave_core.reports.repair import GraftedLibrary
from spokeshave_core.wheel_name import UNSTAMPED, WheelName

PLATFORM = Platform.parse(MANYLINUX)
WHEEL = WheelName.parse("abacus_runtime-0+unstamped-cp312-abi3-win_amd64.whl")
LIBCXX = Component(
    name="libc++",
    version="0.17.0",
    purl="pkg:pypi/ziglang@0.17.0#lib/libcxx",
    license="Apache-2.0 WITH LLVM-exception",
    description="The C++ standard library of LLVM",
)
NANOBIND = Component(name="nanobind", version="3.1.0", purl="pkg:pypi/nanobind@3.1.0")
GRAFTED = (
    GraftedLibrary("engine.dll", "abacus/engine-1.dll", "cd"),
    GraftedLibrary("engine.dll", "abacus_runtime-0+unstamped.data/platlib/other/engine-1.dll", "cd"),
)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = '__attribute__((visibility("default"))) int one(void) { return 1; }'
    folder = tmp_path_factory.mktemp("libraries")
    compile_library(folder / "libone.so", source, "-Wl,-soname,libone.so")
    return folder


def wheel_of(folder: Path, libraries: Path | None = None, files: Mapping[str, str] | None = None) -> Path:
    """Build a wheel of an extension, which needs the library if its folder is given."""
    needed = [str(libraries / "libone.so")] if libraries else []
    statement = "if (one() != 1) return 0;" if libraries else ""
    source = module_source("native", statement, "int one(void);" if libraries else "")
    extension = compile_library(folder / "native.abi3.so", source, *needed)
    return build_wheel(folder, {"demo/native.abi3.so": extension, **(files or {})}, "cp310-abi3-linux_x86_64")


def sboms_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        found = {name: archive.read(name) for name in archive.namelist() if "/sboms/" in name}
    for data in found.values():
        check_schema(data)
    return {name.partition("/")[2]: data for name, data in found.items()}


def check_schema(data: bytes) -> None:
    """Check that a document is valid, without a key that CycloneDX 1.6 does not know."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None


def names_of(data: bytes) -> list[str]:
    return [component["name"] for component in json.loads(data)["components"]]


def test_document_describes_the_wheel_and_its_components() -> None:
    data = render_sbom(WHEEL, (NANOBIND, LIBCXX), GRAFTED)
    check_schema(data)
    document = json.loads(data)
    url = "pkg:pypi/abacus-runtime@0%2Bunstamped"
    assert document["metadata"]["component"] == {
        "type": "library",
        "bom-ref": url,
        "name": "abacus-runtime",
        "version": UNSTAMPED,
        "purl": f"{url}?file_name=abacus_runtime-0%2Bunstamped-cp312-abi3-win_amd64.whl",
    }
    assert document["components"] == [
        {
            "type": "library",
            "bom-ref": "grafted:engine.dll",
            "name": "engine.dll",
            "evidence": {"occurrences": [{"location": "abacus/engine-1.dll"}, {"location": "other/engine-1.dll"}]},
        },
        {
            "type": "library",
            "bom-ref": NANOBIND.purl,
            "name": "nanobind",
            "version": "3.1.0",
            "purl": NANOBIND.purl,
        },
        {
            "type": "library",
            "bom-ref": LIBCXX.purl,
            "name": "libc++",
            "version": "0.17.0",
            "description": LIBCXX.description,
            "licenses": [{"expression": LIBCXX.license}],
            "purl": LIBCXX.purl,
        },
    ]
    references = ["grafted:engine.dll", NANOBIND.purl, LIBCXX.purl]
    assert document["dependencies"][0] == {"ref": url, "dependsOn": references}


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("mit OR apache-2.0", {"expression": "MIT OR Apache-2.0"}),
        ("LGPL-2.1-or-later WITH GCC-exception-2.0", {"expression": "LGPL-2.1-or-later WITH GCC-exception-2.0"}),
        ("The usual", {"license": {"name": "The usual"}}),
    ],
)
def test_license_is_an_expression_or_a_name(text: str, entry: object) -> None:
    data = render_sbom(WHEEL, [Component("glue", license=text)], ())
    check_schema(data)
    assert json.loads(data)["components"][0]["licenses"] == [entry]


def test_order_of_components_does_not_matter() -> None:
    assert render_sbom(WHEEL, (NANOBIND, LIBCXX), GRAFTED) == render_sbom(WHEEL, (LIBCXX, NANOBIND), GRAFTED[::-1])


def test_schema_check_finds_an_invalid_document() -> None:
    document = json.loads(render_sbom(WHEEL, (LIBCXX,), ()))
    document["components"][0]["unknown"] = 1
    with pytest.raises(AssertionError):
        check_schema(json.dumps(document).encode())


@pytest.mark.parametrize(
    "former", [b"{", b"[]", b"{}", b'{"components": 1}', b'{"components": [{}]}', b'{"components": [], "a": "\\ud800"}']
)
def test_damaged_former_document_is_refused(former: bytes) -> None:
    with pytest.raises(InvalidWheelError, match=r"spokeshave\.cdx\.json: is not a document that"):
        render_sbom(WHEEL, (), (), former)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (Component("x", "1", "pkg:pypi/abacus-runtime@0%2Bunstamped"), "with a package URL of the wheel itself"),
        (Component("x", "1", "pkg:pypi/Abacus_Runtime@1.0?a=b"), "with a package URL of the wheel itself"),
        (Component("x", "1", "pkg:pypi/abacus-runtime"), "with a package URL of the wheel itself"),
        (Component("x", "1", "pkg:pypi/abacus-runtime@1#lib/x"), "with a package URL of the wheel itself"),
        (Component("Abacus.Runtime", "1"), "which has the wheel's name and no package URL"),
    ],
)
def test_component_that_would_be_taken_for_the_wheel_is_refused(component: Component, message: str) -> None:
    with pytest.raises(InvalidWheelError, match=message):
        render_sbom(WHEEL, [LIBCXX, component], ())


def test_library_of_the_name_of_the_wheel_is_a_component() -> None:
    data = render_sbom(WHEEL, [Component("abacus-runtime", "1", "pkg:generic/abacus-runtime@1")], ())
    check_schema(data)
    assert names_of(data) == ["abacus-runtime"]


@pytest.mark.parametrize(
    ("fields", "stated"),
    [
        ("License-Expression: MIT \u00e9", "MIT \u00e9"),
        ("License-Expression: MIT\nLicense: Other", "MIT"),
        ("License: MIT", "MIT"),
        ("License: UNKNOWN", None),
        ("License: Permission is hereby granted\n        to all", None),
        ("", None),
    ],
)
def test_origin_has_the_license_of_its_metadata(tmp_path: Path, fields: str, stated: str | None) -> None:
    files = {
        "x.dist-info/RECORD": "",
        "other-2.dist-info/RECORD": "other.libs/libone.so,,\n",
        "other.libs/libone.so": "",
    }
    write_tree(tmp_path, {**files, "other-2.dist-info/METADATA": f"Name: other\n{fields}\n\n"})
    origin = origin_of("libone.so", [tmp_path / "other.libs"])
    assert origin
    assert origin.license == stated
    grafted = GraftedLibrary("libone.so", "demo.libs/libone-1.so", "cd")
    check_schema(render_sbom(WHEEL, (), [grafted], origins={"libone.so": origin}))


def test_origin_is_that_of_the_library_in_the_same_case(tmp_path: Path) -> None:
    files = {
        "big-1.dist-info/RECORD": "libs/LIBONE.so,,\n",
        "small-1.dist-info/RECORD": "libs/libone.so,,\n",
        "libs/LIBONE.so": "big",
        "libs/libone.so": "small",
    }
    folder = write_tree(tmp_path, files) / "libs"
    names = ("LIBONE.so", "libone.so", "libOne.so", "other.so")
    origins = origins_of(names, [folder])
    assert {name: origin.name for name, origin in origins.items()} == dict(zip(names, ("big", "small", "big")))


def test_repair_without_components_lists_what_it_grafts(tmp_path: Path, libraries: Path) -> None:
    repaired = repair(wheel_of(tmp_path, libraries), PLATFORM, [libraries], tmp_path / "out")
    assert {name: names_of(data) for name, data in sboms_of(repaired.written.path).items()} == {SBOM: ["libone.so"]}
    assert repaired.grafted[0].path.encode() in sboms_of(repaired.written.path)[SBOM]


def test_library_of_another_wheel_has_its_origin(tmp_path: Path, libraries: Path) -> None:
    """The folders are those of an environment in which a wheel with the library is installed."""
    site = tmp_path / "site-packages"
    write_tree(
        site,
        {
            "other_dist-2.0+x.dist-info/RECORD": "other.libs/libone.so,,\n",
            "other_dist-2.0+x.dist-info/METADATA": "Name: other-dist\nLicense-Expression: Zlib\n\n",
            "damaged-1.dist-info/RECORD": '"',
            "bare-1.dist-info/METADATA": "",
        },
    )
    (site / "other.libs").mkdir()
    shutil.copy(libraries / "libone.so", site / "other.libs")
    repaired = repair(wheel_of(tmp_path, libraries), PLATFORM, [site / "other.libs"], tmp_path / "out")
    (component,) = json.loads(sboms_of(repaired.written.path)[SBOM])["components"]
    assert component == {
        "type": "library",
        "bom-ref": "grafted:libone.so",
        "name": "libone.so",
        "version": "2.0+x",
        "licenses": [{"expression": "Zlib"}],
        "purl": "pkg:pypi/other-dist@2.0%2Bx",
        "evidence": {"occurrences": [{"location": repaired.grafted[0].path}]},
    }


def test_wheel_of_unknown_contents_gets_no_document(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path)
    assert sboms_of(repair(wheel, PLATFORM, [], tmp_path / "out").written.path) == {}
    known = repair(wheel, PLATFORM, [], tmp_path / "known", components=())
    assert names_of(sboms_of(known.written.path)[SBOM]) == []


def test_documents_of_other_tools_are_kept(tmp_path: Path, libraries: Path) -> None:
    other = '{"bomFormat":"CycloneDX","specVersion":"1.6"}'
    wheel = wheel_of(tmp_path, libraries, {"dist-info/sboms/auditwheel.cdx.json": other})
    found = sboms_of(repair(wheel, PLATFORM, [libraries], tmp_path / "out").written.path)
    assert found.keys() == {"sboms/auditwheel.cdx.json", SBOM}
    assert found["sboms/auditwheel.cdx.json"] == other.encode()


@pytest.mark.parametrize("path", ["sboms", f"{SBOM}/inner"])
def test_taken_path_of_the_document_is_reported(tmp_path: Path, path: str) -> None:
    wheel = wheel_of(tmp_path, files={f"dist-info/{path}": "text"})
    with pytest.raises(InvalidWheelError, match=r"spokeshave\.cdx\.json: cannot be written, because its path is taken"):
        repair(wheel, PLATFORM, [], tmp_path / "out", components=[LIBCXX])


def test_second_repair_keeps_the_components(tmp_path: Path, libraries: Path) -> None:
    first = repair(wheel_of(tmp_path, libraries), PLATFORM, [libraries], tmp_path / "first", components=[LIBCXX])
    newer = Platform.parse("manylinux_2_28_x86_64")
    second = repair(first.written.path, newer, [], tmp_path / "second", components=[NANOBIND])
    document = sboms_of(second.written.path)[SBOM]
    assert names_of(document) == ["libone.so", "nanobind", "libc++"]
    assert b"-manylinux_2_28_x86_64.whl" in document


def test_stamp_changes_the_subject_and_back(tmp_path: Path, libraries: Path) -> None:
    repaired = repair(wheel_of(tmp_path, libraries), PLATFORM, [libraries], tmp_path / "out", components=[LIBCXX])
    stamped = stamp(repaired.written.path, VersionFacts("1.2rc1"), tmp_path / "stamped").wheel.path
    data = sboms_of(stamped)[SBOM]
    subject = json.loads(data)["metadata"]["component"]
    assert (subject["version"], subject["bom-ref"]) == ("1.2rc1", "pkg:pypi/demo@1.2rc1")
    assert subject["purl"] == f"pkg:pypi/demo@1.2rc1?file_name={stamped.name}"
    assert json.loads(data)["dependencies"][0]["ref"] == "pkg:pypi/demo@1.2rc1"
    assert b"unstamped" not in data
    back = stamp(stamped, UNSTAMPED_FACTS, tmp_path / "back").wheel.path
    assert back.read_bytes() == repaired.written.path.read_bytes()


def test_command_reads_the_file_of_components(tmp_path: Path) -> None:
    file = tmp_path / "components.json"
    file.write_text(Components((LIBCXX,)).to_json())
    assert main(_command(tmp_path, file)) == 0
    assert names_of(sboms_of(next((tmp_path / "out").glob("*.whl")))[SBOM]) == ["libc++"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"\xff", "is not UTF-8"),
        (b'{"components": [{"name": "\\ud800"}]}', "has a text that is not Unicode"),
        (b'{"components": [{"name": " "}]}', "components[0] has an empty 'name'"),
        (b'{"components": [{"name": "x", "purl": ""}]}', "components[0] has an empty 'purl'"),
        (b'{"components": [{}]}', "does not list components: components[0] has no 'name'"),
    ],
)
def test_faulty_file_of_components_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    file = tmp_path / "components.json"
    if content is not None:
        file.write_bytes(content)
    assert main(_command(tmp_path, file)) == 1
    assert f"components.json: {message}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def _command(folder: Path, components: Path) -> Sequence[str]:
    options = ["repair", "--wheel", str(wheel_of(folder)), "--platform", MANYLINUX, "--components", str(components)]
    return [*options, "--output", str(folder / "out"), "--report", str(folder / "report.json")]
