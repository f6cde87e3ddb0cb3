import sys

from stable_backend import _native


def test_each_python_imports_the_build_for_it():
    stable = sys.version_info >= (3, 10)
    assert _native.answer == 41
    assert _native.__file__.endswith(".abi3.so") is stable
