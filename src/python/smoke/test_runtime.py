"""Tests of an installed abacus-runtime by its wheel alone, without compiler and source tree."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import random
import re
import sys
import sysconfig
import threading
from array import array
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import abacus_runtime
from abacus_runtime import AbacusError, BytecodeError, ExecutionError, InputError, Program

# input x: f64[2, 3];
# input n: i64[3];
# let w = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
# output y = relu(x @ w * 2 - 30);
# output total = sum(x, axis=0);
# output quotient = 100 / n;
BYTECODE = bytes.fromhex(
    "ab41424143550d0a0102017801020203016e0201030401020302000000000000f03f000000000000004000000000000008400000"
    "000000001040000000000000144000000000000018400100000000000000004001000000000000003e4002006400000000000000"
    "060d00020009060300080704000208000e0001000a0501000301790905746f74616c0a0871756f7469656e740b"
)


def inputs(**changed: Any) -> dict[str, Any]:
    return {"x": array("d", [1, 2, 3, 4, 5, 6]), "n": array("q", [1, -7, 3]), **changed}


@pytest.fixture
def program() -> Program:
    return Program(BYTECODE)


def test_the_version_is_there() -> None:
    assert abacus_runtime.__version__


def test_native_code_and_files_have_the_version_of_the_wheel() -> None:
    version = metadata.version("abacus-runtime")
    package = Path(abacus_runtime.__file__).parent
    (file,) = (path for path in (package / "lib").iterdir() if path.suffix in (".so", ".dylib", ".dll"))
    library = ctypes.CDLL(str(file))
    library.abacus_version.restype = ctypes.c_char_p
    header = (package / "include/abacus/version.h").read_text(encoding="utf-8")
    pkg_config = (package / "lib/pkgconfig/abacus.pc").read_text(encoding="utf-8")
    cmake = (package / "lib/cmake/Abacus/AbacusConfigVersion.cmake").read_text(encoding="utf-8")
    assert {
        "module": abacus_runtime.__version__,
        "core": abacus_runtime.core_version(),
        "C": library.abacus_version().decode(),
        "header": re.findall('#define ABACUS_VERSION "(.*)"', header)[0],
        "pkg-config": re.findall("Version: (.*)", pkg_config)[0],
        "CMake": re.findall('PACKAGE_VERSION "(.*)"', cmake)[0],
    } == dict.fromkeys(("module", "core", "C", "header", "pkg-config", "CMake"), version)
    numbers = [re.findall(f"#define ABACUS_VERSION_{part} ([0-9]+)", header)[0] for part in ("MAJOR", "MINOR", "PATCH")]
    assert re.match("[0-9.]+[0-9]", version)[0] == ".".join(numbers)  # type: ignore[index]


def test_build_tools_find_headers_and_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    package = Path(abacus_runtime.__file__).parent
    points = {(point.group, point.value) for point in metadata.distribution("abacus-runtime").entry_points}
    assert points == {("cmake.root", "abacus_runtime"), ("pkg_config", "abacus_runtime.lib.pkgconfig")}
    config = importlib.import_module("abacus_runtime.native_config")
    assert config.main(["--cmakedir", "--pkgconfigdir", "--includedir", "--libdir", "--version"]) == 0
    *folders, version = capsys.readouterr().out.splitlines()
    assert [Path(folder).relative_to(package).as_posix() for folder in folders] == [
        "lib/cmake/Abacus",
        "lib/pkgconfig",
        "include",
        "lib",
    ]
    assert version == abacus_runtime.__version__
    names = ("lib/cmake/Abacus/AbacusConfig.cmake", "include/abacus/api.h")
    assert all((package / name).is_file() for name in names)
    assert (package / "lib/abacus.lib").is_file() == (sys.platform == "win32")


def test_a_program_lists_its_inputs_and_outputs(program: Program) -> None:
    assert [(spec.name, spec.dtype, spec.shape) for spec in program.inputs] == [
        ("x", "f64", (2, 3)),
        ("n", "i64", (3,)),
    ]
    assert [repr(spec) for spec in program.outputs] == ["y: f64[2, 2]", "total: f64[3]", "quotient: i64[3]"]


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_a_program_computes(program: Program, threads: int) -> None:
    outputs = program.run(inputs(), threads=threads)
    assert {name: view.tolist() for name, view in outputs.items()} == {
        "y": [[14.0, 26.0], [68.0, 98.0]],
        "total": [5.0, 7.0, 9.0],
        "quotient": [100, -14, 33],
    }


def test_an_input_may_have_its_shape_or_be_flat(program: Program) -> None:
    flat = array("d", [1, 2, 3, 4, 5, 6])
    assert program.run(inputs(x=memoryview(flat).cast("B").cast("d", [2, 3]))) == program.run(inputs(x=flat))


def test_outputs_outlive_the_program_and_share_no_memory() -> None:
    first = Program(BYTECODE).run(inputs())["total"]
    second = Program(BYTECODE).run(inputs())["total"]
    first[0] = -1.0
    assert (first.tolist(), second.tolist()) == ([-1.0, 7.0, 9.0], [5.0, 7.0, 9.0])


def test_a_program_runs_in_several_python_threads_at_once(program: Program) -> None:
    results: list[Any] = []

    def run() -> None:
        for _ in range(20):
            results.append(program.run(inputs(), threads=2)["total"].tolist())  # noqa: PERF401 (threads share the list)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[5.0, 7.0, 9.0]] * 80


def test_all_input_problems_are_reported_together(program: Program) -> None:
    with pytest.raises(InputError) as caught:
        program.run({"x": array("f", [1, 2, 3, 4, 5, 6]), "z": array("d")})
    for fault in ("input 'x' is no f64[2, 3]", "input 'n' (i64[3]) is missing", "the program has no input 'z'"):
        assert fault in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "text",
        [1, 2, 3],
        array("q", [1, 2]),
        memoryview(array("q", range(6)))[::2],
        memoryview(bytes(25))[1:].cast("q"),
    ],
    ids=["none", "text", "list", "too short", "not contiguous", "not aligned"],
)
def test_unsuitable_arrays_are_refused(program: Program, wrong: object) -> None:
    with pytest.raises(InputError, match="input 'n' is no i64"):
        program.run(inputs(n=wrong))


def test_an_exception_of_a_kernel_becomes_one_of_python(program: Program) -> None:
    with pytest.raises(ExecutionError, match="divided by zero"):
        program.run(inputs(n=array("q", [1, 0, 3])), threads=2)
    assert issubclass(ExecutionError, AbacusError)


@pytest.mark.parametrize("threads", [-1, 0, abacus_runtime.MAX_THREADS + 1])
def test_a_number_of_threads_out_of_range_is_refused(program: Program, threads: int) -> None:
    with pytest.raises(ValueError, match="number of threads"):
        program.run(inputs(), threads=threads)


@pytest.mark.parametrize(
    ("bytecode", "reason"),
    [
        (b"", "does not begin with the magic number"),
        (b"\x7fELF" + BYTECODE[4:], "does not begin with the magic number"),
        (BYTECODE[:8] + b"\x02" + BYTECODE[9:], "format version 2"),
        (BYTECODE[:-1], "ends within a register"),
        (BYTECODE + b"\0", "1 bytes follow"),
        (BYTECODE[:9] + b"\xff" * 9 + b"\x01" + BYTECODE[10:], "more inputs are announced than bytes are left"),
        (BYTECODE[:-1] + b"\x7f", "register 127, which does not exist"),
    ],
    ids=["empty", "magic", "version", "cut", "longer", "count", "register"],
)
def test_corrupted_bytecode_is_refused_with_the_reason(bytecode: bytes, reason: str) -> None:
    with pytest.raises(BytecodeError, match=reason):
        Program(bytecode)


def test_no_cut_and_no_damage_crashes_the_runtime() -> None:
    for size in range(len(BYTECODE)):
        with pytest.raises(BytecodeError):
            Program(BYTECODE[:size])
    chance = random.Random(2)
    for _ in range(2000):
        damaged = bytearray(BYTECODE)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(AbacusError):
            Program(bytes(damaged)).run(inputs())


def test_the_import_leaves_the_gil_as_it_is() -> None:
    has_gil = not sysconfig.get_config_var("Py_GIL_DISABLED")
    assert getattr(sys, "_is_gil_enabled", lambda: True)() == has_gil
