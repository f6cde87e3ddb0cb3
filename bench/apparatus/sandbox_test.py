from __future__ import annotations

from pathlib import Path

import pytest

from bench.apparatus.sandbox import collect_steps, parse_run_script
from bench.baselines.ninja import build_file
from bench.errors import BenchError

_COMPILE = """\
#!/usr/bin/env bash
# This command line should execute the same process as pants did internally.
cd /tmp/pants-sandbox-0qKr9i
env -i ZIG_LIB_DIR=__toolchain/lib __toolchain/zig $'c++' $'-std=c++20' $'-DNAME="a b"' -c src/a.cc -o __objects/a.o
"""
_CONFINED = (
    "env -i A=1 __confine/confine --reads=__objects/a.d __toolchain -- __toolchain/zig cc -c a.c -o __objects/a.o\n"
)
_LINK = "env -i A=1 __toolchain/zig ld.lld -shared -o pkg/ext.so __objects/a.o __pack/crti.o\n"


def test_a_run_script_gives_the_command_line_and_the_environment() -> None:
    step = parse_run_script(_COMPILE)
    assert step.argv[:4] == ("__toolchain/zig", "c++", "-std=c++20", '-DNAME="a b"')
    assert step.env == (("ZIG_LIB_DIR", "__toolchain/lib"),)
    assert (step.source, step.output, step.is_link) == ("src/a.cc", "__objects/a.o", False)


def test_a_confined_step_is_zigs_command_line() -> None:
    step = parse_run_script(_CONFINED)
    assert step.argv == ("__toolchain/zig", "cc", "-c", "a.c", "-o", "__objects/a.o")
    assert step.env == (("A", "1"),)


def test_only_confined_processes_are_steps(tmp_path: Path) -> None:
    for number, script in enumerate((_CONFINED, _CONFINED.replace("__confine/confine", "").replace("a.c", "pack.c"))):
        sandbox = tmp_path / "sandboxes" / f"pants-sandbox-{number}"
        sandbox.mkdir(parents=True)
        (sandbox / "__run.sh").write_text(script)
        (sandbox / f"input{number}").write_text("")
    (step,) = collect_steps(tmp_path / "sandboxes", tmp_path / "ninja")
    assert step.source == "a.c"
    assert [path.name for path in (tmp_path / "ninja").iterdir()] == ["input0"]


def test_confined_processes_of_a_runtime_pack_are_left_out(tmp_path: Path) -> None:
    own = _CONFINED.replace("a.c -o __objects/a.o", "model.c -o model.o")
    tool = "env -i A=1 python command.py make -- __confine/confine __toolchain -- __toolchain/zig c++ pack.cc\n"
    for number, script in enumerate((own, tool)):
        sandbox = tmp_path / "sandboxes" / f"pants-sandbox-{number}"
        sandbox.mkdir(parents=True)
        (sandbox / "__run.sh").write_text(script)
        (sandbox / "__toolchain").mkdir()
    assert collect_steps(tmp_path / "sandboxes", tmp_path / "ninja") == ()
    assert list((tmp_path / "ninja").iterdir()) == []


def test_a_link_takes_the_users_objects() -> None:
    step = parse_run_script(_LINK)
    assert (step.objects, step.output, step.is_link) == (("__objects/a.o",), "pkg/ext.so", True)


def test_another_form_of_run_script_is_refused() -> None:
    with pytest.raises(BenchError, match="does not have the expected form"):
        parse_run_script("exec true\n")


def test_ninja_gets_the_same_words_quoted_for_a_shell() -> None:
    text = build_file([parse_run_script(_COMPILE), parse_run_script(_LINK)])
    assert "build __objects/a.o: run src/a.cc\n  argv = __toolchain/zig c++ -std=c++20 '-DNAME=\"a b\"' -c" in text
    assert "build pkg/ext.so: run __objects/a.o\n" in text
