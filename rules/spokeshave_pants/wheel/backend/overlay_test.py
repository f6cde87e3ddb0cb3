"""Tests of the build requirements whose files for the target are used."""

from __future__ import annotations

from spokeshave_pants.wheel.backend.overlay import overlaid

NUMPY = "numpy-2.3.5-cp312-cp312-manylinux_2_27_x86_64.whl"
SCIPY = "scipy-1.17.0-cp312-cp312-manylinux_2_27_x86_64.whl"
PYBIND11 = "pybind11-3.0.1-py3-none-any.whl"
CMAKE = "cmake-4.4.5-py3-none-manylinux_2_17_x86_64.whl"
DISTRIBUTIONS = [("cmake", CMAKE), ("numpy", NUMPY), ("pybind11", PYBIND11), ("scipy", SCIPY)]


def test_a_wheel_for_a_platform_with_headers_is_overlaid() -> None:
    files = [f"{NUMPY}/numpy/_core/include/numpy/ndarrayobject.h", f"{PYBIND11}/pybind11/include/pybind11/pybind11.h"]
    assert overlaid(DISTRIBUTIONS, files) == ("numpy",)


def test_programs_of_the_build_are_not() -> None:
    assert overlaid(DISTRIBUTIONS, [f"{CMAKE}/cmake/data/share/cmake-4.4/Modules/a.cmake"]) == ()


def test_a_wheel_without_such_files_is_not() -> None:
    assert overlaid(DISTRIBUTIONS, [f"{SCIPY}/scipy/linalg/cython_lapack.pxd"]) == ("scipy",)
    assert overlaid([("psutil", "psutil-7.1-cp36-abi3-manylinux_2_12_x86_64.whl")], []) == ()
