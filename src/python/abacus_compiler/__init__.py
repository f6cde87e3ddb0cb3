"""Abacus' compiler: from tensor expressions to bytecode that `abacus_runtime` runs."""

from __future__ import annotations

from abacus_compiler._native import CompileError, compile, dump_ast
from abacus_compiler._version import __version__

__all__ = ["CompileError", "__version__", "compile", "dump_ast"]
