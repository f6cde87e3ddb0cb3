from typing import Any, Final, final

MAX_THREADS: Final[int]

def core_version() -> str:
    """The version that the native code states. In an installed wheel it equals `__version__`."""

class AbacusError(Exception):
    """The base of the runtime's errors."""

class BytecodeError(AbacusError):
    """The bytes are not a valid Abacus program; the message says where and why."""

class InputError(AbacusError):
    """The arrays are not those that the program asks for; the message lists all that is wrong."""

class ExecutionError(AbacusError):
    """A program met a value that it cannot compute with, such as an integer divisor of zero."""

@final
class TensorSpec:
    """What an input or output is: its name, its element type (`f32`, `f64` or `i64`) and its shape."""

    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...

@final
class Program:
    """A verified program. It holds no state of a run: any number of threads may run it at once."""

    def __init__(self, bytecode: bytes) -> None:
        """Raises BytecodeError unless the bytes are a whole and valid program."""

    @property
    def inputs(self) -> list[TensorSpec]: ...
    @property
    def outputs(self) -> list[TensorSpec]: ...
    def listing(self) -> str:
        """The program for people to read, one instruction in a line."""

    # Typing has a name for buffers only from Python 3.12 on.
    def run(self, inputs: dict[str, Any], *, threads: int = 1) -> dict[str, memoryview[Any]]:
        """The outputs by name, for one buffer for each input.

        A buffer has the input's element type and either its shape or one dimension with all its elements, row-major
        and without gaps. It must not change during the run, which lets other Python threads go on. The outputs do not
        depend on `threads`, which is from 1 to MAX_THREADS.

        Raises InputError, ExecutionError, ValueError for the number of threads, and MemoryError.
        """
