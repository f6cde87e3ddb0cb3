"""The system calls of Linux that change files or send, and what ptrace and seccomp need to stop a process at them.

strace can kill a process at the n-th call (`-e inject`), but it counts per thread and per kind of call, cannot select
calls by folder, counts the opens that only read, and cannot cut a write. So this uses the kernel's interfaces directly.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

# The numbers and registers below are those of x86-64.
IS_SUPPORTED = sys.platform == "linux" and platform.machine() == "x86_64"
needs_system_calls = pytest.mark.skipif(not IS_SUPPORTED, reason="system calls are traced on Linux for x86-64")

PTRACE_TRACEME = 0
PTRACE_CONT = 7
PTRACE_GETREGS = 12
PTRACE_SETREGS = 13
PTRACE_SYSCALL = 24
PTRACE_SETOPTIONS = 0x4200
# Stops at system calls, in new processes and threads, and at the filter; the tracees end with the tracer.
PTRACE_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
PTRACE_EVENT_SECCOMP = 7
WALL = 0x40000000

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_TRACE = 0x7FF00000
_ALLOW = 0x7FFF0000
_LOAD = 0x20
_JUMP_IF_EQUAL = 0x15
_JUMP_IF_ANY_BIT = 0x45
_RETURN = 0x06
_X86_64 = 0xC000003E


class Effect(Enum):
    """When a system call changes anything."""

    ANY = "always"
    NEW = "if the path does not exist"
    OLD = "if the path exists"


@dataclass(frozen=True)
class Kind:
    """A system call that may change something.

    Attributes:
        file: The argument that is an open file or socket; None if there is none.
        path: The argument that is the changed path; None if there is none.
        folder: The argument that is the open folder of `path`; None for the working directory.
        flags: The argument in which O_CREAT or O_TRUNC makes it a change; None if it is always one.
        effect: When it does anything.
        size: The argument with the number of bytes, by which the call can be cut.
        grows: Whether it fails if the disk is full.
    """

    name: str
    file: int | None = None
    path: int | None = None
    folder: int | None = None
    flags: int | None = None
    effect: Effect = Effect.ANY
    size: int | None = None
    grows: bool = False


KINDS = {
    1: Kind("write", file=0, size=2, grows=True),
    2: Kind("open", path=0, flags=1, grows=True),
    18: Kind("pwrite64", file=0, size=2, grows=True),
    20: Kind("writev", file=0, grows=True),
    40: Kind("sendfile", file=0, size=3, grows=True),
    44: Kind("sendto", file=0, size=2),
    46: Kind("sendmsg", file=0),
    76: Kind("truncate", path=0),
    77: Kind("ftruncate", file=0),
    82: Kind("rename", path=1),
    83: Kind("mkdir", path=0, effect=Effect.NEW, grows=True),
    84: Kind("rmdir", path=0, effect=Effect.OLD),
    85: Kind("creat", path=0, grows=True),
    86: Kind("link", path=1, effect=Effect.NEW, grows=True),
    87: Kind("unlink", path=0, effect=Effect.OLD),
    88: Kind("symlink", path=1, effect=Effect.NEW, grows=True),
    90: Kind("chmod", path=0),
    91: Kind("fchmod", file=0),
    257: Kind("openat", path=1, folder=0, flags=2, grows=True),
    258: Kind("mkdirat", path=1, folder=0, effect=Effect.NEW, grows=True),
    263: Kind("unlinkat", path=1, folder=0, effect=Effect.OLD),
    264: Kind("renameat", path=3, folder=2),
    265: Kind("linkat", path=3, folder=2, effect=Effect.NEW, grows=True),
    266: Kind("symlinkat", path=2, folder=1, effect=Effect.NEW, grows=True),
    268: Kind("fchmodat", path=1, folder=0),
    275: Kind("splice", file=2, grows=True),
    285: Kind("fallocate", file=0, grows=True),
    296: Kind("pwritev", file=0, grows=True),
    307: Kind("sendmmsg", file=0),
    316: Kind("renameat2", path=3, folder=2),
    326: Kind("copy_file_range", file=2, size=4, grows=True),
    328: Kind("pwritev2", file=0, grows=True),
}
_SHOWN = 80
_CREATES = os.O_CREAT | os.O_TRUNC
_REGISTERS = (
    "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss"
    " fs_base gs_base ds es fs gs"
).split()
_ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")


class Registers(ctypes.Structure):
    """The registers of a stopped thread."""

    _fields_ = [(name, ctypes.c_ulonglong) for name in _REGISTERS]

    @classmethod
    def of(cls, thread: int) -> Registers:
        """Read those of a thread that is stopped."""
        registers = cls()
        ptrace(PTRACE_GETREGS, thread, 0, ctypes.addressof(registers))
        return registers

    def write_to(self, thread: int) -> None:
        """Change those of a thread that is stopped."""
        ptrace(PTRACE_SETREGS, thread, 0, ctypes.addressof(self))

    @property
    def number(self) -> int:
        """Return the number of the system call that is to begin."""
        return int(self.orig_rax)

    def argument(self, index: int) -> int:
        """Return an argument of the call."""
        return int(getattr(self, _ARGUMENTS[index]))

    def set_argument(self, index: int, value: int) -> None:
        """Change an argument of the call."""
        setattr(self, _ARGUMENTS[index], value)

    def refuse(self, error: int) -> None:
        """Let the call do nothing but return an error."""
        self.orig_rax = ctypes.c_ulonglong(-1).value
        self.rax = ctypes.c_ulonglong(-error).value


def ptrace(request: int, thread: int, address: int = 0, data: int = 0) -> int:
    """Call ptrace.

    Raises:
        ProcessLookupError: If the thread has been killed meanwhile.
        OSError: For any other reason.
    """
    result = int(_libc().ptrace(request, thread, address, data))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def be_traced() -> None:
    """Make this process one that its parent traces, and let the kernel stop it at each of `KINDS`."""
    _prctl(_PR_SET_PDEATHSIG, 9)
    ptrace(PTRACE_TRACEME, 0)
    # The parent sets its options at this stop.
    os.kill(os.getpid(), 19)
    if os.geteuid() != 0:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    program = _filter()
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(ctypes.create_string_buffer(header, len(header))))


def changed_path(thread: int, kind: Kind, registers: Registers) -> str:
    """Return the path that a call changes, or `socket:` or `pipe:` with a number."""
    try:
        if kind.file is not None:
            return os.readlink(f"/proc/{thread}/fd/{_signed(registers.argument(kind.file))}")  # noqa: PTH115
        assert kind.path is not None
        path = _text(thread, registers.argument(kind.path))
        folder = -100 if kind.folder is None else _signed(registers.argument(kind.folder))
        start = f"/proc/{thread}/cwd" if folder == -100 else f"/proc/{thread}/fd/{folder}"
        return path if path.startswith("/") else os.path.normpath(f"{os.readlink(start)}/{path}")  # noqa: PTH115
    except OSError as err:
        if err.errno in (errno.ENOENT, errno.ESRCH, errno.EBADF, errno.EIO, errno.EINVAL):
            return ""
        raise


def sent_text(thread: int, kind: Kind, registers: Registers) -> str:
    """Return the beginning of what a call sends, such as `GET /simple/ HTTP/1.1`. Empty if it is not in one piece."""
    if kind.name not in ("write", "sendto"):
        return ""
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        memory.seek(registers.argument(1))
        data = memory.read(min(registers.argument(2), _SHOWN))
    return data.partition(b"\r\n")[0].decode("ascii", "replace")


def has_effect(kind: Kind, registers: Registers, path: str) -> bool:
    """Return whether a call changes anything: it does not create what exists, or remove what does not."""
    if kind.flags is not None and not registers.argument(kind.flags) & os.O_TRUNC:
        return not os.path.lexists(path)
    return kind.effect is Effect.ANY or os.path.lexists(path) is (kind.effect is Effect.OLD)


@functools.cache
def _libc() -> ctypes.CDLL:
    """Return the C library, which other systems do not have in this form."""
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    library.ptrace.restype = ctypes.c_long
    library.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    return library


def _prctl(option: int, *values: int) -> None:
    if _libc().prctl(option, *values, *[0] * (4 - len(values))):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _filter() -> bytes:
    """Return a program of the kernel's packet filter, which stops a process at the calls that may change something."""
    code = [
        struct.pack("HBBI", _LOAD, 0, 0, 4),
        struct.pack("HBBI", _JUMP_IF_EQUAL, 1, 0, _X86_64),
        struct.pack("HBBI", _RETURN, 0, 0, _ALLOW),
    ]
    for number, kind in KINDS.items():
        code.append(struct.pack("HBBI", _LOAD, 0, 0, 0))
        if kind.flags is None:
            code.append(struct.pack("HBBI", _JUMP_IF_EQUAL, 0, 1, number))
        else:
            code.append(struct.pack("HBBI", _JUMP_IF_EQUAL, 0, 3, number))
            code.append(struct.pack("HBBI", _LOAD, 0, 0, 16 + 8 * kind.flags))
            code.append(struct.pack("HBBI", _JUMP_IF_ANY_BIT, 0, 1, _CREATES))
        code.append(struct.pack("HBBI", _RETURN, 0, 0, _TRACE))
    code.append(struct.pack("HBBI", _RETURN, 0, 0, _ALLOW))
    return b"".join(code)


def _signed(value: int) -> int:
    return ctypes.c_int(value & 0xFFFFFFFF).value


def _text(thread: int, address: int) -> str:
    """Return the text at an address of a process, up to the zero byte that ends it."""
    found = b""
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        while b"\0" not in found:
            memory.seek(address + len(found))
            # Not over the end of a page: the next one may not exist.
            found += memory.read(4096 - (address + len(found)) % 4096)
    return os.fsdecode(found.partition(b"\0")[0])
