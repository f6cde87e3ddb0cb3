"""The languages of sources, by the endings of their names."""

from __future__ import annotations

_C_EXTENSION = ".c"
PLAIN_ASSEMBLER = ".s"
# The languages of assembler sources for clang's `-x`: with a preprocessor or without.
ASSEMBLERS = {PLAIN_ASSEMBLER: "assembler", ".S": "assembler-with-cpp", ".sx": "assembler-with-cpp"}
ASSEMBLER_EXTENSIONS = tuple(ASSEMBLERS)
SOURCE_EXTENSIONS = (".c", ".cc", ".cpp", ".cxx", *ASSEMBLER_EXTENSIONS)


def is_c(source: str) -> bool:
    """Whether a source is compiled as C."""
    return source.endswith(_C_EXTENSION)


def is_cxx(source: str) -> bool:
    """Whether a source is compiled as C++."""
    return is_source(source) and not is_c(source) and not is_assembler(source)


def is_assembler(source: str) -> bool:
    """Whether a source is assembled."""
    return source.endswith(ASSEMBLER_EXTENSIONS)


def is_source(path: str) -> bool:
    """Return whether a file is compiled on its own. Headers are not."""
    return path.endswith(SOURCE_EXTENSIONS)
