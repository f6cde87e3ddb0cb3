"""Abacus' runtime: loads bytecode that `abacus_compiler` made, verifies it and runs it over arrays.

Arrays go in as anything with the buffer protocol and come out as memoryviews; NumPy is welcome and not needed.
"""

from __future__ import annotations

from abacus_runtime._native import (
    MAX_THREADS,
    AbacusError,
    BytecodeError,
    ExecutionError,
    InputError,
    Program,
    TensorSpec,
    core_version,
)
from abacus_runtime._version import __version__

__all__ = [
    "MAX_THREADS",
    "AbacusError",
    "BytecodeError",
    "ExecutionError",
    "InputError",
    "Program",
    "TensorSpec",
    "__version__",
    "core_version",
]
