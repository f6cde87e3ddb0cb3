"""Tests of the build of CPython, with tiny sources in its place. /bin/sh and make are real."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from spokeshave.emulation.cpython import MuslBuild, check_machine, unpack_archive
from spokeshave.setup_steps import SetUpError
from spokeshave_core.manifest import Origin

CONFIGURE = """#!/bin/sh
echo "$PWD $*" >> ../asked
printf 'all libz.a:\n\techo made >> ../made\n' > Makefile
"""
BUILT = "cpython/build/lib"


@pytest.fixture
def build(tmp_path: Path) -> MuslBuild:
    musl_build = MuslBuild(
        folder=tmp_path / "work",
        version="3.13",
        architecture="x86_64",
        loader=tmp_path / "musl/lib/ld-musl-x86_64.so.1",
    )
    for name in ("cpython", "zlib"):
        (musl_build.folder / name).mkdir(parents=True)
        configure = musl_build.folder / name / "configure"
        configure.write_text(CONFIGURE)
        configure.chmod(0o755)
    return musl_build


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def test_a_killed_run_continues_after_configure(build: MuslBuild) -> None:
    build.compile()
    build.compile()
    asked = lines(build.folder / "asked")
    assert [line.split()[0] for line in asked] == [f"{build.folder}/zlib", f"{build.folder}/cpython"]
    assert "--build=x86_64-pc-linux-musl" in asked[1]
    assert f"ZLIB_LIBS={build.folder}/zlib/libz.a" in asked[1]
    # make itself decides what remains to be done.
    assert lines(build.folder / "made") == ["made"] * 4


def test_processes_of_a_killed_run_are_waited_for(build: MuslBuild) -> None:
    """Killed without its children, it leaves make running in the folder."""
    command = f"echo ready; sleep 0.5; echo left >> {build.folder}/made"
    leftover = ["flock", str(build.folder / "busy"), "sh", "-c", command]
    with subprocess.Popen(leftover, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        build.compile()
    assert lines(build.folder / "made") == ["left", "made", "made"]


def test_the_compiler_links_for_the_loader_in_the_folder(build: MuslBuild) -> None:
    build.compile()
    compiler = (build.folder / "cc").read_text()
    assert f"-target x86_64-linux-musl -dynamic -Wl,--dynamic-linker={build.loader} " in compiler


def test_failed_compiles_are_removed_and_reported(build: MuslBuild) -> None:
    (build.folder / "cpython/configure").write_text("#!/bin/sh\necho no compiler >&2\nexit 1\n")
    with pytest.raises(SetUpError, match=r"no compiler\n    Compiled files were deleted"):
        build.compile()
    assert not build.folder.exists()


def test_what_was_compiled_of_other_sources_does_not_count(build: MuslBuild) -> None:
    old = Origin("python3.13:source", "3.13.5", "a" * 64)
    new = Origin("python3.13:source", "3.13.6", "b" * 64)
    (build.folder / "made-of.txt").write_text(f"{old.sha256}\n")
    build.forget_others([old])
    assert (build.folder / "cpython").is_dir()
    build.forget_others([new])
    assert not (build.folder / "cpython").exists()
    assert not (build.folder / "zlib").exists()
    assert lines(build.folder / "made-of.txt") == [new.sha256]


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_installed_python_has_musl_modules_and_no_tests(build: MuslBuild, tmp_path: Path) -> None:
    write(build.folder / "cpython/pybuilddir.txt", "build/lib")
    for name in ("python", "Lib/os.py", "Lib/json/__init__.py", "Lib/test/test_os.py", "Lib/__pycache__/os.pyc"):
        write(build.folder / "cpython" / name)
    for name in ("_sysconfigdata__linux_x86_64-linux-musl.py", "a.cpython-313.so"):
        write(build.folder / BUILT / name)
    write(build.folder / "cpython/Modules/math.cpython-313-x86_64-linux-musl.so", "math")
    module = build.folder / BUILT / "math.cpython-313-x86_64-linux-musl.so"
    module.symlink_to("../../Modules/math.cpython-313-x86_64-linux-musl.so")
    build.install(tmp_path / "python")
    listed = sorted(str(path.relative_to(tmp_path / "python")) for path in tmp_path.glob("python/**/*.*"))
    assert listed == [
        "bin/python3.13",
        "lib/python3.13",
        "lib/python3.13/_sysconfigdata__linux_x86_64-linux-musl.py",
        "lib/python3.13/json/__init__.py",
        "lib/python3.13/lib-dynload/math.cpython-313-x86_64-linux-musl.so",
        "lib/python3.13/os.py",
    ]
    assert not (tmp_path / "python/lib/python3.13/lib-dynload" / module.name).is_symlink()


def test_sources_are_unpacked_without_their_top_folder(tmp_path: Path) -> None:
    """Even if a file in it has the folder's name."""
    with tarfile.open(tmp_path / "a.orig.tar.gz", "w:gz") as tar:
        for name in ("zlib/zlib", "zlib/contrib/a.c"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    (tmp_path / "new").mkdir()
    unpack_archive(tmp_path / "a.orig.tar.gz", tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["contrib", "zlib"]
    assert (tmp_path / "new/zlib").is_file()


def test_a_machine_that_cannot_compile_gets_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_machine(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetUpError) as caught:
        check_machine(Path("/home/a b"))
    assert "make: is not on PATH" in str(caught.value)
    assert "flock: is not on PATH" in str(caught.value)
    assert "/home/a b: has a character in its name" in str(caught.value)
