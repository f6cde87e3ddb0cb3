from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.errors import InvalidInputsError
from spokeshave.files import sha256_of_file
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.path_fixtures import sources_and
from spokeshave.testing.report_fixtures import read_report
from spokeshave.testing.wheel_fixtures import FILES, PYPROJECT, make_wheel, read_wheel, write_tree
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.recipe import Recipe
from spokeshave.wheel.record import hashed_entry, parse_record
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS, VersionFacts
from spokeshave.wheel.version_module import render_version_module
from spokeshave_core.reports.assemble import AssembleReport
from spokeshave_core.reports.report import FailureReport
from spokeshave_core.wheel_name import UNSTAMPED

MINIMAL = '[project]\nname = "a"\ndynamic = ["version"]\n'


def problems_of(folder: Path, **arguments: object) -> list[str]:
    with pytest.raises(InvalidInputsError) as caught:
        make_wheel(folder, **arguments)  # type: ignore[arg-type]
    assert not (folder / "dist").exists()
    return [problem.place.replace(f"{folder}/", "") for problem in caught.value.problems]


def run_in(python: Path, *arguments: str) -> str:
    return subprocess.run([python, "-I", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def make_environment(folder: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


def pip(python: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *arguments], check=True)


def test_licenses_of_linked_software_are_installed(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": MINIMAL, "payload/a.py": "", "licenses/third-party/zlib/LICENSE": "free"})
    arguments = ["--pyproject", "pyproject.toml", "--payload", "payload", "--licenses", "licenses"]
    paths = [item if item.startswith("--") else str(tmp_path / item) for item in arguments]
    options = ["--tag", "py3-none-any", "--output", str(tmp_path / "dist"), "--report", str(tmp_path / "r.json")]
    assert main(["assemble", *paths, *options]) == 0
    files = read_wheel(tmp_path / "dist" / read_report(AssembleReport, tmp_path / "r.json").wheel)
    assert files[f"a-{UNSTAMPED}.dist-info/licenses/third-party/zlib/LICENSE"] == "free"
    assert "License-File: third-party/zlib/LICENSE\n" in files[f"a-{UNSTAMPED}.dist-info/METADATA"]


def test_entry_points_are_added_to_those_of_the_project(tmp_path: Path) -> None:
    own = '[project.entry-points."cmake.root"]\nOther = "a.other"\n'
    write_tree(tmp_path, {"pyproject.toml": f"{MINIMAL}{own}", "payload/a.py": ""})
    paths = ("--pyproject", str(tmp_path / "pyproject.toml"), "--payload", str(tmp_path / "payload"))
    options = ("--tag", "py3-none-any", "--output", str(tmp_path / "dist"), "--report", str(tmp_path / "r.json"))
    added = ("--entry-point", "cmake.root:A=a", "--entry-point", "pkg_config:a=a.lib.pkgconfig")
    assert main(["assemble", *paths, *options, *added]) == 0
    files = read_wheel(tmp_path / "dist" / read_report(AssembleReport, tmp_path / "r.json").wheel)
    expected = "[cmake.root]\nA = a\nOther = a.other\n\n[pkg_config]\na = a.lib.pkgconfig\n"
    assert files[f"a-{UNSTAMPED}.dist-info/entry_points.txt"] == expected


def test_wheel_holds_these_files_in_this_order(tmp_path: Path) -> None:
    write_tree(tmp_path, {"LICENSE": "free"})
    pyproject = PYPROJECT.replace("[project]\n", '[project]\nlicense = "MIT"\nlicense-files = ["LICENSE"]\n', 1)
    wheel = make_wheel(tmp_path, pyproject=pyproject, data={"scripts/tool": "#!python\n", "headers/a.h": ""})
    assert wheel.path.name == "abacus_runtime-0+unstamped-py3-none-any.whl"
    assert "\n".join(wheel.files) == (
        "abacus_runtime-0+unstamped.data/headers/a.h\n"
        "abacus_runtime-0+unstamped.data/scripts/tool\n"
        "abacus_runtime/__init__.py\n"
        "abacus_runtime/_version.py\n"
        "abacus_runtime/cli.py\n"
        "abacus_runtime/data/table.csv\n"
        "abacus_runtime/py.typed\n"
        "abacus_runtime-0+unstamped.dist-info/METADATA\n"
        "abacus_runtime-0+unstamped.dist-info/WHEEL\n"
        "abacus_runtime-0+unstamped.dist-info/entry_points.txt\n"
        "abacus_runtime-0+unstamped.dist-info/licenses/LICENSE\n"
        "abacus_runtime-0+unstamped.dist-info/spokeshave.json\n"
        "abacus_runtime-0+unstamped.dist-info/RECORD"
    )


def test_record_lists_all_files_and_itself_without_hash(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    record = f"{parse_wheel_name(wheel.path.name).dist_info}/RECORD"
    files = {name: text.encode() for name, text in read_wheel(wheel.path).items()}
    entries = parse_record(files[record], "RECORD")
    assert list(entries) == list(files)
    assert (entries.pop(record).hash, files.pop(record) != b"") == ("", True)
    expected = {name: hashed_entry(name, hashlib.sha256(data).digest(), len(data)) for name, data in files.items()}
    assert entries == expected


def test_wheel_file_says_native_and_expands_the_tags(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, tag="cp39.cp310-abi3-linux_x86_64")
    text = next(text for name, text in read_wheel(wheel.path).items() if name.endswith("/WHEEL"))
    assert text.splitlines()[0] == "Wheel-Version: 1.0"
    assert text.splitlines()[2:] == [
        "Root-Is-Purelib: false",
        "Tag: cp310-abi3-linux_x86_64",
        "Tag: cp39-abi3-linux_x86_64",
    ]


def test_wheel_is_stored_and_scripts_are_executable(tmp_path: Path) -> None:
    write_tree(tmp_path / "payload", {"abacus_runtime/run.sh": ""})
    (tmp_path / "payload/abacus_runtime/run.sh").chmod(0o750)
    wheel = make_wheel(tmp_path, data={"scripts/tool": "#!python\n", "data/etc/x": ""})
    with zipfile.ZipFile(wheel.path) as archive:
        infos = archive.infolist()
    assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
    executable = [info.filename for info in infos if info.external_attr >> 16 & 0o111]
    assert executable == ["abacus_runtime-0+unstamped.data/scripts/tool", "abacus_runtime/run.sh"]
    assert {info.external_attr >> 16 for info in infos} == {0o100644, 0o100755}


def test_single_module_at_the_root_is_a_wheel(tmp_path: Path) -> None:
    files = {"a.py": "x = 1\n", "a-stubs/__init__.pyi": ""}
    wheel = make_wheel(tmp_path, pyproject=MINIMAL, files=files, pins=(), version_module=None)
    assert wheel.files[:2] == ("a-stubs/__init__.pyi", "a.py")


def test_source_tree_may_contain_the_generated_module(tmp_path: Path) -> None:
    files = {**FILES, "abacus_runtime/_version.py": render_version_module(UNSTAMPED_FACTS).decode()}
    assert make_wheel(tmp_path, files=files).files.count("abacus_runtime/_version.py") == 1


def test_another_file_at_the_version_modules_path_is_refused(tmp_path: Path) -> None:
    files = {**FILES, "abacus_runtime/_version.py": "mine = 1\n"}
    assert problems_of(tmp_path, files=files) == ["payload/abacus_runtime/_version.py"]
    assert problems_of(tmp_path / "b", files={**FILES, "abacus_runtime/_Version.py": ""}) == [
        "abacus_runtime/_version.py"
    ]


@pytest.mark.parametrize("path", ["../v.py", "/v.py", "a b/v.py", "v.txt", "a//v.py", "a/1.py"])
def test_version_module_with_an_invalid_name_is_refused(tmp_path: Path, path: str) -> None:
    assert problems_of(tmp_path, version_module=path) == [path]


def test_version_files_are_rendered_without_a_version(tmp_path: Path) -> None:
    template = "Version: @VERSION@ @VERSION_MAJOR@.@VERSION_MINOR@.@VERSION_PATCH@ [@COMMIT@]\n"
    files = read_wheel(make_wheel(tmp_path, version_files={"abacus_runtime/lib/abacus.pc": template}).path)
    assert files["abacus_runtime/lib/abacus.pc"] == f"Version: {UNSTAMPED} 0.0.0 []\n"
    recipe = Recipe.parse(files[f"abacus_runtime-{UNSTAMPED}.dist-info/spokeshave.json"].encode(), "recipe")
    assert recipe.version_files == (("abacus_runtime/lib/abacus.pc", template),)


def test_unknown_placeholders_are_refused(tmp_path: Path) -> None:
    templates = {"a/b.h": "@VERSION@\n@VERSON@ @PACKAGE_INIT@\n", "a/c.h": "no placeholder, just text"}
    assert problems_of(tmp_path, version_files=templates) == [
        "templates/0.in, line 2",
        "templates/0.in, line 2",
        "templates/1.in",
    ]


@pytest.mark.parametrize("path", ["../a.h", "/a.h", "a//b.h", "a\\b.h", "x-1.dist-info/a.h", "x-1.data/data/a.h"])
def test_version_file_with_an_invalid_path_is_refused(tmp_path: Path, path: str) -> None:
    assert problems_of(tmp_path, version_files={path: "@VERSION@"}) == [path]


def test_another_file_at_a_version_files_path_is_refused(tmp_path: Path) -> None:
    templates = {"abacus_runtime/cli.py": "version = '@VERSION@'\n", "abacus_runtime/_version.py": "@VERSION@"}
    assert problems_of(tmp_path, version_files=templates) == [
        "abacus_runtime/_version.py",
        "payload/abacus_runtime/cli.py",
    ]
    with pytest.raises(InvalidInputsError, match=r"cli\.py: exists, but a version file is generated at this path"):
        make_wheel(tmp_path / "python", version_files={"abacus_runtime/cli.py": "version = '@VERSION@'\n"})
    same = {**FILES, "abacus_runtime/v.h": f"// {UNSTAMPED}\n"}
    assert make_wheel(tmp_path / "same", files=same, version_files={"abacus_runtime/v.h": "// @VERSION@\n"})


def test_templates_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.in").write_bytes(b"@VERSION@ \xff")
    arguments = ["assemble", "--pyproject", "p", "--payload", "p", "--tag", "py3-none-any", "--output", "o"]
    templates = [f"--version-file=a/{name}.h={tmp_path}/{name}.in" for name in ("binary", "missing")]
    assert main([*arguments, *templates, "--report", str(tmp_path / "r.json")]) == 1
    places = [problem.place for problem in read_report(FailureReport, tmp_path / "r.json").problems]
    assert {f"{tmp_path}/binary.in", f"{tmp_path}/missing.in"} < set(places)


def test_wheel_without_files_is_refused(tmp_path: Path) -> None:
    assert problems_of(tmp_path, files={"__pycache__/x.pyc": ""}, version_module=None) == ["payload"]


def test_faults_of_all_inputs_are_reported_together(tmp_path: Path) -> None:
    places = problems_of(
        tmp_path,
        pyproject='[project]\nname = "a"\n',
        files={"a-1.dist-info/METADATA": ""},
        data={"bin/x": ""},
        tag="linux",
    )
    assert places == ["tag linux", "pyproject.toml: project.version", "a-1.dist-info", "data/bin/x"]


def test_same_inputs_give_the_same_bytes_in_any_environment(tmp_path: Path) -> None:
    sums = set()
    environments = [
        ("here", 0o022, {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}),
        ("else/where", 0o077, {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "1"}),
    ]
    for place, umask, environment in environments:
        folder = tmp_path / place
        names = list(FILES) if place == "here" else list(reversed(FILES))
        earlier = os.umask(umask)
        try:
            write_tree(folder / "payload", {"abacus_runtime/größe.txt": "", **{name: FILES[name] for name in names}})
            write_tree(folder, {"pyproject.toml": PYPROJECT})
            for index, path in enumerate(sorted(folder.rglob("*"))):
                os.utime(path, (10**9 + umask + index, 10**9 + umask + index))
            wheel = command_line_wheel(folder, {**os.environ, **environment})
        finally:
            os.umask(earlier)
        sums.add(sha256_of_file(wheel))
    assert len(sums) == 1


def command_line_wheel(folder: Path, environment: dict[str, str]) -> Path:
    """Assemble and stamp through the command line in another process and another working directory."""
    environment = {**environment, "PYTHONPATH": sources_and(environment.get("PYTHONPATH", ""))}
    commands = [
        "assemble --pyproject pyproject.toml --payload payload --tag py3-none-any --pin abacus-compiler "
        "--version-module abacus_runtime/_version.py --output one --report r1.json",
        "stamp --wheel one/abacus_runtime-0+unstamped-py3-none-any.whl --version 3.12.0rc1 "
        "--output two --report r2.json",
    ]
    for command in commands:
        subprocess.run([sys.executable, "-m", "spokeshave", *command.split()], cwd=folder, env=environment, check=True)
    return folder / "two" / "abacus_runtime-3.12.0rc1-py3-none-any.whl"


def test_report_describes_the_assembled_wheel(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": '[project]\nname = "A.b"\nversion = "1.4.5"\nrequires-python = ">=3.9"\n'})
    write_tree(tmp_path / "p", {"a.py": ""})
    arguments = f"assemble --pyproject {tmp_path}/pyproject.toml --payload {tmp_path}/p --tag py3-none-any"
    assert main([*arguments.split(), "--output", f"{tmp_path}/out", "--report", f"{tmp_path}/report.json"]) == 0
    assert read_report(AssembleReport, tmp_path / "report.json").files[0] == "a.py"
    report = json.loads((tmp_path / "report.json").read_text())
    assert report.pop("files")[0] == "a.py"
    assert report == {
        "wheel": "a_b-0+unstamped-py3-none-any.whl",
        "name": "A.b",
        "static_version": "1.4.5",
        "requires_python": ">=3.9",
    }


def test_pip_installs_a_stamped_wheel_that_runs(tmp_path: Path) -> None:
    runtime = make_wheel(tmp_path / "r", pyproject=PYPROJECT.replace("\"numpy>=1.20; python_version >= '3.9'\", ", ""))
    compiler = make_wheel(
        tmp_path / "c",
        pyproject=MINIMAL.replace('"a"', '"abacus-compiler"'),
        files={"c.py": ""},
        pins=(),
        version_module=None,
    )
    wheels = [stamp(wheel.path, VersionFacts("3.12.0rc1"), tmp_path / "w").wheel.path for wheel in (runtime, compiler)]
    python = make_environment(tmp_path / "env")
    pip(python, "install", "--no-index", "--disable-pip-version-check", *map(str, wheels))
    pip(python, "check")
    program = (
        "import abacus_runtime, importlib.metadata as m; print(abacus_runtime.__version__, m.version('abacus-runtime'))"
    )
    assert run_in(python, "-c", program) == "3.12.0rc1 3.12.0rc1\n"
    script = subprocess.run([tmp_path / "env/bin/abacus-run"], check=True, stdout=subprocess.PIPE, text=True)
    assert script.stdout == "ran\n"


def test_pip_installs_data_files_by_their_scheme(tmp_path: Path) -> None:
    data = {"scripts/tool": "#!python\nprint('tool')\n", "data/etc/a.conf": "x", "headers/a.h": "y"}
    wheel = make_wheel(tmp_path, pyproject=MINIMAL, files={"a.py": ""}, data=data, pins=(), version_module=None)
    stamped = stamp(wheel.path, VersionFacts("1.0"), tmp_path / "w").wheel.path
    python = make_environment(tmp_path / "env")
    pip(python, "install", "--no-index", "--no-deps", "--disable-pip-version-check", str(stamped))
    tool = subprocess.run([tmp_path / "env/bin/tool"], check=True, stdout=subprocess.PIPE, text=True)
    assert (tool.stdout, (tmp_path / "env/etc/a.conf").read_text()) == ("tool\n", "x")
    assert len(list((tmp_path / "env/include").rglob("a.h"))) == 1
