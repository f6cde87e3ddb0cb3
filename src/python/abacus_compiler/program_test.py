"""Tests of Abacus from its sources: its compiler and its runtime together."""

from __future__ import annotations

from array import array

import abacus_compiler
import abacus_runtime


def test_compiled_expressions_run() -> None:
    bytecode = abacus_compiler.compile("input x: f64[2];\noutput y = x * 2;\n")
    outputs = abacus_runtime.Program(bytecode).run({"x": array("d", [1, 2])})
    assert outputs["y"].tolist() == [2.0, 4.0]


def test_packages_know_that_they_are_not_released() -> None:
    assert abacus_compiler.__version__ == abacus_runtime.__version__ == "0.1.0.dev0+unstamped"
