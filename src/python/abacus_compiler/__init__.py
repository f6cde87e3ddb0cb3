"""Abacus' compiler: from tensor expressions to bytecode that `abacus_runtime` runs."""

from __future__ import annotations

from abacus_compiler._native import CompileError, compile, core_version, dump_ast
from abacus_compiler._version import __version__

__all__ = ["CompileError", "__version__", "compile", "core_version", "dump_ast"]
