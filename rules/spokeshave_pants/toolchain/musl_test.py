"""Tests of the musl that compiles and links see."""

from __future__ import annotations

import pytest

from spokeshave_core.c_library.musl import ADDED
from spokeshave_pants.toolchain.layout import ToolchainLayoutError
from spokeshave_pants.toolchain.musl import CHANGED_FILES, as_in_oldest_musl

# The text of musl in zig 0.17.0, shortened.
STUB = """\
.globl preadv
.type preadv, %function;
preadv:
.globl preadv2
.type preadv2, %function;
preadv2:
.weak qsort_r
.type qsort_r, %function;
qsort_r:
"""
STAT = """\
#if defined(_GNU_SOURCE)
#define STATX_TYPE 1U
#define STATX_ALL 0xfffU

struct statx_timestamp {
	int64_t tv_sec;
};

struct statx {
	struct statx_timestamp stx_atime;
	uint64_t __pad1[14];
};

int statx(int, const char *__restrict, int, unsigned, struct statx *__restrict);
#endif
int stat(const char *__restrict, struct stat *__restrict);
"""
STDLIB = """\
void *reallocarray (void *, size_t, size_t);
void qsort_r (void *, size_t, size_t, int (*)(const void *, const void *, void *), void *);
void qsort (void *, size_t, size_t, int (*)(const void *, const void *));
"""
UIO = """\
ssize_t process_vm_readv(pid_t, const struct iovec *, unsigned long, const struct iovec *, unsigned long);
ssize_t preadv2 (int, const struct iovec *, int, off_t, int);
ssize_t pwritev2 (int, const struct iovec *, int, off_t, int);
#define RWF_NOWAIT 0x00000008
#endif
"""
TEXTS = {"libc.S": STUB, "sys/stat.h": STAT, "stdlib.h": STDLIB, "sys/uio.h": UIO}


def changed(name: str, text: str) -> str:
    (path,) = (path for path in CHANGED_FILES if path.endswith(f"/{name}"))
    return as_in_oldest_musl(path, text)


@pytest.mark.parametrize("name", TEXTS)
def test_newer_functions_are_left_out_and_others_stay(name: str) -> None:
    left = changed(name, TEXTS[name])
    assert [function for function in ADDED if function in left] == []
    kept = {
        "libc.S": "preadv:",
        "sys/stat.h": "int stat(",
        "stdlib.h": "void qsort (",
        "sys/uio.h": "process_vm_readv(",
    }
    assert kept[name] in left
    assert set(left.splitlines()) <= set(TEXTS[name].splitlines())


def test_what_came_with_a_function_goes_with_it() -> None:
    assert "STATX_" not in changed("sys/stat.h", STAT)
    assert "RWF_" not in changed("sys/uio.h", UIO)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("libc.S", ""),
        ("libc.S", STUB.replace(".weak qsort_r", ".hidden qsort_r")),
        ("stdlib.h", STDLIB.replace("qsort_r (", "(qsort_r)(")),
    ],
)
def test_a_file_that_is_not_as_known_is_refused(name: str, text: str) -> None:
    with pytest.raises(ToolchainLayoutError, match="declares the functions of newer musl releases in an unknown way"):
        changed(name, text)
