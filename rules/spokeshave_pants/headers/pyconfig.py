"""The `pyconfig.h` of a platform's CPython, derived only from the platform and the version.

CPython's configure script writes that file for the machine it runs on. Windows has a hand-written one. Only a small
part of it affects extensions: the macros that CPython's own headers test, the sizes of C types, the feature macros of
the system's headers, and the available parts of POSIX. All of that is known for every platform. No machine of the
platform is needed, and a wheel's bytes do not depend on the configuration of an interpreter.

`HAVE_` macros describe the platform's *oldest* release: functions that were added to glibc after 2.17 or to macOS after
10.13 are left out, even if the building machine has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spokeshave_core.platform import UNIVERSAL, Platform, System
from spokeshave_core.python_abi import PythonVersion

_BIG_ENDIAN = frozenset({"s390x"})
_32_BIT = frozenset({"armv7l"})
# C's `wchar_t` is signed except on these. CPython calls only an unsigned one usable.
_UNSIGNED_WCHAR_T = frozenset({"aarch64", "armv7l"})
# The alignment of `malloc` on these. It is 16 elsewhere.
_MAX_ALIGN = {"armv7l": 8, "s390x": 8}

_LINUX_AND_MACOS_HEADERS = """
    ALLOCA DIRENT DLFCN ERRNO FCNTL GRP INTTYPES LANGINFO NETDB NETINET_IN NET_IF POLL PTHREAD SCHED SIGNAL SPAWN
    STDINT STDIO STDLIB STRING STRINGS SYSLOG SYS_FILE SYS_IOCTL SYS_MMAN SYS_PARAM SYS_POLL SYS_RESOURCE SYS_SELECT
    SYS_SOCKET SYS_STAT SYS_STATVFS SYS_TIME SYS_TIMES SYS_TYPES SYS_UIO SYS_UN SYS_UTSNAME SYS_WAIT TERMIOS UNISTD
    UTIME WCHAR
"""
_LINUX_AND_MACOS = """
    ACOSH ADDRINFO ALARM ASINH ATANH BUILTIN_ATOMIC CHOWN CLOCK CLOCK_GETTIME CONFSTR DIRENT_D_TYPE DIRFD DLOPEN DUP2
    DYNAMIC_LOADING ERF ERFC EXECV EXPM1 FCHDIR FCHMOD FCHOWN FLOCK FORK FSEEKO FSTATVFS FSYNC FTELLO FTRUNCATE
    FUTIMENS FUTIMES GAI_STRERROR GETADDRINFO GETGROUPS GETITIMER GETLOADAVG GETLOGIN GETNAMEINFO GETPAGESIZE
    GETPEERNAME GETPGID GETPGRP GETPID GETPRIORITY GETSID INET_ATON INET_PTON INITGROUPS KILL KILLPG LCHOWN LINK LOCKF
    LOG1P LOG2 LONG_DOUBLE LSTAT LUTIMES MADVISE MBRTOWC MKFIFO MKTIME MMAP NICE PATHCONF PAUSE POLL POSIX_SPAWN
    POSIX_SPAWNP PREAD PROTOTYPES PTHREAD_KILL PTHREAD_SIGMASK PWRITE READLINK READV REALPATH SEM_OPEN SEM_UNLINK
    SENDFILE SETITIMER SETLOCALE SETPGID SETSID SETVBUF SHM_OPEN SHM_UNLINK SIGACTION SIGALTSTACK SIGINTERRUPT
    SNPRINTF SOCKADDR_STORAGE SOCKETPAIR SSIZE_T STATVFS STD_ATOMIC STRFTIME STRSIGNAL STRUCT_STAT_ST_BLKSIZE
    STRUCT_STAT_ST_BLOCKS STRUCT_STAT_ST_RDEV STRUCT_TM_TM_ZONE SYMLINK SYNC SYSCONF TEMPNAM TIMEGM TIMES TMPFILE
    TM_ZONE TRUNCATE UNAME UTIMENSAT UTIMES WAIT3 WAIT4 WAITPID WCSCOLL WCSFTIME WCSXFRM WORKING_TZSET WRITEV
"""
_LINUX = """
    ACCEPT4 DUP3 ENDIAN_H EPOLL EPOLL_CREATE1 EVENTFD FDATASYNC FINITE HTOLE64 LINUX_NETLINK_H MREMAP PIPE2
    POSIX_FADVISE POSIX_FALLOCATE PRLIMIT PTHREAD_CONDATTR_SETCLOCK SCHED_SETAFFINITY SEM_GETVALUE SEM_TIMEDWAIT
    SPLICE STAT_TV_NSEC SYS_AUXV_H SYS_EPOLL_H SYS_EVENTFD_H SYS_SENDFILE_H SYS_SYSCALL_H SYS_SYSMACROS_H SYS_XATTR_H
"""
_MACOS = """
    BROKEN_SEM_GETVALUE CHFLAGS KQUEUE LCHFLAGS STAT_TV_NSEC2 STRLCPY STRUCT_STAT_ST_FLAGS SYS_EVENT_H
"""
_WINDOWS = """
    CLOCK CONIO_H DECL_TZNAME DIRECT_H DUP DYNAMIC_LOADING ERF ERFC ERRNO_H FCNTL_H GETPID IO_H LARGEFILE_SUPPORT
    MKTIME PROCESS_H PROTOTYPES PUTENV SETVBUF SIGNAL_H STDDEF_H STRERROR STRFTIME SYS_STAT_H SYS_TYPES_H TEMPNAM
    TMPFILE TMPNAM TZNAME UMASK WCHAR_H WCSCOLL WCSFTIME WCSXFRM
"""
# Macros of CPython on every platform.
_BUILT_WITH = {
    "RETSIGTYPE": "void",
    "STDC_HEADERS": "1",
    "WITH_DECIMAL_CONTEXTVAR": "1",
    "WITH_DOC_STRINGS": "1",
    "WITH_PYMALLOC": "1",
}
# Macros of some versions only: the first and the last minor release, and the macros.
_NEWEST = 99
_BUILT_WITH_SINCE = (
    (11, 13, {"WITH_FREELISTS": "1"}),
    (13, _NEWEST, {"WITH_MIMALLOC": "1"}),
)
_POSIX_SINCE = (
    (
        8,
        10,
        {f"HAVE_{name}": "1" for name in "COPYSIGN DECL_ISFINITE DECL_ISINF DECL_ISNAN HYPOT ROUND".split()},
    ),
    (8, 10, {"TIME_WITH_SYS_TIME": "1"}),
    (8, 11, {"PY_FORMAT_SIZE_T": '"z"'}),
    (14, _NEWEST, {"_Py_STACK_GROWS_DOWN": "1"}),
)
# The editions of POSIX and X/Open that the system's headers show.
_EDITION_SINCE = (
    (8, 14, {"_POSIX_C_SOURCE": "200809L", "_XOPEN_SOURCE": "700"}),
    (15, _NEWEST, {"_POSIX_C_SOURCE": "202405L", "_XOPEN_SOURCE": "800"}),
)
_SIZES = {"DOUBLE": 8, "FLOAT": 4, "INT": 4, "LONG_LONG": 8, "SHORT": 2, "_BOOL": 1}
# Guarded, because compilers and sources define them beforehand, and not always as 1.
_SHOW_EVERYTHING = ("_ALL_SOURCE", "_GNU_SOURCE", "_LARGEFILE_SOURCE", "_NETBSD_SOURCE", "_REENTRANT", "__BSD_VISIBLE")
# Windows' own file includes both, and sources rely on it.
_WINDOWS_INCLUDES = ("io.h", "stdio.h")
# The free-threaded build's headers read the thread's register by an intrinsic that clang provides only in its Microsoft
# mode. The declaration precedes the macro, so that the macro does not change it.
_THREAD_REGISTER = """\
#include <intrin.h>
#define __getReg(number) \\
    __extension__({ unsigned long long value; __asm__("mov %0, x" #number : "=r"(value)); value; })"""


def derived_pyconfig(platform: Platform, version: PythonVersion) -> str:
    """Return the text of `pyconfig.h` for an extension of a Python on a platform.

    Args:
        platform: May be `universal2`. CPython's headers handle the differences between its processors.
    """
    parts = {System.MACOS: _macos, System.WINDOWS: _windows}.get(platform.system, _linux)(platform)
    if platform.system in (System.GLIBC, System.MUSL):
        parts.append(_defines(_of_version(_EDITION_SINCE, version)))
    parts.append(_defines({**_BUILT_WITH, **_of_version(_BUILT_WITH_SINCE, version)}))
    if platform.system is not System.WINDOWS:
        parts.append(_defines(_of_version(_POSIX_SINCE, version)))
    if version.free_threaded:
        parts.append(_guarded(("Py_GIL_DISABLED",)))  # build backends define it as well
        if platform.system is System.WINDOWS and platform.architecture == "arm64":
            parts.append(_THREAD_REGISTER)
    title = f"/* The configuration of CPython {version} on {platform.system.value} {platform.architecture}. */"
    return "\n".join((title, "#ifndef Py_PYCONFIG_H", "#define Py_PYCONFIG_H", *filter(None, parts), "#endif", ""))


def _linux(platform: Platform) -> list[str]:
    word = 4 if platform.architecture in _32_BIT else 8
    sizes = {
        "FPOS_T": 16,
        "LONG": word,
        "LONG_DOUBLE": 2 * word,
        "OFF_T": 8,
        "PID_T": 4,
        "PTHREAD_KEY_T": 4,
        "PTHREAD_T": word,
        # musl 1.2 has a 64-bit one everywhere, glibc's old interface only on 64-bit processors.
        "TIME_T": 8 if platform.system is System.MUSL else word,
        "WCHAR_T": 4,
    }
    endian = {"WORDS_BIGENDIAN": "1", "DOUBLE_IS_BIG_ENDIAN_IEEE754": "1"}
    unsigned = platform.architecture in _UNSIGNED_WCHAR_T
    return [
        _guarded(_SHOW_EVERYTHING),
        _defines(
            {
                "_FILE_OFFSET_BITS": "64",
                "_XOPEN_SOURCE_EXTENDED": "1",
                "ALIGNOF_MAX_ALIGN_T": str(_MAX_ALIGN.get(platform.architecture, 16)),
            }
        ),
        _sizes(sizes, word),
        _defines(endian if platform.architecture in _BIG_ENDIAN else {"DOUBLE_IS_LITTLE_ENDIAN_IEEE754": "1"}),
        _posix(platform, _LINUX),
        _defines({"HAVE_USABLE_WCHAR_T": "1"} if unsigned else {}),
    ]


def _macos(platform: Platform) -> list[str]:
    sizes = {"FPOS_T": 8, "LONG": 8, "OFF_T": 8, "PID_T": 4, "PTHREAD_KEY_T": 8, "PTHREAD_T": 8, "TIME_T": 8}
    # An Intel processor's is twice the size of the others', and `universal2` has both.
    is_same = platform.architecture != UNIVERSAL
    long_double = {"LONG_DOUBLE": 16 if platform.architecture == "x86_64" else 8} if is_same else {}
    return [
        # Without `_POSIX_C_SOURCE`, which would hide all of macOS' own declarations.
        _guarded((*_SHOW_EVERYTHING, "_DARWIN_C_SOURCE")),
        _sizes({**sizes, **long_double, "WCHAR_T": 4}, word=8),
        _defines({"DOUBLE_IS_LITTLE_ENDIAN_IEEE754": "1"}),
        _posix(platform, _MACOS),
    ]


def _windows(platform: Platform) -> list[str]:
    # The compiler defines these: mingw's `pid_t` has 8 bytes, but Microsoft's file says 4.
    sizes = {"FPOS_T": 8, "HKEY": 8, "LONG": 4, "OFF_T": 4, "PID_T": 8, "TIME_T": 8, "WCHAR_T": 2}
    system = {
        "MS_WIN32": "",
        "MS_WIN64": "",
        "MS_WINDOWS": "",
        "NT_THREADS": "",
        "WITH_THREAD": "",
        "PLATFORM": '"win32"',
        "PYD_PLATFORM_TAG": f'"{platform.tag}"',
        "LONG_BIT": "32",
        "WORD_BIT": "32",
        "ALIGNOF_MAX_ALIGN_T": "8",
        "DOUBLE_IS_LITTLE_ENDIAN_IEEE754": "1",
        "HAVE_DECLSPEC_DLL": "",
        "Py_SOCKET_FD_CAN_BE_GE_FD_SETSIZE": "",
    }
    return [
        *(f"#include <{header}>" for header in _WINDOWS_INCLUDES),
        _defines(system),
        "#ifndef Py_NO_ENABLE_SHARED\n#define Py_ENABLE_SHARED 1\n#define MS_COREDLL\n#endif",
        _sizes(sizes, word=8),
        _have(_WINDOWS.split()),
    ]


def _posix(platform: Platform, own: str) -> str:
    headers = (f"{name}_H" for name in _LINUX_AND_MACOS_HEADERS.split())
    # CPython 3.10 asks whether the old floating-point unit needs care.
    x87 = ("GCC_ASM_FOR_X87",) if platform.architecture == "x86_64" else ()
    return _have((*headers, *_LINUX_AND_MACOS.split(), *own.split(), *x87))


def _of_version(table: Iterable[tuple[int, int, Mapping[str, str]]], version: PythonVersion) -> dict[str, str]:
    chosen = [macros for first, last, macros in table if first <= version.minor <= last]
    return {name: value for macros in chosen for name, value in macros.items()}


def _sizes(sizes: Mapping[str, int], word: int) -> str:
    """Return the sizes of C types in bytes, and two alignments, which equal the sizes."""
    every = {**_SIZES, **sizes, **dict.fromkeys(("SIZE_T", "UINTPTR_T", "VOID_P"), word)}
    alignments = {"ALIGNOF_LONG": str(every["LONG"]), "ALIGNOF_SIZE_T": str(word)}
    return _defines({**{f"SIZEOF_{name}": str(size) for name, size in sorted(every.items())}, **alignments})


def _have(names: Iterable[str]) -> str:
    return _defines({f"HAVE_{name}": "1" for name in sorted(names)})


def _guarded(names: Iterable[str]) -> str:
    return "\n".join(f"#ifndef {name}\n#define {name} 1\n#endif" for name in names)


def _defines(macros: Mapping[str, str]) -> str:
    return "\n".join(f"#define {name} {value}".rstrip() for name, value in macros.items())
