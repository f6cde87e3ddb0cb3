"""What an installed abacus-compiler must do, together with the abacus-runtime that it asks for."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from array import array
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import abacus_compiler
import abacus_runtime
from abacus_compiler import CompileError, compile, dump_ast
from abacus_runtime import BytecodeError, ExecutionError, Program

LAYER = """\
# A dense layer.
input x: f64[2, 3];
input w: f64[3, 2];
let h = x @ w + [0.5, -0.5];
output y = max(h, 0);
"""
COMMAND = Path(sysconfig.get_path("scripts")) / ("abacus-compile.exe" if sys.platform == "win32" else "abacus-compile")


def evaluate(source: str, inputs: Mapping[str, Any] | None = None, *, optimize: bool = True) -> dict[str, Any]:
    outputs = Program(compile(source, optimize=optimize)).run(dict(inputs or {}), threads=2)
    return {name: view.tolist() for name, view in outputs.items()}


def abacus_compile(*arguments: str, source: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(COMMAND), *arguments], input=source, capture_output=True, encoding="utf-8", timeout=60)


def test_compiler_and_runtime_have_one_version() -> None:
    assert abacus_compiler.__version__ == abacus_runtime.__version__


def test_native_code_and_command_have_the_version_of_the_wheel() -> None:
    version = metadata.version("abacus-compiler")
    assert (abacus_compiler.__version__, abacus_compiler.core_version()) == (version, version)
    assert abacus_compile("--version").stdout.split() == ["abacus-compile", version]


def test_a_layer_compiles_and_runs() -> None:
    inputs = {"x": array("d", [1, 2, 3, 4, 5, 6]), "w": array("d", [1, 0, 0, 1, 0, -1])}
    assert evaluate(LAYER, inputs) == {"y": [[1.5, 0.0], [4.5, 0.0]]}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3 - 4", 3),
        ("-7 / 2", -3),
        ("1 / 2.0", 0.5),
        ("-9223372036854775808 / -1", -(2**63)),
        ("[1, 2, 3] * [[1], [10]]", [[1, 2, 3], [10, 20, 30]]),
        ("[[1, 2], [3, 4]] @ [[0, 1], [1, 0]]", [[2, 1], [4, 3]]),
        ("sum([[1, 2], [3, 4]])", 10),
        ("sum([[1, 2], [3, 4]], axis=-1)", [3, 7]),
        ("reduce_max([[1, 5], [3, 4]], axis=0)", [3, 5]),
        ("reduce_min([2, 1, 3])", 1),
        ("transpose([[1, 2, 3], [4, 5, 6]])", [[1, 4], [2, 5], [3, 6]]),
        ("reshape([1, 2, 3, 4], shape=[2, 2])", [[1, 2], [3, 4]]),
        ("broadcast([1, 2], shape=[2, 2])", [[1, 2], [1, 2]]),
        ("sqrt(16.0) + exp(0.0) + log(1.0) + tanh(0.0)", 5.0),
        ("relu([-1, 0, 2]) + abs([-1, 0, 2])", [1, 0, 4]),
        ("min(1, 2) + max(1, 2)", 3),
        ("i64([1.9, -1.9, 1e300]) + i64(f32(1.5))", [2, 0, -(2**63)]),
    ],
)
@pytest.mark.parametrize("optimize", [True, False], ids=["folded", "run"])
def test_an_expression_has_its_value_folded_or_run(expression: str, value: Any, optimize: bool) -> None:
    assert evaluate(f"output y = {expression};", optimize=optimize) == {"y": value}


def test_a_large_result_does_not_depend_on_the_number_of_threads() -> None:
    source = (
        "input x: f64[300, 301]; output y = transpose(exp(x) @ transpose(x)) + sum(x, axis=1); output s = sum(x * x);"
    )
    program = Program(compile(source))
    inputs = {"x": array("d", [(i % 997) / 997 for i in range(300 * 301)])}
    one, four = (program.run(inputs, threads=threads) for threads in (1, 4))
    assert all(one[name].tobytes() == four[name].tobytes() for name in ("y", "s"))


def test_equal_parts_are_computed_once_and_unused_ones_never() -> None:
    source = "input x: f64; let unused = exp(x); output y = (x + 1) * (1 + x); output z = 2 * 3 + x;"
    listing = Program(compile(source)).listing()
    assert listing.count("add") == 2
    assert "exp" not in listing
    assert Program(compile(source, optimize=False)).listing().count("add") == 3


def test_the_same_source_gives_the_same_bytes() -> None:
    assert compile(LAYER) == compile(LAYER)


def test_the_tree_is_shown() -> None:
    assert dump_ast("input x: f32[2]; output y = -x + 1;") == "(input x f32[2])\n(output y (add (neg x) 1))\n"


def test_every_error_has_its_position() -> None:
    source = "input x: f64[2, 3];\nlet y = x @ x;\noutput z = y + q; output w = sum(x, axis=2);\noutput = 1;\n"
    with pytest.raises(CompileError) as caught:
        compile(source, "model.aba")
    message = str(caught.value)
    assert "model.aba:2:9: error: matmul: the inner sizes of f64[2, 3] and f64[2, 3] differ\n" in message
    assert "  let y = x @ x;\n          ^~~~~" in message
    assert "model.aba:3:16: error: 'q' is not defined\n" in message
    assert "model.aba:3:30: error: sum: f64[2, 3] has no axis 2\n" in message
    assert "model.aba:4:8: error: expected a name, not '='\n" in message
    assert message.count("error:") == 4


@pytest.mark.parametrize("source", ["(" * 100_000, "x+" * 100_000, "[" * 100_000, "-" * 100_000])
def test_deep_nesting_is_an_error_and_no_crash(source: str) -> None:
    with pytest.raises(CompileError, match="nested too deeply"):
        compile(f"input x: f64; output y = {source}x;")


def test_loaded_modules_raise_their_own_exceptions() -> None:
    with pytest.raises(CompileError):
        compile("")
    with pytest.raises(BytecodeError):
        Program(b"")
    with pytest.raises(ExecutionError):
        evaluate("output y = 1 / 0;")


def test_the_command_compiles_a_file(tmp_path: Path) -> None:
    source = tmp_path / "layer.aba"
    output = tmp_path / "layer.abc"
    source.write_text(LAYER, encoding="utf-8")
    done = abacus_compile(str(source), "-o", str(output))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert output.read_bytes() == compile(LAYER)
    assert sorted(tmp_path.iterdir()) == [source, output]


def test_the_command_runs_a_program() -> None:
    arguments = ["--run", "--input", "x=[[1, 2, 3], [4, 5, 6]]", "--input", "w=[[1, 0], [0, 1], [0, -1]]"]
    done = abacus_compile(*arguments, source=LAYER)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"y": [[1.5, 0.0], [4.5, 0.0]]}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["no-such-file.aba"], "no-such-file.aba: No such file"),
        (["-"], "<stdin>:1:1: error: expected"),
        (["--run", "--input", "x"], "expected"),
    ],
)
def test_the_command_prints_errors_without_a_traceback(arguments: list[str], error: str) -> None:
    done = abacus_compile(*arguments, source="nonsense")
    assert done.returncode == 1
    assert error in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_emits_a_listing_and_a_tree() -> None:
    assert "= matmul %0, %1" in abacus_compile("--emit", "listing", source=LAYER).stdout
    assert abacus_compile("--emit", "ast", source=LAYER).stdout == dump_ast(LAYER)


def test_the_import_leaves_the_gil_as_it_is() -> None:
    has_gil = not sysconfig.get_config_var("Py_GIL_DISABLED")
    assert getattr(sys, "_is_gil_enabled", lambda: True)() == has_gil
