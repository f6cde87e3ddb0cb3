"""Bad input: one clear error with the target or file and a remedy, and no files in `dist/`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from e2e.support.project import PantsRun, Project, read, running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("errors") / "repo", "bad")) as project:
        yield project


def failed(project: Project, target: str, *options: str) -> PantsRun:
    """Run `./pants package` on bad input."""
    project.clear_dist()
    run = project.pants(*options, "--package-report=github", "package", target)
    assert run.exit_code == 1, run.output
    assert run.stderr.count("[ERROR]") == 1, run.output
    assert not list(project.dist.rglob("*")), "something was left in dist/"
    return run


def assert_in_error(run: PantsRun, *words: str) -> None:
    missing = [word for word in words if word not in run.output]
    assert not missing, f"the error has no {missing}:\n{run.output}"


def test_what_these_projects_are_made_of_is_in_order(project: Project) -> None:
    project.package("bad/good:wheel")
    assert [wheel.name.split("-")[0] for wheel in project.wheels()] == ["good"]


CASES = {
    "a missing header": (
        "bad/missing_header:wheel",
        "bad/missing_header/native.c:3:10: fatal error: 'nowhere/lost.h' file not found",
        "::error file=bad/missing_header/native.c,line=3,col=10,title=bad/missing_header/native.c%3Anative does not",
        " compile::'nowhere/lost.h' file not found",
        "give it a `cc_sources` target",
    ),
    "two sources of one object name": (
        "bad/same_object:wheel",
        "bad/same_object/twice.c and bad/same_object/twice.cc",
        "Rename one of each",
    ),
    "languages that have no compiler": (
        "bad/languages:wheel",
        "bad/languages:ext has sources that cannot be compiled",
        "bad/languages/kernel.cu: the toolchain has no CUDA compiler: compile the kernels at run time by NVRTC",
        "bad/languages/view.m: Objective-C needs the frameworks of Apple's SDK",
        "bad/languages/solve.f90: the toolchain has no Fortran compiler: translate it to C",
        "bad/languages/fast.asm: the toolchain has no NASM and no MASM: use the project's assembler sources in GNU",
        "bad/languages/parts.cppm: C++20 modules are not supported",
        "Remove the sources that are not needed from `sources`",
    ),
    "an undefined symbol": (
        "bad/undefined_symbol:wheel",
        "bad/undefined_symbol:ext does not link",
        "lost_function, used by native.c",
        "Add the target that defines them to `dependencies`",
    ),
    "a function that only a newer glibc has": (
        "bad/newer_glibc:wheel",
        "bad/newer_glibc:ext does not link",
        "getrandom, used by native.c",
        "The C library of manylinux_2_17_x86_64 is too old for getrandom, which came with glibc 2.25",
        "list a newer tag in `platforms`",
    ),
    "a module name that does not fit its PyInit_": (
        "bad/misnamed:wheel",
        "bad/misnamed:wheel",
        "misnamed/_other.abi3.so: is imported as misnamed._other and must export PyInit__other",
        "but exports PyInit__native",
        "Give the module the same name in C++",
        "refused: misnamed-0+unstamped-",
        "%3A module-init::bad/misnamed:wheel%0Amisnamed/_other.abi3.so: is imported as misnamed._other",
    ),
    "a pyproject.toml that is not TOML": (
        "bad/pyproject:no_toml",
        "bad/pyproject/no_toml.toml: is not TOML",
        "Correct the file's syntax",
    ),
    "an invalid pyproject.toml, every mistake at once": (
        "bad/pyproject:invalid",
        "bad/pyproject/invalid.toml: project.requires-python",
        "bad/pyproject/invalid.toml: project.dependencies[0]",
        "bad/pyproject/invalid.toml: project.name",
        "Correct it as the pyproject.toml specification (PEP 621) says",
        "::error file=bad/pyproject/invalid.toml,title=bad/pyproject/invalid.toml%3A project.requires-python::",
    ),
    "a contradictory pyproject.toml": (
        "bad/pyproject:contradictory",
        "bad/pyproject/contradictory.toml: project.version",
        'Set a PEP 440 version or write dynamic = ["version"], but not both',
        "bad/pyproject/contradictory.toml: project.license",
    ),
    "a pyproject.toml that is not there": (
        "bad/pyproject:nowhere",
        "the `pyproject` field of the target bad/pyproject:nowhere",
        "bad/pyproject/nowhere.toml",
        "Do the file(s) exist?",
    ),
    "unknown platform tags and Pythons, all at once": (
        "bad/tags:wheel",
        "bad/tags:wheel lists the platform 'manylinux_2_17_sparc'",
        "bad/tags:wheel lists the platform 'linux_x86_64'",
        "bad/tags:wheel lists the platform 'manylinux_2_5_x86_64'",
        "Use `manylinux_2_17_x86_64` or a newer one",
        "bad/tags:wheel lists the Python '3.7'",
        "bad/tags:wheel lists the Python 'three'",
        "such as '3.12'",
    ),
    "a C++ requirement whose hash is wrong": (
        "bad/wrong_hash:wheel",
        "bad/wrong_hash:pybind11 takes packages from bad/wrong_hash/pybind11.txt",
        "pybind11==2.13.6",
        "pinned: sha256 " + 64 * "0",
        "pin its own hashes",
    ),
    "headers of a package that has no wheel for a platform, for every Python at once": (
        "bad/no_wheel:wheel",
        "bad/no_wheel:greenlet: greenlet==3.5.6, which bad/no_wheel/greenlet.txt pins, has no wheel for "
        "manylinux_*_armv7l and Python 3.12",
        "has no wheel for manylinux_*_armv7l and Python 3.13",
        "remove the platform or the Python from the `python_native_wheel`",
    ),
    "a smoke requirement whose hash is wrong": (
        "bad/wrong_hash:smoke",
        "A smoke test takes packages from bad/wrong_hash/smoke.txt",
        "iniconfig==2.0.0",
        "pin its own hashes",
    ),
    "a smoke test that is not there": (
        "bad/smoke:nowhere",
        "the `smoke_tests` field of bad/smoke:nowhere",
        "bad/smoke/tests/test_nowhere.py",
        "Do the file(s) exist?",
    ),
    "a version file that is missing": (
        "bad/version:nowhere",
        "bad/version/nowhere.json: cannot be read",
        'Write {"package-version": "3.12.0.dev"} into it',
    ),
    "a version file that is not JSON": (
        "bad/version:no_json",
        "bad/version/no_json.json: is not JSON",
        'Write {"package-version": "3.12.0.dev"} into it',
    ),
    "a version that is not PEP 440": (
        "bad/version:no_version",
        "bad/version/no_version.json: 'one.two' is not a PEP 440 version",
        'Write a version as in {"package-version": "3.12.0.dev"}',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_reported_with_location_and_remedy(project: Project, case: str) -> None:
    target, *words = CASES[case]
    run = failed(project, target)
    assert_in_error(run, *words)
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    "case",
    [
        "an invalid pyproject.toml, every mistake at once",
        "a version file that is not JSON",
        "a smoke test that is not there",
        "languages that have no compiler",
    ],
)
def test_static_problems_are_reported_before_any_compile(project: Project, case: str) -> None:
    source = project.root / "bad/good/native.c"
    source.write_text(f"{source.read_text()}/* {uuid.uuid4()}: compiled nowhere yet */\n")
    target, *words = CASES[case]
    run = failed(project, target)
    assert_in_error(run, *words)
    assert "Compile bad/good/native.c" not in run.output


SMOKE_CASES = {
    "a test that fails": (
        "bad/smoke:fails",
        "test_fails::test_that_cannot_pass: AssertionError: assert 'good' == 'better'",
    ),
    "a test that hangs": (
        "bad/smoke:hangs",
        "test_that_never_ends: the test did not end within 5 seconds and was killed",
    ),
    "a test that crashes": (
        "bad/smoke:crashes",
        "test_that_ends_the_process: the test was killed by signal 11 (SIGSEGV)",
    ),
}


@pytest.mark.parametrize("case", SMOKE_CASES)
def test_a_wheel_whose_smoke_test_goes_wrong_is_not_written(project: Project, case: str) -> None:
    target, words = SMOKE_CASES[case]
    run = failed(project, target)
    assert_in_error(
        run,
        f"{target} for manylinux_2_17_x86_64 and cp312-abi3 failed its smoke test on Python 3.12",
        words,
        f"test {target}` runs them alone",
        "`smoke_timeout`",
    )


def test_a_wheel_that_needs_the_source_tree_is_not_written(project: Project) -> None:
    assert_in_error(
        failed(project, "bad/unlisted:wheel"),
        "bad/unlisted:wheel for manylinux_2_17_x86_64 and cp312-abi3 failed its smoke test on Python 3.12",
        "import unlisted: ModuleNotFoundError: No module named 'unlisted.helper'",
        "Add the target that owns unlisted.helper to the wheel's dependencies",
    )


def test_a_library_with_a_too_new_glibc_is_refused(project: Project) -> None:
    project.package("bad/good:wheel")
    library = read(project.wheel("good"), "good/_native.abi3.so")
    assert b"GLIBC_2.2.5\0" in library
    place = project.root / "bad/prebuilt/prebuilt/libfresh.so"
    place.parent.mkdir()
    # Like a build on a newer machine: its symbols are of glibc 2.34.
    place.write_bytes(library.replace(b"GLIBC_2.2.5\0", b"GLIBC_2.34\0\0"))
    run = failed(project, "bad/prebuilt:wheel")
    assert_in_error(run, "bad/prebuilt:wheel", "prebuilt/libfresh.so", "GLIBC_2.34", "manylinux_2_17_x86_64")
    assert "Traceback" not in run.output
