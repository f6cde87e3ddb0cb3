"""Tests of the macros that a Python's build adds to a compile."""

from __future__ import annotations

from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.cc.settings import CompileSettings, for_python

SETTINGS = CompileSettings("c++17", "c17", defines=("A",), free_threaded_defines=("NB_FREE_THREADED",))


def test_only_free_threaded_builds_have_their_macros() -> None:
    defines = {text: for_python(SETTINGS, PythonAbi.parse(text)).defines for text in ("cp314", "cp314t", "cp312-abi3")}
    assert defines["cp314"] == ("A",)
    assert defines["cp314t"] == ("A", "NB_FREE_THREADED")
    assert defines["cp312-abi3"] == ("A", "Py_LIMITED_API=0x030C0000")


def test_the_stable_abi_for_free_threading_has_both() -> None:
    abi = PythonAbi(PythonVersion(15, free_threaded=True), stable=True)
    limited = ("Py_LIMITED_API=0x030F0000", "Py_TARGET_ABI3T=0x030F0000")
    assert for_python(SETTINGS, abi).defines == ("A", "NB_FREE_THREADED", *limited)
