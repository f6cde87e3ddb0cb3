from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.pythons.foreign import write_manifest
from spokeshave.smoke.machine import machine_title
from spokeshave.testing.foreign_fixtures import foreign
from spokeshave.testing.native_fixtures import build_wheel, compile_library, module_source
from spokeshave.testing.report_fixtures import read_report
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.writer import WheelEntry, write_wheel
from spokeshave_core.reports.report import FailureReport
from spokeshave_core.reports.smoke import SmokeTestReports
from spokeshave_core.wheel_name import WheelName, WheelTag

PYTHON = Path(sys.executable).resolve()
VERSION = ".".join(map(str, sys.version_info[:3]))
TAG = "cp38-abi3-manylinux_2_17_x86_64"


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_library(tmp_path_factory.mktemp("native") / "native.abi3.so", module_source("native"))


@dataclass(frozen=True)
class Wheelhouse:
    """A folder with pytest's wheels, made from the packages of this process, and their pins."""

    folder: Path
    requirements: Path


def repack(name: str, folder: Path) -> Path:
    """Convert an installed distribution back to a wheel."""
    found = metadata.distribution(name)
    lines = (found.read_text("WHEEL") or "").splitlines()
    tags = [line.partition(": ")[2].split("-") for line in lines if line.startswith("Tag:")]
    tag = WheelTag(*(".".join(sorted(set(part))) for part in zip(*tags)))
    wheel = WheelName(found.metadata["Name"].replace("-", "_"), found.version, tag)
    entries = [
        WheelEntry(str(file), Path(str(file.locate())), Compression.STORED)
        for file in found.files or ()
        if ".." not in file.parts
        and file.suffix != ".pyc"
        and file.name != "RECORD"
        and Path(str(file.locate())).is_file()
    ]
    dist_info = next(entry.name.split("/")[0] for entry in entries if ".dist-info/" in entry.name)
    return write_wheel(folder / str(wheel), dist_info, entries, Compression.STORED).path


def with_requirements(name: str) -> list[str]:
    """Return a distribution and all its requirements here."""
    found = [name]
    for each in found:
        needed = [Requirement(text) for text in metadata.distribution(each).requires or []]
        active = [need for need in needed if need.marker is None or need.marker.evaluate({"extra": ""})]
        found += [need.name for need in active if need.name not in found]
    return found


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Wheelhouse:
    folder = tmp_path_factory.mktemp("wheelhouse")
    lines = []
    for path in (repack(name, folder) for name in with_requirements("pytest")):
        name, version = path.name.split("-")[:2]
        lines.append(f"{name}=={version} \\\n    --hash=sha256:{sha256_of_file(path)[0]}\n    # via a test\n")
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(lines))
    return Wheelhouse(folder, requirements)


@dataclass(frozen=True)
class Result:
    """The result of the command."""

    exit_code: int
    report: Any
    out: str
    err: str

    @property
    def run(self) -> Any:
        """Return the only run."""
        (run,) = self.report["runs"]
        return run

    @property
    def outcomes(self) -> dict[str, str]:
        """Return each check's outcome by its name."""
        return {check["name"]: check["outcome"] for check in self.run["checks"]}


Smoke = Callable[..., Result]


@pytest.fixture
def smoke(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Smoke:
    """Return a function that runs the command and parses its report."""

    def run(wheel: Path, *arguments: str | Path, python: Path | None = PYTHON) -> Result:
        report = tmp_path / "report.json"
        given = ["--python", str(python)] if python else []
        exit_code = main(["smoke-test", str(wheel), *map(str, arguments), *given, "--report", str(report)])
        captured = capsys.readouterr()
        document = json.loads(report.read_text())
        read_report(FailureReport if "problems" in document else SmokeTestReports, report)
        return Result(exit_code=exit_code, report=document, out=captured.out, err=captured.err)

    return run


def write_test(tmp_path: Path, code: str) -> Path:
    file = tmp_path / "test_demo.py"
    file.write_text(code)
    return file


def with_tests(wheelhouse: Wheelhouse, test: Path) -> list[str | Path]:
    return ["--test", test, "--wheelhouse", wheelhouse.folder, "--requirements", wheelhouse.requirements]


def test_a_good_wheel_passes_every_check(tmp_path: Path, native: Path, wheelhouse: Wheelhouse, smoke: Smoke) -> None:
    files: dict[str, bytes | str | Path] = {
        "demo/__init__.py": "def main(): print('usage: demo')",
        "demo/native.abi3.so": native,
        "dist-info/entry_points.txt": "[console_scripts]\ndemo-tool = demo:main\n",
    }
    wheel = build_wheel(tmp_path, files, TAG)
    test = write_test(tmp_path, "import demo.native\ndef test_one(): pass\ndef test_two(): pass\n")
    result = smoke(wheel, *with_tests(wheelhouse, test), "--expect-python", VERSION)
    assert result.exit_code == 0, result.err
    assert result.err == ""
    assert result.report["wheel"] == wheel.name
    assert result.report["sha256"] == sha256_of_file(wheel)[0]
    facts = {
        "path": str(PYTHON),
        "version": VERSION,
        "implementation": "CPython",
        "emulator": "",
        "free_threaded": False,
    }
    assert result.run["python"] == {**facts, "platform": machine_title()}
    assert result.run["outcome"] == "passed"
    names = [
        "install",
        "files",
        "import demo",
        "import demo.native",
        "script demo-tool",
        "install test requirements",
        "tests",
    ]
    assert result.outcomes == dict.fromkeys(names, "passed")
    assert result.run["checks"][-1]["detail"] == "2 passed"
    assert result.out.splitlines()[0].split() == ["wheel", "python", "outcome", "checks", "seconds", "reason"]
    assert result.out.splitlines()[1].split()[1:5] == ["CPython", VERSION, "passed", "7/7"]


def test_a_module_that_is_not_in_the_wheel_is_named(
    tmp_path: Path, smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "import demo.helper"}, "py3-none-any")
    source = tmp_path / "source" / "demo"
    source.mkdir(parents=True)
    (source / "__init__.py").touch()
    (source / "helper.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(source.parent))
    monkeypatch.chdir(source.parent)
    result = smoke(wheel)
    assert result.exit_code == 1
    assert result.run["outcome"] == "failed"
    assert "ModuleNotFoundError: No module named 'demo.helper'" in result.run["reason"]
    assert "The wheel has no demo/helper.py" in result.err
    assert "Add the target that owns demo.helper to the wheel's dependencies" in result.err


def test_a_name_that_may_be_a_missing_module_is_named(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "from demo import helper"}, "py3-none-any")
    assert "If helper is a module, the wheel has no demo/helper.py" in smoke(wheel).err


def test_a_dependency_that_is_not_declared_is_named(tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "import iniconfig"}, "py3-none-any")
    result = smoke(wheel, *with_tests(wheelhouse, write_test(tmp_path, "def test(): import demo")))
    assert result.outcomes["import demo"] == "failed"
    assert result.outcomes["tests"] == "passed"
    assert "iniconfig is not installed: list its distribution under dependencies" in result.err


def test_a_package_that_only_tests_import_is_pinned_for_them(
    tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke
) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": ""}, "py3-none-any")
    test = write_test(tmp_path, "import a_package_that_nobody_has\n\ndef test(): pass")
    failed = smoke(wheel, *with_tests(wheelhouse, test))
    assert "or in the file of `smoke_requirements` if only the tests do" in failed.err
    assert "in the field `smoke_optional_imports`" in failed.err


def test_a_declared_dependency_comes_from_the_wheelhouse(tmp_path: Path, smoke: Smoke) -> None:
    house = tmp_path / "house"
    build_wheel(house, {"base/__init__.py": "VALUE = 1"}, "py3-none-any", name="base", version="1.0")
    build_wheel(house, {"base/__init__.py": "VALUE = 2"}, "py3-none-any", name="base", version="2.0")
    lines = "Requires-Dist: base<2\nRequires-Dist: absent; python_version < '3'\n"
    wheel = build_wheel(
        tmp_path, {"demo.py": "import base; assert base.VALUE == 1"}, "py3-none-any", metadata_lines=lines
    )
    assert smoke(wheel, "--wheelhouse", house).exit_code == 0


def test_a_dependency_that_nothing_meets_is_named(tmp_path: Path, smoke: Smoke) -> None:
    house = tmp_path / "house"
    build_wheel(house, {"base/__init__.py": ""}, "py3-none-any", name="base", version="1.0")
    lines = "Requires-Dist: base>=2\nRequires-Dist: other\n"
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any", metadata_lines=lines)
    result = smoke(wheel, "--wheelhouse", house)
    assert result.exit_code == 1
    assert "requires base>=2, but the wheelhouse has only base 1.0" in result.err
    assert "requires other, but the wheelhouse has no other for this Python" in result.err
    assert "Add other to the requirements of the tests" in result.err
    assert "`smoke_requirements`" in result.err


def test_a_different_wheelhouse_file_of_that_name_is_refused(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": "a = 1"}, "py3-none-any")
    build_wheel(tmp_path / "house", {"demo.py": "a = 2"}, "py3-none-any")
    result = smoke(wheel, "--wheelhouse", tmp_path / "house")
    assert result.exit_code == 1
    assert f"is another file than {wheel} of the same name" in result.err


def test_the_published_wheel_may_be_a_requirement_of_tests(
    tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke
) -> None:
    """A plugin that the tests import requires the distribution, so a lock file has both."""
    wheel = build_wheel(tmp_path, {"demo.py": "a = 1"}, "py3-none-any", version="1.0")
    house = shutil.copytree(wheelhouse.folder, tmp_path / "house")
    published = build_wheel(house, {"demo.py": "a = 2"}, "py3-none-any", version="1.0")
    requirements = tmp_path / "requirements.txt"
    pinned = f"demo==1.0 --hash=sha256:{sha256_of_file(published)[0]}\n"
    requirements.write_text(wheelhouse.requirements.read_text() + pinned)
    test = write_test(tmp_path, "import demo\ndef test_one(): assert demo.a == 1\n")
    assert smoke(wheel, *with_tests(Wheelhouse(house, requirements), test)).exit_code == 0


def test_another_wheel_of_the_same_version_is_not_used(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py2.py3-none-any")
    build_wheel(
        tmp_path / "house", {"demo.py": "raise ImportError"}, f"cp{sys.version_info[0]}{sys.version_info[1]}-none-any"
    )
    assert smoke(wheel, "--wheelhouse", tmp_path / "house").exit_code == 0


def test_a_file_that_differs_from_record_is_found(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": "a = 1"}, "py3-none-any")
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in {**members, "demo.py": b"a = 2"}.items():
            archive.writestr(name, data)
    result = smoke(wheel)
    assert result.outcomes["files"] == "failed"
    assert "demo.py has another hash than RECORD lists" in result.err


def test_the_environment_of_the_caller_is_out_of_sight(
    tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONPATH", "PIP_INDEX_URL", "PIP_FIND_LINKS", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTEST_ADDOPTS"):
        monkeypatch.setenv(name, "/nowhere")
    code = (
        "import os, sys\n"
        "def test_variables():\n"
        "    assert not [n for n in os.environ if n.startswith(('PYTHON', 'LD_', 'VIRTUAL_ENV'))]\n"
        "    assert {n for n in os.environ if n.startswith('PIP_')} <= {'PIP_CONFIG_FILE'}\n"
        "    assert 'PYTEST_ADDOPTS' not in os.environ\n"
        f"def test_home(): assert os.path.expanduser('~') != {str(Path.home())!r}\n"
        f"def test_folder(): assert {str(tmp_path)!r} not in (os.getcwd(), *sys.path)\n"
    )
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, *with_tests(wheelhouse, write_test(tmp_path, code)))
    assert result.run["checks"][-1]["detail"] == "3 passed"


def test_a_failing_test_is_named(tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke) -> None:
    test = write_test(tmp_path, "def test_good(): pass\ndef test_bad(): assert 1 == 2\n")
    result = smoke(build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any"), *with_tests(wheelhouse, test))
    assert result.exit_code == 1
    assert "1 passed, 1 failed" in result.err
    assert "test_demo::test_bad: assert 1 == 2" in result.err


def test_a_test_with_a_missing_module_names_it(tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke) -> None:
    files: dict[str, bytes | str | Path] = {"demo/__init__.py": ""}
    test = write_test(tmp_path, "import demo.helper\ndef test(): pass\n")
    result = smoke(build_wheel(tmp_path, files, "py3-none-any"), *with_tests(wheelhouse, test))
    assert "The wheel has no demo/helper.py" in result.err


def test_a_hanging_test_is_killed_with_all_that_it_started(
    tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke
) -> None:
    pids = tmp_path / "pids"
    code = (
        "import subprocess, sys, time\n"
        "def test_good(): pass\n"
        "def test_hanging():\n"
        "    child = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "    started = [subprocess.Popen(child), subprocess.Popen(child, start_new_session=True)]\n"
        f"    open({str(pids)!r}, 'w').write(' '.join(str(p.pid) for p in started))\n"
        "    time.sleep(600)\n"
    )
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, *with_tests(wheelhouse, write_test(tmp_path, code)), "--timeout", "6")
    assert result.exit_code == 1
    assert "test_demo.py::test_hanging: the test did not end within 6 seconds and was killed" in result.err
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def test_a_test_that_crashes_is_named_with_its_signal(tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke) -> None:
    code = "import os\ndef test_good(): pass\ndef test_crash(): os.kill(os.getpid(), 11)\n"
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, *with_tests(wheelhouse, write_test(tmp_path, code)))
    assert "test_demo.py::test_crash: the test was killed by signal 11 (SIGSEGV)" in result.err


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("value = 1\n", "pytest found no tests"),
        ("import pytest\n@pytest.mark.skip\ndef test(): pass\n", "All tests were skipped, so nothing was tested"),
    ],
)
def test_tests_without_test_cases_fail(
    tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke, code: str, message: str
) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, *with_tests(wheelhouse, write_test(tmp_path, code)))
    assert result.exit_code == 1
    assert message in result.err


def test_tests_without_pytest_have_a_hint(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    empty = tmp_path / "requirements.txt"
    empty.write_text("")
    result = smoke(wheel, "--test", write_test(tmp_path, "def test(): pass"), "--requirements", empty)
    assert "pytest is not installed\nAdd it, with a version and hashes" in result.err


def test_a_requirement_with_a_wrong_hash_is_refused(tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke) -> None:
    wrong = tmp_path / "requirements.txt"
    lines = wheelhouse.requirements.read_text()
    first = lines.split("sha256:")[1][:64]
    wrong.write_text(lines.replace(first, "0" * 64))
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    test = write_test(tmp_path, "def test(): pass")
    result = smoke(wheel, "--test", test, "--wheelhouse", wheelhouse.folder, "--requirements", wrong)
    assert result.outcomes["install test requirements"] == "failed"
    assert "DO NOT MATCH THE HASHES" in result.err


def test_requirements_without_hashes_are_refused(tmp_path: Path, smoke: Smoke) -> None:
    loose = tmp_path / "requirements.txt"
    loose.write_text("pytest==8.0\nother>=1 --hash=sha256:00\n-r more.txt\n")
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, "--test", write_test(tmp_path, "def test(): pass"), "--requirements", loose)
    assert "pytest==8.0: is not pinned to one version with hashes" in result.err
    assert "other>=1: is not pinned to one version with hashes" in result.err
    assert "-r: is not a requirement" in result.err


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("*(volatile int *)8 = 1;", "importing demo.native was killed by signal 11 (SIGSEGV)"),
        ('for (;;) __asm__ volatile("");', "importing demo.native did not end within 3 seconds and was killed"),
        ("return 0;", "SystemError"),
    ],
)
def test_an_extension_that_breaks_on_import_is_named(
    tmp_path: Path, smoke: Smoke, statement: str, message: str
) -> None:
    built = compile_library(tmp_path / "built.so", module_source("native", statement))
    files: dict[str, bytes | str | Path] = {"demo/__init__.py": "", "demo/native.abi3.so": built}
    result = smoke(build_wheel(tmp_path, files, TAG), "--timeout", "3")
    assert result.exit_code == 1
    assert result.outcomes["import demo"] == "passed"
    assert result.outcomes["import demo.native"] == "failed"
    assert message in result.err


def test_an_undefined_symbol_is_named(tmp_path: Path, smoke: Smoke) -> None:
    source = module_source("native", "nowhere_defined();", "extern void nowhere_defined(void);")
    built = compile_library(tmp_path / "built.so", source)
    result = smoke(build_wheel(tmp_path, {"native.abi3.so": built}, TAG))
    assert "Nothing in the wheel defines nowhere_defined: add the target that does" in result.err


def test_a_wrong_init_function_is_explained(tmp_path: Path, smoke: Smoke) -> None:
    built = compile_library(tmp_path / "built.so", module_source("other"))
    result = smoke(build_wheel(tmp_path, {"native.abi3.so": built}, TAG))
    assert "The extension does not define PyInit_native" in result.err


def test_a_script_that_fails_is_named(tmp_path: Path, smoke: Smoke) -> None:
    files: dict[str, bytes | str | Path] = {
        "demo.py": "def main(): raise SystemExit(3)",
        "dist-info/entry_points.txt": "[console_scripts]\ndemo-tool = demo:main\n",
    }
    result = smoke(build_wheel(tmp_path, files, "py3-none-any"))
    assert "script demo-tool: demo-tool --help ended with exit code 3" in result.err
    assert 'smoke_scripts={"demo-tool": ["--version"]}. With an empty list it is not run.' in result.err


def with_scripts(folder: Path) -> Path:
    """Return a wheel of two scripts without --help: one takes --version, the other waits for a missing file."""
    code = (
        "import sys\n"
        "def tool(): sys.exit(sys.argv[1:] != ['--version', '-o', 'a b'])\n"
        "def daemon(): sys.exit('usage: daemon FILE')\n"
    )
    scripts = "[console_scripts]\ntool = demo:tool\ndaemon = demo:daemon\n"
    return build_wheel(folder, {"demo.py": code, "dist-info/entry_points.txt": scripts}, "py3-none-any")


def test_a_script_is_run_with_the_arguments_given_or_not_at_all(tmp_path: Path, smoke: Smoke) -> None:
    result = smoke(with_scripts(tmp_path), "--script", "tool --version -o 'a b'", "--skip-script", "daemon")
    assert result.exit_code == 0, result.err
    assert result.run["outcome"] == "passed"
    assert result.outcomes["script tool"] == "passed"
    (daemon,) = [check for check in result.run["checks"] if check["name"] == "script daemon"]
    assert (daemon["outcome"], daemon["detail"]) == ("not run", "excluded by smoke_scripts (--skip-script)")
    assert "4/5" in result.out


def test_a_failing_script_is_named_with_its_arguments(tmp_path: Path, smoke: Smoke) -> None:
    result = smoke(with_scripts(tmp_path), "--script", "tool 'a b'", "--skip-script", "daemon")
    assert result.exit_code == 1
    assert "script tool: tool 'a b' ended with exit code 1" in result.err
    assert "smoke_scripts" not in result.err


@pytest.mark.usefixtures("smoke")
def test_a_script_or_module_that_the_wheel_lacks_is_refused(tmp_path: Path) -> None:
    wheel = with_scripts(tmp_path)
    report = tmp_path / "report.json"
    arguments = ["--skip-script", "deamon", "--skip-import", "dem", "--python", str(PYTHON), "--report", str(report)]
    assert main(["smoke-test", str(wheel), *arguments]) == 1
    problems = {problem["message"]: problem["remedy"] for problem in json.loads(report.read_text())["problems"]}
    assert problems["has no console script 'deamon'"].endswith("The wheel's console scripts are: daemon, tool.")
    assert "has no module 'dem', which is declared optional" in problems


def with_module(folder: Path, name: str) -> Path:
    """Return a wheel of one module and one script, both of its name, which supports only --version."""
    code = "import sys\ndef main(): sys.exit(sys.argv[1:] != ['--version'])\n"
    scripts = f"[console_scripts]\n{name} = {name}:main\n"
    files = {f"{name}.py": code, "dist-info/entry_points.txt": scripts}
    return build_wheel(folder, files, "py3-none-any", name=name)


def test_choices_need_to_be_of_one_of_the_wheels(tmp_path: Path, smoke: Smoke) -> None:
    wheels = [with_module(tmp_path, "one"), with_module(tmp_path, "two")]
    arguments = ["--script", "one --version", "--skip-script", "two", "--skip-import", "two"]
    result = smoke(wheels[0], wheels[1], *arguments)
    assert result.exit_code == 0, result.err
    one, two = ({check["name"]: check["outcome"] for check in report["runs"][0]["checks"]} for report in result.report)
    assert (one["script one"], one["import one"], "import two" in one) == ("passed", "passed", False)
    assert (two["script two"], two["import two"]) == ("not run", "not run")


def test_choices_of_no_wheel_are_refused(tmp_path: Path, smoke: Smoke) -> None:
    wheels = [with_module(tmp_path, "one"), with_module(tmp_path, "two")]
    result = smoke(wheels[0], wheels[1], "--skip-script", "three", "--skip-import", "on")
    place = f"{wheels[0].name}, {wheels[1].name}"
    assert [(each["place"], each["message"]) for each in result.report["problems"]] == [
        (place, "have no console script 'three'"),
        (place, "have no module 'on', which is declared optional"),
    ]
    assert "The wheels' console scripts are: one, two." in result.err


ENTRY_POINTS = {"no section": "console_scripts\nx=y\n", "no value": "[console_scripts]\nx\n", "open": "[a\nx=y\n"}


@pytest.mark.parametrize("text", ENTRY_POINTS.values(), ids=ENTRY_POINTS)
def test_malformed_entry_points_are_reported(tmp_path: Path, smoke: Smoke, text: str) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": "", "dist-info/entry_points.txt": text}, "py3-none-any")
    result = smoke(wheel, "--skip-script", "x")
    (problem,) = result.report["problems"]
    assert result.exit_code == 1
    assert problem["place"] == f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info/entry_points.txt"
    assert problem["message"].startswith("cannot be read (")
    assert problem["remedy"] == "Correct the entry points in pyproject.toml."


@pytest.mark.parametrize("text", ["tool", "tool 'a", ""])
def test_a_script_without_arguments_is_wrong_usage(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["smoke-test", "demo.whl", "--script", text, "--report", str(tmp_path / "report.json")])
    assert raised.value.code == 2
    assert "--script: " in capsys.readouterr().err


OPTIONAL: dict[str, str] = {
    "demo/__init__.py": "",
    "acme/core/__init__.py": "",
    "acme/contrib/__init__.py": "import a_package_that_nobody_has",
    "acme/contrib/deep/__init__.py": "",
}


def test_a_module_said_to_be_optional_is_not_imported(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, OPTIONAL, "py3-none-any")
    failed = smoke(wheel)
    assert "a_package_that_nobody_has is not installed: list its distribution" in failed.err
    assert "If acme.contrib is optional, name it in the field `smoke_optional_imports`" in failed.err
    assert 'such as smoke_optional_imports=["acme.contrib"]' in failed.err
    result = smoke(wheel, "--skip-import", "acme.contrib")
    assert result.exit_code == 0, result.err
    imports = {name: outcome for name, outcome in result.outcomes.items() if name.startswith("import ")}
    assert imports == {"import acme.contrib": "not run", "import acme.core": "passed", "import demo": "passed"}


OPTIONAL_SCRIPTS = """\
[console_scripts]
plain = acme.contrib:main
deep = acme.contrib.deep:main
marked = acme.contrib.deep:main [extra]
other = demo:main
[gui_scripts]
window = acme.contrib:main
"""


def test_a_script_of_an_optional_module_is_not_run(tmp_path: Path, smoke: Smoke) -> None:
    files = {**OPTIONAL, "demo/__init__.py": "def main(): pass", "dist-info/entry_points.txt": OPTIONAL_SCRIPTS}
    wheel = build_wheel(tmp_path, files, "py3-none-any")
    failed = smoke(wheel)
    assert "script plain: plain --help ended with exit code 1" in failed.err
    assert "If plain does not support --help" not in failed.err
    result = smoke(wheel, "--skip-import", "acme.contrib")
    assert result.exit_code == 0, result.err
    scripts = {check["name"]: check["detail"] for check in result.run["checks"] if check["name"].startswith("script ")}
    skipped = "excluded by smoke_optional_imports (--skip-import)"
    assert scripts == {
        "script deep": f"imports acme.contrib.deep, {skipped}",
        "script marked": f"imports acme.contrib.deep, {skipped}",
        "script other": "",
        "script plain": f"imports acme.contrib, {skipped}",
    }
    forced = smoke(wheel, "--skip-import", "acme.contrib", "--script", "plain --version")
    assert "script plain: plain --version ended with exit code 1" in forced.err


def test_all_below_an_optional_package_is_optional(tmp_path: Path, native: Path, smoke: Smoke) -> None:
    files: dict[str, bytes | str | Path] = {
        **OPTIONAL,
        "acme/contrib/native.abi3.so": native,
        "acme/contribution/__init__.py": "",
    }
    result = smoke(build_wheel(tmp_path, files, TAG), "--skip-import", "acme.contrib")
    assert result.exit_code == 0, result.err
    assert result.outcomes["import acme.contrib.native"] == "not run"
    assert result.outcomes["import acme.contribution"] == "passed"


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("cp27-cp27m-manylinux_2_17_x86_64", "the wheel is for cp27-cp27m, which CPython"),
        ("cp38-abi3-manylinux_2_17_s390x", "the wheel is for manylinux_2_17_s390x; CPython"),
        ("cp38-abi3-manylinux_2_99_x86_64", "the wheel is for manylinux_2_99_x86_64; CPython"),
    ],
)
def test_a_wheel_that_does_not_fit_is_not_run(
    tmp_path: Path, native: Path, smoke: Smoke, tag: str, reason: str
) -> None:
    wheel = build_wheel(tmp_path, {"native.abi3.so": native}, tag)
    result = smoke(wheel)
    assert result.exit_code == 1
    assert result.run["outcome"] == "not run"
    assert result.run["reason"].startswith(reason)
    assert f"{wheel.name} was not run on any interpreter: {reason}" in result.err
    assert smoke(wheel, "--allow-not-run").exit_code == 0


def test_an_interpreter_that_is_not_there_is_not_run(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, python=tmp_path / "no-python")
    assert result.exit_code == 1
    assert result.run["outcome"] == "not run"
    assert "the program does not exist" in result.err
    passed = smoke(wheel, "--python", str(tmp_path / "no-python"))
    assert passed.exit_code == 0
    assert [run["outcome"] for run in passed.report["runs"]] == ["not run", "passed"]


def test_a_replaced_interpreter_is_noticed(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, "--expect-python", "3.1.4")
    assert result.exit_code == 1
    assert f"is {VERSION} now, but 3.1.4 was expected" in result.err


def test_without_a_given_interpreter_those_on_path_are_tried(
    tmp_path: Path, smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").symlink_to(PYTHON)
    (folder / "python3.2").write_text("#!/bin/sh\nexit 127\n")
    (folder / "python3.2").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, python=None)
    assert [run["outcome"] for run in result.report["runs"]] == ["passed"]
    assert result.run["python"]["version"] == VERSION
    misfit = smoke(build_wheel(tmp_path, {"demo.py": ""}, "cp27-none-any"), python=None)
    assert misfit.exit_code == 1
    assert "no interpreter on PATH supports cp27-none-any (found: CPython" in misfit.err


def test_several_wheels_are_reported_as_a_list(tmp_path: Path, smoke: Smoke) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    other = build_wheel(tmp_path, {"other.py": ""}, "py3-none-any", name="other")
    result = smoke(wheel, str(other))
    assert [report["wheel"] for report in result.report] == [wheel.name, other.name]


def test_missing_inputs_are_reported_before_anything_runs(tmp_path: Path, smoke: Smoke) -> None:
    result = smoke(tmp_path / "absent.whl", "--test", tmp_path / "test_absent.py")
    assert result.exit_code == 1
    assert "absent.whl: does not exist" in result.err
    assert "test_absent.py: does not exist" in result.err
    assert "--test: needs pytest in the environment" in result.err


def test_a_killed_smoke_test_leaves_nothing_running(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"import os, time\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    wheel = build_wheel(tmp_path, {"demo/__init__.py": code}, "py3-none-any")
    arguments = [str(wheel), "--python", str(PYTHON), "--report", str(tmp_path / "report.json")]
    command = "import sys; from spokeshave.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", command, "smoke-test", *arguments], env=environment) as process:
        _wait_until(lambda: pid_file.is_file() and bool(pid_file.read_text()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130
    _wait_until(lambda: not Path(f"/proc/{pid_file.read_text()}").exists())


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_foreign_run_reports_its_emulator(tmp_path: Path, wheelhouse: Wheelhouse, smoke: Smoke, native: Path) -> None:
    entry = foreign_entry(tmp_path)
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", "demo/native.abi3.so": native}, TAG)
    test = write_test(tmp_path, "import demo.native\ndef test(): pass\n")
    result = smoke(wheel, *with_tests(wheelhouse, test), "--foreign-python", entry, python=None)
    assert result.exit_code == 0, result.err
    assert set(result.outcomes.values()) == {"passed"}
    assert result.run["python"]["emulator"] == "emulator 1.0"
    assert result.run["python"]["platform"] == "Linux x86_64, glibc 2.17"
    assert f"CPython {VERSION} (emulator 1.0)" in result.out


def test_a_foreign_python_without_its_emulator_is_not_run(tmp_path: Path, smoke: Smoke) -> None:
    entry = foreign_entry(tmp_path)
    (tmp_path / "emulator").unlink()
    wheel = build_wheel(tmp_path, {"demo.py": ""}, "py3-none-any")
    result = smoke(wheel, "--foreign-python", entry, python=None)
    assert result.exit_code == 1
    assert result.run["outcome"] == "not run"
    assert f"test-3 cannot be started: {tmp_path}/emulator does not exist" in result.err
    assert "Set it up again with `spokeshave emulation`" in result.err


def test_a_crash_under_an_emulator_is_the_wheels(tmp_path: Path, smoke: Smoke) -> None:
    built = compile_library(tmp_path / "built.so", module_source("native", "*(volatile int *)8 = 1;"))
    wheel = build_wheel(tmp_path, {"native.abi3.so": built}, TAG)
    result = smoke(wheel, "--foreign-python", foreign_entry(tmp_path), python=None)
    assert "importing native was killed by signal 11 (SIGSEGV)" in result.err


def test_emulated_pythons_that_are_set_up_are_found(
    tmp_path: Path, smoke: Smoke, monkeypatch: pytest.MonkeyPatch, native: Path
) -> None:
    monkeypatch.setenv("SPOKESHAVE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/nowhere")
    wheel = build_wheel(tmp_path, {"native.abi3.so": native}, TAG)
    idle = smoke(wheel, python=None)
    assert "`spokeshave emulation --platform manylinux_2_17_x86_64` sets up an emulated one" in idle.err
    write_manifest(tmp_path / "home/emulation", [foreign(tmp_path)])
    result = smoke(wheel, python=None)
    assert [run["python"]["emulator"] for run in result.report["runs"]] == ["emulator 1.0"], result.err


def test_set_up_pythons_serve_releases_the_machine_lacks(
    tmp_path: Path, smoke: Smoke, monkeypatch: pytest.MonkeyPatch, native: Path
) -> None:
    monkeypatch.setenv("SPOKESHAVE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(PYTHON.parent))
    own = foreign(tmp_path)
    write_manifest(tmp_path / "home/emulation", [own, dataclasses.replace(own, name="x", version="3.99.1")])
    wheel = build_wheel(tmp_path, {"native.abi3.so": native}, TAG)
    runs = smoke(wheel, python=None).report["runs"]
    assert [run["outcome"] for run in runs if run["python"]["emulator"] == own.emulator] == ["not run"]
    assert "but the setup recorded 3.99.1" in runs[-1]["reason"]


def test_wheel_globs_are_expanded_without_a_shell(tmp_path: Path, smoke: Smoke) -> None:
    build_wheel(tmp_path / "dist", {"demo.py": ""}, "py3-none-any")
    assert smoke(tmp_path / "dist/*.whl").exit_code == 0


def foreign_entry(folder: Path) -> Path:
    """Return the manifest's entry of a Python of this machine that a stand-in for an emulator starts."""
    file = folder / "python.json"
    file.write_text(json.dumps(foreign(folder).as_json()))
    return file
