class CompileError(Exception):
    """The source is wrong. The message lists every error with its line and column and the place in the source."""

def compile(source: str, name: str = "<string>", *, optimize: bool = True) -> bytes:
    """The bytecode for a source text. `name` is what errors call it. Raises CompileError."""

def core_version() -> str:
    """The version that the native code states. In an installed wheel it equals `__version__`."""

def dump_ast(source: str, name: str = "<string>") -> str:
    """The source's syntax tree as S-expressions, before names and types are checked. Raises CompileError."""
